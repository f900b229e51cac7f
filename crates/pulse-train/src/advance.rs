//! One update of a run.

use crate::clock::PhaseClock;
use crate::data::BatchStream;
use crate::error::TrainError;
use crate::guard::diverged;
use crate::job::Job;
use crate::memory;
use crate::step::{accumulate_supervised, update_both};
use crate::watch::{Event, StepReport, Watcher};

/// Weight of the newest loss in the smoothed one.
const SMOOTHING: f64 = 0.05;

/// An update that failed, with the state before it.
pub(crate) struct Failed {
    pub(crate) job: Box<Job>,
    pub(crate) error: TrainError,
}

/// One update with its report.
pub(crate) fn one_update(
    mut job: Job,
    stream: &mut BatchStream,
    clock: &mut PhaseClock,
    peak: f64,
    watcher: &mut dyn Watcher,
) -> Result<Job, Failed> {
    let step = job.state.step;
    let count = job.config.train.accumulation;
    let accumulated = accumulate_supervised(
        &job.model,
        job.supervision(),
        (0..count).map(|_| stream.next_batch()),
        count,
        job.config.train.average,
        &job.context,
        &job.set,
        clock,
    );
    let fail = |job: Job, error| Failed {
        job: Box::new(job),
        error,
    };
    let (outcome, gradients) = match accumulated {
        Ok(accumulated) => accumulated,
        Err(error) => return Err(fail(job, error)),
    };
    if let Some(error) = diverged(&job, &outcome) {
        return Err(fail(job, error));
    }
    let cursor = stream.cursor();
    let factor = job.state.schedule.factor(step);
    let both = (job.model, job.head);
    (job.model, job.head) = update_both(both, &mut job.optimizer, &outcome, gradients, factor);
    let smoothed = match job.state.smoothed_loss {
        Some(before) => before + SMOOTHING * (outcome.loss - before),
        None => outcome.loss,
    };
    job.state.step += 1;
    job.state.cursor = cursor;
    job.state.smoothed_loss = Some(smoothed);
    job.state.masked += outcome.masked() as u64;
    job.state.dropped += outcome.dropped;
    job.state.learnt += outcome.sum(|micro| micro.learnt) as u64;
    let seconds = clock.take();
    let total = seconds.total().max(f64::MIN_POSITIVE);
    let tokens = outcome.sum(|micro| micro.positions);
    let samples = outcome.sum(|micro| micro.rows);
    let report = StepReport {
        step: job.state.step,
        total_steps: job.state.schedule.total_steps,
        epoch: cursor.epoch as f64 + cursor.position as f64 / job.data.samples as f64,
        loss: outcome.loss,
        smoothed_loss: smoothed,
        gradient_norm: outcome.gradient_norm,
        learning_rate: job.config.train.learning_rate * factor,
        samples,
        tokens,
        learnt: outcome.sum(|micro| micro.learnt),
        masked: outcome.masked(),
        dropped: outcome.dropped,
        seconds,
        tokens_per_s: tokens as f64 / total,
        samples_per_s: samples as f64 / total,
        utilisation: job.flops.of_step(&outcome) / total / peak.max(1.0),
        resident_bytes: memory::resident(),
        peak_bytes: memory::peak(),
    };
    match watcher.take(&Event::Step(report)) {
        Ok(()) => Ok(job),
        Err(error) => Err(fail(job, error)),
    }
}
