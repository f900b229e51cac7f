//! The report as one HTML page: no scripts, no fonts, no pictures from elsewhere.

use std::io::{self, Write};
use std::path::Path;

use super::options::LintError;
use super::report::{Histogram, LintReport, SetReport};
use super::rule::Severity;
use crate::files::write_whole;

const STYLE: &str = "body{font:15px/1.5 system-ui,sans-serif;margin:2em auto;max-width:60em;padding:0 1em;\
    color:#222;background:#fff}h1{font-size:1.5em}h2{font-size:1.2em;margin-top:2em}table{border-collapse:\
    collapse;width:100%}td,th{text-align:left;padding:.2em .6em;border-bottom:1px solid #ddd;vertical-align:\
    top;overflow-wrap:anywhere}.error{color:#a11}.warning{color:#850}.clean{color:#171}svg text{font:11px \
    system-ui,sans-serif;fill:#444}svg .bar{fill:#4a78b5}svg .limit{stroke:#a11;stroke-dasharray:4 3}svg \
    .axis{stroke:#888}";

/// Writes the page to a file. Plots are inline SVG: lengths of the items with the context marked, and the
/// balance of the answers.
///
/// # Errors
/// [`LintError::File`] if it cannot be written.
pub fn write_html(report: &LintReport, path: &Path) -> Result<(), LintError> {
    let failed = |source| LintError::File {
        path: path.to_owned(),
        source,
    };
    write_whole(path, failed, |file| {
        write_page(report, file).map_err(failed)
    })
}

fn write_page(report: &LintReport, out: &mut impl Write) -> io::Result<()> {
    let title = format!("Lint of {}", report.path.display());
    let title = escape(&title);
    writeln!(
        out,
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width\"><title>{title}</title><style>{STYLE}</style></head><body>\n\
         <h1>{title}</h1>"
    )?;
    match report.is_clean {
        true => writeln!(
            out,
            "<p class=\"clean\"><b>Clean.</b> Nothing was found.</p>"
        )?,
        false => writeln!(
            out,
            "<p><b class=\"error\">{} errors</b>, <b class=\"warning\">{} warnings</b></p>",
            report.errors, report.warnings
        )?,
    }
    for set in &report.sets {
        write_set(set, out)?;
    }
    if !report.overlaps.is_empty() {
        writeln!(
            out,
            "<h2>Recordings in training and test sets</h2><table><tr><th>training<th>test<th>recordings in \
             both<th>more patients in both</tr>"
        )?;
        for overlap in &report.overlaps {
            let (train, test) = (escape(&overlap.train), escape(&overlap.test));
            let (records, patients) = (overlap.records, overlap.patients);
            writeln!(
                out,
                "<tr><td>{train}<td>{test}<td>{records}<td>{patients}</tr>"
            )?;
        }
        writeln!(out, "</table>")?;
    }
    write_findings(report, out)?;
    for note in &report.notes {
        writeln!(out, "<p>Note: {}</p>", escape(note))?;
    }
    writeln!(
        out,
        "<p>Made by pulse-data {}.</p></body></html>",
        escape(&report.version)
    )
}

fn write_set(set: &SetReport, out: &mut impl Write) -> io::Result<()> {
    writeln!(
        out,
        "<h2>{}</h2><p>{} items, {} pictures, {} without picture, {} messages, {} recordings known by path, \
         {} pictures of unknown recordings.</p>",
        escape(&set.name),
        set.items,
        set.pictures,
        set.text_only,
        set.messages,
        set.recordings,
        set.unknown_recordings
    )?;
    write_histogram(&set.lengths, out)?;
    write_labels(set, out)
}

