//! What was published, for comparison.
//!
//! Percent as printed. PULSE's rows come from its project page (version 1 of the paper, arXiv 2410.19008); those
//! of later models from a leaderboard of a third party, which is said with each.

use serde::Serialize;

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
const UNKNOWN_SCORER: &str = "the scorer that was used is not known";

const fn row(model: &'static str, task: Task, figures: [Option<f64>; 3]) -> PublishedRow {
    let not_comparable = match task {
        Task::EcgqaTest => Some(OTHER_RULE),
        Task::PtbTestReport | Task::Arena => Some(JUDGE),
        _ => None,
    };
    PublishedRow {
        model,
        task,
        figures,
        source: PAGE,
        not_comparable,
    }
}

const fn later(model: &'static str, task: Task, figure: f64) -> PublishedRow {
    PublishedRow {
        model,
        task,
        figures: [Some(figure), None, None],
        source: LEADERBOARD,
        not_comparable: Some(UNKNOWN_SCORER),
    }
}

const fn three(a: f64, b: f64, c: f64) -> [Option<f64>; 3] {
    [Some(a), Some(b), Some(c)]
}

const fn one(a: f64) -> [Option<f64>; 3] {
    [Some(a), None, None]
}

const ROWS: &[PublishedRow] = &[
    row("Random", Task::PtbTest, three(50.3, 33.2, 50.1)),
    row("GPT-4o", Task::PtbTest, three(55.6, 28.3, 26.2)),
    row("Claude 3.5 Sonnet", Task::PtbTest, three(54.0, 27.5, 29.6)),
    row(
        "LLaVA-1.6-Vicuna-7B (the base)",
        Task::PtbTest,
        three(50.0, 15.8, 29.4),
    ),
    row("PULSE-7B", Task::PtbTest, three(82.4, 74.8, 11.0)),
    PublishedRow {
        not_comparable: Some(COPIED),
        ..row("MERL", Task::PtbTest, one(74.2))
    },
    later("GEM-7B", Task::PtbTest, 83.4),
    later("ECG-R1-8B", Task::PtbTest, 81.7),
    row("Random", Task::Code15Test, three(48.8, 15.0, 32.1)),
    row("GPT-4o", Task::Code15Test, three(59.9, 24.9, 15.7)),
    row(
        "Claude 3.5 Sonnet",
        Task::Code15Test,
        three(58.3, 20.3, 17.8),
    ),
    row(
        "LLaVA-1.6-Vicuna-7B (the base)",
        Task::Code15Test,
        three(50.1, 1.0, 13.6),
    ),
    row("PULSE-7B", Task::Code15Test, three(90.7, 85.4, 5.0)),
    later("GEM-7B", Task::Code15Test, 91.5),
    later("ECG-R1-8B", Task::Code15Test, 91.4),
    row("Random", Task::CpscTest, three(51.2, 15.1, 28.8)),
    row("GPT-4o", Task::CpscTest, three(50.9, 10.6, 18.2)),
    row("Claude 3.5 Sonnet", Task::CpscTest, three(52.8, 11.5, 18.9)),
    row(
        "LLaVA-1.6-Vicuna-7B (the base)",
        Task::CpscTest,
        three(50.5, 19.7, 66.0),
    ),
    row("PULSE-7B", Task::CpscTest, three(76.9, 57.6, 8.6)),
    PublishedRow {
        not_comparable: Some(COPIED),
        ..row("MERL", Task::CpscTest, one(82.8))
    },
    later("GEM-7B", Task::CpscTest, 79.1),
    later("ECG-R1-8B", Task::CpscTest, 74.9),
    row("Random", Task::CsnTestNoCot, one(11.6)),
    row("GPT-4o", Task::CsnTestNoCot, one(57.5)),
    row("Claude 3.5 Sonnet", Task::CsnTestNoCot, one(51.5)),
    row(
        "LLaVA-1.6-Vicuna-7B (the base)",
        Task::CsnTestNoCot,
        one(23.7),
    ),
    row("PULSE-7B", Task::CsnTestNoCot, one(85.2)),
    later("ECG-R1-8B", Task::CsnTestNoCot, 90.4),
    row("Random", Task::G12TestNoCot, one(12.1)),
    row("GPT-4o", Task::G12TestNoCot, one(49.2)),
    row("Claude 3.5 Sonnet", Task::G12TestNoCot, one(51.4)),
    row(
        "LLaVA-1.6-Vicuna-7B (the base)",
        Task::G12TestNoCot,
        one(23.3),
    ),
    row("PULSE-7B", Task::G12TestNoCot, one(78.2)),
    later("ECG-R1-8B", Task::G12TestNoCot, 84.5),
    row("Random", Task::MmmuEcg, one(24.2)),
    row("GPT-4o", Task::MmmuEcg, one(43.5)),
    row("Claude 3.5 Sonnet", Task::MmmuEcg, one(42.0)),
    row("LLaVA-1.6-Vicuna-7B (the base)", Task::MmmuEcg, one(28.0)),
    row("PULSE-7B", Task::MmmuEcg, one(58.0)),
    row("Random", Task::EcgqaTest, one(16.2)),
    row("GPT-4o", Task::EcgqaTest, one(35.2)),
    row("Claude 3.5 Sonnet", Task::EcgqaTest, one(34.2)),
    row("LLaVA-1.6-Vicuna-7B (the base)", Task::EcgqaTest, one(13.3)),
    row("PULSE-7B", Task::EcgqaTest, one(73.8)),
    row("GPT-4o", Task::PtbTestReport, one(50.2)),
    row("Claude 3.5 Sonnet", Task::PtbTestReport, one(43.7)),
    row("PULSE-7B", Task::PtbTestReport, one(61.3)),
    row("GPT-4o", Task::Arena, one(33.5)),
    row("Claude 3.5 Sonnet", Task::Arena, one(37.1)),
    row("PULSE-7B", Task::Arena, one(38.9)),
];

/// The published rows of a task.
pub fn published_rows(task: Task) -> impl Iterator<Item = &'static PublishedRow> {
    ROWS.iter().filter(move |row| row.task == task)
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
}
