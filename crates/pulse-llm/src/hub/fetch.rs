//! A model of the Hub to a folder of the cache.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::Deserialize;

use super::client::{Client, RepositoryInfo};
use super::error::HubError;
use super::options::HubOptions;
use super::repository::RepositoryKind;
use super::snapshot::{
    Listing, Snapshot, cache_root, cached_snapshot, check_names, check_revision, fetch_files, list,
};

const SINGLE: &str = "model.safetensors";
const INDEX: &str = "model.safetensors.index.json";

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
    INDEX,
    "LICENSE",
];

/// Brings the model `id` into the cache, or finds it there, and returns its folder. When the Hub
/// cannot be reached and the cache has the whole model, that is used, with a warning.
///
/// # Errors
/// [`HubError`] if it does not exist, cannot be reached or written, or arrives damaged. What was
/// received before an interruption is kept and continued next time.
pub fn fetch_model(id: &str, options: &HubOptions) -> Result<ModelSnapshot, HubError> {
    fetch(id, options, cached, weights)
}

/// Brings what describes the model `id` (configuration and tokenizer files, no weights) into the cache,
/// or finds it there, and returns its folder: enough for [`ModelConfig::from_folder`].
///
/// # Errors
/// As [`fetch_model`].
///
/// [`ModelConfig::from_folder`]: crate::ModelConfig::from_folder
pub fn fetch_model_config(id: &str, options: &HubOptions) -> Result<ModelSnapshot, HubError> {
    fetch(id, options, cached_config, |_, _, _| Ok(Vec::new()))
}

/// The companions and what `weights` names; `cached` is what the cache has of them.
fn fetch(
    id: &str,
    options: &HubOptions,
    cached: impl Fn(&str, &Path, &str) -> Result<ModelSnapshot, HubError>,
    weights: impl Fn(&Client, &str, &RepositoryInfo) -> Result<Vec<String>, HubError>,
) -> Result<ModelSnapshot, HubError> {
    let kind = RepositoryKind::Model;
    check_revision(&options.revision)?;
    let root = cache_root(kind, id, options);
    let have = cached(id, &root, &options.revision);
    if options.offline {
        return have;
    }
    let info = match list(kind, id, have.ok(), options)? {
        Listing::Cache(snapshot) => return Ok(snapshot),
        Listing::Server(info) => info,
    };
    check_names(id, &info)?;
    let client = Client::new(options);
    let weights = weights(&client, id, &info)?;
    let mut names: Vec<&str> = names(&info).filter(|name| is_companion(name)).collect();
    names.extend(weights.iter().map(String::as_str));
    fetch_files(&client, (kind, id), &info.sha, &names, options)
}

fn names(info: &RepositoryInfo) -> impl Iterator<Item = &str> {
    info.siblings.iter().map(|file| file.rfilename.as_str())
}

/// Whether a file belongs to the model without holding its weights.
fn is_companion(name: &str) -> bool {
    let is_tower = name.starts_with("vision_tower/") && name.ends_with(".json");
    is_tower || COMPANIONS.contains(&name)
}

/// The weight files: the shards of the index, or the single file. A repository can hold others
/// beside them (adapters, copies in another type), which loading would not read.
fn weights(client: &Client, id: &str, info: &RepositoryInfo) -> Result<Vec<String>, HubError> {
    let has = |wanted: &str| names(info).any(|name| name == wanted);
    if !has(INDEX) {
        return if has(SINGLE) {
            Ok(vec![SINGLE.to_owned()])
        } else {
            Err(HubError::NoSafetensors { id: id.to_owned() })
        };
    }
    let text = client.text(RepositoryKind::Model, id, &info.sha, INDEX)?;
    let shards = shards(id, &text)?;
    match shards.iter().find(|shard| !has(shard)) {
        None => Ok(shards),
        Some(shard) => Err(bad_index(
            id,
            format!("the shard {shard} is not in the repository"),
        )),
    }
}

#[derive(Deserialize)]
struct ShardIndex {
    weight_map: BTreeMap<String, String>,
}

/// The files an index names.
fn shards(id: &str, index: &str) -> Result<Vec<String>, HubError> {
    let index: ShardIndex =
        serde_json::from_str(index).map_err(|error| bad_index(id, error.to_string()))?;
    let shards: BTreeSet<String> = index.weight_map.into_values().collect();
    if shards.is_empty() {
        return Err(bad_index(id, "its weight_map is empty".to_owned()));
    }
    Ok(shards.into_iter().collect())
}

fn bad_index(id: &str, reason: String) -> HubError {
    HubError::BadIndex {
        id: id.to_owned(),
        file: INDEX.to_owned(),
        reason,
    }
}

/// The model as the cache has it.
fn cached(id: &str, root: &Path, revision: &str) -> Result<ModelSnapshot, HubError> {
    let snapshot = cached_config(id, root, revision)?;
    let folder = &snapshot.folder;
    let weights = match std::fs::read_to_string(folder.join(INDEX)) {
        Ok(index) => shards(id, &index)?,
        Err(_) => vec![SINGLE.to_owned()],
    };
    match weights.iter().find(|name| !folder.join(name).is_file()) {
        None => Ok(snapshot),
        Some(name) => Err(absent(id, name)),
    }
}

/// The model's description as the cache has it.
fn cached_config(id: &str, root: &Path, revision: &str) -> Result<ModelSnapshot, HubError> {
    let snapshot = cached_snapshot(root, revision)
        .ok_or_else(|| absent(id, &format!("the revision {revision}")))?;
    if !snapshot.folder.join("config.json").is_file() {
        return Err(absent(id, "config.json"));
    }
    Ok(snapshot)
}

fn absent(id: &str, missing: &str) -> HubError {
    HubError::Offline {
        id: id.to_owned(),
        missing: missing.to_owned(),
    }
}
