//! One file from the server to the cache, however often the connection breaks.

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;

use indicatif::ProgressBar;
use sha2::{Digest, Sha256};
use ureq::http::{StatusCode, header};

use super::client::{Client, FileInfo, check_status, network, reader};
use super::error::HubError;
use super::options::HubOptions;

/// Length of a SHA-256 in hexadecimal; shorter etags are git object ids of small files.
const SHA256_DIGITS: usize = 64;
const BUFFER: usize = 1 << 20;

/// Brings `file` to `blob`. Other processes wait for the same file instead of writing into it.
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
    let lock = File::create(blob.with_extension("lock")).map_err(failed)?;
    lock.lock().map_err(failed)?;
    if blob.is_file() {
        bar.inc(file.size);
        return Ok(());
    }
    let part = blob.with_extension("incomplete");
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
            Err(error @ (HubError::File { .. } | HubError::Refused { status: ..500, .. })) => {
                return Err(error);
            }
            other => {
                attempt = if have > before { 0 } else { attempt + 1 };
                if attempt > options.retries {
                    return Err(other.err().unwrap_or_else(|| {
                        network(&file.url, &format!("the connection ended at byte {have}"))
                    }));
                }
                tracing::warn!(
                    file = file.name,
                    have,
                    size = file.size,
                    "connection lost, resuming"
                );
                std::thread::sleep(options.retry_pause * 2u32.pow(attempt.min(6)));
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
    check_status(&file.url, response.status())?;
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

/// Compares the content with the name the server gave it.
fn verify(file: &FileInfo, output: &mut File) -> Result<(), HubError> {
    if file.etag.len() != SHA256_DIGITS {
        return Ok(());
    }
    let failed = |source| HubError::File {
        path: file.name.clone().into(),
        source,
    };
    output.seek(SeekFrom::Start(0)).map_err(failed)?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; BUFFER];
    loop {
        let count = output.read(&mut buffer).map_err(failed)?;
        if count == 0 {
            break;
        }
        hasher.update(&buffer[..count]);
    }
    let found: String = hasher
        .finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    if found == file.etag.to_lowercase() {
        return Ok(());
    }
    Err(HubError::Damaged {
        file: file.name.clone(),
        reason: format!("its SHA-256 is {found}, expected {}", file.etag),
    })
}
