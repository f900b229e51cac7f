//! Settings and errors.

use std::path::PathBuf;

use pulse_llm::ConfigError;
use pulse_llm::text::TokenizerError;

use crate::bench::BenchError;

/// Settings of [`lint`](super::lint()).
#[derive(Debug, Clone)]
pub struct LintOptions {
    /// Folder of the pictures; `None`: `images` beside the conversations, else their own folder.
    pub images: Option<PathBuf>,
    /// Sets whose recordings must not be in the linted one: files or folders like it.
    pub tests: Vec<PathBuf>,
    /// A model's folder: lengths are counted in its tokens, pictures included, and compared with its
    /// context. `None`: lengths are counted in words and not judged.
    pub model: Option<PathBuf>,
    /// Another context than the model's, in positions.
    pub context: Option<usize>,
    /// Leaves pictures alone: no decoding, no duplicates, no lengths of pictures.
    pub skip_pictures: bool,
    /// Findings kept for each rule; all are counted.
    pub keep: usize,
    /// Shows a progress bar on standard error.
    pub progress: bool,
}

impl Default for LintOptions {
    fn default() -> Self {
        Self {
            images: None,
            tests: Vec::new(),
            model: None,
            context: None,
            skip_pictures: false,
            keep: 100,
            progress: true,
        }
    }
}

/// Why a data set cannot be linted at all. What is wrong inside it is a finding, no error.
#[derive(Debug, thiserror::Error)]
pub enum LintError {
    /// There is no data set.
    #[error(
        "{} is no data set: expected a JSON array of conversations, a folder with such files, or a folder \
         with ECGBench", path.display()
    )]
    NoDataSet {
        /// What was given.
        path: PathBuf,
    },
    /// A folder cannot be read, or the report not written.
    #[error("{}: {source}; check the path and permissions", path.display())]
    File {
        /// The file or folder.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// ECGBench cannot be opened.
    #[error(transparent)]
    Bench(#[from] BenchError),
    /// The model's tokenizer cannot be used.
    #[error(transparent)]
    Tokenizer(#[from] TokenizerError),
    /// The model's configuration cannot be used.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The template of the conversations is not there.
    #[error(transparent)]
    Template(#[from] pulse_llm::text::TemplateError),
}
