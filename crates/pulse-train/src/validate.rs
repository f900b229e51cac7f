//! Validation while training.

use crate::ask::ask_pages;
use crate::checkpoint::BestScore;
use crate::error::TrainError;
use crate::job::Job;
use crate::micro::evaluate;
use crate::watch::{Event, Watcher};

/// Loss over the validation set, and answers to its first pages.
pub(crate) fn validate(job: &mut Job, watcher: &mut dyn Watcher) -> Result<(), TrainError> {
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
