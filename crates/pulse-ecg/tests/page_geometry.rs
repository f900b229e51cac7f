//! The geometry is right: a pulse of known time and voltage is found where the geometry says.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod drawn;

use drawn::recording;
use pulse_ecg::page::{
    GridColour, Header, Layout, LeadGeometry, Page, PagePoint, PageRenderer, PageSettings, Paper,
    Separator, SignalPoint, TimeAlignment,
};
use pulse_ecg::wear::Wear;
use pulse_ecg::{Lead, Recording};

/// Pixels by which ink may lie off. The rasteriser rounds coverage to 1/255 and the centre of mass of a
/// line is exact but for that and for the other edge of the pulse, which a low resolution mixes in.
const FLAT_TOLERANCE_PX: f64 = 0.12;
/// Bilinear resampling at 1/256 pixel and the slant of a turned line add to it.
const WORN_TOLERANCE_PX: f64 = 0.3;

/// A pulse of 0.5 mV that starts 0.9 s after the start of every cell of 2.5 s and lasts 0.3 s, longer
/// than the window in which ink is looked for.
const PULSE_MV: f64 = 0.5;
const PULSE_S: f64 = 0.3;

fn pulses(leads: &[Lead], starts: &[f64]) -> Recording {
    recording(leads, 10.0, |_, time| {
        let inside = starts
            .iter()
            .any(|start| time > start - 1e-9 && time < start + PULSE_S - 1e-9);
        if inside { PULSE_MV as f32 } else { 0.0 }
    })
}

/// White paper and nothing but traces.
fn bare(layout: Layout, rhythm: Vec<Lead>, dpi: f64) -> PageSettings {
    PageSettings {
        layout,
        rhythm,
        dpi,
        paper: Paper::Fit,
        grid: GridColour::Plain.style(),
        ink: [0, 0, 0],
        calibration: false,
        labels: false,
        separator: Separator::Hidden,
        header: Header::none(),
        ..PageSettings::default()
    }
}

/// The centre of the ink along x or y in a strip one pixel wide through a point.
fn ink_centre(page: &Page, at: PagePoint, along_x: bool, reach: i64) -> f64 {
    let (mut mass, mut moment) = (0.0, 0.0);
    let (x, y) = (at.x.floor() as i64, at.y.floor() as i64);
    for offset in -reach..=reach {
        let (x, y) = if along_x {
            (x + offset, y)
        } else {
            (x, y + offset)
        };
        let pixel = page
            .picture
            .pixel(x as u32, y as u32)
            .expect("inside the picture");
        // Paper fades towards grey at most by rounding: anything lighter is no ink.
        let ink = f64::from(255 - pixel[1]);
        let centre = if along_x { x } else { y } as f64 + 0.5;
        mass += ink;
        moment += ink * centre;
    }
    assert!(mass > 100.0, "no ink near {at:?}");
    moment / mass
}

/// Checks the top and the rising edge of the pulse of one trace. A slanted line is looked at through the
/// point itself, so that its slant does not matter.
fn check_trace(page: &Page, trace: &LeadGeometry, start_s: f64, tolerance: f64) {
    let geometry = &page.geometry;
    let at =
        |time_s: f64, millivolts: f64| geometry.locate(trace, SignalPoint { time_s, millivolts });
    // The edge runs from the last sample before the pulse to its first.
    let edge_s = start_s - 0.5 / drawn::RATE_HZ;
    let edge = at(edge_s, PULSE_MV / 2.0);
    let reach = (0.04 * geometry.px_per_s)
        .min(0.3 * geometry.px_per_mv)
        .max(2.0) as i64;
    let found = ink_centre(page, edge, true, reach);
    // The row's centre is up to half a pixel from the point; on a turned page the edge moves with it.
    let (up, down) = (at(edge_s, 0.6 * PULSE_MV), at(edge_s, 0.4 * PULSE_MV));
    let slant = (up.x - down.x) / (up.y - down.y);
    let expected = edge.x + slant * (edge.y.floor() + 0.5 - edge.y);
    assert!(
        (found - expected).abs() < tolerance,
        "{} edge: found x {found}, expected {expected}",
        trace.lead
    );
    let top = at(start_s + PULSE_S / 2.0, PULSE_MV);
    let found = ink_centre(page, top, false, reach);
    let (left, right) = (at(start_s + 0.1, PULSE_MV), at(start_s + 0.2, PULSE_MV));
    let slant = (right.y - left.y) / (right.x - left.x);
    let expected = top.y + slant * (top.x.floor() + 0.5 - top.x);
    assert!(
        (found - expected).abs() < tolerance,
        "{} top: found y {found}, expected {expected}",
        trace.lead
    );
    // And back.
    let read = geometry.read(trace, top).unwrap();
    assert!((read.time_s - start_s - PULSE_S / 2.0).abs() < 1e-6);
    assert!((read.millivolts - PULSE_MV).abs() < 1e-6);
}

fn check_page(page: &Page, starts: &[f64], tolerance: f64) {
    for trace in &page.geometry.leads {
        assert!(trace.drawn);
        let inside = starts
            .iter()
            .filter(|start| **start > trace.start_s + 0.05 && *start + PULSE_S < trace.end_s);
        let mut checked = 0;
        for start in inside {
            check_trace(page, trace, *start, tolerance);
            checked += 1;
        }
        assert!(checked > 0, "no pulse in {trace:?}");
    }
}

