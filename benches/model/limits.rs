//! What a step and a prefill take at least, from speeds measured beside them, and the memory a model took.

use std::fs;

use pulse_kernels::{PackedFormat, peak};
use pulse_llm::checkpoint::WeightDtype;
use pulse_llm::decoder::LlamaDecoder;

/// The shortest times that the machine allows.
pub(crate) struct Limits {
    /// Milliseconds to read the decoder's matrices and the cache once.
    pub(crate) step_ms: f64,
    /// Milliseconds to multiply all positions with the matrices, and their queries with keys and values.
    pub(crate) prefill_ms: f64,
}

impl Limits {
    /// Measures the machine's speeds: about a second.
    pub(crate) fn of(decoder: &LlamaDecoder, dtype: WeightDtype, positions: usize) -> Self {
        let config = decoder.config();
        let (width, inner) = (config.hidden_size, config.intermediate_size);
        let keys = config.key_value_heads() * config.head_dim();
        let block = [
            [width, width],
            [keys, width],
            [keys, width],
            [width, width],
            [inner, width],
            [inner, width],
            [width, inner],
        ];
        let layers = config.num_hidden_layers;
        let sum =
            |count: &dyn Fn([usize; 2]) -> usize| block.map(count).iter().sum::<usize>() * layers;
        let weights = sum(&|shape| bytes(dtype.format_of("model.layers."), dtype, shape))
            + bytes(
                dtype.format_of("lm_head"),
                dtype,
                [config.vocab_size, width],
            );
        let cache = 2 * layers * keys * positions * decoder.cache_dtype().size();
        let memory = vec![1u64; 1 << 27];
        let read = fastest(|| {
            peak::read(&memory);
            size_of_val(memory.as_slice()) as f64
        });

        let products = 2.0 * positions as f64 * sum(&|[outputs, inputs]| outputs * inputs) as f64;
        // A query meets the positions up to its own, once for scores and once for values.
        let attention = 2.0 * layers as f64 * width as f64 * (positions as f64).powi(2);
        let float = peak::float_operations_per_second();
        let linear = match dtype.is_packed() {
            true => peak::integer_operations_per_second(),
            false => float,
        };
        Self {
            step_ms: (weights + cache) as f64 / read * 1e3,
            prefill_ms: (products / linear + attention / float) * 1e3,
        }
    }
}

/// Bytes of a matrix.
fn bytes(format: Option<PackedFormat>, dtype: WeightDtype, [outputs, inputs]: [usize; 2]) -> usize {
    match (format, dtype) {
        (Some(format), _) => {
            let quants = format.quant_bytes(outputs, inputs).expect("whole blocks");
            quants + 2 * format.scale_count(outputs, inputs).expect("whole blocks")
        }
        (None, WeightDtype::F32) => 4 * outputs * inputs,
        (None, _) => 2 * outputs * inputs,
    }
}

/// The highest rate of five runs.
fn fastest(mut run: impl FnMut() -> f64) -> f64 {
    (0..5)
        .map(|_| {
            let start = std::time::Instant::now();
            run() / start.elapsed().as_secs_f64()
        })
        .fold(0.0, f64::max)
}

/// Forgets how much memory the process ever had resident, where the system can (Linux).
pub(crate) fn reset_peak() {
    // Refused elsewhere; then the figure is missing or that of all models before.
    let _ = fs::write("/proc/self/clear_refs", "5");
}

/// The most memory that was resident since [`reset_peak`], in MiB.
pub(crate) fn peak_mib() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM"))?;
    let kib: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kib / 1024)
}
