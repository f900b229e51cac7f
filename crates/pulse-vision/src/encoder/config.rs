//! Architecture of a CLIP vision transformer, read from the published JSON.

use serde::{Deserialize, Serialize};

/// More blocks than any vision tower has; a larger number is a damaged configuration.
const MAX_LAYERS: usize = 1024;

/// Why an encoder's configuration cannot be used.
#[derive(Debug, thiserror::Error, PartialEq)]
pub enum EncoderConfigError {
    /// The architecture of this tower is neither built in nor described beside the checkpoint.
    #[error(
        "unknown vision tower {found:?}: expected one of {known:?} or a folder with a config.json \
         beside the checkpoint's; put the tower's CLIP config.json there"
    )]
    UnknownTower {
        /// The name in the checkpoint's configuration.
        found: String,
        /// Towers whose architecture is built in.
        known: Vec<&'static str>,
    },
    /// Two numbers of the configuration contradict each other.
    #[error("vision config: {field} is {found}, but {expected}; check the tower's config.json")]
    Inconsistent {
        /// The field at fault.
        field: &'static str,
        /// Its value.
        found: i64,
        /// What it would have to be.
        expected: String,
    },
    /// The configuration names a feature choice that does not exist.
    #[error("mm_vision_select_feature is {0:?}, expected \"patch\" or \"cls_patch\"")]
    UnknownFeature(String),
}

/// Activation of the feed-forward blocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VisionActivation {
    /// `x · sigmoid(1.702 x)`, OpenAI's CLIP.
    QuickGelu,
    /// The exact (erf) GELU.
    Gelu,
}

/// Architecture of a CLIP vision transformer; field names are those of the published `config.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ClipVisionConfig {
    /// Width of the residual stream.
    pub hidden_size: usize,
    /// Width of the feed-forward block.
    pub intermediate_size: usize,
    /// Number of transformer blocks.
    pub num_hidden_layers: usize,
    /// Number of attention heads.
    pub num_attention_heads: usize,
    /// Side of a tile in pixels.
    pub image_size: usize,
    /// Side of a patch in pixels.
    pub patch_size: usize,
    /// Colour channels.
    #[serde(default = "three")]
    pub num_channels: usize,
    /// ε of every layer norm.
    #[serde(default = "clip_epsilon")]
    pub layer_norm_eps: f64,
    /// Activation of the feed-forward blocks.
    #[serde(default = "quick_gelu")]
    pub hidden_act: VisionActivation,
}

fn three() -> usize {
    3
}

fn clip_epsilon() -> f64 {
    1e-5
}

fn quick_gelu() -> VisionActivation {
    VisionActivation::QuickGelu
}

/// Architectures known by the name that configurations give: name, tile side.
const KNOWN_TOWERS: [(&str, usize); 2] = [
    ("openai/clip-vit-large-patch14-336", 336),
    ("openai/clip-vit-large-patch14", 224),
];

impl ClipVisionConfig {
    /// The architecture of a published tower, by its Hub id.
    ///
    /// # Errors
    /// [`EncoderConfigError::UnknownTower`] for every other name.
    pub fn published(name: &str) -> Result<Self, EncoderConfigError> {
        let (_, image_size) = KNOWN_TOWERS
            .into_iter()
            .find(|(known, _)| *known == name)
            .ok_or_else(|| EncoderConfigError::UnknownTower {
                found: name.to_owned(),
                known: KNOWN_TOWERS.map(|(known, _)| known).to_vec(),
            })?;
        Ok(Self {
            hidden_size: 1024,
            intermediate_size: 4096,
            num_hidden_layers: 24,
            num_attention_heads: 16,
            image_size,
            patch_size: 14,
            num_channels: 3,
            layer_norm_eps: 1e-5,
            hidden_act: VisionActivation::QuickGelu,
        })
    }

    /// Patches along one side of a tile.
    pub fn patches_per_side(&self) -> usize {
        self.image_size / self.patch_size
    }

