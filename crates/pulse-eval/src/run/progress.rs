//! How far a run is.

use std::fmt;
use std::time::Duration;

use crate::task::Task;

/// How far a run is, after an answer or a failure.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Progress {
    /// The task of the last answer.
    pub task: Task,
    /// Questions answered or failed by this run.
    pub done: u64,
    /// Questions that were open when it began.
    pub all: u64,
    /// Questions that failed.
    pub failed: u64,
    /// Time since the first question was handed out.
    pub elapsed: Duration,
}

impl Progress {
    /// Questions a second.
    pub fn rate(&self) -> f64 {
        self.done as f64 / self.elapsed.as_secs_f64().max(1e-9)
    }

    /// The time that the rest takes at this rate.
    pub fn remaining(&self) -> Duration {
        Duration::from_secs_f64((self.all - self.done.min(self.all)) as f64 / self.rate().max(1e-9))
    }
}

impl fmt::Display for Progress {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.remaining().as_secs();
        let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
        write!(
            out,
            "{}: {} of {}, {} failed, {:.2}/s, {hours}:{minutes:02}:{:02} left",
            self.task,
            self.done,
            self.all,
            self.failed,
            self.rate(),
            seconds % 60
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rate_and_remaining_time_are_shown() {
        let progress = Progress {
            task: Task::PtbTest,
            done: 20,
            all: 2020,
            failed: 1,
            elapsed: Duration::from_secs(40),
        };
        assert_eq!(
            progress.to_string(),
            "ptb-test: 20 of 2020, 1 failed, 0.50/s, 1:06:40 left"
        );
    }
}
