//! Any bytes as a weight file and as a configuration: an error, never a panic.
//! `cargo +nightly fuzz run checkpoint`

#![no_main]

use libfuzzer_sys::fuzz_target;
use pulse_llm::checkpoint::WeightFiles;
use pulse_llm::{LoadOptions, LoadedModel, ModelConfig};

fuzz_target!(|bytes: &[u8]| {
    let Ok(folder) = tempfile::tempdir() else { return };
    for name in ["model.safetensors", "config.json"] {
        if std::fs::write(folder.path().join(name), bytes).is_err() {
            return;
        }
    }
    let _ = WeightFiles::open(folder.path());
    let _ = ModelConfig::from_folder(folder.path());
    // The configuration is the bytes', the weights are sound: sizes out of all proportion must end as
    // defects, not in an allocation.
    let weights = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../crates/pulse-parity/golden/models/micro-hf-bf16/model.safetensors"
    );
    if std::fs::copy(weights, folder.path().join("model.safetensors")).is_ok() {
        let _ = LoadedModel::load(folder.path(), &LoadOptions::default());
    }
});
