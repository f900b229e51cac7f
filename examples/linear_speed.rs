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
//! Limits: a decode product reads its weights once, so its limit is `read_gb_s`; a prefill in bf16
//! and f32 multiplies in f32, a prefill of packed weights in 16-bit integers, so their limits are the
//! rates of those instructions on all threads.

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
