//! When a record begins.

use std::fmt;

/// Time of day of the first sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct BaseTime {
    /// Hour, 0 to 23.
    pub hour: u8,
    /// Minute, 0 to 59.
    pub minute: u8,
    /// Second, 0 to 59.
    pub second: u8,
    /// Microseconds within the second.
    pub microsecond: u32,
}

impl BaseTime {
    /// Reads `HH:MM:SS` with an optional fraction of up to six digits.
    pub fn parse(text: &str) -> Option<Self> {
        let (clock, fraction) = text.split_once('.').unwrap_or((text, ""));
        let mut parts = clock.split(':').map(|part| digits(part, 2));
        let (hour, minute, second) = (parts.next()??, parts.next()??, parts.next()??);
        if parts.next().is_some() || hour > 23 || minute > 59 || second > 59 {
            return None;
        }
        let microsecond = match fraction {
            "" => 0,
            _ => digits(fraction, 6)? * 10_u32.pow(6 - fraction.len() as u32),
        };
        Some(Self {
            hour: hour as u8,
            minute: minute as u8,
            second: second as u8,
            microsecond,
        })
    }
}

impl fmt::Display for BaseTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}:{:02}", self.hour, self.minute, self.second)?;
        match self.microsecond {
            0 => Ok(()),
            fraction => write!(f, ".{fraction:06}"),
        }
    }
}

/// Date of the first sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BaseDate {
    /// Day of the month, 1 to 31.
    pub day: u8,
    /// Month, 1 to 12.
    pub month: u8,
    /// Year.
    pub year: u16,
}

impl BaseDate {
    /// Reads `DD/MM/YYYY`.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('/');
        let (day, month) = (digits(parts.next()?, 2)?, digits(parts.next()?, 2)?);
        let year = digits(parts.next()?, 4)?;
        let valid = (1..=31).contains(&day) && (1..=12).contains(&month) && parts.next().is_none();
        valid.then_some(Self {
            day: day as u8,
            month: month as u8,
            year: year as u16,
        })
    }
}

impl fmt::Display for BaseDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}/{:02}/{:04}", self.day, self.month, self.year)
    }
}

/// A number of one to so many decimal digits.
fn digits(text: &str, most: usize) -> Option<u32> {
    let valid = (1..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    valid.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::{BaseDate, BaseTime};

    #[test]
    fn times_and_dates_are_read_and_written_the_same() {
        for text in ["00:00:00", "23:59:59", "10:30:00.250000"] {
            assert_eq!(BaseTime::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(
            BaseTime::parse("1:2:3.5").unwrap().to_string(),
            "01:02:03.500000"
        );
        assert_eq!(
            BaseDate::parse("01/10/1990").unwrap().to_string(),
            "01/10/1990"
        );
        for text in [
            "24:00:00",
            "1:2",
            "1:2:3:4",
            "1:2:3.1234567",
            "",
            "a:b:c",
            "+1:2:3",
        ] {
            assert_eq!(BaseTime::parse(text), None, "{text}");
        }
        for text in ["32/01/2000", "01/13/2000", "01/01", "1/1/20000"] {
            assert_eq!(BaseDate::parse(text), None, "{text}");
        }
    }
}
