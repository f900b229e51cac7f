//! The Llama decoder (Touvron et al. 2023; Vicuna-7B v1.5 in PULSE).

use burn::module::{Module, Param};
use burn::tensor::{DType, Int, Tensor};
use pulse_kernels::{Linear, RmsNorm, Scope, TreeShape, WeightSource, on_workers};

use super::attention::Step;
use super::cache::KvCache;
use super::config::{DecoderConfigError, LlamaConfig};
use super::layer::LlamaLayer;
use super::rotary::{RopeRounding, RotaryTables};
use super::{CausalDecoder, DecoderInput, LogitRows, TreeInput};

/// Llama: pre-norm blocks with rotary attention and a gated feed-forward network.
///
/// Reference: `LlamaForCausalLM` of transformers 4.37.2.
#[derive(Module, Debug)]
pub struct LlamaDecoder {
    /// `[vocabulary, width]`.
    pub(super) embedding: Param<Tensor<2>>,
    pub(super) layers: Vec<LlamaLayer>,
    pub(super) norm: RmsNorm,
    pub(super) head: Linear,
    #[module(skip)]
    config: LlamaConfig,
    #[module(skip)]
    pub(super) rope_rounding: RopeRounding,
    #[module(skip)]
    activations: DType,
    #[module(skip)]
    cache: DType,
}

impl LlamaDecoder {
    /// Builds the decoder from `model.embed_tokens`, `model.layers.…`, `model.norm` and `lm_head`
    /// (the head is the embedding table where the configuration ties them). `activations` is the
    /// type of hidden states, and of the cache unless [`with_cache`](Self::with_cache) changes it.
    ///
    /// # Errors
    /// [`DecoderConfigError`] for an architecture that is not implemented or contradictory.
    pub fn load<S: WeightSource>(
        source: &mut S,
        config: LlamaConfig,
        rope_rounding: RopeRounding,
        activations: DType,
    ) -> Result<Self, DecoderConfigError> {
        config.validate()?;
        let (width, vocabulary) = (config.hidden_size, config.vocab_size);
        let mut model = Scope::new(source, "model");
        let embedding = model.matrix("embed_tokens.weight", [vocabulary, width]);
        let layers = (0..config.num_hidden_layers)
            .map(|layer| LlamaLayer::load(model.within(format!("layers.{layer}")), &config))
            .collect();
        let norm = RmsNorm::load(model.within("norm"), width, config.rms_norm_eps);
        let head = if config.tie_word_embeddings {
            Linear::new(embedding.clone(), None)
        } else {
            Linear::load(Scope::new(source, "lm_head"), width, vocabulary, false)
        };
        Ok(Self {
            embedding: Param::from_tensor(embedding),
            layers,
            norm,
            head,
            config,
            rope_rounding,
            activations,
            cache: activations,
        })
    }

    /// The same decoder with keys and values kept in `dtype`: half the memory, and half the bytes that a
    /// step reads of them, in 16 bits. Scores and sums stay in the type of the activations.
    ///
    /// On the CPU only: elsewhere the cache has the type of the activations.
    #[must_use]
    pub fn with_cache(mut self, dtype: DType) -> Self {
        if pulse_kernels::is_cpu(&self.embedding.val()) {
            self.cache = dtype;
        }
        self
    }

    /// Type of keys and values in the cache.
    pub fn cache_dtype(&self) -> DType {
        self.cache
    }

    /// The architecture.
    pub fn config(&self) -> &LlamaConfig {
        &self.config
    }

    /// Type of hidden states.
    pub fn activation_dtype(&self) -> DType {
        self.activations
    }

    /// Every hidden state of an input without cache, `[batch, n, width]` each: the embeddings, the
    /// output of every block but the last, and the last after the final norm (the meaning of
    /// transformers' `hidden_states`). For inspection and parity.
    pub fn hidden_states(&self, embeddings: Tensor<3>) -> Vec<Tensor<3>> {
        let rotary = self.rotary(embeddings.dims()[1], 0, &[], &embeddings);
        let step = Step {
            rotary: &rotary,
            padding: &[],
            tree: None,
        };
        let mut hidden = embeddings;
        let mut states = Vec::with_capacity(self.layers.len() + 1);
        for layer in &self.layers {
            states.push(hidden.clone());
            hidden = layer.forward(hidden, &step, None);
        }
        states.push(self.norm.forward(hidden));
        states
    }

