//! A batch that worker threads are making, sample by sample.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};

use rayon::ThreadPool;

use super::batcher::TrainingBatcher;
use super::dataset::TrainingDataset;
use super::error::PrepareError;
use super::host::HostBatch;
use super::prepared::Prepared;
use crate::sampler::Cursor;

/// What the workers of a loader share.
pub(super) struct Shared {
    pub(super) dataset: TrainingDataset,
    pub(super) batcher: TrainingBatcher,
    /// Set when nobody waits for the batches any more.
    pub(super) is_cancelled: AtomicBool,
}

/// A batch to come.
pub(super) struct Pending {
    pub(super) receiver: Receiver<Result<HostBatch, PrepareError>>,
    pub(super) indices: Vec<usize>,
}

struct Job {
    slots: Mutex<Vec<Option<Result<Prepared, PrepareError>>>>,
    remaining: AtomicUsize,
    next: Cursor,
    sender: SyncSender<Result<HostBatch, PrepareError>>,
}

/// Hands the samples of a batch to the workers. Whoever finishes the last sample joins the batch.
pub(super) fn start(
    shared: &Arc<Shared>,
    pool: &ThreadPool,
    indices: Vec<usize>,
    next: Cursor,
) -> Pending {
    let (sender, receiver) = sync_channel(1);
    let job = Arc::new(Job {
        slots: Mutex::new(indices.iter().map(|_| None).collect()),
        remaining: AtomicUsize::new(indices.len()),
        next,
        sender,
    });
    if indices.is_empty() {
        job.finish(&shared.batcher);
    }
    for (slot, index) in indices.iter().copied().enumerate() {
        let (shared, job) = (shared.clone(), job.clone());
        pool.spawn(move || {
            if shared.is_cancelled.load(Ordering::Relaxed) {
                return;
            }
            let prepared = shared.dataset.prepare(index);
            job.slots.lock().unwrap_or_else(PoisonError::into_inner)[slot] = Some(prepared);
            if job.remaining.fetch_sub(1, Ordering::AcqRel) == 1 {
                job.finish(&shared.batcher);
            }
        });
    }
    Pending { receiver, indices }
}

impl Job {
    fn finish(&self, batcher: &TrainingBatcher) {
        let slots = {
            let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
            std::mem::take(&mut *slots)
        };
        let samples: Result<Vec<_>, _> = slots.into_iter().flatten().collect();
        let batch = samples.map(|samples| HostBatch {
            next: Some(self.next),
            ..batcher.collate(samples)
        });
        // Nobody waits if the loader was dropped; then nothing is missed.
        self.sender.send(batch).ok();
    }
}
