//! Every event as a line of JSON.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use super::event::{Event, Watcher};
use crate::error::TrainError;

/// `log.jsonl` of a run. Lines are appended one write each, so that an interruption loses at most the
/// end of the last.
pub struct JsonLog {
    path: PathBuf,
    file: File,
}

impl JsonLog {
    /// Opens the log for a run that goes on behind `step`: lines of later updates, which an
    /// interrupted run did and will be done again, are taken out.
    ///
    /// # Errors
    /// [`TrainError::File`] if it cannot be read or written.
    pub fn open(path: &Path, step: u64) -> Result<Self, TrainError> {
        let failed = |source| TrainError::File {
            path: path.to_owned(),
            source,
        };
        let kept = match std::fs::read_to_string(path) {
            Ok(text) => lines_up_to(&text, step),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(failed(error)),
        };
        let fresh = path.with_extension("jsonl.new");
        let write = || {
            let mut file = File::create(&fresh)?;
            file.write_all(kept.as_bytes())?;
            file.sync_all()?;
            std::fs::rename(&fresh, path)
        };
        write().map_err(failed)?;
        let file = OpenOptions::new().append(true).open(path).map_err(failed)?;
        Ok(Self {
            path: path.to_owned(),
            file,
        })
    }
}

fn lines_up_to(text: &str, step: u64) -> String {
    text.lines()
        .filter(|line| {
            let value: Option<serde_json::Value> = serde_json::from_str(line).ok();
            let at = value.as_ref().and_then(|value| value.get("step")?.as_u64());
            at.is_some_and(|at| at <= step)
        })
        .flat_map(|line| [line, "\n"])
        .collect()
}

impl Watcher for JsonLog {
    fn take(&mut self, event: &Event) -> Result<(), TrainError> {
        let mut append = || {
            let mut line = serde_json::to_string(event)?;
            line.push('\n');
            self.file.write_all(line.as_bytes())
        };
        append().map_err(|source| TrainError::File {
            path: self.path.clone(),
            source,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn later_updates_and_a_torn_last_line_are_taken_out() {
        let text = "{\"event\":\"step\",\"step\":1}\n{\"event\":\"step\",\"step\":2}\n\
                    {\"event\":\"step\",\"step\":3}\n{\"event\":\"st";
        assert_eq!(lines_up_to(text, 2).lines().count(), 2);
        assert_eq!(lines_up_to(text, 9).lines().count(), 3);
        assert_eq!(lines_up_to("", 9), "");
    }
}
