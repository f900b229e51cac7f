//! The text of a page: chosen facts above, speed, gain and filter below.

use serde::{Deserialize, Serialize};

use crate::recording::{Recording, Sex};

/// What is printed around the leads.
///
/// [`record`](Self::record), on by default, prints [`Recording::name`] as it is: it must not be a patient's
/// name. No other name is kept in a [`Recording`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Header {
    /// Name of the record, as `ID: …`. Whoever names records after patients turns it off.
    pub record: bool,
    /// Age, if the record says it.
    pub age: bool,
    /// Sex, if the record says it.
    pub sex: bool,
    /// Date and time as they shall be printed.
    pub date: Option<String>,
    /// Lines of the caller's own, right of the patient's.
    pub lines: Vec<String>,
    /// Speed and gain, below the leads.
    pub scale: bool,
    /// The filter, for example `0.05-150 Hz`. Printed only if it is known.
    pub filter: Option<String>,
}

impl Default for Header {
    fn default() -> Self {
        Self {
            record: true,
            age: true,
            sex: true,
            date: None,
            lines: Vec::new(),
            scale: true,
            filter: None,
        }
    }
}

impl Header {
    /// Nothing at all.
    pub const fn none() -> Self {
        Self {
            record: false,
            age: false,
            sex: false,
            date: None,
            lines: Vec::new(),
            scale: false,
            filter: None,
        }
    }

    /// Lines for which there is room above the leads: as many as any recording can fill.
    pub(crate) fn line_room(&self) -> usize {
        let left = usize::from(self.record) + usize::from(self.age || self.sex);
        let right = usize::from(self.date.is_some()) + self.lines.len();
        left.max(right).min(8)
    }

    /// Whether something stands below the leads.
    pub(crate) const fn has_footer(&self) -> bool {
        self.scale || self.filter.is_some()
    }

    /// The left column above the leads.
    pub(crate) fn patient_lines(&self, recording: &Recording) -> Vec<String> {
        let mut lines = Vec::new();
        if self.record && !recording.name.is_empty() {
            lines.push(format!("ID: {}", recording.name));
        }
        let patient = &recording.patient;
        let age = patient.age_years.filter(|_| self.age);
        let sex = patient.sex.filter(|_| self.sex).map(|sex| match sex {
            Sex::Female => "Female",
            Sex::Male => "Male",
        });
        match (age, sex) {
            (Some(age), Some(sex)) => lines.push(format!("{age} yr   {sex}")),
            (Some(age), None) => lines.push(format!("{age} yr")),
            (None, Some(sex)) => lines.push(sex.to_owned()),
            (None, None) => {}
        }
        lines
    }

    /// The right column above the leads.
    pub(crate) fn own_lines(&self) -> Vec<String> {
        self.date.iter().chain(&self.lines).cloned().collect()
    }

    /// The line below the leads.
    pub(crate) fn footer(&self, speed_mm_per_s: f64, gain_mm_per_mv: f64) -> String {
        let mut parts = Vec::new();
        if self.scale {
            parts.push(format!("{speed_mm_per_s} mm/s"));
            parts.push(format!("{gain_mm_per_mv} mm/mV"));
        }
        parts.extend(self.filter.clone());
        parts.join("     ")
    }
}

#[cfg(test)]
mod tests {
    use super::Header;
    use crate::recording::{Patient, Recording};

    #[test]
    fn the_records_name_is_printed_unless_it_is_turned_off() {
        let recording = Recording {
            name: "JS20000".to_owned(),
            sampling_rate_hz: 500.0,
            leads: Vec::new(),
            patient: Patient {
                age_years: Some(60),
                ..Patient::default()
            },
            comments: vec!["a comment".to_owned()],
        };
        let lines = Header::default().patient_lines(&recording);
        assert_eq!(lines, ["ID: JS20000", "60 yr"]);
        let without = Header {
            record: false,
            ..Header::default()
        };
        assert_eq!(without.patient_lines(&recording), ["60 yr"]);
    }
}
