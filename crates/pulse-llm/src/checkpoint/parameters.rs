//! The parameters of a model by the names of the LLaVA layout: what a trainer shows, groups and
//! saves.

use std::fmt;

use burn::module::{Module, ModuleVisitor, Param, ParamId};
use burn::tensor::Tensor;
use pulse_vision::ProjectorKind;
use serde::{Deserialize, Serialize};

use super::layout::names::{IMAGE_NEWLINE, VISION, projector_layer};

/// A part of the model that can be trained or frozen as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ModelPart {
    /// The vision tower.
    Encoder,
    /// Features to the decoder's width.
    Projector,
    /// The language model with embeddings and head, and the newline of `spatial_unpad`, as in the
    /// original, where both are parameters of the language model.
    Decoder,
}

impl fmt::Display for ModelPart {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Encoder => "encoder",
            Self::Projector => "projector",
            Self::Decoder => "decoder",
        })
    }
}

/// One parameter of a model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParameterPlace {
    /// Its identity in the module.
    pub id: ParamId,
    /// Its name in a checkpoint of the LLaVA layout.
    pub name: String,
    /// Its shape in the checkpoint. The module may have it flattened (the patch embedding).
    pub shape: Vec<usize>,
    /// The part it belongs to.
    pub part: ModelPart,
}

impl ParameterPlace {
    /// Number of values.
    pub fn values(&self) -> usize {
        self.shape.iter().product()
    }

    /// Whether the reference leaves it out of weight decay: parameters of norms and biases
    /// (`get_parameter_names` of transformers with `LayerNorm` and `LlamaRMSNorm`).
    pub fn is_exempt_from_decay(&self) -> bool {
        let is_norm = ["layernorm", "layer_norm", "layrnorm", "model.norm."];
        self.name.ends_with("bias") || is_norm.iter().any(|part| self.name.contains(part))
    }
}

/// All parameters of a [`MultimodalModel`](crate::MultimodalModel) with CLIP tower, MLP projector
/// and Llama decoder, in the module's order. `patch` is the side of the tower's patches.
pub fn parameters<M: Module>(
    model: &M,
    projector: ProjectorKind,
    patch: usize,
) -> Vec<ParameterPlace> {
    let mut visitor = Visitor {
        path: Vec::new(),
        projector,
        patch,
        found: Vec::new(),
    };
    model.visit(&mut visitor);
    visitor.found
}

struct Visitor {
    path: Vec<String>,
    projector: ProjectorKind,
    patch: usize,
    found: Vec<ParameterPlace>,
}

impl ModuleVisitor for Visitor {
    fn enter_module(&mut self, name: &str, _: &str) {
        self.path.push(name.to_owned());
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.pop();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let path: Vec<&str> = self.path.iter().map(String::as_str).collect();
        let Some((part, name)) = checkpoint_name(&path, self.projector) else {
            return;
        };
        let mut shape: Vec<usize> = param.lazy_shape().iter().copied().collect();
        if name.ends_with("patch_embedding.weight") {
            let area = self.patch * self.patch;
            shape = vec![shape[0], shape[1] / area.max(1), self.patch, self.patch];
        }
        self.found.push(ParameterPlace {
            id: param.id,
            name,
            shape,
            part,
        });
    }
}

/// Names of our modules and of the checkpoint, for what is spelt differently.
const DECODER: [(&str, &str); 9] = [
    ("attention_norm", "input_layernorm"),
    ("feed_forward_norm", "post_attention_layernorm"),
    ("query", "self_attn.q_proj"),
    ("key", "self_attn.k_proj"),
    ("value", "self_attn.v_proj"),
    ("output", "self_attn.o_proj"),
    ("gate", "mlp.gate_proj"),
    ("up", "mlp.up_proj"),
    ("down", "mlp.down_proj"),
];

const ENCODER: [(&str, &str); 8] = [
    ("attention_norm", "layer_norm1"),
    ("feed_forward_norm", "layer_norm2"),
    ("query", "self_attn.q_proj"),
    ("key", "self_attn.k_proj"),
    ("value", "self_attn.v_proj"),
    ("output", "self_attn.out_proj"),
    ("inner", "mlp.fc1"),
    ("outer", "mlp.fc2"),
];

