//! What a judge is asked.

use std::path::Path;

use super::criteria::JudgeKind;
use super::error::JudgeError;

const REPORT: &str = "\
You are a cardiologist who checks how far a generated ECG report agrees with a reference report of the same \
recording. Take the reference as the truth: what it does not mention earns nothing, however likely it is, and a \
statement that contradicts it counts against the generated report. Wording, order and length do not matter.

Give three scores from 0 to 10:
- Diagnosis: the conditions named, such as conduction disturbances, ischaemia or infarction, hypertrophy. \
10: all of them, correctly; 5: about half, or the right kind with the wrong place or degree; 0: none, or contradicted.
- Waveform: the description of P waves, QRS complexes, ST segments, T waves, and PR and QT intervals. \
10: every finding of the reference, correctly; 5: about half; 0: none, or contradicted.
- Rhythm: the rhythm and its regularity and rate. 10: the same rhythm; 5: related or partly right; 0: another \
one, or not mentioned though the reference does.
If the reference says nothing on an aspect, score what the generated report says on it against the rest of the \
reference.

[Reference report]
{reference}
[End of the reference report]

[Generated report]
{candidate}
[End of the generated report]

Answer with one JSON object and nothing else:
{\"Diagnosis\": {\"Score\": number, \"Explanation\": text}, \"Waveform\": {\"Score\": number, \"Explanation\": text}, \
\"Rhythm\": {\"Score\": number, \"Explanation\": text}}";

const ARENA: &str = "\
You are a cardiologist who marks a model's answers to consecutive questions about one ECG against reference \
answers. Judge all of them together.

Give three scores from 0 to 10:
- Accuracy: whether what is said is true by the reference. 10: nothing wrong; 5: right and wrong in equal parts; \
0: wrong throughout.
- Completeness: whether what the reference contains is there. 10: everything that matters; 5: about half; 0: nothing.
- Instruction Adherence: whether the answers do what was asked, in the form asked for. 10: fully; 5: in part; 0: not \
at all.

[Reference answers]
{reference}
[End of the reference answers]

[Model's answers]
{candidate}
[End of the model's answers]

Answer with one JSON object and nothing else:
{\"Accuracy\": {\"Score\": number, \"Explanation\": text}, \"Completeness\": {\"Score\": number, \"Explanation\": text}, \
\"Instruction Adherence\": {\"Score\": number, \"Explanation\": text}}";

const REFERENCE_MARK: &str = "{reference}";
const CANDIDATE_MARK: &str = "{candidate}";

/// A prompt with the places of the reference and of the model's text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PromptTemplate {
    text: String,
}

impl PromptTemplate {
    /// This project's prompt.
    pub fn built_in(kind: JudgeKind) -> Self {
        let text = match kind {
            JudgeKind::Report => REPORT,
            JudgeKind::Arena => ARENA,
        };
        Self {
            text: text.to_owned(),
        }
    }

    /// A prompt from a file with `{reference}` and `{candidate}`. Replies must have the keys of
    /// [`JudgeKind::criteria`], each `{"Score": 0 to 10, "Explanation": text}`.
    ///
    /// # Errors
    /// [`JudgeError`] if the file cannot be read or lacks a placeholder.
    pub fn from_file(path: &Path) -> Result<Self, JudgeError> {
        let text = std::fs::read_to_string(path).map_err(|source| JudgeError::File {
            path: path.to_owned(),
            source,
        })?;
        for placeholder in [REFERENCE_MARK, CANDIDATE_MARK] {
            if !text.contains(placeholder) {
                return Err(JudgeError::NoPlaceholder {
                    path: path.to_owned(),
                    placeholder,
                });
            }
        }
        Ok(Self { text })
    }

    /// The prompt for one item. What the texts contain is not looked at again for placeholders.
    pub fn fill(&self, reference: &str, candidate: &str) -> String {
        let parts = self.text.split(REFERENCE_MARK);
        let filled: Vec<String> = parts
            .map(|part| {
                part.split(CANDIDATE_MARK)
                    .collect::<Vec<_>>()
                    .join(candidate)
            })
            .collect();
        filled.join(reference)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_put_in_once() {
        let filled = PromptTemplate::built_in(JudgeKind::Report).fill("{candidate}", "{reference}");
        assert!(filled.contains("[Reference report]\n{candidate}\n"));
        assert!(filled.contains("[Generated report]\n{reference}\n"));
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("prompt.txt");
        std::fs::write(&path, "compare {reference}").unwrap();
        let error = PromptTemplate::from_file(&path).unwrap_err().to_string();
        assert!(error.contains("{candidate} is missing"), "{error}");
        assert!(PromptTemplate::from_file(Path::new("/nowhere")).is_err());
    }

    #[test]
    fn prompts_ask_for_the_keys_that_are_read() {
        for kind in [JudgeKind::Report, JudgeKind::Arena] {
            let prompt = PromptTemplate::built_in(kind).fill("r", "c");
            for criterion in kind.criteria() {
                assert!(prompt.contains(&format!("\"{criterion}\": {{\"Score\"")));
            }
        }
    }
}
