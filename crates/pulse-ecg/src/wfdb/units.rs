//! Units of voltage.

/// A unit that can be turned into millivolts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum VoltageUnit {
    /// Volts.
    Volt,
    /// Millivolts.
    Millivolt,
    /// Microvolts.
    Microvolt,
    /// Nanovolts.
    Nanovolt,
}

impl VoltageUnit {
    /// Reads `V`, `mV`, `uV` (also with the micro sign or the Greek letter) or `nV` in any case.
    pub fn parse(text: &str) -> Option<Self> {
        match text.trim().to_lowercase().as_str() {
            "v" | "volt" | "volts" => Some(Self::Volt),
            "mv" | "millivolt" | "millivolts" => Some(Self::Millivolt),
            "uv" | "\u{b5}v" | "\u{3bc}v" | "microvolt" | "microvolts" => Some(Self::Microvolt),
            "nv" | "nanovolt" | "nanovolts" => Some(Self::Nanovolt),
            _ => None,
        }
    }

    /// So many units in `value` as millivolts. Divides for the small units, so that whole microvolts
    /// give the nearest double.
    pub fn to_millivolts(self, value: f64) -> f64 {
        match self {
            Self::Volt => value * 1e3,
            Self::Millivolt => value,
            Self::Microvolt => value / 1e3,
            Self::Nanovolt => value / 1e6,
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::VoltageUnit;

    #[test]
    fn units_become_millivolts() {
        for (text, millivolts) in [
            ("V", 2000.0),
            ("mv", 2.0),
            ("uV", 0.002),
            ("µV", 0.002),
            ("nV", 2e-6),
        ] {
            assert_eq!(
                VoltageUnit::parse(text).unwrap().to_millivolts(2.0),
                millivolts,
                "{text}"
            );
        }
        assert_eq!(VoltageUnit::parse("mmHg"), None);
    }
}
