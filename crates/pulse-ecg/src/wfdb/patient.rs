//! What comments say about the patient: age, sex and diagnosis codes, never a name.

use crate::recording::{Patient, Sex};

/// Above this, a stated age is a code (PTB-XL writes 300 for everybody over 89) or a mistake.
const OLDEST_YEARS: u16 = 130;

/// Reads `Age:`, `Sex:` and `Dx:` lines as the PhysioNet challenges and the PTB database write them, in
/// any case. `Unknown`, `NaN` and `n/a` are nothing.
pub(super) fn from_comments(comments: &[String]) -> Patient {
    let mut patient = Patient::default();
    for (key, value) in comments.iter().filter_map(|line| line.split_once(':')) {
        let value = value.trim();
        // MIT-BIH's later databases put keys in angle brackets.
        let key = key.trim().trim_matches(['<', '>']).to_ascii_lowercase();
        match key.as_str() {
            "age" if patient.age_years.is_none() => patient.age_years = age(value),
            "sex" | "gender" if patient.sex.is_none() => patient.sex = sex(value),
            "dx" | "diagnosis codes" => patient.diagnosis_codes.extend(codes(value)),
            _ => {}
        }
    }
    patient
}

fn age(value: &str) -> Option<u16> {
    let number: f64 = value.split_whitespace().next()?.parse().ok()?;
    let years = number.is_finite() && (0.0..=f64::from(OLDEST_YEARS)).contains(&number);
    years.then_some(number as u16)
}

fn sex(value: &str) -> Option<Sex> {
    match value.to_ascii_lowercase().as_str() {
        "f" | "female" | "woman" => Some(Sex::Female),
        "m" | "male" | "man" => Some(Sex::Male),
        _ => None,
    }
}

fn codes(value: &str) -> impl Iterator<Item = String> + '_ {
    value
        .split([',', ';'])
        .map(str::trim)
        .filter(|code| {
            let nothing = ["", "unknown", "nan", "n/a"];
            !nothing.contains(&code.to_ascii_lowercase().as_str())
        })
        .map(str::to_owned)
}

/// The comments, and before them what they do not say about the patient.
pub(super) fn to_comments(comments: &[String], patient: &Patient) -> Vec<String> {
    let said = from_comments(comments);
    let mut lines = Vec::new();
    if let (None, Some(years)) = (said.age_years, patient.age_years) {
        lines.push(format!("Age: {years}"));
    }
    match (said.sex, patient.sex) {
        (None, Some(Sex::Female)) => lines.push("Sex: Female".to_owned()),
        (None, Some(Sex::Male)) => lines.push("Sex: Male".to_owned()),
        _ => {}
    }
    if said.diagnosis_codes.is_empty() && !patient.diagnosis_codes.is_empty() {
        lines.push(format!("Dx: {}", patient.diagnosis_codes.join(",")));
    }
    lines.extend(comments.iter().filter(|line| !is_name_line(line)).cloned());
    lines
}

/// Whether a comment gives a person's name; such lines are dropped on reading.
pub(super) fn is_name_line(comment: &str) -> bool {
    const KEYS: [&str; 11] = [
        "name",
        "patient",
        "patient name",
        "patient's name",
        "patientname",
        "first name",
        "firstname",
        "last name",
        "lastname",
        "surname",
        "family name",
    ];
    comment.split_once([':', '=']).is_some_and(|(key, _)| {
        let key = key
            .trim()
            .trim_matches(['<', '>'])
            .to_ascii_lowercase()
            .replace('_', " ");
        KEYS.contains(&key.as_str())
    })
}

#[cfg(test)]
mod tests {
    use super::{from_comments, is_name_line};
    use crate::recording::Sex;

    fn lines(text: &[&str]) -> Vec<String> {
        text.iter().map(|line| (*line).to_owned()).collect()
    }

    #[test]
    fn challenge_and_ptb_spellings_are_read() {
        let patient = from_comments(&lines(&[
            "Age: 84",
            "Sex: Female",
            "Dx: 426177001, 55930002",
        ]));
        assert_eq!(patient.age_years, Some(84));
        assert_eq!(patient.sex, Some(Sex::Female));
        assert_eq!(patient.diagnosis_codes, ["426177001", "55930002"]);
        let patient = from_comments(&lines(&["<age>: 40", "sex: M"]));
        assert_eq!(
            (patient.age_years, patient.sex),
            (Some(40), Some(Sex::Male))
        );
    }

    #[test]
    fn what_is_not_known_stays_unknown() {
        for line in [
            "Age: NaN",
            "Age: Unknown",
            "Age: 300",
            "Age: -4",
            "Age:",
            "Sex: Unknown",
            "Dx: Unknown",
        ] {
            assert_eq!(from_comments(&lines(&[line])), Default::default(), "{line}");
        }
    }

    #[test]
    fn names_are_recognised() {
        assert!(is_name_line("Name: Somebody"));
        assert!(is_name_line("Patient_Name = Somebody"));
        assert!(!is_name_line("Number of coronary vessels involved: 1"));
        assert!(!is_name_line("Patient history: none"));
    }
}
