//! How checkpoints spell the names of tensors.
//!
//! Modules ask for tensors by the names of the LLaVA layout; a row of the table translates the
//! parts that other layouts spell differently. Which row applies is decided by the tensors.

use serde::{Serialize, Serializer};

use super::defects::CheckpointError;
use super::files::WeightFiles;

/// One spelling: where each part of the model lies.
#[derive(Debug, PartialEq, Eq)]
pub struct Layout {
    /// Name for reports.
    pub name: &'static str,
    /// Pairs of prefixes: ours and the file's, the first match counts.
    prefixes: &'static [(&'static str, &'static str)],
}

/// Names of the LLaVA layout that the loader asks for.
pub(crate) mod names {
    use pulse_vision::ProjectorKind;

    /// Prefix of the vision tower.
    pub(crate) const VISION: &str = "model.vision_tower.vision_tower.vision_model";
    /// The newline of `spatial_unpad`.
    pub(crate) const IMAGE_NEWLINE: &str = "model.image_newline";

    /// Prefix of a layer of the projector. In a stack every second module is an activation and
    /// has no weights; a single layer stands alone.
    pub(crate) fn projector_layer(kind: ProjectorKind, layer: usize) -> String {
        match kind {
            ProjectorKind::Linear => "model.mm_projector".to_owned(),
            _ => format!("model.mm_projector.{}", 2 * layer),
        }
    }
}

use names::{IMAGE_NEWLINE, VISION};

/// The known spellings.
///
/// `llava`: the original code (`LlavaLlamaForCausalLM`). `llava-next`: files published for
/// transformers. `llava-next-4.52`: what transformers from 4.52 on has in memory and may save.
pub(crate) static LAYOUTS: [Layout; 3] = [
    Layout {
        name: "llava",
        prefixes: &[],
    },
    Layout {
        name: "llava-next",
        prefixes: &[
            (VISION, "vision_tower.vision_model"),
            ("model.mm_projector.0", "multi_modal_projector.linear_1"),
            ("model.mm_projector.2", "multi_modal_projector.linear_2"),
            (IMAGE_NEWLINE, "image_newline"),
            ("lm_head", "language_model.lm_head"),
            ("model", "language_model.model"),
        ],
    },
    Layout {
        name: "llava-next-4.52",
        prefixes: &[
            (VISION, "model.vision_tower.vision_model"),
            (
                "model.mm_projector.0",
                "model.multi_modal_projector.linear_1",
            ),
            (
                "model.mm_projector.2",
                "model.multi_modal_projector.linear_2",
            ),
            (IMAGE_NEWLINE, IMAGE_NEWLINE),
            ("model", "model.language_model"),
        ],
    },
];

impl Layout {
    /// The layout that the names of the files follow, told by the vision tower.
    ///
    /// # Errors
    /// [`CheckpointError::UnknownLayout`] if it is none of the known ones.
    pub fn detect(files: &WeightFiles) -> Result<&'static Self, CheckpointError> {
        let tower = format!("{VISION}.embeddings.class_embedding");
        LAYOUTS
            .iter()
            .find(|layout| files.contains(&layout.file_name(&tower)))
            .ok_or_else(|| CheckpointError::UnknownLayout {
                example: files.names().next().unwrap_or_default().to_owned(),
                expected: LAYOUTS
                    .iter()
                    .map(|layout| format!("{} ({})", layout.file_name(&tower), layout.name))
                    .collect::<Vec<_>>()
                    .join(", "),
            })
    }

    /// Our name of a tensor in this layout's spelling.
    pub fn file_name(&self, name: &str) -> String {
        for (ours, theirs) in self.prefixes {
            if let Some(rest) = name.strip_prefix(ours)
                && (rest.is_empty() || rest.starts_with('.'))
            {
                return format!("{theirs}{rest}");
            }
        }
        name.to_owned()
    }

    /// Whether a tensor of the file may lie unused: buffers of old files, the part of the tower
    /// behind the features, and the newline where the merge type has no use for it.
    pub(super) fn is_tolerated(&self, file_name: &str) -> bool {
        file_name.ends_with(".rotary_emb.inv_freq")
            || file_name.ends_with(".embeddings.position_ids")
            || file_name.starts_with(&self.file_name(&format!("{VISION}.post_layernorm")))
            || file_name == self.file_name(IMAGE_NEWLINE)
    }
}

impl Serialize for Layout {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_translate_by_whole_parts() {
        let names = [
            (
                "lm_head.weight",
                ["language_model.lm_head.weight", "lm_head.weight"],
            ),
            (
                "model.layers.0.mlp.up_proj.weight",
                [
                    "language_model.model.layers.0.mlp.up_proj.weight",
                    "model.language_model.layers.0.mlp.up_proj.weight",
                ],
            ),
            (
                "model.mm_projector.2.bias",
                [
                    "multi_modal_projector.linear_2.bias",
                    "model.multi_modal_projector.linear_2.bias",
                ],
            ),
            (
                "model.image_newline",
                ["image_newline", "model.image_newline"],
            ),
        ];
        for (ours, theirs) in names {
            assert_eq!(LAYOUTS[0].file_name(ours), ours);
            assert_eq!(LAYOUTS[1].file_name(ours), theirs[0]);
            assert_eq!(LAYOUTS[2].file_name(ours), theirs[1]);
        }
    }
}
