//! Whether judgements are of the answers that they are shown beside.

use std::collections::BTreeSet;
use std::path::Path;

use super::aggregate::JudgeReport;
use super::criteria::JudgeKind;
use super::error::JudgeError;
use super::items::judge_items;
use super::prompt::PromptTemplate;

/// Refuses judgements of other answers or references than those below the folders: every item must have the same
/// content, and none may be there on one side only.
///
/// # Errors
/// [`JudgeError::OtherAnswers`] with the number of items that differ, other [`JudgeError`] if files cannot be read.
pub fn must_be_of(report: &JudgeReport, answers: &Path, bench: &Path) -> Result<(), JudgeError> {
    let task = report.task;
    let kind = JudgeKind::of(task).ok_or(JudgeError::NoJudgeTask { task })?;
    // The template is around the content and does not matter.
    let items = judge_items(task, answers, bench, &PromptTemplate::built_in(kind))?;
    let content = items.content();
    let ids: BTreeSet<&String> = content.keys().chain(report.content.keys()).collect();
    let differing: Vec<&&String> = ids
        .iter()
        .filter(|id| content.get(**id) != report.content.get(**id))
        .collect();
    match differing.first() {
        None => Ok(()),
        Some(example) => Err(JudgeError::OtherAnswers {
            task,
            judge_model: report.judge_model.clone(),
            answers: answers.to_owned(),
            differing: differing.len(),
            items: ids.len(),
            example: (**example).clone(),
        }),
    }
}

/// Refuses several results of one judge for one task.
///
/// # Errors
/// [`JudgeError::Doubles`].
pub fn must_differ(reports: &[JudgeReport]) -> Result<(), JudgeError> {
    for report in reports {
        let is_same = |other: &&JudgeReport| {
            other.task == report.task && other.judge_model == report.judge_model
        };
        let times = reports.iter().filter(is_same).count();
        if times > 1 {
            return Err(JudgeError::Doubles {
                task: report.task,
                judge_model: report.judge_model.clone(),
                times,
            });
        }
    }
    Ok(())
}
