//! The items of a JSON array one by one, so that a bad one is named and the others are read.

use std::path::Path;

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::error::BenchError;
use crate::files::read_plain;
use crate::instruct::{ArrayScanner, ItemRange, describe_error};

/// One item of a file.
pub(super) struct Place<'a> {
    path: &'a Path,
    number: u64,
    offset: u64,
    text: &'a str,
}

/// The array of a file, cut into items. Benchmarks are small: at most a few thousand items without pictures.
pub(super) struct ItemArray {
    text: String,
    ranges: Vec<ItemRange>,
}

impl ItemArray {
    pub(super) fn read(path: &Path) -> Result<Self, BenchError> {
        let bytes = read_plain(path).map_err(|source| BenchError::File {
            path: path.to_owned(),
            source,
        })?;
        let json = |reason: String| BenchError::Json {
            path: path.to_owned(),
            reason,
        };
        let (mut scanner, mut ranges) = (ArrayScanner::new(), Vec::new());
        scanner
            .scan(&bytes, &mut ranges)
            .and_then(|()| scanner.finish())
            .map_err(|error| json(error.to_string()))?;
        let text = String::from_utf8(bytes).map_err(|error| {
            let at = error.utf8_error().valid_up_to() as u64;
            let item = ranges.iter().take_while(|range| range.end <= at).count();
            json(format!(
                "byte {at}, item {item} is not UTF-8; convert the file (iconv -t UTF-8)"
            ))
        })?;
        Ok(Self { text, ranges })
    }

    /// The items in order.
    pub(super) fn items<'a>(&'a self, path: &'a Path) -> impl Iterator<Item = Place<'a>> {
        self.ranges.iter().zip(0..).map(move |(range, number)| {
            let place = |at: u64| usize::try_from(at).unwrap_or(usize::MAX);
            Place {
                path,
                number,
                offset: range.start,
                text: &self.text[place(range.start)..place(range.end)],
            }
        })
    }
}

impl Place<'_> {
    pub(super) fn parse<T: DeserializeOwned>(&self) -> Result<T, BenchError> {
        serde_json::from_str(self.text).map_err(|error| self.bad(describe_error(self.text, &error)))
    }

    /// The error of this item.
    pub(super) fn bad(&self, reason: String) -> BenchError {
        let item: Value = serde_json::from_str(self.text).unwrap_or_default();
        let named = item.get("id").or_else(|| item.get("No"));
        BenchError::Item {
            path: self.path.to_owned(),
            item: self.number,
            id: named.and_then(|id| match id {
                Value::String(text) => Some(text.clone()),
                Value::Number(number) => Some(number.to_string()),
                _ => None,
            }),
            offset: self.offset,
            reason,
        }
    }
}
