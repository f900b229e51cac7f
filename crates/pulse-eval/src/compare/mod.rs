//! Two runs on the same items.
//!
//! Both are resampled together, item by item, so that what the items have in common cancels out; the interval
//! is one of the difference. Whether an item is right in one run and wrong in the other is tested exactly.

mod report;

use std::path::Path;

use crate::Task;
use crate::answers::AnswerFile;
use crate::gold::Gold;
use crate::probabilities::{Columns, Row, Weighing, rows};
use crate::statistics::{BootstrapOptions, mcnemar_exact, percentile_bootstrap};
use crate::strict::{
    Evaluation, StrictError, StrictOptions, evaluate, figure_names, figures, read_folder,
};

pub use report::{Comparison, Difference, ItemDifference, ProbabilityComparison, TaskComparison};

/// Compares two folders of answers task by task, in the strict mode.
///
/// With [`StrictOptions::only_answered`], items that either run left unanswered are left out of both.
///
/// # Errors
/// [`StrictError`] if files cannot be read, a folder has answers of several runs, a task has several answer files, or
/// no task is common.
pub fn compare(
    first: &Path,
    second: &Path,
    bench: &Path,
    options: StrictOptions,
) -> Result<Comparison, StrictError> {
    let mut tasks = Vec::new();
    let mut only_one = Vec::new();
    let pairs = read_folder(first)?.into_iter().zip(read_folder(second)?);
    for ((task, ours), (_, theirs)) in pairs {
        match (
            one_file(first, task, ours)?,
            one_file(second, task, theirs)?,
        ) {
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

fn one_file(
    folder: &Path,
    task: Task,
    mut files: Vec<AnswerFile>,
) -> Result<Option<AnswerFile>, StrictError> {
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
    let items = one.items.len();
    let everything: Vec<u32> = (0..).take(items).collect();
    let correct = |run: &Evaluation| -> Vec<bool> {
        run.items.iter().map(|item| item.is_correct()).collect()
    };
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
        figures: differences(
            figure_names(task),
            items,
            options.bootstrap,
            Run {
                all: values(one, &everything),
                drawn: |drawn: &[u32]| values(one, drawn),
            },
            Run {
                all: values(other, &everything),
                drawn: |drawn: &[u32]| values(other, drawn),
            },
        ),
        probabilities: compare_probabilities(&runs, files, options.bootstrap),
        mcnemar: mcnemar_exact(&correct(one), &correct(other)),
        differing,
    })
}

/// One run's figures over all items, and over drawn ones.
struct Run<F> {
    all: Vec<Option<f64>>,
    drawn: F,
}

/// Each figure in both runs with the interval of its difference: both are computed from the same drawn items.
fn differences<F, G>(
    names: &[&str],
    items: usize,
    bootstrap: BootstrapOptions,
    first: Run<F>,
    second: Run<G>,
) -> Vec<Difference>
where
    F: Fn(&[u32]) -> Vec<Option<f64>> + Sync,
    G: Fn(&[u32]) -> Vec<Option<f64>> + Sync,
{
    let minus = |(first, second): (Option<f64>, Option<f64>)| Some(second? - first?);
    let intervals = percentile_bootstrap(items, bootstrap, |drawn| {
        let values = (first.drawn)(drawn).into_iter();
        values.zip((second.drawn)(drawn)).map(minus).collect()
    });
    let values = first.all.iter().copied().zip(second.all.iter().copied());
    let named = names.iter().zip(values).zip(intervals);
    named
        .map(|((name, values), interval)| Difference {
            name: (*name).to_owned(),
            first: values.0,
            second: values.1,
            difference: minus(values),
            low: interval.map(|interval| interval.low),
            high: interval.map(|interval| interval.high),
        })
        .collect()
}

/// The figures over probabilities, where both runs have some.
fn compare_probabilities(
    runs: &[Evaluation; 2],
    files: [&AnswerFile; 2],
    bootstrap: BootstrapOptions,
) -> Option<ProbabilityComparison> {
    let [one, other] = runs;
    let (first, left_out_first) = rows(one, files[0], Weighing::Sum);
    let (second, left_out_second) = rows(other, files[1], Weighing::Sum);
    let pairs = first.iter().zip(&second);
    let both: Vec<(&Row, &Row)> = pairs
        .filter_map(|(a, b)| Some((a.as_ref()?, b.as_ref()?)))
        .collect();
    if both.is_empty() {
        return None;
    }
    let columns = |rows: Vec<_>| Columns::new(one.task, one.classes.len(), rows, Weighing::Sum);
    let first = columns(both.iter().map(|pair| pair.0).collect());
    let second = columns(both.iter().map(|pair| pair.1).collect());
    // The mass is compared where both say it; it stands last.
    let names = first.names();
    let names = &names[..names.len().min(second.names().len())];
    Some(ProbabilityComparison {
        items: both.len(),
        left_out_first,
        left_out_second,
        figures: differences(
            names,
            both.len(),
            bootstrap,
            Run {
                all: first.values(),
                drawn: |drawn: &[u32]| first.resampled(drawn),
            },
            Run {
                all: second.values(),
                drawn: |drawn: &[u32]| second.resampled(drawn),
            },
        ),
    })
}