    /// Tables for `count` positions behind `past`; padding shifts a row's positions, padded
    /// positions themselves count as 0.
    fn rotary(
        &self,
        count: usize,
        past: usize,
        padding: &[usize],
        like: &Tensor<3>,
    ) -> RotaryTables {
        let row = |pad: usize| {
            (past..past + count)
                .map(|i| i.saturating_sub(pad))
                .collect()
        };
        let positions: Vec<Vec<usize>> = if padding.iter().all(|pad| *pad == 0) {
            vec![row(0)]
        } else {
            padding.iter().map(|pad| row(*pad)).collect()
        };
        self.rotary_at(&positions, like)
    }

    /// Tables for `positions`, one list per row of the batch or a single one for all.
    fn rotary_at(&self, positions: &[Vec<usize>], like: &Tensor<3>) -> RotaryTables {
        RotaryTables::new(
            positions,
            self.config.head_dim(),
            self.config.rope_theta,
            self.rope_rounding,
            &like.device(),
        )
    }

    /// Logits of an input, of all its positions or the last.
    fn run(
        &self,
        embeddings: Tensor<3>,
        padding: &[usize],
        mut cache: Option<&mut KvCache>,
        logits: LogitRows,
    ) -> Tensor<3> {
        let [batch, count, width] = embeddings.dims();
        let past = cache.as_ref().map_or(0, |cache| cache.len());
        let rotary = self.rotary(count, past, padding, &embeddings);
        let step = Step {
            rotary: &rotary,
            padding,
            tree: None,
        };
        let mut hidden = embeddings;
        for (index, layer) in self.layers.iter().enumerate() {
            let cache = cache.as_deref_mut().map(|cache| (cache, index));
            hidden = layer.forward(hidden, &step, cache);
        }
        if let Some(cache) = cache {
            cache.advance(count);
        }
        let hidden = match logits {
            LogitRows::Last => hidden.slice([0..batch, count - 1..count, 0..width]),
            LogitRows::All => hidden,
        };
        self.head
            .forward(self.norm.forward(hidden))
            .cast(DType::F32)
    }
}

/// How many ancestors each node has.
fn depths(parents: &[Option<usize>]) -> Vec<usize> {
    let mut depths: Vec<usize> = Vec::with_capacity(parents.len());
    for parent in parents {
        depths.push(parent.map_or(0, |parent| depths[parent] + 1));
    }
    depths
}

impl CausalDecoder for LlamaDecoder {
    fn embed(&self, ids: Tensor<2, Int>) -> Tensor<3> {
        let [batch, count] = ids.dims();
        let rows = self.embedding.val().select(0, ids.reshape([batch * count]));
        rows.cast(self.activations)
            .reshape([batch, count, self.config.hidden_size])
    }

    fn forward(&self, input: DecoderInput<'_>) -> Tensor<3> {
        let DecoderInput {
            embeddings,
            padding,
            cache,
            logits,
        } = input;
        on_workers(embeddings, |embeddings| {
            self.run(embeddings, padding, cache, logits)
        })
    }

    fn forward_tree(&self, input: TreeInput<'_>) -> Tensor<3> {
        let TreeInput {
            embeddings,
            padding,
            cache,
            parents,
        } = input;
        let past = cache.len();
        let positions: Vec<Vec<usize>> = parents
            .iter()
            .enumerate()
            .map(|(row, parents)| {
                let first = past - padding.get(row).copied().unwrap_or(0).min(past);
                depths(parents).iter().map(|depth| first + depth).collect()
            })
            .collect();
        on_workers(embeddings, |embeddings| {
            let tree = TreeShape::new(past, padding, parents);
            let step = Step {
                rotary: &self.rotary_at(&positions, &embeddings),
                padding,
                tree: Some(&tree),
            };
            let mut hidden = embeddings;
            for (index, layer) in self.layers.iter().enumerate() {
                hidden = layer.forward(hidden, &step, Some((&mut *cache, index)));
            }
            self.norm.forward(hidden)
        })
    }

    fn logits(&self, states: Tensor<2>) -> Tensor<2> {
        self.head.forward(states).cast(DType::F32)
    }

    fn new_cache(&self, batch: usize, capacity: usize) -> KvCache {
        KvCache::new(
            self.config.num_hidden_layers,
            batch,
            self.config.key_value_heads(),
            capacity,
            self.config.head_dim(),
            self.cache,
            &self.embedding.val().device(),
        )
    }
}
