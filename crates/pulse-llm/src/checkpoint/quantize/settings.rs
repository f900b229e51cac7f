//! What a packed folder takes over from its source beside the weights.

use std::path::Path;

use serde_json::{Value, json};

use super::super::defects::CheckpointError;
use super::super::new_folder::{copy, sync_folder, write};
use super::super::packed::PackedFolder;
use super::failed;

/// Copies everything of a checkpoint but its weights and its configuration: tokenizer, preprocessing,
/// the configuration of the vision tower.
pub(super) fn copy_settings(
    source: &Path,
    target: &Path,
    depth: usize,
) -> Result<(), CheckpointError> {
    for entry in std::fs::read_dir(source).map_err(failed(source))? {
        let path = entry.map_err(failed(source))?.path();
        let Some(name) = path.file_name() else {
            continue;
        };
        let to = target.join(name);
        if path.is_dir() {
            if depth > 0 && has_config(&path, depth) {
                std::fs::create_dir(&to).map_err(failed(&to))?;
                copy_settings(&path, &to, depth - 1)?;
                let (from, config) = (path.join("config.json"), to.join("config.json"));
                if from.is_file() {
                    copy(&from, &config).map_err(failed(&config))?;
                }
                sync_folder(&to).map_err(failed(&to))?;
            }
        } else if is_setting(&path) {
            copy(&path, &to).map_err(failed(&to))?;
        }
    }
    Ok(())
}

/// Whether a folder or one below it has a configuration: `mm_vision_tower` may be `towers/vit`.
fn has_config(folder: &Path, depth: usize) -> bool {
    let below = || std::fs::read_dir(folder).into_iter().flatten().flatten();
    folder.join("config.json").is_file()
        || (depth > 1
            && below().any(|entry| entry.path().is_dir() && has_config(&entry.path(), depth - 1)))
}

fn is_setting(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let is_text = [".json", ".model", ".txt", ".jinja"]
        .iter()
        .any(|end| name.ends_with(end));
    is_text && name != "config.json" && !name.ends_with(".index.json")
}

/// The source's configuration with what the packed folder says about itself.
pub(super) fn write_config(
    source: &Path,
    target: &Path,
    folder: &PackedFolder,
) -> Result<(), CheckpointError> {
    let path = target.join("config.json");
    let fail = failed(&path);
    let text = std::fs::read(source.join("config.json")).map_err(&fail)?;
    let mut config: Value = serde_json::from_slice(&text).map_err(|error| fail(error.into()))?;
    config["quantization_config"] = json!(folder);
    let text = serde_json::to_string_pretty(&config).map_err(|error| fail(error.into()))?;
    write(&path, text.as_bytes()).map_err(fail)
}
