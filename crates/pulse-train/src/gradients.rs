//! Gradients of the parameters, outside of any graph.

use std::collections::HashMap;

use burn::module::{Module, ModuleVisitor, Param, ParamId};
use burn::tensor::{DType, Device, Gradients, Tensor};
use pulse_kernels::add_branch;
use pulse_kernels::training::sum_of_squares;

/// Gradients by parameter, flat and in f32, summed over what was added.
#[derive(Debug, Default)]
pub struct GradientStore {
    by_id: HashMap<ParamId, Tensor<1>>,
}

impl GradientStore {
    /// Adds a gradient to what is there.
    pub fn add<const D: usize>(&mut self, id: ParamId, gradient: Tensor<D>) {
        let values = gradient.dims().iter().product::<usize>();
        let flat = gradient.cast(DType::F32).reshape([values]);
        let sum = match self.by_id.remove(&id) {
            Some(sum) => add_branch(sum, flat),
            None => flat,
        };
        self.by_id.insert(id, sum);
    }

    /// Adds a gradient of zeros if there is none.
    pub fn add_zeros(&mut self, id: ParamId, values: usize, device: &Device) {
        self.by_id
            .entry(id)
            .or_insert_with(|| Tensor::zeros([values], (device, DType::F32)));
    }

    /// Takes the gradients of a module's parameters out of a graph's.
    pub fn collect<M: Module>(&mut self, module: &M, gradients: &mut Gradients) {
        module.visit(&mut Collector {
            store: self,
            gradients,
        });
    }

    /// The gradient of a parameter, `[values]`; `None` if none was added: parameters that took no
    /// part are not updated, as in the reference.
    pub fn get(&self, id: ParamId) -> Option<&Tensor<1>> {
        self.by_id.get(&id)
    }

    /// Takes a gradient out.
    pub fn remove(&mut self, id: ParamId) -> Option<Tensor<1>> {
        self.by_id.remove(&id)
    }

    /// The 2-norm of one gradient; 0 if there is none.
    pub fn norm_of(&self, id: ParamId) -> f64 {
        self.get(id).map_or(0.0, sum_of_squares).sqrt()
    }

    /// The 2-norm over the gradients of all given parameters, summed in their order.
    pub fn norm(&self, ids: impl IntoIterator<Item = ParamId>) -> f64 {
        let squares = ids.into_iter().filter_map(|id| self.get(id));
        squares.map(sum_of_squares).sum::<f64>().sqrt()
    }
}

/// The gradient of a tensor that a graph was made to ask for it.
pub(crate) fn of_leaf<const D: usize>(leaf: &Tensor<D>, gradients: &mut Gradients) -> Tensor<D> {
    match leaf.grad_remove(gradients) {
        Some(gradient) => gradient,
        None => unreachable!("every path of the graph starts at this leaf"),
    }
}

struct Collector<'a> {
    store: &'a mut GradientStore,
    gradients: &'a mut Gradients,
}

impl ModuleVisitor for Collector<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if let Some(gradient) = param.val().grad_remove(self.gradients) {
            self.store.add(param.id, gradient);
        }
    }
}
