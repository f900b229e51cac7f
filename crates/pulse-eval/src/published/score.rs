//! Scoring a folder of answers as the original does.

use std::collections::HashSet;
use std::path::Path;

use super::error::PublishedError;
use super::labels::{gold_labels, predicted_labels};
use super::letter::extract_letter;
use super::multilabel::score_multilabel;
use super::options::{candidates, chosen_options, gold_options};
use super::python::{PythonRandom, fixed, float_repr};
use super::report::{PublishedFile, PublishedReport, PublishedScores, PublishedTask};
use super::step::StepKey;
use crate::answers::{AnswerFile, AnswerLine, Origin, add_origins, find_answer_files};
use crate::gold::{Gold, GoldItem};
use crate::task::{Task, TaskKind};

/// Scores every task that has answers.
///
/// `answers` holds a folder per task with JSONL files, `bench` a file `TASK.json` for each. One stream of
/// random letters runs over the tasks and over their files in the order of [`find_answer_files`], files that
/// are skipped for their count included.
///
/// Reference: `evaluate_ecgbench.py`.
///
/// # Errors
/// [`PublishedError`] where files cannot be read or the original stops with an exception.
pub fn score_published(answers: &Path, bench: &Path) -> Result<PublishedReport, PublishedError> {
    let mut random = PythonRandom::new(PythonRandom::PUBLISHED_SEED);
    let mut tasks = Vec::new();
    let mut missing_tasks = Vec::new();
    let mut origins = Vec::new();
    for task in Task::SCORED {
        let files = find_answer_files(answers, task)?;
        if files.is_empty() {
            missing_tasks.push(task);
            continue;
        }
        let gold = Gold::read(bench, task)?;
        let files = files.iter().map(|path| AnswerFile::read(path));
        let files = files.collect::<Result<Vec<_>, _>>()?;
        for file in &files {
            add_origins(&mut origins, answers, file);
        }
        tasks.push(score_task(task, &files, &gold, &mut random)?);
    }
    Ok(PublishedReport {
        mode: "published",
        tasks,
        missing_tasks,
        origins: origins.iter().map(Origin::to_string).collect(),
    })
}

fn score_task(
    task: Task,
    answers: &[AnswerFile],
    gold: &Gold,
    random: &mut PythonRandom,
) -> Result<PublishedTask, PublishedError> {
    let mut scorer = FileScorer {
        task,
        gold,
        random,
        last_text: None,
        last_options: None,
    };
    let mut files = Vec::new();
    let mut stdout = vec![heading(task)];
    let mut summary: Vec<(StepKey, String, String)> = Vec::new();
    for file in answers {
        let step = StepKey::of(&file.name()).ok_or_else(|| PublishedError::NoStep {
            path: file.path.clone(),
        })?;
        let scored = scorer.score(file, &step)?;
        if let Some(scores) = &scored.scores {
            let (line, result) = printed(task, &scored.file, scores);
            stdout.push(line);
            match summary.iter_mut().find(|(key, ..)| *key == step) {
                Some(entry) => *entry = (step, result, scored.file.clone()),
                None => summary.push((step, result, scored.file.clone())),
            }
        }
        files.push(scored);
    }
    let is_step = |key: &StepKey| matches!(key, StepKey::Step(_));
    if let [first, others @ ..] = summary.as_slice()
        && let Some(other) = others
            .iter()
            .find(|one| is_step(&one.0) != is_step(&first.0))
    {
        return Err(PublishedError::MixedSteps {
            task,
            first: first.2.clone(),
            second: other.2.clone(),
        });
    }
    summary.sort_by(|one, other| one.0.cmp(&other.0));
    for (step, result, _) in summary {
        stdout.push(format!("Model {step} Accuracy: {result}"));
    }
    Ok(PublishedTask {
        task,
        files,
        stdout,
    })
}

fn heading(task: Task) -> String {
    let name = match task {
        Task::MmmuEcg => "mmmu",
        Task::PtbTest => "ptb test",
        Task::CpscTest => "cpsc test",
        Task::CsnTestNoCot => "csn test",
        Task::G12TestNoCot => "g12 test",
        Task::EcgqaTest => "ecgqa test",
        Task::Code15Test => "code15 test",
        other => other.name(),
    };
    format!("===={name}====")
}

/// The line printed for a file and the value of its summary line.
fn printed(task: Task, file: &str, scores: &PublishedScores) -> (String, String) {
    match scores {
        PublishedScores::Multilabel(scores) => (
            format!(
                "{file} f1 {} auc {} hl {}",
                fixed(scores.f1 * 100.0, 1),
                fixed(scores.auc * 100.0, 1),
                fixed(scores.hamming * 100.0, 1)
            ),
            format!("F1: {}, AUC: {}", fixed(scores.f1, 4), fixed(scores.auc, 4)),
        ),
        PublishedScores::Accuracy { accuracy } => {
            let word = if task == Task::EcgqaTest {
                "accuracy"
            } else {
                "Accuracy:"
            };
            (
                format!("{file} {word} {}", float_repr(*accuracy)),
                fixed(*accuracy, 4),
            )
        }
    }
}

