//! Files of a repository to a folder of the cache, whatever the repository holds.

use std::fs::File;
use std::io::Write;
use std::path::{Component, Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use hf_hub::Repo;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::client::{Client, FileInfo, RepositoryInfo};
use super::download::download;
use super::error::HubError;
use super::options::HubOptions;
use super::repository::RepositoryKind;

/// A repository in the cache.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// Its folder.
    pub folder: PathBuf,
    /// The commit it is.
    pub revision: String,
}

/// The folder of a repository in the cache.
pub(super) fn cache_root(kind: RepositoryKind, id: &str, options: &HubOptions) -> PathBuf {
    let revision = options.revision.clone();
    let repository = Repo::with_revision(id.to_owned(), kind.cached_as(), revision);
    options.cache.join(repository.folder_name())
}

/// Refuses revisions that lead out of the cache.
pub(super) fn check_revision(revision: &str) -> Result<(), HubError> {
    if !revision.is_empty() && is_plain(revision) {
        return Ok(());
    }
    Err(HubError::BadRevision {
        found: revision.to_owned(),
    })
}

/// The commit and folder that the cache has for a revision; the folder need not exist. `None` if the
/// cache does not know the revision and it is no commit itself.
pub(super) fn cached_snapshot(root: &Path, revision: &str) -> Option<Snapshot> {
    let commit = match std::fs::read_to_string(root.join("refs").join(revision)) {
        Ok(commit) => commit.trim().to_owned(),
        Err(_) => revision.to_owned(),
    };
    is_commit(&commit).then(|| Snapshot {
        folder: root.join("snapshots").join(&commit),
        revision: commit,
    })
}

/// What there is to fetch.
pub(super) enum Listing {
    /// The files of the revision, from the server.
    Server(RepositoryInfo),
    /// The server cannot be reached, and everything is in the cache.
    Cache(Snapshot),
}

/// Asks the server for the files of a revision. If it does not answer and `cached` is complete, that
/// is used, as `huggingface_hub` does; then there is no reason to try again and again first.
pub(super) fn list(
    kind: RepositoryKind,
    id: &str,
    cached: Option<Snapshot>,
    options: &HubOptions,
) -> Result<Listing, HubError> {
    let client = Client::new(&HubOptions {
        retries: if cached.is_some() { 0 } else { options.retries },
        ..options.clone()
    });
    let error = match client.repository(kind, id, &options.revision) {
        Ok(info) => return Ok(Listing::Server(info)),
        Err(error) => error,
    };
    let is_away = error.is_transient();
    match cached.filter(|_| is_away) {
        Some(snapshot) => {
            tracing::warn!(
                id,
                revision = snapshot.revision,
                %error,
                "the Hub cannot be reached, using the cache; there may be a newer revision"
            );
            Ok(Listing::Cache(snapshot))
        }
        None => Err(error),
    }
}

fn is_commit(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_hexdigit())
}

/// Whether a path stays below the folder it is put into.
fn is_plain(name: &str) -> bool {
    Path::new(name)
        .components()
        .all(|part| matches!(part, Component::Normal(_)))
        && !name.contains(['\\', '\0'])
}

/// Refuses lists whose commit or names lead out of the cache.
pub(super) fn check_names(id: &str, info: &RepositoryInfo) -> Result<(), HubError> {
    let protocol = |reason: String| HubError::Protocol {
        url: id.to_owned(),
        reason,
    };
    if !is_commit(&info.sha) {
        return Err(protocol(format!("the commit {:?} is no hash", info.sha)));
    }
    match info.siblings.iter().find(|file| !is_plain(&file.rfilename)) {
        None => Ok(()),
        Some(file) => Err(protocol(format!(
            "the file name {:?} leads out of the repository's folder",
            file.rfilename
        ))),
    }
}

/// Brings files of a commit into the cache, several at a time; those that are there are left alone.
pub(super) fn fetch_files(
    client: &Client,
    (kind, id): (RepositoryKind, &str),
    commit: &str,
    names: &[&str],
    options: &HubOptions,
) -> Result<Snapshot, HubError> {
    let root = cache_root(kind, id, options);
    let folder = root.join("snapshots").join(commit);
    let files = names
        .iter()
        .filter(|name| !folder.join(name).is_file())
        .map(|name| client.describe(kind, id, commit, name))
        .collect::<Result<Vec<_>, _>>()?;
    let bar = progress(&files, options);
    let queue = Mutex::new(files.iter());
    let is_failed = AtomicBool::new(false);
    let next = || {
        let mut queue = queue
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        (!is_failed.load(Ordering::Relaxed))
            .then(|| queue.next())
            .flatten()
    };
    let work = || -> Result<(), HubError> {
        while let Some(file) = next() {
            bar.set_message(file.name.clone());
            let blob = root.join("blobs").join(&file.etag);
            download(client, file, &blob, options, &bar)
                .and_then(|()| link(&blob, &folder.join(&file.name)))
                .inspect_err(|_| is_failed.store(true, Ordering::Relaxed))?;
        }
        Ok(())
    };
    let workers = options.connections.clamp(1, files.len().max(1));
    let results: Vec<_> = std::thread::scope(|scope| {
        let handles: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
        handles
            .into_iter()
            .map(|handle| match handle.join() {
                Ok(result) => result,
                Err(panic) => std::panic::resume_unwind(panic),
            })
            .collect()
    });
    results.into_iter().collect::<Result<(), _>>()?;
    bar.finish_and_clear();
    write_reference(&root.join("refs").join(&options.revision), commit)?;
    Ok(Snapshot {
        folder,
        revision: commit.to_owned(),
    })
}

