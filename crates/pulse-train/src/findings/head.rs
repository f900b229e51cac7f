//! From the features of a page's tiles to statements about it.

use burn::module::{Module, Param};
use burn::tensor::Tensor;
use burn::tensor::activation::{gelu, softmax};
use pulse_kernels::{LayerNorm, Linear, Scope, WeightSource};
use serde::{Deserialize, Serialize};

use super::outputs::Outputs;

/// Sizes of a head.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HeadShape {
    /// Tiles of a page, the base tile included.
    pub tiles: usize,
    /// Features of a tile.
    pub per_tile: usize,
    /// Width of a feature.
    pub width: usize,
    /// Learned queries.
    pub queries: usize,
    /// Width of the layer between what the queries found and the outputs.
    pub hidden: usize,
}

/// Learned queries attend over the features of all tiles, each told its tile and its place; a layer of its own makes
/// the outputs of what they found. Keys and values are the normalised features: a query's product with a projected key
/// is a product of the feature with one vector, so that a projection would add nothing.
#[derive(Module, Debug)]
pub struct FindingsHead {
    tile: Param<Tensor<2>>,
    place: Param<Tensor<2>>,
    layer_norm: LayerNorm,
    queries: Linear,
    inner: Linear,
    outer: Linear,
    #[module(skip)]
    shape: HeadShape,
}

impl FindingsHead {
    /// Takes the weights from the scope.
    pub fn load<S: WeightSource>(mut scope: Scope<'_, S>, shape: HeadShape) -> Self {
        let HeadShape {
            tiles,
            per_tile,
            width,
            queries,
            hidden,
        } = shape;
        Self {
            tile: Param::from_tensor(scope.values("tile_embedding", [tiles, width])),
            place: Param::from_tensor(scope.values("place_embedding", [per_tile, width])),
            layer_norm: LayerNorm::load(scope.within("layer_norm"), width, 1e-5),
            queries: Linear::load(scope.within("queries"), width, queries, false),
            inner: Linear::load(scope.within("inner"), queries * width, hidden, true),
            outer: Linear::load(scope.within("outer"), hidden, Outputs::count(), true),
            shape,
        }
    }

    /// The sizes.
    pub fn shape(&self) -> HeadShape {
        self.shape
    }

    /// `[pages · tiles, per_tile, width]` to `[pages, Outputs::count()]`.
    pub fn forward(&self, features: Tensor<3>) -> Tensor<2> {
        let HeadShape {
            tiles,
            per_tile,
            width,
            queries,
            ..
        } = self.shape;
        let [all, ..] = features.dims();
        let (pages, count) = (all / tiles, tiles * per_tile);
        let tile = self.tile.val().reshape([tiles, 1, width]);
        let place = self.place.val().reshape([1, per_tile, width]);
        let where_it_is = (tile + place).reshape([1, count, width]);
        let tokens = features.reshape([pages, count, width]) + where_it_is;
        let tokens = self.layer_norm.forward(tokens);
        let scores = self.queries.forward(tokens.clone()).swap_dims(1, 2);
        let found = softmax(scores, 2).matmul(tokens);
        let found = found.reshape([pages, queries * width]);
        self.outer.forward(gelu(self.inner.forward(found)))
    }

    /// Names of the parameters in the order in which a visitor meets them.
    pub(super) const NAMES: [&'static str; 9] = [
        "tile_embedding",
        "place_embedding",
        "layer_norm.weight",
        "layer_norm.bias",
        "queries.weight",
        "inner.weight",
        "inner.bias",
        "outer.weight",
        "outer.bias",
    ];
}
