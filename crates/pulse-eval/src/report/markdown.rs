//! Markdown and text.

use std::fmt::Write;

use super::html_published::{ours, percent};
use super::input::ReportInput;
use super::number::{interval, intervals_line, value};
use super::published_rows::published_rows;
use crate::judge::JudgeReport;
use crate::metrics::ConfusionMatrix;
use crate::probabilities::ProbabilityReport;
use crate::published::PublishedReport;
use crate::strict::{StrictReport, StrictTask};

/// The published mode: the original's own lines, then what it does not print.
pub fn published_markdown(report: &PublishedReport) -> String {
    let mut text = String::new();
    for task in &report.tasks {
        for line in &task.stdout {
            text.push_str(line);
            text.push('\n');
        }
        for file in &task.files {
            // Writing to a string does not fail.
            let _ = writeln!(
                text,
                "  {}: {} answers, {} random letters, {} doubles, {} items unanswered, {} answers reused{}",
                file.file,
                file.answers,
                file.fallbacks,
                file.doubles,
                file.unanswered,
                file.reused,
                file.skipped
                    .as_ref()
                    .map_or(String::new(), |why| format!("; skipped: {why}"))
            );
        }
    }
    for task in &report.missing_tasks {
        let _ = writeln!(text, "{task}: no answers");
    }
    if report.origins.len() > 1 {
        let _ = writeln!(
            text,
            "Answers of {} runs, which the original scores side by side: {}",
            report.origins.len(),
            report.origins.join("; ")
        );
    }
    text
}

/// How many items the figures over probabilities count, and which they do not.
pub(super) fn left_out(report: &ProbabilityReport) -> String {
    let left_out = report.left_out;
    format!(
        "{} items counted, {} left out ({} without an answer, {} without probabilities, {} lack \
         some class)",
        report.items,
        left_out.all(),
        left_out.missing,
        left_out.without,
        left_out.incomplete
    )
}

/// The strict mode as tables.
pub fn strict_markdown(report: &StrictReport) -> String {
    let mut text = String::new();
    for task in &report.tasks {
        task_markdown(&mut text, task);
    }
    for task in &report.missing_tasks {
        let _ = writeln!(text, "{task}: no answers\n");
    }
    let _ = writeln!(
        text,
        "{}",
        intervals_line(&report.bootstrap, report.interval_method)
    );
    text
}

fn task_markdown(text: &mut String, task: &StrictTask) {
    let coverage = &task.coverage;
    let _ = writeln!(
        text,
        "## {} ({})\n\n{} items: {} read, {} unreadable, {} missing; {} unknown answers, {} doubles ({} conflicting)\n",
        task.task,
        task.file.display(),
        coverage.items,
        coverage.readable,
        coverage.all_unreadable(),
        coverage.missing,
        coverage.unknown,
        coverage.doubles,
        coverage.conflicting
    );
    let _ = writeln!(
        text,
        "| figure | value | n | 95% interval |\n| --- | ---: | ---: | --- |"
    );
    let over = |report: &'_ Option<ProbabilityReport>, prefix: &'static str| {
        let figures = report.iter().flat_map(|report| report.figures.clone());
        figures
            .map(move |figure| (prefix, figure))
            .collect::<Vec<_>>()
    };
    let figures = task.figures.iter().cloned().map(|figure| ("", figure));
    let figures = figures
        .chain(over(&task.probabilities, ""))
        .chain(over(&task.probabilities_normalised, "per token: "));
    for (prefix, figure) in figures {
        let figure = &figure;
        let _ = writeln!(
            text,
            "| {prefix}{} | {} | {} | {} |",
            figure.name,
            value(figure.value),
            figure.n,
            interval(figure)
        );
    }
    if let Some(probabilities) = &task.probabilities {
        let _ = writeln!(text, "\nOver probabilities: {}", left_out(probabilities));
    }
    if !task.classes.is_empty() {
        let _ = writeln!(
            text,
            "\n| class | support | predicted | precision | recall | specificity | F1 | 95% interval |\n\
             | --- | ---: | ---: | ---: | ---: | ---: | ---: | --- |"
        );
    }
    for class in &task.classes {
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {} | {} | {} | {} |",
            class.class,
            class.support,
            class.predicted,
            value(class.precision),
            value(class.recall),
            value(class.specificity),
            value(class.f1.value),
            interval(&class.f1)
        );
    }
    if let Some(confusion) = &task.confusion {
        confusion_markdown(text, confusion);
    }
    text.push('\n');
}

