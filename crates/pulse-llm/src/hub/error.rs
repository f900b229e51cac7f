//! What can go wrong between here and the Hub.

use std::path::PathBuf;

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
        "{id} has no safetensors weights; convert its .bin files, which are not read because they can run code"
    )]
    NoSafetensors {
        /// The repository.
        id: String,
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
