//! Orders of samples from given permutations.

use pulse_data::Sample;
use pulse_data::sampler::{
    ModalityPermutations, SampleLengths, length_grouped, modality_grouped, split_to_even_chunks,
};
use serde::Deserialize;

use crate::check::Check;
use crate::golden::{Golden, GoldenError};
use crate::models::Models;

#[derive(Deserialize)]
struct Fixture {
    grouped: Vec<Grouped>,
    even_chunks: Vec<EvenChunks>,
}

#[derive(Deserialize)]
struct Grouped {
    lengths: Vec<i64>,
    batch_size: usize,
    world_size: usize,
    indices: Vec<usize>,
    #[serde(flatten)]
    permutations: Permutations,
}

#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
enum Permutations {
    Length {
        permutation: Vec<usize>,
    },
    Modality {
        permutation_images: Vec<usize>,
        permutation_text: Vec<usize>,
        permutation_megabatches: Vec<usize>,
    },
}

#[derive(Deserialize)]
struct EvenChunks {
    indices: Vec<usize>,
    lengths: Vec<i64>,
    num_chunks: usize,
    result: Vec<Vec<usize>>,
}

#[derive(Deserialize)]
struct Lengths {
    items: Vec<Sample>,
    lengths: Vec<i64>,
    modality_lengths: Vec<i64>,
}

pub(super) fn run(golden: &Golden, _: &Models<'_>) -> Result<Vec<Check>, GoldenError> {
    let fixture: Fixture = golden.json("train/samplers.json")?;
    let mut by_length = Check::exact("length-grouped indices (orders that differ)");
    let mut by_modality = Check::exact("modality-grouped indices (orders that differ)");
    for (index, case) in fixture.grouped.iter().enumerate() {
        let (batch, world) = (case.batch_size, case.world_size);
        let name = format!("order {index}: {batch} samples, world {world}");
        let (check, ours) = match &case.permutations {
            Permutations::Length { permutation } => (
                &mut by_length,
                length_grouped(&case.lengths, batch, world, permutation),
            ),
            Permutations::Modality {
                permutation_images,
                permutation_text,
                permutation_megabatches,
            } => {
                let permutations = ModalityPermutations {
                    all: &[],
                    images: permutation_images,
                    text: permutation_text,
                    megabatches: permutation_megabatches,
                };
                let ours = modality_grouped(&case.lengths, batch, world, permutations);
                (&mut by_modality, ours)
            }
        };
        check.equal(&name, &ours.as_ref(), &Ok(&case.indices));
    }
    let mut chunks = Check::exact("even chunks (lists that differ)");
    for case in &fixture.even_chunks {
        let ours = split_to_even_chunks(&case.indices, &case.lengths, case.num_chunks);
        chunks.equal(
            &format!("{} chunks", case.num_chunks),
            &ours.as_ref(),
            &Ok(&case.result),
        );
    }
    let mut checks = vec![by_length, by_modality, chunks];
    if golden.has("text/dataset.json") {
        let lengths: Lengths = golden.json("text/dataset.json")?;
        let ours: SampleLengths = lengths.items.iter().collect();
        let mut check = Check::exact("lengths of samples");
        check.equal("lengths", &ours.total(), &lengths.lengths);
        check.equal(
            "by modality",
            &ours.by_modality(),
            &lengths.modality_lengths,
        );
        checks.push(check);
    }
    Ok(checks)
}
