//! A moment of a run, ready to be written by another thread.
//!
//! A snapshot holds handles, not copies: the next update sees that the values are shared and writes
//! new ones, so that a snapshot costs memory only while it is being written.

use std::collections::HashMap;

use burn::module::{Module, ModuleVisitor, Param, ParamId};
use burn::tensor::Tensor;
use pulse_llm::checkpoint::ParameterPlace;

use super::state::RunState;
use crate::config::RunConfig;
use crate::optimizer::Optimizer;

/// One tensor by the name it has in a file.
#[derive(Debug, Clone)]
pub struct NamedTensor {
    /// Name.
    pub name: String,
    /// Shape in the file.
    pub shape: Vec<usize>,
    /// Values in row-major order.
    pub values: Tensor<1>,
}

/// What a checkpoint is written from.
#[derive(Debug, Clone)]
pub struct Snapshot {
    /// All weights of the model.
    pub weights: Vec<NamedTensor>,
    /// Weights of the head of findings; empty without one.
    pub head: Vec<NamedTensor>,
    /// Moments.
    pub optimizer: Vec<NamedTensor>,
    /// The rest.
    pub state: RunState,
    /// The settings.
    pub config: RunConfig,
}

impl Snapshot {
    /// Takes handles on everything. `state.updates` is filled from the optimiser.
    pub fn take<M: Module>(
        model: &M,
        places: &[ParameterPlace],
        optimizer: &Optimizer,
        mut state: RunState,
        config: RunConfig,
    ) -> Self {
        let mut saved = Vec::new();
        for place in places {
            let Some(of) = optimizer.state(place.id) else {
                continue;
            };
            state.updates.insert(place.name.clone(), of.updates);
            let mut push = |kind: &str, values: &Tensor<1>| {
                saved.push(NamedTensor {
                    name: format!("{kind}.{}", place.name),
                    shape: vec![place.values()],
                    values: values.clone(),
                });
            };
            push("first", &of.moments.first);
            push("second", &of.moments.second);
        }
        Self {
            weights: weights(model, places, optimizer),
            head: Vec::new(),
            optimizer: saved,
            state,
            config,
        }
    }
}

/// All weights of a model by their names in a checkpoint; where the optimiser has a master weight in
/// f32, that one.
pub(crate) fn weights<M: Module>(
    model: &M,
    places: &[ParameterPlace],
    optimizer: &Optimizer,
) -> Vec<NamedTensor> {
    let mut visitor = Values(HashMap::new());
    model.visit(&mut visitor);
    places
        .iter()
        .filter_map(|place| {
            let of = optimizer.state(place.id);
            let master = of.and_then(|state| state.master.clone());
            Some(NamedTensor {
                name: place.name.clone(),
                shape: place.shape.clone(),
                values: master.or_else(|| visitor.0.remove(&place.id))?,
            })
        })
        .collect()
}

struct Values(HashMap<ParamId, Tensor<1>>);

impl ModuleVisitor for Values {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let tensor = param.val();
        let values = tensor.dims().iter().product::<usize>();
        self.0.insert(param.id, tensor.reshape([values]));
    }
}
