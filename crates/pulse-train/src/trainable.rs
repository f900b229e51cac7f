//! Which parameters are trained.

use std::fmt;

use burn::module::Module;
use pulse_llm::checkpoint::{ModelPart, ParameterPlace, parameters};
use pulse_llm::decoder::{CausalDecoder, LayeredDecoder};
use pulse_llm::{MergeType, ModelConfig, MultimodalModel};
use pulse_vision::{VisualEncoder, VisualProjector};

use crate::error::TrainError;
use crate::findings::{FindingsHead, is_of_head, places};

/// The parts that are trained. The newline of `spatial_unpad` goes with the decoder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tune {
    /// The vision tower; frozen in PULSE.
    pub encoder: bool,
    /// The projector.
    pub projector: bool,
    /// The language model.
    pub decoder: bool,
}

impl Tune {
    /// No part.
    pub const NOTHING: Self = Self {
        encoder: false,
        projector: false,
        decoder: false,
    };
    /// PULSE's: projector and language model.
    pub const PULSE: Self = Self {
        encoder: false,
        projector: true,
        decoder: true,
    };

    /// The parts of a list.
    pub fn of(parts: &[ModelPart]) -> Self {
        Self {
            encoder: parts.contains(&ModelPart::Encoder),
            projector: parts.contains(&ModelPart::Projector),
            decoder: parts.contains(&ModelPart::Decoder),
        }
    }

    /// Whether a part is among them.
    pub fn has(self, part: ModelPart) -> bool {
        match part {
            ModelPart::Encoder => self.encoder,
            ModelPart::Projector => self.projector,
            ModelPart::Decoder => self.decoder,
        }
    }

    /// The model with the other parts frozen: these stay so whatever is done to the model, and get no
    /// gradients.
    pub fn freeze<V: VisualEncoder, P: VisualProjector, D: LayeredDecoder>(
        self,
        mut model: MultimodalModel<V, P, D>,
    ) -> MultimodalModel<V, P, D> {
        if !self.encoder {
            model.encoder = model.encoder.no_grad();
        }
        if !self.projector {
            model.projector = model.projector.no_grad();
        }
        if !self.decoder {
            model.decoder = model.decoder.no_grad();
            model.image_newline = model.image_newline.map(Module::no_grad);
        }
        model
    }
}

/// The trained and frozen parameters of a model by name.
#[derive(Debug, Clone)]
pub struct TrainableSet {
    all: Vec<ParameterPlace>,
    tune: Tune,
}

impl TrainableSet {
    /// Lists a model's parameters.
    ///
    /// # Errors
    /// [`TrainError::Nothing`] if no part is trained, or if the decoder is and shares its embedding
    /// table with its head: the module holds them as two parameters that would part.
    pub fn new<V: VisualEncoder, P: VisualProjector, D: CausalDecoder>(
        model: &MultimodalModel<V, P, D>,
        config: &ModelConfig,
        tune: Tune,
    ) -> Result<Self, TrainError> {
        if tune == Tune::NOTHING {
            return Err(TrainError::Nothing(
                "model.tune is empty, so nothing would be trained; name encoder, projector or \
                 decoder"
                    .to_owned(),
            ));
        }
        if tune.decoder && config.decoder.tie_word_embeddings {
            return Err(TrainError::Nothing(
                "the model ties its embedding table to its head (tie_word_embeddings), which cannot \
                 be trained in this version; train the projector alone (model.tune = \
                 [\"projector\"]) or use an untied checkpoint, as PULSE's is"
                    .to_owned(),
            ));
        }
        let all = parameters(model, config.projector, config.vision.patch_size);
        let named: usize = all.iter().map(ParameterPlace::values).sum();
        if named != model.num_params() {
            return Err(TrainError::Nothing(format!(
                "{named} of the model's {} parameters have a name in a checkpoint; the others could be \
                 neither trained nor saved",
                model.num_params()
            )));
        }
        Ok(Self { all, tune })
    }

    /// The set with the parameters of a head of findings, which is trained.
    pub fn with_head(mut self, head: &FindingsHead) -> Self {
        self.all.extend(places(head));
        self
    }

    /// Which parts are trained.
    pub fn tune(&self) -> Tune {
        self.tune
    }

    /// All parameters in the module's order.
    pub fn all(&self) -> &[ParameterPlace] {
        &self.all
    }

    /// The trained ones in the module's order.
    pub fn trained(&self) -> impl Iterator<Item = &ParameterPlace> {
        let is_trained = |place: &&ParameterPlace| self.tune.has(place.part) || is_of_head(place);
        self.all.iter().filter(is_trained)
    }

    /// The trained parameters that every update changes, also one in which nothing reached them: their
    /// gradient is zero then, the moments decay and move the weight on. In the reference that are all
    /// but the newline where the merge type has no use for it, and the tower's blocks behind the
    /// features; those have no gradient and stay as they are.
    pub(crate) fn always_updated(&self, merge: MergeType) -> impl Iterator<Item = &ParameterPlace> {
        self.trained().filter(move |place| {
            let is_newline = place.name.ends_with("image_newline");
            place.part != ModelPart::Encoder
                && !is_of_head(place)
                && (!is_newline || merge == MergeType::SpatialUnpad)
        })
    }

    /// Values of a part.
    pub fn values(&self, part: ModelPart) -> usize {
        let is_in = |place: &&ParameterPlace| place.part == part && !is_of_head(place);
        self.all
            .iter()
            .filter(is_in)
            .map(ParameterPlace::values)
            .sum()
    }

    /// Values of all trained parameters.
    pub fn trained_values(&self) -> usize {
        self.trained().map(ParameterPlace::values).sum()
    }
}

impl fmt::Display for TrainableSet {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, "{:<10} {:>15}  {:>7}", "part", "parameters", "")?;
        for part in [ModelPart::Encoder, ModelPart::Projector, ModelPart::Decoder] {
            let state = if self.tune.has(part) {
                "trained"
            } else {
                "frozen"
            };
            let values = grouped(self.values(part));
            writeln!(out, "{:<10} {values:>15}  {state}", part.to_string())?;
        }
        let of_head = self.all.iter().filter(|place| is_of_head(place));
        let of_head: usize = of_head.map(ParameterPlace::values).sum();
        if of_head > 0 {
            writeln!(out, "{:<10} {:>15}  trained", "findings", grouped(of_head))?;
        }
        let all: usize = self.all.iter().map(ParameterPlace::values).sum();
        let (trained, all) = (grouped(self.trained_values()), grouped(all));
        write!(out, "{:<10} {trained:>15}  trained of {all}", "together")
    }
}

/// A number with commas between thousands.
pub(crate) fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_by_thousands() {
        for (number, text) in [
            (0, "0"),
            (999, "999"),
            (1000, "1,000"),
            (6_738_415_616, "6,738,415,616"),
        ] {
            assert_eq!(grouped(number), text);
        }
    }
}
