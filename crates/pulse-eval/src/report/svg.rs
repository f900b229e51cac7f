//! Drawings of the page.

use std::fmt::Write;

use crate::metrics::{AbstentionPoint, CalibrationBin, RocPoint};

const SIDE: f64 = 220.0;
const MARGIN: f64 = 34.0;

/// A square plot with both axes from 0 to 1 and a line through the points: with the diagonal of chance or perfect
/// calibration if it has a meaning, with a mark on each point if they are few.
fn unit_plot(
    label: &str,
    x_name: &str,
    y_name: &str,
    points: &[(f64, f64)],
    marks: bool,
    diagonal: bool,
) -> String {
    let x = |value: f64| MARGIN + value * (SIDE - 2.0 * MARGIN);
    let y = |value: f64| SIDE - MARGIN - value * (SIDE - 2.0 * MARGIN);
    let path: Vec<String> = points
        .iter()
        .map(|(a, b)| format!("{:.1},{:.1}", x(*a), y(*b)))
        .collect();
    let dots: String = points
        .iter()
        .filter(|_| marks)
        .map(|(a, b)| format!("<circle cx=\"{:.1}\" cy=\"{:.1}\" r=\"3\"/>", x(*a), y(*b)))
        .collect();
    let (low, high, middle) = (MARGIN, SIDE - MARGIN, SIDE / 2.0);
    let chance = if diagonal {
        format!("<line x1=\"{low}\" y1=\"{high}\" x2=\"{high}\" y2=\"{low}\" class=\"chance\"/>")
    } else {
        String::new()
    };
    format!(
        "<svg class=\"plot\" viewBox=\"0 0 {SIDE} {SIDE}\" role=\"img\" aria-label=\"{label}\">\
         <rect x=\"{low}\" y=\"{low}\" width=\"{0}\" height=\"{0}\" class=\"frame\"/>\
         {chance}\
         <polyline points=\"{1}\" class=\"curve\"/><g class=\"dots\">{dots}</g>\
         <text x=\"{low}\" y=\"{2}\">0</text><text x=\"{high}\" y=\"{2}\" text-anchor=\"end\">1</text>\
         <text x=\"{3}\" y=\"{high}\" text-anchor=\"end\">0</text><text x=\"{3}\" y=\"{4}\" text-anchor=\"end\">1</text>\
         <text x=\"{middle}\" y=\"{5}\" text-anchor=\"middle\">{x_name}</text>\
         <text transform=\"translate(12 {middle}) rotate(-90)\" text-anchor=\"middle\">{y_name}</text>\
         <text x=\"{middle}\" y=\"20\" text-anchor=\"middle\" class=\"name\">{label}</text></svg>",
        high - low,
        path.join(" "),
        high + 13.0,
        low - 4.0,
        low + 9.0,
        SIDE - 5.0,
    )
}

/// A ROC curve. `label` must be safe in HTML.
pub(super) fn roc(label: &str, curve: &[RocPoint]) -> String {
    let points: Vec<(f64, f64)> = curve
        .iter()
        .map(|point| (point.false_positive_rate, point.true_positive_rate))
        .collect();
    unit_plot(label, "1 − specificity", "recall", &points, false, true)
}

/// A calibration curve. `label` must be safe in HTML.
pub(super) fn calibration(label: &str, bins: &[CalibrationBin]) -> String {
    let points: Vec<(f64, f64)> = bins
        .iter()
        .map(|bin| (bin.mean_probability, bin.share_true))
        .collect();
    unit_plot(label, "probability", "share true", &points, true, true)
}

/// Accuracy against coverage. `label` must be safe in HTML.
pub(super) fn abstention(label: &str, curve: &[AbstentionPoint]) -> String {
    let points: Vec<(f64, f64)> = curve
        .iter()
        .map(|point| (point.coverage, point.accuracy))
        .collect();
    unit_plot(label, "share answered", "accuracy", &points, false, false)
}

/// One bar, from 0 to 1.
pub(crate) struct Bar {
    /// What it is of; safe in HTML.
    pub(crate) name: String,
    /// Its length; none is drawn as 0.
    pub(crate) value: Option<f64>,
    /// The whisker.
    pub(crate) interval: Option<(f64, f64)>,
    /// The text behind it; safe in HTML.
    pub(crate) note: String,
}

/// Horizontal bars with whiskers.
pub(crate) fn bars(rows: &[Bar]) -> String {
    const LINE: f64 = 24.0;
    const START: f64 = 90.0;
    const WIDTH: f64 = 330.0;
    let height = LINE * rows.len() as f64 + 18.0;
    let mut svg = format!(
        "<svg class=\"bars\" viewBox=\"0 0 560 {height}\" role=\"img\" aria-label=\"F1 per class\">"
    );
    for tick in 0..=4 {
        let at = f64::from(tick) / 4.0;
        let x = START + at * WIDTH;
        // Writing to a string does not fail.
        let _ = write!(
            svg,
            "<line x1=\"{x}\" y1=\"0\" x2=\"{x}\" y2=\"{0}\" class=\"grid\"/>\
             <text x=\"{x}\" y=\"{1}\" text-anchor=\"middle\">{at}</text>",
            height - 16.0,
            height - 3.0
        );
    }
    for (index, bar) in rows.iter().enumerate() {
        let Bar {
            name,
            value,
            interval,
            note,
        } = bar;
        let y = LINE * index as f64 + 4.0;
        let middle = y + 8.0;
        let _ = write!(
            svg,
            "<text x=\"{0}\" y=\"{1}\" text-anchor=\"end\" class=\"name\">{name}</text>\
             <rect x=\"{START}\" y=\"{y}\" width=\"{2:.1}\" height=\"16\" class=\"bar\"/>",
            START - 8.0,
            y + 12.5,
            value.unwrap_or(0.0) * WIDTH
        );
        if let Some((low, high)) = interval {
            let (low, high) = (START + low * WIDTH, START + high * WIDTH);
            let _ = write!(
                svg,
                "<path d=\"M{low:.1} {0:.1}v8M{low:.1} {middle:.1}H{high:.1}M{high:.1} {0:.1}v8\" class=\"whisker\"/>",
                middle - 4.0
            );
        }
        let _ = write!(
            svg,
            "<text x=\"{0}\" y=\"{1}\">{note}</text>",
            START + WIDTH + 10.0,
            y + 12.5
        );
    }
    svg.push_str("</svg>");
    svg
}
