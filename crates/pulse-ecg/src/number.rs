//! Numbers in messages.

use std::fmt;

/// A number as people write it: `1e300` where its digits would fill the screen, `0.5` elsewhere.
pub(crate) struct Short(pub(crate) f64);

impl fmt::Display for Short {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let size = self.0.abs();
        if self.0.is_finite() && size != 0.0 && !(1e-4..1e9).contains(&size) {
            write!(f, "{:e}", self.0)
        } else {
            write!(f, "{}", self.0)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Short;

    #[test]
    fn no_number_is_longer_than_its_digits() {
        for (value, text) in [
            (1e300, "1e300"),
            (-2.5e-300, "-2.5e-300"),
            (0.0, "0"),
            (0.5, "0.5"),
            (500.0, "500"),
            (f64::NAN, "NaN"),
            (f64::INFINITY, "inf"),
        ] {
            assert_eq!(Short(value).to_string(), text);
        }
    }
}
