//! Grouped-query attention is what its definition says: key and value heads that several query heads
//! share equal as many heads as queries, each shared one repeated (`repeat_kv` of transformers).

#![allow(clippy::unwrap_used)]

use burn::tensor::{DType, Device, Int, Tensor, TensorData};
use pulse_kernels::{Precision, WeightSource};
use pulse_llm::decoder::{
    CausalDecoder, DecoderInput, LlamaConfig, LlamaDecoder, LogitRows, RopeRounding,
};
use pulse_llm::generation::prefill;
use pulse_llm::{DeviceName, pad_left};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

const HEADS: usize = 4;
const HEAD_DIM: usize = 8;
const WIDTH: usize = HEADS * HEAD_DIM;
const VOCABULARY: usize = 50;

/// How shared key and value heads are laid out for a decoder with as many heads as queries.
#[derive(Clone, Copy, PartialEq)]
enum Layout {
    /// As few as there are.
    Shared,
    /// Each repeated for the queries of its group: 0 0 1 1.
    Repeated,
    /// All repeated one after another, which is wrong: 0 1 0 1.
    Tiled,
}

/// Weights that depend on nothing but their name.
struct Weights<'a> {
    shared_heads: usize,
    layout: Layout,
    device: &'a Device,
}

impl WeightSource for Weights<'_> {
    fn tensor<const D: usize>(&mut self, name: &str, shape: [usize; D], _: Precision) -> Tensor<D> {
        let seed = name.bytes().fold(7, |seed: u64, byte| {
            seed.wrapping_mul(31).wrapping_add(u64::from(byte))
        });
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let is_shared = name.contains("k_proj") || name.contains("v_proj");
        let count = if is_shared {
            self.shared_heads * HEAD_DIM * WIDTH
        } else {
            shape.iter().product()
        };
        let values: Vec<f32> = (0..count).map(|_| random.random_range(-0.5..0.5)).collect();
        let values = if is_shared {
            let heads: Vec<&[f32]> = values.chunks(HEAD_DIM * WIDTH).collect();
            let place = |head: usize| match self.layout {
                Layout::Shared => head,
                Layout::Repeated => head * self.shared_heads / HEADS,
                Layout::Tiled => head % self.shared_heads,
            };
            let heads_out = shape[0] / HEAD_DIM;
            (0..heads_out)
                .flat_map(|head| heads[place(head)].iter().copied())
                .collect()
        } else {
            values
        };
        let data = TensorData::new(values, shape.to_vec());
        Tensor::from_data(data, (self.device, DType::F32))
    }
}

fn decoder(shared_heads: usize, layout: Layout, device: &Device) -> LlamaDecoder {
    let heads = if layout == Layout::Shared {
        shared_heads
    } else {
        HEADS
    };
    let config: LlamaConfig = serde_json::from_value(serde_json::json!({
        "hidden_size": WIDTH,
        "intermediate_size": 48,
        "num_hidden_layers": 2,
        "num_attention_heads": HEADS,
        "num_key_value_heads": heads,
        "vocab_size": VOCABULARY,
    }))
    .unwrap();
    let mut weights = Weights {
        shared_heads,
        layout,
        device,
    };
    LlamaDecoder::load(&mut weights, config, RopeRounding::default(), DType::F32).unwrap()
}

fn ids(count: usize, start: usize) -> Vec<i32> {
    (0..count)
        .map(|i| ((start + i * 17) % VOCABULARY) as i32)
        .collect()
}

fn embed(decoder: &LlamaDecoder, ids: &[i32], device: &Device) -> Tensor<3> {
    let data = TensorData::new(ids.to_vec(), [1, ids.len()]);
    decoder.embed(Tensor::<2, Int>::from_data(data, (device, DType::I32)))
}

fn all_logits(decoder: &LlamaDecoder, embeddings: Tensor<3>) -> Vec<f32> {
    let logits = decoder.forward(DecoderInput {
        embeddings,
        padding: &[],
        cache: None,
        logits: LogitRows::All,
    });
    logits.into_data().try_into_vec().unwrap()
}

/// Every way through the decoder, as one list of logits.
fn all_ways(decoder: &LlamaDecoder, device: &Device) -> [Vec<f32>; 3] {
    let prompt = embed(decoder, &ids(23, 3), device);
    let whole = all_logits(decoder, prompt.clone());

    let mut cache = decoder.new_cache(1, 40);
    let mut steps = prefill(decoder, prompt, &[], &mut cache).unwrap().concat();
    for id in ids(6, 11) {
        let next = embed(decoder, &[id], device);
        steps.extend(prefill(decoder, next, &[], &mut cache).unwrap().concat());
    }

    let rows = [(5, 1), (12, 2), (9, 3)].map(|(count, start)| ids(count, start));
    let rows = rows.iter().map(|ids| embed(decoder, ids, device)).collect();
    let (embeddings, padding) = pad_left(rows);
    let mut cache = decoder.new_cache(3, 20);
    let mut batch = prefill(decoder, embeddings, &padding, &mut cache)
        .unwrap()
        .concat();
    let next = Tensor::cat(
        [4, 5, 6].map(|id| embed(decoder, &[id], device)).to_vec(),
        0,
    );
    batch.extend(
        prefill(decoder, next, &padding, &mut cache)
            .unwrap()
            .concat(),
    );
    [whole, steps, batch]
}

fn largest_difference(a: &[f32], b: &[f32]) -> f32 {
    assert_eq!(a.len(), b.len());
    a.iter()
        .zip(b)
        .map(|(a, b)| (a - b).abs())
        .fold(0.0, f32::max)
}

#[test]
fn shared_heads_equal_repeated_heads() {
    let device = DeviceName::Cpu.open().unwrap();
    for shared_heads in [1, 2] {
        let shared = all_ways(&decoder(shared_heads, Layout::Shared, &device), &device);
        let repeated = all_ways(&decoder(shared_heads, Layout::Repeated, &device), &device);
        let ways = ["whole", "with a cache", "as a batch"];
        for ((way, ours), theirs) in ways.iter().zip(&shared).zip(&repeated) {
            let difference = largest_difference(ours, theirs);
            // Only the order of sums may differ.
            assert!(difference < 1e-5, "{way}, {shared_heads}: {difference}");
        }
    }
    // The comparison tells a wrong grouping apart.
    let shared = all_ways(&decoder(2, Layout::Shared, &device), &device);
    let tiled = all_ways(&decoder(2, Layout::Tiled, &device), &device);
    for (ours, theirs) in shared.iter().zip(&tiled) {
        assert!(largest_difference(ours, theirs) > 1e-2);
    }
}

#[test]
fn a_row_of_a_batch_equals_the_row_alone() {
    let device = DeviceName::Cpu.open().unwrap();
    let decoder = decoder(2, Layout::Shared, &device);
    let rows = [ids(5, 1), ids(12, 2)].map(|ids| embed(&decoder, &ids, &device));
    let (embeddings, padding) = pad_left(rows.to_vec());
    let mut cache = decoder.new_cache(2, 13);
    let batch = prefill(&decoder, embeddings, &padding, &mut cache).unwrap();
    for (row, together) in rows.into_iter().zip(batch) {
        let mut cache = decoder.new_cache(1, 13);
        let alone = prefill(&decoder, row, &[], &mut cache).unwrap().concat();
        assert!(largest_difference(&alone, &together) < 1e-5);
    }
}
