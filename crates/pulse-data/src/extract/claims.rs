//! Which archive of a run brings which path.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use super::error::ExtractError;
use super::journal::Entry;

/// The files that the archives of one run hold, by path. Two with one path and different contents would replace
/// each other in every run.
#[derive(Debug)]
pub(super) struct Claims<'a> {
    shards: &'a [PathBuf],
    /// By half a BLAKE3 of the path: a million paths in some 60 MB.
    first: Mutex<HashMap<[u8; 16], Claim>>,
}

#[derive(Debug, Clone, Copy)]
struct Claim {
    shard: u32,
    entry: u64,
    content: [u8; 16],
}

impl<'a> Claims<'a> {
    pub(super) fn new(shards: &'a [PathBuf]) -> Self {
        Self {
            shards,
            first: Mutex::default(),
        }
    }

    /// Notes that entry number `entry` of an archive is this file.
    ///
    /// # Errors
    /// [`ExtractError::Contradiction`] if another entry of the run has the path and other content.
    pub(super) fn claim(
        &self,
        shard: &Path,
        entry: u64,
        record: &Entry,
    ) -> Result<(), ExtractError> {
        if record.size.is_none() {
            return Ok(());
        }
        let number = self.shards.iter().position(|other| other == shard);
        let claim = Claim {
            shard: number
                .and_then(|number| u32::try_from(number).ok())
                .unwrap_or(u32::MAX),
            entry,
            content: half_hash(record.digest.as_bytes()),
        };
        let mut first = self.first.lock().unwrap_or_else(PoisonError::into_inner);
        let path = half_hash(record.path.as_os_str().as_encoded_bytes());
        let before = *first.entry(path).or_insert(claim);
        if before.content == claim.content {
            return Ok(());
        }
        let shard_before = self.shards.get(before.shard as usize);
        Err(ExtractError::Contradiction {
            path: record.path.clone(),
            first: shard_before.cloned().unwrap_or_default(),
            first_entry: before.entry,
            second: shard.to_owned(),
            second_entry: entry,
        })
    }
}

fn half_hash(bytes: &[u8]) -> [u8; 16] {
    let hash = blake3::hash(bytes);
    let (half, _) = hash.as_bytes().split_at(16);
    half.try_into().unwrap_or_default()
}
