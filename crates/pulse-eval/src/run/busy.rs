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
    /// Seconds in which a device had ended and others still answered, or the last answers were written.
    pub ended_s: f64,
}

impl Busy {
    /// The share of the whole run on all devices in which they answered; 1 where there was nothing to do.
    pub fn share(&self) -> f64 {
        let all = self.answering_s + self.waiting_s + self.ended_s;
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

    /// Counts devices up to the end of a run; `ends` says how long after its beginning each of them ended.
    pub(super) fn end(&mut self, ends: &[Duration], whole: Duration) {
        for end in ends {
            self.ended_s += whole.saturating_sub(*end).as_secs_f64();
        }
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
        // Two devices in a run of 4 s: one ended after 3 s, the other, which did nothing, after 1 s.
        busy.end(&[3, 1].map(Duration::from_secs), Duration::from_secs(4));
        assert_eq!(busy.ended_s, 4.0);
        assert_eq!(busy.share(), 3.0 / 8.0);
    }
}
