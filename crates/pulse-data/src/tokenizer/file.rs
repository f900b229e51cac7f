//! The two files of a tokenizer.

use std::io::Write;
use std::path::Path;

use serde_json::json;
use tokenizers::models::bpe::BPE;

use super::error::TokenizerTrainError;
use crate::files::write_whole;

/// The file with vocabulary and merges.
pub const TOKENIZER_FILE: &str = "tokenizer.json";
/// The file with what surrounds them.
pub const SETTINGS_FILE: &str = "tokenizer_config.json";

/// The first file: the model alone, since normaliser and template are the reader's.
pub(super) fn json(model: &BPE) -> Result<String, TokenizerTrainError> {
    let failed = |error: serde_json::Error| TokenizerTrainError::Merges {
        reason: error.to_string(),
    };
    let file = json!({
        "version": "1.0",
        "truncation": null,
        "padding": null,
        "added_tokens": [],
        "normalizer": null,
        "pre_tokenizer": null,
        "post_processor": null,
        "decoder": null,
        "model": serde_json::to_value(model).map_err(failed)?,
    });
    serde_json::to_string_pretty(&file).map_err(failed)
}

/// Writes both, each whole or not at all.
pub(super) fn write(folder: &Path, tokenizer: &str) -> Result<(), TokenizerTrainError> {
    let failed = |path: &Path, source| TokenizerTrainError::File {
        path: path.to_owned(),
        source,
    };
    std::fs::create_dir_all(folder).map_err(|source| failed(folder, source))?;
    let settings = "{\n  \"legacy\": false,\n  \"tokenizer_class\": \"LlamaTokenizer\"\n}\n";
    // The vocabulary comes last: its file says that the tokenizer is there.
    for (name, text) in [(SETTINGS_FILE, settings), (TOKENIZER_FILE, tokenizer)] {
        let path = folder.join(name);
        let failed = |source| failed(&path, source);
        write_whole(&path, failed, |file| {
            file.write_all(text.as_bytes()).map_err(failed)
        })?;
    }
    Ok(())
}
