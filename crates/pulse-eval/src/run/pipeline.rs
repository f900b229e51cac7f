//! Threads that prepare questions and threads that answer them.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, SyncSender, TrySendError, channel, sync_channel};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use pulse_llm::{GenerateOptions, Pulse};

use super::answer::answer_jobs;
use super::busy::Busy;
use super::error::RunError;
use super::failures::FailedQuestion;
use super::line::RunLine;
use super::prepare::{Job, Work, WorkError, item_id, prepare};
use super::settings::RunSettings;
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

/// Answers everything that `work` yields and hands each outcome to `take`, which can stop it by an error. What the
/// devices did with their time is added to `busy`, also then.
pub(super) fn answer_all(
    plan: &Plan<'_>,
    work: impl Iterator<Item = Result<Work, WorkError>> + Send,
    busy: &mut Busy,
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
    let began = Instant::now();
    let times = &Mutex::new((busy, Vec::new()));
    let result = std::thread::scope(|scope| {
        // The scope waits for its threads also when `take` panics, and they must not wait for room meanwhile.
        let _guard = StopOnPanic(is_stopped);
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
                    let start = Instant::now();
                    let jobs = collect(ready, plan.batch);
                    let waited = start.elapsed();
                    let goes_on = !jobs.is_empty() && answer_jobs(plan, pulse, jobs, &results);
                    locked(times).0.add(waited, start.elapsed() - waited);
                    if !goes_on {
                        break;
                    }
                }
                locked(times).1.push(began.elapsed());
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
    });
    let (busy, ends) = &mut *locked(times);
    busy.end(ends, began.elapsed());
    result
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
    next: Result<Work, WorkError>,
    prepare: &dyn Fn(&Work) -> Result<Job, String>,
    jobs: &SyncSender<Job>,
    results: &Sender<Outcome>,
    is_stopped: &AtomicBool,
) -> bool {
    let work = match next {
        Ok(work) => work,
        Err(WorkError::Item(failed)) => return results.send(Outcome::Failed(failed)).is_ok(),
        Err(WorkError::Bench(error)) => {
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

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic)]
mod tests {
    use pulse_data::bench::{BenchConversation, BenchItem, BenchPicture, BenchTurn, TurnValue};
    use pulse_llm::LoadOptions;

    use super::*;
    use crate::run::History;

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
        let mut busy = Busy::default();
        let error = answer_all(&plan, items, &mut busy, |_| {
            taken += 1;
            Err(RunError::NoModel)
        });
        assert!(matches!(error, Err(RunError::NoModel)));
        assert_eq!(taken, 1);
        assert!(busy.answering_s > 0.0 && busy.waiting_s > 0.0, "{busy:?}");

        let error = answer_all(
            &plan,
            std::iter::from_fn(|| panic!("a broken source")),
            &mut busy,
            |_| Ok(()),
        );
        assert!(matches!(error, Err(RunError::Worker)));

        let items = (0..500).map(|index| Ok(work(index, &picture)));
        let mut busy = Busy::default();
        let run = || answer_all(&plan, items, &mut busy, |_| panic!("a broken listener"));
        let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(run));
        assert!(panicked.is_err());
    }
}
