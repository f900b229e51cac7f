//! Which archive this is.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use super::error::ExtractError;

/// Bytes looked at at each end of an archive: names and the first pictures, and the checksum of gzip.
const END: u64 = 1 << 20;

/// Length and a digest of both ends of an archive, the checksum of gzip among them: sound `.tar.gz` files with
/// different contents differ in it. A damaged archive and the sound one may count as one, and so may plain `.tar`
/// files, which have no checksum, of one length and name that differ only in the middle. Of an archive that is not done
/// the content of every entry is therefore compared with what was unpacked; one that is done is not read again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Identity {
    pub(super) length: u64,
    digest: blake3::Hash,
}

impl Identity {
    pub(super) fn of(shard: &Path) -> Result<Self, ExtractError> {
        let failed = |source| ExtractError::file(shard, source);
        let mut file = File::open(shard).map_err(failed)?;
        let length = file.metadata().map_err(failed)?.len();
        let mut hasher = blake3::Hasher::new();
        let mut take = |file: &mut File| {
            let mut end = Vec::new();
            file.take(END).read_to_end(&mut end)?;
            hasher.update(&end);
            Ok(())
        };
        take(&mut file).map_err(failed)?;
        let tail = length.saturating_sub(END).max(END.min(length));
        file.seek(SeekFrom::Start(tail)).map_err(failed)?;
        take(&mut file).map_err(failed)?;
        Ok(Self {
            length,
            digest: hasher.finalize(),
        })
    }

    /// Sixteen characters of the digest: enough to tell archives of one name apart.
    pub(super) fn short(&self) -> String {
        self.digest.to_hex().chars().take(16).collect()
    }
}
