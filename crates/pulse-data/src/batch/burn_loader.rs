//! The loader as a data loader of Burn, for its learner.

use std::marker::PhantomData;
use std::sync::{Arc, Mutex, PoisonError};

use burn::data::dataloader::{DataLoader, DataLoaderIterator, Progress};
use burn::data::dataset::{Dataset, DatasetError};
use burn::tensor::Device;

use super::error::LoaderError;
use super::host::HostBatch;
use super::loader::{Batches, Loader};
use super::tensors::TrainingBatch;
use crate::sampler::Cursor;

/// A batch as Burn's learner takes it: tensors on a device ([`TrainingBatch`]) or the host's values ([`HostBatch`]).
pub trait LearnerBatch: Send + 'static {
    /// Puts a batch where it is wanted.
    fn on_device(batch: HostBatch, device: &Device) -> Self;
}

impl LearnerBatch for HostBatch {
    fn on_device(batch: HostBatch, _: &Device) -> Self {
        batch
    }
}

impl LearnerBatch for TrainingBatch {
    fn on_device(batch: HostBatch, device: &Device) -> Self {
        Self::new(batch, device)
    }
}

/// A [`Loader`] behind Burn's trait. Each call of `iter` gives the rest of the epoch that the last
/// batch belongs to, or the next one: the place is kept, and can be saved.
pub struct BurnLoader {
    loader: Arc<Loader>,
    device: Device,
    cursor: Mutex<Cursor>,
}

impl BurnLoader {
    /// Batches from a place on, on a device.
    ///
    /// # Errors
    /// [`LoaderError::Sampler`] if the cursor belongs to another run.
    pub fn new(loader: Arc<Loader>, device: Device, from: Cursor) -> Result<Self, LoaderError> {
        loader.check(from)?;
        Ok(Self {
            loader,
            device,
            cursor: Mutex::new(from),
        })
    }

    /// The place behind the last batch that was taken.
    pub fn cursor(&self) -> Cursor {
        *self.cursor.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<B: LearnerBatch> DataLoader<B> for BurnLoader {
    fn iter<'a>(&'a self) -> Box<dyn DataLoaderIterator<B> + 'a> {
        let batches = self.loader.batches(self.cursor());
        Box::new(Iter {
            loader: self,
            batches: Some(batches),
            rows: 0,
            kind: PhantomData,
        })
    }

    fn num_items(&self) -> usize {
        self.loader.dataset().len()
    }

    fn to_device(&self, device: &Device) -> Arc<dyn DataLoader<B>> {
        Arc::new(Self {
            loader: self.loader.clone(),
            device: device.clone(),
            cursor: Mutex::new(self.cursor()),
        })
    }

    /// The samples `start..end` of the data set in an order of their own, from the first epoch on.
    /// Burn cuts a data set for several devices with this; ranks of a [`Shard`](crate::sampler::Shard)
    /// share one order instead and can be resumed together.
    fn slice(&self, start: usize, end: usize) -> Arc<dyn DataLoader<B>> {
        let loader = self.loader.slice(start..end);
        Arc::new(Self {
            cursor: Mutex::new(loader.start()),
            loader: Arc::new(loader),
            device: self.device.clone(),
        })
    }
}

struct Iter<'a, B> {
    loader: &'a BurnLoader,
    /// An error of the start is told by the first item.
    batches: Option<Result<Batches, LoaderError>>,
    rows: usize,
    kind: PhantomData<B>,
}

impl<B: LearnerBatch> Iterator for Iter<'_, B> {
    type Item = Result<B, DatasetError>;

    fn next(&mut self) -> Option<Self::Item> {
        let batch = match self.batches.as_mut()? {
            Ok(batches) => batches.next()?,
            Err(_) => Err(self.batches.take()?.err()?),
        };
        Some(batch.map_err(DatasetError::new).map(|batch| {
            self.rows += batch.rows;
            if let Some(next) = batch.next {
                let mut cursor = self
                    .loader
                    .cursor
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner);
                *cursor = next;
            }
            B::on_device(batch, &self.loader.device)
        }))
    }
}

impl<B: LearnerBatch> DataLoaderIterator<B> for Iter<'_, B> {
    fn progress(&self) -> Progress {
        // What a policy leaves out is not known before.
        Progress::new(self.rows, None, Some("samples".to_owned()))
    }
}
