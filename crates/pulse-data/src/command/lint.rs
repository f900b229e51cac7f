use std::path::PathBuf;

use clap::Args;
use pulse_data::lint::{LintOptions, lint, write_html, write_text};

use super::Outcome;
use crate::Output;

/// Check a data set: turns, pictures, ids, lengths, label balance, overlap of training and test
///
/// Exit code 0 only if nothing was found.
#[derive(Args)]
pub(crate) struct Lint {
    /// A LLaVA JSON, a list of reports, a folder made by synthesize or export, or ECGBench as downloaded
    path: PathBuf,
    /// Folder of the pictures. Default: images beside the conversations
    #[arg(long)]
    images: Option<PathBuf>,
    /// A set whose recordings must not be in this one; may be repeated
    #[arg(long)]
    test: Vec<PathBuf>,
    /// Model folder: count lengths in its tokens and compare them with its context
    #[arg(long)]
    model: Option<PathBuf>,
    /// Another context than the model's, in positions
    #[arg(long, requires = "model")]
    context: Option<usize>,
    /// Leave the pictures alone
    #[arg(long)]
    skip_pictures: bool,
    /// Warnings do not count against the exit code
    #[arg(long)]
    allow_warnings: bool,
    /// Findings printed for each rule; all are counted
    #[arg(long, default_value_t = 100)]
    keep: usize,
    /// Also write the report as a self-contained page with plots
    #[arg(long)]
    html: Option<PathBuf>,
}

impl Lint {
    pub(crate) fn run(self, output: &Output) -> Outcome {
        let options = LintOptions {
            images: self.images,
            tests: self.test,
            model: self.model,
            context: self.context,
            skip_pictures: self.skip_pictures,
            keep: self.keep,
            progress: !output.is_quiet,
        };
        let report = lint(&self.path, &options)?;
        if let Some(path) = &self.html {
            write_html(&report, path)?;
        }
        output.print(&report, |report, mut out| write_text(report, &mut out))?;
        Ok(report.is_clean || (self.allow_warnings && report.errors == 0))
    }
}
