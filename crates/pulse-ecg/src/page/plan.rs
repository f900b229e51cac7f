//! Places everything on the paper, in millimetres, on the lines of the grid.

use super::error::PageError;
use super::geometry::{LeadGeometry, LeadRole, PageBox, PageGeometry};
use super::grid::GridExtent;
use super::picture::bounded_size;
use super::settings::{PageSettings, TimeAlignment};
use crate::lead::Lead;

/// Seconds and millivolts of the calibration pulse.
pub(crate) const PULSE_S: f64 = 0.2;
/// Distance of the 5 mm lines.
pub(crate) const MAJOR_MM: f64 = 5.0;
/// Distance of two lines of text.
pub(crate) const LINE_MM: f64 = 4.6;
/// Least distance of content from the paper's edge.
pub(crate) const MARGIN_MM: f64 = 5.0;
/// Distance of the rows from the header's last line.
const GAP_MM: f64 = 2.0;
/// Rows are not higher than this, whatever room there is.
const TALLEST_ROW_MM: f64 = 35.0;
/// Rows that are lower than this can't be read.
const LOWEST_ROW_MM: f64 = 10.0;
/// Share of a row above its baseline: QRS complexes mostly point up.
const ABOVE_BASELINE: f64 = 0.6;

/// Where things are, in millimetres from the top left corner of the paper.
#[derive(Debug, Clone)]
pub(crate) struct PagePlan {
    pub(crate) geometry: PageGeometry,
    /// Left edge of header and footer.
    pub(crate) text_left_mm: f64,
    /// Left edge of the header's right column.
    pub(crate) text_right_mm: f64,
    /// Baseline of the footer.
    pub(crate) footer_mm: f64,
    /// The grid's rectangle: left, top, right, bottom.
    pub(crate) grid_mm: [f64; 4],
}

