//! The text of a page: chosen facts above, speed, gain and filter below.

use serde::{Deserialize, Serialize};

use super::error::PageError;
use super::plan::{MARGIN_MM, PagePlan};
use super::settings::PageSettings;
use super::text::text_width;
use crate::recording::{Recording, Sex};

/// Height of the font's line in header and footer, millimetres.
pub(crate) const HEADER_MM: f64 = 4.0;
/// Most lines above the leads.
const MOST_LINES: usize = 8;
/// Room between the header's two columns.
const BETWEEN_MM: f64 = 3.0;

/// What is printed around the leads: speed and gain by default, and nothing about the patient.
///
/// [`record`](Self::record) prints [`Recording::name`] as it is: whoever names records after patients leaves it off.
/// No other name is kept in a [`Recording`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Header {
    /// Name of the record, as `ID: …`.
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
            record: false,
            age: false,
            sex: false,
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
        left.max(right)
    }

    /// Refuses more lines than there is room for.
    pub(crate) fn check(&self) -> Result<(), PageError> {
        let lines = self.line_room();
        if lines > MOST_LINES {
            return Err(PageError::Setting {
                name: "number of header lines",
                found: lines as f64,
                expected: "0 to 8",
            });
        }
        Ok(())
    }

    /// Refuses a line that is wider than its place on the paper.
    pub(crate) fn check_widths(
        &self,
        recording: &Recording,
        plan: &PagePlan,
        settings: &PageSettings,
    ) -> Result<(), PageError> {
        let edge_mm = f64::from(plan.geometry.page.width) / plan.geometry.px_per_mm - MARGIN_MM;
        let own = self.own_lines();
        let left_end_mm = if own.is_empty() {
            edge_mm
        } else {
            plan.text_right_mm - BETWEEN_MM
        };
        let left_mm = plan.text_left_mm;
        let footer = self.footer(settings.speed_mm_per_s, settings.gain_mm_per_mv);
        let patient = self.patient_lines(recording);
        let places = patient
            .iter()
            .map(|line| (line, left_end_mm - left_mm))
            .chain(own.iter().map(|line| (line, edge_mm - plan.text_right_mm)))
            .chain(std::iter::once((&footer, edge_mm - left_mm)));
        for (line, available_mm) in places {
            let needed_mm = width_mm(line);
            if needed_mm > available_mm {
                return Err(PageError::TextTooLong {
                    text: line.chars().take(60).collect(),
                    needed_mm,
                    available_mm,
                });
            }
        }
        Ok(())
    }

    /// Millimetres that paper needs from the header's left edge, for what does not depend on the recording.
    pub(crate) fn needed_mm(&self, settings: &PageSettings) -> f64 {
        width_mm(&self.footer(settings.speed_mm_per_s, settings.gain_mm_per_mv))
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

/// Width of a line of the header. Measured at a size at which no hinting could matter.
fn width_mm(text: &str) -> f64 {
    f64::from(text_width(text, 100.0)) / 100.0 * HEADER_MM
}

#[cfg(test)]
mod tests {
    use super::Header;
    use crate::recording::{Patient, Recording};

    #[test]
    fn nothing_of_the_patient_is_printed_unless_it_is_chosen() {
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
        assert!(Header::default().patient_lines(&recording).is_empty());
        let chosen = Header {
            record: true,
            age: true,
            sex: true,
            ..Header::default()
        };
        // The recording does not say the sex.
        assert_eq!(chosen.patient_lines(&recording), ["ID: JS20000", "60 yr"]);
    }
}
