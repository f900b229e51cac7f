//! Any bytes as a picture, and any sizes and canvases as a tile plan: an error, never a panic.
//! `cargo +nightly fuzz run picture`
//!
//! `crates/pulse-vision/tests/pictures` is a good seed corpus.

#![no_main]

use libfuzzer_sys::arbitrary::{self, Arbitrary};
use libfuzzer_sys::fuzz_target;
use pulse_vision::{
    AspectMode, DecodeLimits, MAX_TILES_PER_CANVAS, MergeType, PageImage, PixelSize, Preprocessor,
    PreprocessorConfig, TileConvention, TilePlan,
};

/// Sizes, canvases and a tile side, sound and unsound.
#[derive(Debug, Arbitrary)]
struct Layout {
    picture: (u32, u32),
    /// In tiles where `is_whole`, else in pixels.
    canvases: Vec<(u32, u32)>,
    is_whole: bool,
    tile_side: u32,
    patches_per_side: u8,
}

fuzz_target!(|bytes: &[u8]| {
    let picture = PageImage::decode_with(bytes, DecodeLimits { pixels: 1 << 20 });
    let Ok(layout) = Layout::arbitrary(&mut arbitrary::Unstructured::new(bytes)) else { return };
    let side = layout.tile_side;
    let canvases: Vec<PixelSize> = layout
        .canvases
        .iter()
        .map(|(width, height)| {
            if layout.is_whole {
                let pixels = |tiles: u32| (tiles % 12).saturating_mul(side);
                PixelSize::new(pixels(*width), pixels(*height))
            } else {
                PixelSize::new(*width, *height)
            }
        })
        .collect();
    let size = PixelSize::new(layout.picture.0, layout.picture.1);
    for convention in [TileConvention::Llava, TileConvention::Hf] {
        if let Ok(plan) = TilePlan::new(size, &canvases, side, convention) {
            check(&plan, usize::from(layout.patches_per_side));
        }
        // The whole way, with tiles so small that it takes no time.
        let config = PreprocessorConfig {
            mode: AspectMode::Anyres,
            tile_side: side,
            pinpoints: canvases.clone(),
            convention,
            pass_order: Default::default(),
            mean: [0.5; 3],
            std: [0.5; 3],
            rescale_factor: 1.0 / 255.0,
        };
        if let (Ok(picture), true, Ok(preprocessor)) =
            (&picture, side <= 32, Preprocessor::new(config))
        {
            let _ = preprocessor.preprocess(picture);
        }
    }
});

/// What must hold for every plan.
fn check(plan: &TilePlan, patches_per_side: usize) {
    let (canvas, resized, (x, y)) = (plan.canvas(), plan.resized(), plan.paste());
    assert!(x + resized.width <= canvas.width && y + resized.height <= canvas.height);
    let grid = plan.grid();
    assert!(grid.tiles() as u64 <= MAX_TILES_PER_CANVAS);
    let kept = plan.unpadded(patches_per_side);
    assert_eq!(kept.first_row * 2 + kept.rows, grid.rows as usize * patches_per_side);
    assert_eq!(kept.first_column * 2 + kept.columns, grid.columns as usize * patches_per_side);
    for merge in [MergeType::Flat, MergeType::Spatial, MergeType::SpatialUnpad] {
        assert!(plan.visual_token_count(merge, patches_per_side) >= patches_per_side.pow(2));
    }
}
