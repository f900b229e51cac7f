//! `tokenizer.model`: the SentencePiece protobuf of Llama tokenizers, to a BPE model.
//!
//! SentencePiece keeps pieces with scores and merges the adjacent pair whose union scores best. The
//! `tokenizers` crate keeps ranked pairs. A pair's rank follows from its union's score, so every
//! split of every piece into two known pieces, in the order of scores, gives the same merges.

use ahash::AHashMap;

use prost::Message;
use tokenizers::models::bpe::BPE;

use super::error::TokenizerError;

const FILE: &str = "tokenizer.model";

/// The fields of `sentencepiece_model.proto` that decide how texts are split.
#[derive(Clone, PartialEq, Message)]
struct ModelProto {
    #[prost(message, repeated, tag = "1")]
    pieces: Vec<Piece>,
    #[prost(message, optional, tag = "2")]
    trainer: Option<TrainerSpec>,
    #[prost(message, optional, tag = "3")]
    normalizer: Option<NormalizerSpec>,
}

#[derive(Clone, PartialEq, Message)]
struct Piece {
    #[prost(string, optional, tag = "1")]
    piece: Option<String>,
    #[prost(float, optional, tag = "2")]
    score: Option<f32>,
    /// 1 normal, 2 unknown, 3 control, 4 user defined, 5 unused, 6 byte.
    #[prost(int32, optional, tag = "3")]
    kind: Option<i32>,
}

#[derive(Clone, PartialEq, Message)]
struct TrainerSpec {
    /// 1 unigram, 2 BPE, 3 word, 4 character.
    #[prost(int32, optional, tag = "3")]
    model_type: Option<i32>,
    #[prost(bool, optional, tag = "35")]
    byte_fallback: Option<bool>,
}

#[derive(Clone, PartialEq, Message)]
struct NormalizerSpec {
    #[prost(string, optional, tag = "1")]
    name: Option<String>,
    #[prost(bool, optional, tag = "4")]
    remove_extra_whitespaces: Option<bool>,
    #[prost(bool, optional, tag = "5")]
    escape_whitespaces: Option<bool>,
}

const BPE_MODEL: i32 = 2;
const USER_DEFINED: i32 = 4;
const BYTE: i32 = 6;

/// Reads the protobuf and builds the model; ids are the pieces' places in the file.
pub(super) fn read(bytes: &[u8]) -> Result<BPE, TokenizerError> {
    let malformed = |reason: String| TokenizerError::Malformed { file: FILE, reason };
    let proto = ModelProto::decode(bytes).map_err(|error| malformed(error.to_string()))?;
    if proto.pieces.is_empty() {
        return Err(malformed(format!(
            "it holds no pieces in {} bytes: it is empty or cut off, get the whole file",
            bytes.len()
        )));
    }
    check(&proto)?;
    let mut vocabulary = AHashMap::with_capacity(proto.pieces.len());
    for (id, piece) in proto.pieces.iter().enumerate() {
        let text = piece.piece.clone().unwrap_or_default();
        if text.is_empty() || vocabulary.insert(text.clone(), id as u32).is_some() {
            return Err(malformed(format!(
                "piece {id} ({text:?}) is empty or appears twice"
            )));
        }
    }
    let merges = merges(&proto.pieces, &vocabulary);
    BPE::builder()
        .vocab_and_merges(vocabulary, merges)
        .unk_token("<unk>".to_owned())
        .fuse_unk(true)
        .byte_fallback(true)
        .build()
        .map_err(|error| malformed(error.to_string()))
}

fn check(proto: &ModelProto) -> Result<(), TokenizerError> {
    let unsupported = |field, found: String, expected| {
        Err(TokenizerError::Unsupported {
            file: FILE,
            field,
            found,
            expected,
        })
    };
    let trainer = proto.trainer.clone().unwrap_or_default();
    if trainer.model_type != Some(BPE_MODEL) {
        return unsupported("model_type", format!("{:?}", trainer.model_type), "2 (BPE)");
    }
    let bytes = proto
        .pieces
        .iter()
        .filter(|piece| piece.kind == Some(BYTE))
        .count();
    if trainer.byte_fallback != Some(true) || bytes != 256 {
        return unsupported(
            "byte_fallback",
            format!("{bytes} byte pieces"),
            "256 byte pieces",
        );
    }
    if let Some(piece) = proto
        .pieces
        .iter()
        .find(|piece| piece.kind == Some(USER_DEFINED))
    {
        return unsupported("user-defined piece", format!("{:?}", piece.piece), "none");
    }
    let normalizer = proto.normalizer.clone().unwrap_or_default();
    let name = normalizer.name.unwrap_or_default();
    if name != "identity"
        || normalizer.remove_extra_whitespaces == Some(true)
        || normalizer.escape_whitespaces == Some(false)
    {
        return unsupported("normalizer", name, "identity, spaces kept and escaped");
    }
    Ok(())
}

/// All splits of every piece into two pieces, best score first; splits of one piece by the ids of
/// their parts.
fn merges(pieces: &[Piece], vocabulary: &AHashMap<String, u32>) -> Vec<(String, String)> {
    let mut ranked: Vec<(f32, u32, u32, &str, usize)> = Vec::new();
    for piece in pieces {
        let (Some(text), score) = (&piece.piece, piece.score.unwrap_or(0.0)) else {
            continue;
        };
        for (split, _) in text.char_indices().skip(1) {
            let (left, right) = text.split_at(split);
            if let (Some(left), Some(right)) = (vocabulary.get(left), vocabulary.get(right)) {
                ranked.push((score, *left, *right, text, split));
            }
        }
    }
    ranked.sort_by(|a, b| b.0.total_cmp(&a.0).then((a.1, a.2).cmp(&(b.1, b.2))));
    ranked
        .into_iter()
        .map(|(.., text, split)| (text[..split].to_owned(), text[split..].to_owned()))
        .collect()
}
