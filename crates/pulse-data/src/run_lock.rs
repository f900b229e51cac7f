//! One run at a time on one output. The operating system frees the lock of a run that was killed.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

/// Opens a file for reading and writing, makes it if it is not there, and locks it. `None`: another run has
/// it, of this program or of another.
pub(crate) fn open_locked(path: &Path) -> io::Result<Option<File>> {
    loop {
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .open(path)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(error)) => return Err(error),
        }
        // A run that ended between the two may have removed the file: its lock would lock nobody out.
        if is_at(&file, path)? {
            return Ok(Some(file));
        }
    }
}

fn is_at(file: &File, path: &Path) -> io::Result<bool> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        let own = file.metadata()?;
        Ok(std::fs::metadata(path)
            .is_ok_and(|other| (own.dev(), own.ino()) == (other.dev(), other.ino())))
    }
    #[cfg(not(unix))]
    {
        let _ = file;
        Ok(path.exists())
    }
}

/// A file that says that a run works here; it goes when the run ends.
#[derive(Debug)]
pub(crate) struct RunLock {
    path: PathBuf,
    _file: File,
}

impl RunLock {
    /// Takes the lock, or `None` if another run has it.
    pub(crate) fn take(path: &Path) -> io::Result<Option<Self>> {
        let file = open_locked(path)?;
        Ok(file.map(|file| Self {
            path: path.to_owned(),
            _file: file,
        }))
    }
}

impl Drop for RunLock {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_is_held_once_and_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        let held = RunLock::take(&path).unwrap().unwrap();
        assert!(RunLock::take(&path).unwrap().is_none());
        drop(held);
        assert!(!path.exists());
        // What a killed run left locks nobody out.
        std::fs::write(&path, "").unwrap();
        assert!(RunLock::take(&path).unwrap().is_some());
    }

    #[test]
    fn runs_in_turn_never_meet() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        let inside = std::sync::atomic::AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..200 {
                        let Some(_lock) = RunLock::take(&path).unwrap() else {
                            continue;
                        };
                        use std::sync::atomic::Ordering::SeqCst;
                        assert_eq!(inside.fetch_add(1, SeqCst), 0);
                        std::thread::yield_now();
                        inside.fetch_sub(1, SeqCst);
                    }
                });
            }
        });
    }
}
