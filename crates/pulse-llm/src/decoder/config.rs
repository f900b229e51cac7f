//! Architecture of a Llama decoder, read from the published JSON.

use serde::{Deserialize, Serialize};

/// More blocks than any decoder has; a larger number is a damaged configuration.
const MAX_LAYERS: usize = 1024;

/// Why a decoder's configuration cannot be used.
#[derive(Debug, thiserror::Error, PartialEq)]
pub enum DecoderConfigError {
    /// A field has a value that this decoder does not implement.
    #[error(
        "decoder config: {field} is {found}, expected {expected}; this is another architecture"
    )]
    Unsupported {
        /// The field.
        field: &'static str,
        /// Its value, as JSON.
        found: String,
        /// What is implemented.
        expected: &'static str,
    },
    /// Two numbers of the configuration contradict each other.
    #[error("decoder config: {field} is {found}, but {expected}; check config.json")]
    Inconsistent {
        /// The field at fault.
        field: &'static str,
        /// Its value.
        found: usize,
        /// What it would have to be.
        expected: String,
    },
}

/// Architecture of a Llama decoder; field names are those of the published `config.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LlamaConfig {
    /// Width of the residual stream.
    pub hidden_size: usize,
    /// Width of the feed-forward block.
    pub intermediate_size: usize,
    /// Number of blocks.
    pub num_hidden_layers: usize,
    /// Number of query heads.
    pub num_attention_heads: usize,
    /// Number of key and value heads; absent means as many as query heads.
    #[serde(default)]
    pub num_key_value_heads: Option<usize>,
    /// Number of token ids.
    pub vocab_size: usize,
    /// ε of every RMS norm.
    #[serde(default = "llama_epsilon")]
    pub rms_norm_eps: f64,
    /// Base of the rotary frequencies.
    #[serde(default = "llama_theta")]
    pub rope_theta: f64,
    /// Positions the model was trained for.
    #[serde(default = "llama_positions")]
    pub max_position_embeddings: usize,
    /// Whether the head shares the embedding table.
    #[serde(default)]
    pub tie_word_embeddings: bool,
    /// Begin-of-sequence id; null counts as absent.
    #[serde(default = "one", deserialize_with = "begin_id")]
    pub bos_token_id: u32,
    /// End-of-sequence id; a list must hold exactly one, null counts as absent.
    #[serde(default = "two", deserialize_with = "end_id")]
    pub eos_token_id: u32,
    /// Must be `silu`.
    #[serde(default = "silu")]
    pub hidden_act: String,
    /// Must be absent or null.
    #[serde(default)]
    pub rope_scaling: Option<serde_json::Value>,
    /// Must be false.
    #[serde(default)]
    pub attention_bias: bool,
    /// Must be false.
    #[serde(default)]
    pub mlp_bias: bool,
    /// Must be 1: slicing of tensors as in the pre-training of Llama 2 is not implemented.
    #[serde(default)]
    pub pretraining_tp: Option<usize>,
    /// Must agree with width and heads if given.
    #[serde(default)]
    pub head_dim: Option<usize>,
}

fn llama_epsilon() -> f64 {
    // The default of transformers' LlamaConfig.
    1e-6
}

fn llama_theta() -> f64 {
    10_000.0
}

fn llama_positions() -> usize {
    2048
}

fn one() -> u32 {
    1
}

fn two() -> u32 {
    2
}

/// An id as configurations write it.
#[derive(Deserialize)]
#[serde(untagged)]
enum TokenId {
    One(u32),
    List(Vec<u32>),
}

fn token_id<'de, D: serde::Deserializer<'de>>(json: D, absent: u32) -> Result<u32, D::Error> {
    use serde::de::Error;
    match Option::<TokenId>::deserialize(json)? {
        None => Ok(absent),
        Some(TokenId::One(id)) => Ok(id),
        Some(TokenId::List(ids)) => match ids[..] {
            [id] => Ok(id),
            _ => Err(D::Error::custom(format!(
                "{} token ids where one is expected: {ids:?}",
                ids.len()
            ))),
        },
    }
}

fn begin_id<'de, D: serde::Deserializer<'de>>(json: D) -> Result<u32, D::Error> {
    token_id(json, one())
}

fn end_id<'de, D: serde::Deserializer<'de>>(json: D) -> Result<u32, D::Error> {
    token_id(json, two())
}

fn silu() -> String {
    "silu".to_owned()
}

impl LlamaConfig {
    /// Key and value heads.
    pub fn key_value_heads(&self) -> usize {
        self.num_key_value_heads.unwrap_or(self.num_attention_heads)
    }

    /// Width of one head.
    pub fn head_dim(&self) -> usize {
        self.hidden_size / self.num_attention_heads
    }

