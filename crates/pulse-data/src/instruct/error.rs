//! What can be wrong with a conversation file.

use std::path::PathBuf;

use super::scan::ScanError;

/// Why an item that is sound JSON is no conversation.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, thiserror::Error)]
#[error("item {item} (bytes {offset}..{}): {reason}", offset + length)]
pub struct ItemDefect {
    /// The item's number, from 0.
    pub item: u64,
    /// Its first byte in the file.
    pub offset: u64,
    /// Its length in bytes.
    pub length: u64,
    /// What is missing or of another type.
    pub reason: String,
}

/// Why a conversation file cannot be indexed or read.
#[derive(Debug, thiserror::Error)]
pub enum InstructError {
    /// A file cannot be read or written.
    #[error("{}: {source}; check the path, permissions and free space", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// What should be a file is a folder, a pipe or a device.
    #[error("{} is no plain file; give it a file (from a pipe: save what comes out of it first)", path.display())]
    NotPlain {
        /// What was given.
        path: PathBuf,
    },
    /// The index would be written over its own file.
    #[error("the index of {} cannot have the same name; give --index another one, or leave it out", path.display())]
    SameFile {
        /// The file.
        path: PathBuf,
    },
    /// Another run makes the same index.
    #[error(
        "another run is making the index {}; wait until it has ended, then run the same command again",
        index.display()
    )]
    Busy {
        /// The index.
        index: PathBuf,
    },
    /// The index cannot be written where it should be.
    #[error(
        "the index {} cannot be written: {source}; give it another place with `pulse-data index FILE --index \
         PLACE`, or free some space", path.display()
    )]
    Unwritable {
        /// The index, or what grows into it.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// The file is not one JSON array of objects.
    #[error("{}: {reason}{}", path.display(), reason.advice())]
    Structure {
        /// The file.
        path: PathBuf,
        /// Where and what.
        reason: ScanError,
    },
    /// An item is no sound JSON.
    #[error("{}: byte {offset}, item {item}: {reason}; expected JSON", path.display())]
    Syntax {
        /// The file.
        path: PathBuf,
        /// The item's number, from 0.
        item: u64,
        /// Where in the file.
        offset: u64,
        /// What the parser said.
        reason: String,
    },
    /// A text is not UTF-8.
    #[error(
        "{}: byte {offset}, item {item}: not UTF-8; convert the file (iconv -t UTF-8), then index it again",
        path.display()
    )]
    NotUtf8 {
        /// The file.
        path: PathBuf,
        /// The item's number, from 0.
        item: u64,
        /// The first byte that is none.
        offset: u64,
    },
    /// An item is larger than any conversation.
    #[error("{}: byte {offset}, item {item} is longer than {limit} bytes, which no conversation is", path.display())]
    TooLong {
        /// The file.
        path: PathBuf,
        /// The item's number, from 0.
        item: u64,
        /// Its first byte.
        offset: u64,
        /// The largest length in bytes.
        limit: u64,
    },
    /// An item is JSON, but no conversation.
    #[error("{}: {defect}; `pulse-data lint` lists all such items", path.display())]
    Item {
        /// The file.
        path: PathBuf,
        /// Which and why.
        defect: ItemDefect,
    },
    /// The file has no index yet.
    #[error("{} has no index {}; make it once with `pulse-data index {}`", path.display(), index.display(), path.display())]
    NoIndex {
        /// The conversations.
        path: PathBuf,
        /// Where the index was looked for.
        index: PathBuf,
    },
    /// The index is of another version, damaged or of another kind.
    #[error("the index {} cannot be used: {reason}; make it again with `pulse-data index`", path.display())]
    BadIndex {
        /// The index.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// The conversations changed after they were indexed.
    #[error(
        "{} changed after it was indexed ({what}); make the index again with `pulse-data index {}`",
        path.display(), path.display()
    )]
    Changed {
        /// The conversations.
        path: PathBuf,
        /// What differs.
        what: String,
    },
    /// There is no item of this number.
    #[error("{} has {items} items, there is no item {item}; they count from 0", path.display())]
    OutOfRange {
        /// The conversations.
        path: PathBuf,
        /// The number asked for.
        item: u64,
        /// How many there are.
        items: u64,
    },
}
