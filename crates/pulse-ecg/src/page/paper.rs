//! Paper sizes.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::error::PageError;

/// Size of the paper, long side across.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Paper {
    /// US Letter, 11 x 8.5 inches: 2200 x 1700 pixels at 200 dpi, the pages of ECG-Image-Kit.
    #[default]
    Letter,
    /// A4, 297 x 210 mm.
    A4,
    /// As large as the leads need, like a print-out cut from the roll.
    Fit,
    /// Any other size.
    Custom {
        /// Millimetres across.
        width_mm: f64,
        /// Millimetres down.
        height_mm: f64,
    },
}

impl Paper {
    /// Width and height in millimetres, or nothing if the content decides.
    pub const fn size_mm(self) -> Option<(f64, f64)> {
        match self {
            Self::Letter => Some((279.4, 215.9)),
            Self::A4 => Some((297.0, 210.0)),
            Self::Fit => None,
            Self::Custom {
                width_mm,
                height_mm,
            } => Some((width_mm, height_mm)),
        }
    }

    pub(crate) fn check(self) -> Result<(), PageError> {
        let Some((width_mm, height_mm)) = self.size_mm() else {
            return Ok(());
        };
        for (name, found) in [
            ("paper width in mm", width_mm),
            ("paper height in mm", height_mm),
        ] {
            if !(20.0..=5000.0).contains(&found) {
                return Err(PageError::Setting {
                    name,
                    found,
                    expected: "20 to 5000",
                });
            }
        }
        Ok(())
    }
}

impl FromStr for Paper {
    type Err = PageError;

    /// `letter`, `a4`, `fit`, or width x height in millimetres such as `300x220`.
    fn from_str(name: &str) -> Result<Self, PageError> {
        match name {
            "letter" => return Ok(Self::Letter),
            "a4" => return Ok(Self::A4),
            "fit" => return Ok(Self::Fit),
            _ => {}
        }
        name.split_once('x')
            .and_then(|(width, height)| {
                Some(Self::Custom {
                    width_mm: width.trim().parse().ok()?,
                    height_mm: height.trim().parse().ok()?,
                })
            })
            .ok_or_else(|| PageError::UnknownName {
                what: "paper",
                found: name.to_owned(),
                expected: "letter, a4, fit, or millimetres such as 300x220",
            })
    }
}

#[cfg(test)]
mod tests {
    use super::Paper;

    #[test]
    fn sizes_in_millimetres_are_read() {
        let paper: Result<Paper, _> = "300x220".parse();
        assert_eq!(paper.map(Paper::size_mm), Ok(Some((300.0, 220.0))));
        assert!("300x".parse::<Paper>().is_err());
        assert!(matches!(
            "-3x4".parse::<Paper>().map(Paper::check),
            Ok(Err(_))
        ));
    }
}
