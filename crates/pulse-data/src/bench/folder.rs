//! A folder with ECGBench in either layout.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::config::BenchConfig;
use super::error::BenchError;
use super::item::BenchItem;
use super::json::read_json;
use super::parquet_read::{ParquetItems, count_rows};

/// The items of a configuration in the order of its files.
pub type BenchItems = Box<dyn Iterator<Item = Result<BenchItem, BenchError>> + Send>;

/// Files of one configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Files {
    Parquet(Vec<PathBuf>),
    Json(PathBuf),
}

/// ECGBench on disk: `<config>/*.parquet` as on the Hub, `<config>.parquet`, or `<config>.json` beside
/// `images/`. Where a configuration is there in both layouts, Parquet is read: it has the pictures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BenchFolder {
    root: PathBuf,
    images: PathBuf,
    found: Vec<(BenchConfig, Files)>,
}

impl BenchFolder {
    /// Looks for the nine configurations in a folder.
    ///
    /// # Errors
    /// [`BenchError::NoBench`] if there is none, [`BenchError::Incomplete`] if a file of several is missing,
    /// [`BenchError::NoFiles`] if the folder of a configuration is empty, [`BenchError::File`] if it cannot be read.
    pub fn open(root: &Path) -> Result<Self, BenchError> {
        let (folder, broken) = Self::survey(root);
        if let Some((_, error)) = broken.into_iter().next() {
            return Err(error);
        }
        if folder.found.is_empty() {
            return Err(BenchError::NoBench {
                folder: root.to_owned(),
            });
        }
        Ok(folder)
    }

    /// The configurations of a folder that can be opened, and those that are there and cannot.
    pub(crate) fn survey(root: &Path) -> (Self, Vec<(BenchConfig, BenchError)>) {
        let (mut found, mut broken) = (Vec::new(), Vec::new());
        for config in BenchConfig::ALL {
            match files_of(root, config) {
                Ok(Some(files)) => found.push((config, files)),
                Ok(None) => {}
                Err(error) => broken.push((config, error)),
            }
        }
        let folder = Self {
            root: root.to_owned(),
            images: root.join("images"),
            found,
        };
        (folder, broken)
    }

    /// Looks for the pictures of JSON configurations in another folder than `images/`.
    pub fn with_images(mut self, images: &Path) -> Self {
        self.images = images.to_owned();
        self
    }

    /// The folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The configurations that are there.
    pub fn configs(&self) -> impl Iterator<Item = BenchConfig> + '_ {
        self.found.iter().map(|(config, _)| *config)
    }

    /// Whether a configuration is there in Parquet files, which have the pictures inside.
    pub fn is_parquet(&self, config: BenchConfig) -> bool {
        matches!(self.files(config), Ok(Files::Parquet(_)))
    }

    /// Number of items of a configuration.
    ///
    /// # Errors
    /// [`BenchError`] if it is not there or its files cannot be read.
    pub fn count(&self, config: BenchConfig) -> Result<u64, BenchError> {
        match self.files(config)? {
            Files::Parquet(files) => files.iter().map(|path| count_rows(path)).sum(),
            Files::Json(path) => Ok(read_json(path, &self.images)?.len() as u64),
        }
    }

    /// The items of a configuration, streamed from Parquet a few at a time.
    ///
    /// # Errors
    /// [`BenchError::NoConfig`] if it is not there; [`BenchError`] of its first file. Later files, and rows and
    /// items that are unsound by themselves, give their errors when the iterator comes to them; it goes on
    /// behind those that [are of an item](BenchError::is_of_an_item).
    pub fn items(&self, config: BenchConfig) -> Result<BenchItems, BenchError> {
        self.read(config, true)
    }

    /// The items of a configuration without reading the pictures out of Parquet files, which are nearly all
    /// of their size: their pictures are [`BenchPicture::Absent`](super::BenchPicture::Absent).
    ///
    /// # Errors
    /// As [`items`](Self::items).
    pub fn items_without_pictures(&self, config: BenchConfig) -> Result<BenchItems, BenchError> {
        self.read(config, false)
    }

    fn read(&self, config: BenchConfig, with_pictures: bool) -> Result<BenchItems, BenchError> {
        match self.files(config)?.clone() {
            Files::Json(path) => Ok(Box::new(read_json(&path, &self.images)?.into_iter())),
            Files::Parquet(files) => {
                let mut files = files.into_iter();
                let open = move |path: &PathBuf| ParquetItems::open(path, with_pictures);
                let first = files.next().map(|path| open(&path));
                let first = first.transpose()?.into_iter().flatten();
                let rest = files.flat_map(move |path| -> BenchItems {
                    match open(&path) {
                        Ok(items) => Box::new(items),
                        Err(error) => Box::new(std::iter::once(Err(error))),
                    }
                });
                Ok(Box::new(first.chain(rest)))
            }
        }
    }

    fn files(&self, config: BenchConfig) -> Result<&Files, BenchError> {
        self.found
            .iter()
            .find(|(other, _)| *other == config)
            .map(|(_, files)| files)
            .ok_or_else(|| {
                let names: Vec<&str> = self.configs().map(BenchConfig::name).collect();
                BenchError::NoConfig {
                    folder: self.root.clone(),
                    config,
                    found: names.join(", "),
                }
            })
    }
}

