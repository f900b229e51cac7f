//! The loop.

use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::ask::ask_pages;
use crate::checkpoint::{BestScore, CheckpointFolder, CheckpointWriter, Snapshot, write_model};
use crate::clock::{Phase, PhaseClock};
use crate::data::BatchStream;
use crate::error::TrainError;
use crate::flops::measured_peak;
use crate::job::Job;
use crate::memory;
use crate::micro::evaluate;
use crate::step::{StepOutcome, accumulate, update};
use crate::watch::{Event, StepReport, Watcher};

/// Weight of the newest loss in the smoothed one.
const SMOOTHING: f64 = 0.05;
/// Updates before the guard against explosions watches.
const SETTLED: u64 = 20;

/// What is left of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct RunSummary {
    /// Updates done.
    pub step: u64,
    /// Whether the run reached its last update.
    pub is_complete: bool,
    /// The newest checkpoint.
    pub checkpoint: Option<PathBuf>,
    /// The finished model, of a complete run.
    pub model: Option<PathBuf>,
    /// The last smoothed loss.
    pub smoothed_loss: Option<f64>,
}

/// Trains until the last update, an interrupt (finishes the update, saves, returns) or an error
/// (saves the state before the update that failed, returns the error).
///
/// # Errors
/// [`TrainError`] for a loss that is no number or explodes, data under the policy `error`, and files
/// that cannot be written.
pub fn train(
    mut job: Job,
    watcher: &mut dyn Watcher,
    interrupt: &AtomicBool,
) -> Result<RunSummary, TrainError> {
    let run = job.config.checkpoint.folder.clone();
    let total = job.state.schedule.total_steps;
    let peak = measured_peak(&job.context.device);
    watcher.take(&Event::Started {
        step: job.state.step,
        total_steps: total,
        samples: job.data.samples,
        trained: job.set.trained_values(),
        parameters: job.set.all().iter().map(|place| place.values()).sum(),
        peak_flops: peak,
        time: crate::watch::now(),
        version: job.state.version.clone(),
    })?;
    let writer = CheckpointWriter::new(
        run.clone(),
        job.files.clone(),
        job.config.checkpoint.keep_last,
        job.config.checkpoint.keep_best,
    );
    let mut saver = Saver {
        run: run.clone(),
        writer,
        saved: (job.state.step > 0).then_some(job.state.step),
    };
    let every = checkpoint_interval(&job, total);
    let stop_after = job.config.train.stop_after;
    let mut clock = PhaseClock::default();
    let mut stream = job.data.stream(job.state.cursor);
    // The loop owns the model: an update changes it where it lies.
    let mut reason = "complete";
    while job.state.step < total {
        match one_update(job, &mut stream, &mut clock, peak, watcher) {
            Ok(next) => job = next,
            Err(Failed { job, error }) => return Err(stop(*job, error, &mut saver, watcher)),
        }
        let step = job.state.step;
        let is_last = step == total;
        let is_interrupted = interrupt.load(Ordering::Relaxed) || stop_after == Some(step);
        let is_due = step % every == 0 || is_last || is_interrupted;
        let outcome = (|| -> Result<(), TrainError> {
            if is_due && !is_interrupted || validates(&job, step) {
                clock.enter(Phase::Checkpoint);
                validate(&mut job, watcher)?;
            }
            if is_due {
                clock.enter(Phase::Checkpoint);
                saver.start(&job, watcher)?;
            }
            clock.enter(Phase::Data);
            Ok(())
        })();
        if let Err(error) = outcome {
            return Err(stop(job, error, &mut saver, watcher));
        }
        if is_interrupted && !is_last {
            reason = "interrupted; go on with --resume";
            break;
        }
    }
    saver.writer.finish()?;
    let is_complete = job.state.step == total;
    let model = if is_complete {
        let target = run.join("model");
        let weights = crate::checkpoint::weights(&job.model, job.set.all(), &job.optimizer);
        write_model(&target, &weights, &job.files)?;
        Some(target)
    } else {
        None
    };
    watcher.take(&Event::Ended {
        step: job.state.step,
        reason: reason.to_owned(),
        time: crate::watch::now(),
    })?;
    Ok(RunSummary {
        step: job.state.step,
        is_complete,
        checkpoint: saver
            .saved
            .map(|step| CheckpointFolder::of(&run, step).path),
        model,
        smoothed_loss: job.state.smoothed_loss,
    })
}

/// An update that failed, with the state before it.
struct Failed {
    job: Box<Job>,
    error: TrainError,
}

