//! One file from the server to the cache, however often the connection breaks.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use indicatif::ProgressBar;
use sha1::Sha1;
use sha2::{Digest, Sha256};
use ureq::http::{StatusCode, header};

use super::client::{Client, FileInfo, check_status, network, pause, reader};
use super::error::HubError;
use super::options::HubOptions;

/// Digits of the SHA-256 that names a large file.
const SHA256_DIGITS: usize = 64;
/// Digits of the git object id that names a small file.
const SHA1_DIGITS: usize = 40;
/// Our own, not `huggingface_hub`'s `incomplete`: its faster transfers leave holes in that file.
const PART_SUFFIX: &str = "pulse-incomplete";
const BUFFER: usize = 1 << 20;

/// Brings `file` to `blob`. Other processes, Python's included, wait for the same file instead of
/// fetching it too: the lock is the one of `huggingface_hub`.
pub(super) fn download(
    client: &Client,
    file: &FileInfo,
    blob: &Path,
    options: &HubOptions,
    bar: &ProgressBar,
) -> Result<(), HubError> {
    let failed = |source| HubError::File {
        path: blob.to_owned(),
        source,
    };
    if let Some(folder) = blob.parent() {
        std::fs::create_dir_all(folder).map_err(failed)?;
    }
    let lock = lock_path(blob, options);
    if let Some(folder) = lock.parent() {
        std::fs::create_dir_all(folder).map_err(failed)?;
    }
    let lock = File::create(lock).map_err(failed)?;
    wait_for(&lock, file).map_err(failed)?;
    if blob.is_file() {
        bar.inc(file.size);
        return Ok(());
    }
    let part = blob.with_extension(PART_SUFFIX);
    let mut output = OpenOptions::new()
        .create(true)
        .truncate(false)
        .read(true)
        .write(true)
        .open(&part)
        .map_err(failed)?;
    receive_all(client, file, &mut output, options, bar)?;
    if let Err(error) = verify(file, &mut output) {
        // Whatever it is, continuing it would not make it right.
        drop(output);
        std::fs::remove_file(&part).map_err(failed)?;
        return Err(error);
    }
    output.sync_all().map_err(failed)?;
    std::fs::rename(&part, blob).map_err(failed)
}

/// Takes the lock, and says so if another process has it.
fn wait_for(lock: &File, file: &FileInfo) -> std::io::Result<()> {
    match lock.try_lock() {
        Ok(()) => return Ok(()),
        Err(TryLockError::Error(error)) => return Err(error),
        Err(TryLockError::WouldBlock) => {}
    }
    tracing::warn!(
        file = file.name,
        "another process is downloading this file, waiting for it to end"
    );
    lock.lock()
}

/// `.locks/<repository>/<etag>.lock` in the cache, where `huggingface_hub` has it.
fn lock_path(blob: &Path, options: &HubOptions) -> PathBuf {
    let repository = blob.parent().and_then(Path::parent);
    let mut path = options.cache.join(".locks");
    path.extend(repository.and_then(Path::file_name));
    path.extend(blob.file_name());
    path.with_extension("lock")
}

/// Receives until the file has its size; transfers that bring nothing count against the retries.
fn receive_all(
    client: &Client,
    file: &FileInfo,
    output: &mut File,
    options: &HubOptions,
    bar: &ProgressBar,
) -> Result<(), HubError> {
    let failed = |source| HubError::File {
        path: file.name.clone().into(),
        source,
    };
    let mut attempt = 0;
    let mut have = output.metadata().map_err(failed)?.len();
    if have > file.size {
        output.set_len(0).map_err(failed)?;
        have = 0;
    }
    bar.inc(have);
    while have < file.size {
        let before = have;
        let result = receive(client, file, output, &mut have, bar);
        match result {
            Ok(()) if have == file.size => {}
            // Refusals and full disks do not get better by repetition.
            Err(error) if !error.is_transient() => return Err(error),
            other => {
                attempt = if have > before { 0 } else { attempt + 1 };
                let error = other.err().unwrap_or_else(|| {
                    network(&file.url, &format!("the connection ended at byte {have}"))
                });
                let pause = pause(options.retry_pause, attempt, &error);
                let Some(pause) = pause.filter(|_| attempt <= options.retries) else {
                    return Err(error);
                };
                tracing::warn!(
                    file = file.name,
                    have,
                    size = file.size,
                    "{error}; trying again in {:.1} s",
                    pause.as_secs_f64()
                );
                std::thread::sleep(pause);
            }
        }
    }
    Ok(())
}

/// One transfer from where the file stands.
fn receive(
    client: &Client,
    file: &FileInfo,
    output: &mut File,
    have: &mut u64,
    bar: &ProgressBar,
) -> Result<(), HubError> {
    let failed = |source| HubError::File {
        path: file.name.clone().into(),
        source,
    };
    let response = client.get(&file.url, (*have > 0).then_some(*have))?;
    check_status(&file.url, &response)?;
    let continues = response.status() == StatusCode::PARTIAL_CONTENT
        && response
            .headers()
            .get(header::CONTENT_RANGE)
            .and_then(|range| range.to_str().ok())
            .is_some_and(|range| range.starts_with(&format!("bytes {have}-")));
    if *have > 0 && !continues {
        // The server cannot continue: it sends everything again.
        bar.dec(*have);
        *have = 0;
        output.set_len(0).map_err(failed)?;
    }
    output.seek(SeekFrom::Start(*have)).map_err(failed)?;
    let mut body = reader(response);
    let mut buffer = vec![0; BUFFER];
    loop {
        let count = match body.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(count) => count,
            Err(error) => return Err(network(&file.url, &error)),
        };
        // Never beyond the announced size: the rest would be somebody else's data.
        let room = usize::try_from(file.size - *have).unwrap_or(usize::MAX);
        let count = count.min(room);
        output.write_all(&buffer[..count]).map_err(failed)?;
        *have += count as u64;
        bar.inc(count as u64);
        if count == room {
            return Ok(());
        }
    }
}

/// Compares the content with the name the server gave it: a SHA-256, or the id that git gives a
/// file, the SHA-1 of `blob <length>\0` and the content. Names of other lengths say nothing.
fn verify(file: &FileInfo, output: &mut File) -> Result<(), HubError> {
    let (kind, found) = match file.etag.len() {
        SHA256_DIGITS => ("SHA-256", digest(Sha256::new(), file, output)?),
        SHA1_DIGITS => {
            let header = format!("blob {}\0", file.size);
            let hasher = Sha1::new().chain_update(header);
            ("git object id", digest(hasher, file, output)?)
        }
        _ => return Ok(()),
    };
    if found == file.etag.to_lowercase() {
        return Ok(());
    }
    Err(HubError::Damaged {
        file: file.name.clone(),
        reason: format!("its {kind} is {found}, expected {}", file.etag),
    })
}

/// The hash of what was hashed and the file, in hexadecimal.
fn digest(mut hasher: impl Digest, file: &FileInfo, output: &mut File) -> Result<String, HubError> {
    let failed = |source| HubError::File {
        path: file.name.clone().into(),
        source,
    };
    output.seek(SeekFrom::Start(0)).map_err(failed)?;
    let mut buffer = vec![0; BUFFER];
    loop {
        let count = output.read(&mut buffer).map_err(failed)?;
        if count == 0 {
            break;
        }
        hasher.update(&buffer[..count]);
    }
    let hash = hasher.finalize();
    Ok(hash.iter().map(|byte| format!("{byte:02x}")).collect())
}
