//! Digests of weights that were computed before, in the user's cache folder.

use std::fs::{File, Metadata};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use pulse_kernels::MappedFile;

/// Below this many bytes hashing takes less time than keeping books.
const SMALLEST: usize = 256 << 20;

/// Files changed more recently than this could change again without a new time of change, on file
/// systems with coarse clocks.
const SETTLED: Duration = Duration::from_secs(2);

/// The place of one checkpoint's digest. Its name is a hash over path, size and times of every file
/// as they were when the weights were mapped, so an entry is never wrong, only superfluous.
#[derive(Debug, Clone)]
pub(super) struct DigestCache {
    entry: PathBuf,
    paths: Vec<PathBuf>,
}

impl DigestCache {
    /// In the user's cache folder. `None` for small checkpoints and where there is no such folder.
    pub(super) fn for_files(files: &[(PathBuf, MappedFile)]) -> Option<Self> {
        let size: usize = files.iter().map(|(_, map)| map.as_slice().len()).sum();
        if size < SMALLEST {
            return None;
        }
        let folder = dirs::cache_dir()?.join("pulse").join("weights-digests");
        Self::in_folder(&folder, files)
    }

    /// In a folder of choice. `None` if a file is no longer what was mapped.
    pub(super) fn in_folder(folder: &Path, files: &[(PathBuf, MappedFile)]) -> Option<Self> {
        let lengths = files.iter().map(|(_, map)| map.as_slice().len() as u64);
        let paths: Vec<PathBuf> = files.iter().map(|(path, _)| path.clone()).collect();
        let (key, sizes) = key(&paths)?;
        lengths.eq(sizes).then(|| Self {
            entry: folder.join(key),
            paths,
        })
    }

    /// The digest, if it is known.
    pub(super) fn read(&self) -> Option<String> {
        let text = std::fs::read_to_string(&self.entry).ok()?;
        let digits = text.strip_prefix("blake3:")?;
        let is_whole = digits.len() == 64 && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
        is_whole.then_some(text)
    }

    /// Keeps a digest if the files are still the same and have been for a while. What cannot be
    /// kept is computed again next time.
    pub(super) fn write(&self, digest: &str) {
        let is_same = key(&self.paths)
            .is_some_and(|(key, _)| self.entry.file_name() == Some(std::ffi::OsStr::new(&key)));
        if is_same
            && self.paths.iter().all(|path| is_settled(path))
            && let Err(error) = self.place(digest)
        {
            tracing::debug!(%error, path = %self.entry.display(), "the weights' digest is not kept");
        }
    }

    fn place(&self, digest: &str) -> std::io::Result<()> {
        if let Some(folder) = self.entry.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let temporary = self.entry.with_extension(std::process::id().to_string());
        let mut file = File::create(&temporary)?;
        file.write_all(digest.as_bytes())?;
        file.sync_all()?;
        std::fs::rename(&temporary, &self.entry)
    }
}

/// The name of an entry, and the files' sizes in bytes.
fn key(paths: &[PathBuf]) -> Option<(String, Vec<u64>)> {
    let mut hasher = blake3::Hasher::new();
    let mut sizes = Vec::new();
    for path in paths {
        let metadata = path.metadata().ok()?;
        let path = path.canonicalize().ok()?;
        hasher.update(path.as_os_str().as_encoded_bytes());
        hasher.update(&[0]);
        hasher.update(&metadata.len().to_le_bytes());
        let modified = metadata.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
        hasher.update(&modified.as_nanos().to_le_bytes());
        hasher.update(&status_time(&metadata));
        sizes.push(metadata.len());
    }
    Some((hasher.finalize().to_hex().to_string(), sizes))
}

/// When name or content changed last, which unlike the time of the content cannot be set back.
#[cfg(unix)]
fn status_time(metadata: &Metadata) -> [u8; 16] {
    use std::os::unix::fs::MetadataExt;
    let nanoseconds =
        i128::from(metadata.ctime()) * 1_000_000_000 + i128::from(metadata.ctime_nsec());
    nanoseconds.to_le_bytes()
}

/// Not to be had here.
#[cfg(not(unix))]
fn status_time(_: &Metadata) -> [u8; 16] {
    [0; 16]
}

fn is_settled(path: &Path) -> bool {
    let modified = path.metadata().and_then(|metadata| metadata.modified());
    modified.is_ok_and(|time| {
        SystemTime::now()
            .duration_since(time)
            .is_ok_and(|age| age > SETTLED)
    })
}
