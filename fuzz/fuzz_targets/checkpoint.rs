//! Any bytes as a weight file and as a configuration: an error, never a panic.
//! `cargo +nightly fuzz run checkpoint`

#![no_main]

use libfuzzer_sys::fuzz_target;
use pulse_llm::ModelConfig;
use pulse_llm::checkpoint::WeightFiles;

fuzz_target!(|bytes: &[u8]| {
    let Ok(folder) = tempfile::tempdir() else { return };
    for name in ["model.safetensors", "config.json"] {
        if std::fs::write(folder.path().join(name), bytes).is_err() {
            return;
        }
    }
    let _ = WeightFiles::open(folder.path());
    let _ = ModelConfig::from_folder(folder.path());
});