/// Saves the last good state and completes the error's message.
fn stop(job: Job, error: TrainError, saver: &mut Saver, watcher: &mut dyn Watcher) -> TrainError {
    let written = match saver.saved {
        Some(step) if step == job.state.step => Ok(()),
        _ => saver.start(&job, watcher),
    };
    let written = written.and_then(|()| Ok(saver.writer.finish().map(|_| ())?));
    let place = match &written {
        Ok(()) => {
            let folder = CheckpointFolder::of(&saver.run, job.state.step).path;
            format!(" and are saved in {}", folder.display())
        }
        Err(error) => format!(", but could not be saved: {error}"),
    };
    let error = match error {
        TrainError::Diverged {
            step,
            what,
            value,
            expected,
            samples,
            ..
        } => TrainError::Diverged {
            step,
            what,
            value,
            expected,
            samples,
            saved: place,
        },
        other => other,
    };
    // The log is no reason to lose the first error.
    let _ = watcher.take(&Event::Ended {
        step: job.state.step,
        reason: error.to_string(),
        time: crate::watch::now(),
    });
    error
}

fn checkpoint_interval(job: &Job, total: u64) -> u64 {
    let settings = &job.config.checkpoint;
    let share = (settings.every_share * total as f64).ceil() as u64;
    settings.every_steps.unwrap_or(share).max(1)
}

fn validates(job: &Job, step: u64) -> bool {
    let every = job.config.watch.validate_every;
    every > 0 && step.is_multiple_of(every)
}

/// Starts checkpoints and remembers the newest.
struct Saver {
    run: PathBuf,
    writer: CheckpointWriter,
    saved: Option<u64>,
}

impl Saver {
    fn start(&mut self, job: &Job, watcher: &mut dyn Watcher) -> Result<(), TrainError> {
        let step = job.state.step;
        if self.saved == Some(step) {
            return Ok(());
        }
        let snapshot = Snapshot::take(
            &job.model,
            job.set.all(),
            &job.optimizer,
            job.state.clone(),
            job.config.clone(),
        );
        self.writer.start(snapshot)?;
        self.saved = Some(step);
        watcher.take(&Event::Checkpoint {
            step,
            path: CheckpointFolder::of(&self.run, step).path,
        })
    }
}

/// One update with its report.
fn one_update(
    mut job: Job,
    stream: &mut BatchStream,
    clock: &mut PhaseClock,
    peak: f64,
    watcher: &mut dyn Watcher,
) -> Result<Job, Failed> {
    let step = job.state.step;
    let count = job.config.train.accumulation;
    let accumulated = accumulate(
        &job.model,
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
    job.model = update(job.model, &mut job.optimizer, &outcome, gradients, factor);
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

/// The error of a step whose loss or gradient is no number or far from what it was.
fn diverged(job: &Job, outcome: &StepOutcome) -> Option<TrainError> {
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

/// Loss over the validation set, and answers to its first pages.
fn validate(job: &mut Job, watcher: &mut dyn Watcher) -> Result<(), TrainError> {
    let Some(loader) = &job.data.validation else {
        return Ok(());
    };
    let began = std::time::Instant::now();
    let (mut sum, mut learnt) = (0f64, 0usize);
    let batches = loader.batches(loader.start())?;
    for batch in batches.take(job.config.watch.validation_batches) {
        if let Some((loss, count)) = evaluate(&job.model, &batch?, &job.context)? {
            sum += loss;
            learnt += count;
        }
    }
    if learnt == 0 {
        return Ok(());
    }
    let loss = sum / learnt as f64;
    job.state.validation_loss = Some(loss);
    if job.state.best.is_none_or(|best| loss < best.loss) {
        job.state.best = Some(BestScore {
            step: job.state.step,
            loss,
        });
    }
    let answers = ask_pages(job)?;
    watcher.take(&Event::Validation {
        step: job.state.step,
        loss,
        learnt,
        seconds: began.elapsed().as_secs_f64(),
        answers,
    })
}

/// Sets the flag at the first SIGINT or SIGTERM; the second ends the process.
///
/// # Errors
/// [`TrainError::Nothing`] if the handler cannot be set, which happens if there is one.
pub fn interrupt_flag() -> Result<Arc<AtomicBool>, TrainError> {
    let flag = Arc::new(AtomicBool::new(false));
    let seen = flag.clone();
    let set = ctrlc::set_handler(move || {
        if seen.swap(true, Ordering::Relaxed) {
            std::process::exit(130);
        }
        let note = "interrupted: finishing the update, then saving (once more to stop at once)";
        let _ = writeln!(std::io::stderr(), "{note}");
    });
    match set {
        Ok(()) => Ok(flag),
        Err(error) => Err(TrainError::Nothing(format!(
            "cannot watch for interrupts: {error}"
        ))),
    }
}