const STARTS: [f64; 8] = [0.4, 1.65, 2.9, 4.15, 5.4, 6.65, 7.9, 9.15];

#[test]
fn pulses_are_where_the_geometry_says() {
    let recording = pulses(&Lead::STANDARD, &STARTS);
    let rhythms = [vec![], vec![Lead::II], vec![Lead::V1, Lead::II, Lead::V5]];
    for layout in [Layout::ThreeByFour, Layout::SixByTwo, Layout::TwelveByOne] {
        for rhythm in &rhythms {
            for (speed, gain) in [
                (25.0, 10.0),
                (50.0, 5.0),
                (25.0, 20.0),
                (50.0, 10.0),
                (25.0, 5.0),
            ] {
                for dpi in [100.0, 200.0, 300.0] {
                    let mut settings = bare(layout.clone(), rhythm.clone(), dpi);
                    settings.speed_mm_per_s = speed;
                    settings.gain_mm_per_mv = gain;
                    settings.shown_s = Some(10.0);
                    let page = PageRenderer::new(settings)
                        .unwrap()
                        .render(&recording)
                        .unwrap();
                    check_page(&page, &STARTS, FLAT_TOLERANCE_PX);
                }
            }
        }
    }
}

#[test]
fn columns_at_one_time_and_a_later_start() {
    let recording = pulses(&Lead::STANDARD, &STARTS);
    let mut settings = bare(Layout::ThreeByFour, vec![Lead::V1], 200.0);
    settings.alignment = TimeAlignment::Simultaneous;
    settings.start_s = 1.3;
    settings.shown_s = Some(8.0);
    let page = PageRenderer::new(settings)
        .unwrap()
        .render(&recording)
        .unwrap();
    assert!(page.geometry.leads.iter().all(|trace| trace.start_s == 1.3));
    check_page(&page, &STARTS, FLAT_TOLERANCE_PX);
}

#[test]
fn rhythm_strips_carry_their_own_name() {
    let recording = pulses(&Lead::STANDARD, &STARTS);
    let rhythm = vec![Lead::V1, Lead::II, Lead::V5];
    let page = PageRenderer::new(bare(Layout::ThreeByFour, rhythm.clone(), 100.0))
        .unwrap()
        .render(&recording)
        .unwrap();
    let names: Vec<Lead> = page.geometry.leads[12..]
        .iter()
        .map(|trace| trace.lead.clone())
        .collect();
    assert_eq!(names, rhythm);
    assert!(
        page.geometry.leads[12..]
            .iter()
            .all(|trace| trace.end_s - trace.start_s == 10.0)
    );
}

#[test]
fn an_offset_that_was_taken_off_is_in_the_geometry() {
    let mut recording = pulses(&Lead::STANDARD, &STARTS);
    for value in &mut recording.leads[1].millivolts {
        *value += 0.75;
    }
    let page = PageRenderer::new(bare(Layout::Rows(vec![Lead::II]), vec![], 200.0))
        .unwrap()
        .render(&recording)
        .unwrap();
    let trace = &page.geometry.leads[0];
    assert_eq!(trace.offset_mv, 0.75);
    let at = SignalPoint {
        time_s: 0.2,
        millivolts: 0.75,
    };
    let found = ink_centre(&page, page.geometry.locate(trace, at), false, 10);
    assert!((found - trace.baseline_y).abs() < FLAT_TOLERANCE_PX);
}

#[test]
fn pulses_of_a_turned_tilted_cropped_page_are_where_its_homography_says() {
    let recording = pulses(&Lead::STANDARD, &STARTS);
    for layout in [Layout::ThreeByFour, Layout::SixByTwo] {
        let settings = bare(layout, vec![Lead::II], 200.0);
        let page = PageRenderer::new(settings)
            .unwrap()
            .render(&recording)
            .unwrap();
        for wear in [
            "rotation=1",
            "perspective=1",
            "crop=0.1",
            "rotation=0.6,perspective=0.7,crop=0.1",
        ] {
            let wear: Wear = wear.parse().unwrap();
            for seed in 0..3 {
                let worn = wear.apply(&page, seed).unwrap();
                assert!(worn.geometry.homography.is_some());
                assert_eq!(worn.geometry.picture, worn.picture.size());
                check_page(&worn, &STARTS, WORN_TOLERANCE_PX);
            }
        }
    }
}

#[test]
fn geometry_survives_json() {
    let recording = pulses(&Lead::STANDARD, &STARTS);
    let page = PageRenderer::new(PageSettings::default())
        .unwrap()
        .render(&recording)
        .unwrap();
    let worn = Wear::moderate().apply(&page, 3).unwrap();
    let json = serde_json::to_string(&worn.geometry).unwrap();
    let read: pulse_ecg::page::PageGeometry = serde_json::from_str(&json).unwrap();
    assert_eq!(read.leads.len(), 13);
    assert_eq!(read.picture, worn.picture.size());
    for field in [
        "\"box\"",
        "\"px_per_s\"",
        "\"homography\"",
        "\"calibration\"",
        "\"rhythm\"",
    ] {
        assert!(json.contains(field), "{field}");
    }
}
