//! Which benchmark a share was asked from.

use std::collections::BTreeMap;
use std::path::Path;

use pulse_data::bench::{BenchError, BenchItem};

use super::error::RunError;
use super::prepare::{asked_digest, item_id};
use super::whole_file::{read_if_there, write_whole};
use crate::task::Task;

/// The file beside `run.json` in the folder of a share.
pub(super) const BENCHMARK_FILE: &str = "benchmark.json";

/// Digests of tasks by their names. The items of two shares are never the same, so only this tells whether the
/// shares are of one benchmark.
pub(super) type BenchmarkDigests = BTreeMap<String, String>;

/// The digest of all items of a task: ids, pictures and questions in their order.
pub(super) fn benchmark_digest(
    items: impl Iterator<Item = Result<BenchItem, BenchError>>,
) -> Result<String, BenchError> {
    let mut hasher = blake3::Hasher::new();
    for item in items {
        let item = item?;
        // What cannot be asked has no digest. It fails in its own share; the others go on.
        let asked = asked_digest(&item).unwrap_or_default();
        for part in [item_id(&item), &asked] {
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part.as_bytes());
        }
    }
    Ok(hasher.finalize().to_hex()[..32].to_owned())
}

/// The digests in a folder; none if it has no such file.
pub(super) fn read_benchmark(out: &Path) -> Result<BenchmarkDigests, RunError> {
    let path = out.join(BENCHMARK_FILE);
    let bytes = read_if_there(&path)?;
    if bytes.is_empty() {
        return Ok(BenchmarkDigests::new());
    }
    serde_json::from_slice(&bytes).map_err(|error| RunError::Settings {
        path,
        reason: error.to_string(),
    })
}

/// Writes the digests of some tasks, keeping those of others.
pub(super) fn write_benchmark(
    out: &Path,
    digests: impl IntoIterator<Item = (Task, String)>,
) -> Result<(), RunError> {
    let mut all = read_benchmark(out)?;
    all.extend(
        digests
            .into_iter()
            .map(|(task, digest)| (task.name().to_owned(), digest)),
    );
    let path = out.join(BENCHMARK_FILE);
    let mut json =
        serde_json::to_vec_pretty(&all).map_err(|error| RunError::file(&path)(error.into()))?;
    json.push(b'\n');
    write_whole(&path, &json)
}
