//! Features to the decoder's width.

use burn::module::{Module, ModuleDisplay};
use burn::tensor::Tensor;
use burn::tensor::activation::gelu;
use pulse_kernels::{Linear, Scope, WeightSource};
use serde::{Deserialize, Serialize};

/// Maps visual features to the space of the decoder's embeddings.
pub trait VisualProjector: Module + ModuleDisplay {
    /// `[tiles, features, width]` to `[tiles, features, hidden]`.
    fn project(&self, features: Tensor<3>) -> Tensor<3>;
}

/// The projector types of LLaVA configurations (`mm_projector_type`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum ProjectorKind {
    /// Features pass unchanged; widths must be equal.
    Identity,
    /// One linear layer that stands alone (`linear`).
    Linear,
    /// This many linear layers with exact (erf) GELU between them; PULSE's `mlp2x_gelu` has two.
    Mlp(usize),
}

/// A projector type that does not exist.
#[derive(Debug, thiserror::Error, PartialEq)]
#[error(
    "mm_projector_type is {0:?}, expected \"linear\", \"identity\" or \"mlpNx_gelu\", N 1 to 16"
)]
pub struct ProjectorKindError(String);

impl TryFrom<String> for ProjectorKind {
    type Error = ProjectorKindError;

    fn try_from(name: String) -> Result<Self, Self::Error> {
        match name.as_str() {
            "identity" => return Ok(Self::Identity),
            "linear" => return Ok(Self::Linear),
            _ => {}
        }
        name.strip_prefix("mlp")
            .and_then(|rest| rest.strip_suffix("x_gelu"))
            .and_then(|depth| depth.parse().ok())
            .filter(|depth| (1..=16).contains(depth))
            .map(Self::Mlp)
            .ok_or(ProjectorKindError(name))
    }
}

impl From<ProjectorKind> for String {
    fn from(kind: ProjectorKind) -> Self {
        match kind {
            ProjectorKind::Identity => "identity".to_owned(),
            ProjectorKind::Linear => "linear".to_owned(),
            ProjectorKind::Mlp(depth) => format!("mlp{depth}x_gelu"),
        }
    }
}

/// A stack of linear layers with exact GELU between them.
///
/// Reference: `build_vision_projector` of LLaVA (`multimodal_projector/builder.py`).
#[derive(Module, Debug)]
pub struct MlpProjector {
    layers: Vec<Linear>,
}

impl MlpProjector {
    /// Builds the projector; layer `i` takes its weights from the scope that `layer_scope` names
    /// for it (checkpoint layouts number the layers differently).
    pub fn load<S: WeightSource>(
        source: &mut S,
        kind: ProjectorKind,
        width: usize,
        hidden: usize,
        layer_scope: impl Fn(usize) -> String,
    ) -> Self {
        let depth = match kind {
            ProjectorKind::Identity => 0,
            ProjectorKind::Linear => 1,
            ProjectorKind::Mlp(depth) => depth,
        };
        let layers = (0..depth)
            .map(|layer| {
                let inputs = if layer == 0 { width } else { hidden };
                Linear::load(Scope::new(source, layer_scope(layer)), inputs, hidden, true)
            })
            .collect();
        Self { layers }
    }
}

impl VisualProjector for MlpProjector {
    fn project(&self, features: Tensor<3>) -> Tensor<3> {
        self.layers
            .iter()
            .enumerate()
            .fold(features, |features, (index, layer)| {
                layer.forward(if index == 0 { features } else { gelu(features) })
            })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn kinds_round_trip_and_others_are_refused() {
        for name in ["identity", "linear", "mlp2x_gelu", "mlp3x_gelu"] {
            let kind = ProjectorKind::try_from(name.to_owned()).unwrap();
            assert_eq!(String::from(kind), name);
        }
        for name in ["", "mlp0x_gelu", "mlpx_gelu", "resampler", "mlp99x_gelu"] {
            assert!(ProjectorKind::try_from(name.to_owned()).is_err(), "{name}");
        }
    }
}
