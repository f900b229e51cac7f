//! A 2200x1700 PNG to five normalised tiles, against Pillow (`benches/peers/preprocess.py`).
//!
//! `PULSE_BENCH_PNG` names the picture; without it the page of this repository is scaled up.
//! `RAYON_NUM_THREADS` sets the threads. `benches/compare.sh` runs both sides.

#![allow(missing_docs, clippy::expect_used)]

use std::hint::black_box;
use std::path::PathBuf;

use criterion::{Criterion, criterion_group, criterion_main};
use pulse_vision::{
    AspectMode, PageImage, PassOrder, PixelSize, Preprocessor, PreprocessorConfig, TileConvention,
    resize_bicubic,
};

fn picture() -> Vec<u8> {
    if let Ok(path) = std::env::var("PULSE_BENCH_PNG") {
        return std::fs::read(path).expect("PULSE_BENCH_PNG names a readable file");
    }
    let page =
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../datasets/pages/sinus-rhythm.png");
    let page = PageImage::open(page).expect("the repository's page");
    let size = PixelSize::new(2200, 1700);
    let large = resize_bicubic(&page, size, PassOrder::default()).expect("a size");
    let mut bytes = std::io::Cursor::new(Vec::new());
    image::RgbImage::from_raw(size.width, size.height, large.rgb().to_vec())
        .expect("pixels of the size")
        .write_to(&mut bytes, image::ImageFormat::Png)
        .expect("PNG into memory");
    bytes.into_inner()
}

fn preprocess(criterion: &mut Criterion) {
    let bytes = picture();
    let canvases = [(336, 672), (672, 336), (672, 672), (1008, 336), (336, 1008)];
    let preprocessor = Preprocessor::new(PreprocessorConfig {
        mode: AspectMode::Anyres,
        tile_side: 336,
        pinpoints: canvases
            .map(|(width, height)| PixelSize::new(width, height))
            .to_vec(),
        convention: TileConvention::Llava,
        pass_order: PassOrder::default(),
        mean: [0.48145466, 0.4578275, 0.40821073],
        std: [0.26862954, 0.26130258, 0.27577711],
        rescale_factor: 1.0 / 255.0,
    })
    .expect("the numbers of PULSE-7B");
    let decoded = PageImage::decode(&bytes).expect("a picture");
    let tiles = preprocessor.preprocess(&decoded).expect("tiles");
    criterion.bench_function("decode", |bencher| {
        bencher.iter(|| PageImage::decode(black_box(&bytes)));
    });
    criterion.bench_function("tiles", |bencher| {
        bencher.iter(|| preprocessor.preprocess(black_box(&decoded)));
    });
    criterion.bench_function("normalise", |bencher| {
        bencher.iter(|| black_box(&tiles).pixel_values());
    });
    criterion.bench_function("whole", |bencher| {
        bencher.iter(|| {
            let decoded = PageImage::decode(black_box(&bytes)).expect("a picture");
            preprocessor
                .preprocess(&decoded)
                .map(|tiles| tiles.pixel_values())
        });
    });
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(20);
    targets = preprocess
}
criterion_main!(benches);
