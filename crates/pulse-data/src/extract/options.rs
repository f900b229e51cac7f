//! Settings and outcome.

use std::path::PathBuf;

/// Settings of [`extract`](super::extract()).
#[derive(Debug, Clone)]
pub struct ExtractOptions {
    /// Archives unpacked at once; 0: one for each core. Each reads and writes a stream of its own, so on
    /// a spinning disk one is best.
    pub threads: usize,
    /// Shows a progress bar with rate and remaining time on standard error.
    pub progress: bool,
    /// Compares the free space with an estimate before anything is written: 1.1 times the size of the
    /// archives that are not done, because pictures are compressed already and gzip gains nothing on
    /// them, plus 64 MiB. An archive of texts can need more; then the disk fills up, which is an error
    /// that loses nothing.
    pub check_space: bool,
    /// Replaces files that are there with other content instead of stopping.
    pub overwrite: bool,
    /// Syncs every file before it gets its name, so that a power cut leaves no empty files behind. Costs
    /// little on pictures of a megabyte, much on thousands of tiny files.
    pub sync: bool,
}

impl Default for ExtractOptions {
    fn default() -> Self {
        Self {
            threads: 0,
            progress: true,
            check_space: true,
            overwrite: false,
            sync: true,
        }
    }
}

/// What was unpacked.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct ExtractReport {
    /// The image root.
    #[serde(serialize_with = "crate::lossy::path")]
    pub root: PathBuf,
    /// Archives.
    pub shards: usize,
    /// Archives that were complete before, with all their files still there.
    pub complete_before: usize,
    /// Files that an earlier run had written and that were gone, written again.
    pub restored: u64,
    /// Files that an earlier run had written from a damaged archive, written again from the mended one.
    pub corrected: u64,
    /// Files of all archives.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Files written by this run; the others were there.
    pub written: u64,
}
