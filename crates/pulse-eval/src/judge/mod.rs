//! Large language models as judges of reports and of the arena's answers.
//!
//! Criteria and scales are the original's: three aspects from 0 to 10 each, aggregated in the same way. The
//! prompts are this project's own. Every reply is checked against a schema, every judgement is appended and
//! synced when it exists and found again by the hash of what was asked, and ids are used whole (the original
//! cuts them to their last part, which is `0` for all 500 reports).

mod aggregate;
mod belonging;
mod client;
mod criteria;
mod error;
mod items;
mod journal;
mod prompt;
mod reply;
mod retry;
mod run;

pub use aggregate::{Agreement, JudgeReport, aggregate};
pub use belonging::{must_be_of, must_differ};
pub use client::{Completion, Endpoint, JudgeClient, TokenUsage, check_base_url};
pub use criteria::JudgeKind;
pub use error::{CallError, JudgeError};
pub use items::{JudgeItem, JudgeItems, judge_items};
pub use journal::{Journal, Judgement};
pub use prompt::PromptTemplate;
pub use reply::{ReplyError, parse_reply};
pub use retry::{Backoff, RateLimit};
pub use run::{Failure, JudgeOptions, JudgeRun, judge};
