//! All archives, several at once.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use super::claims::Claims;
use super::error::ExtractError;
use super::identity::Identity;
use super::journal::{Journal, journal_path};
use super::links::refuse_links;
use super::options::{ExtractOptions, ExtractReport};
use super::path::JOURNALS;
use super::presence::lost;
use super::progress::bar;
use super::shard::{ShardReport, unpack};
use super::space;

/// The archives that a path means: the file itself, or `*.tar.gz`, `*.tgz` and `*.tar` of a folder, by
/// the numbers in their names and then by name.
///
/// # Errors
/// [`ExtractError::NoShards`] if there is none, [`ExtractError::File`] if the folder cannot be read.
pub fn find_shards(path: &Path) -> Result<Vec<PathBuf>, ExtractError> {
    if path.is_file() {
        return Ok(vec![path.to_owned()]);
    }
    let failed = |source| ExtractError::file(path, source);
    let mut found = Vec::new();
    for entry in std::fs::read_dir(path).map_err(failed)? {
        let entry = entry.map_err(failed)?.path();
        let name = entry.file_name().unwrap_or_default().to_string_lossy();
        if [".tar.gz", ".tgz", ".tar"]
            .iter()
            .any(|end| name.ends_with(end))
        {
            found.push((number_in(&name), entry.clone()));
        }
    }
    if found.is_empty() {
        return Err(ExtractError::NoShards {
            path: path.to_owned(),
        });
    }
    found.sort();
    Ok(found.into_iter().map(|(_, path)| path).collect())
}

/// The first number in a name: `shard_10` comes after `shard_9`.
fn number_in(name: &str) -> u64 {
    let digits = name.trim_start_matches(|c: char| !c.is_ascii_digit());
    let end = digits.find(|c: char| !c.is_ascii_digit());
    digits[..end.unwrap_or(digits.len())]
        .parse()
        .unwrap_or(u64::MAX)
}

/// Unpacks archives below `root`, several at once. An archive that is named twice, or there twice under one
/// name, is unpacked once. Archives that are done are left alone if their files are there with their lengths;
/// otherwise they are read again for those that are gone. Those that were interrupted are continued:
/// decompressed from their beginning and compared with what was written, but written from where they stopped. What was
/// written from an archive that was damaged and has been mended since is replaced.
///
/// # Errors
/// [`ExtractError`] of the first archive that fails; the others stop at their next archive, and what is
/// done is kept. [`ExtractError::Contradiction`] if two entries have one path and different contents.
/// [`ExtractError::Busy`] if another run unpacks one of them to the same root.
pub fn extract(
    shards: &[PathBuf],
    root: &Path,
    options: &ExtractOptions,
) -> Result<ExtractReport, ExtractError> {
    let journals = root.join(JOURNALS);
    refuse_links(root, Path::new(JOURNALS), true)?;
    std::fs::create_dir_all(&journals).map_err(|source| ExtractError::file(&journals, source))?;
    let mut report = ExtractReport {
        root: root.to_owned(),
        ..ExtractReport::default()
    };
    let claims = Claims::new(shards);
    let mut open = Vec::new();
    let (mut bytes, mut needed, mut restoring) = (0, 0, 0);
    let mut seen = HashSet::new();
    for shard in shards {
        let identity = Identity::of(shard)?;
        let path = journal_path(root, shard, &identity);
        if !seen.insert(path.clone()) {
            continue;
        }
        report.shards += 1;
        let name = Path::new(JOURNALS).join(path.file_name().unwrap_or_default());
        refuse_links(root, &name, true)?;
        let journal = Journal::open(&path, shard, &identity)?;
        if !journal.is_complete {
            bytes += identity.length;
            needed += identity.length;
            open.push((shard, journal));
            continue;
        }
        for (number, entry) in (0..).zip(&journal.done) {
            claims.claim(shard, number, entry)?;
        }
        let (lost, lost_bytes) = lost(root, &journal.done);
        if lost > 0 {
            tracing::warn!(
                "{} was unpacked before, but {lost} of its files are gone or changed their length: reading it again \
                 for them",
                shard.display()
            );
            bytes += identity.length;
            restoring += lost_bytes;
            open.push((shard, journal));
            continue;
        }
        report.complete_before += 1;
        let files = journal.done.iter().filter_map(|entry| entry.size);
        for size in files {
            report.files += 1;
            report.bytes += size;
        }
    }
    if options.check_space {
        space::check(root, needed, restoring)?;
    }
    let bar = bar(bytes, options.progress);
    let threads = match options.threads {
        0 => std::thread::available_parallelism().map_or(1, usize::from),
        some => some,
    };
    let threads = threads.clamp(1, open.len().max(1));
    open.reverse();
    let queue = Mutex::new(open);
    let is_failed = AtomicBool::new(false);
    let next = || {
        let mut queue = queue
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        (!is_failed.load(Ordering::Relaxed))
            .then(|| queue.pop())
            .flatten()
    };
    let work = || -> Result<ShardReport, ExtractError> {
        let mut sum = ShardReport::default();
        while let Some((shard, journal)) = next() {
            let one = unpack(shard, root, journal, options, &claims, &bar)
                .inspect_err(|_| is_failed.store(true, Ordering::Relaxed))?;
            sum.files += one.files;
            sum.bytes += one.bytes;
            sum.written += one.written;
            sum.restored += one.restored;
            sum.corrected += one.corrected;
        }
        Ok(sum)
    };
    let results: Vec<_> = std::thread::scope(|scope| {
        let handles: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        handles
            .into_iter()
            .map(|handle| match handle.join() {
                Ok(result) => result,
                Err(panic) => std::panic::resume_unwind(panic),
            })
            .collect()
    });
    bar.finish_and_clear();
    for result in results {
        let one = result?;
        report.files += one.files;
        report.bytes += one.bytes;
        report.written += one.written;
        report.restored += one.restored;
        report.corrected += one.corrected;
    }
    Ok(report)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_ordered_by_their_numbers() {
        assert!(number_in("shard_9.tar.gz") < number_in("shard_10.tar.gz"));
        assert_eq!(number_in("pictures.tar"), u64::MAX);
    }
}
