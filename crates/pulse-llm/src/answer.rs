//! What comes back from a question.

use pulse_vision::MergeType;
use serde::{Deserialize, Serialize};

use crate::device::DeviceName;
use crate::generation::FinishReason;

/// An answer with everything needed to judge and repeat it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// The answer's text, without special tokens and surrounding white space.
    pub text: String,
    /// The generated ids, the end-of-sequence id included if it came.
    pub token_ids: Vec<u32>,
    /// Why the answer ended.
    pub finish_reason: FinishReason,
    /// How many positions it took.
    pub usage: Usage,
    /// How long it took.
    pub timings: Timings,
    /// What produced it.
    pub provenance: Provenance,
}

/// Positions of the decoder that an answer took.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// Positions of the whole prompt, pictures and cached ones included.
    pub prompt_tokens: usize,
    /// Positions of the prompt that are pictures.
    pub image_tokens: usize,
    /// Positions of the prompt that were taken from the cache of earlier turns.
    pub cached_tokens: usize,
    /// Tokens generated.
    pub completion_tokens: usize,
}

/// Seconds spent in each stage.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Timings {
    /// Loading the model, once per process.
    pub load_s: f64,
    /// Pictures to normalised tiles.
    pub preprocess_s: f64,
    /// Tiles to visual tokens.
    pub vision_s: f64,
    /// The part of the prompt that was not cached, through the decoder.
    pub prefill_s: f64,
    /// From the first token to the last.
    pub decode_s: f64,
    /// From the question, new pictures included, to the first token.
    pub first_token_s: f64,
}

/// Where an answer comes from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Provenance {
    /// Folder or Hub id as it was asked for.
    pub model: String,
    /// Commit of the Hub (`revision:…`) or BLAKE3 of the weight files (`blake3:…`).
    pub weights_digest: String,
    /// Spelling of the checkpoint's tensors.
    pub layout: String,
    /// How tiles became a sequence.
    pub merge: MergeType,
    /// Columns and rows of tiles of each picture, the base tile not counted; `[0, 0]` for a picture
    /// of one tile.
    pub tile_grid: Vec<[u32; 2]>,
    /// Conversation template.
    pub template: String,
    /// How tokens were chosen.
    pub sampling: Sampling,
    /// Seed of the sampler.
    pub seed: u64,
    /// Type of the weights.
    pub dtype: String,
    /// Type of keys and values in the cache.
    pub cache_dtype: String,
    /// Where it ran.
    pub device: DeviceName,
    /// What the model's `config.json` wants said with every answer (`notice`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notice: Option<String>,
    /// Version of this crate.
    pub version: String,
}

/// The sampling part of the options.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Sampling {
    /// 0 is greedy.
    pub temperature: f32,
    /// 0 is off.
    pub top_k: usize,
    /// `None` is off.
    pub top_p: Option<f32>,
    /// Above 1 is beam search.
    pub num_beams: usize,
    /// Limit of the answer's length.
    pub max_new_tokens: usize,
}
