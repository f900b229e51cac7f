//! What can go wrong while unpacking.

use std::io;
use std::path::{Path, PathBuf};

use super::path::PathRefusal;

/// Why archives cannot be unpacked.
#[derive(Debug, thiserror::Error)]
pub enum ExtractError {
    /// There is nothing to unpack.
    #[error(
        "{} has no archives; expected shard_*.tar.gz (or .tgz, .tar), get them with \
         `pulse-data download PULSE-ECG/ECGInstruct`", path.display()
    )]
    NoShards {
        /// Where they were looked for.
        path: PathBuf,
    },
    /// The disk has not enough room.
    #[error(
        "{} has {free} bytes free and unpacking needs about {needed}; free some space, unpack fewer archives \
         at a time, or go ahead with --no-space-check", path.display()
    )]
    NoSpace {
        /// The image root.
        path: PathBuf,
        /// Bytes free.
        free: u64,
        /// Bytes needed, by the estimate that the documentation of the options gives.
        needed: u64,
    },
    /// The disk became full on the way.
    #[error(
        "{}: the disk is full; free some space and run the same command again, it goes on where it stopped",
        path.display()
    )]
    DiskFull {
        /// The file that did not fit.
        path: PathBuf,
    },
    /// A file cannot be read or written.
    #[error("{}: {source}; check the path and permissions, then run the same command again", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// An archive is cut off or damaged.
    #[error(
        "{}: entry {entry}: {reason}; the archive is cut off or damaged, get it again and run the same command; files \
         before this entry may be damaged too until then", shard.display()
    )]
    Damaged {
        /// The archive.
        shard: PathBuf,
        /// Number of the entry, from 0.
        entry: u64,
        /// What the decoder said.
        reason: String,
    },
    /// An entry would be written outside the image root.
    #[error("{}: entry {entry}: {reason}; this archive is not unpacked further", shard.display())]
    Path {
        /// The archive.
        shard: PathBuf,
        /// Number of the entry, from 0.
        entry: u64,
        /// What is wrong with its name.
        reason: PathRefusal,
    },
    /// What describes an entry is longer than any name.
    #[error(
        "{}: the name and attributes of entry {entry} take more than {limit} bytes, which those of no picture do; \
         this archive is not unpacked further", shard.display()
    )]
    LongName {
        /// The archive.
        shard: PathBuf,
        /// Number of the entry, from 0.
        entry: u64,
        /// The most that is read, in bytes.
        limit: u64,
    },
    /// A symbolic link lies where an entry would be written.
    #[error(
        "{} is a symbolic link, through which {} would be written to another place; remove the link, or give \
         --out the folder that it leads to", link.display(), writing.display()
    )]
    ThroughLink {
        /// The link.
        link: PathBuf,
        /// What would have been written.
        writing: PathBuf,
    },
    /// Another run unpacks the same archive to the same place.
    #[error(
        "another run is unpacking {} here (it holds {}); wait until it has ended, then run the same command again",
        shard.display(), journal.display()
    )]
    Busy {
        /// The archive.
        shard: PathBuf,
        /// The journal that the other run holds.
        journal: PathBuf,
    },
    /// An entry is neither a file nor a folder.
    #[error(
        "{}: entry {entry} ({name}) is a {kind}; picture archives have files and folders only, this archive \
         is not unpacked further", shard.display()
    )]
    Kind {
        /// The archive.
        shard: PathBuf,
        /// Number of the entry, from 0.
        entry: u64,
        /// Its name.
        name: String,
        /// What it is.
        kind: &'static str,
    },
    /// A file is there already with other content.
    #[error(
        "{}: {} is already there with other content; move it away, or pass --overwrite", shard.display(), path.display()
    )]
    Conflict {
        /// The archive.
        shard: PathBuf,
        /// The file.
        path: PathBuf,
    },
    /// Two archives, or one, have two files of one path.
    #[error(
        "{} is there twice with different content: entry {first_entry} of {} and entry {second_entry} of {}; unpack the \
         two archives to different folders, or leave out the one that is wrong",
        path.display(), first.display(), second.display()
    )]
    Contradiction {
        /// The path of both.
        path: PathBuf,
        /// The archive of the first.
        first: PathBuf,
        /// Its number there, from 0.
        first_entry: u64,
        /// The archive of the second.
        second: PathBuf,
        /// Its number there, from 0.
        second_entry: u64,
    },
    /// The journal tells of other entries than the archive has.
    #[error(
        "{}: entry {entry} is not the one that was unpacked before; the archive changed or is damaged. Get it again, or delete {} to unpack it anew",
        shard.display(), journal.display()
    )]
    OtherArchive {
        /// The archive.
        shard: PathBuf,
        /// Number of the entry, from 0.
        entry: u64,
        /// The journal.
        journal: PathBuf,
    },
    /// A journal cannot be understood.
    #[error("the journal {} is damaged at line {line}; delete it and unpack the archive again", path.display())]
    Journal {
        /// The journal.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
    },
}

impl ExtractError {
    /// The error of an operation on a file, a full disk told apart.
    pub(super) fn file(path: &Path, source: io::Error) -> Self {
        let path = path.to_owned();
        match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::DiskFull { path },
            _ => Self::File { path, source },
        }
    }
}
