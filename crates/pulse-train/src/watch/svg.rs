//! Curves.

use std::fmt::Write;

const WIDTH: f64 = 560.0;
const HEIGHT: f64 = 240.0;
const LEFT: f64 = 62.0;
const RIGHT: f64 = 12.0;
const TOP: f64 = 26.0;
const BOTTOM: f64 = 30.0;

/// One line of a plot.
pub(super) struct Line<'a> {
    /// Style class: `main`, `soft` or `other`.
    pub(super) class: &'a str,
    /// Points, in the order of x.
    pub(super) points: Vec<(f64, f64)>,
    /// Whether each point gets a mark.
    pub(super) marks: bool,
}

/// A plot of lines over updates; empty if there are no finite points. `title` must be safe in HTML.
pub(super) fn plot(title: &str, lines: &[Line<'_>]) -> String {
    let finite = |line: &Line<'_>| {
        let points = line.points.iter().copied();
        points
            .filter(|(x, y)| x.is_finite() && y.is_finite())
            .collect::<Vec<_>>()
    };
    let all: Vec<(f64, f64)> = lines.iter().flat_map(finite).collect();
    let Some((x_low, x_high)) = range(all.iter().map(|point| point.0)) else {
        return String::new();
    };
    let Some((y_low, y_high)) = range(all.iter().map(|point| point.1)) else {
        return String::new();
    };
    let (y_low, y_high, step) = round_range(y_low, y_high);
    let x_span = (x_high - x_low).max(1.0);
    let x = |value: f64| LEFT + (value - x_low) / x_span * (WIDTH - LEFT - RIGHT);
    let y =
        |value: f64| HEIGHT - BOTTOM - (value - y_low) / (y_high - y_low) * (HEIGHT - TOP - BOTTOM);
    let mut svg = format!(
        "<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"{title}\">\
         <text x=\"{LEFT}\" y=\"16\" class=\"name\">{title}</text>"
    );
    let mut tick = y_low;
    while tick <= y_high + step / 2.0 {
        let at = y(tick);
        // Writing to a string does not fail.
        let _ = write!(
            svg,
            "<line x1=\"{LEFT}\" y1=\"{at:.1}\" x2=\"{0}\" y2=\"{at:.1}\" class=\"grid\"/>\
             <text x=\"{1}\" y=\"{2:.1}\" text-anchor=\"end\">{3}</text>",
            WIDTH - RIGHT,
            LEFT - 6.0,
            at + 4.0,
            number(tick)
        );
        tick += step;
    }
    for value in [x_low, (x_low + x_high) / 2.0, x_high] {
        let _ = write!(
            svg,
            "<text x=\"{:.1}\" y=\"{}\" text-anchor=\"middle\">{:.0}</text>",
            x(value),
            HEIGHT - 10.0,
            value
        );
    }
    for line in lines {
        let points = finite(line);
        let path: Vec<String> = points
            .iter()
            .map(|(a, b)| format!("{:.1},{:.1}", x(*a), y(*b)))
            .collect();
        let _ = write!(
            svg,
            "<polyline points=\"{}\" class=\"{}\"/>",
            path.join(" "),
            line.class
        );
        if line.marks {
            for (a, b) in &points {
                let _ = write!(
                    svg,
                    "<circle cx=\"{:.1}\" cy=\"{:.1}\" r=\"3\" class=\"{}\"/>",
                    x(*a),
                    y(*b),
                    line.class
                );
            }
        }
    }
    svg.push_str("</svg>");
    svg
}

fn range(values: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
    values.fold(None, |range, value| {
        let (low, high) = range.unwrap_or((value, value));
        Some((low.min(value), high.max(value)))
    })
}

/// A range with round ends, and the distance of its ticks.
fn round_range(low: f64, high: f64) -> (f64, f64, f64) {
    let span = if high > low {
        high - low
    } else {
        high.abs().max(1e-9)
    };
    let power = 10f64.powf((span / 4.0).log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0]
        .map(|factor| factor * power)
        .into_iter()
        .find(|step| span / step <= 5.0)
        .unwrap_or(power * 10.0);
    let first = (low / step).floor() * step;
    let last = (high / step).ceil() * step;
    (first, if last > first { last } else { first + step }, step)
}

fn number(value: f64) -> String {
    let size = value.abs();
    if value == 0.0 {
        "0".to_owned()
    } else if !(1e-3..1e5).contains(&size) {
        format!("{value:.1e}")
    } else {
        let text = format!("{value:.3}");
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_round_and_hold_the_values() {
        for (low, high) in [
            (0.0, 1.0),
            (2.3, 7.9),
            (-3e-5, 2e-5),
            (5.0, 5.0),
            (0.0, 0.0),
        ] {
            let (first, last, step) = round_range(low, high);
            assert!(first <= low && last >= high && step > 0.0, "{low} {high}");
            assert!(
                (last - first) / step < 8.0,
                "{low} {high}: {first} {last} {step}"
            );
        }
    }

    #[test]
    fn a_plot_without_finite_points_is_empty() {
        let line = |points| Line {
            class: "main",
            points,
            marks: false,
        };
        assert_eq!(plot("loss", &[line(vec![(1.0, f64::NAN)])]), "");
        let svg = plot("loss", &[line(vec![(1.0, 2.0), (2.0, 1.0)])]);
        assert!(svg.contains("polyline") && svg.ends_with("</svg>"), "{svg}");
    }
}
