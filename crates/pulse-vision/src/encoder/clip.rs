//! The CLIP vision transformer, up to the hidden state that becomes the features.
//!
//! Reference: `CLIPVisionTransformer` of transformers 4.37.2 as LLaVA's `CLIPVisionTower` uses it
//! (Radford et al. 2021, "Learning transferable visual models from natural language supervision").

use burn::module::{Module, Param};
use burn::tensor::Tensor;
use pulse_kernels::{LayerNorm, Linear, Scope, WeightSource};

use super::config::{ClipVisionConfig, EncoderConfigError, FeatureSelection, SelectedFeature};
use super::layer::ClipLayer;
use super::{EncoderGeometry, VisualEncoder};

/// CLIP ViT with a choice of layer and rows. Blocks behind the chosen hidden state are loaded, so
/// that a checkpoint stays whole, but never computed; `post_layernorm` is not on any path.
#[derive(Module, Debug)]
pub struct ClipVisionEncoder {
    patch_embedding: Linear,
    class_embedding: Param<Tensor<1>>,
    position_embedding: Param<Tensor<2>>,
    input_norm: LayerNorm,
    layers: Vec<ClipLayer>,
    #[module(skip)]
    config: ClipVisionConfig,
    #[module(skip)]
    selection: FeatureSelection,
    #[module(skip)]
    blocks: usize,
}

impl ClipVisionEncoder {
    /// Builds the tower from the weights below the scope (`embeddings.…`, `pre_layrnorm.…`,
    /// `encoder.layers.…`, names of the published CLIP files).
    ///
    /// # Errors
    /// [`EncoderConfigError`] if the configuration is contradictory or the selection impossible.
    pub fn load<S: WeightSource>(
        mut scope: Scope<'_, S>,
        config: ClipVisionConfig,
        selection: FeatureSelection,
    ) -> Result<Self, EncoderConfigError> {
        config.validate()?;
        let blocks = selection.blocks(config.num_hidden_layers)?;
        let (width, patch, channels) = (config.hidden_size, config.patch_size, config.num_channels);
        let positions = config.patches_per_side().pow(2) + 1;
        let mut embeddings = scope.within("embeddings");
        let kernel = embeddings.reshaped_values(
            "patch_embedding.weight",
            [width, channels, patch, patch],
            [width, channels * patch * patch],
        );
        let class_embedding = embeddings.values("class_embedding", [width]);
        let position_embedding = embeddings.values("position_embedding.weight", [positions, width]);
        Ok(Self {
            patch_embedding: Linear::new(kernel, None),
            class_embedding: Param::from_tensor(class_embedding),
            position_embedding: Param::from_tensor(position_embedding),
            input_norm: LayerNorm::load(scope.within("pre_layrnorm"), width, config.layer_norm_eps),
            layers: (0..config.num_hidden_layers)
                .map(|layer| {
                    ClipLayer::load(scope.within(format!("encoder.layers.{layer}")), &config)
                })
                .collect(),
            config,
            selection,
            blocks,
        })
    }

    /// The architecture.
    pub fn config(&self) -> &ClipVisionConfig {
        &self.config
    }

    /// Every hidden state, `[tiles, patches + 1, width]` each: the input of the first block, then
    /// the output of each block. For inspection and parity; [`VisualEncoder::encode`] stops early.
    pub fn hidden_states(&self, tiles: Tensor<4>) -> Vec<Tensor<3>> {
        let mut states = vec![self.embed(tiles)];
        for layer in &self.layers {
            if let Some(last) = states.last() {
                states.push(layer.forward(last.clone()));
            }
        }
        states
    }

    /// Patches to the residual stream. A convolution whose stride is its kernel is a matrix product
    /// over cut-out patches.
    fn embed(&self, tiles: Tensor<4>) -> Tensor<3> {
        let [count, channels, ..] = tiles.dims();
        let (side, patch, width) = (
            self.config.patches_per_side(),
            self.config.patch_size,
            self.config.hidden_size,
        );
        let patches = tiles
            .reshape([count, channels, side, patch, side, patch])
            .permute([0, 2, 4, 1, 3, 5])
            .reshape([count, side * side, channels * patch * patch]);
        let patches = self.patch_embedding.forward(patches);
        let class = self
            .class_embedding
            .val()
            .reshape([1, 1, width])
            .expand([count, 1, width]);
        let embedded = Tensor::cat(vec![class, patches], 1);
        self.input_norm
            .forward(embedded + self.position_embedding.val().unsqueeze())
    }
}

impl VisualEncoder for ClipVisionEncoder {
    fn encode(&self, tiles: Tensor<4>) -> Tensor<3> {
        let hidden = self.layers[..self.blocks]
            .iter()
            .fold(self.embed(tiles), |hidden, layer| layer.forward(hidden));
        match self.selection.feature {
            SelectedFeature::ClsPatch => hidden,
            SelectedFeature::Patch => {
                let [tiles, positions, width] = hidden.dims();
                hidden.slice([0..tiles, 1..positions, 0..width])
            }
        }
    }

    fn geometry(&self) -> EncoderGeometry {
        let side = self.config.patches_per_side();
        let class_tokens = usize::from(self.selection.feature == SelectedFeature::ClsPatch);
        EncoderGeometry {
            tile_side: self.config.image_size,
            patches_per_side: side,
            width: self.config.hidden_size,
            features_per_tile: side * side + class_tokens,
        }
    }
}
