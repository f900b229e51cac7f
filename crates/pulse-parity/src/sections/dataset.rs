//! Samples with pictures to batches.

use std::sync::Arc;

use burn::data::dataset::InMemDataset;
use pulse_data::Sample;
use pulse_data::batch::{
    DatasetConfig, HostBatch, ImageFolder, PicturePolicy, TrainingBatcher, TrainingDataset,
};
use pulse_data::labels::{LabelOptions, LabelPolicy, Labeller};
use pulse_llm::MergeType;
use pulse_vision::VisualEncoder;
use serde::Deserialize;

use super::cases::MODEL;
use super::tokenizer::load;
use crate::check::Check;
use crate::golden::{Golden, GoldenError};
use crate::models::Models;

#[derive(Deserialize)]
struct Fixture {
    items: Vec<Sample>,
    tile_side: usize,
    batches: Vec<Batch>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Batch {
    Collated(Box<Collated>),
    /// The original fails.
    Failed {
        indices: Vec<usize>,
        error: String,
    },
}

#[derive(Deserialize)]
struct Collated {
    indices: Vec<usize>,
    input_ids: Vec<Vec<i32>>,
    labels: Vec<Vec<i32>>,
    attention_mask: Vec<Vec<u8>>,
    image_shapes: Vec<[usize; 4]>,
    image_sizes: Vec<[u32; 2]>,
}

pub(super) fn run(golden: &Golden, models: &Models<'_>) -> Result<Vec<Check>, GoldenError> {
    let fixture: Fixture = golden.json("text/dataset.json")?;
    let reference = dataset(golden, models, &fixture.items, LabelPolicy::Reference)?;
    let own = dataset(golden, models, &fixture.items, LabelPolicy::Error)?;
    let mut ids = Check::exact("ids, labels and masks of batches");
    let mut pictures = Check::exact("tile shapes and picture sizes of batches");
    let mut same = Check::exact("batches of our own policy");
    let mut mixed = Check::exact("batches of pictures and texts, which the original fails at");
    for batch in &fixture.batches {
        match batch {
            Batch::Collated(theirs) => {
                let name = format!("batch {:?}", theirs.indices);
                let ours = collate(&reference, &theirs.indices, &name)?;
                compare_ids(&name, &ours, theirs, &mut ids);
                compare_pictures(&name, &ours, theirs, fixture.tile_side, &mut pictures);
                let again = collate(&own, &theirs.indices, &name)?;
                same.equal(&name, &again, &ours);
            }
            Batch::Failed { indices, error } => {
                let name = format!("batch {indices:?}, {error} in the original");
                let ours = collate(&own, indices, &name)?;
                compare_mixed(&name, &ours, indices, &fixture.items, &mut mixed);
            }
        }
    }
    Ok(vec![ids, pictures, same, mixed])
}

fn dataset(
    golden: &Golden,
    models: &Models<'_>,
    items: &[Sample],
    policy: LabelPolicy,
) -> Result<TrainingDataset, GoldenError> {
    let failed = |error: String| GoldenError::Fixture {
        path: golden.path("text/dataset.json"),
        reason: error,
    };
    let options = LabelOptions::pulse(policy).map_err(|error| failed(error.to_string()))?;
    let labeller = Labeller::new(load(golden, false, false)?, options)
        .map_err(|error| failed(error.to_string()))?;
    let model = models.load(MODEL, MergeType::Flat)?;
    let geometry = model.model.encoder.geometry();
    Ok(TrainingDataset::new(
        Arc::new(InMemDataset::new(items.to_vec())),
        DatasetConfig {
            labeller,
            preprocessor: model.preprocessor.clone(),
            pictures: Arc::new(ImageFolder::new(golden.path("images"))),
            picture_policy: PicturePolicy::Error,
            merge: MergeType::Flat,
            patches_per_side: geometry.patches_per_side,
            cache: None,
        },
    ))
}

fn collate(
    dataset: &TrainingDataset,
    indices: &[usize],
    name: &str,
) -> Result<HostBatch, GoldenError> {
    let samples = indices
        .iter()
        .map(|index| dataset.prepare(*index))
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| GoldenError::Fixture {
            path: name.into(),
            reason: error.to_string(),
        })?;
    Ok(TrainingBatcher::new(&dataset.config().labeller).collate(samples))
}

fn compare_ids(name: &str, ours: &HostBatch, theirs: &Collated, check: &mut Check) {
    let mask: Vec<u8> = ours
        .attention_mask
        .iter()
        .map(|real| u8::from(*real))
        .collect();
    check.equal(name, &ours.input_ids, &theirs.input_ids.concat());
    check.equal(name, &ours.labels, &theirs.labels.concat());
    check.equal(name, &mask, &theirs.attention_mask.concat());
    let width = theirs.input_ids.first().map_or(0, Vec::len);
    check.equal(
        name,
        &[ours.rows, ours.width],
        &[theirs.input_ids.len(), width],
    );
}

fn compare_pictures(
    name: &str,
    ours: &HostBatch,
    theirs: &Collated,
    tile_side: usize,
    check: &mut Check,
) {
    let side = ours.tile_side;
    let shapes: Vec<[usize; 4]> = ours
        .tile_counts
        .iter()
        .map(|count| [*count, 3, side, side])
        .collect();
    let sizes: Vec<[u32; 2]> = ours
        .image_sizes
        .iter()
        .flatten()
        .map(|size| [size.width, size.height])
        .collect();
    check.equal(name, &side, &tile_side);
    check.equal(name, &shapes, &theirs.image_shapes);
    check.equal(name, &sizes, &theirs.image_sizes);
    let values: usize = shapes
        .iter()
        .map(|shape| shape.iter().product::<usize>())
        .sum();
    check.equal(name, &ours.pixel_values.len(), &values);
}

/// Every row is there, with tiles where the sample has a picture.
fn compare_mixed(
    name: &str,
    ours: &HostBatch,
    indices: &[usize],
    items: &[Sample],
    check: &mut Check,
) {
    check.equal(name, &ours.indices, &indices.to_vec());
    let has_tiles: Vec<bool> = ours.tile_counts.iter().map(|count| *count > 0).collect();
    let has_size: Vec<bool> = ours.image_sizes.iter().map(Option::is_some).collect();
    let has_picture: Vec<bool> = indices
        .iter()
        .map(|index| items[*index].image.is_some())
        .collect();
    check.equal(name, &has_tiles, &has_picture);
    check.equal(name, &has_size, &has_picture);
}
