//! One sample at a time: text to ids and labels, picture to tiles.

use std::error::Error;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use burn::data::dataset::transform::PartialDataset;
use burn::data::dataset::{Dataset, DatasetError};
use pulse_vision::{MergeType, PageImage, PreprocessError, Preprocessor, TilePixels};
use serde::{Deserialize, Serialize};

use super::cache::TileCache;
use super::error::PrepareError;
use super::pictures::PictureSource;
use super::prepared::{Prepared, PreparedSample};
use crate::instruct::InstructError;
use crate::labels::{LabelError, Labelled, Labeller, SampleDefect};
use crate::sample::Sample;

/// What to do with a picture that is missing, damaged or no picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PicturePolicy {
    /// Stop, as the original does.
    #[default]
    Error,
    /// Leave the sample out and count it.
    Drop,
}

/// What decides how samples are prepared.
#[derive(Clone)]
pub struct DatasetConfig {
    /// Texts to ids and labels.
    pub labeller: Labeller,
    /// Pictures to tiles.
    pub preprocessor: Preprocessor,
    /// Where the pictures are.
    pub pictures: Arc<dyn PictureSource>,
    /// What to do with unusable ones.
    pub picture_policy: PicturePolicy,
    /// How tiles become positions, for their number.
    pub merge: MergeType,
    /// Patches along a side of a tile: 24 for CLIP ViT-L/14 at 336 pixels.
    pub patches_per_side: usize,
    /// Keeps tiles on disk between epochs.
    pub cache: Option<Arc<TileCache>>,
}

/// A data set whose samples come out ready to be batched. Cheap to clone, usable from several
/// threads.
#[derive(Clone)]
pub struct TrainingDataset {
    samples: Arc<dyn Dataset<Sample>>,
    config: DatasetConfig,
}

impl TrainingDataset {
    /// Prepares the samples of a data set. Nothing is read yet.
    pub fn new(samples: Arc<dyn Dataset<Sample>>, config: DatasetConfig) -> Self {
        Self { samples, config }
    }

    /// The configuration.
    pub fn config(&self) -> &DatasetConfig {
        &self.config
    }

    /// The samples as the data set has them.
    pub fn samples(&self) -> &Arc<dyn Dataset<Sample>> {
        &self.samples
    }

    /// A part of the data set.
    pub(super) fn slice(&self, range: Range<usize>) -> Self {
        let samples = PartialDataset::new(self.samples.clone(), range.start, range.end);
        Self::new(Arc::new(samples), self.config.clone())
    }

    /// Prepares a sample.
    ///
    /// # Errors
    /// [`PrepareError`] if the data set fails, and for a defect if the policies say to stop. An item of an
    /// [`InstructFile`](crate::instruct::InstructFile) that is no conversation is such a defect; it goes by `#` and
    /// its number.
    pub fn prepare(&self, index: usize) -> Result<Prepared, PrepareError> {
        let source = |reason: String| PrepareError::Source { index, reason };
        let samples = self.samples.len();
        if index >= samples {
            return Err(source(format!("there are only {samples}")));
        }
        let labeller = &self.config.labeller;
        let sample = match self.samples.get(index) {
            Ok(sample) => sample,
            Err(error) => {
                let drops = labeller.options().policy.drops();
                return match malformed(&error).filter(|_| drops) {
                    Some((id, defect)) => Ok(Prepared::Dropped { index, id, defect }),
                    None => Err(source(error.to_string())),
                };
            }
        };
        // The text first: a sample that its text rules out costs no decoding.
        let tokens = match labeller.label(&sample)? {
            Labelled::Kept(tokens) => tokens,
            Labelled::Dropped(defect) => return Ok(dropped(index, sample, defect)),
        };
        let tiles = match &sample.image {
            None => None,
            Some(path) => match self.tiles(&sample, path)? {
                Ok(tiles) => Some(tiles),
                Err(defect) if self.config.picture_policy == PicturePolicy::Drop => {
                    return Ok(dropped(index, sample, defect));
                }
                Err(defect) => {
                    let id = sample.id;
                    return Err(LabelError::Defect { id, defect }.into());
                }
            },
        };
        let visual_tokens = tiles.as_ref().map_or(0, |tiles| self.visual_tokens(tiles));
        Ok(match labeller.fit(&sample, tokens, visual_tokens)? {
            Labelled::Kept(tokens) => Prepared::Kept(Box::new(PreparedSample {
                index,
                id: sample.id,
                tokens,
                tiles,
                visual_tokens,
            })),
            Labelled::Dropped(defect) => dropped(index, sample, defect),
        })
    }

    /// The tiles of a sample's picture, or what is wrong with it.
    fn tiles(
        &self,
        sample: &Sample,
        path: &Path,
    ) -> Result<Result<TilePixels, SampleDefect>, PrepareError> {
        let defect = |reason: String| SampleDefect::Picture {
            path: path.display().to_string(),
            reason,
        };
        let bytes = match self.config.pictures.bytes(sample) {
            Ok(bytes) => bytes,
            Err(error) => {
                let refusal = error.get_ref().and_then(|inner| inner.downcast_ref());
                return Ok(Err(match refusal.cloned() {
                    Some(refusal) => SampleDefect::UnsafePath(refusal),
                    None => defect(error.to_string()),
                }));
            }
        };
        let preprocessor = &self.config.preprocessor;
        let make = || -> Result<TilePixels, PreprocessError> {
            preprocessor.preprocess(&PageImage::decode(&bytes)?)
        };
        let made = match &self.config.cache {
            Some(cache) => cache.get_or_make(&bytes, preprocessor, make),
            None => make(),
        };
        match made {
            Ok(tiles) => Ok(Ok(tiles)),
            Err(error @ (PreprocessError::Picture(_) | PreprocessError::Plan(_))) => {
                Ok(Err(defect(error.to_string())))
            }
            Err(error) => Err(error.into()),
        }
    }

    fn visual_tokens(&self, tiles: &TilePixels) -> usize {
        let (merge, patches) = (self.config.merge, self.config.patches_per_side);
        match tiles.plan() {
            Some(plan) => plan.visual_token_count(merge, patches),
            // A single tile gets one newline token.
            None => patches * patches + usize::from(merge == MergeType::SpatialUnpad),
        }
    }
}

/// The name and the defect of an item that is no conversation; `None` for other failures of a data set.
fn malformed(error: &DatasetError) -> Option<(String, SampleDefect)> {
    match error.source()?.downcast_ref()? {
        InstructError::Item { defect, .. } => Some((
            format!("#{}", defect.item),
            SampleDefect::Malformed {
                reason: defect.reason.clone(),
            },
        )),
        _ => None,
    }
}

fn dropped(index: usize, sample: Sample, defect: SampleDefect) -> Prepared {
    Prepared::Dropped {
        index,
        id: sample.id,
        defect,
    }
}

impl Dataset<Prepared> for TrainingDataset {
    fn get(&self, index: usize) -> Result<Prepared, DatasetError> {
        self.prepare(index).map_err(DatasetError::new)
    }

    fn len(&self) -> usize {
        self.samples.len()
    }
}