fn progress(files: &[FileInfo], options: &HubOptions) -> ProgressBar {
    let bar = ProgressBar::new(files.iter().map(|file| file.size).sum());
    if !options.progress || files.is_empty() {
        bar.set_draw_target(ProgressDrawTarget::hidden());
    }
    let template = "{msg} {wide_bar} {bytes}/{total_bytes} {bytes_per_sec} {eta}";
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar
}

/// Puts a blob under its name in a snapshot: a relative link as `huggingface_hub` makes it, or a
/// copy where links are not to be had.
fn link(blob: &Path, place: &Path) -> Result<(), HubError> {
    let failed = |source| HubError::File {
        path: place.to_owned(),
        source,
    };
    if let Some(folder) = place.parent() {
        std::fs::create_dir_all(folder).map_err(failed)?;
    }
    if place.symlink_metadata().is_ok() {
        std::fs::remove_file(place).map_err(failed)?;
    }
    #[cfg(unix)]
    {
        let depth = place
            .ancestors()
            .skip(1)
            .position(|folder| folder.ends_with("snapshots"))
            .unwrap_or(1);
        let mut target = PathBuf::from("../".repeat(depth + 1));
        target.push("blobs");
        target.push(blob.file_name().unwrap_or_default());
        if std::os::unix::fs::symlink(&target, place).is_ok() && place.is_file() {
            return Ok(());
        }
        let _ = std::fs::remove_file(place);
    }
    std::fs::copy(blob, place).map(|_| ()).map_err(failed)
}

pub(super) fn write_reference(path: &Path, commit: &str) -> Result<(), HubError> {
    let failed = |source| HubError::File {
        path: path.to_owned(),
        source,
    };
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(failed)?;
    }
    // Added to the name, not put in place of an extension: v1.5 and v1.6 are two revisions. Process
    // and thread tell apart those who write the same one.
    let mut name = path.file_name().unwrap_or_default().to_owned();
    let thread = std::thread::current().id();
    name.push(format!(".{}-{thread:?}.new", std::process::id()));
    let temporary = path.with_file_name(name);
    let written = File::create(&temporary).and_then(|mut file| {
        file.write_all(commit.as_bytes())?;
        file.sync_all()
    });
    let placed = written.and_then(|()| std::fs::rename(&temporary, path));
    placed.map_err(|source| {
        // The first error is the one to report.
        let _ = std::fs::remove_file(&temporary);
        failed(source)
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn revisions_stay_in_the_cache() {
        for good in ["main", "v1.5", "refs/pr/1", "a..b"] {
            assert!(check_revision(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "..",
            "../main",
            "a/../../b",
            "/etc/passwd",
            "a\\..\\b",
            ".",
            "a\0b",
        ] {
            assert!(check_revision(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn references_of_similar_names_are_two_files() {
        let folder = tempfile::tempdir().unwrap();
        let place = |name: &str| folder.path().join(name);
        let place = &place;
        std::thread::scope(|scope| {
            for (name, commit) in [("v1.5", "a5"), ("v1.6", "a6")] {
                for _ in 0..4 {
                    scope.spawn(move || {
                        for _ in 0..20 {
                            write_reference(&place(name), commit).unwrap();
                            assert_eq!(std::fs::read_to_string(place(name)).unwrap(), commit);
                        }
                    });
                }
            }
        });
        // Nothing temporary is left.
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2);
    }

    #[test]
    fn a_reference_that_is_no_commit_is_not_followed() {
        let root = tempfile::tempdir().unwrap();
        write_reference(&root.path().join("refs/main"), "../../elsewhere").unwrap();
        assert_eq!(cached_snapshot(root.path(), "main"), None);
        assert_eq!(cached_snapshot(root.path(), "v1"), None);
        assert_eq!(
            cached_snapshot(root.path(), "ab12").unwrap().revision,
            "ab12"
        );
    }
}
