//! Products of a decode step and of a prefill on bf16, 8-bit and 4-bit weights beside the limits of the machine, all
//! measured in one run: `cargo bench -p pulse-kernels` prints the table of docs/performance.md.
//!
//! `RAYON_NUM_THREADS` sets the threads. `linear_speed` (`examples/`) prints the same as JSON.

#![allow(missing_docs, clippy::expect_used, clippy::print_stdout)]

#[path = "../examples/linear_speed/measure.rs"]
mod measure;

fn main() {
    let report = measure::measure(4.0, 5).expect("sound arguments");
    measure::print_table(&report);
}