    /// Checks that the numbers fit together.
    ///
    /// # Errors
    /// [`EncoderConfigError::Inconsistent`] names the first field that does not.
    pub fn validate(&self) -> Result<(), EncoderConfigError> {
        let fail = |field, found: usize, expected: &str| {
            Err(EncoderConfigError::Inconsistent {
                field,
                found: found as i64,
                expected: expected.to_owned(),
            })
        };
        for (field, value) in [
            ("hidden_size", self.hidden_size),
            ("intermediate_size", self.intermediate_size),
            ("num_hidden_layers", self.num_hidden_layers),
            ("num_attention_heads", self.num_attention_heads),
            ("image_size", self.image_size),
            ("patch_size", self.patch_size),
        ] {
            if value == 0 || value > 1 << 20 {
                return fail(field, value, "it must lie between 1 and 1048576");
            }
        }
        if self.num_hidden_layers > MAX_LAYERS {
            let expected = format!("it must be at most {MAX_LAYERS}");
            return fail("num_hidden_layers", self.num_hidden_layers, &expected);
        }
        if self.num_channels != 3 {
            return fail(
                "num_channels",
                self.num_channels,
                "tiles are RGB: it must be 3",
            );
        }
        if !self.hidden_size.is_multiple_of(self.num_attention_heads) {
            return fail(
                "hidden_size",
                self.hidden_size,
                &format!(
                    "it must be a multiple of {} heads",
                    self.num_attention_heads
                ),
            );
        }
        if !self.image_size.is_multiple_of(self.patch_size) {
            return fail(
                "image_size",
                self.image_size,
                &format!("it must be a multiple of patch_size {}", self.patch_size),
            );
        }
        Ok(())
    }
}

/// Which rows of the chosen layer become features.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SelectedFeature {
    /// The patches alone; the class token is dropped.
    Patch,
    /// Class token and patches.
    ClsPatch,
}

/// Which hidden state of the tower becomes the features.
///
/// `layer` counts hidden states as transformers does: 0 is the input of the first block, `L` the
/// output of the last, negative numbers count from the end (−2 is the output of block `L − 1`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeatureSelection {
    /// Index of the hidden state.
    pub layer: i64,
    /// Rows taken from it.
    pub feature: SelectedFeature,
}

impl Default for FeatureSelection {
    fn default() -> Self {
        Self {
            layer: -2,
            feature: SelectedFeature::Patch,
        }
    }
}

impl FeatureSelection {
    /// Reads the two fields of a LLaVA configuration.
    ///
    /// # Errors
    /// [`EncoderConfigError::UnknownFeature`] for any feature but `patch` and `cls_patch`.
    pub fn from_config(layer: i64, feature: &str) -> Result<Self, EncoderConfigError> {
        let feature = match feature {
            "patch" => SelectedFeature::Patch,
            "cls_patch" => SelectedFeature::ClsPatch,
            other => return Err(EncoderConfigError::UnknownFeature(other.to_owned())),
        };
        Ok(Self { layer, feature })
    }

    /// How many blocks have to run to reach the chosen hidden state.
    ///
    /// # Errors
    /// [`EncoderConfigError::Inconsistent`] if the tower has no such hidden state.
    pub fn blocks(&self, layers: usize) -> Result<usize, EncoderConfigError> {
        let states = layers as i64 + 1;
        let index = if self.layer < 0 {
            states + self.layer
        } else {
            self.layer
        };
        if (0..states).contains(&index) {
            return Ok(index as usize);
        }
        Err(EncoderConfigError::Inconsistent {
            field: "mm_vision_select_layer",
            found: self.layer,
            expected: format!("the tower has {states} hidden states"),
        })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn selection_counts_hidden_states_like_the_reference() {
        let select = |layer| {
            FeatureSelection {
                layer,
                ..Default::default()
            }
            .blocks(24)
        };
        assert_eq!(select(-2).unwrap(), 23);
        assert_eq!(select(-1).unwrap(), 24);
        assert_eq!(select(0).unwrap(), 0);
        assert!(select(25).is_err());
        assert!(select(-26).is_err());
    }

    #[test]
    fn contradictory_numbers_are_refused() {
        let good = ClipVisionConfig::published("openai/clip-vit-large-patch14-336").unwrap();
        assert_eq!(good.validate(), Ok(()));
        assert_eq!(good.patches_per_side(), 24);
        for bad in [
            ClipVisionConfig {
                patch_size: 0,
                ..good.clone()
            },
            ClipVisionConfig {
                patch_size: 15,
                ..good.clone()
            },
            ClipVisionConfig {
                num_attention_heads: 7,
                ..good.clone()
            },
            ClipVisionConfig {
                num_channels: 1,
                ..good.clone()
            },
        ] {
            assert!(bad.validate().is_err(), "{bad:?}");
        }
        assert!(ClipVisionConfig::published("google/siglip").is_err());
    }
}
