//! Scoring a folder of answers.

use std::path::Path;

use super::error::StrictError;
use super::evaluate::{EvaluatedItem, Evaluation, Outcomes, UNREADABLE, evaluate};
use super::figures::{figure_names, figures};
use super::reading::Unreadable;
use super::report::{ClassRow, Figure, ScoredItem, StrictReport, StrictTask};
use crate::Task;
use crate::answers::{AnswerFile, find_answer_files, must_have_one_origin};
use crate::gold::Gold;
use crate::metrics::{ConfusionMatrix, LabelCounts};
use crate::probabilities::{Weighing, probability_report};
use crate::statistics::{BootstrapOptions, Interval, percentile_bootstrap};
use crate::task::TaskKind;

/// How to score.
#[derive(Debug, Default, Clone, Copy, PartialEq)]
pub struct StrictOptions {
    /// How intervals are made.
    pub bootstrap: BootstrapOptions,
    /// Leave items without an answer out instead of counting them as wrong.
    pub only_answered: bool,
}

/// Scores every answer file of every task that has some.
///
/// `answers` holds a folder per task with JSONL files, `bench` a file `TASK.json` for each.
///
/// # Errors
/// [`StrictError`] if files cannot be read, answers of several runs lie together, or the benchmark is another.
pub fn score_strict(
    answers: &Path,
    bench: &Path,
    options: StrictOptions,
) -> Result<StrictReport, StrictError> {
    let mut tasks = Vec::new();
    let mut missing_tasks = Vec::new();
    for (task, files) in read_folder(answers)? {
        if files.is_empty() {
            missing_tasks.push(task);
            continue;
        }
        let gold = Gold::read(bench, task)?;
        for file in &files {
            let evaluation = evaluate(task, &gold, file, options.only_answered)?;
            let mut scored = score_file(&evaluation, &gold, file, options.bootstrap);
            scored.file = file
                .path
                .strip_prefix(answers)
                .unwrap_or(&file.path)
                .to_owned();
            tasks.push(scored);
        }
    }
    Ok(StrictReport {
        mode: "strict",
        interval_method: "percentile bootstrap over items",
        bootstrap: options.bootstrap,
        only_answered: options.only_answered,
        tasks,
        missing_tasks,
    })
}

/// The answer files of all tasks that are scored without a judge. All answers below the folder must come from one
/// run, those for a judge included.
pub(crate) fn read_folder(answers: &Path) -> Result<Vec<(Task, Vec<AnswerFile>)>, StrictError> {
    let mut tasks = Vec::new();
    for task in Task::ALL {
        let paths = find_answer_files(answers, task)?;
        let files = paths.iter().map(|path| AnswerFile::read(path));
        tasks.push((task, files.collect::<Result<Vec<_>, _>>()?));
    }
    must_have_one_origin(answers, tasks.iter().flat_map(|(_, files)| files))?;
    let mut of = |task: Task| {
        let files = tasks.iter_mut().find(|(one, _)| *one == task);
        (
            task,
            files
                .map(|(_, files)| std::mem::take(files))
                .unwrap_or_default(),
        )
    };
    Ok(Task::SCORED.map(&mut of).into())
}

