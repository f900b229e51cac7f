//! The items of a JSON array one by one, so that a bad one is named and the others are read.

use std::path::Path;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::error::BenchError;
use crate::instruct::ArrayScanner;
use crate::sample::flexible_id;

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
    ranges: Vec<crate::instruct::ItemRange>,
}

impl ItemArray {
    pub(super) fn read(path: &Path) -> Result<Self, BenchError> {
        let bytes = std::fs::read(path).map_err(|source| BenchError::File {
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
        serde_json::from_str(self.text).map_err(|error| self.bad(error.to_string()))
    }

    /// The error of this item.
    pub(super) fn bad(&self, reason: String) -> BenchError {
        #[derive(Deserialize)]
        struct Id {
            #[serde(deserialize_with = "flexible_id", alias = "No")]
            id: String,
        }
        BenchError::Item {
            path: self.path.to_owned(),
            item: self.number,
            id: serde_json::from_str(self.text)
                .ok()
                .map(|found: Id| found.id),
            offset: self.offset,
            reason,
        }
    }
}
