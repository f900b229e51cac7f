//! Where everything of a page is, so that a finding in the picture can be mapped to the signal and back.
//!
//! Coordinates are continuous pixels: `(0, 0)` is the top left corner of the picture, the pixel in column
//! `i` of row `j` covers `i..i+1` and `j..j+1`. Boxes and baselines are those of the flat page; for a
//! picture whose page was turned, tilted or cropped, `homography` maps the flat page to the picture and
//! the methods here apply it.

use serde::{Deserialize, Serialize};

use super::error::PageError;
use super::homography::Homography;
use super::picture::PixelSize;
use crate::lead::Lead;

/// A rectangle in pixels of the flat page.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct PageBox {
    /// Left edge.
    pub x: f64,
    /// Top edge.
    pub y: f64,
    /// Pixels across.
    pub width: f64,
    /// Pixels down.
    pub height: f64,
}

/// A point in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct PagePoint {
    /// From the left edge.
    pub x: f64,
    /// From the top edge.
    pub y: f64,
}

/// A point of a signal.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct SignalPoint {
    /// Seconds from the start of the recording.
    pub time_s: f64,
    /// Millivolts, as in the recording.
    pub millivolts: f64,
}

/// What a trace is on its page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LeadRole {
    /// A cell of the layout.
    Cell,
    /// A rhythm strip below it.
    Rhythm,
}

/// Where one trace is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LeadGeometry {
    /// Which lead it is; rhythm strips carry the name of their own lead.
    pub lead: Lead,
    /// Cell or rhythm strip.
    pub role: LeadRole,
    /// Row from the top, from 0, rhythm strips counted on.
    pub row: usize,
    /// Column from the left, from 0.
    pub column: usize,
    /// Its place. Large waves reach out of it, as on paper.
    #[serde(rename = "box")]
    pub bounds: PageBox,
    /// Height of `offset_mv`.
    pub baseline_y: f64,
    /// Millivolts on the baseline: the median that was taken off, or 0.
    pub offset_mv: f64,
    /// Second of the recording at the left edge of the box.
    pub start_s: f64,
    /// Second of the recording at the right edge of the box.
    pub end_s: f64,
    /// Whether the recording has the lead and a finite sample in this stretch.
    pub drawn: bool,
    /// The sample furthest from the baseline in this stretch, its ends left out: in most leads the top or the bottom
    /// of a QRS complex.
    #[serde(default)]
    pub tallest: Option<SignalPoint>,
}

/// Where everything of a page is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PageGeometry {
    /// Size of the flat page in pixels.
    pub page: PixelSize,
    /// Size of the picture in pixels; differs from the page after geometric wear.
    pub picture: PixelSize,
    /// Pixels per inch of the flat page.
    pub dpi: f64,
    /// Pixels per millimetre of the flat page.
    pub px_per_mm: f64,
    /// Pixels per second.
    pub px_per_s: f64,
    /// Pixels per millivolt.
    pub px_per_mv: f64,
    /// Paper speed in mm/s.
    pub speed_mm_per_s: f64,
    /// Gain in mm/mV.
    pub gain_mm_per_mv: f64,
    /// Name of the layout.
    pub layout: String,
    /// Every trace, cells first, row by row.
    pub leads: Vec<LeadGeometry>,
    /// Calibration pulses of 1 mV and 200 ms, one a row; the height of the box is 1 mV.
    pub calibration: Vec<PageBox>,
    /// Flat page to picture; nothing if they are the same.
    pub homography: Option<Homography>,
}

impl PageGeometry {
    /// The first trace of a lead with a role.
    pub fn lead(&self, lead: &Lead, role: LeadRole) -> Option<&LeadGeometry> {
        self.leads
            .iter()
            .find(|trace| trace.lead == *lead && trace.role == role)
    }

    /// Where in the picture a point of a trace's signal is.
    pub fn locate(&self, trace: &LeadGeometry, point: SignalPoint) -> PagePoint {
        let x = trace.bounds.x + (point.time_s - trace.start_s) * self.px_per_s;
        let y = trace.baseline_y - (point.millivolts - trace.offset_mv) * self.px_per_mv;
        let (x, y) = self.homography.map_or((x, y), |map| map.apply(x, y));
        PagePoint { x, y }
    }

    /// Which time and voltage of a trace a point of the picture is.
    ///
    /// [`PageError::Degenerate`] if the geometry carries a homography without inverse.
    pub fn read(&self, trace: &LeadGeometry, point: PagePoint) -> Result<SignalPoint, PageError> {
        let (x, y) = match &self.homography {
            Some(map) => map.inverse()?.apply(point.x, point.y),
            None => (point.x, point.y),
        };
        Ok(SignalPoint {
            time_s: trace.start_s + (x - trace.bounds.x) / self.px_per_s,
            millivolts: trace.offset_mv + (trace.baseline_y - y) / self.px_per_mv,
        })
    }

    /// The corners of a box of the flat page in the picture: top left, top right, bottom right, bottom left.
    pub fn corners(&self, bounds: &PageBox) -> [PagePoint; 4] {
        let (right, bottom) = (bounds.x + bounds.width, bounds.y + bounds.height);
        [
            (bounds.x, bounds.y),
            (right, bounds.y),
            (right, bottom),
            (bounds.x, bottom),
        ]
        .map(|(x, y)| {
            let (x, y) = self.homography.map_or((x, y), |map| map.apply(x, y));
            PagePoint { x, y }
        })
    }

    /// Notes that the picture was mapped once more.
    pub(crate) fn transform(&mut self, map: &Homography, picture: PixelSize) {
        self.homography = Some(self.homography.map_or(*map, |before| map.after(&before)));
        self.picture = picture;
    }
}
