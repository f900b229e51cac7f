//! What is judged: the model's texts beside the reference's.

use std::collections::BTreeMap;
use std::path::Path;

use super::criteria::JudgeKind;
use super::error::JudgeError;
use super::prompt::PromptTemplate;
use crate::Task;
use crate::answers::{AnswerFile, AnswerLine, find_answer_files, must_have_one_origin};
use crate::gold::{Gold, GoldItem};

/// One question to the judge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JudgeItem {
    /// The whole id of the item.
    pub id: String,
    /// The filled prompt.
    pub prompt: String,
    /// Digest of reference and answer, whatever the prompt around them.
    pub content: String,
}

/// All questions of a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JudgeItems {
    /// What the judge looks at.
    pub kind: JudgeKind,
    /// One per answered item, in the answers' order.
    pub items: Vec<JudgeItem>,
    /// Items of the benchmark without an answer.
    pub missing: usize,
    /// Answers to no item of the benchmark.
    pub unknown: usize,
    /// Further answers to an item that has one.
    pub doubles: usize,
}

impl JudgeItems {
    /// The digest of each item by its id.
    pub(super) fn content(&self) -> BTreeMap<String, String> {
        let of = |item: &JudgeItem| (item.id.clone(), item.content.clone());
        self.items.iter().map(of).collect()
    }
}

/// Pairs the answers of a task with the references.
///
/// # Errors
/// [`JudgeError`] if files cannot be read, the answers are of several runs, the task needs no judge, or an arena
/// answer has another number of turns than its reference.
pub fn judge_items(
    task: Task,
    answers: &Path,
    bench: &Path,
    template: &PromptTemplate,
) -> Result<JudgeItems, JudgeError> {
    let kind = JudgeKind::of(task).ok_or(JudgeError::NoJudgeTask { task })?;
    let files = find_answer_files(answers, task)?;
    let [path] = files.as_slice() else {
        return Err(JudgeError::NotOneFile {
            task,
            folder: answers.join(task.name()),
            files: files.len(),
        });
    };
    let file = AnswerFile::read(path)?;
    must_have_one_origin(answers, [&file])?;
    let gold = Gold::read(bench, task)?;
    let mut found = JudgeItems {
        kind,
        items: Vec::new(),
        missing: 0,
        unknown: 0,
        doubles: 0,
    };
    let mut is_answered = vec![false; gold.items().len()];
    for line in &file.lines {
        let Some(position) = gold.position(&line.id) else {
            found.unknown += 1;
            continue;
        };
        if is_answered[position] {
            found.doubles += 1;
            continue;
        }
        is_answered[position] = true;
        let item = &gold.items()[position];
        let (reference, candidate) = match kind {
            JudgeKind::Report => (item.answer.to_text(), line.text.clone().unwrap_or_default()),
            JudgeKind::Arena => arena_texts(item, line, path)?,
        };
        found.items.push(JudgeItem {
            id: item.id.clone(),
            prompt: template.fill(&reference, &candidate),
            content: content_digest(&reference, &candidate),
        });
    }
    found.missing = is_answered.iter().filter(|answered| !**answered).count();
    Ok(found)
}

/// A short name of what is judged.
fn content_digest(reference: &str, candidate: &str) -> String {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&(reference.len() as u64).to_le_bytes());
    hasher.update(reference.as_bytes());
    hasher.update(candidate.as_bytes());
    hasher.finalize().to_hex()[..16].to_owned()
}

/// Both turns, each with its question.
fn arena_texts(
    item: &GoldItem,
    line: &AnswerLine,
    path: &Path,
) -> Result<(String, String), JudgeError> {
    if line.turns.len() != item.turns.len() {
        return Err(JudgeError::Turns {
            path: path.to_owned(),
            line: line.line,
            id: item.id.clone(),
            found: line.turns.len(),
            expected: item.turns.len(),
        });
    }
    let mut reference = Vec::new();
    let mut candidate = Vec::new();
    for (truth, turn) in item.turns.iter().zip(&line.turns) {
        reference.push(format!(
            "Question: {}\nAnswer: {}",
            truth.question, truth.answer
        ));
        candidate.push(format!(
            "Question: {}\nAnswer: {}",
            truth.question, turn.answer
        ));
    }
    Ok((reference.join("\n\n"), candidate.join("\n\n")))
}
