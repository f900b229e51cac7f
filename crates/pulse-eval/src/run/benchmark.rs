//! Which benchmark a share was asked from.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use pulse_data::bench::{BenchError, BenchFolder, BenchItem};
use serde::{Deserialize, Serialize};

use super::error::RunError;
use super::prepare::{asked_digest, item_id};
use super::source::config_of;
use super::whole_file::{read_if_there, write_whole};
use crate::json_reason::json_reason;
use crate::task::Task;

/// The file beside `run.json` in the folder of a share.
pub(super) const BENCHMARK_FILE: &str = "benchmark.json";

/// What a share knows of a task. The items of two shares are never the same, so only this tells whether the shares
/// are of one benchmark and whether all of its questions were asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct TaskDigest {
    /// See [`benchmark_digest`].
    pub(super) digest: String,
    /// How many of the task's questions all shares together ask: all, or as many as `--limit` says.
    pub(super) asked: u64,
}

/// What is known of the tasks, by their names.
pub(super) type BenchmarkDigests = BTreeMap<String, TaskDigest>;

/// Counts the items of a task and refuses an id that two of them have, as the scorers do: an answer could not be
/// told to belong to either.
pub(super) fn check_ids(folder: &BenchFolder, task: Task) -> Result<u64, RunError> {
    let mut count = 0;
    let mut places: HashMap<String, u64> = HashMap::new();
    for item in folder.items_without_pictures(config_of(task))? {
        count += 1;
        let id = match &item {
            Ok(item) => item_id(item).to_owned(),
            // It fails when it is its turn.
            Err(error) if error.is_of_an_item() => continue,
            Err(_) => {
                item?;
                continue;
            }
        };
        if let Some(first) = places.insert(id.clone(), count) {
            return Err(RunError::DoubleId {
                task,
                id,
                first,
                second: count,
            });
        }
    }
    Ok(count)
}

/// The digest of all items of a task: ids, pictures and questions in their order.
pub(super) fn benchmark_digest(
    items: impl Iterator<Item = Result<BenchItem, BenchError>>,
) -> Result<String, BenchError> {
    let mut hasher = blake3::Hasher::new();
    let mut add = |part: &str| {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part.as_bytes());
    };
    for item in items {
        // What cannot be asked has no digest. It fails in its own share; the others go on.
        match item {
            Ok(item) => {
                add(item_id(&item));
                add(&asked_digest(&item).unwrap_or_default());
            }
            Err(error) if error.is_of_an_item() => [(); 2].iter().for_each(|()| add("")),
            Err(error) => return Err(error),
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
    serde_json::from_slice(&bytes).map_err(|error| RunError::Benchmark {
        path,
        reason: json_reason(&error, &bytes),
    })
}

/// Writes the digests of some tasks, keeping those of others. A call that asks fewer questions of the same
/// benchmark than an earlier one takes nothing back.
pub(super) fn write_benchmark(
    out: &Path,
    digests: impl IntoIterator<Item = (Task, TaskDigest)>,
) -> Result<(), RunError> {
    let mut all = read_benchmark(out)?;
    for (task, mut now) in digests {
        if let Some(earlier) = all.get(task.name()).filter(|one| one.digest == now.digest) {
            now.asked = now.asked.max(earlier.asked);
        }
        all.insert(task.name().to_owned(), now);
    }
    let path = out.join(BENCHMARK_FILE);
    let mut json =
        serde_json::to_vec_pretty(&all).map_err(|error| RunError::file(&path)(error.into()))?;
    json.push(b'\n');
    write_whole(&path, &json)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn digests_of_an_earlier_format_are_refused_with_a_way_out() {
        let out = tempfile::tempdir().unwrap();
        let path = out.path().join(BENCHMARK_FILE);
        std::fs::write(&path, r#"{"ptb-test":"0123456789abcdef"}"#).unwrap();
        let error = read_benchmark(out.path()).unwrap_err().to_string();
        for part in ["invalid type", "number of questions", "delete the file"] {
            assert!(error.contains(part), "{error}");
        }
        assert!(path.is_file());
    }
}