/// The number of answers without which the original skips a file.
fn required_answers(task: Task) -> Option<usize> {
    match task {
        Task::MmmuEcg => Some(200),
        Task::CsnTestNoCot => Some(1611),
        Task::G12TestNoCot => Some(2026),
        _ => None,
    }
}

struct FileScorer<'a> {
    task: Task,
    gold: &'a Gold,
    random: &'a mut PythonRandom,
    last_text: Option<String>,
    last_options: Option<Vec<String>>,
}

impl FileScorer<'_> {
    fn score(
        &mut self,
        file: &AnswerFile,
        step: &StepKey,
    ) -> Result<PublishedFile, PublishedError> {
        let mut seen = HashSet::new();
        let mut scored = PublishedFile {
            file: file.name(),
            step: step.to_string(),
            answers: file.lines.len(),
            scores: None,
            skipped: None,
            fallbacks: 0,
            doubles: 0,
            unanswered: 0,
            reused: 0,
            predicted: Vec::with_capacity(file.lines.len()),
            extracted: Vec::new(),
        };
        let mut truths = Vec::with_capacity(file.lines.len());
        let mut correct = 0usize;
        for line in &file.lines {
            let item = self
                .gold
                .get(&line.id)
                .ok_or_else(|| PublishedError::UnknownId {
                    path: file.path.clone(),
                    line: line.line,
                    id: line.id.clone(),
                    gold: self.gold.path().to_owned(),
                })?;
            scored.doubles += usize::from(!seen.insert(line.id.as_str()));
            scored.reused += usize::from(line.text.is_none());
            let text = reused(
                &mut self.last_text,
                line.text.clone(),
                file,
                line,
                "text or response",
            )?;
            match self.task.kind() {
                TaskKind::Labels(_) => {
                    let labels = predicted_labels(self.task, &text);
                    scored.predicted.push(owned(&labels));
                    truths.push(gold_labels(self.task, &item.answer.to_text()));
                }
                TaskKind::Letter { options } => {
                    let letter =
                        extract_letter(&text).map_err(|_| PublishedError::NothingFollows {
                            path: file.path.clone(),
                            line: line.line,
                        })?;
                    scored.extracted.push(letter);
                    let letter = letter.unwrap_or_else(|| {
                        scored.fallbacks += 1;
                        let drawn = self.random.choice(u32::try_from(options).unwrap_or(0));
                        char::from_u32(u32::from('A') + drawn).unwrap_or('A')
                    });
                    correct += usize::from(is_letter_of(self.task, item, letter));
                    scored.predicted.push(vec![letter.to_string()]);
                }
                _ => {
                    let options = line.prompt.as_deref().map(candidates);
                    let options = reused(&mut self.last_options, options, file, line, "prompt")?;
                    let chosen = chosen_options(&options, &text);
                    correct += usize::from(chosen == gold_options(&item.answer));
                    scored.predicted.push(chosen.into_iter().collect());
                }
            }
        }
        scored.unanswered = self.gold.items().len() - seen.len();
        if let Some(required) = required_answers(self.task)
            && required != scored.answers
        {
            scored.skipped = Some(format!(
                "{} answers; the original scores this task only with exactly {required}",
                scored.answers
            ));
            return Ok(scored);
        }
        if scored.answers == 0 {
            return Err(PublishedError::NoAnswers {
                path: file.path.clone(),
            });
        }
        scored.scores = Some(match self.task.kind() {
            TaskKind::Labels(_) => {
                PublishedScores::Multilabel(score_multilabel(&truths, &scored.predicted).map_err(
                    |_| PublishedError::NoLabels {
                        path: file.path.clone(),
                        answers: scored.answers,
                        gold: self.gold.path().to_owned(),
                    },
                )?)
            }
            _ => PublishedScores::Accuracy {
                accuracy: correct as f64 / scored.answers as f64,
            },
        });
        Ok(scored)
    }
}

/// What this line has, or what the last line that had it had.
fn reused<T: Clone>(
    last: &mut Option<T>,
    own: Option<T>,
    file: &AnswerFile,
    line: &AnswerLine,
    field: &'static str,
) -> Result<T, PublishedError> {
    if own.is_some() {
        *last = own;
    }
    last.clone().ok_or_else(|| PublishedError::NothingToReuse {
        path: file.path.clone(),
        line: line.line,
        field,
    })
}

/// mmmu compares the whole gold answer, the others its first character.
fn is_letter_of(task: Task, item: &GoldItem, letter: char) -> bool {
    let answer = item.answer.to_text();
    let mut characters = answer.chars();
    characters.next() == Some(letter) && (task != Task::MmmuEcg || characters.next().is_none())
}

fn owned(labels: &[&str]) -> Vec<String> {
    labels.iter().map(|label| (*label).to_owned()).collect()
}
