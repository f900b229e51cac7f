//! Values that are a text in one file and a list in another.

use serde::{Deserialize, Serialize};

/// What one turn says: a text, or the list of right options of `ecgqa-test`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged, expecting = "a text or a list of texts")]
pub enum TurnValue {
    /// A text.
    Text(String),
    /// Several answers, all of them right together.
    Answers(Vec<String>),
}

impl TurnValue {
    /// The text; several answers are joined by a comma and a space.
    pub fn joined(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Answers(answers) => answers.join(", "),
        }
    }

    /// The answers as a list; a text is a list of one.
    pub fn answers(&self) -> Vec<String> {
        match self {
            Self::Text(text) => vec![text.clone()],
            Self::Answers(answers) => answers.clone(),
        }
    }

    /// Undoes what storing a text as `list<string>` did to it.
    pub(super) fn repaired(self) -> Self {
        match self {
            Self::Answers(list) => repair_characters(list),
            text @ Self::Text(_) => text,
        }
    }
}

/// Repairs the list-of-characters field of `ecgqa-test`: where the column's type is `list<string>`, a
/// Python string became a list of its characters. If every element is one character they are joined to
/// the text; otherwise it is a list of answers.
pub fn repair_characters(list: Vec<String>) -> TurnValue {
    if list.iter().all(|element| element.chars().count() == 1) {
        TurnValue::Text(list.concat())
    } else {
        TurnValue::Answers(list)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_are_joined_and_answers_kept() {
        let list = |parts: &[&str]| parts.iter().map(|part| (*part).to_owned()).collect();
        for (parts, value) in [
            (
                &["n", "o", "r", "m"][..],
                TurnValue::Text("norm".to_owned()),
            ),
            (&["ä", " ", "β"], TurnValue::Text("ä β".to_owned())),
            (&[], TurnValue::Text(String::new())),
            (&["yes"], TurnValue::Answers(list(&["yes"]))),
            (&["lead I", "V"], TurnValue::Answers(list(&["lead I", "V"]))),
        ] {
            assert_eq!(repair_characters(list(parts)), value);
        }
    }
}
