//! The measuring of linear layers, for the example `linear_speed` and the bench `linear`.

use std::hint::black_box;
use std::time::Instant;

use burn::tensor::{DType, Device, Distribution, Tensor};
use pulse_kernels::{Level, Linear, PackedFormat, PackedMatrix, on_workers, peak};
use serde_json::{Value, json};

/// The weights of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Weights {
    Bf16,
    Packed(PackedFormat),
}

impl Weights {
    fn name(self) -> &'static str {
        match self {
            Self::Bf16 => "bf16",
            Self::Packed(format) => format.name(),
        }
    }

    fn bytes(self, [outputs, inputs]: [usize; 2]) -> usize {
        match self {
            Self::Bf16 => outputs * inputs * 2,
            Self::Packed(format) => {
                let quants = format.quant_bytes(outputs, inputs).unwrap_or(0);
                quants + format.scale_count(outputs, inputs).unwrap_or(0) * 2
            }
        }
    }

    /// A layer with weights of its own in memory.
    fn layer(self, values: &[f32], shape: [usize; 2], device: &Device) -> Result<Linear, String> {
        match self {
            Self::Bf16 => {
                let weight = Tensor::<1>::from_data(values, device).reshape(shape);
                Ok(Linear::new(weight.cast(DType::BF16), None))
            }
            Self::Packed(format) => {
                let packed = PackedMatrix::quantize(format, shape, |first, rows| {
                    let at = first * shape[1];
                    rows.copy_from_slice(&values[at..at + rows.len()]);
                });
                packed
                    .map(|packed| Linear::new(packed, None))
                    .map_err(|error| error.to_string())
            }
        }
    }
}

const WEIGHTS: [Weights; 3] = [
    Weights::Bf16,
    Weights::Packed(PackedFormat::Q8),
    Weights::Packed(PackedFormat::Q4),
];
/// Rows, inputs, outputs.
const DECODE: [[usize; 3]; 2] = [[1, 4096, 11008], [1, 4096, 4096]];
const PREFILL: [[usize; 3]; 2] = [[576, 1024, 4096], [2048, 4096, 4096]];

/// The instructions that weights of bf16 are multiplied with, whatever the processor has.
const FLOAT: &str = "f32 multiply-add";
/// The instructions that packed weights are multiplied with where there is VNNI.
const INTEGER: &str = "16-bit integer multiply-add";

/// What was measured of one product.
struct Measured {
    weights: Weights,
    shape: [usize; 3],
    seconds: f64,
    /// Bytes or operations a second at the limit, measured beside it.
    limit: f64,
}

/// Everything in turns: `gigabytes` of memory to read, medians of `passes`.
pub(crate) fn measure(gigabytes: f64, passes: usize) -> Result<Value, String> {
    if !(0.1..=1000.0).contains(&gigabytes) || passes == 0 {
        return Err("gigabytes must be 0.1 to 1000 and passes 1 or more".to_owned());
    }
    let bytes = (gigabytes * 1e9) as usize;
    let memory = vec![1u64; bytes / 8];
    let (mut read, mut float, mut integer) = (Vec::new(), Vec::new(), Vec::new());
    let mut rows = Vec::new();
    for shape in DECODE {
        for weights in WEIGHTS {
            rows.push(decode(
                weights,
                shape,
                bytes / 4,
                passes,
                &memory,
                &mut read,
            )?);
        }
    }
    for shape in PREFILL {
        for weights in WEIGHTS {
            let peaks = match weights {
                Weights::Bf16 => &mut float,
                Weights::Packed(_) => &mut integer,
            };
            rows.push(prefill(weights, shape, passes, peaks)?);
        }
    }
    Ok(json!({
        "level": Level::detect().name(),
        "threads": peak::threads(),
        "read_gb_s": round(median(&mut read) / 1e9),
        "gemm_peak_bf16_gflop_s": round(median(&mut float) / 1e9),
        "gemm_peak_bf16_instructions": FLOAT,
        "gemm_peak_packed_gflop_s": round(median(&mut integer) / 1e9),
        "gemm_peak_packed_instructions": if Level::detect() == Level::Avx512Vnni { INTEGER } else { FLOAT },
        "rows": rows.iter().map(Measured::json).collect::<Vec<_>>(),
    }))
}

