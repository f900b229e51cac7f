//! Stops a run before a bad update is done.

use crate::error::TrainError;
use crate::job::Job;
use crate::step::StepOutcome;

/// Updates before the guard against explosions watches.
const SETTLED: u64 = 20;

/// The error of a step whose loss or gradient is no number or far from what it was.
pub(crate) fn diverged(job: &Job, outcome: &StepOutcome) -> Option<TrainError> {
    let limit = job.state.smoothed_loss.and_then(|smoothed| {
        let factor = job.config.train.explosion_factor;
        (factor > 0.0 && job.state.step >= SETTLED).then_some(factor * smoothed)
    });
    let (what, value, expected) = if !outcome.loss.is_finite() {
        ("the loss", outcome.loss, "expected a number".to_owned())
    } else if !outcome.gradient_norm.is_finite() {
        let expected = "expected a number".to_owned();
        ("the gradient norm", outcome.gradient_norm, expected)
    } else {
        let limit = limit.filter(|limit| outcome.loss > *limit)?;
        let expected =
            format!("expected at most {limit:.3} (train.explosion_factor times the smoothed loss)");
        ("the loss", outcome.loss, expected)
    };
    // The micro-batches at fault, or all if the gradient alone is.
    let is_bad = |loss: f64| !loss.is_finite() || limit.is_some_and(|limit| loss > limit);
    let has_bad = outcome.micro.iter().any(|micro| is_bad(micro.loss));
    let ids: Vec<&str> = outcome
        .micro
        .iter()
        .zip(&outcome.ids)
        .filter(|(micro, _)| !has_bad || is_bad(micro.loss))
        .flat_map(|(_, ids)| ids.iter().map(String::as_str))
        .collect();
    Some(TrainError::Diverged {
        step: job.state.step + 1,
        what,
        value,
        expected,
        samples: ids.join(", "),
        saved: String::new(),
    })
}
