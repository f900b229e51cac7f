//! Where the time of a step goes.

use std::time::{Duration, Instant};

use serde::Serialize;

/// A part of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Waiting for data.
    Data,
    /// Pictures to embeddings and the blocks forward.
    Forward,
    /// Loss and backward pass, the blocks' second forward pass included.
    Backward,
    /// Clipping and update.
    Optimiser,
    /// Handing a checkpoint to its thread, or waiting for the one before.
    Checkpoint,
}

/// Seconds of each part.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct PhaseSeconds {
    /// Waiting for data.
    pub data: f64,
    /// Forward pass.
    pub forward: f64,
    /// Loss and backward pass.
    pub backward: f64,
    /// Clipping and update.
    pub optimiser: f64,
    /// Checkpoints.
    pub checkpoint: f64,
}

impl PhaseSeconds {
    /// The sum.
    pub fn total(&self) -> f64 {
        self.data + self.forward + self.backward + self.optimiser + self.checkpoint
    }
}

/// Books time to the phase that was entered last. On devices that work behind the caller's back a
/// phase is booked when it is handed over, not when it is done.
#[derive(Debug)]
pub struct PhaseClock {
    phase: Phase,
    since: Instant,
    spent: [Duration; 5],
}

impl Default for PhaseClock {
    fn default() -> Self {
        Self {
            phase: Phase::Data,
            since: Instant::now(),
            spent: [Duration::ZERO; 5],
        }
    }
}

impl PhaseClock {
    /// Ends the current phase and begins another.
    pub fn enter(&mut self, phase: Phase) {
        let now = Instant::now();
        self.spent[self.phase as usize] += now - self.since;
        self.phase = phase;
        self.since = now;
    }

    /// What was spent since the last call, and begins anew in the phase of waiting for data.
    pub fn take(&mut self) -> PhaseSeconds {
        self.enter(Phase::Data);
        let [data, forward, backward, optimiser, checkpoint] =
            std::mem::take(&mut self.spent).map(|spent| spent.as_secs_f64());
        PhaseSeconds {
            data,
            forward,
            backward,
            optimiser,
            checkpoint,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_goes_to_the_phase_that_was_entered_last() {
        let mut clock = PhaseClock::default();
        clock.enter(Phase::Backward);
        std::thread::sleep(Duration::from_millis(20));
        clock.enter(Phase::Optimiser);
        let spent = clock.take();
        assert!(spent.backward >= 0.02 && spent.forward == 0.0, "{spent:?}");
        assert!(clock.take().backward == 0.0);
    }
}
