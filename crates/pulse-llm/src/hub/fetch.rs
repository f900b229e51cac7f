//! A model of the Hub to a folder of the cache.

use std::path::Path;

use super::client::{Client, RepositoryInfo};
use super::error::HubError;
use super::options::HubOptions;
use super::repository::RepositoryKind;
use super::snapshot::{Snapshot, cache_root, cached_snapshot, check_names, fetch_files};

/// A model in the cache.
pub type ModelSnapshot = Snapshot;

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
    let kind = RepositoryKind::Model;
    if options.offline {
        let root = cache_root(kind, id, options);
        return cached(id, &root, &options.revision);
    }
    let client = Client::new(options);
    let info = client.repository(kind, id, &options.revision)?;
    let names = wanted(id, &info)?;
    fetch_files(&client, (kind, id), &info.sha, &names, options)
}

/// The files to fetch: weights, companions and the description of the vision tower.
fn wanted<'a>(id: &str, info: &'a RepositoryInfo) -> Result<Vec<&'a str>, HubError> {
    check_names(id, info)?;
    let mut names = Vec::new();
    for sibling in &info.siblings {
        let name = sibling.rfilename.as_str();
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
    let snapshot = cached_snapshot(root, revision);
    let folder = &snapshot.folder;
    if !folder.join("config.json").is_file() {
        return Err(offline("config.json"));
    }
    let index = folder.join("model.safetensors.index.json");
    if !index.is_file() && !folder.join("model.safetensors").is_file() {
        return Err(offline("the weights"));
    }
    // Shards that the index names are checked when the weights are opened.
    Ok(snapshot)
}
