//! What a page shall look like.

use serde::{Deserialize, Serialize};

use super::error::PageError;
use super::grid::{GridColour, GridExtent, GridStyle};
use super::header::Header;
use super::layout::Layout;
use super::paper::Paper;
use crate::lead::Lead;

/// How the columns of a page relate in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TimeAlignment {
    /// Each column goes on where the one before ended; a rhythm strip below runs along.
    #[default]
    Consecutive,
    /// Every column shows the same stretch.
    Simultaneous,
}

/// What stands between two columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Separator {
    /// A short bar at the baseline.
    #[default]
    Bar,
    /// A dotted line over all rows.
    Dotted,
    /// Nothing.
    Hidden,
}

/// What happens to leads that the layout shows and the recording lacks. They are never computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MissingLeads {
    /// [`PageError::MissingLead`].
    #[default]
    Refuse,
    /// Their place stays empty, without a label; the geometry says `drawn: false`.
    Blank,
}

/// What a page shall look like. The default is 3x4 with a rhythm strip of lead II, 25 mm/s, 10 mm/mV, pink
/// Letter paper at 200 dpi.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct PageSettings {
    /// Size of the paper.
    pub paper: Paper,
    /// Pixels per inch, 10 to 1200.
    pub dpi: f64,
    /// Paper speed, 5 to 200 mm/s: 25 or 50 in practice.
    pub speed_mm_per_s: f64,
    /// Gain, 1 to 100 mm/mV: 5, 10 or 20 in practice.
    pub gain_mm_per_mv: f64,
    /// Arrangement of the leads.
    pub layout: Layout,
    /// Leads of the rhythm strips below, at most six.
    pub rhythm: Vec<Lead>,
    /// How the columns relate in time.
    pub alignment: TimeAlignment,
    /// Seconds of all columns together; by default what 250 mm of paper hold: 10 s at 25 mm/s.
    pub shown_s: Option<f64>,
    /// Second of the recording at which the page starts.
    pub start_s: f64,
    /// Colours of the paper, see [`GridColour::style`].
    pub grid: GridStyle,
    /// Where the grid is printed.
    pub grid_extent: GridExtent,
    /// Whether a pulse of 1 mV and 200 ms stands before each row.
    pub calibration: bool,
    /// Whether leads carry their names.
    pub labels: bool,
    /// What stands between columns.
    pub separator: Separator,
    /// Text above and below.
    pub header: Header,
    /// Colour of traces and text.
    pub ink: [u8; 3],
    /// Width of the trace in millimetres, 0.05 to 2.
    pub trace_width_mm: f64,
    /// Whether the median of a lead over the page is drawn on the baseline, as the high-pass filter of
    /// every ECG machine does. [`LeadGeometry::offset_mv`](super::LeadGeometry) keeps what was taken off.
    pub remove_offset: bool,
    /// What happens to leads that the recording lacks.
    pub missing_leads: MissingLeads,
}

impl Default for PageSettings {
    fn default() -> Self {
        Self {
            paper: Paper::default(),
            dpi: 200.0,
            speed_mm_per_s: 25.0,
            gain_mm_per_mv: 10.0,
            layout: Layout::default(),
            rhythm: vec![Lead::II],
            alignment: TimeAlignment::default(),
            shown_s: None,
            start_s: 0.0,
            grid: GridColour::default().style(),
            grid_extent: GridExtent::default(),
            calibration: true,
            labels: true,
            separator: Separator::default(),
            header: Header::default(),
            ink: [16, 14, 18],
            trace_width_mm: 0.3,
            remove_offset: true,
            missing_leads: MissingLeads::default(),
        }
    }
}

/// Millimetres that the traces of a row are long unless a time is asked for.
const ROW_MM: f64 = 250.0;

impl PageSettings {
    /// Pixels per millimetre.
    pub const fn pixels_per_mm(&self) -> f64 {
        self.dpi / 25.4
    }

    /// Seconds that all columns show together.
    pub fn shown_s(&self) -> f64 {
        self.shown_s.unwrap_or(ROW_MM / self.speed_mm_per_s)
    }

    /// Refuses leads without a name, and numbers outside their ranges, among them NaN.
    pub(crate) fn check(&self) -> Result<(), PageError> {
        self.paper.check()?;
        self.grid.check()?;
        self.header.check()?;
        let rows: &[Lead] = match &self.layout {
            Layout::Rows(leads) => leads,
            _ => &[],
        };
        // Before their number: of `,,,,,,,` it says more that there is no name than that there are eight.
        for (place, leads) in [("layout", rows), ("rhythm strips", &self.rhythm)] {
            if let Some(index) = leads.iter().position(|lead| lead.name().trim().is_empty()) {
                return Err(PageError::EmptyLeadName {
                    place,
                    number: index + 1,
                });
            }
        }
        let numbers = [
            ("resolution in dpi", self.dpi, 10.0, 1200.0, "10 to 1200"),
            ("speed in mm/s", self.speed_mm_per_s, 5.0, 200.0, "5 to 200"),
            ("gain in mm/mV", self.gain_mm_per_mv, 1.0, 100.0, "1 to 100"),
            (
                "shown time in s",
                self.shown_s(),
                0.1,
                3600.0,
                "0.1 to 3600",
            ),
            ("start in s", self.start_s, 0.0, 1e7, "0 to 10000000"),
            (
                "trace width in mm",
                self.trace_width_mm,
                0.05,
                2.0,
                "0.05 to 2",
            ),
            (
                "number of rhythm strips",
                self.rhythm.len() as f64,
                0.0,
                6.0,
                "0 to 6",
            ),
            (
                "number of rows",
                self.layout.rows() as f64,
                0.0,
                64.0,
                "0 to 64",
            ),
        ];
        for (name, found, low, high, expected) in numbers {
            if !(low..=high).contains(&found) {
                return Err(PageError::Setting {
                    name,
                    found,
                    expected,
                });
            }
        }
        if self.layout.rows() == 0 {
            return Err(PageError::NoLeads);
        }
        Ok(())
    }
}
