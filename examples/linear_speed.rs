//! How near linear layers come to what the machine can do.
//!
//! ```sh
//! cargo run --release -p pulse-kernels --example linear_speed -- --format json
//! ```
//!
//! Measures, in one run and in turns, the speed at which memory can be read, the rate of the
//! multiply-add instructions, and the products of a decode step and of a prefill on bf16, 8-bit and
//! 4-bit weights. Every call of a decode product takes another copy of the matrix, so that weights
//! come from memory and not from a cache.
//!
//! Limits: a decode product reads its weights once, so its limit is `read_gb_s`. A prefill of bf16 weights
//! multiplies in f32 on every processor, so that `gemm_peak_bf16_gflop_s` is the rate of f32 multiply-adds on
//! all threads, also where the processor has bf16 products. A prefill of packed weights multiplies 16-bit
//! integers where there is VNNI and f32 elsewhere. `gemm_peak_…_instructions` says which of them was measured.

#[path = "linear_speed/measure.rs"]
mod measure;

use std::process::ExitCode;

use clap::{Parser, ValueEnum};
use measure::{measure, print_table};

/// Measure linear layers against the limits of the machine.
#[derive(Parser)]
#[command(
    version,
    about = "Measure linear layers against the limits of the machine"
)]
struct Arguments {
    /// Table for people or one JSON object
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Gigabytes that the reading speed is measured on, and that copies of a matrix may take
    #[arg(long, default_value_t = 4.0)]
    gigabytes: f64,
    /// Passes over everything; the medians count
    #[arg(long, default_value_t = 5)]
    passes: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    Json,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match measure(arguments.gigabytes, arguments.passes) {
        Ok(report) => {
            match arguments.format {
                Format::Json => println!("{report}"),
                Format::Text => print_table(&report),
            }
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
