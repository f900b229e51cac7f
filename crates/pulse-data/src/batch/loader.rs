//! Batches in order, made ahead by worker threads.
//!
//! Every sample is a task of a thread pool of its own, so that a batch of few large pages still
//! keeps all threads busy; batches come out in the order of the epoch whichever thread is fastest.
//! At most `prefetch` batches are under way beyond the one that is waited for, which bounds the
//! memory: finished batches, and the pages that the workers hold at the moment.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use burn::data::dataset::Dataset;
use rayon::{ThreadPool, ThreadPoolBuilder};

use super::batcher::TrainingBatcher;
use super::dataset::TrainingDataset;
use super::error::LoaderError;
use super::host::HostBatch;
use super::job::{Pending, Shared, start};
use crate::sampler::{Cursor, EpochOrder, SamplerError, Shard, ShardedBatches};

/// Threads, memory and share of a loader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LoaderOptions {
    /// Worker threads. They change the speed, never the batches.
    pub workers: usize,
    /// Batches made ahead.
    pub prefetch: usize,
    /// Which samples are this rank's.
    pub shard: Shard,
}

/// Makes batches of a data set. Nothing in it changes: a run's place is the [`Cursor`] that each
/// batch carries.
pub struct Loader {
    dataset: TrainingDataset,
    order: EpochOrder,
    options: LoaderOptions,
    pool: Arc<ThreadPool>,
}

impl Loader {
    /// Starts the worker threads.
    ///
    /// # Errors
    /// [`LoaderError`] for an impossible shard, an order of another data set or if there are no
    /// threads to be had.
    pub fn new(
        dataset: TrainingDataset,
        order: EpochOrder,
        options: LoaderOptions,
    ) -> Result<Self, LoaderError> {
        options.shard.validate()?;
        let workers = options.workers;
        if workers == 0 {
            return Err(SamplerError::Zero { name: "workers" }.into());
        }
        if order.samples() != dataset.len() {
            return Err(LoaderError::Samples {
                order: order.samples(),
                samples: dataset.len(),
            });
        }
        let pool = ThreadPoolBuilder::new()
            .num_threads(workers)
            .thread_name(|index| format!("pulse-data-{index}"))
            // The batch's channel closes and the loader says which samples it was.
            .panic_handler(|_| {})
            .build()
            .map_err(|error| LoaderError::Threads {
                workers,
                reason: error.to_string(),
            })?;
        Ok(Self {
            dataset,
            order,
            options,
            pool: Arc::new(pool),
        })
    }

    /// The start of the first epoch.
    pub fn start(&self) -> Cursor {
        Cursor::start(&self.order)
    }

    /// The data set.
    pub fn dataset(&self) -> &TrainingDataset {
        &self.dataset
    }

    /// The options.
    pub fn options(&self) -> LoaderOptions {
        self.options
    }

    /// Steps of a whole epoch, the same on every rank.
    pub fn steps_per_epoch(&self) -> usize {
        self.options.shard.steps(self.order.samples())
    }

    /// Checks that a place belongs to this run.
    ///
    /// # Errors
    /// [`LoaderError::Sampler`] names what differs.
    pub fn check(&self, cursor: Cursor) -> Result<(), LoaderError> {
        Ok(cursor.check(&self.order)?)
    }

    /// A loader of a part of the data set with an order of its own, on the same threads.
    pub(super) fn slice(&self, range: Range<usize>) -> Self {
        Self {
            dataset: self.dataset.slice(range.clone()),
            order: self.order.slice(range),
            options: self.options,
            pool: self.pool.clone(),
        }
    }

    /// The batches from a place to the end of its epoch. The last batch's cursor is the start of the
    /// next epoch.
    ///
    /// # Errors
    /// [`LoaderError::Sampler`] if the cursor belongs to another run.
    pub fn batches(&self, from: Cursor) -> Result<Batches, LoaderError> {
        self.check(from)?;
        let order = self.order.epoch(from.epoch)?;
        let position = from.position as usize;
        let shared = Shared {
            dataset: self.dataset.clone(),
            batcher: TrainingBatcher::new(&self.dataset.config().labeller),
            is_cancelled: AtomicBool::new(false),
        };
        Ok(Batches {
            batches: ShardedBatches::new(order, position, self.options.shard)?,
            cursor: from,
            pending: VecDeque::new(),
            prefetch: self.options.prefetch,
            shared: Arc::new(shared),
            pool: self.pool.clone(),
        })
    }
}

/// The batches of the rest of an epoch. Ends behind the first error.
pub struct Batches {
    batches: ShardedBatches,
    cursor: Cursor,
    pending: VecDeque<Pending>,
    prefetch: usize,
    shared: Arc<Shared>,
    pool: Arc<ThreadPool>,
}

impl Batches {
    /// Keeps as many batches under way as allowed, and the one to wait for.
    fn refill(&mut self) {
        while self.pending.len() <= self.prefetch {
            let Some(indices) = self.batches.next() else {
                return;
            };
            let next = if self.batches.remaining() == 0 {
                self.cursor.next_epoch()
            } else {
                Cursor {
                    position: self.batches.position() as u64,
                    ..self.cursor
                }
            };
            let pending = start(&self.shared, &self.pool, indices, next);
            self.pending.push_back(pending);
        }
    }

    /// Batches to come.
    pub fn remaining(&self) -> usize {
        self.batches.remaining() + self.pending.len()
    }
}

impl Iterator for Batches {
    type Item = Result<HostBatch, LoaderError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.shared.is_cancelled.load(Ordering::Relaxed) {
            return None;
        }
        self.refill();
        let Pending { receiver, indices } = self.pending.pop_front()?;
        let batch = match receiver.recv() {
            Ok(Ok(batch)) => return Some(Ok(batch)),
            Ok(Err(error)) => Err(error.into()),
            Err(_) => Err(LoaderError::Worker { indices }),
        };
        self.shared.is_cancelled.store(true, Ordering::Relaxed);
        Some(batch)
    }
}

impl Drop for Batches {
    fn drop(&mut self) {
        self.shared.is_cancelled.store(true, Ordering::Relaxed);
    }
}
