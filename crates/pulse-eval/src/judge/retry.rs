//! Waiting: between attempts, and between calls.

use std::num::NonZeroU32;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use rand::{Rng, RngExt};

/// Exponential backoff with full jitter.
///
/// Before attempt `k` (from 1) a random time between 0 and `min(longest, first · 2^(k-1))` is waited, so that
/// many clients do not come back at once. A server's `Retry-After` is a lower bound.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Backoff {
    /// Calls at most, the first included.
    pub attempts: u32,
    /// Bound of the first wait.
    pub first: Duration,
    /// Bound of every wait. A longer `Retry-After` ends the attempts.
    pub longest: Duration,
}

impl Default for Backoff {
    fn default() -> Self {
        Self {
            attempts: 6,
            first: Duration::from_secs(1),
            longest: Duration::from_secs(60),
        }
    }
}

impl Backoff {
    /// How long to wait after the failed attempt `attempt` (from 1); `None` if there is no further one.
    pub fn wait(
        &self,
        attempt: u32,
        retry_after: Option<Duration>,
        random: &mut impl Rng,
    ) -> Option<Duration> {
        if attempt >= self.attempts {
            return None;
        }
        let asked = retry_after.unwrap_or_default();
        if asked > self.longest {
            return None;
        }
        let doubled = self
            .first
            .saturating_mul(1u32.checked_shl(attempt - 1).unwrap_or(u32::MAX));
        let bound = doubled.min(self.longest);
        Some(bound.mul_f64(random.random::<f64>()).max(asked))
    }
}

/// At most so many calls a minute, over all threads.
#[derive(Debug)]
pub struct RateLimit {
    gap: Duration,
    next: Mutex<Option<Instant>>,
}

impl RateLimit {
    /// Calls a minute; `None` for no limit.
    pub fn per_minute(calls: Option<NonZeroU32>) -> Self {
        let gap = calls.map_or(Duration::ZERO, |calls| {
            Duration::from_secs(60) / calls.get()
        });
        Self {
            gap,
            next: Mutex::new(None),
        }
    }

    /// Waits for the next free place.
    pub fn wait(&self) {
        if self.gap.is_zero() {
            return;
        }
        let now = Instant::now();
        let place = {
            let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
            let place = next.map_or(now, |next| next.max(now));
            *next = Some(place + self.gap);
            place
        };
        std::thread::sleep(place - now);
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    #[test]
    fn waits_grow_stay_bounded_and_obey_the_server() {
        let backoff = Backoff::default();
        let mut random = ChaCha8Rng::seed_from_u64(1);
        for _ in 0..200 {
            for attempt in 1..6 {
                let wait = backoff.wait(attempt, None, &mut random).unwrap();
                assert!(wait <= Duration::from_secs(1 << (attempt - 1)));
            }
        }
        assert_eq!(backoff.wait(6, None, &mut random), None);
        let asked = Some(Duration::from_secs(30));
        assert!(backoff.wait(1, asked, &mut random) >= asked);
        assert_eq!(
            backoff.wait(1, Some(Duration::from_secs(61)), &mut random),
            None
        );
        let many = Backoff {
            attempts: 100,
            ..backoff
        };
        assert!(many.wait(90, None, &mut random).unwrap() <= backoff.longest);
    }

    #[test]
    fn the_rate_is_kept() {
        let limit = RateLimit::per_minute(NonZeroU32::new(6000));
        let start = Instant::now();
        (0..6).for_each(|_| limit.wait());
        assert!(start.elapsed() >= Duration::from_millis(50));
        RateLimit::per_minute(None).wait();
    }
}
