//! Which leads stand in which row and column.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::error::PageError;
use crate::lead::Lead;

/// Arrangement of the leads. Rhythm strips come below it, see [`PageSettings`](super::PageSettings).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(into = "String")]
#[serde(try_from = "String")]
pub enum Layout {
    /// Three rows of four columns: I aVR V1 V4 / II aVL V2 V5 / III aVF V3 V6.
    #[default]
    ThreeByFour,
    /// Six rows of two columns: the limb leads and the chest leads.
    SixByTwo,
    /// Twelve rows.
    TwelveByOne,
    /// One row for each of these leads, in this order: rhythm strips, or records of other leads.
    Rows(Vec<Lead>),
}

impl Layout {
    /// Columns side by side.
    pub const fn columns(&self) -> usize {
        match self {
            Self::ThreeByFour => 4,
            Self::SixByTwo => 2,
            Self::TwelveByOne | Self::Rows(_) => 1,
        }
    }

    /// Rows, without rhythm strips.
    pub fn rows(&self) -> usize {
        match self {
            Self::ThreeByFour => 3,
            Self::SixByTwo => 6,
            Self::TwelveByOne => 12,
            Self::Rows(leads) => leads.len(),
        }
    }

    /// The lead in a row and column, both from 0, if there is one.
    pub fn lead(&self, row: usize, column: usize) -> Option<Lead> {
        if row >= self.rows() || column >= self.columns() {
            return None;
        }
        match self {
            Self::Rows(leads) => leads.get(row).cloned(),
            // Columns of consecutive standard leads: limb, augmented, chest.
            _ => Lead::STANDARD.get(column * self.rows() + row).cloned(),
        }
    }
}

impl fmt::Display for Layout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ThreeByFour => f.write_str("3x4"),
            Self::SixByTwo => f.write_str("6x2"),
            Self::TwelveByOne => f.write_str("12x1"),
            Self::Rows(leads) => {
                f.write_str("rows:")?;
                for (index, lead) in leads.iter().enumerate() {
                    let comma = if index == 0 { "" } else { "," };
                    write!(f, "{comma}{lead}")?;
                }
                Ok(())
            }
        }
    }
}

impl FromStr for Layout {
    type Err = PageError;

    /// `3x4`, `6x2`, `12x1`, or `rows:` with leads such as `rows:II,V1`.
    fn from_str(name: &str) -> Result<Self, PageError> {
        match name {
            "3x4" => Ok(Self::ThreeByFour),
            "6x2" => Ok(Self::SixByTwo),
            "12x1" => Ok(Self::TwelveByOne),
            _ => match name.strip_prefix("rows:") {
                Some(leads) if !leads.is_empty() => {
                    Ok(Self::Rows(leads.split(',').map(Lead::parse).collect()))
                }
                _ => Err(PageError::UnknownName {
                    what: "layout",
                    found: name.to_owned(),
                    expected: "3x4, 6x2, 12x1, rows:LEAD,LEAD,...",
                }),
            },
        }
    }
}

impl From<Layout> for String {
    fn from(layout: Layout) -> Self {
        layout.to_string()
    }
}

impl TryFrom<String> for Layout {
    type Error = PageError;

    fn try_from(name: String) -> Result<Self, PageError> {
        name.parse()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::Layout;
    use crate::lead::Lead;

    #[test]
    fn every_standard_lead_stands_in_every_layout_once() {
        for layout in [Layout::ThreeByFour, Layout::SixByTwo, Layout::TwelveByOne] {
            let leads: Vec<Lead> = (0..layout.rows())
                .flat_map(|row| (0..layout.columns()).map(move |column| (row, column)))
                .filter_map(|(row, column)| layout.lead(row, column))
                .collect();
            let distinct: BTreeSet<_> = leads.iter().cloned().collect();
            assert_eq!((leads.len(), distinct.len()), (12, 12), "{layout}");
        }
        assert_eq!(Layout::ThreeByFour.lead(0, 1), Some(Lead::AVR));
        assert_eq!(Layout::ThreeByFour.lead(2, 3), Some(Lead::V6));
        assert_eq!(Layout::SixByTwo.lead(5, 0), Some(Lead::AVF));
        assert_eq!(Layout::SixByTwo.lead(3, 2), None);
    }

    #[test]
    fn names_are_read_back() {
        for name in ["3x4", "6x2", "12x1", "rows:II,vx"] {
            let layout: Result<Layout, _> = name.parse();
            assert_eq!(layout.map(|layout| layout.to_string()), Ok(name.to_owned()));
        }
        assert!("4x3".parse::<Layout>().is_err());
        assert!("rows:".parse::<Layout>().is_err());
    }
}
