//! Wear gives equal bytes for equal seeds, whatever the number of threads, and each distortion shows.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod drawn;

use drawn::beats;
use pulse_ecg::page::{GridColour, Page, PageRenderer, PageSettings};
use pulse_ecg::wear::Wear;

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

const PAGE_DIGEST: u64 = 0;
const WORN_DIGEST: u64 = 0;

/// Every distortion alone changes the page, and more of it changes it more.
#[test]
fn each_distortion_shows_and_grows() {
    let page = page(60.0);
    for name in Wear::NAMES {
        let change = |strength: f32| {
            let wear: Wear = format!("{name}={strength}").parse().unwrap();
            let worn = wear.apply(&page, 5).unwrap();
            let same_size = worn.picture.size() == page.picture.size();
            let pairs = worn.picture.rgb().iter().zip(page.picture.rgb());
            let sum: u64 = pairs.map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
            (same_size, sum)
        };
        assert_eq!(change(0.0), (true, 0), "{name}");
        let (weak, strong) = (change(0.3), change(1.0));
        // Sizes differ after geometric wear, and then pixels can't be compared.
        if weak.0 && strong.0 {
            assert!(
                weak.1 > 0 && strong.1 > weak.1,
                "{name}: {weak:?} {strong:?}"
            );
        }
        assert!(weak.1 > 0, "{name}");
    }
}

#[test]
fn wear_that_moves_nothing_keeps_the_geometry() {
    let page = page(60.0);
    let wear: Wear = "noise=0.5,shadow=1,jpeg=1,creases=1".parse().unwrap();
    assert_eq!(wear.apply(&page, 1).unwrap().geometry, page.geometry);
}
