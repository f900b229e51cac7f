//! AdamW over the parameters of a model, in groups.
//!
//! Moments and, where the model computes in a narrower type, master weights are f32. Burn's AdamW
//! keeps its state in the gradient's type and clips tensor by tensor; the reference clips by the norm
//! over all gradients and keeps f32 (DeepSpeed's FusedAdam with ZeRO).

use std::collections::HashMap;

use burn::module::{Module, ModuleMapper, Param, ParamId};
use burn::tensor::{DType, Tensor};
use pulse_kernels::training::{AdamWMoments, AdamWStep, adamw};
use pulse_llm::checkpoint::{ModelPart, ParameterPlace};
use serde::{Deserialize, Serialize};

use crate::gradients::GradientStore;
use crate::trainable::TrainableSet;

/// Settings of the optimiser. The default is PULSE's.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct OptimizerSettings {
    /// Learning rate at the top of the schedule.
    pub learning_rate: f64,
    /// Decays of the two means.
    pub betas: (f64, f64),
    /// Added to the root of the squares.
    pub epsilon: f64,
    /// Decoupled weight decay.
    pub weight_decay: f64,
    /// A learning rate of its own for the projector.
    pub projector_learning_rate: Option<f64>,
    /// A learning rate of its own for the vision tower.
    pub encoder_learning_rate: Option<f64>,
    /// Whether norms and biases are left out of weight decay. The published run has one group; the
    /// original's code without DeepSpeed's optimiser block splits.
    pub split_decay: bool,
    /// Largest norm over all gradients; `None`: no clipping.
    pub max_gradient_norm: Option<f64>,
}

impl Default for OptimizerSettings {
    fn default() -> Self {
        Self {
            learning_rate: 2e-5,
            betas: (0.9, 0.999),
            epsilon: 1e-8,
            weight_decay: 0.0,
            projector_learning_rate: None,
            encoder_learning_rate: None,
            split_decay: false,
            max_gradient_norm: Some(1.0),
        }
    }
}

impl OptimizerSettings {
    /// Learning rate and weight decay of a parameter.
    fn group(&self, place: &ParameterPlace) -> (f64, f64) {
        let own = match place.part {
            ModelPart::Encoder => self.encoder_learning_rate,
            ModelPart::Projector => self.projector_learning_rate,
            ModelPart::Decoder => None,
        };
        let rate = own.unwrap_or(self.learning_rate);
        let is_exempt = self.split_decay && place.is_exempt_from_decay();
        (rate, if is_exempt { 0.0 } else { self.weight_decay })
    }

    /// The factor that brings a gradient of this norm to the largest allowed
    /// (`torch.nn.utils.clip_grad_norm_`).
    pub fn clip_factor(&self, norm: f64) -> f64 {
        match self.max_gradient_norm {
            Some(largest) => (largest / (norm + 1e-6)).min(1.0),
            None => 1.0,
        }
    }
}

/// What the optimiser knows of one parameter.
#[derive(Debug, Clone)]
pub struct ParameterState {
    /// The two means.
    pub moments: AdamWMoments,
    /// Updates so far.
    pub updates: u64,
    /// The weight in f32, if the model holds it in a narrower type.
    pub master: Option<Tensor<1>>,
}

/// AdamW with its state.
#[derive(Debug, Clone, Default)]
pub struct Optimizer {
    settings: OptimizerSettings,
    /// Learning rate and weight decay of each parameter.
    groups: HashMap<ParamId, (f64, f64)>,
    state: HashMap<ParamId, ParameterState>,
}

impl Optimizer {
    /// An optimiser without state for a model's trained parameters.
    pub fn new(settings: OptimizerSettings, set: &TrainableSet) -> Self {
        Self {
            settings,
            groups: set
                .trained()
                .map(|place| (place.id, settings.group(place)))
                .collect(),
            state: HashMap::new(),
        }
    }

    /// The settings.
    pub fn settings(&self) -> &OptimizerSettings {
        &self.settings
    }

    /// The state of a parameter; `None` before its first update.
    pub fn state(&self, id: ParamId) -> Option<&ParameterState> {
        self.state.get(&id)
    }

    /// Puts a saved state in place.
    pub fn restore(&mut self, id: ParamId, state: ParameterState) {
        self.state.insert(id, state);
    }

    /// Updates the model with the gradients, which are used up. `rate_factor` is the schedule's,
    /// `gradient_scale` what clipping leaves. Parameters without gradient stay as they are, decay
    /// included, as in the reference.
    pub fn step<M: Module>(
        &mut self,
        model: M,
        gradients: GradientStore,
        rate_factor: f64,
        gradient_scale: f64,
    ) -> M {
        model.map(&mut Update {
            optimizer: self,
            gradients,
            rate_factor,
            gradient_scale,
        })
    }

    fn update(
        &mut self,
        id: ParamId,
        stored: Tensor<1>,
        gradient: &Tensor<1>,
        rate_factor: f64,
        gradient_scale: f64,
    ) -> Tensor<1> {
        let Some((rate, decay)) = self.groups.get(&id).copied() else {
            return stored;
        };
        let dtype = stored.dtype();
        let [values] = stored.dims();
        let (moments, updates, weight) = match self.state.remove(&id) {
            Some(state) => (
                state.moments,
                state.updates,
                state.master.unwrap_or_else(|| widen(stored)),
            ),
            None => (AdamWMoments::zeros(values, &stored), 0, widen(stored)),
        };
        let step = AdamWStep {
            learning_rate: rate * rate_factor,
            beta1: self.settings.betas.0,
            beta2: self.settings.betas.1,
            epsilon: self.settings.epsilon,
            weight_decay: decay,
            number: updates + 1,
            gradient_scale,
        };
        let (weight, moments) = adamw(weight, gradient, moments, step);
        let (stored, master) = if dtype == DType::F32 {
            (weight, None)
        } else {
            (weight.clone().cast(dtype), Some(weight))
        };
        let state = ParameterState {
            moments,
            updates: updates + 1,
            master,
        };
        self.state.insert(id, state);
        stored
    }
}

fn widen(tensor: Tensor<1>) -> Tensor<1> {
    if tensor.dtype() == DType::F32 {
        tensor
    } else {
        tensor.cast(DType::F32)
    }
}

struct Update<'a> {
    optimizer: &'a mut Optimizer,
    gradients: GradientStore,
    rate_factor: f64,
    gradient_scale: f64,
}

impl ModuleMapper for Update<'_> {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let id = param.id;
        let Some(gradient) = self.gradients.remove(id) else {
            return param;
        };
        // `map` gives the only handle on the values, so that they are changed where they lie.
        param.map(|tensor| {
            let shape = tensor.dims();
            let flat = tensor.reshape([shape.iter().product::<usize>()]);
            self.optimizer
                .update(id, flat, &gradient, self.rate_factor, self.gradient_scale)
                .reshape(shape)
        })
    }
}
