//! The score as a table for people.

use std::fmt::Write;

use super::score::StatementScores;
use crate::strict::Figure;

/// The score in Markdown.
pub fn statements_markdown(scores: &StatementScores) -> String {
    let mut out = String::new();
    let coverage = &scores.coverage;
    let _ = writeln!(
        out,
        "{} ({}): {} items, {} well-formed answers, {} missing; intervals of {} % by {} bootstrap resamples\n",
        scores.file.display(),
        scores.model.as_deref().unwrap_or("model not named"),
        coverage.items,
        coverage.readable,
        coverage.missing,
        scores.bootstrap.level * 100.0,
        scores.bootstrap.resamples
    );
    out.push_str("| figure | value | interval |\n| --- | ---: | ---: |\n");
    for figure in &scores.figures {
        let _ = writeln!(out, "| {} | {} |", figure.name, cells(figure));
    }
    out.push_str(
        "\n| finding | shown | named | F1 | interval |\n| --- | ---: | ---: | ---: | ---: |\n",
    );
    for row in &scores.findings {
        let _ = writeln!(
            out,
            "| {} | {} | {} | {} |",
            row.finding,
            row.support,
            row.named,
            cells(&row.f1)
        );
    }
    if !scores.malformed.is_empty() {
        out.push_str("\nAnswers that are not well-formed, for example:\n\n");
        for example in &scores.malformed {
            let _ = writeln!(out, "- {example}");
        }
    }
    out
}

fn cells(figure: &Figure) -> String {
    let number = |value: Option<f64>| value.map_or("-".to_owned(), |value| format!("{value:.3}"));
    format!(
        "{} | {} to {}",
        number(figure.value),
        number(figure.low),
        number(figure.high)
    )
}
