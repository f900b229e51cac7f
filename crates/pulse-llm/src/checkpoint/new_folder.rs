//! Folders that get their name when they are whole.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tempfile::TempDir;

/// A folder that grows in a temporary one beside its target. Dropped before [`finish`](Self::finish), it is removed
/// with everything in it. Its temporary name is new, so that nothing of anybody else is ever removed; a process that
/// is killed leaves it, as `.TARGET-….part`.
pub(super) struct NewFolder {
    target: PathBuf,
    /// Where the target lies.
    parent: PathBuf,
    place: TempDir,
}

/// The folder's name within the temporary one, which only its owner may enter.
const INNER: &str = "folder";

impl NewFolder {
    /// An empty folder, to be called `target`.
    ///
    /// # Errors
    /// [`io::ErrorKind::AlreadyExists`] if there is something of that name, or what the system says.
    pub(super) fn beside(target: &Path) -> io::Result<Self> {
        // Links that lead nowhere count.
        if target.symlink_metadata().is_ok() {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        let parent = target
            .parent()
            .filter(|path| !path.as_os_str().is_empty())
            .unwrap_or(Path::new("."));
        let name = target.file_name().unwrap_or_default().to_string_lossy();
        let place = tempfile::Builder::new()
            .prefix(&format!(".{name}-"))
            .suffix(".part")
            .tempdir_in(parent)?;
        std::fs::create_dir(place.path().join(INNER))?;
        Ok(Self {
            target: target.to_owned(),
            parent: parent.to_owned(),
            place,
        })
    }

    /// Where it lies now.
    pub(super) fn path(&self) -> PathBuf {
        self.place.path().join(INNER)
    }

    /// Gives the folder its name. Its files must be synced; the names in it are synced here.
    ///
    /// # Errors
    /// What the system says; then the folder is gone.
    pub(super) fn finish(self) -> io::Result<()> {
        let path = self.path();
        sync_folder(&path)?;
        std::fs::rename(path, &self.target)?;
        sync_folder(&self.parent)
    }
}

/// Makes the names in a folder last.
///
/// # Errors
/// What the system says; nothing where it cannot open folders.
pub(super) fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) {
        File::open(folder)?.sync_all()?;
    }
    Ok(())
}

/// Writes a new file and syncs it.
///
/// # Errors
/// What the system says.
pub(super) fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::create_new(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Copies a file's bytes into a new one, whatever its permissions, and syncs it.
///
/// # Errors
/// What the system says.
pub(super) fn copy(from: &Path, to: &Path) -> io::Result<()> {
    let mut source = File::open(from)?;
    let mut target = File::create_new(to)?;
    io::copy(&mut source, &mut target)?;
    target.sync_all()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = std::fs::read_dir(folder).unwrap();
        let name = |entry: io::Result<std::fs::DirEntry>| entry.unwrap().file_name();
        entries
            .map(|entry| name(entry).to_string_lossy().into_owned())
            .collect()
    }

    #[test]
    fn a_whole_folder_gets_its_name_and_a_dropped_one_leaves_nothing() {
        let place = tempfile::tempdir().unwrap();
        let target = place.path().join("new");
        let folder = NewFolder::beside(&target).unwrap();
        write(&folder.path().join("a"), b"1").unwrap();
        copy(&folder.path().join("a"), &folder.path().join("b")).unwrap();
        folder.finish().unwrap();
        assert_eq!(std::fs::read(target.join("b")).unwrap(), b"1");
        assert_eq!(names(place.path()), ["new"]);

        let dropped = NewFolder::beside(&place.path().join("other")).unwrap();
        write(&dropped.path().join("a"), b"1").unwrap();
        drop(dropped);
        assert_eq!(names(place.path()), ["new"]);
        let error = NewFolder::beside(&target).err().unwrap();
        assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
    }
}
