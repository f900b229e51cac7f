//! A name for the exact weights, for the provenance of answers.

use std::path::PathBuf;
use std::sync::{Mutex, OnceLock, PoisonError};
use std::thread::JoinHandle;

use pulse_kernels::MappedFile;

use super::digest_cache::DigestCache;
use super::files::WeightFiles;

/// Bytes hashed between two releases of their pages.
const PIECE: usize = 64 << 20;

/// BLAKE3 over names, lengths and contents of the weight files.
///
/// Nothing is computed until it is asked for. The first answer of a folder pays for it: one thread
/// reads every weight once, beside the generation, and what is not in memory comes from the disk. The
/// answer waits for what is left of that at its end. Digests of large checkpoints are kept in the user's cache folder by path,
/// size and time of change, so that later processes only look them up.
#[derive(Debug)]
pub struct WeightsDigest {
    files: Vec<(PathBuf, MappedFile)>,
    cache: Option<DigestCache>,
    value: OnceLock<String>,
    work: Mutex<Option<JoinHandle<String>>>,
}

impl WeightsDigest {
    /// The digest of these files, not computed yet.
    pub fn of(files: &WeightFiles) -> Self {
        let files = files.maps().to_vec();
        let cache = DigestCache::for_files(&files);
        Self {
            files,
            cache,
            value: OnceLock::new(),
            work: Mutex::default(),
        }
    }

    /// Begins computing on a thread of its own, if it is neither known nor begun. Where no thread
    /// can be had, [`get`](Self::get) computes.
    pub fn start(&self) {
        let mut work = self.work.lock().unwrap_or_else(PoisonError::into_inner);
        if work.is_some() || self.value.get().is_some() {
            return;
        }
        if let Some(value) = self.cache.as_ref().and_then(DigestCache::read) {
            let _ = self.value.set(value);
            return;
        }
        let (files, cache) = (self.files.clone(), self.cache.clone());
        let thread = std::thread::Builder::new().name("weights-digest".to_owned());
        match thread.spawn(move || compute(&files, cache.as_ref())) {
            Ok(handle) => *work = Some(handle),
            Err(error) => tracing::warn!(%error, "no thread for the weights' digest"),
        }
    }

    /// The digest, `blake3:<64 hex digits>`; waits until it is computed.
    pub fn get(&self) -> String {
        self.start();
        let mut work = self.work.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(value) = self.value.get() {
            return value.clone();
        }
        let value = work
            .take()
            .and_then(|handle| handle.join().ok())
            .unwrap_or_else(|| compute(&self.files, self.cache.as_ref()));
        self.value.get_or_init(|| value).clone()
    }
}

fn compute(files: &[(PathBuf, MappedFile)], cache: Option<&DigestCache>) -> String {
    let mut hasher = blake3::Hasher::new();
    for (path, map) in files {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        hasher.update(name.as_bytes());
        hasher.update(&[0]);
        hasher.update(&(map.as_slice().len() as u64).to_le_bytes());
        // Piece by piece, so that weights which run in another type do not come into memory once more.
        for (index, piece) in map.as_slice().chunks(PIECE).enumerate() {
            hasher.update(piece);
            let first = index * PIECE;
            map.release(first..first + piece.len());
        }
    }
    let value = format!("blake3:{}", hasher.finalize().to_hex());
    if let Some(cache) = cache {
        cache.write(&value);
    }
    value
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::collections::HashMap;
    use std::path::Path;

    use safetensors::Dtype;
    use safetensors::tensor::TensorView;

    use super::*;

    fn write_weights(folder: &Path, value: f32) {
        let bytes = value.to_le_bytes();
        let tensor = TensorView::new(Dtype::F32, vec![1], &bytes).unwrap();
        let path = folder.join("model.safetensors");
        safetensors::serialize_to_file(HashMap::from([("a", tensor)]), None, &path).unwrap();
    }

    fn digest(folder: &Path, cache: Option<DigestCache>) -> WeightsDigest {
        WeightsDigest {
            cache,
            ..WeightsDigest::of(&WeightFiles::open(folder).unwrap())
        }
    }

    #[test]
    fn it_names_the_content_whoever_asks_and_whenever() {
        let folder = tempfile::tempdir().unwrap();
        write_weights(folder.path(), 1.0);
        let bytes = std::fs::read(folder.path().join("model.safetensors")).unwrap();
        let mut expected = b"model.safetensors\0".to_vec();
        expected.extend((bytes.len() as u64).to_le_bytes());
        expected.extend(&bytes);
        let expected = format!("blake3:{}", blake3::hash(&expected).to_hex());

        let lazy = digest(folder.path(), None);
        assert!(
            lazy.work.lock().unwrap().is_none(),
            "nothing is computed yet"
        );
        assert_eq!(lazy.get(), expected);
        let begun = digest(folder.path(), None);
        begun.start();
        begun.start();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| assert_eq!(begun.get(), expected));
            }
        });
        write_weights(folder.path(), 2.0);
        assert_ne!(digest(folder.path(), None).get(), expected);
    }

    #[test]
    fn it_is_looked_up_the_second_time() {
        let (folder, cache) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        write_weights(folder.path(), 1.0);
        let cache_of = |folder: &Path| {
            let files = WeightFiles::open(folder).unwrap();
            DigestCache::in_folder(cache.path(), files.maps())
        };
        let first = digest(folder.path(), cache_of(folder.path()));
        // Too fresh to be told from a change within the clock's step: not kept.
        let fresh = first.get();
        assert!(cache_of(folder.path()).unwrap().read().is_none());

        std::thread::sleep(std::time::Duration::from_millis(2100));
        assert_eq!(digest(folder.path(), cache_of(folder.path())).get(), fresh);
        assert_eq!(cache_of(folder.path()).unwrap().read(), Some(fresh.clone()));
        let known = digest(folder.path(), cache_of(folder.path()));
        known.start();
        assert!(known.work.lock().unwrap().is_none(), "nothing to compute");
        assert_eq!(known.get(), fresh);

        // Other weights of the same size under the same name are not mistaken for them.
        write_weights(folder.path(), 2.0);
        assert!(cache_of(folder.path()).unwrap().read().is_none());
        assert_ne!(digest(folder.path(), cache_of(folder.path())).get(), fresh);
    }
}