    /// Checks that the architecture is one this decoder implements and that its numbers fit.
    ///
    /// # Errors
    /// [`DecoderConfigError`] names the first field at fault.
    pub fn validate(&self) -> Result<(), DecoderConfigError> {
        self.check_numbers()?;
        let unsupported = |field, found: String, expected| {
            Err(DecoderConfigError::Unsupported {
                field,
                found,
                expected,
            })
        };
        if self.hidden_act != "silu" {
            return unsupported("hidden_act", format!("{:?}", self.hidden_act), "\"silu\"");
        }
        if let Some(scaling) = self.rope_scaling.as_ref().filter(|value| !value.is_null()) {
            return unsupported("rope_scaling", scaling.to_string(), "null");
        }
        if self.attention_bias || self.mlp_bias {
            return unsupported("attention_bias or mlp_bias", "true".to_owned(), "false");
        }
        if self.pretraining_tp.is_some_and(|parts| parts != 1) {
            return unsupported("pretraining_tp", format!("{:?}", self.pretraining_tp), "1");
        }
        if !(self.rms_norm_eps > 0.0 && self.rms_norm_eps < 1.0) {
            return unsupported(
                "rms_norm_eps",
                self.rms_norm_eps.to_string(),
                "above 0, below 1",
            );
        }
        if !(self.rope_theta.is_finite() && self.rope_theta > 1.0) {
            return unsupported(
                "rope_theta",
                self.rope_theta.to_string(),
                "finite and above 1",
            );
        }
        Ok(())
    }

    fn check_numbers(&self) -> Result<(), DecoderConfigError> {
        let fail = |field, found, expected: String| {
            Err(DecoderConfigError::Inconsistent {
                field,
                found,
                expected,
            })
        };
        for (field, value) in [
            ("hidden_size", self.hidden_size),
            ("intermediate_size", self.intermediate_size),
            ("num_hidden_layers", self.num_hidden_layers),
            ("num_attention_heads", self.num_attention_heads),
            ("num_key_value_heads", self.key_value_heads()),
            ("vocab_size", self.vocab_size),
            ("max_position_embeddings", self.max_position_embeddings),
        ] {
            if value == 0 || value > 1 << 24 {
                return fail(
                    field,
                    value,
                    "it must lie between 1 and 16777216".to_owned(),
                );
            }
        }
        if self.num_hidden_layers > MAX_LAYERS {
            let expected = format!("it must be at most {MAX_LAYERS}");
            return fail("num_hidden_layers", self.num_hidden_layers, expected);
        }
        let heads = self.num_attention_heads;
        if !self.hidden_size.is_multiple_of(heads) || !self.head_dim().is_multiple_of(2) {
            let expected = format!("it must be an even multiple of {heads} heads");
            return fail("hidden_size", self.hidden_size, expected);
        }
        if !heads.is_multiple_of(self.key_value_heads()) {
            let expected = format!("it must divide {heads} heads");
            return fail("num_key_value_heads", self.key_value_heads(), expected);
        }
        if let Some(head_dim) = self.head_dim.filter(|dim| *dim != self.head_dim()) {
            let expected = format!("hidden_size / num_attention_heads is {}", self.head_dim());
            return fail("head_dim", head_dim, expected);
        }
        for (field, id) in [
            ("bos_token_id", self.bos_token_id),
            ("eos_token_id", self.eos_token_id),
        ] {
            if id as usize >= self.vocab_size {
                let expected = format!("ids end at {}", self.vocab_size - 1);
                return fail(field, id as usize, expected);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn config(changes: serde_json::Value) -> LlamaConfig {
        let mut json = serde_json::json!({
            "hidden_size": 64, "intermediate_size": 172, "num_hidden_layers": 3,
            "num_attention_heads": 4, "vocab_size": 320
        });
        json.as_object_mut()
            .unwrap()
            .extend(changes.as_object().unwrap().clone());
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn other_architectures_and_contradictions_are_refused() {
        assert_eq!(config(serde_json::json!({})).validate(), Ok(()));
        for bad in [
            serde_json::json!({"hidden_act": "gelu"}),
            serde_json::json!({"rope_scaling": {"type": "dynamic", "factor": 2.0}}),
            serde_json::json!({"attention_bias": true}),
            serde_json::json!({"num_key_value_heads": 3}),
            serde_json::json!({"num_attention_heads": 0}),
            serde_json::json!({"num_attention_heads": 5}),
            serde_json::json!({"head_dim": 32}),
            serde_json::json!({"eos_token_id": 320}),
            serde_json::json!({"rope_theta": 0.0}),
            serde_json::json!({"num_hidden_layers": 1 << 20}),
            serde_json::json!({"pretraining_tp": 2}),
        ] {
            assert!(config(bad.clone()).validate().is_err(), "{bad}");
        }
    }

    #[test]
    fn token_ids_are_numbers_lists_of_one_or_null() {
        for (json, expected) in [
            (serde_json::json!({"eos_token_id": [7]}), (1, 7)),
            (
                serde_json::json!({"eos_token_id": 9, "bos_token_id": null}),
                (1, 9),
            ),
            (
                serde_json::json!({"eos_token_id": null, "bos_token_id": 3}),
                (3, 2),
            ),
        ] {
            let config = config(json);
            assert_eq!((config.bos_token_id, config.eos_token_id), expected);
        }
        let two = serde_json::json!({"eos_token_id": [2, 3]});
        assert!(serde_json::from_value::<LlamaConfig>(two).is_err());
    }
}
