//! Pictures inside the page.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use pulse_data::bench::{BenchError, BenchFolder, BenchPicture};
use rayon::prelude::*;

use super::input::ReportInput;
use super::thumbnail::bounded;
use crate::run::config_of;
use crate::strict::{ScoredItem, StrictReport, StrictTask};
use crate::task::Task;

/// Bytes of a picture that is still opened.
const LARGEST: u64 = 64 << 20;

/// The pictures of the worst cases of a benchmark in Parquet files; none for other benchmarks, whose pictures
/// are files. Reads the files of the scored tasks once.
///
/// # Errors
/// [`BenchError`] if a file is damaged.
pub fn parquet_pictures(
    bench: &Path,
    strict: &StrictReport,
    worst: usize,
) -> Result<HashMap<(Task, String), Vec<u8>>, BenchError> {
    let mut pictures = HashMap::new();
    let Ok(folder) = BenchFolder::open(bench) else {
        return Ok(pictures);
    };
    for scored in &strict.tasks {
        let wanted: HashSet<&str> = worst_items(scored, worst)
            .into_iter()
            .map(|item| item.id.as_str())
            .collect();
        let config = config_of(scored.task);
        if wanted.is_empty() || !folder.is_parquet(config) {
            continue;
        }
        for item in folder.items(config)? {
            let item = item?;
            let BenchPicture::Bytes(bytes) = item.picture else {
                break;
            };
            let id = item.number.unwrap_or(item.id);
            if wanted.contains(id.as_str()) {
                pictures.insert((scored.task, id), bytes);
            }
        }
    }
    Ok(pictures)
}

/// Items that are most wrong first; among equals those that were read.
pub(super) fn worst_items(task: &StrictTask, worst: usize) -> Vec<&ScoredItem> {
    let mut wrong: Vec<&ScoredItem> = task.items.iter().filter(|item| !item.is_correct).collect();
    wrong.sort_by_key(|item| (std::cmp::Reverse(item.distance), item.outcome != "read"));
    wrong.truncate(worst);
    wrong
}

/// The pictures of the worst cases as data URLs, or why they cannot be shown.
pub(super) struct Pictures<'a>(HashMap<(Task, &'a Path, &'a str), Result<String, String>>);

impl<'a> Pictures<'a> {
    /// Prepares the pictures of all tasks, in at most about `bytes` bytes together before encoding.
    pub(super) fn of_worst(input: &'a ReportInput, bytes: usize) -> Self {
        let tasks = input.strict.tasks.iter();
        let items: Vec<_> = tasks
            .flat_map(|task| {
                let worst = worst_items(task, input.worst).into_iter();
                worst.map(move |item| (task, item))
            })
            .collect();
        let each = bytes / items.len().max(1);
        let url = |(task, item): &(&'a StrictTask, &'a ScoredItem)| {
            let url = picture_url(input, task.task, item, each);
            ((task.task, task.file.as_path(), item.id.as_str()), url)
        };
        Self(items.par_iter().map(url).collect())
    }

    /// The picture of an item.
    pub(super) fn of<'b>(
        &'b self,
        task: &'b StrictTask,
        item: &'b ScoredItem,
    ) -> Result<&'b str, &'b str> {
        let key = (task.task, task.file.as_path(), item.id.as_str());
        match self.0.get(&key) {
            Some(Ok(url)) => Ok(url),
            Some(Err(why)) => Err(why),
            None => Err("it was not prepared"),
        }
    }
}

/// The picture of an item as a data URL of at most about `bytes` bytes before encoding, or why it cannot be shown.
/// Pictures of Parquet files are in [`ReportInput::pictures`], others in the folder of pictures.
fn picture_url(
    input: &ReportInput,
    task: Task,
    item: &ScoredItem,
    bytes: usize,
) -> Result<String, String> {
    let read;
    let picture = match input.pictures.get(&(task, item.id.clone())) {
        Some(picture) => picture,
        None => {
            let folder = input
                .images
                .as_deref()
                .ok_or("there is no folder of pictures")?;
            let image = item.image.as_deref().ok_or("the benchmark names none")?;
            read = file_in(folder, image)?;
            &read
        }
    };
    let (kind, bytes) = bounded(picture, bytes)?;
    Ok(format!("data:image/{kind};base64,{}", base64(&bytes)))
}

/// The bytes of a file in a folder; refuses paths that lead out of it.
fn file_in(folder: &Path, image: &Path) -> Result<Vec<u8>, String> {
    use std::path::Component;
    if !image
        .components()
        .all(|part| matches!(part, Component::Normal(_)))
    {
        return Err(format!("{} is no path within a folder", image.display()));
    }
    let failed = |error: std::io::Error| format!("{}: {error}", image.display());
    let path = folder.join(image);
    if std::fs::metadata(&path).map_err(failed)?.len() > LARGEST {
        return Err(format!("{} has more than {LARGEST} bytes", image.display()));
    }
    std::fs::read(&path).map_err(failed)
}

/// Base64 (RFC 4648) with padding.
fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let byte = |at: usize| u32::from(group.get(at).copied().unwrap_or_default());
        let word = byte(0) << 16 | byte(1) << 8 | byte(2);
        for digit in 0..4 {
            let value = word >> (18 - 6 * digit) & 63;
            text.push(if digit <= group.len() {
                char::from(DIGITS[value as usize])
            } else {
                '='
            });
        }
    }
    text
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_that_of_the_rfc() {
        let cases = [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foobar", "Zm9vYmFy"),
        ];
        for (bytes, text) in cases {
            assert_eq!(base64(bytes.as_bytes()), text);
        }
    }

    #[test]
    fn paths_stay_in_the_folder() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a.png"), b"x").unwrap();
        let read = |path: &str| file_in(folder.path(), Path::new(path));
        assert_eq!(read("a.png").unwrap(), b"x");
        for path in ["../a.png", "/etc/hostname", "b.png"] {
            assert!(read(path).unwrap_err().contains(path));
        }
    }
}
