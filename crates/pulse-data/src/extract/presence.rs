//! Whether what was unpacked is still there.

use std::path::Path;

use rayon::prelude::*;

use super::journal::Entry;

/// Number and bytes of the files that are not there, or not with their length. Looks at names and lengths
/// only: [`verify_extracted`](super::verify_extracted) reads the files.
pub(super) fn lost(root: &Path, entries: &[Entry]) -> (u64, u64) {
    entries
        .par_iter()
        .with_min_len(256)
        .filter_map(|entry| {
            let size = entry.size?;
            let found = root.join(&entry.path).symlink_metadata();
            let is_there = found.is_ok_and(|found| found.is_file() && found.len() == size);
            (!is_there).then_some((1, size))
        })
        .reduce(|| (0, 0), |a, b| (a.0 + b.0, a.1 + b.1))
}
