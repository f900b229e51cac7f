//! Tile sizes and pixels of the specification, made with the original code on computed pictures.

#![allow(clippy::unwrap_used)]

use proptest::prelude::*;
use pulse_vision::{
    AspectMode, MAX_TILES_PER_CANVAS, MergeType, PageImage, PassOrder, PixelSize, PlanError,
    PreprocessError, Preprocessor, PreprocessorConfig, TileConvention, TilePlan,
};

const CANVASES: [(u32, u32); 5] = [(336, 672), (672, 336), (672, 672), (1008, 336), (336, 1008)];

fn canvases() -> Vec<PixelSize> {
    CANVASES
        .map(|(width, height)| PixelSize::new(width, height))
        .to_vec()
}

fn plan(width: u32, height: u32) -> TilePlan {
    let size = PixelSize::new(width, height);
    TilePlan::new(size, &canvases(), 336, TileConvention::Llava).unwrap()
}

fn preprocessor(mode: AspectMode) -> Preprocessor {
    Preprocessor::new(config(mode)).unwrap()
}

fn config(mode: AspectMode) -> PreprocessorConfig {
    PreprocessorConfig {
        mode,
        tile_side: 336,
        pinpoints: canvases(),
        convention: TileConvention::Llava,
        pass_order: PassOrder::default(),
        mean: [0.48145466, 0.4578275, 0.40821073],
        std: [0.26862954, 0.26130258, 0.27577711],
        rescale_factor: 1.0 / 255.0,
    }
}

/// The two computed pictures.
fn picture(name: char, width: u32, height: u32) -> PageImage {
    let mut rgb = Vec::new();
    for y in 0..height {
        for x in 0..width {
            for c in 0..3 {
                rgb.push(match name {
                    'A' => (7 * x + 13 * y + 29 * c) as u8,
                    _ => ((x * x + 3 * y * y + x * y + 71 * c) / 64) as u8,
                });
            }
        }
    }
    PageImage::from_rgb(PixelSize::new(width, height), rgb).unwrap()
}

#[test]
fn sizes_are_those_of_the_table() {
    // width, height; canvas; resized; paste; flat tokens; kept rows and columns; unpad tokens
    for (w, h, canvas, resized, paste, flat, kept, unpad) in [
        (
            2200,
            1700,
            (672, 672),
            (672, 520),
            (0, 76),
            2880,
            (38, 48),
            2438,
        ),
        (
            1700,
            2200,
            (672, 672),
            (520, 672),
            (76, 0),
            2880,
            (48, 38),
            2448,
        ),
        (
            640,
            480,
            (672, 672),
            (672, 504),
            (0, 84),
            2880,
            (36, 48),
            2340,
        ),
        (
            4000,
            2250,
            (672, 672),
            (672, 378),
            (0, 147),
            2880,
            (28, 48),
            1948,
        ),
        (
            899,
            1024,
            (672, 672),
            (590, 672),
            (41, 0),
            2880,
            (48, 42),
            2640,
        ),
        (
            1000,
            400,
            (1008, 336),
            (840, 336),
            (84, 0),
            2304,
            (24, 60),
            2040,
        ),
        (
            3000,
            1000,
            (1008, 336),
            (1008, 336),
            (0, 0),
            2304,
            (24, 72),
            2328,
        ),
        (
            400,
            1000,
            (336, 1008),
            (336, 840),
            (0, 84),
            2304,
            (60, 24),
            2076,
        ),
        (
            500,
            300,
            (672, 336),
            (560, 336),
            (56, 0),
            1728,
            (24, 40),
            1560,
        ),
        (
            336,
            336,
            (336, 672),
            (336, 336),
            (0, 168),
            1728,
            (24, 24),
            1176,
        ),
        (
            300,
            200,
            (336, 672),
            (336, 225),
            (0, 223),
            1728,
            (16, 24),
            976,
        ),
        (
            3000,
            5,
            (1008, 336),
            (1008, 2),
            (0, 167),
            2304,
            (0, 72),
            576,
        ),
    ] {
        let plan = plan(w, h);
        let unpadded = plan.unpadded(24);
        let found = (
            (plan.canvas().width, plan.canvas().height),
            (plan.resized().width, plan.resized().height),
            plan.paste(),
            plan.visual_token_count(MergeType::Flat, 24),
            (unpadded.rows, unpadded.columns),
            plan.visual_token_count(MergeType::SpatialUnpad, 24),
        );
        assert_eq!(
            found,
            (canvas, resized, paste, flat, kept, unpad),
            "{w}x{h}"
        );
    }
}

