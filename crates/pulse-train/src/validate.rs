//! Validation while training.

use crate::ask::ask_pages;
use crate::checkpoint::BestScore;
use crate::error::TrainError;
use crate::findings::{Scores, Supervision, loss as findings_loss, outputs_of};
use crate::job::Job;
use crate::micro::evaluate;
use crate::watch::{Event, Watcher};

/// Loss over the validation set, scores of findings where they are taught, and answers to its first pages.
pub(crate) fn validate(job: &mut Job, watcher: &mut dyn Watcher) -> Result<(), TrainError> {
    let Some(loader) = &job.data.validation else {
        return Ok(());
    };
    let began = std::time::Instant::now();
    let (mut sum, mut learnt) = (0f64, 0usize);
    let mut scores = Scores::default();
    let batches = loader.batches(loader.start())?;
    for batch in batches.take(job.config.watch.validation_batches) {
        let batch = batch?;
        let supervision = job.supervision();
        if let Some(Supervision { head, task }) = supervision.filter(|_| !batch.is_empty()) {
            let targets = task.targets(&batch)?;
            let outputs = outputs_of(&job.model.encoder, head, &batch, &job.context.device)?;
            scores.add(&outputs, &targets);
            if !task.language {
                sum += task.weight * findings_loss(&outputs, &targets).0 * batch.rows as f64;
                learnt += batch.rows;
                continue;
            }
        }
        if let Some((loss, count)) = evaluate(&job.model, &batch, &job.context)? {
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
    let is_language = job.findings.as_ref().is_none_or(|task| task.language);
    let answers = if is_language {
        ask_pages(job)?
    } else {
        Vec::new()
    };
    watcher.take(&Event::Validation {
        step: job.state.step,
        loss,
        learnt,
        seconds: began.elapsed().as_secs_f64(),
        scores: scores.all(),
        answers,
    })
}
