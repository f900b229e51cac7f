//! Texts to ids and back, both behaviours, from both kinds of file.

use std::collections::BTreeMap;

use pulse_llm::text::{TextSpan, Tokenizer, TokenizerSettings};
use serde::Deserialize;

use crate::check::Check;
use crate::golden::{Golden, GoldenError, fixture};
use crate::models::Models;

#[derive(Deserialize)]
struct Corpus {
    text: Vec<String>,
    legacy: Vec<Vec<u32>>,
    nonlegacy_if_different: BTreeMap<usize, Vec<u32>>,
    decoded_skip_special_if_different: BTreeMap<usize, String>,
}

/// The tokenizer of the folder with a behaviour of choice.
pub(super) fn load(golden: &Golden, legacy: bool, json: bool) -> Result<Tokenizer, GoldenError> {
    let name = if json {
        "tokenizer/tokenizer.json"
    } else {
        "tokenizer/tokenizer.model"
    };
    let path = golden.path(name);
    let fixture = |reason: String| GoldenError::Fixture {
        path: path.clone(),
        reason,
    };
    let bytes = std::fs::read(&path).map_err(|error| fixture(error.to_string()))?;
    let settings = TokenizerSettings { legacy };
    let tokenizer = if json {
        Tokenizer::from_json(&bytes, settings)
    } else {
        Tokenizer::from_sentencepiece(&bytes, settings)
    };
    tokenizer.map_err(|error| fixture(error.to_string()))
}

pub(super) fn run(golden: &Golden, _: &Models<'_>) -> Result<Vec<Check>, GoldenError> {
    let corpus: Corpus = golden.json("text/tokenizer_corpus.json")?;
    if corpus.legacy.len() != corpus.text.len() {
        let (texts, ids) = (corpus.text.len(), corpus.legacy.len());
        return Err(fixture(
            &golden.path("text/tokenizer_corpus.json"),
            format!("{texts} texts, but ids of {ids}"),
        ));
    }
    let mut checks = Vec::new();
    for (json, file) in [(false, "tokenizer.model"), (true, "tokenizer.json")] {
        if json && !golden.has("tokenizer/tokenizer.json") {
            continue;
        }
        for (legacy, behaviour) in [(false, "legacy off"), (true, "legacy on")] {
            let tokenizer = load(golden, legacy, json)?;
            let mut check = Check::exact(format!("ids, {file}, {behaviour} (texts that differ)"));
            for (index, text) in corpus.text.iter().enumerate() {
                let other = corpus
                    .nonlegacy_if_different
                    .get(&index)
                    .filter(|_| !legacy);
                let theirs = other.unwrap_or(&corpus.legacy[index]);
                let ours = tokenizer.encode(text).unwrap_or_default();
                check.equal(text, &ours, theirs);
            }
            checks.push(check);
        }
    }
    let tokenizer = load(golden, true, false)?;
    let mut decoded = Check::exact("decoded texts (texts that differ)");
    let mut content = Check::exact("ids of texts as content, without control tokens");
    for (index, text) in corpus.text.iter().enumerate() {
        let theirs = corpus
            .decoded_skip_special_if_different
            .get(&index)
            .unwrap_or(text);
        let ours = tokenizer
            .decode(&corpus.legacy[index], true)
            .unwrap_or_default();
        decoded.equal(text, &ours, theirs);
        if !["<s>", "</s>", "<unk>"]
            .iter()
            .any(|control| text.contains(control))
        {
            let ours = tokenizer
                .encode_spans(&[TextSpan::Content(text)])
                .unwrap_or_default();
            content.equal(text, &ours, &corpus.legacy[index]);
        }
    }
    checks.extend([decoded, content]);
    Ok(checks)
}
