//! A model of the Hub to a folder of the cache.

use std::path::{Component, Path, PathBuf};

use hf_hub::{Repo, RepoType};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::client::{Client, FileInfo, RepositoryInfo};
use super::download::download;
use super::error::HubError;
use super::options::HubOptions;

/// A model in the cache.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelSnapshot {
    /// Its folder.
    pub folder: PathBuf,
    /// The commit it is.
    pub revision: String,
}

/// Files beside the weights that a model can need.
const COMPANIONS: [&str; 10] = [
    "config.json",
    "generation_config.json",
    "preprocessor_config.json",
    "tokenizer.model",
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "model.safetensors.index.json",
    "LICENSE",
];

/// Brings the model `id` into the cache, or finds it there, and returns its folder.
///
/// # Errors
/// [`HubError`] if it does not exist, cannot be reached or written, or arrives damaged. What was
/// received before an interruption is kept and continued next time.
pub fn fetch_model(id: &str, options: &HubOptions) -> Result<ModelSnapshot, HubError> {
    let repository = Repo::with_revision(id.to_owned(), RepoType::Model, options.revision.clone());
    let root = options.cache.join(repository.folder_name());
    if options.offline {
        return cached(id, &root, &options.revision);
    }
    let client = Client::new(options);
    let info = client.repository(id, &options.revision)?;
    let names = wanted(id, &info)?;
    let snapshot = root.join("snapshots").join(&info.sha);
    let missing: Vec<&str> = names
        .iter()
        .copied()
        .filter(|name| !snapshot.join(name).is_file())
        .collect();
    let files = missing
        .into_iter()
        .map(|name| client.describe(id, &info.sha, name))
        .collect::<Result<Vec<_>, _>>()?;
    let bar = progress(&files, options);
    for file in &files {
        bar.set_message(file.name.clone());
        let blob = root.join("blobs").join(&file.etag);
        download(&client, file, &blob, options, &bar)?;
        link(&blob, &snapshot.join(&file.name))?;
    }
    bar.finish_and_clear();
    write_reference(&root.join("refs").join(&options.revision), &info.sha)?;
    Ok(ModelSnapshot {
        folder: snapshot,
        revision: info.sha,
    })
}

/// The files to fetch: weights, companions and the description of the vision tower.
fn wanted<'a>(id: &str, info: &'a RepositoryInfo) -> Result<Vec<&'a str>, HubError> {
    let is_plain = |name: &str| {
        Path::new(name)
            .components()
            .all(|part| matches!(part, Component::Normal(_)))
            && !name.contains('\\')
    };
    if !info.sha.chars().all(|c| c.is_ascii_hexdigit()) || info.sha.is_empty() {
        return Err(HubError::Protocol {
            url: id.to_owned(),
            reason: format!("the commit {:?} is no hash", info.sha),
        });
    }
    let mut names = Vec::new();
    for sibling in &info.siblings {
        let name = sibling.rfilename.as_str();
        if !is_plain(name) {
            return Err(HubError::Protocol {
                url: id.to_owned(),
                reason: format!("the file name {name:?} leads out of the model's folder"),
            });
        }
        let is_root = !name.contains('/');
        let is_weights = is_root && name.ends_with(".safetensors");
        let is_tower = name.starts_with("vision_tower/") && name.ends_with(".json");
        if is_weights || is_tower || COMPANIONS.contains(&name) {
            names.push(name);
        }
    }
    if !names.iter().any(|name| name.ends_with(".safetensors")) {
        return Err(HubError::NoSafetensors { id: id.to_owned() });
    }
    Ok(names)
}

/// The model as the cache has it.
fn cached(id: &str, root: &Path, revision: &str) -> Result<ModelSnapshot, HubError> {
    let offline = |missing: &str| HubError::Offline {
        id: id.to_owned(),
        missing: missing.to_owned(),
    };
    let commit = match std::fs::read_to_string(root.join("refs").join(revision)) {
        Ok(commit) => commit.trim().to_owned(),
        Err(_) => revision.to_owned(),
    };
    let folder = root.join("snapshots").join(&commit);
    if !folder.join("config.json").is_file() {
        return Err(offline("config.json"));
    }
    let index = folder.join("model.safetensors.index.json");
    if !index.is_file() && !folder.join("model.safetensors").is_file() {
        return Err(offline("the weights"));
    }
    // Shards that the index names are checked when the weights are opened.
    Ok(ModelSnapshot {
        folder,
        revision: commit,
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

fn write_reference(path: &Path, commit: &str) -> Result<(), HubError> {
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
