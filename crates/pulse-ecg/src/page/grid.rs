//! The paper's grid: colours, weights, and where it is printed.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::error::PageError;

/// How the 1 mm raster is marked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MinorMarks {
    /// Lines.
    Lines,
    /// A dot on every millimetre, as on laser-printed ECGs.
    Dots,
    /// Not at all.
    Hidden,
}

/// Colours and line weights of the paper.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct GridStyle {
    /// Colour of the paper.
    pub paper: [u8; 3],
    /// Colour of the 1 mm marks.
    pub minor: [u8; 3],
    /// Colour of the 5 mm lines.
    pub major: [u8; 3],
    /// How the 1 mm raster is marked.
    pub minor_marks: MinorMarks,
    /// Width of the 1 mm marks in millimetres.
    pub minor_width_mm: f64,
    /// Width of the 5 mm lines in millimetres; 0 leaves them away.
    pub major_width_mm: f64,
}

/// Papers that are in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GridColour {
    /// Thermal paper, pale pink.
    #[default]
    Pink,
    /// Strong red lines on white.
    Red,
    /// Orange to brown.
    Orange,
    /// Blue.
    Blue,
    /// Green.
    Green,
    /// Grey dots and lines, as laser printers draw it.
    Grey,
    /// Black and white: a photocopy or a black printer.
    BlackWhite,
    /// White paper without a grid.
    Plain,
}

impl GridColour {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Pink,
        Self::Red,
        Self::Orange,
        Self::Blue,
        Self::Green,
        Self::Grey,
        Self::BlackWhite,
        Self::Plain,
    ];

    /// Its name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pink => "pink",
            Self::Red => "red",
            Self::Orange => "orange",
            Self::Blue => "blue",
            Self::Green => "green",
            Self::Grey => "grey",
            Self::BlackWhite => "black-white",
            Self::Plain => "plain",
        }
    }

    /// Colours and weights of this paper.
    pub const fn style(self) -> GridStyle {
        let (paper, minor, major) = match self {
            Self::Pink => ([255, 249, 249], [251, 212, 214], [241, 146, 152]),
            Self::Red => ([255, 255, 255], [255, 200, 196], [230, 62, 62]),
            Self::Orange => ([255, 252, 245], [250, 220, 186], [232, 158, 98]),
            Self::Blue => ([253, 254, 255], [200, 214, 240], [112, 138, 200]),
            Self::Green => ([251, 255, 250], [200, 230, 204], [104, 172, 122]),
            Self::Grey => ([255, 255, 255], [150, 150, 150], [176, 176, 176]),
            Self::BlackWhite => ([255, 255, 255], [196, 196, 196], [112, 112, 112]),
            Self::Plain => ([255, 255, 255], [255, 255, 255], [255, 255, 255]),
        };
        GridStyle {
            paper,
            minor,
            major,
            minor_marks: match self {
                Self::Grey => MinorMarks::Dots,
                Self::Plain => MinorMarks::Hidden,
                _ => MinorMarks::Lines,
            },
            minor_width_mm: match self {
                Self::Grey => 0.2,
                _ => 0.1,
            },
            major_width_mm: match self {
                Self::Plain => 0.0,
                Self::Grey => 0.15,
                _ => 0.22,
            },
        }
    }
}

impl FromStr for GridColour {
    type Err = PageError;

    fn from_str(name: &str) -> Result<Self, PageError> {
        Self::ALL
            .into_iter()
            .find(|colour| colour.name() == name)
            .ok_or_else(|| PageError::UnknownName {
                what: "grid",
                found: name.to_owned(),
                expected: "pink, red, orange, blue, green, grey, black-white, plain",
            })
    }
}

/// Where the grid is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GridExtent {
    /// To the edges of the paper, as on pre-printed rolls.
    #[default]
    Page,
    /// Behind the leads only; header and margins stay white.
    Leads,
}

impl GridStyle {
    pub(crate) fn check(&self) -> Result<(), PageError> {
        let widths = [
            ("width of the 1 mm marks in mm", self.minor_width_mm),
            ("width of the 5 mm lines in mm", self.major_width_mm),
        ];
        for (name, found) in widths {
            if !(0.0..=1.0).contains(&found) {
                return Err(PageError::Setting {
                    name,
                    found,
                    expected: "0 to 1",
                });
            }
        }
        Ok(())
    }
}
