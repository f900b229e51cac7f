//! What is shown and written while a run goes on.

mod event;
mod json_log;
mod progress;
mod report;
mod svg;
mod tensorboard;

pub(crate) use event::now;
pub use event::{Event, PageAnswer, StepReport, Watcher, Watchers};
pub use json_log::JsonLog;
pub use progress::ProgressLines;
pub use report::{read_log, write_report};
pub use tensorboard::TensorBoard;
