//! The order of an epoch.

use std::ops::Range;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::error::SamplerError;
use super::grouped::{length_grouped, megabatch};
use super::lengths::SampleLengths;
use super::modality::{ModalityPermutations, modality_grouped};
use super::permutation::{epoch_rng, random_permutation};

/// How an epoch is ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Order {
    /// As the data set has them.
    Sequential,
    /// A new permutation every epoch; what PULSE was trained with.
    #[default]
    Random,
    /// Similar lengths together.
    Length,
    /// Pictures and texts apart, similar lengths together (`group_by_modality_length`).
    Modality,
}

impl Order {
    /// The name on command lines and in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sequential => "sequential",
            Self::Random => "random",
            Self::Length => "length",
            Self::Modality => "modality",
        }
    }
}

impl FromStr for Order {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        [Self::Sequential, Self::Random, Self::Length, Self::Modality]
            .into_iter()
            .find(|order| order.name() == name)
            .ok_or_else(|| {
                format!("unknown order {name:?}; expected sequential, random, length or modality")
            })
    }
}

/// What decides the order of all epochs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SamplerConfig {
    /// How.
    pub order: Order,
    /// Seed of the permutations.
    pub seed: u64,
    /// Samples of a group that is sorted by length: batch size times ranks times accumulation
    /// steps. Part of the order and not taken from the shard, so that other ranks and batch sizes
    /// leave the order as it is.
    pub group_batch: usize,
    /// Chunks of even length that a group is dealt to: ranks times accumulation steps.
    pub group_world: usize,
}

impl Default for SamplerConfig {
    /// Random order, seed 42, groups of PULSE's global batch (2 samples on 64 places).
    fn default() -> Self {
        Self {
            order: Order::Random,
            seed: 42,
            group_batch: 2,
            group_world: 64,
        }
    }
}

/// Makes the order of any epoch.
#[derive(Debug, Clone)]
pub struct EpochOrder {
    config: SamplerConfig,
    samples: usize,
    lengths: Vec<i64>,
}

impl EpochOrder {
    /// Orders of a data set of `samples`; the grouping orders need its lengths.
    ///
    /// # Errors
    /// [`SamplerError`] for an empty data set, or lengths that are missing or do not fit.
    pub fn new(
        config: SamplerConfig,
        samples: usize,
        lengths: Option<&SampleLengths>,
    ) -> Result<Self, SamplerError> {
        if samples == 0 {
            return Err(SamplerError::Empty);
        }
        let order = config.order.name();
        let lengths = match (config.order, lengths) {
            (Order::Sequential | Order::Random, _) => Vec::new(),
            (_, None) => return Err(SamplerError::NoLengths { order }),
            (_, Some(lengths)) if lengths.len() != samples => {
                return Err(SamplerError::Lengths {
                    found: lengths.len(),
                    expected: samples,
                });
            }
            (Order::Length, Some(lengths)) => lengths.total(),
            (Order::Modality, Some(lengths)) => lengths.by_modality(),
        };
        if config.order == Order::Modality
            && let Some(index) = lengths.iter().position(|length| *length == 0)
        {
            return Err(SamplerError::ZeroLength { index });
        }
        megabatch(config.group_batch, config.group_world)?;
        Ok(Self {
            config,
            samples,
            lengths,
        })
    }

    /// The configuration.
    pub fn config(&self) -> SamplerConfig {
        self.config
    }

    /// Samples of an epoch.
    pub fn samples(&self) -> usize {
        self.samples
    }

    /// Orders of a part of the data set.
    pub(crate) fn slice(&self, range: Range<usize>) -> Self {
        Self {
            config: self.config,
            samples: range.len(),
            lengths: self.lengths.get(range).unwrap_or_default().to_vec(),
        }
    }

    /// The indices of an epoch, each once. Permutations are drawn from the epoch's generator in the
    /// order: all samples (or, by modality, pictures, texts, megabatches).
    ///
    /// # Errors
    /// None that [`new`](Self::new) has not found already.
    pub fn epoch(&self, epoch: u64) -> Result<Vec<usize>, SamplerError> {
        let SamplerConfig {
            order,
            seed,
            group_batch,
            group_world,
        } = self.config;
        let mut rng = epoch_rng(seed, epoch);
        match order {
            Order::Sequential => Ok((0..self.samples).collect()),
            Order::Random => Ok(random_permutation(self.samples, &mut rng)),
            Order::Length => {
                let permutation = random_permutation(self.samples, &mut rng);
                length_grouped(&self.lengths, group_batch, group_world, &permutation)
            }
            Order::Modality => {
                let megabatch = megabatch(group_batch, group_world)?;
                let counts = ModalityPermutations::lengths(&self.lengths, megabatch);
                let [images, text, megabatches] =
                    counts.map(|count| random_permutation(count, &mut rng));
                let permutations = ModalityPermutations {
                    // The one of the two that is not empty, if one is.
                    all: if text.is_empty() { &images } else { &text },
                    images: &images,
                    text: &text,
                    megabatches: &megabatches,
                };
                modality_grouped(&self.lengths, group_batch, group_world, permutations)
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::sample::{Message, Sample};

    fn lengths(count: usize) -> SampleLengths {
        let samples: Vec<Sample> = (0..count)
            .map(|index| Sample {
                id: index.to_string(),
                image: (!index.is_multiple_of(3)).then(|| "a.png".into()),
                conversations: vec![Message {
                    from: "human".into(),
                    value: "word ".repeat(1 + index * 7 % 50),
                }],
            })
            .collect();
        samples.iter().collect()
    }

    #[test]
    fn every_order_has_every_sample_once() {
        let lengths = lengths(101);
        for order in [
            Order::Sequential,
            Order::Random,
            Order::Length,
            Order::Modality,
        ] {
            let config = SamplerConfig {
                order,
                group_batch: 3,
                group_world: 4,
                ..SamplerConfig::default()
            };
            let orders = EpochOrder::new(config, 101, Some(&lengths)).unwrap();
            for epoch in 0..3 {
                let mut indices = orders.epoch(epoch).unwrap();
                assert_eq!(indices, orders.epoch(epoch).unwrap());
                indices.sort_unstable();
                assert!(indices.into_iter().eq(0..101), "{order:?}");
            }
        }
    }

    #[test]
    fn missing_lengths_are_refused() {
        let config = SamplerConfig {
            order: Order::Length,
            ..SamplerConfig::default()
        };
        assert!(matches!(
            EpochOrder::new(config, 5, None),
            Err(SamplerError::NoLengths { order: "length" })
        ));
        assert!(EpochOrder::new(config, 5, Some(&lengths(4))).is_err());
        assert!(EpochOrder::new(SamplerConfig::default(), 0, None).is_err());
    }
}
