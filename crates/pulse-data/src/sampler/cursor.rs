//! A place in a run's data that can be saved and gone on from.

use serde::{Deserialize, Serialize};

use super::error::SamplerError;
use super::order::{EpochOrder, SamplerConfig};

/// What the order depends on; a cursor is only good for the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fingerprint {
    /// The sampler.
    pub sampler: SamplerConfig,
    /// Samples of the data set.
    pub samples: u64,
}

/// The next sample of a run: epoch and samples of it that all ranks together have behind them.
///
/// It says nothing about ranks, batch size and workers, and may be gone on with under others: the
/// samples to come are the same, in the same order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    /// The epoch, from 0.
    pub epoch: u64,
    /// Samples of the epoch that are done.
    pub position: u64,
    /// What the order depends on.
    pub fingerprint: Fingerprint,
}

impl Cursor {
    /// The start of the first epoch.
    pub fn start(order: &EpochOrder) -> Self {
        Self {
            epoch: 0,
            position: 0,
            fingerprint: Fingerprint {
                sampler: order.config(),
                samples: order.samples() as u64,
            },
        }
    }

    /// The start of the epoch behind this one.
    #[must_use]
    pub fn next_epoch(self) -> Self {
        Self {
            epoch: self.epoch + 1,
            position: 0,
            ..self
        }
    }

    /// Checks that the cursor belongs to an order.
    ///
    /// # Errors
    /// [`SamplerError::Cursor`] names what differs; [`SamplerError::Position`] for a place behind
    /// the end.
    pub fn check(&self, order: &EpochOrder) -> Result<(), SamplerError> {
        let (saved, current) = (self.fingerprint, Self::start(order).fingerprint);
        let differs = |name, saved: String, current: String| {
            Err(SamplerError::Cursor {
                name,
                saved,
                current,
            })
        };
        if saved.samples != current.samples {
            return differs(
                "samples",
                saved.samples.to_string(),
                current.samples.to_string(),
            );
        }
        let (then, now) = (saved.sampler, current.sampler);
        if then.order != now.order {
            return differs("order", then.order.name().into(), now.order.name().into());
        }
        for (name, then, now) in [
            ("seed", then.seed, now.seed),
            (
                "group_batch",
                then.group_batch as u64,
                now.group_batch as u64,
            ),
            (
                "group_world",
                then.group_world as u64,
                now.group_world as u64,
            ),
        ] {
            if then != now {
                return differs(name, then.to_string(), now.to_string());
            }
        }
        if self.position > current.samples {
            return Err(SamplerError::Position {
                position: self.position,
                length: current.samples,
            });
        }
        Ok(())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn another_run_is_refused_by_name() {
        let order = |seed, samples| {
            let config = SamplerConfig {
                seed,
                ..SamplerConfig::default()
            };
            EpochOrder::new(config, samples, None).unwrap()
        };
        let cursor = Cursor::start(&order(1, 10));
        assert_eq!(cursor.check(&order(1, 10)), Ok(()));
        let error = cursor.check(&order(2, 10)).unwrap_err().to_string();
        assert!(error.contains("seed = 1, this run has 2"), "{error}");
        let error = cursor.check(&order(1, 11)).unwrap_err().to_string();
        assert!(error.contains("samples = 10, this run has 11"), "{error}");
        let behind = Cursor {
            position: 11,
            ..cursor
        };
        assert!(behind.check(&order(1, 10)).is_err());
        let json = serde_json::to_string(&cursor).unwrap();
        assert_eq!(serde_json::from_str::<Cursor>(&json).unwrap(), cursor);
    }
}
