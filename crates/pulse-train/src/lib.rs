//! The training job of PULSE: equal to the reference, lean in memory, exact to resume.
//!
//! | capability | item |
//! | --- | --- |
//! | which parts are trained | [`Tune`], [`TrainableSet`] |
//! | loss and gradients of a batch | [`forward_backward`], [`GradientStore`] |
//! | one optimiser step | [`accumulate`], [`update`], [`Optimizer`] |
//! | findings before words | [`findings`] |
//! | learning rates | [`Schedule`] |
//! | settings from TOML | [`config`] |
//! | a whole run | [`Job`], [`train`] |
//! | memory of a run, before it | [`MemoryPlan`] |
//! | Burn's learner (feature `learner`) | `learner` |
//! | state on disk, exact resume | [`checkpoint`] |
//! | progress, logs, report | [`watch`] |

mod advance;
mod ask;
mod blocks;
pub mod checkpoint;
mod clock;
pub mod config;
mod data;
mod error;
mod export;
pub mod findings;
mod flops;
mod front;
mod gradients;
mod guard;
mod head;
mod interrupt;
mod job;
#[cfg(feature = "learner")]
pub mod learner;
pub mod memory;
mod micro;
mod optimizer;
mod plan;
mod run;
mod schedule;
mod sequence;
mod step;
mod trainable;
mod validate;
pub mod watch;

pub use clock::{Phase, PhaseClock, PhaseSeconds};
pub use data::{BatchStream, RunData};
pub use error::TrainError;
pub use export::Export;
pub use flops::{ModelFlops, measured_peak};
pub use gradients::GradientStore;
pub use interrupt::interrupt_flag;
pub use job::{Job, Resume};
pub use micro::{MicroReport, PassContext, Weight, evaluate, forward_backward};
pub use optimizer::{Optimizer, OptimizerSettings, ParameterState};
pub use plan::{MemoryPlan, ModelSizes};
pub use run::{RunSummary, train};
pub use schedule::{Schedule, ScheduleKind};
pub use sequence::SequencePlan;
pub use step::{Accumulation, StepOutcome, accumulate, update};
pub use trainable::{TrainableSet, Tune};
