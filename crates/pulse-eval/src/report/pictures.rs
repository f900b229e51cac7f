//! Pictures inside the page.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use pulse_data::bench::{BenchError, BenchFolder, BenchPicture};

use crate::run::config_of;
use crate::strict::{ScoredItem, StrictReport, StrictTask};
use crate::task::Task;

/// Bytes of a picture that is still put into the page.
const LARGEST: u64 = 4 << 20;

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

/// A picture of a folder as a data URL; `None` if it is not there, too large, or of another type than PNG and
/// JPEG, or if its path leads out of the folder.
pub(super) fn file_url(folder: &Path, image: &Path) -> Option<String> {
    use std::path::Component;
    if !image
        .components()
        .all(|part| matches!(part, Component::Normal(_)))
    {
        return None;
    }
    let path = folder.join(image);
    if std::fs::metadata(&path).ok()?.len() > LARGEST {
        return None;
    }
    data_url(&std::fs::read(path).ok()?)
}

/// A picture as a data URL; `None` if it is too large, or of another type than PNG and JPEG.
pub(super) fn data_url(bytes: &[u8]) -> Option<String> {
    let kind = match bytes {
        _ if bytes.len() as u64 > LARGEST => return None,
        [0x89, b'P', b'N', b'G', ..] => "png",
        [0xff, 0xd8, ..] => "jpeg",
        _ => return None,
    };
    Some(format!("data:image/{kind};base64,{}", base64(bytes)))
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
        std::fs::write(folder.path().join("a.png"), b"\x89PNGx").unwrap();
        let url = file_url(folder.path(), Path::new("a.png")).unwrap();
        assert!(url.starts_with("data:image/png;base64,iVBOR"));
        assert_eq!(file_url(folder.path(), Path::new("../a.png")), None);
        assert_eq!(file_url(folder.path(), Path::new("/etc/hostname")), None);
        std::fs::write(folder.path().join("b.png"), b"text").unwrap();
        assert_eq!(file_url(folder.path(), Path::new("b.png")), None);
    }
}
