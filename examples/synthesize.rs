//! Writes a checkpoint with random weights in the layout of PULSE-7B.
//!
//! ```sh
//! cargo run --release --example synthesize -- --architecture 1b --out /tmp/pulse-1b \
//!     --tokenizer FOLDER_WITH_TOKENIZER_MODEL
//! ```
//!
//! Its answers mean nothing; its sizes are real, so that time and memory can be measured without
//! the weights. `--architecture nano` trains a small tokenizer of its own and is what
//! `datasets/pulse-random` was made with (`--seed 1`).

mod common;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, ValueEnum};
use common::Failure;
use half::bf16;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use safetensors::{Dtype, View};
use serde_json::{Value, json};
use tokenizers::Trainer;
use tokenizers::models::bpe::{BPE, BpeTrainer};

/// Write a checkpoint with random weights.
#[derive(Parser)]
#[command(version, about = "Write a checkpoint with random weights")]
struct Arguments {
    /// Which sizes
    #[arg(long, value_enum)]
    architecture: Architecture,
    /// Folder to make; it must not exist
    #[arg(long)]
    out: PathBuf,
    /// Folder whose tokenizer files are copied. Default for nano: one trained here
    #[arg(long)]
    tokenizer: Option<PathBuf>,
    /// Type of the weights on disk
    #[arg(long, value_enum, default_value_t = Stored::Bf16)]
    dtype: Stored,
    /// Seed of the weights
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Architecture {
    /// Half a megabyte, for a first look.
    Nano,
    /// CLIP ViT-L/14-336 and a Llama of 1.1 billion parameters (grouped queries).
    #[value(name = "1b")]
    OneB,
    /// The sizes of PULSE-7B.
    #[value(name = "7b")]
    SevenB,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Stored {
    F32,
    Bf16,
}

/// The numbers that make an architecture.
struct Sizes {
    tile: usize,
    vision: [usize; 4],
    decoder: [usize; 5],
    vocabulary: usize,
}

fn main() -> ExitCode {
    common::start_logging();
    common::finish(run(&Arguments::parse()))
}

fn run(arguments: &Arguments) -> Result<(), Failure> {
    std::fs::create_dir(&arguments.out)
        .map_err(|error| format!("cannot make {}: {error}", arguments.out.display()))?;
    let vocabulary = match (&arguments.tokenizer, arguments.architecture) {
        (Some(folder), _) => copy_tokenizer(folder, &arguments.out)?,
        (None, Architecture::Nano) => train_tokenizer(&arguments.out)?,
        (None, _) => return Err("--tokenizer is needed: a folder with tokenizer.model".into()),
    };
    let sizes = Sizes::of(arguments.architecture, vocabulary);
    let out = &arguments.out;
    write_json(&out.join("config.json"), &sizes.config(arguments.dtype))?;
    std::fs::create_dir(out.join("vision_tower"))?;
    write_json(
        &out.join("vision_tower/config.json"),
        &sizes.vision_config(),
    )?;
    let tensors = sizes.tensors().into_iter().map(|(name, shape)| {
        let tensor = RandomTensor {
            shape,
            stored: arguments.dtype,
            seed: arguments.seed,
            name,
        };
        (tensor.name.clone(), tensor)
    });
    common::write_whole(&out.join("model.safetensors"), |temporary| {
        Ok(safetensors::serialize_to_file(tensors, None, temporary)?)
    })
}

impl Sizes {
    /// `vision` is layers, heads, width, inner width; `decoder` is layers, heads, key and value
    /// heads, width, inner width.
    fn of(architecture: Architecture, vocabulary: usize) -> Self {
        let (tile, vision, decoder) = match architecture {
            Architecture::Nano => (56, [3, 4, 64, 128], [3, 4, 4, 64, 172]),
            Architecture::OneB => (336, [24, 16, 1024, 4096], [22, 32, 4, 2048, 5632]),
            Architecture::SevenB => (336, [24, 16, 1024, 4096], [32, 32, 32, 4096, 11008]),
        };
        Self {
            tile,
            vision,
            decoder,
            vocabulary,
        }
    }

    fn config(&self, dtype: Stored) -> Value {
        let [layers, heads, key_value_heads, width, inner] = self.decoder;
        let side = self.tile;
        let grid = [[1, 2], [2, 1], [2, 2], [3, 1], [1, 3]].map(|unit| unit.map(|n| n * side));
        json!({
            "architectures": ["LlavaLlamaForCausalLM"],
            "model_type": "llava_llama",
            "pulse_random_weights": true,
            "torch_dtype": match dtype { Stored::F32 => "float32", Stored::Bf16 => "bfloat16" },
            "hidden_size": width, "intermediate_size": inner, "num_hidden_layers": layers,
            "num_attention_heads": heads, "num_key_value_heads": key_value_heads,
            "vocab_size": self.vocabulary, "rms_norm_eps": 1e-5, "hidden_act": "silu",
            "rope_theta": 10000.0, "rope_scaling": null, "max_position_embeddings": 4096,
            "tie_word_embeddings": false, "bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 0,
            "mm_vision_tower": "vision_tower", "mm_hidden_size": self.vision[2],
            "mm_projector_type": "mlp2x_gelu", "mm_vision_select_layer": -2,
            "mm_vision_select_feature": "patch", "mm_patch_merge_type": "flat",
            "mm_use_im_start_end": false, "mm_use_im_patch_token": false,
            "image_aspect_ratio": "anyres", "image_grid_pinpoints": grid,
            "tokenizer_model_max_length": 4096, "tokenizer_padding_side": "right"
        })
    }

    fn vision_config(&self) -> Value {
        let [layers, heads, width, inner] = self.vision;
        json!({
            "model_type": "clip_vision_model", "hidden_size": width, "intermediate_size": inner,
            "num_hidden_layers": layers, "num_attention_heads": heads, "image_size": self.tile,
            "patch_size": 14, "num_channels": 3, "hidden_act": "quick_gelu",
            "layer_norm_eps": 1e-5
        })
    }

    /// Every tensor of the checkpoint with its shape.
    fn tensors(&self) -> BTreeMap<String, Vec<usize>> {
        let [_, heads, key_value_heads, hidden, feed_forward] = self.decoder;
        let [_, _, width, inner] = self.vision;
        let narrow = hidden / heads * key_value_heads;
        let mut all = BTreeMap::new();
        let mut add = |name: String, shape: &[usize]| all.insert(name, shape.to_vec());
        add(
            "model.embed_tokens.weight".into(),
            &[self.vocabulary, hidden],
        );
        add("lm_head.weight".into(), &[self.vocabulary, hidden]);
        add("model.norm.weight".into(), &[hidden]);
        for layer in 0..self.decoder[0] {
            let base = format!("model.layers.{layer}");
            for (name, outputs, inputs) in [
                ("self_attn.q_proj", hidden, hidden),
                ("self_attn.k_proj", narrow, hidden),
                ("self_attn.v_proj", narrow, hidden),
                ("self_attn.o_proj", hidden, hidden),
                ("mlp.gate_proj", feed_forward, hidden),
                ("mlp.up_proj", feed_forward, hidden),
                ("mlp.down_proj", hidden, feed_forward),
            ] {
                add(format!("{base}.{name}.weight"), &[outputs, inputs]);
            }
            add(format!("{base}.input_layernorm.weight"), &[hidden]);
            add(format!("{base}.post_attention_layernorm.weight"), &[hidden]);
        }
        for (layer, inputs) in [(0, width), (2, hidden)] {
            add(
                format!("model.mm_projector.{layer}.weight"),
                &[hidden, inputs],
            );
            add(format!("model.mm_projector.{layer}.bias"), &[hidden]);
        }
        add("model.image_newline".into(), &[hidden]);
        let tower = "model.vision_tower.vision_tower.vision_model";
        add(format!("{tower}.embeddings.class_embedding"), &[width]);
        add(
            format!("{tower}.embeddings.patch_embedding.weight"),
            &[width, 3, 14, 14],
        );
        let positions = (self.tile / 14).pow(2) + 1;
        add(
            format!("{tower}.embeddings.position_embedding.weight"),
            &[positions, width],
        );
        let mut norm = |name: &str| {
            add(format!("{tower}.{name}.weight"), &[width]);
            add(format!("{tower}.{name}.bias"), &[width]);
        };
        norm("pre_layrnorm");
        norm("post_layernorm");
        for layer in 0..self.vision[0] {
            norm(&format!("encoder.layers.{layer}.layer_norm1"));
            norm(&format!("encoder.layers.{layer}.layer_norm2"));
        }
        for layer in 0..self.vision[0] {
            let base = format!("{tower}.encoder.layers.{layer}");
            for (name, outputs, inputs) in [
                ("self_attn.q_proj", width, width),
                ("self_attn.k_proj", width, width),
                ("self_attn.v_proj", width, width),
                ("self_attn.out_proj", width, width),
                ("mlp.fc1", inner, width),
                ("mlp.fc2", width, inner),
            ] {
                add(format!("{base}.{name}.weight"), &[outputs, inputs]);
                add(format!("{base}.{name}.bias"), &[outputs]);
            }
        }
        all
    }
}

/// A tensor that is made when it is written, so that memory holds one at a time.
struct RandomTensor {
    name: String,
    shape: Vec<usize>,
    stored: Stored,
    seed: u64,
}

impl RandomTensor {
    /// Weights spread so that a layer keeps the size of its input; norms are the identity.
    fn values(&self) -> impl Iterator<Item = f32> + '_ {
        let is_norm = self.name.contains("norm");
        let is_weight = self.name.ends_with("weight");
        let inputs = self.shape.iter().skip(1).product::<usize>().max(1);
        let spread = if is_norm {
            0.0
        } else {
            (3.0 / inputs as f32).sqrt().min(0.5)
        };
        let centre = if is_norm && is_weight { 1.0 } else { 0.0 };
        let key = blake3::keyed_hash(&seed_key(self.seed), self.name.as_bytes());
        let mut random = ChaCha8Rng::from_seed(*key.as_bytes());
        (0..self.shape.iter().product::<usize>())
            .map(move |_| centre + spread * random.random_range(-1.0f32..1.0))
    }
}

fn seed_key(seed: u64) -> [u8; 32] {
    let mut key = [0; 32];
    key[..8].copy_from_slice(&seed.to_le_bytes());
    key
}

impl View for RandomTensor {
    fn dtype(&self) -> Dtype {
        match self.stored {
            Stored::F32 => Dtype::F32,
            Stored::Bf16 => Dtype::BF16,
        }
    }