#[test]
fn double_precision_decides_where_exact_arithmetic_would_not() {
    for (w, h, height) in [
        (212, 159, 253),
        (246, 164, 225),
        (300, 225, 253),
        (300, 150, 169),
    ] {
        let fitted = TilePlan::new(
            PixelSize::new(w, h),
            &[PixelSize::new(336, 672)],
            336,
            TileConvention::Llava,
        );
        assert_eq!(fitted.unwrap().resized().height, height, "{w}x{h}");
    }
    for (w, h, rows, columns) in [
        (752, 423, 26, 48),
        (1408, 792, 26, 48),
        (792, 1408, 48, 26),
        (846, 1504, 48, 26),
        (704, 1496, 50, 24),
        (1496, 704, 24, 50),
    ] {
        let kept = plan(w, h).unpadded(24);
        assert_eq!((kept.rows, kept.columns), (rows, columns), "{w}x{h}");
    }
}

fn crc32(bytes: impl Iterator<Item = u8>) -> u32 {
    !bytes.fold(!0u32, |crc, byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| {
            (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg())
        })
    })
}

/// Sum and CRC-32 of a tile's bytes.
type Checksum = (u64, u32);

#[test]
fn tiles_have_the_checksums_of_the_specification() {
    let cases: [(char, u32, u32, &[Checksum]); 5] = [
        (
            'A',
            1241,
            704,
            &[
                (43185384, 0xb99b6e24),
                (24547878, 0x6bceaffd),
                (24548416, 0x7c0fde49),
                (24546851, 0x2afb4f9c),
                (24547495, 0x458f2542),
            ],
        ),
        (
            'A',
            300,
            200,
            &[
                (43174778, 0xd08a39ad),
                (14523551, 0x53bba04b),
                (14398000, 0x301ffab7),
            ],
        ),
        (
            'B',
            2200,
            1700,
            &[
                (43174625, 0x21c5d39b),
                (33379739, 0x12a6a140),
                (33415429, 0xf235ce26),
                (33407248, 0x06005f88),
                (33431879, 0xfdde8124),
            ],
        ),
        (
            'B',
            640,
            480,
            &[
                (43035783, 0x371bb80c),
                (31933344, 0xdaa5a8f2),
                (32390803, 0xce80dc80),
                (32410077, 0x7901cc79),
                (32389500, 0x129e49f1),
            ],
        ),
        (
            'B',
            899,
            1024,
            &[
                (43129927, 0xa3bb2aec),
                (37743188, 0x2029274c),
                (37913868, 0xf09404b7),
                (37899102, 0x22f06df6),
                (37908942, 0x1755d09f),
            ],
        ),
    ];
    for (name, width, height, expected) in cases {
        let tiles = preprocessor(AspectMode::Anyres).preprocess(&picture(name, width, height));
        let tiles = tiles.unwrap();
        let plane = 336 * 336;
        let found: Vec<(u64, u32)> = tiles
            .tiles_u8()
            .chunks_exact(3 * plane)
            .map(|tile| {
                // The checksums are over rows of RGB, the tiles are planes.
                let rgb = (0..plane).flat_map(|i| [tile[i], tile[plane + i], tile[2 * plane + i]]);
                (tile.iter().map(|byte| u64::from(*byte)).sum(), crc32(rgb))
            })
            .collect();
        assert_eq!(found, expected, "{name} {width}x{height}");
    }
}

