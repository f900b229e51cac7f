//! Writes a checkpoint with packed weights.
//!
//! ```sh
//! cargo run --release --example quantize -- --model FOLDER --dtype q4 --out FOLDER_Q4
//! ```
//!
//! The new folder is a checkpoint like any other: `infer --model FOLDER_Q4` maps it and converts
//! nothing. Its `config.json` names the weights it was made from.

mod common;

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use clap::{Parser, ValueEnum};
use common::Failure;
use pulse_kernels::PackedFormat;
use pulse_llm::checkpoint::quantize_checkpoint;

/// Write a checkpoint with packed weights.
#[derive(Parser)]
#[command(version, about = "Write a checkpoint with packed weights")]
struct Arguments {
    /// Folder of the checkpoint to pack
    #[arg(long)]
    model: PathBuf,
    /// q8 or q4 (decoder blocks in 4 bits, the rest in 8)
    #[arg(long, value_enum)]
    dtype: Format,
    /// Folder to make; it must not exist
    #[arg(long)]
    out: PathBuf,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Q8,
    Q4,
}

fn main() -> ExitCode {
    common::start_logging();
    common::finish(run(&Arguments::parse()))
}

fn run(arguments: &Arguments) -> Result<(), Failure> {
    let start = Instant::now();
    let format = match arguments.dtype {
        Format::Q8 => PackedFormat::Q8,
        Format::Q4 => PackedFormat::Q4,
    };
    let report = quantize_checkpoint(&arguments.model, &arguments.out, format)?;
    writeln!(
        std::io::stdout(),
        "{} matrices packed as {}, {} tensors copied: {} bytes from {} in {:.1} s",
        report.packed,
        format.name(),
        report.copied,
        report.bytes_after,
        report.bytes_before,
        start.elapsed().as_secs_f64()
    )?;
    Ok(())
}
