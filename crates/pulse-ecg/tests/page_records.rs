//! Every real record of the samples becomes a page, in every layout.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)]

mod samples;

use pulse_ecg::Recording;
use pulse_ecg::page::{Layout, PageRenderer, PageSettings};

#[test]
fn real_records_become_pages() {
    let Some(folder) = samples::samples("pages of real records") else {
        return;
    };
    let entries = std::fs::read_dir(folder.join("records")).unwrap();
    let renderers = [Layout::ThreeByFour, Layout::SixByTwo, Layout::TwelveByOne].map(|layout| {
        PageRenderer::new(PageSettings {
            layout,
            // A trace is wider than a pixel from 85 dpi on, and then has all of its ink.
            dpi: 100.0,
            ..PageSettings::default()
        })
        .unwrap()
    });
    let mut records = 0;
    for entry in entries {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "hea") {
            continue;
        }
        let recording = Recording::open(&path).unwrap();
        for renderer in &renderers {
            let page = renderer.render(&recording).unwrap();
            assert!(page.geometry.leads.iter().all(|trace| trace.drawn));
            // Ink of the traces, or nothing was drawn.
            let dark = page
                .picture
                .rgb()
                .chunks_exact(3)
                .filter(|pixel| pixel[0] < 100);
            assert!(dark.count() > 1000, "{}", path.display());
        }
        records += 1;
    }
    assert!(records > 0, "{} holds no record", folder.display());
}
