//! Numbers as they are printed.

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