/// Files of the Hub's library say in their names how many they are (`test-00000-of-00002.parquet`).
fn check_whole(folder: &Path, files: &[PathBuf]) -> Result<(), BenchError> {
    let parts = |path: &PathBuf| {
        let name = path.file_stem()?.to_string_lossy().into_owned();
        let (start, total) = name.rsplit_once("-of-")?;
        let (start, number) = start.rsplit_once('-')?;
        let (number, total) = (number.parse().ok()?, total.parse().ok()?);
        Some((start.to_owned(), number, total))
    };
    let found: BTreeSet<(String, u64, u64)> = files.iter().filter_map(parts).collect();
    let sets: BTreeSet<(&String, u64)> = found.iter().map(|(name, _, of)| (name, *of)).collect();
    for (name, of) in sets {
        let of_set = found
            .range((name.clone(), 0, 0)..)
            .filter(|part| part.0 == *name && part.2 == of);
        let mut numbers = of_set.map(|part| part.1);
        if let Some(missing) = (0..of).find(|number| numbers.next() != Some(*number)) {
            return Err(BenchError::Incomplete {
                folder: folder.to_owned(),
                missing: format!("{name}-{missing:05}-of-{of:05}.parquet"),
            });
        }
    }
    Ok(())
}

fn files_of(root: &Path, config: BenchConfig) -> Result<Option<Files>, BenchError> {
    let folder = root.join(config.name());
    if folder.is_dir() {
        let failed = |source| BenchError::File {
            path: folder.clone(),
            source,
        };
        let mut files = Vec::new();
        for entry in std::fs::read_dir(&folder).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            if path.extension().is_some_and(|kind| kind == "parquet") {
                files.push(path);
            }
        }
        // Numbered with leading zeros: the order of names is the order of rows.
        files.sort();
        if !files.is_empty() {
            check_whole(&folder, &files)?;
            return Ok(Some(Files::Parquet(files)));
        }
    }
    let parquet = root.join(format!("{config}.parquet"));
    if is_there(&parquet) {
        return Ok(Some(Files::Parquet(vec![parquet])));
    }
    let json = root.join(format!("{config}.json"));
    if is_there(&json) {
        return Ok(Some(Files::Json(json)));
    }
    match is_there(&folder) {
        true => Err(BenchError::NoFiles { folder }),
        false => Ok(None),
    }
}

/// Whether a name is taken, if only by a link to nothing: reading it then tells what is wrong.
fn is_there(path: &Path) -> bool {
    path.symlink_metadata().is_ok()
}
