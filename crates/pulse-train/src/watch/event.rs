//! What happens in a run.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::clock::PhaseSeconds;
use crate::error::TrainError;

/// One update.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StepReport {
    /// Its number, from 1.
    pub step: u64,
    /// Updates of the run.
    pub total_steps: u64,
    /// Passes over the data so far.
    pub epoch: f64,
    /// Loss.
    pub loss: f64,
    /// Loss smoothed over some dozens of updates.
    pub smoothed_loss: f64,
    /// Norm over all gradients before clipping.
    pub gradient_norm: f64,
    /// Learning rate of this update.
    pub learning_rate: f64,
    /// Samples.
    pub samples: usize,
    /// Positions without padding, visual tokens included.
    pub tokens: usize,
    /// Learnt positions.
    pub learnt: usize,
    /// Micro-batches without anything to learn.
    pub masked: usize,
    /// Samples left out.
    pub dropped: u64,
    /// Seconds of its parts.
    pub seconds: PhaseSeconds,
    /// Positions a second.
    pub tokens_per_s: f64,
    /// Samples a second.
    pub samples_per_s: f64,
    /// Share of the measured peak that the model's arithmetic makes use of.
    pub utilisation: f64,
    /// Resident bytes of the process.
    pub resident_bytes: Option<u64>,
    /// Largest number of resident bytes so far.
    pub peak_bytes: Option<u64>,
}

/// An answer to one of the fixed pages.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PageAnswer {
    /// The picture's path below the image folder.
    pub page: String,
    /// What was asked.
    pub question: String,
    /// What was answered.
    pub answer: String,
}

/// Something worth telling.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// The run starts or goes on.
    Started {
        /// Updates done before.
        step: u64,
        /// Updates of the run.
        total_steps: u64,
        /// Samples of the training set.
        samples: usize,
        /// Trained parameters.
        trained: usize,
        /// All parameters.
        parameters: usize,
        /// Measured operations a second of the device.
        peak_flops: f64,
        /// Seconds since 1970.
        time: f64,
        /// Version of the program.
        version: String,
    },
    /// An update was done.
    Step(StepReport),
    /// A validation was done.
    Validation {
        /// Updates before it.
        step: u64,
        /// Mean loss over the learnt positions.
        loss: f64,
        /// Learnt positions.
        learnt: usize,
        /// Seconds it took.
        seconds: f64,
        /// Scores of the head of findings by name; none without one.
        #[serde(skip_serializing_if = "BTreeMap::is_empty")]
        scores: BTreeMap<String, f64>,
        /// Answers to the fixed pages.
        answers: Vec<PageAnswer>,
    },
    /// A checkpoint is being written.
    Checkpoint {
        /// Updates before it.
        step: u64,
        /// The folder.
        path: PathBuf,
    },
    /// The run ended.
    Ended {
        /// Updates done.
        step: u64,
        /// Why.
        reason: String,
        /// Seconds since 1970.
        time: f64,
    },
}

/// Gets the events of a run in their order.
pub trait Watcher {
    /// Takes one.
    ///
    /// # Errors
    /// [`TrainError::File`] if it cannot be written; the run saves its state and stops.
    fn take(&mut self, event: &Event) -> Result<(), TrainError>;
}

/// Several watchers.
#[derive(Default)]
pub struct Watchers(Vec<Box<dyn Watcher>>);

impl Watchers {
    /// Adds one.
    pub fn add(&mut self, watcher: impl Watcher + 'static) {
        self.0.push(Box::new(watcher));
    }
}

impl Watcher for Watchers {
    fn take(&mut self, event: &Event) -> Result<(), TrainError> {
        self.0.iter_mut().try_for_each(|one| one.take(event))
    }
}

/// Seconds since 1970.
pub(crate) fn now() -> f64 {
    std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .map_or(0.0, |since| since.as_secs_f64())
}
