//! Numbers as they are printed.

use crate::statistics::BootstrapOptions;
use crate::strict::Figure;

/// A value with three decimals, or a dash.
pub(crate) fn value(value: Option<f64>) -> String {
    value.map_or_else(|| "–".to_owned(), |value| format!("{value:.3}"))
}

/// A figure's interval, or a dash.
pub(super) fn interval(figure: &Figure) -> String {
    match (figure.low, figure.high) {
        (Some(low), Some(high)) => format!("{low:.3} to {high:.3}"),
        _ => "–".to_owned(),
    }
}

/// How the intervals of a report were made.
pub(super) fn intervals_line(bootstrap: &BootstrapOptions, method: &str) -> String {
    format!(
        "Intervals: {:.0}%, {method}, {} resamples, seed {}.",
        bootstrap.level * 100.0,
        bootstrap.resamples,
        bootstrap.seed
    )
}

/// A p-value with four decimals; a smaller one is never printed as 0.
pub(super) fn p_value(p: f64) -> String {
    if p < 0.0001 {
        "p < 0.0001".to_owned()
    } else {
        format!("p = {p:.4}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_p_value_is_printed_as_0() {
        let cases = [
            (1.0, "p = 1.0000"),
            (0.0312, "p = 0.0312"),
            (0.0001, "p = 0.0001"),
            (0.00004, "p < 0.0001"),
            (1e-300, "p < 0.0001"),
            (0.0, "p < 0.0001"),
        ];
        for (p, text) in cases {
            assert_eq!(p_value(p), text);
        }
    }
}
