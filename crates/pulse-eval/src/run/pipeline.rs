//! Threads that prepare questions and threads that answer them.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, SyncSender, TrySendError, channel, sync_channel};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use pulse_data::bench::BenchError;
use pulse_llm::generation::GenerationError;
use pulse_llm::{Answer, BatchQuestion, EncodedPicture, GenerateOptions, Pulse, PulseError};

use super::candidates::{LabelCandidates, label_candidates};
use super::error::RunError;
use super::failures::FailedQuestion;
use super::line::{Place, RunLine};
use super::prepare::{Asked, Job, Work, item_id, prepare};
use super::settings::{History, RunSettings};
use crate::task::Task;

/// How long to wait before looking for room again; far below the time of an answer.
const PAUSE: Duration = Duration::from_millis(2);

/// What happened to a question.
pub(super) enum Outcome {
    Answered {
        task: Task,
        id: String,
        index: u64,
        line: Box<RunLine>,
    },
    Failed(FailedQuestion),
    /// Nothing more can be done.
    Stopped(RunError),
}

/// What all threads share.
pub(super) struct Plan<'a> {
    pub(super) models: &'a [Pulse],
    pub(super) settings: &'a RunSettings,
    pub(super) generate: &'a GenerateOptions,
    /// Questions answered together.
    pub(super) batch: usize,
    /// Threads that open pictures.
    pub(super) workers: usize,
}

/// Answers everything that `work` yields and hands each outcome to `take`, which can stop it by an error.
pub(super) fn answer_all(
    plan: &Plan<'_>,
    work: impl Iterator<Item = Result<Work, BenchError>> + Send,
    mut take: impl FnMut(Outcome) -> Result<(), RunError>,
) -> Result<(), RunError> {
    let first = plan.models.first().ok_or(RunError::NoModel)?;
    let preprocessor = &first.model().preprocessor;
    let is_stopped = &AtomicBool::new(false);
    let work = &Mutex::new(work);
    // Two batches a device wait at most: pictures are large.
    let (jobs, ready) = sync_channel::<Job>(2 * plan.batch * plan.models.len());
    let ready = &Mutex::new(ready);
    let (results, outcomes) = channel::<Outcome>();
    std::thread::scope(|scope| {
        let mut threads = Vec::new();
        for _ in 0..plan.workers.max(1) {
            let (jobs, results) = (jobs.clone(), results.clone());
            threads.push(scope.spawn(move || {
                let _guard = StopOnPanic(is_stopped);
                while !is_stopped.load(Ordering::Relaxed) {
                    let Some(next) = locked(work).next() else {
                        return;
                    };
                    let prepare = |work: &Work| prepare(work, preprocessor);
                    if !hand_on(next, &prepare, &jobs, &results, is_stopped) {
                        return;
                    }
                }
            }));
        }
        drop(jobs);
        for pulse in plan.models {
            let results = results.clone();
            threads.push(scope.spawn(move || {
                let _guard = StopOnPanic(is_stopped);
                while !is_stopped.load(Ordering::Relaxed) {
                    let jobs = collect(ready, plan.batch);
                    if jobs.is_empty() || !answer_jobs(plan, pulse, jobs, &results) {
                        return;
                    }
                }
            }));
        }
        drop(results);
        let mut end = Ok(());
        for outcome in outcomes {
            let taken = match outcome {
                _ if end.is_err() => continue,
                Outcome::Stopped(error) => Err(error),
                outcome => take(outcome),
            };
            if taken.is_err() {
                end = taken;
                is_stopped.store(true, Ordering::Relaxed);
            }
        }
        for thread in threads {
            if thread.join().is_err() {
                end = end.and(Err(RunError::Worker));
            }
        }
        end
    })
}

/// Lets the other threads end when one panics, instead of waiting for it for ever.
struct StopOnPanic<'a>(&'a AtomicBool);

impl Drop for StopOnPanic<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.store(true, Ordering::Relaxed);
        }
    }
}