/// The checkpoint's name of one of our modules.
fn spelt(table: &[(&str, &'static str)], ours: &str) -> Option<&'static str> {
    let (_, theirs) = table.iter().find(|(name, _)| *name == ours)?;
    Some(theirs)
}

fn checkpoint_name(path: &[&str], projector: ProjectorKind) -> Option<(ModelPart, String)> {
    Some(match path {
        ["image_newline"] => (ModelPart::Decoder, IMAGE_NEWLINE.to_owned()),
        ["projector", "layers", index, leaf] => {
            let scope = projector_layer(projector, index.parse().ok()?);
            (ModelPart::Projector, format!("{scope}.{leaf}"))
        }
        ["decoder", "embedding"] => (ModelPart::Decoder, "model.embed_tokens.weight".to_owned()),
        ["decoder", "norm", leaf] => (ModelPart::Decoder, format!("model.norm.{leaf}")),
        ["decoder", "head", leaf] => (ModelPart::Decoder, format!("lm_head.{leaf}")),
        ["decoder", "layers", index, .., module, leaf] => {
            let module = spelt(&DECODER, module)?;
            (
                ModelPart::Decoder,
                format!("model.layers.{index}.{module}.{leaf}"),
            )
        }
        ["encoder", "class_embedding"] => (
            ModelPart::Encoder,
            format!("{VISION}.embeddings.class_embedding"),
        ),
        ["encoder", "position_embedding"] => (
            ModelPart::Encoder,
            format!("{VISION}.embeddings.position_embedding.weight"),
        ),
        ["encoder", "patch_embedding", leaf] => (
            ModelPart::Encoder,
            format!("{VISION}.embeddings.patch_embedding.{leaf}"),
        ),
        ["encoder", "input_norm", leaf] => {
            (ModelPart::Encoder, format!("{VISION}.pre_layrnorm.{leaf}"))
        }
        ["encoder", "layers", index, .., module, leaf] => {
            let module = spelt(&ENCODER, module)?;
            (
                ModelPart::Encoder,
                format!("{VISION}.encoder.layers.{index}.{module}.{leaf}"),
            )
        }
        _ => return None,
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::collections::BTreeMap;
    use std::path::Path;

    use super::*;
    use crate::checkpoint::WeightFiles;
    use crate::{LoadOptions, LoadedModel};

    #[test]
    fn every_tensor_of_a_checkpoint_is_a_parameter_of_the_same_name_and_shape() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../datasets/pulse-random");
        let loaded = LoadedModel::load(&folder, &LoadOptions::default()).unwrap();
        let config = &loaded.config;
        let found: BTreeMap<String, Vec<usize>> =
            parameters(&loaded.model, config.projector, config.vision.patch_size)
                .into_iter()
                .map(|place| (place.name, place.shape))
                .collect();
        let files = WeightFiles::open(&folder).unwrap();
        let stored: BTreeMap<String, Vec<usize>> = files
            .names()
            .filter(|name| !name.contains("post_layernorm"))
            .map(|name| (name.to_owned(), files.place(name).unwrap().shape.clone()))
            .collect();
        assert_eq!(found, stored);
    }

    #[test]
    fn norms_and_biases_are_exempt_from_decay_and_embeddings_are_not() {
        let place = |name: &str| ParameterPlace {
            id: ParamId::new(),
            name: name.to_owned(),
            shape: vec![1],
            part: ModelPart::Decoder,
        };
        for name in [
            "model.norm.weight",
            "model.layers.0.input_layernorm.weight",
            "model.layers.3.post_attention_layernorm.weight",
            "model.mm_projector.0.bias",
        ] {
            assert!(place(name).is_exempt_from_decay(), "{name}");
        }
        for name in [
            "model.embed_tokens.weight",
            "lm_head.weight",
            "model.image_newline",
            "model.mm_projector.2.weight",
            "model.layers.0.mlp.down_proj.weight",
        ] {
            assert!(!place(name).is_exempt_from_decay(), "{name}");
        }
    }
}
