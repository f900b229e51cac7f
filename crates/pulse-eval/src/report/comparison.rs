//! A comparison of two runs as text.

use std::fmt::Write;

use super::number::{intervals_line, p_value, value};
use crate::compare::{Comparison, Difference, ItemDifference, TaskComparison};

/// Characters of an answer that a table shows.
const LONGEST_CELL: usize = 60;

/// A comparison as tables, with up to `items` of each task's items that were read differently, those first that
/// only one run has right.
pub fn comparison_markdown(comparison: &Comparison, items: usize) -> String {
    let mut text = format!(
        "first: {}\nsecond: {}\n\n",
        comparison.first.display(),
        comparison.second.display()
    );
    for task in &comparison.tasks {
        task_markdown(&mut text, task, items);
    }
    for task in &comparison.only_one {
        // Writing to a string does not fail.
        let _ = writeln!(text, "{task}: answers in one folder only, not compared\n");
    }
    let _ = writeln!(
        text,
        "{}",
        intervals_line(&comparison.bootstrap, comparison.interval_method)
    );
    text
}

fn task_markdown(text: &mut String, task: &TaskComparison, items: usize) {
    let _ = writeln!(text, "## {}\n", task.task);
    differences(text, &task.figures);
    if let Some(probabilities) = &task.probabilities {
        let _ = writeln!(
            text,
            "\nOver probabilities: {} items with those of both runs; {} left out in the first, {} in the second\n",
            probabilities.items,
            probabilities.left_out_first.all(),
            probabilities.left_out_second.all()
        );
        differences(text, &probabilities.figures);
    }
    let both_wrong = task.differing.iter().filter(|item| !is_won(item)).count();
    let _ = writeln!(
        text,
        "\n{} items, {} read differently: right only in the first {}, only in the second {}, wrong in both {both_wrong}; \
         exact McNemar {}\n",
        task.items,
        task.differing.len(),
        task.mcnemar.only_first,
        task.mcnemar.only_second,
        p_value(task.mcnemar.p_value)
    );
    let mut shown: Vec<&ItemDifference> = task.differing.iter().collect();
    shown.sort_by_key(|item| !is_won(item));
    shown.truncate(items);
    if shown.is_empty() {
        return;
    }
    let _ = writeln!(
        text,
        "| item | truth | first | second | right |\n| --- | --- | --- | --- | --- |"
    );
    for item in &shown {
        let right = match (item.first_is_correct, item.second_is_correct) {
            (true, false) => "first",
            (false, true) => "second",
            (true, true) => "both",
            (false, false) => "none",
        };
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {right} |",
            cell(Some(&item.id)),
            cell(Some(&item.gold)),
            cell(item.first.as_deref()),
            cell(item.second.as_deref())
        );
    }
    match task.differing.len() - shown.len() {
        0 => text.push('\n'),
        more => {
            let _ = writeln!(text, "\n{more} more; --items and --items-file show them\n");
        }
    }
}

fn is_won(item: &ItemDifference) -> bool {
    item.first_is_correct != item.second_is_correct
}

fn differences(text: &mut String, figures: &[Difference]) {
    let _ = writeln!(
        text,
        "| figure | first | second | difference | 95% interval |\n| --- | ---: | ---: | ---: | --- |"
    );
    for figure in figures {
        let interval = match (figure.low, figure.high) {
            (Some(low), Some(high)) => format!("{low:+.3} to {high:+.3}"),
            _ => "–".to_owned(),
        };
        let difference = figure
            .difference
            .map_or("–".to_owned(), |by| format!("{by:+.3}"));
        let _ = writeln!(
            text,
            "| {} | {} | {} | {difference} | {interval} |",
            figure.name,
            value(figure.first),
            value(figure.second)
        );
    }
}

/// A text in a table: on one line, cut where it is long, a dash where there is none.
fn cell(text: Option<&str>) -> String {
    let Some(text) = text else {
        return "–".to_owned();
    };
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let line = line.replace('|', "\\|");
    match line.char_indices().nth(LONGEST_CELL) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Task;
    use crate::statistics::McNemar;

    #[test]
    fn items_that_one_run_has_right_come_first() {
        let item = |id: &str, first_is_correct, second_is_correct| ItemDifference {
            id: id.to_owned(),
            gold: "MI".to_owned(),
            first: Some("a\n| b".to_owned()),
            second: None,
            first_is_correct,
            second_is_correct,
        };
        let task = TaskComparison {
            task: Task::PtbTest,
            items: 9,
            figures: Vec::new(),
            probabilities: None,
            mcnemar: McNemar {
                only_first: 1,
                only_second: 1,
                p_value: 1.0,
            },
            differing: vec![
                item("x", false, false),
                item("y", true, false),
                item("z", false, true),
            ],
        };
        let mut text = String::new();
        task_markdown(&mut text, &task, 2);
        for part in [
            "9 items, 3 read differently: right only in the first 1, only in the second 1, wrong in both 1",
            "| y | MI | a \\| b | – | first |\n| z | MI | a \\| b | – | second |\n\n1 more;",
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
        assert!(!text.contains("| x |"), "{text}");
        assert_eq!(cell(Some(&"é".repeat(61))).chars().count(), 61);
    }
}
