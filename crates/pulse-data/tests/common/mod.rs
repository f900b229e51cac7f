//! Small data sets for the tests.

#![allow(dead_code, clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use burn::data::dataset::InMemDataset;
use image::{Rgb, RgbImage};
use pulse_data::batch::{DatasetConfig, ImageFolder, PicturePolicy, TrainingDataset};
use pulse_data::labels::{LabelOptions, LabelPolicy, Labeller};
use pulse_data::{Message, Sample};
use pulse_llm::MergeType;
use pulse_llm::text::{ConversationTemplate, Tokenizer};
use pulse_vision::{
    AspectMode, PassOrder, PixelSize, Preprocessor, PreprocessorConfig, TileConvention,
};

/// Side of the tests' tiles.
pub(crate) const SIDE: u32 = 28;

/// The tokenizer of this repository's own model.
pub(crate) fn tokenizer() -> Tokenizer {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../datasets/pulse-random");
    Tokenizer::from_folder(&folder).unwrap()
}

pub(crate) fn labeller(policy: LabelPolicy, max_length: usize) -> Labeller {
    labeller_for("llava_v1", policy, max_length)
}

pub(crate) fn labeller_for(template: &str, policy: LabelPolicy, max_length: usize) -> Labeller {
    let options = LabelOptions {
        template: ConversationTemplate::named(template).unwrap(),
        policy,
        max_length,
    };
    Labeller::new(tokenizer(), options).unwrap()
}

pub(crate) fn preprocessor(mean: f64) -> Preprocessor {
    let canvases = [(1, 2), (2, 1), (2, 2), (3, 1), (1, 3)];
    Preprocessor::new(PreprocessorConfig {
        mode: AspectMode::Anyres,
        tile_side: SIDE,
        pinpoints: canvases
            .map(|(columns, rows)| PixelSize::new(columns * SIDE, rows * SIDE))
            .to_vec(),
        convention: TileConvention::Llava,
        pass_order: PassOrder::default(),
        mean: [mean; 3],
        std: [0.25; 3],
        rescale_factor: 1.0 / 255.0,
    })
    .unwrap()
}

/// A sample whose messages speak in turn, human first.
pub(crate) fn sample(id: &str, image: Option<&str>, texts: &[&str]) -> Sample {
    let conversations = texts
        .iter()
        .enumerate()
        .map(|(index, text)| Message {
            from: if index % 2 == 0 { "human" } else { "gpt" }.to_owned(),
            value: (*text).to_owned(),
        })
        .collect();
    Sample {
        id: id.to_owned(),
        image: image.map(PathBuf::from),
        conversations,
    }
}

/// Writes a picture whose pixels depend on `seed`.
pub(crate) fn write_picture(path: &Path, width: u32, height: u32, seed: u32) {
    let picture = RgbImage::from_fn(width, height, |x, y| {
        Rgb([x, y, x * y].map(|value| ((value + seed) * 7 % 256) as u8))
    });
    picture.save(path).unwrap();
}

/// `count` samples in a folder, every fourth without picture, of various sizes and lengths.
pub(crate) fn mixed(folder: &Path, count: usize) -> Vec<Sample> {
    (0..count)
        .map(|index| {
            let answer = format!(
                "Sinus rhythm, rate {}. {}",
                50 + index,
                "ST normal. ".repeat(index % 5)
            );
            let id = format!("s{index}");
            if index % 4 == 3 {
                return sample(&id, None, &["What is a P wave?", &answer]);
            }
            let name = format!("{index}.png");
            let seed = index as u32;
            write_picture(
                &folder.join(&name),
                30 + seed * 13 % 90,
                40 + seed * 29 % 70,
                seed,
            );
            sample(&id, Some(&name), &["<image>\nRead it.", &answer])
        })
        .collect()
}

pub(crate) fn config(folder: &Path, labeller: Labeller) -> DatasetConfig {
    DatasetConfig {
        labeller,
        preprocessor: preprocessor(0.5),
        pictures: Arc::new(ImageFolder::new(folder)),
        picture_policy: PicturePolicy::Error,
        merge: MergeType::Flat,
        patches_per_side: 2,
        cache: None,
    }
}

pub(crate) fn dataset(samples: Vec<Sample>, config: DatasetConfig) -> TrainingDataset {
    TrainingDataset::new(Arc::new(InMemDataset::new(samples)), config)
}

/// Every file of a folder with the hash of its content.
pub(crate) fn hashes(root: &Path) -> BTreeMap<PathBuf, blake3::Hash> {
    let mut found = BTreeMap::new();
    let mut open = vec![root.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else {
                let name = path.strip_prefix(root).unwrap().to_owned();
                found.insert(name, blake3::hash(&std::fs::read(&path).unwrap()));
            }
        }
    }
    found
}
