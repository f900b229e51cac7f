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
    let journal = journal_of(&root, "shard_1.tar.gz-");
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

/// The only journal whose name begins so.
fn journal_of(root: &Path, start: &str) -> PathBuf {
    let found: Vec<PathBuf> = std::fs::read_dir(root.join(".pulse-extract"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            let name = path.file_name().unwrap().to_str().unwrap();
            name.starts_with(start) && name.ends_with(".journal")
        })
        .collect();
    assert_eq!(found.len(), 1, "{found:?}");
    found[0].clone()
}

#[test]
fn a_journal_of_other_entries_is_not_continued() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("images");
    let shard = Shard::new().file("a.png", b"a").file("b.png", b"b");
    let path = shard.write(folder.path(), "s.tar.gz");
    run(std::slice::from_ref(&path), &root).unwrap();
    let journal = journal_of(&root, "s.tar.gz-");
    let text = std::fs::read_to_string(&journal).unwrap();
    let other = text.replace("a.png", "c.png").replace("complete\n", "");
    std::fs::write(&journal, other).unwrap();
    let error = run(&[path], &root).unwrap_err();
    assert!(
        matches!(error, ExtractError::OtherArchive { entry: 0, .. }),
        "{error}"
    );
}

/// A plain archive of one picture; all of them have the same length.
fn plain(folder: &Path, name: &str, content: &[u8]) -> PathBuf {
    std::fs::create_dir_all(folder).unwrap();
    let mut builder = Builder::new(Vec::new());
    let mut header = Header::new_gnu();
    header.set_size(content.len() as u64);
    header.set_mode(0o644);
    builder.append_data(&mut header, name, content).unwrap();
    let path = folder.join("images.tar");
    std::fs::write(&path, builder.into_inner().unwrap()).unwrap();
    path
}

#[test]
fn archives_of_one_name_and_length_are_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("out");
    let first = plain(&folder.path().join("v1"), "a.png", b"first");
    let second = plain(&folder.path().join("v2"), "b.png", b"other");
    assert_eq!(
        first.metadata().unwrap().len(),
        second.metadata().unwrap().len()
    );
    run(std::slice::from_ref(&first), &root).unwrap();
    let report = run(std::slice::from_ref(&second), &root).unwrap();
    assert_eq!((report.written, report.complete_before), (1, 0));
    assert_eq!(std::fs::read(root.join("b.png")).unwrap(), b"other");
    // Both are verified, and named twice each is unpacked once.
    assert_eq!(verify_extracted(&root).unwrap().files, 2);
    let both = [first.clone(), second, first];
    let report = run(&both, &root).unwrap();
    assert_eq!((report.shards, report.complete_before), (2, 2));
    std::fs::remove_file(root.join("a.png")).unwrap();
    let missing = verify_extracted(&root).unwrap().missing;
    assert_eq!(missing, [PathBuf::from("a.png")]);
}

#[test]
fn an_archive_cut_between_entries_is_not_taken_for_whole() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("out");
    let whole = plain(folder.path(), "a.png", b"a");
    let bytes = std::fs::read(&whole).unwrap();
    // Header and one block of content, without the two blocks of zeros; then nothing at all.
    for cut in [&bytes[..1024], &bytes[..0]] {
        std::fs::write(&whole, cut).unwrap();
        let error = run(std::slice::from_ref(&whole), &root).unwrap_err();
        assert!(error.to_string().contains("end is missing"), "{error}");
    }
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(&bytes[..1024]).unwrap();
    let packed = folder.path().join("images.tar.gz");
    std::fs::write(&packed, gzip.finish().unwrap()).unwrap();
    let error = run(std::slice::from_ref(&packed), &root).unwrap_err();
    assert!(error.to_string().contains("end is missing"), "{error}");
    // Once it is whole, what the part left behind is no complaint.
    std::fs::write(&whole, &bytes).unwrap();
    run(&[whole], &root).unwrap();
    let incomplete = verify_extracted(&root).unwrap().incomplete;
    assert!(
        incomplete
            .iter()
            .all(|path| path.to_string_lossy().contains("tar.gz")),
        "{incomplete:?}"
    );
}
