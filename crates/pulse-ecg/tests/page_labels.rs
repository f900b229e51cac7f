//! Names of leads stand where they are looked for, and hardly ever does a trace pass through one.

#![allow(clippy::unwrap_used)]

use pulse_ecg::page::{GridColour, Layout, PageRenderer, PageSettings, Paper};
use pulse_ecg::patients::{Finding, PatientPlan};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

/// Pixels around a letter that must be free of ink.
const REACH: i64 = 1;

fn settings(layout: &Layout, labels: bool) -> PageSettings {
    PageSettings {
        layout: layout.clone(),
        paper: Paper::Fit,
        dpi: 100.0,
        grid: GridColour::Plain.style(),
        labels,
        ..PageSettings::default()
    }
}

#[test]
fn hardly_a_trace_passes_through_a_name() {
    let tall = [
        Finding::LeftVentricularHypertrophy,
        Finding::LeftBundleBranchBlock,
        Finding::RightBundleBranchBlock,
        Finding::AnteriorStElevation,
        Finding::PacedRhythm,
        Finding::SinusTachycardia,
    ];
    let mut letters = 0_u32;
    let mut strikes = 0_u32;
    for layout in [Layout::ThreeByFour, Layout::SixByTwo] {
        let [with, without] =
            [true, false].map(|labels| PageRenderer::new(settings(&layout, labels)).unwrap());
        for finding in tall {
            for seed in 0..5 {
                let mut rng = ChaCha8Rng::seed_from_u64(seed);
                let plan = PatientPlan::with_finding(finding, &mut rng);
                let recording = plan.synthesize(&mut rng).unwrap().recording;
                let page = with.render(&recording).unwrap().picture;
                let bare = without.render(&recording).unwrap().picture;
                let (width, height) = (i64::from(page.size().width), i64::from(page.size().height));
                let dark = |x: i64, y: i64| {
                    let pixel = bare.pixel(x as u32, y as u32);
                    pixel.is_some_and(|pixel| pixel[1] < 250)
                };
                for y in 0..height {
                    for x in 0..width {
                        if page.pixel(x as u32, y as u32) == bare.pixel(x as u32, y as u32) {
                            continue;
                        }
                        letters += 1;
                        let struck = (y - REACH..=y + REACH)
                            .any(|y| (x - REACH..=x + REACH).any(|x| dark(x, y)));
                        strikes += u32::from(struck);
                    }
                }
            }
        }
    }
    // Thirteen names of about thirty pixels on every page.
    assert!(letters > 20_000, "{letters}");
    // Tall waves on every page here; a name moves by 5 mm at most and is then crossed, as machines print it.
    assert!(strikes * 100 < letters, "{strikes} of {letters}");
}
