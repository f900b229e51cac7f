//! From judgements to figures, as the original sums them up.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::client::TokenUsage;
use super::criteria::JudgeKind;
use super::error::JudgeError;
use super::items::JudgeItems;
use super::run::{Failure, JudgeRun};
use crate::Task;
use crate::statistics::{BootstrapOptions, krippendorff_alpha, percentile_bootstrap};
use crate::strict::Figure;

/// The original gives scores from 0 to 10 as 0 to 100.
const SCALE: f64 = 10.0;

/// What the judge found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct JudgeReport {
    /// The task.
    pub task: Task,
    /// The judge.
    pub judge_model: String,
    /// Items judged.
    pub judged: usize,
    /// Items without an answer; they are not in the mean, as in the original.
    pub missing: usize,
    /// Answers to no item.
    pub unknown: usize,
    /// Further answers to an item.
    pub doubles: usize,
    /// Items that could not be judged.
    pub failures: Vec<Failure>,
    /// `overall` and each criterion, 0 to 100, with intervals over items.
    pub figures: Vec<Figure>,
    /// How well repeats agree; empty with one judgement per item.
    pub agreement: Vec<Agreement>,
    /// Calls made in this run.
    pub calls: usize,
    /// Judgements that were there before.
    pub reused: usize,
    /// Tokens of all judgements, earlier runs included; none if the server did not say for all of them.
    pub usage: Option<TokenUsage>,
    /// What they cost, if prices were given and the tokens are known.
    pub cost: Option<f64>,
    /// Mean score of each item, 0 to 100.
    pub items: BTreeMap<String, f64>,
    /// Digest of reference and answer of each item that was to be judged; see
    /// [`must_be_of`](super::must_be_of).
    #[serde(default)]
    pub content: BTreeMap<String, String>,
}

/// Agreement of the repeats on a criterion.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Agreement {
    /// The criterion.
    pub criterion: String,
    /// Krippendorff's alpha for interval data.
    pub krippendorff_alpha: Option<f64>,
    /// Items with at least two judgements.
    pub items: usize,
}

/// Sums up: per item the mean over its repeats, per criterion the mean over items, overall the mean over items of
/// the mean over criteria (for the arena the mean of all pooled scores, which is the same as every criterion must
/// be there), each times 10. `prices` are per million tokens of prompt and reply.
///
/// # Errors
/// [`JudgeError::NothingJudged`] if there is no judgement.
pub fn aggregate(
    task: Task,
    items: &JudgeItems,
    run: &JudgeRun,
    judge_model: &str,
    prices: Option<(f64, f64)>,
    bootstrap: BootstrapOptions,
) -> Result<JudgeReport, JudgeError> {
    let criteria = items.kind.criteria();
    let mut scores: BTreeMap<&str, Vec<Vec<f64>>> = BTreeMap::new();
    for judgement in &run.judgements {
        let columns = scores
            .entry(judgement.id.as_str())
            .or_insert_with(|| vec![Vec::new(); criteria.len()]);
        for (column, criterion) in columns.iter_mut().zip(criteria) {
            column.extend(judgement.scores.get(criterion));
        }
    }
    if scores.is_empty() {
        return Err(JudgeError::NothingJudged);
    }
    let rows: Vec<Vec<f64>> = scores
        .values()
        .map(|columns| columns.iter().map(|column| mean(column)).collect())
        .collect();
    let names: Vec<&str> = ["overall"].into_iter().chain(criteria).collect();
    let positions: Vec<u32> = (0..).take(rows.len()).collect();
    let values = means(&rows, &positions);
    let intervals = percentile_bootstrap(rows.len(), bootstrap, |drawn| means(&rows, drawn));
    let figures = names.iter().enumerate().map(|(at, name)| {
        let interval = intervals.get(at).copied().flatten();
        Figure {
            name: (*name).to_owned(),
            value: values[at],
            n: rows.len(),
            low: interval.map(|one| one.low),
            high: interval.map(|one| one.high),
            undefined_resamples: 0,
        }
    });
    let usage = total_usage(run);
    Ok(JudgeReport {
        task,
        judge_model: judge_model.to_owned(),
        judged: rows.len(),
        missing: items.missing,
        unknown: items.unknown,
        doubles: items.doubles,
        failures: run.failures.clone(),
        figures: figures.collect(),
        agreement: agreement(items.kind, &scores),
        calls: run.calls,
        reused: run.reused,
        usage,
        cost: prices.zip(usage).map(|((prompt, completion), usage)| {
            (usage.prompt_tokens as f64 * prompt + usage.completion_tokens as f64 * completion)
                / 1e6
        }),
        items: scores
            .keys()
            .zip(&rows)
            .map(|(id, row)| ((*id).to_owned(), mean(row) * SCALE))
            .collect(),
        content: items.content(),
    })
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

fn means(rows: &[Vec<f64>], drawn: &[u32]) -> Vec<Option<f64>> {
    let criteria = rows.first().map_or(0, Vec::len);
    let columns: Vec<f64> = (0..criteria)
        .map(|column| {
            let sum: f64 = drawn.iter().map(|at| rows[*at as usize][column]).sum();
            sum / drawn.len() as f64 * SCALE
        })
        .collect();
    [mean(&columns)]
        .into_iter()
        .chain(columns.iter().copied())
        .map(Some)
        .collect()
}

fn agreement(kind: JudgeKind, scores: &BTreeMap<&str, Vec<Vec<f64>>>) -> Vec<Agreement> {
    let repeated = scores
        .values()
        .filter(|columns| columns[0].len() > 1)
        .count();
    if repeated == 0 {
        return Vec::new();
    }
    kind.criteria()
        .iter()
        .enumerate()
        .map(|(at, criterion)| {
            let ratings: Vec<Vec<f64>> =
                scores.values().map(|columns| columns[at].clone()).collect();
            Agreement {
                criterion: (*criterion).to_owned(),
                krippendorff_alpha: krippendorff_alpha(&ratings),
                items: repeated,
            }
        })
        .collect()
}

/// Tokens of the judgements, each counted once though several items may share it; none if one is not known.
fn total_usage(run: &JudgeRun) -> Option<TokenUsage> {
    let mut seen = BTreeSet::new();
    run.judgements
        .iter()
        .filter(|judgement| seen.insert(&judgement.key))
        .try_fold(TokenUsage::default(), |sum, judgement| {
            Some(sum.plus(judgement.usage?))
        })
}
