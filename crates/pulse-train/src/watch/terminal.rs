//! The terminal as it was before the dashboard took it.
//!
//! The renderer gives it back where it ends in order. A process that ends at once, or whose thread panics, would leave
//! the shell without echo, with a hidden cursor, on the dashboard's screen and with mouse movements as input.

use std::fs::File;
use std::io::{IsTerminal, Write};
use std::os::fd::AsFd;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};

/// Modes before the dashboard, while it is up.
static BEFORE: Mutex<Option<Termios>> = Mutex::new(None);

/// No reports of the mouse, the screen of the shell, a cursor.
const LEAVE: &[u8] = b"\x1b[?1006l\x1b[?1015l\x1b[?1003l\x1b[?1002l\x1b[?1000l\x1b[?1049l\x1b[?25h";

/// Whether a dashboard can be shown: keys and picture go to a terminal that can place its cursor.
pub fn can_show_dashboard() -> bool {
    let is_dumb = std::env::var_os("TERM").is_none_or(|term| term.is_empty() || term == "dumb");
    std::io::stdin().is_terminal() && std::io::stdout().is_terminal() && !is_dumb
}

/// Keeps the terminal's modes for [`restore_terminal`].
pub(super) fn remember() {
    *before() = tcgetattr(std::io::stdin()).ok();
}

/// Waits until the renderer's thread has taken the terminal, then lets Ctrl-C be a signal again: the renderer takes keys as
/// they come, that one too, and makes nothing of it.
pub(super) fn keep_signals() {
    const PATIENCE: Duration = Duration::from_secs(2);
    let began = Instant::now();
    let input = std::io::stdin();
    while let Ok(mut modes) = tcgetattr(&input) {
        if !modes.local_modes.contains(LocalModes::ICANON) {
            modes.local_modes.insert(LocalModes::ISIG);
            // Without it `q` still stops the run.
            let _ = tcsetattr(&input, OptionalActions::Now, &modes);
            return;
        }
        if began.elapsed() > PATIENCE {
            return;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Gives the terminal back, if a dashboard has it. May be called from any thread, more than once.
pub fn restore_terminal() {
    let Some(modes) = before().take() else {
        return;
    };
    // Not through standard output, which the renderer's thread may hold.
    let written = match File::options().write(true).open("/dev/tty") {
        Ok(mut terminal) => give_back(&mut terminal, &modes),
        Err(_) => give_back(&mut std::io::stderr(), &modes),
    };
    // There is nobody left to tell.
    let _ = written;
}

fn give_back<T: Write + AsFd>(terminal: &mut T, modes: &Termios) -> std::io::Result<()> {
    terminal.write_all(LEAVE)?;
    terminal.flush()?;
    // Also forgets keys and mouse reports that nobody read.
    Ok(tcsetattr(terminal, OptionalActions::Flush, modes)?)
}

fn before() -> std::sync::MutexGuard<'static, Option<Termios>> {
    BEFORE.lock().unwrap_or_else(PoisonError::into_inner)
}
