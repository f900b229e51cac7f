//! How a page looks: layout, paper, resolution, wear.

use pulse_ecg::page::{GridColour, Layout, PageRenderer, PageSettings, Paper};
use pulse_ecg::wear::Wear;
use pulse_ecg::{Lead, Recording};
use rand::Rng;

use super::error::SynthesizeError;
use super::random::{below, unit, weighted};

/// How much the pages of a set differ.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Look {
    /// All layouts, papers, grids, line widths and up to moderate wear.
    #[default]
    Varied,
    /// Always 3x4 with lead II below, on pink Letter paper, clean: what a model learns first.
    Plain,
    /// As varied, all moderately worn.
    Worn,
}

impl Look {
    /// Name in settings and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Varied => "varied",
            Self::Plain => "plain",
            Self::Worn => "worn",
        }
    }
}

/// How worn a page is: half are clean, 40 % lightly and 10 % moderately worn.
pub(super) fn draw_wear(look: Look, rng: &mut impl Rng) -> Wear {
    match look {
        Look::Plain => return Wear::none(),
        Look::Worn => return Wear::moderate(),
        Look::Varied => {}
    }
    match weighted(rng, &[0.5, 0.4, 0.1]) {
        0 => Wear::none(),
        1 => Wear::light(),
        _ => Wear::moderate(),
    }
}

/// The format of a page, known before it is drawn: clean pages are PNG, worn ones are photographs and scans,
/// which are JPEG; as PNG their noise would take five times the room.
pub(super) fn extension(wear: &Wear) -> &'static str {
    if *wear == Wear::none() { "png" } else { "jpg" }
}

/// Draws a recording on a page of a look. Returns the file's bytes.
pub(super) fn draw_page(
    recording: &Recording,
    dpi: (f64, f64),
    look: Look,
    wear: &Wear,
    rng: &mut impl Rng,
) -> Result<Vec<u8>, SynthesizeError> {
    let settings = match look {
        Look::Varied | Look::Worn => varied(dpi, rng),
        Look::Plain => PageSettings {
            dpi: dpi.0 + (dpi.1 - dpi.0) * unit(rng),
            paper: Paper::Letter,
            rhythm: vec![Lead::II],
            layout: Layout::ThreeByFour,
            ..PageSettings::default()
        },
    };
    let page = PageRenderer::new(settings)?.render(recording)?;
    if *wear == Wear::none() {
        return Ok(page.picture.to_png()?);
    }
    let worn = wear.apply(&page, rng.next_u64())?;
    Ok(worn.picture.to_jpeg(90)?)
}

/// 60 % 3x4, 20 % 6x2, 20 % 12x1; most with a rhythm strip; all colours of paper.
fn varied(dpi: (f64, f64), rng: &mut impl Rng) -> PageSettings {
    let layout = match weighted(rng, &[0.6, 0.2, 0.2]) {
        0 => Layout::ThreeByFour,
        1 => Layout::SixByTwo,
        _ => Layout::TwelveByOne,
    };
    let has_strip = layout != Layout::TwelveByOne && unit(rng) < 0.7;
    PageSettings {
        dpi: dpi.0 + (dpi.1 - dpi.0) * unit(rng),
        paper: if unit(rng) < 0.5 {
            Paper::Letter
        } else {
            Paper::A4
        },
        rhythm: if has_strip {
            vec![Lead::II]
        } else {
            Vec::new()
        },
        grid: GridColour::ALL[below(rng, GridColour::ALL.len())].style(),
        calibration: unit(rng) < 0.8,
        trace_width_mm: 0.25 + 0.2 * unit(rng),
        layout,
        ..PageSettings::default()
    }
}
