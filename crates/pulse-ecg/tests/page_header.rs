//! Text above the leads stays clear of them and on the paper, and is never cut.

#![allow(clippy::unwrap_used)]

mod drawn;

use drawn::beats;
use pulse_ecg::page::{Header, Layout, PageError, PageRenderer, PageSettings, Paper};

/// Upper edge of the first line, and height of a line, millimetres.
const MARGIN_MM: f64 = 5.0;
const LINE_MM: f64 = 4.6;

fn lines(count: usize) -> Header {
    Header {
        lines: vec!["Ward 3".to_owned(); count],
        ..Header::default()
    }
}

#[test]
fn pulses_and_rows_stay_clear_of_the_header_and_on_the_paper() {
    let mut checked = 0;
    for layout in [Layout::ThreeByFour, Layout::SixByTwo, Layout::TwelveByOne] {
        for paper in [Paper::Fit, Paper::Letter, Paper::A4] {
            for gain in [5.0, 10.0, 20.0] {
                for count in [0, 1, 2, 8] {
                    let settings = PageSettings {
                        layout: layout.clone(),
                        rhythm: Vec::new(),
                        paper,
                        gain_mm_per_mv: gain,
                        header: lines(count),
                        dpi: 50.0,
                        ..PageSettings::default()
                    };
                    let renderer = match PageRenderer::new(settings) {
                        Err(PageError::DoesNotFit { .. }) => continue,
                        renderer => renderer.unwrap(),
                    };
                    let geometry = renderer.render(&beats()).unwrap().geometry;
                    let top = |y: f64| y / geometry.px_per_mm;
                    let text_mm = MARGIN_MM + LINE_MM * count as f64;
                    let gap_mm = if count > 0 { 1.9 } else { -0.1 };
                    let context = format!("{layout} {paper:?} {gain} {count}");
                    for pulse in &geometry.calibration {
                        assert!(top(pulse.y) >= text_mm + gap_mm, "{context}");
                    }
                    for trace in &geometry.leads {
                        let bottom = top(trace.bounds.y + trace.bounds.height);
                        let paper_mm = f64::from(geometry.page.height) / geometry.px_per_mm;
                        assert!(bottom <= paper_mm - MARGIN_MM + 0.1, "{context}");
                    }
                    checked += 1;
                }
            }
        }
    }
    assert!(checked > 80, "{checked}");
}

#[test]
fn text_that_does_not_fit_is_refused_and_never_cut() {
    let render = |header: Header, name: &str| {
        let mut recording = beats();
        recording.name = name.to_owned();
        let settings = PageSettings {
            header,
            dpi: 50.0,
            ..PageSettings::default()
        };
        PageRenderer::new(settings).and_then(|renderer| renderer.render(&recording).map(|_| ()))
    };
    let long = "W".repeat(200);
    let of_line = |header: Header, name: &str| match render(header, name) {
        Err(PageError::TextTooLong {
            needed_mm,
            available_mm,
            text,
        }) => needed_mm > available_mm && text.chars().count() <= 60,
        _ => false,
    };
    let named = || Header {
        record: true,
        ..Header::default()
    };
    assert!(of_line(named(), &long));
    // A name that is not printed may be as long as it likes, and one line has the whole width to itself.
    assert_eq!(render(Header::default(), &long), Ok(()));
    let half = "W".repeat(50);
    assert_eq!(render(named(), &half), Ok(()));
    // Beside the caller's own lines it has half of it.
    let beside = Header {
        record: true,
        ..lines(1)
    };
    assert!(of_line(beside, &half));
    for header in [
        Header {
            date: Some(long.clone()),
            ..Header::default()
        },
        Header {
            filter: Some(long.clone()),
            ..Header::default()
        },
        Header {
            lines: vec![long.clone()],
            ..Header::default()
        },
    ] {
        assert!(of_line(header, "r"));
    }
    assert!(matches!(
        render(lines(9), "r"),
        Err(PageError::Setting { found: 9.0, .. })
    ));
}
