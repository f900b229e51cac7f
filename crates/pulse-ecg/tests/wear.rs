//! Wear gives equal bytes for equal seeds, whatever the number of threads, and each distortion shows.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod drawn;

use drawn::beats;
use pulse_ecg::page::{GridColour, Page, PageBox, PageRenderer, PageSettings};
use pulse_ecg::patients::PatientPlan;
use pulse_ecg::wear::Wear;
use rand::SeedableRng;
use rayon::prelude::*;

fn page(dpi: f64) -> Page {
    let settings = PageSettings {
        dpi,
        grid: GridColour::Red.style(),
        ..PageSettings::default()
    };
    PageRenderer::new(settings)
        .unwrap()
        .render(&beats())
        .unwrap()
}

fn with_threads<T: Send>(threads: usize, work: impl FnOnce() -> T + Send) -> T {
    rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build()
        .unwrap()
        .install(work)
}

/// FNV-1a, 64 bits: enough to notice a change.
fn digest(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[test]
fn one_and_two_threads_give_the_same_bytes() {
    let everything: Wear = "heavy,scan=0.4".parse().unwrap();
    for wear in [Wear::light(), Wear::moderate(), Wear::heavy(), everything] {
        for seed in [0, 7, u64::MAX] {
            let one = with_threads(1, || wear.apply(&page(100.0), seed).unwrap());
            let two = with_threads(2, || wear.apply(&page(100.0), seed).unwrap());
            assert!(one == two, "{wear:?} seed {seed}");
        }
    }
}

/// What is written to files: pages of several patients drawn, worn and encoded by so many threads.
fn encoded(threads: usize) -> Vec<Vec<u8>> {
    let renderer = PageRenderer::new(PageSettings {
        dpi: 100.0,
        ..PageSettings::default()
    })
    .unwrap();
    let of = |seed: u64| {
        let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(seed);
        let ecg = PatientPlan::draw(&mut rng).synthesize(&mut rng).unwrap();
        let page = renderer.render(&ecg.recording).unwrap();
        let worn = Wear::heavy().apply(&page, seed).unwrap();
        let geometry = serde_json::to_vec(&worn.geometry).unwrap();
        [
            page.picture.to_png().unwrap(),
            worn.picture.to_png().unwrap(),
            worn.picture.to_jpeg(90).unwrap(),
            geometry,
        ]
    };
    let pages: Vec<_> = with_threads(threads, || (0..8_u64).into_par_iter().map(of).collect());
    pages.into_iter().flatten().collect()
}

#[test]
fn one_and_two_threads_write_the_same_files() {
    let (one, two) = (encoded(1), encoded(2));
    assert_eq!(one.len(), 32);
    assert!(one.iter().all(|file| file.len() > 1000));
    assert!(one == two);
}

#[test]
fn seeds_differ() {
    let page = page(60.0);
    let worn = |seed| Wear::moderate().apply(&page, seed).unwrap().picture;
    assert_eq!(worn(1), worn(1));
    assert_ne!(worn(1), worn(2));
}

/// The bytes of a page and of a worn page, as they are on every platform.
///
/// When drawing or wear changes on purpose, this test fails and prints the new digests: look at the pages
/// (`cargo run --example render`), then write the new numbers here and say so in `CHANGELOG.md`, because
/// everybody's seeds give other pages from then on. A failure on one platform alone is a defect.
#[test]
fn bytes_do_not_drift() {
    let page = page(100.0);
    let worn: Wear = "heavy,scan=0.4".parse().unwrap();
    let worn = worn.apply(&page, 42).unwrap();
    let found = (digest(page.picture.rgb()), digest(worn.picture.rgb()));
    assert_eq!(found, (PAGE_DIGEST, WORN_DIGEST), "found {found:#018x?}");
}

const PAGE_DIGEST: u64 = 0x3dbe_76a1_9cb2_c7a8;
const WORN_DIGEST: u64 = 0x1327_ff7b_64d6_bc62;

/// Those that move the page: their pixels can't be compared one by one.
const GEOMETRIC: [&str; 3] = ["rotation", "perspective", "crop"];

/// Every distortion alone changes the page, and more of it changes it more.
#[test]
fn each_distortion_shows_and_grows() {
    let page = page(60.0);
    for name in Wear::NAMES {
        if GEOMETRIC.contains(&name) {
            continue;
        }
        let change = |strength: f32| {
            let wear: Wear = format!("{name}={strength}").parse().unwrap();
            let worn = wear.apply(&page, 5).unwrap();
            assert_eq!(worn.picture.size(), page.picture.size(), "{name}");
            let pairs = worn.picture.rgb().iter().zip(page.picture.rgb());
            pairs.map(|(a, b)| u64::from(a.abs_diff(*b))).sum::<u64>()
        };
        assert_eq!(change(0.0), 0, "{name}");
        let (weak, strong) = (change(0.3), change(1.0));
        assert!(weak > 0 && strong > weak, "{name}: {weak} {strong}");
    }
}

/// The whole page's corners in a picture, in pixels from their middle.
fn corners(worn: &Page) -> [(f64, f64); 4] {
    let page = worn.geometry.page;
    let whole = PageBox {
        x: 0.0,
        y: 0.0,
        width: f64::from(page.width),
        height: f64::from(page.height),
    };
    let corners = worn
        .geometry
        .corners(&whole)
        .map(|corner| (corner.x, corner.y));
    let middle = corners.iter().fold((0.0, 0.0), |sum, corner| {
        (sum.0 + corner.0 / 4.0, sum.1 + corner.1 / 4.0)
    });
    corners.map(|(x, y)| (x - middle.0, y - middle.1))
}

/// What moves the page moves its corners, or cuts the picture, and more of it does so more.
#[test]
fn each_geometric_distortion_shows_and_grows() {
    let page = page(60.0);
    let flat = corners(&page);
    for name in GEOMETRIC {
        for seed in 0..6 {
            let change = |strength: f32| {
                let wear: Wear = format!("{name}={strength}").parse().unwrap();
                let worn = wear.apply(&page, seed).unwrap();
                let moved: f64 = corners(&worn)
                    .iter()
                    .zip(&flat)
                    .map(|(a, b)| (a.0 - b.0).hypot(a.1 - b.1))
                    .sum();
                let size = worn.picture.size();
                assert_eq!(worn.geometry.picture, size, "{name}");
                let area = size.area() as f64 / page.picture.size().area() as f64;
                (moved, area)
            };
            assert_eq!(change(0.0), (0.0, 1.0), "{name}");
            let (weak, strong) = (change(0.3), change(1.0));
            let context = format!("{name}, seed {seed}: {weak:?} {strong:?}");
            if name == "crop" {
                assert!(strong.0 < 1e-6, "a crop turns nothing, {context}");
                assert!(weak.1 < 1.0 && strong.1 < weak.1, "{context}");
            } else {
                // The seed fixes the share of the strength: 0.3 to 1, but for the curve of the arc.
                let growth = strong.0 / weak.0;
                assert!(weak.0 > 1.0 && (3.2..3.5).contains(&growth), "{context}");
            }
        }
    }
}

#[test]
fn wear_that_moves_nothing_keeps_the_geometry() {
    let page = page(60.0);
    let wear: Wear = "noise=0.5,shadow=1,jpeg=1,creases=1".parse().unwrap();
    assert_eq!(wear.apply(&page, 1).unwrap().geometry, page.geometry);
}
