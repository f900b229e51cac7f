//! Samples with pictures to batches.

use std::sync::Arc;

use burn::data::dataset::InMemDataset;
use pulse_data::Sample;
use pulse_data::batch::{
    DatasetConfig, HostBatch, ImageFolder, PicturePolicy, TrainingBatcher, TrainingDataset,
};
use pulse_data::labels::{IGNORE_INDEX, LabelOptions, LabelPolicy, Labelled, Labeller};
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
    let mut pixels = Check::exact("pixels of batches against those of each picture by itself");
    let mut same = Check::exact("batches of our own policy");
    let mut mixed = Check::exact("batches of pictures and texts, which the original fails at");
    for batch in &fixture.batches {
        match batch {
            Batch::Collated(theirs) => {
                let name = format!("batch {:?}", theirs.indices);
                let ours = collate(&reference, &theirs.indices, &name)?;
                compare_ids(&name, &ours, theirs, &mut ids);
                compare_pictures(&name, &ours, theirs, fixture.tile_side, &mut pictures);
                compare_pixels(
                    &name,
                    &ours,
                    &reference,
                    &fixture.items,
                    models,
                    &mut pixels,
                )?;
                let again = collate(&own, &theirs.indices, &name)?;
                same.equal(&name, &again, &ours);
            }
            Batch::Failed { indices, error } => {
                let name = format!("batch {indices:?}, {error} in the original");
                let ours = collate(&own, indices, &name)?;
                compare_mixed(&name, &ours, indices, &fixture.items, &mut mixed);
                compare_rows(&name, &ours, &own, &fixture.items, &mut mixed)?;
                compare_pixels(&name, &ours, &own, &fixture.items, models, &mut pixels)?;
            }
        }
    }
    Ok(vec![ids, pictures, pixels, same, mixed])
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

/// The tiles of every row are those that the preprocessor makes of its picture alone, as for a question to the model,
/// and there are no others.
fn compare_pixels(
    name: &str,
    ours: &HostBatch,
    dataset: &TrainingDataset,
    items: &[Sample],
    models: &Models<'_>,
    check: &mut Check,
) -> Result<(), GoldenError> {
    let preprocessor = &dataset.config().preprocessor;
    let mut rest = ours.pixel_values.as_slice();
    for (count, index) in ours.tile_counts.iter().zip(&ours.indices) {
        let tile = 3 * ours.tile_side * ours.tile_side;
        let (row, behind) = rest.split_at((count * tile).min(rest.len()));
        rest = behind;
        let picture = items[*index].image.as_ref();
        let file = picture.map(|path| path.to_string_lossy().into_owned());
        let alone = match &file {
            None => Vec::new(),
            Some(file) => {
                let picture = models.picture(file)?.ok_or_else(|| GoldenError::Fixture {
                    path: file.into(),
                    reason: "the picture is not there".to_owned(),
                })?;
                let tiles = preprocessor.preprocess(&picture);
                let tiles =
                    tiles.map_err(|error| GoldenError::pulse(file.clone())(error.into()))?;
                tiles.pixel_values()
            }
        };
        check.equal(&format!("{name}, sample {index}"), row, alone.as_slice());
    }
    check.equal(name, rest, &[]);
    Ok(())
}

/// Every row has the sample's id, and the ids and labels that it has by itself with padding behind them.
fn compare_rows(
    name: &str,
    ours: &HostBatch,
    dataset: &TrainingDataset,
    items: &[Sample],
    check: &mut Check,
) -> Result<(), GoldenError> {
    let labeller = &dataset.config().labeller;
    let pad = i32::try_from(labeller.tokenizer().unk_id()).unwrap_or(0);
    for (row, index) in ours.indices.iter().enumerate() {
        let sample = &items[*index];
        let case = format!("{name}, sample {index}");
        let failed = |reason: String| GoldenError::Fixture {
            path: case.clone().into(),
            reason,
        };
        let alone = match labeller.label(sample) {
            Ok(Labelled::Kept(alone)) => alone,
            Ok(Labelled::Dropped(defect)) => return Err(failed(defect.to_string())),
            Err(error) => return Err(failed(error.to_string())),
        };
        let length = alone.input_ids.len();
        let padded = |values: &[i32], padding: i32| {
            let mut values = values.to_vec();
            values.resize(ours.width.max(length), padding);
            values
        };
        let mask: Vec<bool> = (0..ours.width.max(length)).map(|at| at < length).collect();
        let mask_row = ours.attention_mask.chunks_exact(ours.width.max(1)).nth(row);
        let id = ours.ids.get(row).map(String::as_str);
        check.equal(&case, &id, &Some(sample.id.as_str()));
        check.equal(
            &case,
            ours.row_ids(row).unwrap_or_default(),
            padded(&alone.input_ids, pad).as_slice(),
        );
        check.equal(
            &case,
            ours.row_labels(row).unwrap_or_default(),
            padded(&alone.labels, IGNORE_INDEX).as_slice(),
        );
        check.equal(&case, mask_row.unwrap_or_default(), mask.as_slice());
    }
    Ok(())
}
