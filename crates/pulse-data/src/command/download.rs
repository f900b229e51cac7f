use std::path::PathBuf;

use clap::Args;
use pulse_llm::hub::{HubOptions, NamePattern, fetch_dataset};

use super::Outcome;
use crate::Output;

/// Bring a data set of the Hub into the cache, resuming and checking every file
///
/// The cache is that of Python's huggingface_hub (HF_HUB_CACHE, HF_HOME). ECGInstruct is 2 TB with all its
/// pictures: choose files with --include.
#[derive(Args)]
pub(crate) struct Download {
    /// Data set, owner/name: PULSE-ECG/ECGInstruct or PULSE-ECG/ECGBench
    id: String,
    /// Only files of this name; * stands for anything, a folder for all in it. May be repeated. Default: all
    #[arg(long)]
    include: Vec<String>,
    /// Branch, tag or commit
    #[arg(long, default_value = "main")]
    revision: String,
    /// Another cache folder than the environment's
    #[arg(long)]
    cache: Option<PathBuf>,
    /// Use only what is in the cache, and fail if something is missing (also HF_HUB_OFFLINE=1)
    #[arg(long)]
    offline: bool,
    /// Files transferred at the same time
    #[arg(long, default_value_t = 4)]
    connections: usize,
    /// How often a transfer that makes no progress is tried again
    #[arg(long, default_value_t = 5)]
    retries: u32,
}

#[derive(serde::Serialize)]
struct Report {
    id: String,
    revision: String,
    /// Names that are no text lose the bytes that are none.
    folder: String,
}

impl Download {
    pub(crate) fn run(self, output: &Output) -> Outcome {
        let environment = HubOptions::from_env();
        let options = HubOptions {
            revision: self.revision,
            offline: self.offline || environment.offline,
            progress: !output.is_quiet,
            connections: self.connections,
            retries: self.retries,
            cache: self.cache.unwrap_or(environment.cache.clone()),
            ..environment
        };
        let patterns: Vec<NamePattern> = self.include.into_iter().map(NamePattern::new).collect();
        let snapshot = fetch_dataset(&self.id, &patterns, &options)?;
        let report = Report {
            id: self.id,
            revision: snapshot.revision.clone(),
            folder: snapshot.folder.to_string_lossy().into_owned(),
        };
        output.print(&report, |_, out| {
            writeln!(out, "{}", snapshot.folder.display())
        })?;
        Ok(true)
    }
}
