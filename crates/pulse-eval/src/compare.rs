//! Two runs on the same items.
//!
//! Both are resampled together, item by item, so that what the items have in common cancels out; the interval
//! is one of the difference. Whether an item is right in one run and wrong in the other is tested exactly.

use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::Task;
use crate::answers::AnswerFile;
use crate::gold::Gold;
use crate::statistics::{BootstrapOptions, McNemar, mcnemar_exact, percentile_bootstrap};
use crate::strict::{
    Evaluation, StrictError, StrictOptions, evaluate, figure_names, figures, read_files,
};

/// The comparison of two folders of answers.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Comparison {
    /// The first folder.
    pub first: PathBuf,
    /// The second folder.
    pub second: PathBuf,
    /// How intervals are made: `paired percentile bootstrap over items`.
    pub interval_method: &'static str,
    /// Resamples, seed and level of the intervals.
    pub bootstrap: BootstrapOptions,
    /// The tasks that both have answers to.
    pub tasks: Vec<TaskComparison>,
    /// Tasks that only one of them has answers to.
    pub only_one: Vec<Task>,
}

/// The comparison of one task.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TaskComparison {
    /// The task.
    pub task: Task,
    /// Items compared.
    pub items: usize,
    /// Each figure in both runs.
    pub figures: Vec<Difference>,
    /// The exact McNemar test on whether items are right.
    pub mcnemar: McNemar,
    /// Items for which something else was read.
    pub differing: Vec<ItemDifference>,
}

/// One figure in both runs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Difference {
    /// Its name as in `docs/metrics.md`.
    pub name: String,
    /// In the first run.
    pub first: Option<f64>,
    /// In the second run.
    pub second: Option<f64>,
    /// Second minus first.
    pub difference: Option<f64>,
    /// Lower end of the difference's interval.
    pub low: Option<f64>,
    /// Upper end of the difference's interval.
    pub high: Option<f64>,
}

/// One item that was answered differently.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ItemDifference {
    /// Its id.
    pub id: String,
    /// The true answer.
    pub gold: String,
    /// The first run's answer; null if there is none.
    pub first: Option<String>,
    /// The second run's answer; null if there is none.
    pub second: Option<String>,
    /// Whether the first run has it right.
    pub first_is_correct: bool,
    /// Whether the second run has it right.
    pub second_is_correct: bool,
}

/// Compares two folders of answers task by task, in the strict mode.
///
/// With [`StrictOptions::only_answered`], items that either run left unanswered are left out of both.
///
/// # Errors
/// [`StrictError`] if files cannot be read, a task has several answer files, or no task is common.
pub fn compare(
    first: &Path,
    second: &Path,
    bench: &Path,
    options: StrictOptions,
) -> Result<Comparison, StrictError> {
    let mut tasks = Vec::new();
    let mut only_one = Vec::new();
    for task in Task::SCORED {
        match (one_file(first, task)?, one_file(second, task)?) {
            (Some(one), Some(other)) => {
                let gold = Gold::read(bench, task)?;
                tasks.push(compare_task(task, &gold, [&one, &other], options)?);
            }
            (None, None) => {}
            _ => only_one.push(task),
        }
    }
    if tasks.is_empty() {
        return Err(StrictError::NothingInCommon {
            first: first.to_owned(),
            second: second.to_owned(),
        });
    }
    Ok(Comparison {
        first: first.to_owned(),
        second: second.to_owned(),
        interval_method: "paired percentile bootstrap over items",
        bootstrap: options.bootstrap,
        tasks,
        only_one,
    })
}

fn one_file(folder: &Path, task: Task) -> Result<Option<AnswerFile>, StrictError> {
    let mut files = read_files(folder, task)?;
    if files.len() > 1 {
        return Err(StrictError::NotOneFile {
            task,
            folder: folder.join(task.name()),
            files: files.len(),
        });
    }
    Ok(files.pop())
}

fn compare_task(
    task: Task,
    gold: &Gold,
    files: [&AnswerFile; 2],
    options: StrictOptions,
) -> Result<TaskComparison, StrictError> {
    let mut runs = [
        evaluate(task, gold, files[0], false)?,
        evaluate(task, gold, files[1], false)?,
    ];
    if options.only_answered {
        let both: Vec<bool> = runs[0]
            .items
            .iter()
            .zip(&runs[1].items)
            .map(|(one, other)| one.answer.is_some() && other.answer.is_some())
            .collect();
        for run in &mut runs {
            let mut keep = both.iter();
            run.items.retain(|_| keep.next().copied().unwrap_or(false));
        }
    }
    let [one, other] = &runs;
    let classes = one.classes.len();
    let named = figure_names(task).len();
    let values = |run: &Evaluation, drawn: &[u32]| -> Vec<Option<f64>> {
        let rows = drawn.iter().map(|at| run.items[*at as usize].row);
        let mut values = figures(task, classes, rows);
        values.truncate(named);
        values
    };
    let minus = |(first, second): (Option<f64>, Option<f64>)| Some(second? - first?);
    let items = one.items.len();
    let everything: Vec<u32> = (0..).take(items).collect();
    let (first, second) = (values(one, &everything), values(other, &everything));
    let intervals = percentile_bootstrap(items, options.bootstrap, |drawn| {
        values(one, drawn)
            .into_iter()
            .zip(values(other, drawn))
            .map(minus)
            .collect()
    });
    let correct = |run: &Evaluation| -> Vec<bool> {
        run.items.iter().map(|item| item.is_correct()).collect()
    };
    let figures = figure_names(task)
        .iter()
        .enumerate()
        .map(|(at, name)| {
            let interval = intervals.get(at).copied().flatten();
            Difference {
                name: (*name).to_owned(),
                first: first[at],
                second: second[at],
                difference: minus((first[at], second[at])),
                low: interval.map(|interval| interval.low),
                high: interval.map(|interval| interval.high),
            }
        })
        .collect();
    let text = |file: &AnswerFile, answer: Option<usize>| {
        answer.map(|at| file.lines[at].text.clone().unwrap_or_default())
    };
    let differing = one
        .items
        .iter()
        .zip(&other.items)
        .filter(|(a, b)| a.row.predicted != b.row.predicted)
        .map(|(a, b)| {
            let item = &gold.items()[a.position];
            ItemDifference {
                id: item.id.clone(),
                gold: item.answer.to_text(),
                first: text(files[0], a.answer),
                second: text(files[1], b.answer),
                first_is_correct: a.is_correct(),
                second_is_correct: b.is_correct(),
            }
        })
        .collect();
    Ok(TaskComparison {
        task,
        items,
        figures,
        mcnemar: mcnemar_exact(&correct(one), &correct(other)),
        differing,
    })
}
