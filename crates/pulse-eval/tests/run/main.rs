//! The runner: what it asks, what it writes, how it goes on, what it refuses.

#![allow(clippy::unwrap_used)]

mod asking;
#[allow(dead_code, reason = "each test file uses a part of it")]
#[path = "../bench/mod.rs"]
mod bench;
mod going_on;
mod shares;

use std::path::{Path, PathBuf};

use bench::{short, synthetic};
use pulse_eval::Task;
use pulse_eval::run::RunOptions;

const ITEMS: u64 = 3;

fn options(tasks: &[Task], out: &Path) -> RunOptions {
    RunOptions {
        generate: short(5),
        ..RunOptions::new(synthetic(ITEMS), tasks, out)
    }
}

fn bytes(out: &Path, task: Task) -> Vec<u8> {
    std::fs::read(out.join(task.name()).join("step-final.jsonl")).unwrap()
}

/// A copy of one task's JSON file, changed, beside the same pictures.
fn changed(folder: &Path, task: Task, change: impl Fn(&mut Vec<serde_json::Value>)) -> PathBuf {
    let name = format!("{task}.json");
    let text = std::fs::read(synthetic(ITEMS).join(&name)).unwrap();
    let mut items: Vec<serde_json::Value> = serde_json::from_slice(&text).unwrap();
    change(&mut items);
    let bench = folder.join("changed");
    std::fs::create_dir_all(&bench).unwrap();
    std::fs::write(bench.join(&name), serde_json::to_vec(&items).unwrap()).unwrap();
    let images = bench.join("images");
    if !images.exists() {
        std::os::unix::fs::symlink(synthetic(ITEMS).join("images"), images).unwrap();
    }
    bench
}
