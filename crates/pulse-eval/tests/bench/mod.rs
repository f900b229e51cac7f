//! A small synthetic benchmark and the bundled model with random weights.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use pulse_data::synthesize::{SynthesizeOptions, synthesize};
use pulse_llm::{GenerateOptions, LoadOptions, Pulse};
use serde_json::Value;

/// The folder of the bundled model.
pub(crate) fn model() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../datasets/pulse-random");
    path.to_str().unwrap().to_owned()
}

pub(crate) fn pulse() -> Pulse {
    Pulse::load(&model(), LoadOptions::default()).unwrap()
}

/// The benchmark of a synthetic data set with `items` items a task, made once per process.
pub(crate) fn synthetic(items: u64) -> PathBuf {
    static MADE: OnceLock<(tempfile::TempDir, u64)> = OnceLock::new();
    let (folder, made) = MADE.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        synthesize(&SynthesizeOptions {
            count: 1,
            seed: 7,
            out: folder.path().join("set"),
            bench_items: Some(items),
            dpi: (40.0, 45.0),
            progress: false,
            ..SynthesizeOptions::default()
        })
        .unwrap();
        (folder, items)
    });
    assert_eq!(*made, items, "one size a test program");
    folder.path().join("set/bench")
}

pub(crate) fn short(tokens: usize) -> GenerateOptions {
    GenerateOptions {
        max_new_tokens: tokens,
        ..GenerateOptions::greedy()
    }
}

/// The lines of an answer file.
pub(crate) fn lines(out: &Path, task: &str) -> Vec<Value> {
    let path = out.join(task).join("step-final.jsonl");
    let text = std::fs::read_to_string(path).unwrap_or_default();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}
