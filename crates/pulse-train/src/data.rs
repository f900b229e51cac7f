//! The data of a run: conversations, pictures, batches in order.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use burn::data::dataset::Dataset;
use pulse_data::batch::{
    Batches, DatasetConfig, HostBatch, ImageFolder, Loader, LoaderOptions, TileCache,
    TrainingDataset,
};
use pulse_data::instruct::{IndexOptions, open_or_index};
use pulse_data::labels::{LabelOptions, Labeller};
use pulse_data::sampler::{Cursor, EpochOrder, Order, SampleLengths, SamplerConfig, Shard, Tail};
use pulse_data::synthesize::{SynthesizeOptions, synthesize};
use pulse_llm::LoadedModel;
use pulse_llm::text::{ConversationTemplate, Tokenizer};
use pulse_vision::VisualEncoder;

use crate::config::{DataSettings, RunConfig};
use crate::error::TrainError;

/// What the loop reads.
pub struct RunData {
    /// Micro-batches of the training set.
    pub loader: Arc<Loader>,
    /// Micro-batches of the validation set.
    pub validation: Option<Loader>,
    /// BLAKE3 of the conversations' file.
    pub digest: String,
    /// Samples of the training set.
    pub samples: usize,
    /// Folder of the pictures.
    pub images: PathBuf,
}

/// Where the conversations and pictures are, made on the spot if the settings say so.
struct Places {
    train: PathBuf,
    validation: Option<PathBuf>,
    images: PathBuf,
}

impl RunData {
    /// Opens the data of a run for a model. Indexes are made where they are missing.
    ///
    /// # Errors
    /// [`TrainError::Data`] if something is missing, damaged or empty.
    pub fn open(
        config: &RunConfig,
        model: &LoadedModel,
        tokenizer: &Tokenizer,
    ) -> Result<Self, TrainError> {
        let settings = &config.data;
        let places = places(settings)?;
        let prepare = prepare(settings, model, tokenizer, &places.images)?;
        let batch = config.train.batch_size;
        let (digest, data, lengths) = conversations(&places.train, &prepare)?;
        let sampler = SamplerConfig {
            order: settings.order,
            seed: config.train.seed,
            group_batch: batch,
            group_world: config.train.accumulation,
        };
        let options = LoaderOptions {
            workers: settings.workers,
            prefetch: settings.prefetch,
            shard: Shard::single(batch),
        };
        let samples = data.len();
        let loader = Arc::new(Loader::new(
            data.clone(),
            order(sampler, &lengths)?,
            options,
        )?);
        let validation = match &places.validation {
            None => None,
            Some(path) => {
                let (_, data, lengths) = conversations(path, &prepare)?;
                let sampler = SamplerConfig {
                    order: Order::Sequential,
                    ..sampler
                };
                let options = LoaderOptions {
                    shard: Shard {
                        // Every sample once.
                        tail: Tail::Short,
                        ..options.shard
                    },
                    ..options
                };
                Some(Loader::new(data, order(sampler, &lengths)?, options)?)
            }
        };
        Ok(Self {
            loader,
            validation,
            digest,
            samples,
            images: places.images,
        })
    }

    /// The micro-batches from a place on, epoch after epoch.
    pub fn stream(&self, from: Cursor) -> BatchStream {
        BatchStream {
            loader: self.loader.clone(),
            cursor: from,
            batches: None,
        }
    }
}

fn places(settings: &DataSettings) -> Result<Places, TrainError> {
    if let Some(synthetic) = &settings.synthetic {
        let folder = synthetic.folder.clone();
        synthesize(&SynthesizeOptions {
            count: synthetic.count,
            seed: synthetic.seed,
            out: folder.clone(),
            bench_items: Some(1),
            progress: true,
            ..SynthesizeOptions::default()
        })
        .map_err(|error| TrainError::Data(error.to_string()))?;
        return Ok(Places {
            train: folder.join("train.json"),
            validation: Some(folder.join("valid.json")),
            images: folder.join("images"),
        });
    }
    let missing = |name: &str| TrainError::Data(format!("{name} is missing in the configuration"));
    let train = settings.conversations.clone();
    let train = train.ok_or_else(|| missing("data.conversations"))?;
    let images = settings.images.clone();
    Ok(Places {
        images: images.unwrap_or_else(|| train.parent().unwrap_or(Path::new(".")).to_owned()),
        validation: settings.validation.clone(),
        train,
    })
}