#[test]
fn normalised_values_are_those_of_the_specification() {
    let b = picture('B', 1241, 704);
    let tiles = preprocessor(AspectMode::Anyres).preprocess(&b).unwrap();
    let values = tiles.pixel_values();
    let at = |t: usize, c: usize, y: usize, x: usize| values[((t * 3 + c) * 336 + y) * 336 + x];
    assert_eq!(at(0, 0, 0, 0), -1.792_262_6);
    assert_eq!(at(0, 1, 100, 200), 0.273_951_68);
    assert_eq!(at(1, 2, 335, 335), -0.584_355_65);
    assert_eq!(at(4, 0, 0, 0), 0.704_068_4);
    let sum: f64 = values.iter().map(|value| f64::from(*value)).sum();
    assert!((sum - -773_311.109_881_880_1).abs() < 1e-6, "{sum}");
    for (mode, first, expected) in [
        (AspectMode::Pad, -0.011_254_52, 34_512.086_275_550_77),
        (AspectMode::Crop, -0.230_230_9, 63_602.976_901_462_65),
    ] {
        let values = preprocessor(mode).preprocess(&b).unwrap().pixel_values();
        let sum: f64 = values.iter().map(|value| f64::from(*value)).sum();
        assert!((values[0] - first).abs() < 1e-7, "{mode:?} {}", values[0]);
        assert!((sum - expected).abs() < 1e-6, "{mode:?} {sum}");
    }
    // Bits of the specification for 0, 128 and 255 in red.
    let flat = |byte| PageImage::filled(PixelSize::square(336), [byte; 3]).unwrap();
    for (byte, bits) in [(0, 0xbfe5_68dc_u32), (128, 0x3d9c_5620), (255, 0x3ff7_1541)] {
        let tiles = preprocessor(AspectMode::Crop)
            .preprocess(&flat(byte))
            .unwrap();
        assert_eq!(tiles.pixel_values()[0].to_bits(), bits, "{byte}");
    }
}

#[test]
fn extreme_pictures_work_in_every_mode() {
    for (width, height) in [(1, 1), (20_000, 20), (20, 20_000), (1, 3000)] {
        let page = PageImage::filled(PixelSize::new(width, height), [200, 100, 50]).unwrap();
        for mode in [AspectMode::Anyres, AspectMode::Crop] {
            let tiles = preprocessor(mode).preprocess(&page).unwrap();
            assert_eq!(tiles.tiles_u8().len(), tiles.count() * 3 * 336 * 336);
            assert!(tiles.contact_sheet().is_ok());
        }
    }
    // Padded to a square this would be 400 million pixels: refused, not tried.
    let strip = PageImage::filled(PixelSize::new(20_000, 20), [0; 3]).unwrap();
    let error = preprocessor(AspectMode::Pad)
        .preprocess(&strip)
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "padded to a square, the picture of 20000x20 becomes 20000x20000 = 400000000 pixels, more \
         than the limit of 178956970; use mode anyres or crop, or scale the picture down"
    );
}

#[test]
fn canvases_of_too_many_tiles_are_refused() {
    let most = MAX_TILES_PER_CANVAS as u32;
    for convention in [TileConvention::Llava, TileConvention::Hf] {
        for side in [336 * 1000, 336 * 100, 336 * 9, u32::MAX / 336 * 336] {
            let pinpoints = [canvases(), vec![PixelSize::square(side)]].concat();
            let size = PixelSize::new(2200, 1700);
            let error = TilePlan::new(size, &pinpoints, 336, convention).unwrap_err();
            assert!(
                matches!(error, PlanError::TooManyTiles { tiles, .. } if tiles > u64::from(most)),
                "{error}"
            );
            let mut config = config(AspectMode::Anyres);
            config.convention = convention;
            config.pinpoints = pinpoints;
            let error = Preprocessor::new(config).unwrap_err();
            assert!(
                error.to_string().contains("mend image_grid_pinpoints"),
                "{error}"
            );
        }
        let largest = [PixelSize::new(336 * most, 336), PixelSize::square(336 * 8)];
        for canvas in largest {
            let plan = TilePlan::new(PixelSize::new(900, 500), &[canvas], 336, convention);
            assert_eq!(plan.unwrap().grid().tiles(), most as usize);
        }
    }
    let mut config = config(AspectMode::Crop);
    config.tile_side = 4096;
    assert!(matches!(
        Preprocessor::new(config).unwrap_err(),
        PreprocessError::TileSide(4096)
    ));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    #[test]
    fn every_size_has_a_sound_plan(width in 1u32..70_000, height in 1u32..70_000) {
        for convention in [TileConvention::Llava, TileConvention::Hf] {
            let size = PixelSize::new(width, height);
            let plan = TilePlan::new(size, &canvases(), 336, convention).unwrap();
            let (canvas, resized, (x, y)) = (plan.canvas(), plan.resized(), plan.paste());
            prop_assert!(resized.width >= 1 && resized.height >= 1);
            prop_assert!(x + resized.width <= canvas.width && y + resized.height <= canvas.height);
            prop_assert!(resized.width == canvas.width || resized.height == canvas.height);
            let kept = plan.unpadded(24);
            let grid = plan.grid();
            prop_assert!(kept.first_row * 2 + kept.rows == grid.rows as usize * 24);
            prop_assert!(kept.first_column * 2 + kept.columns == grid.columns as usize * 24);
        }
    }
}
