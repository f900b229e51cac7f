//! From one layout of ECGBench to the other.

use std::collections::HashMap;
use std::io::Write;
use std::path::{Path, PathBuf};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::config::BenchConfig;
use super::error::BenchError;
use super::folder::BenchFolder;
use super::item::{BenchItem, BenchPicture};
use super::json::JsonItem;
use super::parquet_write::write_parquet;
use crate::extract::safe_path;
use crate::files::write_whole;
use crate::run_lock::RunLock;

/// The one file of a configuration in Parquet.
const PART: &str = "test-00000-of-00001.parquet";

/// A layout of ECGBench.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BenchFormat {
    /// `<config>.json` beside `images/<image_path>`, as the original's scripts expect.
    Json,
    /// `<config>/test-00000-of-00001.parquet`, as on the Hub.
    Parquet,
}

/// Settings of [`export_bench`].
#[derive(Debug, Clone)]
pub struct ExportOptions {
    /// The layout to write.
    pub format: BenchFormat,
    /// Configurations to write; empty: all that are there.
    pub configs: Vec<BenchConfig>,
    /// Shows a progress bar on standard error.
    pub progress: bool,
}

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct ExportReport {
    /// Configurations with their number of items.
    pub configs: Vec<(BenchConfig, u64)>,
    /// Picture files written; 0 for Parquet, which has them inside.
    pub pictures: u64,
}

/// Writes configurations of `source` to the folder `out` in another layout. Items keep the order of the
/// source and pictures keep their bytes, so that exporting forth and back gives the same files.
///
/// # Errors
/// [`BenchError`] of the first item that cannot be read or written; [`BenchError::Busy`] if another run exports to
/// `out`; [`BenchError::OtherParts`] if a folder to write to has Parquet files of an older export or download. A file
/// gets its name when it is whole.
pub fn export_bench(
    source: &BenchFolder,
    out: &Path,
    options: &ExportOptions,
) -> Result<ExportReport, BenchError> {
    let configs = match options.configs.as_slice() {
        [] => source.configs().collect(),
        some => some.to_vec(),
    };
    let mut report = ExportReport {
        configs: Vec::new(),
        pictures: 0,
    };
    create_folder(out)?;
    let lock = out.join(".pulse-export.lock");
    let lock = RunLock::take(&lock).map_err(|source| BenchError::File { path: lock, source })?;
    let Some(_lock) = lock else {
        return Err(BenchError::Busy {
            folder: out.to_owned(),
        });
    };
    if options.format == BenchFormat::Parquet {
        for config in &configs {
            refuse_other_parts(&out.join(config.name()))?;
        }
    }
    // Content of the paths written so far: questions of several configurations share pictures.
    let mut written = HashMap::new();
    for config in configs {
        let bar = progress(source.count(config)?, config, options.progress);
        let items = match options.format {
            BenchFormat::Json => {
                let (items, pictures) = write_layout(source, config, out, &bar, &mut written)?;
                report.pictures += pictures;
                items
            }
            BenchFormat::Parquet => {
                let folder = out.join(config.name());
                create_folder(&folder)?;
                write_parquet(&folder.join(PART), || source.items(config))?
            }
        };
        bar.finish_and_clear();
        report.configs.push((config, items));
    }
    Ok(report)
}

/// Refuses a configuration's folder with other Parquet files than the one that will be written: all that are in a
/// folder are one set.
fn refuse_other_parts(folder: &Path) -> Result<(), BenchError> {
    let failed = |source| BenchError::File {
        path: folder.to_owned(),
        source,
    };
    let entries = match std::fs::read_dir(folder) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        entries => entries.map_err(failed)?,
    };
    for entry in entries {
        let path = entry.map_err(failed)?.path();
        let is_parquet = path.extension().is_some_and(|kind| kind == "parquet");
        let name = path.file_name().unwrap_or_default();
        if is_parquet && name != PART {
            return Err(BenchError::OtherParts {
                folder: folder.to_owned(),
                found: name.to_string_lossy().into_owned(),
            });
        }
    }
    Ok(())
}

fn progress(items: u64, config: BenchConfig, is_shown: bool) -> ProgressBar {
    let bar = ProgressBar::new(items);
    if !is_shown {
        bar.set_draw_target(ProgressDrawTarget::hidden());
    }
    if let Ok(style) = ProgressStyle::with_template("{msg} {wide_bar} {pos}/{len} {eta}") {
        bar.set_style(style);
    }
    bar.set_message(config.name());
    bar
}

fn create_folder(folder: &Path) -> Result<(), BenchError> {
    std::fs::create_dir_all(folder).map_err(|source| BenchError::File {
        path: folder.to_owned(),
        source,
    })
}

/// Writes `<config>.json` and the pictures; how many items and new pictures there were.
fn write_layout(
    source: &BenchFolder,
    config: BenchConfig,
    out: &Path,
    bar: &ProgressBar,
    written: &mut HashMap<PathBuf, blake3::Hash>,
) -> Result<(u64, u64), BenchError> {
    create_folder(out)?;
    let images = out.join("images");
    let path = out.join(format!("{config}.json"));
    let failed = |source| BenchError::File {
        path: path.clone(),
        source,
    };
    let (mut count, mut pictures) = (0, 0);
    write_whole(&path, failed, |file| {
        file.write_all(b"[").map_err(failed)?;
        for item in source.items(config)? {
            let item = item?;
            pictures += u64::from(write_picture(&item, &images, written)?);
            let between: &[u8] = if count == 0 { b"\n" } else { b",\n" };
            file.write_all(between).map_err(failed)?;
            serde_json::to_writer(&mut *file, &JsonItem::of(&item))
                .map_err(|error| failed(error.into()))?;
            count += 1;
            bar.inc(1);
        }
        file.write_all(b"\n]\n").map_err(failed)
    })?;
    Ok((count, pictures))
}

/// Writes an item's picture unless it was written before; true if it was not.
fn write_picture(
    item: &BenchItem,
    images: &Path,
    written: &mut HashMap<PathBuf, blake3::Hash>,
) -> Result<bool, BenchError> {
    if item.picture == BenchPicture::Absent {
        return Ok(false);
    }
    let place = safe_path(item.image_path.as_bytes()).map_err(|reason| BenchError::Path {
        id: item.id.clone(),
        reason,
    })?;
    let place = images.join(place);
    let bytes = item.picture_bytes()?;
    let digest = blake3::hash(&bytes);
    match written.get(&place) {
        Some(other) if *other == digest => return Ok(false),
        Some(_) => {
            return Err(BenchError::PictureConflict {
                id: item.id.clone(),
                path: place,
            });
        }
        None => {}
    }
    if let Some(folder) = place.parent() {
        create_folder(folder)?;
    }
    let failed = |source| BenchError::File {
        path: place.clone(),
        source,
    };
    write_whole(&place, failed, |file| {
        file.write_all(&bytes).map_err(failed)
    })?;
    written.insert(place, digest);
    Ok(true)
}
