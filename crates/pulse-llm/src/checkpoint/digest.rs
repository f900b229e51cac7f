//! A name for the exact weights, for the provenance of answers.

use std::sync::mpsc::{Receiver, channel};
use std::sync::{Mutex, OnceLock};

use super::files::WeightFiles;

/// BLAKE3 over names, lengths and contents of the weight files, computed on a thread of its own
/// while the model is already working; reading the files once also brings them into memory.
#[derive(Debug)]
pub struct WeightsDigest {
    value: OnceLock<String>,
    pending: Mutex<Option<Receiver<String>>>,
}

impl WeightsDigest {
    /// Starts computing.
    pub fn start(files: &WeightFiles) -> Self {
        let (sender, receiver) = channel();
        let maps = files.maps().to_vec();
        std::thread::spawn(move || {
            let mut hasher = blake3::Hasher::new();
            for (path, map) in &maps {
                let name = path.file_name().unwrap_or_default().to_string_lossy();
                hasher.update(name.as_bytes());
                hasher.update(&[0]);
                hasher.update(&(map.as_slice().len() as u64).to_le_bytes());
                hasher.update(map.as_slice());
            }
            // Nobody waits any more if the model was dropped meanwhile.
            let _ = sender.send(format!("blake3:{}", hasher.finalize().to_hex()));
        });
        Self {
            value: OnceLock::new(),
            pending: Mutex::new(Some(receiver)),
        }
    }

    /// The digest, `blake3:<64 hex digits>`; waits if it is still being computed.
    pub fn get(&self) -> String {
        if let Some(value) = self.value.get() {
            return value.clone();
        }
        let mut pending = self
            .pending
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        if let Some(value) = pending.take().and_then(|receiver| receiver.recv().ok()) {
            let _ = self.value.set(value);
        }
        self.value.get().cloned().unwrap_or_default()
    }
}
