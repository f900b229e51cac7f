//! Any bytes as a picture, and any size as a tile plan: an error, never a panic.
//! `cargo +nightly fuzz run picture`

#![no_main]

use libfuzzer_sys::fuzz_target;
use pulse_vision::{DecodeLimits, PageImage, PixelSize, TileConvention, TilePlan};

fuzz_target!(|bytes: &[u8]| {
    let _ = PageImage::decode_with(bytes, DecodeLimits { pixels: 1 << 20 });
    if let [a, b, c, d, side, ..] = bytes {
        let size =
            PixelSize::new(u32::from(*a) << 8 | u32::from(*b), u32::from(*c) << 8 | u32::from(*d));
        let side = u32::from(*side);
        let canvas = PixelSize::new(side * 2, side);
        let _ = TilePlan::new(size, &[canvas], side, TileConvention::Llava)
            .map(|plan| plan.unpadded(24));
    }
});