/// Lays a page out. Where there is room for it the start of the traces and the first baseline fall on a 5 mm line, as
/// all baselines then do unless rows are tighter than 20 mm.
pub(crate) fn plan(settings: &PageSettings) -> Result<PagePlan, PageError> {
    settings.check()?;
    let layout = &settings.layout;
    let rows = layout.rows() + settings.rhythm.len();
    let row_length_mm = settings.shown_s() * settings.speed_mm_per_s;
    let pulse_mm = if settings.calibration {
        PULSE_S * settings.speed_mm_per_s
    } else {
        0.0
    };
    let lead_in_mm = if settings.calibration {
        pulse_mm + 2.0
    } else {
        0.0
    };
    let lines = settings.header.line_room() as f64;
    let text_bottom_mm = MARGIN_MM + lines * LINE_MM;
    let footer_mm = if settings.header.has_footer() {
        10.0
    } else {
        MARGIN_MM
    };

    let needed_width_mm = lead_in_mm + row_length_mm + 2.0 * MARGIN_MM;
    // Rows move down by what pulses reach above theirs, and by a gap below text.
    let above_rows_mm = |row_mm: f64| {
        let reach_mm = if settings.calibration {
            (settings.gain_mm_per_mv - ABOVE_BASELINE * row_mm).max(0.0)
        } else {
            0.0
        };
        let gap_mm = if lines > 0.0 { GAP_MM } else { 0.0 };
        text_bottom_mm + gap_mm + reach_mm
    };
    let (width_mm, height_mm) = settings.paper.size_mm().unwrap_or_else(|| {
        let row_mm = fitting_row_mm(rows);
        let height_mm = round_up(above_rows_mm(row_mm)) + rows as f64 * row_mm + footer_mm;
        let text_mm = settings.header.needed_mm(settings) + 2.0 * MARGIN_MM;
        (round_up(needed_width_mm.max(text_mm)), round_up(height_mm))
    });
    if needed_width_mm > width_mm {
        return Err(PageError::DoesNotFit {
            direction: "width",
            needed_mm: needed_width_mm,
            available_mm: width_mm,
        });
    }
    let row_in_mm = |room_mm: f64| row_height_mm(room_mm / rows as f64);
    // Lower rows leave more of a pulse above the first one, which makes them lower still; a few rounds settle it.
    let mut row_mm = TALLEST_ROW_MM;
    for _ in 0..8 {
        row_mm = row_in_mm(height_mm - above_rows_mm(row_mm) - footer_mm);
    }
    let header_mm = above_rows_mm(row_mm);
    let room_mm = height_mm - header_mm - footer_mm;
    if row_mm < LOWEST_ROW_MM {
        return Err(PageError::DoesNotFit {
            direction: "height",
            needed_mm: rows as f64 * LOWEST_ROW_MM,
            available_mm: room_mm,
        });
    }

    let px_per_mm = settings.pixels_per_mm();
    let page = bounded_size(
        // 279.4 mm at 200 dpi are 2200 pixels; without the small term rounding could make it 2201.
        width_mm * px_per_mm - 1e-6,
        height_mm * px_per_mm - 1e-6,
    )?;
    let left_mm = traces_left_mm(width_mm, row_length_mm, lead_in_mm);
    let slack_mm = room_mm - rows as f64 * row_mm;
    let first_baseline_mm = first_baseline_mm(header_mm, slack_mm, row_mm);
    let rows_top_mm = first_baseline_mm - ABOVE_BASELINE * row_mm;
    let cells = Cells {
        settings,
        left_mm,
        rows_top_mm,
        row_mm,
        row_length_mm,
    };
    let calibration = (0..if settings.calibration { rows } else { 0 })
        .map(|row| {
            // The gap between pulse and trace is what the lead-in has left over.
            let pulse_left_mm = left_mm - pulse_mm - 1.0;
            let baseline_mm = first_baseline_mm + row as f64 * row_mm;
            PageBox {
                x: pulse_left_mm * px_per_mm,
                y: (baseline_mm - settings.gain_mm_per_mv) * px_per_mm,
                width: pulse_mm * px_per_mm,
                height: settings.gain_mm_per_mv * px_per_mm,
            }
        })
        .collect();
    let grid_mm = match settings.grid_extent {
        GridExtent::Page => [0.0, 0.0, width_mm, height_mm],
        GridExtent::Leads => {
            let bottom = rows_top_mm + rows as f64 * row_mm;
            [
                (left_mm - round_up(lead_in_mm)).max(0.0),
                round_down(rows_top_mm),
                round_up(left_mm + row_length_mm),
                round_up(bottom).min(round_down(height_mm)),
            ]
        }
    };
    Ok(PagePlan {
        geometry: PageGeometry {
            page,
            picture: page,
            dpi: settings.dpi,
            px_per_mm,
            px_per_s: settings.speed_mm_per_s * px_per_mm,
            px_per_mv: settings.gain_mm_per_mv * px_per_mm,
            speed_mm_per_s: settings.speed_mm_per_s,
            gain_mm_per_mv: settings.gain_mm_per_mv,
            layout: layout.to_string(),
            leads: cells.all(),
            calibration,
            homography: None,
        },
        text_left_mm: left_mm - lead_in_mm,
        text_right_mm: left_mm + row_length_mm / 2.0,
        footer_mm: (height_mm - 4.0).min(rows_top_mm + rows as f64 * row_mm + 6.0),
        grid_mm,
    })
}

/// The 5 mm line nearest to where the first baseline is when the rows stand in the middle of their room, such that
/// they stay in it; where there is no such line, that place itself.
fn first_baseline_mm(header_mm: f64, slack_mm: f64, row_mm: f64) -> f64 {
    let highest_mm = header_mm + ABOVE_BASELINE * row_mm;
    let middle_mm = highest_mm + slack_mm / 2.0;
    let stays = |mm: &f64| (highest_mm - 1e-9..=highest_mm + slack_mm + 1e-9).contains(mm);
    [
        round_near(middle_mm),
        round_down(middle_mm),
        round_up(middle_mm),
    ]
    .into_iter()
    .find(stays)
    .unwrap_or(middle_mm)
}

