//! Where modules get their weights from.
//!
//! Modules are built from their weights in one step and never filled with random values first.
//! A source hands out tensors by the names of the LLaVA checkpoint layout and collects everything
//! that is wrong, so that a loader can report all defects of a file at once.

use burn::tensor::Tensor;

use crate::packed::PackedMatrix;

/// How a weight is kept at run time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Precision {
    /// A matrix of a linear layer or an embedding table: kept as stored, or as the user chose.
    Matrix,
    /// A small tensor that joins activations element by element (norms, biases, positions): kept
    /// in the type of the activations.
    Activation,
}

/// The weight matrix of a linear layer.
#[derive(Debug, Clone)]
pub enum LinearWeight {
    /// In a type of tensors, `[outputs, inputs]`.
    Tensor(Tensor<2>),
    /// Packed in 8 or 4 bits.
    Packed(PackedMatrix),
}

impl From<Tensor<2>> for LinearWeight {
    fn from(weight: Tensor<2>) -> Self {
        Self::Tensor(weight)
    }
}

impl From<PackedMatrix> for LinearWeight {
    fn from(weight: PackedMatrix) -> Self {
        Self::Packed(weight)
    }
}

/// Gives a module its weights.
///
/// Implementations never fail at once: they note what is missing or has another shape, return a
/// stand-in of the shape asked for, and report all notes when loading ends.
pub trait WeightSource {
    /// The weight called `name` with the shape `[…; D]`.
    fn tensor<const D: usize>(
        &mut self,
        name: &str,
        shape: [usize; D],
        precision: Precision,
    ) -> Tensor<D>;

    /// The weight called `name`, stored as `[…; D]`, as `[…; E]` with the same number of elements.
    fn reshaped<const D: usize, const E: usize>(
        &mut self,
        name: &str,
        stored: [usize; D],
        shape: [usize; E],
        precision: Precision,
    ) -> Tensor<E> {
        self.tensor(name, stored, precision).reshape(shape)
    }

    /// The matrix called `name` of a linear layer, `[outputs, inputs]`. Sources that pack weights
    /// decide here, layer by layer.
    fn linear_weight(&mut self, name: &str, shape: [usize; 2]) -> LinearWeight {
        self.tensor(name, shape, Precision::Matrix).into()
    }
}

/// A source seen from below a name prefix: `scope.within("mlp")` asks for `<prefix>.mlp.<name>`.
pub struct Scope<'a, S: WeightSource> {
    source: &'a mut S,
    prefix: String,
}

impl<'a, S: WeightSource> Scope<'a, S> {
    /// Everything below `prefix`; an empty prefix means the root.
    pub fn new(source: &'a mut S, prefix: impl Into<String>) -> Self {
        Self {
            source,
            prefix: prefix.into(),
        }
    }

    /// The scope one name deeper.
    pub fn within(&mut self, name: impl std::fmt::Display) -> Scope<'_, S> {
        let prefix = self.full_name(&name.to_string());
        Scope {
            source: self.source,
            prefix,
        }
    }

    /// A weight of this scope, in the type for matrices.
    pub fn matrix(&mut self, name: &str, shape: [usize; 2]) -> Tensor<2> {
        let name = self.full_name(name);
        self.source.tensor(&name, shape, Precision::Matrix)
    }

    /// The matrix of a linear layer of this scope, packed where the source packs.
    pub fn linear_weight(&mut self, name: &str, shape: [usize; 2]) -> LinearWeight {
        let name = self.full_name(name);
        self.source.linear_weight(&name, shape)
    }

    /// A weight of this scope, in the type of activations.
    pub fn values<const D: usize>(&mut self, name: &str, shape: [usize; D]) -> Tensor<D> {
        let name = self.full_name(name);
        self.source.tensor(&name, shape, Precision::Activation)
    }

    /// A weight of this scope stored as `[…; D]`, as `[…; E]`, in the type of activations.
    pub fn reshaped_values<const D: usize, const E: usize>(
        &mut self,
        name: &str,
        stored: [usize; D],
        shape: [usize; E],
    ) -> Tensor<E> {
        let name = self.full_name(name);
        self.source
            .reshaped(&name, stored, shape, Precision::Activation)
    }

    fn full_name(&self, name: &str) -> String {
        if self.prefix.is_empty() {
            name.to_owned()
        } else {
            format!("{}.{name}", self.prefix)
        }
    }
}
