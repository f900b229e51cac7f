//! What can be wrong with a configuration.

/// Why a configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read the configuration {path}: {source}; check the path given to --config")]
    Unreadable {
        /// The file.
        path: String,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// A key or value is wrong.
    #[error("{place}: {reason}")]
    Wrong {
        /// File, line and column, or the `--set` at fault.
        place: String,
        /// What was found and what was expected.
        reason: String,
    },
}
