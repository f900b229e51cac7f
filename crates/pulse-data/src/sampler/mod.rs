//! Which samples come when, and on which machine.
//!
//! | step | item |
//! | --- | --- |
//! | the order of an epoch | [`SamplerConfig`], [`Order`], [`EpochOrder`] |
//! | permutations from a seed | [`random_permutation`], [`epoch_rng`] |
//! | grouping by length as the original | [`length_grouped`], [`modality_grouped`], [`split_to_even_chunks`] |
//! | lengths of samples | [`SampleLengths`] |
//! | batches of one rank | [`Shard`], [`Tail`], [`ShardedBatches`] |
//! | a place in an epoch | [`Cursor`], [`Fingerprint`] |
//!
//! An epoch is one list of indices, the same on every rank. Ranks take batches from it in turn, so a
//! place in the epoch is one number, whatever the ranks, workers and batch sizes are.

mod cursor;
mod error;
mod grouped;
mod lengths;
mod modality;
mod order;
mod permutation;
mod shard;

pub use cursor::{Cursor, Fingerprint};
pub use error::SamplerError;
pub use grouped::{length_grouped, split_to_even_chunks};
pub use lengths::SampleLengths;
pub use modality::{ModalityPermutations, modality_grouped};
pub use order::{EpochOrder, Order, SamplerConfig};
pub use permutation::{epoch_rng, random_permutation};
pub use shard::{Shard, ShardedBatches, Tail};