    fn shape(&self) -> &[usize] {
        &self.shape
    }

    fn data(&self) -> Cow<'_, [u8]> {
        let mut bytes = Vec::with_capacity(self.data_len());
        match self.stored {
            Stored::F32 => self.values().for_each(|v| bytes.extend(v.to_le_bytes())),
            Stored::Bf16 => {
                self.values()
                    .for_each(|v| bytes.extend(bf16::from_f32(v).to_le_bytes()));
            }
        }
        Cow::Owned(bytes)
    }

    fn data_len(&self) -> usize {
        let size = match self.stored {
            Stored::F32 => 4,
            Stored::Bf16 => 2,
        };
        self.shape.iter().product::<usize>() * size
    }
}

fn copy_tokenizer(from: &Path, to: &Path) -> Result<usize, Failure> {
    for name in ["tokenizer.model", "tokenizer.json", "tokenizer_config.json"] {
        if from.join(name).is_file() {
            std::fs::copy(from.join(name), to.join(name))?;
        }
    }
    Ok(pulse_llm::text::Tokenizer::from_folder(to)?.vocab_size())
}

/// Texts that the small tokenizer learns its pieces from.
const TEXTS: &str = include_str!("common/ecg_phrases.txt");

/// Trains byte-pair encoding with byte fallback, ids ordered as in Llama: control tokens, bytes,
/// pieces.
fn train_tokenizer(out: &Path) -> Result<usize, Failure> {
    let mut trainer = BpeTrainer::builder()
        .vocab_size(700)
        .min_frequency(2)
        .show_progress(false)
        .build();
    let words = |text: &str| {
        let spaced = format!("\u{2581}{}", text.replace(' ', "\u{2581}"));
        let starts: Vec<usize> = spaced
            .match_indices('\u{2581}')
            .map(|(at, _)| at)
            .chain([spaced.len()])
            .collect();
        Ok(starts
            .windows(2)
            .map(|pair| spaced[pair[0]..pair[1]].to_owned())
            .collect())
    };
    trainer
        .feed(TEXTS.lines(), words)
        .and_then(|()| {
            let mut model = BPE::default();
            trainer.train(&mut model)?;
            Ok(model)
        })
        .map_err(|error| format!("the tokenizer could not be trained: {error}").into())
        .and_then(|model| write_tokenizer(&model, out))
}

