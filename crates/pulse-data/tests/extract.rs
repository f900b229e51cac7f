//! Archives of pictures: sound, hostile, damaged and interrupted.

#![allow(clippy::unwrap_used)]

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use flate2::Compression;
use flate2::write::GzEncoder;
use pulse_data::extract::{
    ExtractError, ExtractOptions, ExtractReport, extract, find_shards, verify_extracted,
};
use tar::{Builder, EntryType, Header};

struct Shard(Builder<GzEncoder<Vec<u8>>>);

impl Shard {
    fn new() -> Self {
        Self(Builder::new(GzEncoder::new(
            Vec::new(),
            Compression::fast(),
        )))
    }

    fn file(mut self, name: &str, data: &[u8]) -> Self {
        let mut header = Header::new_gnu();
        header.set_size(data.len() as u64);
        header.set_mode(0o644);
        self.0.append_data(&mut header, name, data).unwrap();
        self
    }

    /// An entry whose name and kind the library would not write by itself.
    fn raw(mut self, name: &[u8], kind: EntryType, link: &str) -> Self {
        let mut header = Header::new_gnu();
        header.as_old_mut().name[..name.len()].copy_from_slice(name);
        header.set_entry_type(kind);
        if !link.is_empty() {
            header.set_link_name(link).unwrap();
        }
        header.set_size(0);
        header.set_mode(0o644);
        header.set_cksum();
        self.0.append(&header, &b""[..]).unwrap();
        self
    }

    fn bytes(self) -> Vec<u8> {
        self.0.into_inner().unwrap().finish().unwrap()
    }

    fn write(self, folder: &Path, name: &str) -> PathBuf {
        let path = folder.join(name);
        std::fs::write(&path, self.bytes()).unwrap();
        path
    }
}

fn options() -> ExtractOptions {
    ExtractOptions {
        threads: 2,
        progress: false,
        ..ExtractOptions::default()
    }
}

fn run(shards: &[PathBuf], root: &Path) -> Result<ExtractReport, ExtractError> {
    extract(shards, root, &options())
}

/// Bytes that gzip cannot make smaller, different for each seed.
fn noise(seed: u32, length: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(2_654_435_761) | 1;
    (0..length)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            (state >> 8) as u8
        })
        .collect()
}

#[test]
fn shards_are_unpacked_once_and_verified() {
    let folder = tempfile::tempdir().unwrap();
    let long = format!("mimic/{}/x-0.png", "d".repeat(120));
    Shard::new()
        .raw(b"./", EntryType::Directory, "")
        .file("mimic/a-0.png", &noise(1, 3000))
        .file(&long, b"deep")
        .write(folder.path(), "shard_2.tar.gz");
    Shard::new()
        .raw(b"ptb-xl/", EntryType::Directory, "")
        .file("./ptb-xl/b-0.png", &noise(2, 70_000))
        .write(folder.path(), "shard_10.tar.gz");
    let shards = find_shards(folder.path()).unwrap();
    let names: Vec<_> = shards
        .iter()
        .map(|path| path.file_name().unwrap())
        .collect();
    assert_eq!(names, ["shard_2.tar.gz", "shard_10.tar.gz"]);
    let root = folder.path().join("images");
    let report = run(&shards, &root).unwrap();
    assert_eq!((report.files, report.written, report.bytes), (3, 3, 73_004));
    assert_eq!(
        std::fs::read(root.join("mimic/a-0.png")).unwrap(),
        noise(1, 3000)
    );
    assert_eq!(std::fs::read(root.join(&long)).unwrap(), b"deep");
    assert_eq!(
        std::fs::read(root.join("ptb-xl/b-0.png")).unwrap(),
        noise(2, 70_000)
    );
    assert!(verify_extracted(&root).unwrap().is_sound());
    let again = run(&shards, &root).unwrap();
    assert_eq!(
        (again.complete_before, again.written, again.files),
        (2, 0, 3)
    );
    std::fs::write(root.join("mimic/a-0.png"), noise(9, 3000)).unwrap();
    std::fs::remove_file(root.join("ptb-xl/b-0.png")).unwrap();
    let verified = verify_extracted(&root).unwrap();
    assert_eq!(verified.different, [PathBuf::from("mimic/a-0.png")]);
    assert_eq!(verified.missing, [PathBuf::from("ptb-xl/b-0.png")]);
}

#[test]
fn entries_that_lead_outside_and_links_are_refused() {
    for (name, kind) in [
        (&b"../evil"[..], EntryType::Regular),
        (b"a/../../evil", EntryType::Regular),
        (b"/tmp/evil", EntryType::Regular),
        (b"a\\..\\evil", EntryType::Regular),
        (b"\xff\xfe", EntryType::Regular),
        (b".pulse-extract/x", EntryType::Regular),
        (b"link", EntryType::Symlink),
        (b"link", EntryType::Link),
        (b"device", EntryType::Char),
        (b"device", EntryType::Block),
        (b"pipe", EntryType::Fifo),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let target = if matches!(kind, EntryType::Symlink | EntryType::Link) {
            "/etc/passwd"
        } else {
            ""
        };
        let shard = Shard::new()
            .file("good.png", b"good")
            .raw(name, kind, target)
            .file("never.png", b"never")
            .write(folder.path(), "shard_1.tar.gz");
        let root = folder.path().join("images");
        let error = run(&[shard], &root).unwrap_err();
        match kind {
            EntryType::Regular => {
                assert!(
                    matches!(error, ExtractError::Path { entry: 1, .. }),
                    "{error}"
                );
            }
            _ => assert!(
                matches!(error, ExtractError::Kind { entry: 1, .. }),
                "{error}"
            ),
        }
        assert!(root.join("good.png").is_file());
        assert!(!root.join("never.png").exists());
        assert!(!folder.path().join("evil").exists() && !Path::new("/tmp/evil").exists());
        assert!(root.join("link").symlink_metadata().is_err());
    }
}

