//! ECGBench, complete and trustworthy: scoring, statistics, judging, reports.
//!
//! [`published`] is the original scorer with its quirks, [`strict`] a scorer that reads answers.

pub mod answers;
pub mod gold;
pub mod metrics;
pub mod published;
pub mod statistics;
mod task;

pub use task::{Task, TaskKind};
