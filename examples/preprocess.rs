//! Shows what the model sees of a picture.
//!
//! ```sh
//! cargo run --example preprocess -- --image ecg.png --output tiles.safetensors --sheet tiles.png
//! ```

mod common;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, ValueEnum};
use common::{Failure, open_picture};
use pulse_llm::ModelConfig;
use pulse_llm::hub::{HubOptions, ModelSource, fetch_model_config};
use pulse_vision::{
    AspectMode, PixelSize, Preprocessor, PreprocessorConfig, TileConvention, TilePixels,
};
use safetensors::tensor::{Dtype, TensorView};

/// Cut a picture into the tiles that the vision tower sees.
#[derive(Parser)]
#[command(
    version,
    about = "Cut a picture into the tiles that the vision tower sees"
)]
struct Arguments {
    /// Picture: a file or an http(s) address. Default: a page of this repository
    #[arg(long)]
    image: Option<String>,
    /// Checkpoint folder or Hub id that sets grid, tile side and normalisation; of a Hub id no weights
    /// are fetched. Default: those of PULSE-7B
    #[arg(long)]
    model: Option<String>,
    /// Branch, tag or commit, if the model is a Hub id
    #[arg(long, default_value = "main")]
    revision: String,
    /// anyres, pad or crop. Default: as the model's config.json says, anyres for PULSE-7B
    #[arg(long, value_enum)]
    mode: Option<Mode>,
    /// Write `pixel_values` (f32, [tiles, 3, S, S]) and `tiles_u8` here
    #[arg(long)]
    output: Option<PathBuf>,
    /// Draw all tiles into this PNG
    #[arg(long)]
    sheet: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Mode {
    /// The whole picture squeezed to a square, and a grid of tiles in its own shape.
    Anyres,
    /// Padded to a square: one tile.
    Pad,
    /// The centre: one tile.
    Crop,
}

fn main() -> ExitCode {
    common::start_logging();
    common::finish(run(&Arguments::parse()))
}

fn run(arguments: &Arguments) -> Result<(), Failure> {
    let mut config = match &arguments.model {
        Some(model) => from_model(&model_config(model, &arguments.revision)?),
        None => pulse_7b(),
    };
    if let Some(mode) = arguments.mode {
        config.mode = match mode {
            Mode::Anyres => AspectMode::Anyres,
            Mode::Pad => AspectMode::Pad,
            Mode::Crop => AspectMode::Crop,
        };
    }
    let picture = open_picture(&arguments.image.clone().unwrap_or_else(common::demo_image))?;
    let tiles = Preprocessor::new(config)?.preprocess(&picture)?;
    describe(&tiles);
    if let Some(path) = &arguments.output {
        write_tensors(&tiles, path)?;
    }
    if let Some(path) = &arguments.sheet {
        let sheet = tiles.contact_sheet()?;
        let PixelSize { width, height } = sheet.size();
        common::write_whole(path, |temporary| {
            let kind = image::ColorType::Rgb8;
            let format = image::ImageFormat::Png;
            image::save_buffer_with_format(temporary, sheet.rgb(), width, height, kind, format)?;
            Ok(())
        })?;
    }
    Ok(())
}

fn model_config(model: &str, revision: &str) -> Result<ModelConfig, Failure> {
    let folder = match ModelSource::parse(model)? {
        ModelSource::Folder(folder) => folder,
        ModelSource::Hub(id) => {
            let options = HubOptions {
                revision: revision.to_owned(),
                ..HubOptions::from_env()
            };
            fetch_model_config(&id, &options)?.folder
        }
    };
    Ok(ModelConfig::from_folder(&folder)?)
}

fn describe(tiles: &TilePixels) {
    match tiles.plan() {
        Some(plan) => {
            let (x, y) = plan.paste();
            eprintln!(
                "{}: canvas {}, picture {} at {x},{y}, grid {}x{}, {} tiles of {}",
                tiles.picture(),
                plan.canvas(),
                plan.resized(),
                plan.grid().columns,
                plan.grid().rows,
                tiles.count(),
                tiles.side()
            );
        }
        None => eprintln!("{}: one tile of {}", tiles.picture(), tiles.side()),
    }
}

fn write_tensors(tiles: &TilePixels, path: &Path) -> Result<(), Failure> {
    let side = tiles.side() as usize;
    let shape = vec![tiles.count(), 3, side, side];
    let values: Vec<u8> = tiles
        .pixel_values()
        .iter()
        .flat_map(|v| v.to_le_bytes())
        .collect();
    let views = [
        (
            "pixel_values",
            TensorView::new(Dtype::F32, shape.clone(), &values)?,
        ),
        (
            "tiles_u8",
            TensorView::new(Dtype::U8, shape, tiles.tiles_u8())?,
        ),
    ];
    common::write_whole(path, |temporary| {
        Ok(safetensors::serialize_to_file(views, None, temporary)?)
    })
}

/// The numbers of the published checkpoint.
fn pulse_7b() -> PreprocessorConfig {
    let canvases = [(336, 672), (672, 336), (672, 672), (1008, 336), (336, 1008)];
    PreprocessorConfig {
        mode: AspectMode::Anyres,
        tile_side: 336,
        pinpoints: canvases
            .map(|(width, height)| PixelSize::new(width, height))
            .to_vec(),
        convention: TileConvention::Llava,
        pass_order: Default::default(),
        mean: [0.48145466, 0.4578275, 0.40821073],
        std: [0.26862954, 0.26130258, 0.27577711],
        rescale_factor: 1.0 / 255.0,
    }
}

fn from_model(config: &ModelConfig) -> PreprocessorConfig {
    PreprocessorConfig {
        mode: config.aspect,
        tile_side: config.vision.image_size as u32,
        pinpoints: config.pinpoints.clone(),
        convention: config.convention,
        pass_order: Default::default(),
        mean: config.image_mean,
        std: config.image_std,
        rescale_factor: config.rescale_factor,
    }
}
