//! What a run knows beside weights and moments.

use std::collections::BTreeMap;

use pulse_data::sampler::Cursor;
use serde::{Deserialize, Serialize};

use crate::schedule::Schedule;

/// The lowest validation loss so far.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct BestScore {
    /// Update after which it was measured.
    pub step: u64,
    /// The loss.
    pub loss: f64,
}

/// Everything of a run that is neither tensor nor setting. Written as JSON.
///
/// The only random numbers of a run are the orders of its epochs; each follows from the seed and the
/// epoch, both of which the cursor holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunState {
    /// Version of the program that wrote it.
    pub version: String,
    /// Updates done.
    pub step: u64,
    /// The schedule.
    pub schedule: Schedule,
    /// The next sample.
    pub cursor: Cursor,
    /// BLAKE3 of the conversations' file.
    pub data_digest: String,
    /// Architecture of the model, so that another one is refused by name and not by shapes.
    pub architecture: String,
    /// Smoothed loss, for the guard against explosions.
    pub smoothed_loss: Option<f64>,
    /// The last validation loss.
    pub validation_loss: Option<f64>,
    /// The best validation loss.
    pub best: Option<BestScore>,
    /// Micro-batches without anything to learn so far.
    pub masked: u64,
    /// Samples left out so far.
    pub dropped: u64,
    /// Learnt tokens so far.
    pub learnt: u64,
    /// Updates of each parameter that had any; they differ where a parameter got no gradient.
    pub updates: BTreeMap<String, u64>,
}
