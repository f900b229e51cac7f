//! What a panic says, kept until somebody can read it.
//!
//! The renderer's own hook leaves the dashboard at every panic, also one that is caught, and goes on drawing over the
//! message.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Mutex, PoisonError};

use super::event::Watchers;

static SAID: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Keeps messages from now on instead of printing them. The renderer puts the hook before its own back when it ends.
#[cfg(feature = "dashboard")]
pub(super) fn keep_messages() {
    std::panic::set_hook(Box::new(|panic| said().push(panic.to_string())));
}

impl Watchers {
    /// Runs `work` with the watchers and ends them, also where it panics: a dashboard gives the terminal back in order, then
    /// the panic goes on with its message.
    pub fn during<T>(mut self, work: impl FnOnce(&mut Self) -> T) -> T {
        let outcome = catch_unwind(AssertUnwindSafe(|| work(&mut self)));
        drop(self);
        match outcome {
            Ok(outcome) => outcome,
            Err(panic) => {
                for message in said().drain(..) {
                    eprintln!("{message}");
                }
                resume_unwind(panic)
            }
        }
    }
}

fn said() -> std::sync::MutexGuard<'static, Vec<String>> {
    SAID.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
#[allow(clippy::panic)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;
    use crate::error::TrainError;
    use crate::watch::{Event, Watcher};

    struct Ends(Arc<AtomicBool>);

    impl Watcher for Ends {
        fn take(&mut self, _: &Event) -> Result<(), TrainError> {
            Ok(())
        }
    }

    impl Drop for Ends {
        fn drop(&mut self) {
            assert!(!std::thread::panicking());
            self.0.store(true, Ordering::Relaxed);
        }
    }

    #[test]
    fn watchers_end_in_order_before_a_panic_goes_on() {
        let has_ended = Arc::new(AtomicBool::new(false));
        let mut watchers = Watchers::default();
        watchers.add(Ends(has_ended.clone()));
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            watchers.during(|_| panic!("in the middle"))
        }));
        assert!(outcome.is_err() && has_ended.load(Ordering::Relaxed));
    }
}