/// Where traces start: in the middle of the paper and, where the margins allow it, on a 5 mm line.
fn traces_left_mm(width_mm: f64, row_length_mm: f64, lead_in_mm: f64) -> f64 {
    let middle_mm = (width_mm - row_length_mm - lead_in_mm) / 2.0 + lead_in_mm;
    [
        round_near(middle_mm),
        round_down(middle_mm),
        round_up(middle_mm),
    ]
    .into_iter()
    .find(|left_mm| {
        let right_mm = left_mm + row_length_mm;
        left_mm - lead_in_mm >= MARGIN_MM && right_mm <= width_mm - MARGIN_MM
    })
    .unwrap_or(middle_mm)
}

/// The height of a row that has so much room: multiples of 5 mm, or of 1 mm where rows are tight.
fn row_height_mm(room_mm: f64) -> f64 {
    if room_mm >= 4.0 * MAJOR_MM {
        round_down(room_mm).min(TALLEST_ROW_MM)
    } else {
        libm::floor(room_mm)
    }
}

/// Height of a row on paper that grows with its content.
const fn fitting_row_mm(rows: usize) -> f64 {
    match rows {
        0..=5 => 30.0,
        6..=8 => 25.0,
        _ => 20.0,
    }
}

struct Cells<'a> {
    settings: &'a PageSettings,
    left_mm: f64,
    rows_top_mm: f64,
    row_mm: f64,
    row_length_mm: f64,
}

impl Cells<'_> {
    fn all(&self) -> Vec<LeadGeometry> {
        let layout = &self.settings.layout;
        let columns = layout.columns();
        let cells = (0..layout.rows())
            .flat_map(|row| (0..columns).map(move |column| (row, column)))
            .filter_map(|(row, column)| {
                let lead = layout.lead(row, column)?;
                Some(self.place(lead, LeadRole::Cell, row, column, columns))
            });
        let strips = self
            .settings
            .rhythm
            .iter()
            .enumerate()
            .map(|(index, lead)| {
                self.place(lead.clone(), LeadRole::Rhythm, layout.rows() + index, 0, 1)
            });
        cells.chain(strips).collect()
    }

    fn place(
        &self,
        lead: Lead,
        role: LeadRole,
        row: usize,
        column: usize,
        columns: usize,
    ) -> LeadGeometry {
        let px_per_mm = self.settings.pixels_per_mm();
        let width_mm = self.row_length_mm / columns as f64;
        let seconds = self.settings.shown_s() / columns as f64;
        let top_mm = self.rows_top_mm + row as f64 * self.row_mm;
        let passed = match self.settings.alignment {
            TimeAlignment::Consecutive => column as f64 * seconds,
            TimeAlignment::Simultaneous => 0.0,
        };
        let start_s = self.settings.start_s + passed;
        LeadGeometry {
            lead,
            role,
            row,
            column,
            bounds: PageBox {
                x: (self.left_mm + column as f64 * width_mm) * px_per_mm,
                y: top_mm * px_per_mm,
                width: width_mm * px_per_mm,
                height: self.row_mm * px_per_mm,
            },
            baseline_y: (top_mm + ABOVE_BASELINE * self.row_mm) * px_per_mm,
            offset_mv: 0.0,
            start_s,
            end_s: start_s + seconds,
            drawn: false,
            tallest: None,
        }
    }
}

fn round_up(mm: f64) -> f64 {
    libm::ceil(mm / MAJOR_MM - 1e-9) * MAJOR_MM
}

fn round_down(mm: f64) -> f64 {
    libm::floor(mm / MAJOR_MM + 1e-9) * MAJOR_MM
}

fn round_near(mm: f64) -> f64 {
    libm::floor(mm / MAJOR_MM + 0.5) * MAJOR_MM
}
