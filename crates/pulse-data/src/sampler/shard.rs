//! Batches of one rank from the common order.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::error::SamplerError;

/// What becomes of the samples that do not fill a batch on every rank.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Tail {
    /// The last step is filled up with samples from the start of the epoch's order, so all ranks
    /// have full batches and no sample is left out. What the original's trainer does.
    #[default]
    Repeat,
    /// The samples of the last, incomplete step are left out of this epoch.
    Drop,
    /// The last step is dealt as evenly as it goes: batches are smaller, the first ranks may have
    /// one sample more, and ranks may have an empty batch if there are fewer samples than ranks.
    /// Every sample comes exactly once.
    Short,
}

/// Which part of every step belongs to this process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shard {
    /// This rank.
    pub rank: usize,
    /// Number of ranks.
    pub world: usize,
    /// Samples of a batch of one rank.
    pub batch_size: usize,
    /// What becomes of an incomplete last step.
    pub tail: Tail,
}

impl Shard {
    /// All samples for one process, the last batch possibly smaller.
    pub fn single(batch_size: usize) -> Self {
        Self {
            rank: 0,
            world: 1,
            batch_size,
            tail: Tail::Short,
        }
    }

    /// # Errors
    /// [`SamplerError`] for numbers of 0 or a rank that does not exist.
    pub(crate) fn validate(&self) -> Result<(), SamplerError> {
        for (name, value) in [("world", self.world), ("batch_size", self.batch_size)] {
            if value == 0 {
                return Err(SamplerError::Zero { name });
            }
        }
        if self.rank >= self.world {
            return Err(SamplerError::Rank {
                rank: self.rank,
                world: self.world,
            });
        }
        Ok(())
    }

    /// Samples of all ranks together in a full step.
    pub fn step(&self) -> usize {
        self.batch_size.saturating_mul(self.world)
    }

    /// The number of steps for `remaining` samples, the same on every rank.
    pub fn steps(&self, remaining: usize) -> usize {
        match self.tail {
            Tail::Repeat | Tail::Short => remaining.div_ceil(self.step()),
            Tail::Drop => remaining / self.step(),
        }
    }
}

/// The batches of one rank, from a position in an epoch's order to its end. A step is a stretch of
/// `world * batch_size` samples, and rank `r` takes the `r`-th batch of it.
#[derive(Debug, Clone)]
pub struct ShardedBatches {
    order: Vec<usize>,
    position: usize,
    shard: Shard,
}

impl ShardedBatches {
    /// Batches of `order` from `position` on.
    ///
    /// # Errors
    /// [`SamplerError`] for an impossible shard or position.
    pub fn new(order: Vec<usize>, position: usize, shard: Shard) -> Result<Self, SamplerError> {
        shard.validate()?;
        if position > order.len() {
            return Err(SamplerError::Position {
                position: position as u64,
                length: order.len() as u64,
            });
        }
        Ok(Self {
            order,
            position,
            shard,
        })
    }

    /// Samples of all ranks that are behind: where the next step begins.
    pub fn position(&self) -> usize {
        self.position
    }

    /// Steps to come.
    pub fn remaining(&self) -> usize {
        self.shard.steps(self.order.len() - self.position)
    }

    /// This rank's part of the incomplete last step.
    fn short(&self) -> Range<usize> {
        let left = self.order.len() - self.position;
        let Shard { rank, world, .. } = self.shard;
        let (each, more) = (left / world, left % world);
        let start = self.position + rank * each + rank.min(more);
        start..start + each + usize::from(rank < more)
    }
}

impl Iterator for ShardedBatches {
    type Item = Vec<usize>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.remaining() == 0 {
            return None;
        }
        let length = self.order.len();
        let start = self.position + self.shard.rank * self.shard.batch_size;
        let end = self.position + self.shard.step();
        let batch = if end > length && self.shard.tail == Tail::Short {
            self.order[self.short()].to_vec()
        } else {
            // The modulo only matters for the last step of `Repeat`.
            let places = start..start + self.shard.batch_size;
            places.map(|place| self.order[place % length]).collect()
        };
        self.position = end.min(length);
        Some(batch)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.remaining(), Some(self.remaining()))
    }
}

impl ExactSizeIterator for ShardedBatches {}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn batches(samples: usize, world: usize, tail: Tail) -> Vec<Vec<Vec<usize>>> {
        let batch_size = 2;
        (0..world)
            .map(|rank| {
                let shard = Shard {
                    rank,
                    world,
                    batch_size,
                    tail,
                };
                let order = (0..samples).collect();
                ShardedBatches::new(order, 0, shard).unwrap().collect()
            })
            .collect()
    }

    #[test]
    fn tails_follow_their_rules() {
        assert_eq!(
            batches(11, 3, Tail::Repeat),
            [[[0, 1], [6, 7]], [[2, 3], [8, 9]], [[4, 5], [10, 0]]]
        );
        assert_eq!(batches(11, 3, Tail::Drop), [[[0, 1]], [[2, 3]], [[4, 5]]]);
        assert_eq!(
            batches(8, 3, Tail::Short),
            [
                vec![vec![0, 1], vec![6]],
                vec![vec![2, 3], vec![7]],
                vec![vec![4, 5], vec![]]
            ]
        );
        // A data set smaller than a step is gone round more than once.
        assert_eq!(batches(1, 2, Tail::Repeat), [[[0, 0]], [[0, 0]]]);
    }

    #[test]
    fn every_sample_comes_once_without_repetition() {
        for samples in 1..40 {
            for world in 1..5 {
                let mut all: Vec<usize> = batches(samples, world, Tail::Short).concat().concat();
                all.sort_unstable();
                assert!(all.into_iter().eq(0..samples));
                let steps = batches(samples, world, Tail::Repeat);
                assert!(steps.iter().all(|rank| rank.len() == steps[0].len()));
            }
        }
    }

    #[test]
    fn a_position_goes_on_with_other_ranks() {
        let order: Vec<usize> = (0..24).collect();
        let mut first = ShardedBatches::new(order.clone(), 0, Shard::single(4)).unwrap();
        first.next();
        first.next();
        assert_eq!(first.position(), 8);
        let shard = Shard {
            rank: 1,
            world: 2,
            batch_size: 2,
            tail: Tail::Short,
        };
        let mut second = ShardedBatches::new(order, 8, shard).unwrap();
        assert_eq!(second.len(), 4);
        assert_eq!(second.next(), Some(vec![10, 11]));
    }
}
