//! The loop.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::advance::{Failed, one_update};
use crate::checkpoint::{CheckpointFolder, CheckpointWriter, Snapshot};
use crate::clock::{Phase, PhaseClock};
use crate::error::TrainError;
use crate::export::{Export, export};
use crate::findings::head_tensors;
use crate::flops::measured_peak;
use crate::job::Job;
use crate::validate::validate;
use crate::watch::{Event, Watcher};

/// What is left of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct RunSummary {
    /// Updates done.
    pub step: u64,
    /// Whether the run reached its last update.
    pub is_complete: bool,
    /// The newest checkpoint.
    pub checkpoint: Option<PathBuf>,
    /// The finished model and its packed forms, of a complete run.
    pub export: Option<Export>,
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
        let is_due = step.is_multiple_of(every) || is_last || is_interrupted;
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
    let export = if is_complete {
        Some(export(&job)?)
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
        export,
        smoothed_loss: job.state.smoothed_loss,
    })
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
        let mut snapshot = Snapshot::take(
            &job.model,
            job.set.all(),
            &job.optimizer,
            job.state.clone(),
            job.config.clone(),
        );
        snapshot.head = job.head.as_ref().map(head_tensors).unwrap_or_default();
        self.writer.start(snapshot)?;
        self.saved = Some(step);
        watcher.take(&Event::Checkpoint {
            step,
            path: CheckpointFolder::of(&self.run, step).path,
        })
    }
}