#[test]
fn damaged_archives_keep_what_came_before() {
    let folder = tempfile::tempdir().unwrap();
    let whole = Shard::new()
        .file("a.png", &noise(1, 50_000))
        .file("b.png", &noise(2, 50_000))
        .bytes();
    let shard = folder.path().join("shard_1.tar.gz");
    let root = folder.path().join("images");
    std::fs::write(&shard, &whole[..whole.len() * 3 / 4]).unwrap();
    let error = run(std::slice::from_ref(&shard), &root).unwrap_err();
    assert!(
        matches!(error, ExtractError::Damaged { entry: 1, .. }),
        "{error}"
    );
    assert_eq!(std::fs::read(root.join("a.png")).unwrap(), noise(1, 50_000));
    assert!(!root.join("b.png").exists());
    assert!(
        !verify_extracted(&root).unwrap().is_sound(),
        "not unpacked to the end"
    );
    // The checksum at the very end counts too.
    let mut wrong = whole.clone();
    let at = wrong.len() - 8;
    wrong[at] ^= 1;
    std::fs::write(&shard, &wrong).unwrap();
    assert!(matches!(
        run(std::slice::from_ref(&shard), &root),
        Err(ExtractError::Damaged { .. })
    ));
    std::fs::write(&shard, &whole).unwrap();
    let report = run(&[shard], &root).unwrap();
    assert_eq!(
        (report.files, report.written),
        (2, 0),
        "both were written by now"
    );
    assert!(verify_extracted(&root).unwrap().is_sound());
}

#[test]
fn files_with_other_content_are_not_replaced_unasked() {
    let folder = tempfile::tempdir().unwrap();
    let shard = Shard::new()
        .file("a.png", b"new")
        .write(folder.path(), "s.tar.gz");
    let root = folder.path().join("images");
    std::fs::create_dir(&root).unwrap();
    std::fs::write(root.join("a.png"), b"old").unwrap();
    let error = run(std::slice::from_ref(&shard), &root).unwrap_err();
    assert!(matches!(error, ExtractError::Conflict { .. }), "{error}");
    assert_eq!(std::fs::read(root.join("a.png")).unwrap(), b"old");
    let overwrite = ExtractOptions {
        overwrite: true,
        ..options()
    };
    assert_eq!(extract(&[shard], &root, &overwrite).unwrap().written, 1);
    assert_eq!(std::fs::read(root.join("a.png")).unwrap(), b"new");
}

#[test]
fn a_folder_without_archives_says_so() {
    let folder = tempfile::tempdir().unwrap();
    assert!(matches!(
        find_shards(folder.path()),
        Err(ExtractError::NoShards { .. })
    ));
}

#[test]
fn a_killed_extraction_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    const FILES: u32 = 600;
    let mut shard = Shard::new();
    for number in 0..FILES {
        shard = shard.file(&format!("p/{number}.png"), &noise(number, 40_000));
    }
    shard.write(folder.path(), "shard_1.tar.gz");
    let root = folder.path().join("images");
    let mut child = Command::new(env!("CARGO_BIN_EXE_pulse-data"))
        .args(["extract", "--quiet"])
        .arg(folder.path())
        .arg("--out")
        .arg(&root)
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let began = Instant::now();
    let count = || std::fs::read_dir(root.join("p")).map_or(0, Iterator::count);
    while count() < 60 && child.try_wait().unwrap().is_none() {
        assert!(began.elapsed() < Duration::from_secs(60));
        std::thread::sleep(Duration::from_micros(200));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let before = count() as u64;
    assert!(
        (60..u64::from(FILES)).contains(&before),
        "{before} files after the kill"
    );
    // What the kill may leave of a line is no harm.
    let journal = root.join(".pulse-extract/shard_1.tar.gz.journal");
    let mut file = std::fs::File::options().append(true).open(journal).unwrap();
    file.write_all(b"4000").unwrap();
    drop(file);
    let report = run(&find_shards(folder.path()).unwrap(), &root).unwrap();
    assert_eq!(report.files, u64::from(FILES));
    assert_eq!(report.written, u64::from(FILES) - before);
    assert!(verify_extracted(&root).unwrap().is_sound());
    for number in 0..FILES {
        let found = std::fs::read(root.join(format!("p/{number}.png"))).unwrap();
        assert_eq!(found, noise(number, 40_000), "{number}");
    }
}

#[test]
fn a_changed_archive_is_not_continued() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("images");
    let data = noise(1, 50_000);
    let shard = Shard::new()
        .file("a.png", &data)
        .file("b.png", &data)
        .bytes();
    let other = Shard::new()
        .file("c.png", &data)
        .file("b.png", &data)
        .bytes();
    let path = folder.path().join("s.tar.gz");
    // Cut to the same length, so that only the entries tell.
    let length = shard.len().min(other.len()) - 100;
    std::fs::write(&path, &shard[..length]).unwrap();
    assert!(run(std::slice::from_ref(&path), &root).is_err());
    std::fs::write(&path, &other[..length]).unwrap();
    let error = run(&[path], &root).unwrap_err();
    assert!(
        matches!(error, ExtractError::OtherArchive { entry: 0, .. }),
        "{error}"
    );
}