fn confusion_markdown(text: &mut String, confusion: &ConfusionMatrix) {
    let _ = writeln!(
        text,
        "\n| truth \\ reading | {} | unreadable or missing |\n| --- |{}",
        confusion.classes.join(" | "),
        " ---: |".repeat(confusion.classes.len() + 1)
    );
    let rows = confusion.classes.iter().zip(&confusion.cells);
    for ((class, cells), unreadable) in rows.zip(&confusion.unreadable) {
        let cells: String = cells.iter().map(|count| format!(" {count} |")).collect();
        let _ = writeln!(text, "| {class} |{cells} {unreadable} |");
    }
}

/// What the judgements took, and cost if prices were given.
fn tokens(report: &JudgeReport) -> String {
    let Some(usage) = report.usage else {
        return "tokens and cost unknown, as the server does not count them".to_owned();
    };
    let cost = report
        .cost
        .map_or(String::new(), |cost| format!(", cost {cost:.2}"));
    format!(
        "{} prompt and {} reply tokens{cost}",
        usage.prompt_tokens, usage.completion_tokens
    )
}

/// A judge's figures as tables.
pub fn judge_markdown(report: &JudgeReport) -> String {
    let mut text = format!(
        "## {} judged by {}\n\n| figure | value | n | 95% interval |\n| --- | ---: | ---: | --- |\n",
        report.task, report.judge_model
    );
    for figure in &report.figures {
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} |",
            figure.name,
            value(figure.value),
            figure.n,
            interval(figure)
        );
    }
    let _ = writeln!(
        text,
        "\n{} judged, {} missing, {} unknown, {} doubles, {} failed; {} calls, {} judgements reused; \
         {}",
        report.judged,
        report.missing,
        report.unknown,
        report.doubles,
        report.failures.len(),
        report.calls,
        report.reused,
        tokens(report)
    );
    for one in &report.agreement {
        let _ = writeln!(
            text,
            "agreement on {}: Krippendorff's alpha (interval) {} over {} items",
            one.criterion,
            value(one.krippendorff_alpha),
            one.items
        );
    }
    for failure in &report.failures {
        let _ = writeln!(
            text,
            "not judged: {} (repeat {}): {}",
            failure.id, failure.repeat, failure.reason
        );
    }
    text
}

/// The whole report.
pub fn markdown_report(input: &ReportInput) -> String {
    let mut text = format!("# {}\n\n{}", input.title, strict_markdown(&input.strict));
    for judge in &input.judges {
        let _ = write!(text, "\n{}", judge_markdown(judge));
    }
    text.push_str("\n## As the original scores it\n\n");
    match (&input.published, &input.published_error) {
        (Some(published), _) => {
            let _ = write!(text, "```text\n{}```\n", published_markdown(published));
        }
        (None, why) => {
            let _ = writeln!(
                text,
                "The original scorer stops: {}",
                why.as_deref().unwrap_or("unknown")
            );
        }
    }
    text.push_str(
        "\n## Published results, percent\n\n| task | model | AUC, accuracy or judge score | F1 | Hamming loss | source | comparable |\n\
         | --- | --- | ---: | ---: | ---: | --- | --- |\n",
    );
    for task in crate::Task::ALL {
        for (name, figures) in ours(task, input.published.as_ref(), &input.judges) {
            let [first, second, third] = figures.map(percent);
            let _ = writeln!(
                text,
                "| {task} | {name} | {first} | {second} | {third} | these answers | |"
            );
        }
        for row in published_rows(task) {
            let [first, second, third] = row.figures.map(percent);
            let comparable = row
                .not_comparable
                .map_or("with the published mode".to_owned(), |why| {
                    format!("no: {why}")
                });
            let _ = writeln!(
                text,
                "| {task} | {} | {first} | {second} | {third} | {} | {comparable} |",
                row.model, row.source
            );
        }
    }
    text
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn confusion_is_a_table() {
        let mut confusion = ConfusionMatrix::new(vec!["A".to_owned(), "B".to_owned()]);
        confusion.add(0, Some(1)).unwrap();
        confusion.add(1, None).unwrap();
        let mut text = String::new();
        confusion_markdown(&mut text, &confusion);
        assert_eq!(
            text,
            "\n| truth \\ reading | A | B | unreadable or missing |\n| --- | ---: | ---: | ---: |\n\
             | A | 0 | 1 | 0 |\n| B | 0 | 0 | 1 |\n"
        );
    }
}