fn write_tokenizer(model: &BPE, out: &Path) -> Result<usize, Failure> {
    let mut pieces: Vec<String> = ["<unk>", "<s>", "</s>"].map(str::to_owned).to_vec();
    pieces.extend((0..=255u8).map(|byte| format!("<0x{byte:02X}>")));
    // The crate's own file form carries the merges in order.
    let trained: Value = serde_json::to_value(model)?;
    let mut learnt: Vec<(String, u64)> = trained["vocab"]
        .as_object()
        .ok_or("the trained tokenizer has no vocabulary")?
        .iter()
        .map(|(piece, id)| (piece.clone(), id.as_u64().unwrap_or(u64::MAX)))
        .collect();
    learnt.sort_by_key(|(_, id)| *id);
    pieces.extend(learnt.into_iter().map(|(piece, _)| piece));
    let vocabulary: BTreeMap<&String, usize> = pieces
        .iter()
        .enumerate()
        .map(|(id, piece)| (piece, id))
        .collect();
    let tokenizer = json!({
        "version": "1.0", "truncation": null, "padding": null, "added_tokens": [],
        "normalizer": null, "pre_tokenizer": null, "post_processor": null, "decoder": null,
        "model": {
            "type": "BPE", "dropout": null, "unk_token": "<unk>",
            "continuing_subword_prefix": null, "end_of_word_suffix": null, "fuse_unk": true,
            "byte_fallback": true, "ignore_merges": false,
            "vocab": vocabulary, "merges": trained["merges"]
        }
    });
    write_json(&out.join("tokenizer.json"), &tokenizer)?;
    write_json(
        &out.join("tokenizer_config.json"),
        &json!({ "legacy": false, "tokenizer_class": "LlamaTokenizer" }),
    )?;
    Ok(pieces.len())
}

fn write_json(path: &Path, value: &Value) -> Result<(), Failure> {
    common::write_whole(path, |temporary| {
        Ok(std::fs::write(
            temporary,
            serde_json::to_string_pretty(value)?,
        )?)
    })
}