/// A decode product, its copies and the reading speed in turns.
fn decode(
    weights: Weights,
    shape: [usize; 3],
    bytes: usize,
    passes: usize,
    memory: &[u64],
    read: &mut Vec<f64>,
) -> Result<Measured, String> {
    let [rows, inputs, outputs] = shape;
    let device = Device::flex();
    let values = random(outputs * inputs);
    let copies = (bytes / weights.bytes([outputs, inputs])).max(2);
    let layers = (0..copies)
        .map(|_| weights.layer(&values, [outputs, inputs], &device))
        .collect::<Result<Vec<_>, _>>()?;
    let x = Tensor::<2>::random([rows, inputs], Distribution::Normal(0.0, 1.0), &device);
    let mut seconds = Vec::new();
    let mut limits = Vec::new();
    // As in a decoder: from one of the threads that share the work.
    on_workers(x, |x| {
        for _ in 0..passes {
            let start = Instant::now();
            black_box(peak::read(memory));
            limits.push(size_of_val(memory) as f64 / start.elapsed().as_secs_f64());
            for layer in &layers {
                let start = Instant::now();
                black_box(layer.forward(x.clone()));
                seconds.push(start.elapsed().as_secs_f64());
            }
        }
    });
    read.extend(&limits);
    Ok(Measured {
        weights,
        shape,
        seconds: median(&mut seconds),
        limit: median(&mut limits),
    })
}

/// A prefill product and the rate of its instructions in turns.
fn prefill(
    weights: Weights,
    shape: [usize; 3],
    passes: usize,
    peaks: &mut Vec<f64>,
) -> Result<Measured, String> {
    let [rows, inputs, outputs] = shape;
    let device = Device::flex();
    let layer = weights.layer(&random(outputs * inputs), [outputs, inputs], &device)?;
    let x = Tensor::<2>::random([rows, inputs], Distribution::Normal(0.0, 1.0), &device);
    let mut seconds = Vec::new();
    let mut limits = Vec::new();
    black_box(layer.forward(x.clone()));
    for _ in 0..passes {
        limits.push(match weights {
            Weights::Bf16 => peak::float_operations_per_second(),
            Weights::Packed(_) => peak::integer_operations_per_second(),
        });
        let start = Instant::now();
        black_box(layer.forward(x.clone()));
        seconds.push(start.elapsed().as_secs_f64());
    }
    peaks.extend(&limits);
    Ok(Measured {
        weights,
        shape,
        seconds: median(&mut seconds),
        limit: median(&mut limits),
    })
}

impl Measured {
    fn json(&self) -> Value {
        let [rows, inputs, outputs] = self.shape;
        let bytes = self.weights.bytes([outputs, inputs]) as f64 / self.seconds;
        let operations = 2.0 * (rows * inputs * outputs) as f64 / self.seconds;
        let is_decode = rows == 1;
        json!({
            "dtype": self.weights.name(),
            "op": if is_decode { "gemv" } else { "gemm" },
            "m": rows, "k": inputs, "n": outputs,
            "gb_s": round(bytes / 1e9),
            "gflop_s": round(operations / 1e9),
            "share_of_limit": round(if is_decode { bytes } else { operations } / self.limit),
        })
    }
}

/// The report of [`measure`] as a Markdown table.
pub(crate) fn print_table(report: &Value) {
    println!(
        "{} on {} threads: memory {} GB/s; peaks: bf16 weights {} GFLOP/s ({}), packed weights {} GOP/s ({})",
        report["level"].as_str().unwrap_or_default(),
        report["threads"],
        report["read_gb_s"],
        report["gemm_peak_bf16_gflop_s"],
        report["gemm_peak_bf16_instructions"]
            .as_str()
            .unwrap_or_default(),
        report["gemm_peak_packed_gflop_s"],
        report["gemm_peak_packed_instructions"]
            .as_str()
            .unwrap_or_default()
    );
    println!("| weights | product | GB/s | GFLOP/s | share of limit |");
    println!("| --- | --- | ---: | ---: | ---: |");
    for row in report["rows"].as_array().into_iter().flatten() {
        println!(
            "| {} | {} {}x{}x{} | {} | {} | {} |",
            row["dtype"].as_str().unwrap_or_default(),
            row["op"].as_str().unwrap_or_default(),
            row["m"],
            row["k"],
            row["n"],
            row["gb_s"],
            row["gflop_s"],
            row["share_of_limit"]
        );
    }
}

/// Values between −1 and 1.
fn random(count: usize) -> Vec<f32> {
    let mut state = 0x9e37_79b9_7f4a_7c15u64;
    (0..count)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 40) as f32 / (1u64 << 23) as f32 - 1.0
        })
        .collect()
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

fn round(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}
