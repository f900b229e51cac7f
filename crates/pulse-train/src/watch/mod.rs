//! What is shown and written while a run goes on.

#[cfg(feature = "dashboard")]
mod dashboard;
mod event;
mod json_log;
mod progress;
mod report;
mod svg;
mod tensorboard;

#[cfg(feature = "dashboard")]
pub use dashboard::Dashboard;
pub(crate) use event::now;
pub use event::{Event, PageAnswer, StepReport, Watcher, Watchers};
pub use json_log::JsonLog;
pub use progress::ProgressLines;
pub use report::{read_log, write_report};
pub use tensorboard::TensorBoard;
