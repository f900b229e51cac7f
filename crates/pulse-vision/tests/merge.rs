//! Merging the features of pictures of one tile.

#![allow(clippy::unwrap_used)]

use burn::tensor::{Device, Tensor, TensorData};
use pulse_vision::{MergeError, MergeType, PixelSize, TileConvention, TilePlan, merge_tiles};

/// `[tiles, 4, 3]` of rising numbers.
fn features(tiles: usize) -> Tensor<3> {
    let values: Vec<f32> = (0..tiles * 12).map(|value| value as f32).collect();
    Tensor::from_data(TensorData::new(values, [tiles, 4, 3]), &Device::flex())
}

fn newline() -> Tensor<1> {
    Tensor::from_data(TensorData::new(vec![-1f32; 3], [3]), &Device::flex())
}

fn values(tokens: pulse_vision::VisualTokens) -> Vec<f32> {
    tokens.embeddings.into_data().try_to_vec().unwrap()
}

#[test]
fn a_picture_of_one_tile_is_its_features_whatever_the_merge_type() {
    let expected: Vec<f32> = (0..12).map(|value| value as f32).collect();
    for merge in [MergeType::Flat, MergeType::Spatial, MergeType::SpatialUnpad] {
        for newline in [None, Some(newline())] {
            let tokens = merge_tiles(features(1), None, merge, 2, newline).unwrap();
            assert_eq!(tokens.count(), 4, "{merge}");
            assert_eq!(values(tokens), expected, "{merge}");
        }
    }
}

#[test]
fn a_tiled_picture_gets_its_newlines() {
    let plan = |width, height| {
        let size = PixelSize::new(width, height);
        TilePlan::new(size, &[PixelSize::new(4, 2)], 2, TileConvention::Llava).unwrap()
    };
    let merge = |plan: &TilePlan, newline| {
        merge_tiles(features(3), Some(plan), MergeType::SpatialUnpad, 2, newline)
    };
    let whole = values(merge(&plan(40, 20), Some(newline())).unwrap());
    // The base tile, then two rows of four patches out of both tiles, a newline after each.
    let rows = [[4, 5, 8, 9], [6, 7, 10, 11]];
    let patch = |patch: usize| (0..3).map(move |k| (patch * 3 + k) as f32);
    let mut expected: Vec<f32> = (0..4).flat_map(patch).collect();
    for row in rows {
        expected.extend(row.into_iter().flat_map(patch));
        expected.extend([-1.0; 3]);
    }
    assert_eq!(whole, expected);
    // A square on this canvas has a column of padding on each side.
    let narrow = merge(&plan(20, 20), Some(newline())).unwrap();
    assert_eq!(narrow.count(), 4 + 2 * 3);
    assert_eq!(
        merge(&plan(40, 20), None).unwrap_err(),
        MergeError::NoNewline
    );
}
