//! Checking a judge's reply.

use std::collections::BTreeMap;

use serde_json::Value;

use super::criteria::JudgeKind;

/// Why a reply is no judgement.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ReplyError {
    /// The text is no JSON object.
    #[error(
        "the judge's reply is no JSON object ({reason}): {beginning:?}; expected one with a score per criterion"
    )]
    NoObject {
        /// What the JSON reader said.
        reason: String,
        /// The beginning of the text.
        beginning: String,
    },
    /// A criterion is not there.
    #[error("the judge's reply has no criterion {criterion:?}; it has {found:?}")]
    MissingCriterion {
        /// The criterion.
        criterion: &'static str,
        /// The keys that are there.
        found: Vec<String>,
    },
    /// A criterion has no score.
    #[error("the judge's reply has no number as Score of {criterion:?}: {found}")]
    NoScore {
        /// The criterion.
        criterion: &'static str,
        /// What is there.
        found: String,
    },
    /// A score is outside the scale.
    #[error("the judge's score of {criterion:?} is {score}; the scale is 0 to 10")]
    OutsideScale {
        /// The criterion.
        criterion: &'static str,
        /// The score.
        score: f64,
    },
}

/// Scores and explanations by criterion.
pub(super) type Verdict = BTreeMap<String, (f64, String)>;

/// Reads a reply: `{"Criterion": {"Score": 0 to 10, "Explanation": text}, ...}`. Keys are compared without
/// regard to case; a Markdown fence around the object is passed over. The explanation may be missing.
///
/// # Errors
/// [`ReplyError`] if it is no object, lacks a criterion or score, or a score is outside 0 to 10.
pub fn parse_reply(
    kind: JudgeKind,
    text: &str,
) -> Result<BTreeMap<String, (f64, String)>, ReplyError> {
    let object: serde_json::Map<String, Value> = serde_json::from_str(without_fence(text))
        .map_err(|error| ReplyError::NoObject {
            reason: error.to_string(),
            beginning: text.chars().take(120).collect(),
        })?;
    let mut verdict = Verdict::new();
    for criterion in kind.criteria() {
        let names: Vec<&str> = [criterion]
            .into_iter()
            .chain(kind.aliases(criterion).iter().copied())
            .collect();
        let entry = find(&object, &names).ok_or_else(|| ReplyError::MissingCriterion {
            criterion,
            found: object.keys().cloned().collect(),
        })?;
        let fields = entry.as_object();
        let score = fields
            .and_then(|fields| find(fields, &["Score"]))
            .and_then(Value::as_f64);
        let score = score.ok_or_else(|| ReplyError::NoScore {
            criterion,
            found: entry.to_string().chars().take(120).collect(),
        })?;
        if !(0.0..=10.0).contains(&score) {
            return Err(ReplyError::OutsideScale { criterion, score });
        }
        let explanation = fields
            .and_then(|fields| find(fields, &["Explanation"]))
            .and_then(Value::as_str)
            .unwrap_or_default();
        verdict.insert(criterion.to_owned(), (score, explanation.to_owned()));
    }
    Ok(verdict)
}

fn find<'a>(object: &'a serde_json::Map<String, Value>, names: &[&str]) -> Option<&'a Value> {
    object
        .iter()
        .find(|(key, _)| names.iter().any(|name| key.eq_ignore_ascii_case(name)))
        .map(|(_, value)| value)
}

fn without_fence(text: &str) -> &str {
    let text = text.trim();
    let Some(inner) = text
        .strip_prefix("```")
        .and_then(|rest| rest.strip_suffix("```"))
    else {
        return text;
    };
    inner.strip_prefix("json").unwrap_or(inner)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const GOOD: &str =
        r#"{"Diagnosis":{"Score":7,"Explanation":"x"},"form":{"score":10},"Rhythm":{"Score":0.5}}"#;

    #[test]
    fn replies_are_checked() {
        let fenced = format!("```json\n{GOOD}\n```");
        for text in [GOOD, &fenced] {
            let verdict = parse_reply(JudgeKind::Report, text).unwrap();
            assert_eq!(verdict["Waveform"].0, 10.0);
            assert_eq!(verdict["Diagnosis"], (7.0, "x".to_owned()));
        }
        let fails = |text: &str| parse_reply(JudgeKind::Report, text).unwrap_err();
        assert!(matches!(fails("Sure! 7"), ReplyError::NoObject { .. }));
        assert!(matches!(fails("[1]"), ReplyError::NoObject { .. }));
        assert!(matches!(
            fails(r#"{"Diagnosis":{"Score":7}}"#),
            ReplyError::MissingCriterion {
                criterion: "Waveform",
                ..
            }
        ));
        for score in ["11", "-1", "1e3"] {
            let text = GOOD.replace("7", score);
            assert!(
                matches!(fails(&text), ReplyError::OutsideScale { .. }),
                "{text}"
            );
        }
        for score in ["\"7\"", "null"] {
            assert!(matches!(
                fails(&GOOD.replace("7", score)),
                ReplyError::NoScore { .. }
            ));
        }
        assert!(parse_reply(JudgeKind::Arena, GOOD).is_err());
    }
}
