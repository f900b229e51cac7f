//! How much of a run the models are busy.

use std::time::Duration;

use serde::Serialize;

/// What the devices did with their time, added up over all of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Busy {
    /// Seconds in which a device answered: vision tower, prefill, decoding, likelihoods, and the little around them.
    pub answering_s: f64,
    /// Seconds in which a device waited for pages to be opened and cut into tiles.
    pub waiting_s: f64,
}

impl Busy {
    /// The share of the time in which the devices answered; 1 where there was nothing to do.
    pub fn share(&self) -> f64 {
        let all = self.answering_s + self.waiting_s;
        if all > 0.0 {
            self.answering_s / all
        } else {
            1.0
        }
    }

    pub(super) fn add(&mut self, waiting: Duration, answering: Duration) {
        self.waiting_s += waiting.as_secs_f64();
        self.answering_s += answering.as_secs_f64();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_share_is_that_of_answering() {
        let mut busy = Busy::default();
        assert_eq!(busy.share(), 1.0);
        busy.add(Duration::from_secs(1), Duration::from_secs(2));
        busy.add(Duration::ZERO, Duration::from_secs(1));
        assert_eq!(busy.share(), 0.75);
    }
}
