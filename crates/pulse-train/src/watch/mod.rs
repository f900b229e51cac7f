//! What is shown and written while a run goes on.

#[cfg(feature = "dashboard")]
mod dashboard;
mod event;
mod json_log;
mod panics;
mod progress;
mod report;
mod svg;
mod tensorboard;
#[cfg(all(feature = "dashboard", unix))]
mod terminal;
/// Elsewhere the renderer's own way is all there is.
#[cfg(all(feature = "dashboard", not(unix)))]
mod terminal {
    use std::io::IsTerminal;

    /// Whether a dashboard can be shown: keys and picture go to a terminal.
    pub fn can_show_dashboard() -> bool {
        std::io::stdin().is_terminal() && std::io::stdout().is_terminal()
    }
    pub(super) fn remember() {}
    pub(super) fn keep_signals() {}
    /// Gives the terminal back; here the renderer alone does.
    pub fn restore_terminal() {}
}

#[cfg(feature = "dashboard")]
pub use dashboard::Dashboard;
pub(crate) use event::now;
pub use event::{Event, PageAnswer, StepReport, Watcher, Watchers};
pub use json_log::JsonLog;
pub use progress::ProgressLines;
pub use report::{read_log, write_report};
pub use tensorboard::TensorBoard;
#[cfg(feature = "dashboard")]
pub use terminal::{can_show_dashboard, restore_terminal};
