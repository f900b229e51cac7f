//! What training needs beyond inference: hand-written backward passes, the loss and the optimiser.
//!
//! The model's modules call the same functions whether they answer or learn. Where a tensor belongs
//! to an autodiff graph on the CPU those functions come here: the forward pass is the kernel of
//! inference, recorded as one node, and its backward pass is one more kernel instead of a chain of
//! element-wise operations that each read and write the whole tensor. On other devices the graph is
//! made of Burn's operations, whose backward passes CubeCL fuses (attention has a flash backward
//! there).
//!
//! | step | item |
//! | --- | --- |
//! | put a gradient into a graph | [`inject_gradient`] |
//! | products of a linear layer's backward pass | [`linear_input_gradient`], [`add_weight_gradient`] |
//! | gradient to a table that rows were picked of | [`sum_rows`] |
//! | loss and gradient of logits | [`cross_entropy`] |
//! | size of a gradient | [`sum_of_squares`] |
//! | optimiser | [`adamw`], [`AdamWStep`] |

mod adamw;
mod allocation;
mod attention;
mod bias;
mod cross_entropy;
mod gate;
mod graph;
mod kernels;
mod layer_norm_backward;
mod norm;
mod ops;
mod products;
mod quick_gelu_backward;
mod rotate;
mod slices;
mod squares;
mod sum_rows;
#[cfg(test)]
#[allow(clippy::expect_used)]
mod tests;
mod tower;

pub use adamw::{AdamWMoments, AdamWStep, adamw};
pub use allocation::keep_freed_memory;
pub use attention::attention_scratch;
pub use cross_entropy::{RowLosses, cross_entropy};
pub use graph::inject_gradient;
pub(crate) use graph::{attention, linear, rms_norm, rotate, silu_gate};
pub use products::{add_weight_gradient, linear_input_gradient};
pub use squares::sum_of_squares;
pub use sum_rows::sum_rows;
pub(crate) use tower::{add_bias, layer_norm, quick_gelu};
