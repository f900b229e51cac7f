//! What was published, for comparison.
//!
//! Percent as printed. PULSE's rows come from its project page (version 1 of the paper, arXiv 2410.19008); those
//! of later models from a leaderboard of a third party, which is said with each.

use serde::Serialize;

use super::published_table::{TABLE, TableRow};
use crate::Task;

/// The published figures of one model on one task.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct PublishedRow {
    /// The model.
    pub model: &'static str,
    /// The task.
    pub task: Task,
    /// AUC of hard labels, F1, Hamming loss; for other tasks accuracy or judge score alone. None where not given.
    pub figures: [Option<f64>; 3],
    /// Where it is from.
    pub source: &'static str,
    /// Why it cannot be compared with a score of the published mode; `None` if it can.
    pub not_comparable: Option<&'static str>,
}

const PAGE: &str = "project page of PULSE (arXiv 2410.19008 v1)";
const LEADERBOARD: &str = "leaderboard of a third party (secondary source)";
const COPIED: &str = "signal model, copied from its paper";
const OTHER_RULE: &str =
    "the rule fails on the Hub's copy of the data, and which copy and rule were used is not known";
const JUDGE: &str = "depends on the judge (GPT-4o there)";
const ABSTRACT: &str = "abstract of GEM (NeurIPS 2025)";
const INFERRED: &str = "computed from the abstract's 7.4 points over the best before; the scorer that was used is not known";
const UNKNOWN_SCORER: &str = "the scorer that was used is not known";

const NO_SCORE: &str = "a random answer, not a model";

/// The places of a task's figures in a row of the table.
fn columns(task: Task) -> std::ops::Range<usize> {
    match task {
        Task::PtbTest => 0..3,
        Task::PtbTestReport => 3..4,
        Task::Code15Test => 4..7,
        Task::EcgqaTest => 7..8,
        Task::CpscTest => 8..11,
        Task::CsnTestNoCot => 11..12,
        Task::G12TestNoCot => 12..13,
        Task::MmmuEcg => 13..14,
        Task::Arena => 14..15,
    }
}

fn of_table((model, figures): &'static TableRow, task: Task) -> Option<PublishedRow> {
    let mut given = [None; 3];
    for (place, figure) in given.iter_mut().zip(&figures[columns(task)]) {
        *place = Some(*figure).filter(|figure| !figure.is_nan());
    }
    given[0]?;
    let not_comparable = match task {
        Task::EcgqaTest => Some(OTHER_RULE),
        Task::PtbTestReport | Task::Arena if *model == "Random" => Some(NO_SCORE),
        Task::PtbTestReport | Task::Arena => Some(JUDGE),
        _ => None,
    };
    Some(PublishedRow {
        model,
        task,
        figures: given,
        source: PAGE,
        not_comparable,
    })
}

/// A figure from elsewhere: AUC or accuracy alone, or F1 alone as the second figure.
const fn apart(
    model: &'static str,
    task: Task,
    figures: [Option<f64>; 3],
    source: &'static str,
    why: &'static str,
) -> PublishedRow {
    PublishedRow {
        model,
        task,
        figures,
        source,
        not_comparable: Some(why),
    }
}

const fn first(figure: f64) -> [Option<f64>; 3] {
    [Some(figure), None, None]
}

/// Models that read the signal, copied into PULSE's table from their papers, and models that came later.
const OTHERS: &[PublishedRow] = &[
    apart(
        "METS",
        Task::PtbTest,
        [None, Some(65.7), None],
        PAGE,
        COPIED,
    ),
    apart("MERL", Task::PtbTest, first(74.2), PAGE, COPIED),
    apart("ST-MEM", Task::PtbTest, first(71.4), PAGE, COPIED),
    apart("MERL", Task::CpscTest, first(82.8), PAGE, COPIED),
    apart("ST-MEM", Task::CpscTest, first(70.4), PAGE, COPIED),
    apart(
        "GEM-7B",
        Task::PtbTest,
        first(83.4),
        LEADERBOARD,
        UNKNOWN_SCORER,
    ),
    apart(
        "GEM-7B",
        Task::Code15Test,
        first(91.5),
        LEADERBOARD,
        UNKNOWN_SCORER,
    ),
    apart(
        "GEM-7B",
        Task::CpscTest,
        first(79.1),
        LEADERBOARD,
        UNKNOWN_SCORER,
    ),
    apart(
        "GEM-7B",
        Task::CsnTestNoCot,
        first(92.6),
        ABSTRACT,
        INFERRED,
    ),
    apart(
        "ECG-R1-8B",
        Task::PtbTest,
        first(81.7),
        LEADERBOARD,
        UNKNOWN_SCORER,
    ),
    apart(
        "ECG-R1-8B",
        Task::Code15Test,
        first(91.4),
        LEADERBOARD,
        UNKNOWN_SCORER,
    ),
    apart(
        "ECG-R1-8B",
        Task::CpscTest,
        first(74.9),
        LEADERBOARD,
        UNKNOWN_SCORER,
    ),
    apart(
        "ECG-R1-8B",
        Task::CsnTestNoCot,
        first(90.4),
        LEADERBOARD,
        UNKNOWN_SCORER,
    ),
    apart(
        "ECG-R1-8B",
        Task::G12TestNoCot,
        first(84.5),
        LEADERBOARD,
        UNKNOWN_SCORER,
    ),
];

/// The published rows of a task: the table of the paper, then models from elsewhere.
pub fn published_rows(task: Task) -> impl Iterator<Item = PublishedRow> {
    let others = OTHERS.iter().filter(move |row| row.task == task).copied();
    TABLE
        .iter()
        .filter_map(move |row| of_table(row, task))
        .chain(others)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_task_has_pulses_row() {
        for task in Task::ALL {
            let mut rows = published_rows(task);
            assert!(rows.any(|row| row.model == "PULSE-7B"), "{task}");
        }
    }

    #[test]
    fn figures_stand_in_their_columns() {
        let of = |model: &str, task| {
            let mut rows = published_rows(task).filter(|row| row.model == model);
            rows.next()
                .map(|row| (row.figures, row.not_comparable.is_some()))
        };
        let pulse = |task| of("PULSE-7B", task);
        let three = |a, b, c| Some(([Some(a), Some(b), Some(c)], false));
        assert_eq!(pulse(Task::PtbTest), three(82.4, 74.8, 11.0));
        assert_eq!(pulse(Task::Code15Test), three(90.7, 85.4, 5.0));
        assert_eq!(pulse(Task::CpscTest), three(76.9, 57.6, 8.6));
        assert_eq!(pulse(Task::CsnTestNoCot), Some((first(85.2), false)));
        assert_eq!(pulse(Task::G12TestNoCot), Some((first(78.2), false)));
        assert_eq!(pulse(Task::MmmuEcg), Some((first(58.0), false)));
        assert_eq!(pulse(Task::EcgqaTest), Some((first(73.8), true)));
        assert_eq!(pulse(Task::PtbTestReport), Some((first(61.3), true)));
        assert_eq!(pulse(Task::Arena), Some((first(38.9), true)));
        assert_eq!(of("ECG-GPT", Task::EcgqaTest), None);
        assert_eq!(of("GEM-7B", Task::CpscTest), Some((first(79.1), true)));
    }
}
