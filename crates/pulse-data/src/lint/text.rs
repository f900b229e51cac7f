//! The report as text.

use std::io::{self, Write};

use super::report::LintReport;
use super::rule::Severity;

/// Writes the report for reading in a terminal: sets, findings, then the verdict in the last line.
///
/// # Errors
/// What the output says.
pub fn write_text(report: &LintReport, out: &mut impl Write) -> io::Result<()> {
    for set in &report.sets {
        let lengths = &set.lengths;
        writeln!(
            out,
            "{}: {} items, {} pictures, {} without picture, {} messages, {} recordings",
            set.name, set.items, set.pictures, set.text_only, set.messages, set.recordings
        )?;
        writeln!(
            out,
            "  length in {}: {} to {}, median {}{}",
            lengths.unit,
            lengths.min,
            lengths.max,
            lengths.median,
            lengths
                .limit
                .map_or(String::new(), |limit| format!(", context {limit}"))
        )?;
        let shown: Vec<String> = set
            .labels
            .iter()
            .take(8)
            .map(|(label, count)| format!("{label} {count}"))
            .collect();
        if !shown.is_empty() {
            writeln!(
                out,
                "  answers: {}, other {}",
                shown.join(", "),
                set.other_answers
            )?;
        }
    }
    for overlap in &report.overlaps {
        writeln!(
            out,
            "{} and {}: {} recordings in both, {} more patients in both",
            overlap.train, overlap.test, overlap.records, overlap.patients
        )?;
    }
    for finding in &report.findings {
        let severity = match finding.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        let item = finding.item.as_deref().unwrap_or("-");
        let (rule, set, message) = (finding.rule.name(), &finding.set, &finding.message);
        writeln!(out, "{severity}[{rule}] {set} {item}: {message}")?;
    }
    for (rule, count) in &report.counts {
        let shown = report
            .findings
            .iter()
            .filter(|finding| finding.rule == *rule)
            .count() as u64;
        if shown < *count {
            writeln!(out, "{}: {} more of {count}", rule.name(), count - shown)?;
        }
    }
    for note in &report.notes {
        writeln!(out, "note: {note}")?;
    }
    match report.is_clean {
        true => writeln!(out, "clean"),
        false => writeln!(
            out,
            "{} errors, {} warnings",
            report.errors, report.warnings
        ),
    }
}
