//! What the model of a configuration asks for.

use burn::tensor::{DType, Device, Tensor};
use pulse_kernels::{LinearWeight, Precision, WeightSource};

use super::super::files::WeightFiles;
use super::super::layout::Layout;
use super::super::source::OptionalSource;
use crate::config::ModelConfig;
use crate::decoder::RopeRounding;
use crate::error::PulseError;

/// A weight that the model asks for.
pub(super) struct Wanted {
    pub(super) name: String,
    pub(super) shape: Vec<usize>,
    pub(super) is_linear: bool,
}

/// Everything that the model of a configuration asks for: it is built with stand-ins.
pub(super) fn wanted(
    config: &ModelConfig,
    files: &WeightFiles,
    layout: &'static Layout,
) -> Result<Vec<Wanted>, PulseError> {
    let mut planner = Planner {
        files,
        layout,
        device: Device::flex(),
        wanted: Vec::new(),
    };
    let f32 = DType::F32;
    crate::load::build(&mut planner, config, RopeRounding::None, f32, f32)?;
    Ok(planner.wanted)
}

/// A source that writes down what is asked for.
struct Planner<'a> {
    files: &'a WeightFiles,
    layout: &'static Layout,
    device: Device,
    wanted: Vec<Wanted>,
}

impl Planner<'_> {
    fn note(&mut self, name: &str, shape: &[usize], is_linear: bool) {
        self.wanted.push(Wanted {
            name: name.to_owned(),
            shape: shape.to_vec(),
            is_linear,
        });
    }

    /// One zero seen everywhere: no memory for any shape.
    fn stand_in<const D: usize>(&self, shape: [usize; D]) -> Tensor<D> {
        Tensor::<D>::zeros([1; D], &self.device).expand(shape)
    }
}

impl WeightSource for Planner<'_> {
    fn tensor<const D: usize>(&mut self, name: &str, shape: [usize; D], _: Precision) -> Tensor<D> {
        self.note(name, &shape, false);
        self.stand_in(shape)
    }

    fn reshaped<const D: usize, const E: usize>(
        &mut self,
        name: &str,
        stored: [usize; D],
        shape: [usize; E],
        _: Precision,
    ) -> Tensor<E> {
        self.note(name, &stored, false);
        self.stand_in(shape)
    }

    fn linear_weight(&mut self, name: &str, shape: [usize; 2]) -> LinearWeight {
        self.note(name, &shape, true);
        self.stand_in(shape).into()
    }
}

impl OptionalSource for Planner<'_> {
    fn optional<const D: usize>(&mut self, name: &str, shape: [usize; D]) -> Option<Tensor<D>> {
        self.files
            .contains(&self.layout.file_name(name))
            .then(|| self.tensor(name, shape, Precision::Activation))
    }
}
