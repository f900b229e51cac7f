//! A 12-lead page at 200 dpi, against matplotlib (`benches/peers/page.py`), and worn pages at the nano
//! model's resolution, with and without encoding them.
//!
//! `PULSE_BENCH_RECORD` names a record; without it a synthetic patient is drawn. `RAYON_NUM_THREADS` sets
//! the threads: `draw` and `png` are one page on one thread whatever it says, `pages` are eight pages shared among the
//! threads, `worn nano pages` likewise. `arithmetic` is as much work as eight pages that touches no memory: what the
//! threads of this machine gain at most.

#![allow(missing_docs, clippy::expect_used)]

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use pulse_ecg::Recording;
use pulse_ecg::page::{PageRenderer, PageSettings, Paper};
use pulse_ecg::patients::{Finding, PatientPlan};
use pulse_ecg::wear::Wear;
use rand::SeedableRng;
use rayon::prelude::*;

/// Turns of a loop without memory that take about as long as a page.
const TURNS: u64 = 4_000_000;

/// A chain of multiplications that nothing can shorten.
fn turn(seed: u64) -> u64 {
    (0..TURNS).fold(seed, |x, i| {
        (x ^ i).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(17)
    })
}

/// Pages of the rows that are about throughput.
const PAGES: u64 = 8;

fn recording() -> Recording {
    if let Ok(path) = std::env::var("PULSE_BENCH_RECORD") {
        return Recording::open(path).expect("PULSE_BENCH_RECORD names a record");
    }
    let mut random = rand_chacha::ChaCha8Rng::seed_from_u64(7);
    let finding = Finding::parse("sinus rhythm").expect("a finding");
    PatientPlan::with_finding(finding, &mut random)
        .synthesize(&mut random)
        .expect("a patient")
        .recording
}

/// 672 x 448 pixels, 2.5 a millimetre: what the nano model's prototype drew.
fn nano() -> PageSettings {
    PageSettings {
        paper: Paper::Custom {
            width_mm: 268.8,
            height_mm: 179.2,
        },
        dpi: 63.5,
        ..PageSettings::default()
    }
}

fn pages(criterion: &mut Criterion) {
    let recording = recording();
    let renderer = PageRenderer::new(PageSettings::default()).expect("the defaults");
    criterion.bench_function("paper", |bencher| {
        bencher.iter(|| PageRenderer::new(black_box(PageSettings::default())));
    });
    criterion.bench_function("draw", |bencher| {
        bencher.iter(|| renderer.render(black_box(&recording)));
    });
    criterion.bench_function("png", |bencher| {
        bencher.iter(|| {
            let page = renderer.render(black_box(&recording)).expect("a page");
            page.picture.to_png().expect("a PNG")
        });
    });
    let mut group = criterion.benchmark_group("throughput");
    group.throughput(Throughput::Elements(PAGES));
    group.bench_function("arithmetic", |bencher| {
        bencher.iter(|| {
            (0..PAGES).into_par_iter().for_each(|seed| {
                black_box(turn(black_box(seed)));
            });
        });
    });
    group.bench_function("pages drawn", |bencher| {
        bencher.iter(|| {
            (0..PAGES).into_par_iter().for_each(|_| {
                black_box(renderer.render(black_box(&recording)).expect("a page"));
            });
        });
    });
    group.bench_function("pages", |bencher| {
        bencher.iter(|| {
            (0..PAGES).into_par_iter().for_each(|_| {
                let page = renderer.render(black_box(&recording)).expect("a page");
                black_box(page.picture.to_png().expect("a PNG"));
            });
        });
    });
    let nano = PageRenderer::new(nano()).expect("the nano model's page");
    for (name, wear) in [("moderate", Wear::moderate()), ("heavy", Wear::heavy())] {
        let worn = |seed| {
            let page = nano.render(black_box(&recording)).expect("a page");
            wear.apply(&page, seed).expect("a worn page").picture
        };
        group.bench_function(format!("worn nano pages, {name}"), |bencher| {
            bencher.iter(|| {
                (0..PAGES).into_par_iter().for_each(|seed| {
                    black_box(worn(seed));
                });
            });
        });
        group.bench_function(format!("worn nano pages, {name}, PNG"), |bencher| {
            bencher.iter(|| {
                (0..PAGES).into_par_iter().for_each(|seed| {
                    black_box(worn(seed).to_png().expect("a PNG"));
                });
            });
        });
        group.bench_function(format!("worn nano pages, {name}, JPEG"), |bencher| {
            bencher.iter(|| {
                (0..PAGES).into_par_iter().for_each(|seed| {
                    black_box(worn(seed).to_jpeg(90).expect("a JPEG"));
                });
            });
        });
    }
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(20);
    targets = pages
}
criterion_main!(benches);
