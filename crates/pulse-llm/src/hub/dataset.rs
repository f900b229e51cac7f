//! A data set of the Hub to a folder of the cache.

use std::path::{Path, PathBuf};

use super::client::{Client, RepositoryInfo};
use super::error::HubError;
use super::options::HubOptions;
use super::pattern::NamePattern;
use super::repository::RepositoryKind;
use super::snapshot::{
    Snapshot, cache_root, cached_snapshot, check_names, fetch_files, write_reference,
};
use super::source::is_id;

/// Brings files of the data set `id` into the cache, or finds them there, and returns its folder.
/// `patterns` choose the files by name ([`NamePattern`]); none chooses all.
///
/// The list of files is kept beside the snapshot, so that offline it is known whether something is
/// missing.
///
/// # Errors
/// [`HubError`] if it does not exist, has no file that a pattern means, cannot be reached or written, or
/// arrives damaged. What was received before an interruption is kept and continued next time.
pub fn fetch_dataset(
    id: &str,
    patterns: &[NamePattern],
    options: &HubOptions,
) -> Result<Snapshot, HubError> {
    if !is_id(id) {
        return Err(HubError::UnknownModel {
            found: id.to_owned(),
        });
    }
    let kind = RepositoryKind::Dataset;
    let root = cache_root(kind, id, options);
    if options.offline {
        return cached(id, &root, patterns, &options.revision);
    }
    let client = Client::new(options);
    let info = client.repository(kind, id, &options.revision)?;
    check_names(id, &info)?;
    let all: Vec<&str> = names(&info).collect();
    let wanted = choose(id, &all, patterns)?;
    write_reference(&list_path(&root, &info.sha), &all.join("\n"))?;
    fetch_files(&client, (kind, id), &info.sha, &wanted, options)
}

fn names(info: &RepositoryInfo) -> impl Iterator<Item = &str> {
    info.siblings.iter().map(|file| file.rfilename.as_str())
}

/// Where the names of a commit's files are kept.
fn list_path(root: &Path, commit: &str) -> PathBuf {
    root.join("file-lists").join(format!("{commit}.txt"))
}

/// The names that the patterns mean.
fn choose<'a>(
    id: &str,
    all: &[&'a str],
    patterns: &[NamePattern],
) -> Result<Vec<&'a str>, HubError> {
    for pattern in patterns {
        if !all.iter().any(|name| pattern.matches(name)) {
            return Err(HubError::NothingMatches {
                id: id.to_owned(),
                pattern: pattern.to_string(),
                files: all.len(),
            });
        }
    }
    let is_wanted =
        |name: &&str| patterns.is_empty() || patterns.iter().any(|one| one.matches(name));
    Ok(all.iter().copied().filter(is_wanted).collect())
}

/// The data set as the cache has it.
fn cached(
    id: &str,
    root: &Path,
    patterns: &[NamePattern],
    revision: &str,
) -> Result<Snapshot, HubError> {
    let snapshot = cached_snapshot(root, revision);
    let offline = |missing: String| HubError::Offline {
        id: id.to_owned(),
        missing,
    };
    let Ok(list) = std::fs::read_to_string(list_path(root, &snapshot.revision)) else {
        return Err(offline("the list of its files".to_owned()));
    };
    let all: Vec<&str> = list.lines().collect();
    let wanted = choose(id, &all, patterns)?;
    match wanted
        .iter()
        .find(|name| !snapshot.folder.join(name).is_file())
    {
        None => Ok(snapshot),
        Some(name) => Err(offline((*name).to_owned())),
    }
}
