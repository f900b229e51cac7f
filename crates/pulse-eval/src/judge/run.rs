//! Asking about every item.

use std::num::NonZeroU32;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use super::client::{JudgeClient, TokenUsage};
use super::error::{CallError, JudgeError};
use super::items::{JudgeItem, JudgeItems};
use super::journal::{Journal, Judgement};
use super::reply::parse_reply;
use super::retry::{Backoff, RateLimit};

/// How to judge.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct JudgeOptions {
    /// Calls at the same time.
    pub threads: usize,
    /// Judgements of each item.
    pub repeats: u32,
    /// Attempts and waits.
    pub backoff: Backoff,
    /// Calls a minute at most.
    pub calls_per_minute: Option<NonZeroU32>,
    /// Seed of the waits' jitter.
    pub seed: u64,
}

impl Default for JudgeOptions {
    /// Eight threads as the original, one judgement each.
    fn default() -> Self {
        Self {
            threads: 8,
            repeats: 1,
            backoff: Backoff::default(),
            calls_per_minute: None,
            seed: 42,
        }
    }
}

/// An item that could not be judged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// The whole id.
    pub id: String,
    /// Which repeat.
    pub repeat: u32,
    /// The last error.
    pub reason: String,
}

/// What a run did.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct JudgeRun {
    /// All judgements, by item and repeat, those of earlier runs included.
    pub judgements: Vec<Judgement>,
    /// Those that were there before.
    pub reused: usize,
    /// Calls made, repeated attempts included.
    pub calls: usize,
    /// Items that could not be judged.
    pub failures: Vec<Failure>,
}

struct Job<'a> {
    item: &'a JudgeItem,
    repeat: u32,
    key: String,
}

/// Judges all items that the journal does not know yet. `progress` is told after each how many are done.
///
/// An item whose attempts run out becomes a [`Failure`] and the others go on; a refusal that concerns every call
/// (a wrong key or address) stops the run. What is judged stays in the journal either way.
///
/// # Errors
/// [`JudgeError::Refused`] if the judge refuses every call, [`JudgeError::File`] if the journal cannot be
/// written.
pub fn judge(
    client: &JudgeClient,
    items: &JudgeItems,
    journal: Journal,
    options: JudgeOptions,
    progress: &(dyn Fn(usize, usize) + Sync),
) -> Result<JudgeRun, JudgeError> {
    let url = client.url();
    let all: Vec<Job<'_>> = items
        .items
        .iter()
        .flat_map(|item| (0..options.repeats).map(move |repeat| (item, repeat)))
        .map(|(item, repeat)| Job {
            item,
            repeat,
            key: Journal::key(&url, client.model(), &item.prompt, repeat),
        })
        .collect();
    let open: Vec<&Job<'_>> = all
        .iter()
        .filter(|job| journal.get(&job.key).is_none())
        .collect();
    let reused = all.len() - open.len();
    let journal = Mutex::new(journal);
    let state = State {
        limit: RateLimit::per_minute(options.calls_per_minute),
        calls: AtomicUsize::new(0),
        stopped: AtomicBool::new(false),
    };
    let next = AtomicUsize::new(0);
    let done = AtomicUsize::new(reused);
    let failures = Mutex::new(Vec::new());
    let stop = Mutex::new(None);
    std::thread::scope(|scope| {
        for _ in 0..options.threads.clamp(1, open.len().max(1)) {
            scope.spawn(|| {
                while let Some(job) = open.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if state.stopped.load(Ordering::Relaxed) {
                        return;
                    }
                    let result = judge_one(client, items, job, options, &state);
                    let error = match result {
                        Ok(judgement) => lock(&journal).append(judgement).err(),
                        Err(error) if error.is_final_for_all() => {
                            let done = lock(&journal).len();
                            Some(JudgeError::Refused {
                                done,
                                source: error,
                            })
                        }
                        Err(error) => {
                            lock(&failures).push(Failure {
                                id: job.item.id.clone(),
                                repeat: job.repeat,
                                reason: error.to_string(),
                            });
                            None
                        }
                    };
                    if let Some(error) = error {
                        state.stopped.store(true, Ordering::Relaxed);
                        lock(&stop).get_or_insert(error);
                        return;
                    }
                    progress(done.fetch_add(1, Ordering::Relaxed) + 1, all.len());
                }
            });
        }
    });
    if let Some(error) = lock(&stop).take() {
        return Err(error);
    }
    let journal = journal.into_inner().unwrap_or_else(PoisonError::into_inner);
    let judgements = all
        .iter()
        .filter_map(|job| {
            // Items with the same texts share a judgement; each has its own id.
            let found = journal.get(&job.key)?.clone();
            Some(Judgement {
                id: job.item.id.clone(),
                ..found
            })
        })
        .collect();
    let mut failures = failures
        .into_inner()
        .unwrap_or_else(PoisonError::into_inner);
    failures.sort_by(|one: &Failure, other| (&one.id, one.repeat).cmp(&(&other.id, other.repeat)));
    Ok(JudgeRun {
        judgements,
        reused,
        calls: state.calls.into_inner(),
        failures,
    })
}

struct State {
    limit: RateLimit,
    calls: AtomicUsize,
    stopped: AtomicBool,
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn judge_one(
    client: &JudgeClient,
    items: &JudgeItems,
    job: &Job<'_>,
    options: JudgeOptions,
    state: &State,
) -> Result<Judgement, CallError> {
    // The jitter of an item does not depend on which thread has it.
    let mut random = ChaCha8Rng::seed_from_u64(options.seed);
    let stream = job
        .key
        .bytes()
        .take(8)
        .fold(0, |stream, byte| stream << 8 | u64::from(byte));
    random.set_stream(stream);
    // Unknown as soon as one reply does not say.
    let mut usage = Some(TokenUsage::default());
    let mut attempt = 1;
    loop {
        state.limit.wait();
        state.calls.fetch_add(1, Ordering::Relaxed);
        let error = match client.ask(&job.item.prompt) {
            Ok(completion) => {
                usage = usage.zip(completion.usage).map(|(all, one)| all.plus(one));
                match parse_reply(items.kind, &completion.text) {
                    Ok(verdict) => {
                        let scores = verdict
                            .iter()
                            .map(|(name, (score, _))| (name.clone(), *score));
                        return Ok(Judgement {
                            key: job.key.clone(),
                            id: job.item.id.clone(),
                            repeat: job.repeat,
                            model: client.model().to_owned(),
                            scores: scores.collect(),
                            explanations: verdict
                                .into_iter()
                                .map(|(name, (_, explanation))| (name, explanation))
                                .collect(),
                            usage,
                        });
                    }
                    Err(error) => CallError::Reply(error),
                }
            }
            Err(error) => error,
        };
        let retry_after = match &error {
            CallError::Status { retry_after, .. } => *retry_after,
            _ => None,
        };
        let is_over = !error.is_worth_retrying() || state.stopped.load(Ordering::Relaxed);
        match options.backoff.wait(attempt, retry_after, &mut random) {
            Some(wait) if !is_over => std::thread::sleep(wait),
            _ => return Err(error),
        }
        attempt += 1;
    }
}