fn prepare(
    settings: &DataSettings,
    model: &LoadedModel,
    tokenizer: &Tokenizer,
    images: &Path,
) -> Result<DatasetConfig, TrainError> {
    let said = |error: &dyn std::fmt::Display| TrainError::Data(error.to_string());
    let template = ConversationTemplate::named(&settings.template).map_err(|e| said(&e))?;
    let options = LabelOptions {
        template,
        policy: settings.defects,
        max_length: max_length(settings, model),
    };
    let cache = match &settings.cache {
        None => None,
        Some(folder) => {
            let bytes = (settings.cache_gib * f64::from(1 << 30)) as u64;
            let cache = TileCache::open(folder.clone(), bytes).map_err(|e| said(&e))?;
            Some(Arc::new(cache))
        }
    };
    Ok(DatasetConfig {
        labeller: Labeller::new(tokenizer.clone(), options).map_err(|e| said(&e))?,
        preprocessor: model.preprocessor.clone(),
        pictures: Arc::new(ImageFolder::new(images)),
        picture_policy: settings.pictures,
        merge: model.config.merge,
        patches_per_side: model.model.encoder.geometry().patches_per_side,
        cache,
    })
}

/// The longest sequence of a run.
pub(crate) fn max_length(settings: &DataSettings, model: &LoadedModel) -> usize {
    let context = model.config.context;
    settings
        .max_length
        .map_or(context, |wanted| wanted.min(context))
}

fn conversations(
    path: &Path,
    prepare: &DatasetConfig,
) -> Result<(String, TrainingDataset, SampleLengths), TrainError> {
    let said = |error: &dyn std::fmt::Display| TrainError::Data(error.to_string());
    let options = IndexOptions {
        progress: true,
        ..IndexOptions::default()
    };
    let (file, note) = open_or_index(path, &options).map_err(|e| said(&e))?;
    if let Some(note) = note {
        tracing::warn!("{note}");
    }
    let digest = blake3::Hash::from_bytes(file.header().source_digest);
    let lengths = SampleLengths::of_file(&file);
    let data = TrainingDataset::new(Arc::new(file), prepare.clone());
    Ok((digest.to_hex().to_string(), data, lengths))
}

fn order(sampler: SamplerConfig, lengths: &SampleLengths) -> Result<EpochOrder, TrainError> {
    EpochOrder::new(sampler, lengths.len(), Some(lengths))
        .map_err(|error| TrainError::Data(error.to_string()))
}

/// Micro-batches without end. Workers prepare the next ones while a step is computed.
pub struct BatchStream {
    loader: Arc<Loader>,
    cursor: Cursor,
    batches: Option<Batches>,
}

impl BatchStream {
    /// The place behind the last batch.
    pub fn cursor(&self) -> Cursor {
        self.cursor
    }

    /// The next batch.
    ///
    /// # Errors
    /// [`TrainError::Loader`] if a sample cannot be prepared under the policies.
    pub fn next_batch(&mut self) -> Result<HostBatch, TrainError> {
        // An epoch has at least one batch, so that the second round always finds one.
        for _ in 0..2 {
            if self.batches.is_none() {
                self.batches = Some(self.loader.batches(self.cursor)?);
            }
            match self.batches.as_mut().and_then(Iterator::next) {
                Some(batch) => {
                    let batch = batch?;
                    if let Some(next) = batch.next {
                        self.cursor = next;
                    }
                    return Ok(batch);
                }
                None => self.batches = None,
            }
        }
        Err(TrainError::Data("the data set has no batches".to_owned()))
    }
}
