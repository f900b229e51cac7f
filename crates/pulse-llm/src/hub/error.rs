//! What can go wrong between here and the Hub.

use std::path::PathBuf;
use std::time::Duration;

/// Why a model, data set or picture could not be had.
#[derive(Debug, thiserror::Error)]
pub enum HubError {
    /// The name is neither a folder nor an id.
    #[error(
        "{found:?} is no folder here and no Hub id (owner/name); \
         check the path, or write an id like PULSE-ECG/PULSE-7B"
    )]
    UnknownModel {
        /// What was given.
        found: String,
    },
    /// The revision cannot be one.
    #[error("{found:?} is no revision; give a branch, tag or commit like main, v1.5 or refs/pr/1")]
    BadRevision {
        /// What was given.
        found: String,
    },
    /// The server cannot be reached or broke off too often.
    #[error(
        "{url}: {reason}; check the network (HF_ENDPOINT, proxy), then try again: what was received is kept"
    )]
    Network {
        /// What was asked for.
        url: String,
        /// What happened.
        reason: String,
    },
    /// The server refused.
    #[error("{url} answered {status}: {meaning}")]
    Refused {
        /// What was asked for.
        url: String,
        /// HTTP status.
        status: u16,
        /// What that means here and what to do.
        meaning: &'static str,
        /// How long the server asks to wait before the next request (`Retry-After`).
        retry_after: Option<Duration>,
    },
    /// The server's answer is not that of a Hub.
    #[error("{url} answered something else than a Hub would: {reason}; check HF_ENDPOINT")]
    Protocol {
        /// What was asked for.
        url: String,
        /// What is wrong.
        reason: String,
    },
    /// What arrived is not what was announced.
    #[error("{file} arrived damaged: {reason}; it was deleted, try again")]
    Damaged {
        /// The file.
        file: String,
        /// What differs.
        reason: String,
    },
    /// The repository has no weights that can be read.
    #[error(
        "{id} has no model.safetensors and no index of shards; convert its .bin files, which are not read because they can run code"
    )]
    NoSafetensors {
        /// The repository.
        id: String,
    },
    /// The repository's list of shards cannot be used.
    #[error("{id}: {file}: {reason}; take another revision, or tell the repository's owner")]
    BadIndex {
        /// The repository.
        id: String,
        /// The file.
        file: String,
        /// What is wrong with it.
        reason: String,
    },
    /// No file of a data set has a name that is asked for.
    #[error(
        "{id} has {files} files and none is called {pattern}; look at its page for their names"
    )]
    NothingMatches {
        /// The repository.
        id: String,
        /// What was asked for.
        pattern: String,
        /// Number of its files.
        files: usize,
    },
    /// Offline, and not everything is in the cache.
    #[error(
        "offline (HF_HUB_OFFLINE) and the cache lacks {missing} of {id}; go online once, or copy it to a folder"
    )]
    Offline {
        /// The repository.
        id: String,
        /// What is missing.
        missing: String,
    },
    /// A file of the cache cannot be written or read.
    #[error("{}: {source}; check permissions and free space, then try again: what was received is kept", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// What a URL delivers is too large to be a picture.
    #[error("{url} is larger than {limit} bytes; expected a picture")]
    TooLarge {
        /// The URL.
        url: String,
        /// The largest size.
        limit: u64,
    },
}

impl HubError {
    /// Whether the same request can succeed later: the connection or the server failed, or there were too many
    /// requests.
    pub fn is_transient(&self) -> bool {
        matches!(
            self,
            Self::Network { .. }
                | Self::Refused {
                    status: 429 | 500..,
                    ..
                }
        )
    }

    /// How long the server asks to wait.
    pub(super) fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Refused { retry_after, .. } => *retry_after,
            _ => None,
        }
    }
}
