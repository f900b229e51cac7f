//! SIGINT and SIGTERM as a request to finish.

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::error::TrainError;

/// Sets the flag at the first SIGINT or SIGTERM, with a line on standard error if it `tells`; the second
/// ends the process.
///
/// # Errors
/// [`TrainError::Nothing`] if the handler cannot be set, which happens if there is one.
pub fn interrupt_flag(tells: bool) -> Result<Arc<AtomicBool>, TrainError> {
    let flag = Arc::new(AtomicBool::new(false));
    let seen = flag.clone();
    let set = ctrlc::set_handler(move || {
        if seen.swap(true, Ordering::Relaxed) {
            std::process::exit(130);
        }
        if !tells {
            return;
        }
        let note = "interrupted: finishing the update, then saving (once more to stop at once)";
        let _ = writeln!(std::io::stderr(), "{note}");
    });
    match set {
        Ok(()) => Ok(flag),
        Err(error) => Err(TrainError::Nothing(format!(
            "cannot watch for interrupts: {error}"
        ))),
    }
}