/// Vertical bars over the length, the context as a line.
fn write_histogram(lengths: &Histogram, out: &mut impl Write) -> io::Result<()> {
    let Some(most) = lengths.counts.iter().max().filter(|most| **most > 0) else {
        return Ok(());
    };
    let (width, height, base) = (720.0, 170.0, 140.0);
    let end = (lengths.counts.len() * lengths.step).max(lengths.limit.map_or(0, |limit| limit + 1));
    let x = |length: usize| 10.0 + (width - 20.0) * length as f64 / end as f64;
    writeln!(
        out,
        "<svg role=\"img\" viewBox=\"0 0 {width} {height}\" width=\"100%\"><title>Length in {}</title>\
         <line class=\"axis\" x1=\"10\" x2=\"{}\" y1=\"{base}\" y2=\"{base}\"/>",
        lengths.unit,
        width - 10.0
    )?;
    for (bar, count) in lengths
        .counts
        .iter()
        .enumerate()
        .filter(|(_, count)| **count > 0)
    {
        let from = x(bar * lengths.step);
        let bar_width = x((bar + 1) * lengths.step) - from;
        let bar_height = (120.0 * *count as f64 / *most as f64).max(1.0);
        writeln!(
            out,
            "<rect class=\"bar\" x=\"{from:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{bar_height:.1}\"><title>{} \
             to {}: {count}</title></rect>",
            base - bar_height,
            (bar_width - 0.5).max(0.5),
            bar * lengths.step,
            (bar + 1) * lengths.step - 1
        )?;
    }
    let mut marks = vec![
        (0, "start", "0".to_owned()),
        (end, "end", format!("{end} {}", lengths.unit)),
        (
            lengths.median,
            "middle",
            format!("median {}", lengths.median),
        ),
    ];
    if let Some(limit) = lengths.limit {
        let at = x(limit);
        writeln!(
            out,
            "<line class=\"limit\" x1=\"{at:.1}\" x2=\"{at:.1}\" y1=\"12\" y2=\"{base}\"/><text x=\"{at:.1}\" \
             y=\"10\" text-anchor=\"end\">context {limit}</text>"
        )?;
        marks.retain(|(_, anchor, _)| *anchor != "end" || limit + lengths.step < end);
    }
    for (length, anchor, text) in marks {
        writeln!(
            out,
            "<text x=\"{:.1}\" y=\"{}\" text-anchor=\"{anchor}\">{text}</text>",
            x(length),
            base + 14.0
        )?;
    }
    writeln!(out, "</svg>")
}

/// Horizontal bars, one a label.
fn write_labels(set: &SetReport, out: &mut impl Write) -> io::Result<()> {
    let Some(most) = set
        .labels
        .iter()
        .map(|(_, count)| *count)
        .max()
        .filter(|most| *most > 0)
    else {
        return Ok(());
    };
    let height = 18 * set.labels.len() + 4;
    writeln!(
        out,
        "<svg role=\"img\" viewBox=\"0 0 720 {height}\" width=\"100%\"><title>Answers</title>"
    )?;
    for (row, (label, count)) in set.labels.iter().enumerate() {
        let y = 18 * row + 4;
        let width = (380.0 * *count as f64 / most as f64).max(1.0);
        writeln!(
            out,
            "<text x=\"230\" y=\"{}\" text-anchor=\"end\">{}</text><rect class=\"bar\" x=\"240\" y=\"{y}\" \
             width=\"{width:.1}\" height=\"13\"/><text x=\"{:.1}\" y=\"{}\">{count}</text>",
            y + 11,
            escape(label),
            245.0 + width,
            y + 11
        )?;
    }
    writeln!(
        out,
        "</svg><p>Other answers and free texts: {}.</p>",
        set.other_answers
    )
}

fn write_findings(report: &LintReport, out: &mut impl Write) -> io::Result<()> {
    if report.findings.is_empty() {
        return Ok(());
    }
    writeln!(out, "<h2>Findings</h2><table><tr><th>rule<th>number</tr>")?;
    for (rule, count) in &report.counts {
        writeln!(out, "<tr><td>{}<td>{count}</tr>", rule.name())?;
    }
    writeln!(
        out,
        "</table><table><tr><th>rule<th>set<th>item<th>what</tr>"
    )?;
    for finding in &report.findings {
        let class = match finding.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        writeln!(
            out,
            "<tr><td class=\"{class}\">{}<td>{}<td>{}<td>{}</tr>",
            finding.rule.name(),
            escape(&finding.set),
            escape(finding.item.as_deref().unwrap_or("")),
            escape(&finding.message)
        )?;
    }
    writeln!(out, "</table>")
}

/// Text that comes from data, safe inside the page.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
