//! A fresh page is a PNG with a palette at every resolution, and smaller the coarser it is.

#![allow(clippy::unwrap_used)]

mod drawn;

use drawn::beats;
use pulse_ecg::page::{GridColour, Header, PageRenderer, PageSettings};

/// Offset of the colour type in a PNG file, and its value for a palette (PNG specification, 11.2.1).
const COLOUR_TYPE: usize = 25;
const PALETTE: u8 = 3;

fn png(dpi: f64, grid: GridColour, ink: [u8; 3]) -> Vec<u8> {
    let settings = PageSettings {
        dpi,
        grid: grid.style(),
        ink,
        header: Header::default(),
        ..PageSettings::default()
    };
    let page = PageRenderer::new(settings).unwrap().render(&beats());
    let picture = page.unwrap().picture;
    let bytes = picture.to_png().unwrap();
    // The palette loses nothing.
    let decoded = image::load_from_memory(&bytes).unwrap().to_rgb8();
    assert!(decoded.as_raw() == picture.rgb(), "{dpi} dpi");
    bytes
}

#[test]
fn every_resolution_and_paper_fits_a_palette() {
    for dpi in [
        12.0, 37.0, 63.5, 72.0, 80.0, 100.0, 101.5, 101.7, 150.0, 200.0,
    ] {
        for grid in GridColour::ALL {
            for ink in [[16, 14, 18], [30, 40, 160]] {
                let bytes = png(dpi, grid, ink);
                assert_eq!(bytes[COLOUR_TYPE], PALETTE, "{dpi} dpi on {}", grid.name());
            }
        }
    }
}

#[test]
fn a_coarser_page_is_a_smaller_file() {
    for grid in GridColour::ALL {
        let sizes = [60.0, 100.0, 200.0].map(|dpi| png(dpi, grid, [16, 14, 18]).len());
        assert!(
            sizes[0] < sizes[1] && sizes[1] < sizes[2],
            "{} {sizes:?}",
            grid.name()
        );
    }
}
