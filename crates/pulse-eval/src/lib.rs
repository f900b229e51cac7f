//! ECGBench, complete and trustworthy: scoring, statistics, judging, reports.
//!
//! [`published`] is the original scorer with its quirks, [`strict`] a scorer that reads answers.

pub mod answers;
pub mod compare;
pub mod gold;
pub mod judge;
pub mod metrics;
pub mod probabilities;
pub mod published;
pub mod report;
pub mod statistics;
pub mod strict;
mod task;

pub use task::{Task, TaskKind};
