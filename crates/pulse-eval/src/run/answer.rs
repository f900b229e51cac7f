//! Answers to prepared questions, and what became of each.

use std::sync::mpsc::Sender;

use pulse_llm::generation::GenerationError;
use pulse_llm::{Answer, BatchQuestion, EncodedPicture, Pulse, PulseError};

use super::candidates::{LabelCandidates, label_candidates};
use super::failures::FailedQuestion;
use super::line::{Place, RunLine};
use super::pipeline::{Outcome, Plan};
use super::prepare::{Asked, Job};
use super::settings::History;

/// Answers jobs; false if the model can answer nothing more or nobody listens.
pub(super) fn answer_jobs(
    plan: &Plan<'_>,
    pulse: &Pulse,
    jobs: Vec<Job>,
    results: &Sender<Outcome>,
) -> bool {
    let mut single = Vec::new();
    for job in jobs {
        let encoded = pulse
            .model()
            .encode_tiles(&job.tiles)
            .map(|picture| EncodedPicture {
                preprocess_s: job.preprocess_s,
                ..picture
            });
        let sent = match (encoded, &job.asked) {
            (Err(error), _) => tell(results, &job, Err(error)),
            (Ok(picture), Asked::Turns(_)) => {
                let line = answer_turns(plan, pulse, &job, picture);
                tell(results, &job, line)
            }
            (Ok(picture), Asked::One(_)) => {
                single.push((job, picture));
                true
            }
        };
        if !sent {
            return false;
        }
    }
    if single.is_empty() {
        return true;
    }
    match answer_single(plan, pulse, &single) {
        Ok(lines) => single
            .iter()
            .zip(lines)
            .all(|((job, _), line)| tell(results, job, Ok(line))),
        Err(error) if single.len() == 1 => tell(results, &single[0].0, Err(error)),
        // One of them is the reason, and the others have a right to their answers.
        Err(_) => single.iter().all(|one| {
            let line = answer_single(plan, pulse, std::slice::from_ref(one));
            tell(results, &one.0, line.map(|mut lines| lines.remove(0)))
        }),
    }
}

/// Passes an outcome on; false if the run is at its end.
fn tell(results: &Sender<Outcome>, job: &Job, line: Result<RunLine, PulseError>) -> bool {
    let outcome = match line {
        Ok(line) => Outcome::Answered {
            task: job.task,
            id: job.id.clone(),
            index: job.index,
            line: Box::new(line),
        },
        Err(error) if concerns_all(&error) => {
            let _ = results.send(Outcome::Stopped(error.into()));
            return false;
        }
        Err(error) => Outcome::Failed(FailedQuestion {
            task: job.task,
            question_id: job.id.clone(),
            index: job.index,
            reason: error.to_string(),
        }),
    };
    results.send(outcome).is_ok()
}

/// Whether an error says something about the model or the device and not about the question.
fn concerns_all(error: &PulseError) -> bool {
    matches!(
        error,
        PulseError::Device(_)
            | PulseError::Generation(
                GenerationError::NotFinite { .. }
                    | GenerationError::Device { .. }
                    | GenerationError::Option { .. }
            )
    )
}

fn answer_single(
    plan: &Plan<'_>,
    pulse: &Pulse,
    jobs: &[(Job, EncodedPicture)],
) -> Result<Vec<RunLine>, PulseError> {
    let text = |job: &Job| match &job.asked {
        Asked::One(question) => question.clone(),
        Asked::Turns(_) => String::new(),
    };
    let texts: Vec<String> = jobs.iter().map(|(job, _)| text(job)).collect();
    let candidates: Vec<Option<LabelCandidates>> = jobs
        .iter()
        .zip(&texts)
        .map(|((job, _), text)| {
            let is_wanted = plan.settings.score_labels;
            is_wanted
                .then(|| label_candidates(job.task, text))
                .flatten()
        })
        .collect();
    let questions: Vec<BatchQuestion<'_>> = jobs
        .iter()
        .zip(&texts)
        .zip(&candidates)
        .map(|(((_, picture), text), candidates)| BatchQuestion {
            picture: Some(picture),
            text,
            candidates: candidates.as_ref().map_or(&[], LabelCandidates::candidates),
        })
        .collect();
    let answers = pulse.answer_batch(&questions, plan.generate)?;
    let lines = answers.into_iter().enumerate().map(|(at, scored)| {
        let job = &jobs[at].0;
        let place = Place {
            id: &job.id,
            index: job.index,
            asked: &job.digest,
        };
        RunLine::one(
            plan.settings,
            &place,
            &texts[at],
            &scored,
            candidates[at].as_ref(),
        )
    });
    Ok(lines.collect())
}

/// Real turns: the second question is asked in the conversation of the first, whose keys and values are kept.
fn answer_turns(
    plan: &Plan<'_>,
    pulse: &Pulse,
    job: &Job,
    picture: EncodedPicture,
) -> Result<RunLine, PulseError> {
    let turns = match &job.asked {
        Asked::Turns(turns) => turns.as_slice(),
        Asked::One(_) => &[],
    };
    let mut chat = pulse.chat();
    if plan.settings.history == History::Original {
        chat.use_arena_history();
    }
    chat.attach_encoded(picture);
    let answers = turns
        .iter()
        .map(|turn| chat.ask(&turn.question, plan.generate.clone()))
        .collect::<Result<Vec<Answer>, _>>()?;
    let place = Place {
        id: &job.id,
        index: job.index,
        asked: &job.digest,
    };
    Ok(RunLine::turns(plan.settings, &place, turns, &answers))
}
