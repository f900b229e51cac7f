//! Kernels of PULSE: what the model's arithmetic needs beyond Burn's own operations.
//!
//! Model code calls the functions and modules of this crate and never asks which device it runs
//! on. On the CPU backend (Flex) they work on the raw slices of the tensors; on every other device
//! they are written in Burn's operations, so that CubeCL compiles and fuses them.
//!
//! | capability | item |
//! | --- | --- |
//! | weights straight from a memory-mapped file | [`MappedFile`] |
//! | where a module's weights come from | [`WeightSource`], [`Scope`] |
//! | linear layer on weights as stored (f32, bf16, f16) or packed | [`Linear`] |
//! | weights of 8 and 4 bits | [`PackedMatrix`], [`PackedFormat`] |
//! | the instruction set in use | [`Level`] |
//! | what the machine can do at most | [`peak`] |
//! | attention over a cache, causal or not, grouped queries | [`attention()`] |
//! | attention of several continuations of one sequence at once | [`tree_attention`] |
//! | log-softmax at a few places | [`log_softmax_at`] |
//! | normalisation | [`RmsNorm`], [`LayerNorm`] |
//! | activations | [`silu_gate`], [`quick_gelu`] |
//! | residual sums | [`add_branch`] |
//! | rotary positions | [`rotate`] |
//! | training: backward passes, loss, optimiser (feature `training`) | `training` |
//!
//! This is the only crate of the workspace that contains `unsafe`; each block states its reason.

mod activation;
mod add;
mod attention;
mod columns;
mod cpu;
mod dense;
mod dot;
mod level;
mod linear;
mod log_softmax;
mod mapped;
mod matrix_vector;
mod norm;
mod packed;
pub mod peak;
mod rotate;
mod rows;
mod scratch;
#[cfg(feature = "training")]
pub mod training;
mod weights;

pub use activation::{quick_gelu, silu_gate};
pub use add::add_branch;
pub use attention::{AttentionShape, TreeShape, attention, tree_attention};
pub use cpu::{is_cpu, on_workers};
pub use level::Level;
pub use linear::Linear;
pub use log_softmax::log_softmax_at;
pub use mapped::{MapError, MappedFile};
pub use norm::{LayerNorm, RmsNorm};
pub use packed::{BLOCK, PANEL, PackedError, PackedFormat, PackedMatrix};
pub use rotate::rotate;
pub use weights::{LinearWeight, Precision, Scope, WeightSource};