/// A thread that panicked says so when it is joined; what it held stays usable.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Prepares one item and passes it on; false if nobody takes it any more.
fn hand_on(
    next: Result<Work, BenchError>,
    prepare: &dyn Fn(&Work) -> Result<Job, String>,
    jobs: &SyncSender<Job>,
    results: &Sender<Outcome>,
    is_stopped: &AtomicBool,
) -> bool {
    let work = match next {
        Ok(work) => work,
        Err(error) => {
            let _ = results.send(Outcome::Stopped(error.into()));
            return false;
        }
    };
    match prepare(&work) {
        Ok(job) => wait_for_room(jobs, job, is_stopped),
        Err(reason) => {
            let failed = FailedQuestion {
                task: work.task,
                question_id: item_id(&work.item).to_owned(),
                index: work.index,
                reason,
            };
            results.send(Outcome::Failed(failed)).is_ok()
        }
    }
}

/// Passes a job on when there is room; false if the run ends before. A blocking send would wait for ever for
/// devices that have stopped.
fn wait_for_room(jobs: &SyncSender<Job>, mut job: Job, is_stopped: &AtomicBool) -> bool {
    loop {
        job = match jobs.try_send(job) {
            Ok(()) => return true,
            Err(TrySendError::Disconnected(_)) => return false,
            Err(TrySendError::Full(job)) => job,
        };
        if is_stopped.load(Ordering::Relaxed) {
            return false;
        }
        std::thread::sleep(PAUSE);
    }
}

/// Waits for a batch: as many jobs as asked for, fewer only at the end.
fn collect(ready: &Mutex<Receiver<Job>>, batch: usize) -> Vec<Job> {
    let ready = locked(ready);
    ready.iter().take(batch.max(1)).collect()
}

/// Answers jobs; false if the model can answer nothing more or nobody listens.
fn answer_jobs(plan: &Plan<'_>, pulse: &Pulse, jobs: Vec<Job>, results: &Sender<Outcome>) -> bool {
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
        };
        let labels = candidates[at].as_ref();
        let labels = labels.map(|candidates| (candidates, scored.likelihoods.as_slice()));
        RunLine::one(plan.settings, &place, &texts[at], scored.answer, labels)
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
    };
    Ok(RunLine::turns(plan.settings, &place, turns, &answers))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use pulse_data::bench::{BenchConversation, BenchItem, BenchPicture, BenchTurn, TurnValue};
    use pulse_llm::LoadOptions;

    use super::*;

    fn work(index: u64, picture: &[u8]) -> Work {
        let turn = |value: &str| BenchTurn {
            from: "human".to_owned(),
            value: TurnValue::Text(value.to_owned()),
        };
        Work {
            task: Task::PtbTest,
            index,
            item: BenchItem {
                id: index.to_string(),
                image_path: "x.png".to_owned(),
                picture: BenchPicture::Bytes(picture.to_vec()),
                conversation: BenchConversation::Turns(vec![turn("q"), turn("NORM")]),
                number: None,
            },
        }
    }

    /// With more threads waiting for room than there is room, so that one left behind would be seen.
    #[test]
    fn a_run_that_must_stop_waits_for_nobody() {
        let datasets = concat!(env!("CARGO_MANIFEST_DIR"), "/../../datasets");
        let pulse =
            Pulse::load(&format!("{datasets}/pulse-random"), LoadOptions::default()).unwrap();
        let picture = std::fs::read(format!("{datasets}/pages/sinus-rhythm.png")).unwrap();
        let generate = GenerateOptions {
            max_new_tokens: 2,
            ..GenerateOptions::greedy()
        };
        let settings = RunSettings::of(&pulse, &generate, History::Correct, false, None);
        let plan = Plan {
            models: &[pulse],
            settings: &settings,
            generate: &generate,
            batch: 1,
            workers: 6,
        };
        let items = (0..500).map(|index| Ok(work(index, &picture)));
        let mut taken = 0;
        let error = answer_all(&plan, items, |_| {
            taken += 1;
            Err(RunError::NoModel)
        });
        assert!(matches!(error, Err(RunError::NoModel)));
        assert_eq!(taken, 1);

        let error = answer_all(
            &plan,
            std::iter::from_fn(|| panic!("a broken source")),
            |_| Ok(()),
        );
        assert!(matches!(error, Err(RunError::Worker)));
    }
}
