//! Pages are accepted, decoys refused, and no picture makes the check panic.
#![allow(clippy::unwrap_used)]

mod drawn;
mod samples;

use drawn::beats;
use proptest::prelude::*;
use pulse_ecg::Lead;
use pulse_ecg::decoys::DecoyKind;
use pulse_ecg::page::{GridColour, Layout, PageRenderer, PageSettings, PixelSize};
use pulse_ecg::page_check::{PageCheck, PageCheckOptions, Refusal, Verdict};

fn settings(layout: Layout, grid: GridColour, dpi: f64) -> PageSettings {
    PageSettings {
        rhythm: if layout == Layout::TwelveByOne {
            Vec::new()
        } else {
            vec![Lead::II]
        },
        layout,
        grid: grid.style(),
        dpi,
        ..PageSettings::default()
    }
}

#[test]
fn pages_of_every_layout_and_paper_are_accepted() {
    for layout in [Layout::ThreeByFour, Layout::SixByTwo, Layout::TwelveByOne] {
        for grid in GridColour::ALL {
            let settings = settings(layout.clone(), grid, 90.0);
            let picture = PageRenderer::new(settings).unwrap().render(&beats());
            let picture = picture.unwrap().picture;
            let check = PageCheck::of_picture(&picture, &PageCheckOptions::default());
            assert!(check.is_accepted(), "{layout} {}: {check:?}", grid.name());
            if grid != GridColour::Plain {
                // 90 dpi are 3.54 pixels per mm.
                let found = check.px_per_mm.unwrap();
                assert!((found - 3.543).abs() < 0.2, "{} {found}", grid.name());
            }
        }
    }
}

#[test]
fn a_canvas_that_leaves_too_few_pixels_is_refused() {
    let settings = settings(Layout::ThreeByFour, GridColour::Pink, 100.0);
    let picture = PageRenderer::new(settings).unwrap().render(&beats());
    let picture = picture.unwrap().picture;
    let on = |width, height| {
        let options = PageCheckOptions {
            canvas: Some(PixelSize { width, height }),
            ..PageCheckOptions::default()
        };
        PageCheck::of_picture(&picture, &options).verdict
    };
    assert_eq!(on(448, 336), Verdict::Accepted);
    let verdict = on(224, 224);
    assert!(
        matches!(verdict, Verdict::Refused(Refusal::TooCoarse { .. })),
        "{verdict}"
    );
}

#[test]
fn most_decoys_are_refused() {
    let size = PixelSize {
        width: 800,
        height: 616,
    };
    let mut accepted = Vec::new();
    for kind in DecoyKind::ALL {
        for seed in 0..4 {
            let picture = kind.draw(seed, size).unwrap();
            if PageCheck::of_picture(&picture, &PageCheckOptions::default()).is_accepted() {
                accepted.push((kind, seed));
            }
        }
    }
    // 48 decoys: docs/page-check.md states 2 to 3 % on larger sets.
    assert!(accepted.len() <= 3, "{accepted:?}");
}

#[test]
fn real_pages_are_accepted() {
    let Some(folder) = samples::samples("the check of real pages") else {
        return;
    };
    for name in ["images", "photos-on-the-sources-word"] {
        for entry in std::fs::read_dir(folder.join(name)).unwrap() {
            let path = entry.unwrap().path();
            let picture = image::open(&path).unwrap().to_rgb8();
            let size = PixelSize {
                width: picture.width(),
                height: picture.height(),
            };
            let check = PageCheck::new(size, picture.as_raw(), &PageCheckOptions::default());
            assert!(check.is_accepted(), "{}: {check:?}", path.display());
        }
    }
}

#[test]
fn edges_of_sizes_are_refused_without_a_panic() {
    for (width, height) in [
        (0, 0),
        (1, 4000),
        (4000, 1),
        (47, 47),
        (48, 48),
        (3, 3),
        (9000, 60),
    ] {
        let size = PixelSize { width, height };
        for bytes in [0, size.area(), 3 * size.area()] {
            let check = PageCheck::new(size, &vec![200; bytes], &PageCheckOptions::default());
            assert!(!check.is_accepted(), "{width}x{height}: {check:?}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn random_pictures_never_panic(
        width in 0_u32..300,
        height in 0_u32..300,
        seed in any::<u64>(),
        levels in 1_u64..255,
    ) {
        let mut state = seed | 1;
        let rgb: Vec<u8> = (0..3 * width * height)
            .map(|_| {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                (state % levels) as u8
            })
            .collect();
        let check = PageCheck::new(PixelSize { width, height }, &rgb, &PageCheckOptions::default());
        prop_assert!(!check.verdict.to_string().is_empty());
    }
}
