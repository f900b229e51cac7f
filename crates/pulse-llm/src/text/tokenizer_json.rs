//! `tokenizer.json`: the BPE model of a Hugging Face tokenizer file.
//!
//! Only the model is taken over. What surrounds it (normaliser, added tokens, template) is done by
//! our own code, which knows both `legacy` behaviours; the file is checked to want the same.

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use tokenizers::models::bpe::BPE;

use super::error::TokenizerError;

const FILE: &str = "tokenizer.json";

#[derive(Deserialize)]
struct TokenizerFile<'a> {
    /// Kept as text: the crate's reader wants to borrow from it.
    #[serde(borrow)]
    model: &'a RawValue,
    #[serde(default)]
    normalizer: Value,
    #[serde(default)]
    pre_tokenizer: Value,
}

#[derive(Deserialize)]
struct ModelKind {
    #[serde(rename = "type", default)]
    kind: String,
    #[serde(default)]
    byte_fallback: bool,
    #[serde(default)]
    dropout: Option<f32>,
    #[serde(default)]
    unk_token: Option<String>,
    #[serde(default)]
    fuse_unk: bool,
}

/// Reads the file and builds the model.
pub(super) fn read(bytes: &[u8]) -> Result<BPE, TokenizerError> {
    let malformed = |reason: String| TokenizerError::Malformed { file: FILE, reason };
    let file: TokenizerFile =
        serde_json::from_slice(bytes).map_err(|error| malformed(error.to_string()))?;
    let unsupported = |field, found: String, expected| {
        Err(TokenizerError::Unsupported {
            file: FILE,
            field,
            found,
            expected,
        })
    };
    let model: ModelKind =
        serde_json::from_str(file.model.get()).map_err(|error| malformed(error.to_string()))?;
    if model.kind != "BPE" {
        return unsupported("model.type", format!("{:?}", model.kind), "\"BPE\"");
    }
    if !model.byte_fallback {
        return unsupported("model.byte_fallback", "false".to_owned(), "true");
    }
    if let Some(dropout) = model.dropout.filter(|dropout| *dropout != 0.0) {
        return unsupported("model.dropout", dropout.to_string(), "null or 0");
    }
    if model.unk_token.as_deref() != Some("<unk>") || !model.fuse_unk {
        let found = format!("{:?} and {}", model.unk_token, model.fuse_unk);
        return unsupported("model.unk_token and fuse_unk", found, "\"<unk>\" and true");
    }
    if !is_llama_normalizer(&file.normalizer) {
        return unsupported(
            "normalizer",
            file.normalizer.to_string(),
            "none, or spaces to \u{2581} with one in front",
        );
    }
    let pre_tokenizer = file.pre_tokenizer.get("type").and_then(Value::as_str);
    if !matches!(pre_tokenizer, None | Some("Metaspace")) {
        return unsupported(
            "pre_tokenizer",
            format!("{pre_tokenizer:?}"),
            "none or \"Metaspace\"",
        );
    }
    serde_json::from_str(file.model.get()).map_err(|error| malformed(error.to_string()))
}

fn is_llama_normalizer(normalizer: &Value) -> bool {
    match normalizer.get("type").and_then(Value::as_str) {
        None => normalizer.is_null(),
        Some("Sequence") => normalizer
            .get("normalizers")
            .and_then(Value::as_array)
            .is_some_and(|parts| parts.iter().all(is_llama_normalizer)),
        Some("Prepend") => normalizer.get("prepend").and_then(Value::as_str) == Some("\u{2581}"),
        Some("Replace") => normalizer.get("content").and_then(Value::as_str) == Some("\u{2581}"),
        Some(_) => false,
    }
}
