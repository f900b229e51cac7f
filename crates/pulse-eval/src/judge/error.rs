//! What can go wrong with a judge.

use std::path::PathBuf;
use std::time::Duration;

use super::reply::ReplyError;
use crate::answers::AnswerError;
use crate::gold::GoldError;

/// Why one call did not give a judgement.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// Nobody answered, or not in time.
    #[error("the judge at {url} cannot be reached: {reason}; check the network and --base-url")]
    Unreachable {
        /// The address.
        url: String,
        /// What the transport said.
        reason: String,
    },
    /// The server refused.
    #[error("the judge at {url} answered with status {status}: {body}")]
    Status {
        /// The address.
        url: String,
        /// The HTTP status.
        status: u16,
        /// How long the server asks to wait.
        retry_after: Option<Duration>,
        /// The beginning of what it said.
        body: String,
    },
    /// The answer is no chat completion.
    #[error("the judge at {url} did not answer with a chat completion: {reason}")]
    NoCompletion {
        /// The address.
        url: String,
        /// What is wrong.
        reason: String,
    },
    /// The completion is no judgement.
    #[error(transparent)]
    Reply(#[from] ReplyError),
}

impl CallError {
    /// Whether another attempt can help.
    pub fn is_worth_retrying(&self) -> bool {
        match self {
            Self::Status { status, .. } => matches!(status, 408 | 409 | 425 | 429 | 500..),
            _ => true,
        }
    }

    /// Whether every other call would fail in the same way: a wrong key, address or request.
    pub fn is_final_for_all(&self) -> bool {
        matches!(
            self,
            Self::Status {
                status: 401 | 403 | 404,
                ..
            }
        )
    }
}

/// Why judging cannot start or go on.
#[derive(Debug, thiserror::Error)]
pub enum JudgeError {
    /// The answers cannot be read.
    #[error(transparent)]
    Answers(#[from] AnswerError),
    /// The benchmark cannot be read.
    #[error(transparent)]
    Gold(#[from] GoldError),
    /// The task is scored without a judge.
    #[error("task {task} needs no judge; --task takes ptb-test-report or arena")]
    NoJudgeTask {
        /// The task.
        task: crate::Task,
    },
    /// The folder does not hold exactly one answer file of the task.
    #[error(
        "{} holds {files} answer files of task {task}; a judge needs exactly one",
        folder.display()
    )]
    NotOneFile {
        /// The task.
        task: crate::Task,
        /// The folder of the task.
        folder: PathBuf,
        /// Files found.
        files: usize,
    },
    /// An arena answer has another number of turns than the reference.
    #[error(
        "answer file {}, line {line}: {found} turns, the reference of {id:?} has {expected}; arena answers \
         have one entry in predict_convs (or response) per question",
        path.display()
    )]
    Turns {
        /// The answer file.
        path: PathBuf,
        /// Line, from 1.
        line: usize,
        /// The item.
        id: String,
        /// Turns of the answer.
        found: usize,
        /// Turns of the reference.
        expected: usize,
    },
    /// The key is not in the environment.
    #[error(
        "the environment variable {variable} is not set; put the judge's API key there (a local server \
         without keys takes any text)"
    )]
    NoKey {
        /// The variable.
        variable: String,
    },
    /// A prompt file lacks a placeholder.
    #[error(
        "prompt file {}: the placeholder {placeholder} is missing, so the judge would not see the text; \
         add it where the text belongs",
        path.display()
    )]
    NoPlaceholder {
        /// The file.
        path: PathBuf,
        /// The placeholder.
        placeholder: &'static str,
    },
    /// A file cannot be read or written.
    #[error("{}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Another process writes to the journal.
    #[error(
        "another process is judging into {}; wait until it ends, or choose another folder",
        path.display()
    )]
    Locked {
        /// The journal.
        path: PathBuf,
    },
    /// The journal has a broken line before its last.
    #[error(
        "journal {}, line {line}: {reason}; only the last line can be cut off by a kill: remove the line",
        path.display()
    )]
    Journal {
        /// The file.
        path: PathBuf,
        /// Line, from 1.
        line: usize,
        /// What the JSON reader said.
        reason: String,
    },
    /// The judge refuses every call.
    #[error("judging stopped, {done} judgements are kept: {source}")]
    Refused {
        /// Judgements in the journal.
        done: usize,
        /// The refusal.
        source: CallError,
    },
    /// Nothing was judged.
    #[error("no judgement exists, so nothing can be summed up; see the failures above")]
    NothingJudged,
    /// Judgements of other answers.
    #[error(
        "the judgements of {task} by {judge_model} are not of the answers below {}: {differing} of {items} items differ, \
         the first is {example:?}; judge these answers (judge --out with the same folder asks only about what changed) \
         and give the new result",
        answers.display()
    )]
    OtherAnswers {
        /// The task.
        task: crate::Task,
        /// The judge.
        judge_model: String,
        /// The folder of answers.
        answers: PathBuf,
        /// Items whose answer or reference is another, or that only one of the two has.
        differing: usize,
        /// Items of either.
        items: usize,
        /// The first of them.
        example: String,
    },
    /// Several results of one judge.
    #[error(
        "judgements of {task} by {judge_model} are given {times} times; give one result for each task and judge"
    )]
    Doubles {
        /// The task.
        task: crate::Task,
        /// The judge.
        judge_model: String,
        /// How often.
        times: usize,
    },
}
