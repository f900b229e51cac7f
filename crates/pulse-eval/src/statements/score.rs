//! Answers against true reports.

use std::path::{Path, PathBuf};

use pulse_ecg::patients::{Finding, StatementError, StatementReport};
use serde::Serialize;

use super::figures::{NAMES, figures};
use super::rows::{StatementRow, class_of, classes};
use crate::Task;
use crate::answers::{AnswerError, AnswerFile, find_answer_files};
use crate::gold::{Gold, GoldError};
use crate::metrics::LabelCounts;
use crate::statistics::{BootstrapOptions, percentile_bootstrap};
use crate::strict::{Coverage, Figure, StrictError, Unreadable, assign, without_value};

/// Texts that are not well-formed and are kept as examples.
const EXAMPLES: usize = 5;

/// Why reports cannot be scored.
#[derive(Debug, thiserror::Error)]
pub enum StatementsError {
    /// The answers cannot be read.
    #[error(transparent)]
    Answers(#[from] AnswerError),
    /// The benchmark cannot be read.
    #[error(transparent)]
    Gold(#[from] GoldError),
    /// The answers belong to another benchmark.
    #[error(transparent)]
    Items(#[from] StrictError),
    /// There are no answers, or several files of them.
    #[error(
        "{} has {found} files of answers to {}, expected one; run `pulse-eval run --tasks {}` first", folder.display(),
        Task::PtbTestReport, Task::PtbTestReport
    )]
    Files {
        /// The folder.
        folder: PathBuf,
        /// How many there are.
        found: usize,
    },
    /// A true report is in free text.
    #[error(
        "{}: the true report of item {id:?} is not in statements ({source}); score free text with `judge`",
        gold.display()
    )]
    FreeText {
        /// The benchmark file.
        gold: PathBuf,
        /// The item.
        id: String,
        /// Where it leaves the form.
        source: StatementError,
    },
}

/// The score of one run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StatementScores {
    /// The answer file.
    #[serde(serialize_with = "lossy")]
    pub file: PathBuf,
    /// The model, if the answers name it.
    pub model: Option<String>,
    /// Resamples, seed and level of the intervals: percentile bootstrap over items.
    pub bootstrap: BootstrapOptions,
    /// What was there and what was not.
    pub coverage: Coverage,
    /// The figures.
    pub figures: Vec<Figure>,
    /// Per finding.
    pub findings: Vec<FindingScore>,
    /// Some answers that are not well-formed, with where they leave the form.
    pub malformed: Vec<String>,
}

/// One finding.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FindingScore {
    /// The finding.
    pub finding: Finding,
    /// Items that show it.
    pub support: u64,
    /// Answers that name it.
    pub named: u64,
    /// F1 with its interval.
    pub f1: Figure,
}

fn lossy<S: serde::Serializer>(path: &Path, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&path.to_string_lossy())
}

/// Scores the answers to the report task in a folder of answers.
///
/// # Errors
/// [`StatementsError`] if files cannot be read, belong to another benchmark, or the true reports are in free text.
pub fn score_statements(
    answers: &Path,
    bench: &Path,
    bootstrap: BootstrapOptions,
) -> Result<StatementScores, StatementsError> {
    let gold = Gold::read(bench, Task::PtbTestReport)?;
    let paths = find_answer_files(answers, Task::PtbTestReport)?;
    let [path] = paths.as_slice() else {
        return Err(StatementsError::Files {
            folder: answers.to_owned(),
            found: paths.len(),
        });
    };
    let file = AnswerFile::read(path)?;
    let (lines, mut coverage) = assign(&gold, &file)?;
    coverage.items = gold.items().len();
    let mut rows = Vec::with_capacity(gold.items().len());
    let mut malformed = Vec::new();
    for (item, line) in gold.items().iter().zip(lines) {
        let truth = StatementReport::parse(&item.answer.to_text()).map_err(|source| {
            StatementsError::FreeText {
                gold: gold.path().to_owned(),
                id: item.id.clone(),
                source,
            }
        })?;
        let text = line.map(|at| file.lines[at].text.as_deref().unwrap_or_default());
        let answer = text.map(StatementReport::parse);
        match &answer {
            None => coverage.missing += 1,
            Some(Ok(_)) => coverage.readable += 1,
            Some(Err(error)) => {
                let text = text.unwrap_or_default();
                let reason = match text.trim().is_empty() {
                    true => Unreadable::Empty,
                    false => Unreadable::NothingRecognised,
                };
                *coverage.unreadable.entry(reason).or_default() += 1;
                if malformed.len() < EXAMPLES {
                    malformed.push(format!("{}: {text:?}: {error}", item.id));
                }
            }
        }
        let answer = answer.and_then(Result::ok);
        rows.push(StatementRow::of(&truth, answer.as_ref()));
    }
    let values = figures(rows.iter().copied());
    let intervals = percentile_bootstrap(rows.len(), bootstrap, |drawn| {
        figures(drawn.iter().map(|at| rows[*at as usize]))
    });
    let figure = |name: &str, index: usize| Figure {
        name: name.to_owned(),
        value: values[index],
        n: rows.len(),
        ..without_value(intervals.get(index).copied().flatten())
    };
    let counts = LabelCounts::count(rows.iter().map(|row| row.labels), classes());
    let named = NAMES.iter().enumerate();
    Ok(StatementScores {
        model: file.models().first().map(|model| (*model).to_owned()),
        file: file.path.clone(),
        bootstrap,
        coverage,
        figures: named.map(|(index, name)| figure(name, index)).collect(),
        findings: Finding::ALL
            .iter()
            .map(|finding| {
                let class = class_of(*finding);
                FindingScore {
                    finding: *finding,
                    support: counts.classes[class].support(),
                    named: counts.classes[class].predicted(),
                    f1: figure("f1", NAMES.len() + class),
                }
            })
            .collect(),
        malformed,
    })
}
