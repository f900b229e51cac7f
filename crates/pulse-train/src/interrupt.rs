//! SIGINT and SIGTERM as a request to finish.

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::error::TrainError;

/// Sets the flag at SIGTERM and at the first SIGINT, with a line on standard error if it `tells`; a SIGINT behind that
/// ends the process at once.
///
/// # Errors
/// [`TrainError::Nothing`] if the handler cannot be set, which happens if there is one.
pub fn interrupt_flag(tells: bool) -> Result<Arc<AtomicBool>, TrainError> {
    let flag = Arc::new(AtomicBool::new(false));
    let seen = flag.clone();
    let set = ctrlc::set_handler(move || {
        if seen.swap(true, Ordering::Relaxed) {
            #[cfg(feature = "dashboard")]
            crate::watch::restore_terminal();
            std::process::exit(130);
        }
        if !tells {
            return;
        }
        let note = "interrupted: finishing the update, then saving (once more to stop at once)";
        let _ = writeln!(std::io::stderr(), "{note}");
    });
    let refused =
        |error: String| TrainError::Nothing(format!("cannot watch for interrupts: {error}"));
    set.map_err(|error| refused(error.to_string()))?;
    // What a cluster sends before it takes a machine back.
    signal_hook::flag::register(signal_hook::consts::SIGTERM, flag.clone())
        .map_err(|error| refused(error.to_string()))?;
    Ok(flag)
}
