//! Files of a repository to a folder of the cache, whatever the repository holds.

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

/// The commit and folder that the cache has for a revision; the folder need not exist.
pub(super) fn cached_snapshot(root: &Path, revision: &str) -> Snapshot {
    let commit = match std::fs::read_to_string(root.join("refs").join(revision)) {
        Ok(commit) => commit.trim().to_owned(),
        Err(_) => revision.to_owned(),
    };
    Snapshot {
        folder: root.join("snapshots").join(&commit),
        revision: commit,
    }
}

/// Refuses lists whose commit or names lead out of the cache.
pub(super) fn check_names(id: &str, info: &RepositoryInfo) -> Result<(), HubError> {
    let protocol = |reason: String| HubError::Protocol {
        url: id.to_owned(),
        reason,
    };
    if !info.sha.chars().all(|c| c.is_ascii_hexdigit()) || info.sha.is_empty() {
        return Err(protocol(format!("the commit {:?} is no hash", info.sha)));
    }
    let is_plain = |name: &str| {
        Path::new(name)
            .components()
            .all(|part| matches!(part, Component::Normal(_)))
            && !name.contains('\\')
    };
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
    let temporary = path.with_extension("new");
    std::fs::write(&temporary, commit).map_err(failed)?;
    std::fs::rename(&temporary, path).map_err(failed)
}
