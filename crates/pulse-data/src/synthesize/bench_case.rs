//! Items of the synthetic benchmark with their recordings, to draw pages of them in other ways.

use pulse_ecg::Recording;

use super::bench::make_item;
use super::error::SynthesizeError;
use crate::bench::{BenchConfig, BenchConversation};

/// An item of the synthetic benchmark before its page is drawn.
#[derive(Debug, Clone, PartialEq)]
pub struct BenchCase {
    /// The id it has in the benchmark.
    pub id: String,
    /// What the page shows.
    pub recording: Recording,
    /// Question and right answer.
    pub conversation: BenchConversation,
}

/// Item `number`, from 0, of the benchmark that [`synthesize`](super::synthesize()) makes with this seed.
///
/// # Errors
/// [`SynthesizeError`] if the patient cannot be synthesised.
pub fn bench_case(
    seed: u64,
    config: BenchConfig,
    number: u64,
) -> Result<BenchCase, SynthesizeError> {
    let item = make_item(seed, config, number)?;
    Ok(BenchCase {
        id: bench_id(config, number),
        recording: item.case.ecg.recording,
        conversation: item.conversation,
    })
}

/// The id of an item.
pub(super) fn bench_id(config: BenchConfig, number: u64) -> String {
    format!("synthetic-{config}-{number:05}")
}