fn score_file(
    evaluation: &Evaluation,
    gold: &Gold,
    file: &AnswerFile,
    bootstrap: BootstrapOptions,
) -> StrictTask {
    let task = evaluation.task;
    let classes = evaluation.classes.len();
    let items = &evaluation.items;
    let values = figures(task, classes, items.iter().map(|item| item.row));
    let intervals = percentile_bootstrap(items.len(), bootstrap, |drawn| {
        let rows = drawn.iter().map(|at| items[*at as usize].row);
        figures(task, classes, rows)
    });
    let figure = |name: &str, index: usize| Figure {
        name: name.to_owned(),
        value: values[index],
        n: items.len(),
        ..without_value(intervals.get(index).copied().flatten())
    };
    let names = figure_names(task);
    let counts = LabelCounts::count(items.iter().map(|item| item.row), classes);
    let rows = evaluation.classes.iter().zip(&counts.classes).enumerate();
    StrictTask {
        task,
        file: file.path.clone(),
        model: file.models().first().map(|model| (*model).to_owned()),
        coverage: evaluation.coverage.clone(),
        figures: names
            .iter()
            .enumerate()
            .map(|(index, name)| figure(name, index))
            .collect(),
        classes: rows
            .map(|(index, (class, counts))| ClassRow {
                class: class.clone(),
                support: counts.support(),
                predicted: counts.predicted(),
                counts: *counts,
                precision: counts.precision(),
                recall: counts.recall(),
                specificity: counts.specificity(),
                f1: figure("f1", names.len() + index),
                hard_label_auc: counts.hard_label_auc(),
            })
            .collect(),
        confusion: confusion(evaluation),
        probabilities: probability_report(evaluation, file, Weighing::Sum, bootstrap),
        probabilities_normalised: probability_report(
            evaluation,
            file,
            Weighing::PerToken,
            bootstrap,
        ),
        items: items
            .iter()
            .map(|item| scored(item, evaluation, gold, file))
            .collect(),
    }
}

/// The interval's part of a figure.
pub(crate) fn without_value(interval: Option<Interval>) -> Figure {
    Figure {
        name: String::new(),
        value: None,
        n: 0,
        low: interval.map(|interval| interval.low),
        high: interval.map(|interval| interval.high),
        undefined_resamples: interval.map_or(0, |interval| interval.undefined),
    }
}

fn confusion(evaluation: &Evaluation) -> Option<ConfusionMatrix> {
    if !matches!(evaluation.task.kind(), TaskKind::Letter { .. }) {
        return None;
    }
    let mut matrix = ConfusionMatrix::new(evaluation.classes.clone());
    for item in &evaluation.items {
        let predicted = item.row.predicted;
        let predicted = (predicted & UNREADABLE == 0).then(|| predicted.trailing_zeros() as usize);
        matrix
            .add(item.row.gold.trailing_zeros() as usize, predicted)
            .ok()?;
    }
    Some(matrix)
}

/// The word for an outcome in JSON.
pub(crate) fn outcome_name(outcome: Outcomes) -> &'static str {
    match outcome {
        Outcomes::Read => "read",
        Outcomes::Missing => "missing",
        Outcomes::Unreadable(Unreadable::Empty) => "empty",
        Outcomes::Unreadable(Unreadable::NothingRecognised) => "nothing_recognised",
        Outcomes::Unreadable(Unreadable::Ambiguous) => "ambiguous",
        Outcomes::Unreadable(Unreadable::OutsideOptions) => "outside_options",
    }
}

fn scored(
    item: &EvaluatedItem,
    evaluation: &Evaluation,
    gold: &Gold,
    file: &AnswerFile,
) -> ScoredItem {
    let truth = &gold.items()[item.position];
    let names = if evaluation.classes.is_empty() {
        &item.options
    } else {
        &evaluation.classes
    };
    let named = |bits: u64| -> Vec<String> {
        names
            .iter()
            .enumerate()
            .filter(|(at, _)| bits >> at & 1 == 1)
            .map(|(_, name)| name.clone())
            .collect()
    };
    ScoredItem {
        id: truth.id.clone(),
        image: truth.image.clone(),
        question: truth.question.clone(),
        answer: item
            .answer
            .map(|at| file.lines[at].text.clone().unwrap_or_default()),
        gold: if evaluation.classes.is_empty() {
            vec![truth.answer.to_text()]
        } else {
            named(item.row.gold)
        },
        predicted: named(item.row.predicted),
        outcome: outcome_name(item.outcome),
        is_correct: item.is_correct(),
        distance: (item.row.gold ^ item.row.predicted).count_ones(),
    }
}
