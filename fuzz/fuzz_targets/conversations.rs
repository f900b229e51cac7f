//! Any bytes as a conversation file: the index refuses them or every item can be read back.
//! `cargo +nightly fuzz run conversations`

#![no_main]

use libfuzzer_sys::fuzz_target;
use pulse_data::instruct::{
    ArrayScanner, IndexOptions, InstructError, InstructFile, build_index,
};

fuzz_target!(|bytes: &[u8]| {
    // The scanner gives the same items whatever the blocks are.
    let (mut whole, mut parts) = (Vec::new(), Vec::new());
    let mut scanner = ArrayScanner::new();
    let result = scanner.scan(bytes, &mut whole).and_then(|()| scanner.finish());
    let mut scanner = ArrayScanner::new();
    let again = bytes
        .chunks(7)
        .try_for_each(|part| scanner.scan(part, &mut parts))
        .and_then(|()| scanner.finish());
    assert_eq!(result, again);
    assert_eq!(whole, parts);
    let Ok(folder) = tempfile::tempdir() else { return };
    let path = folder.path().join("data.json");
    if std::fs::write(&path, bytes).is_err() {
        return;
    }
    let Ok(report) = build_index(&path, &IndexOptions::default()) else { return };
    let file = InstructFile::open(&path, None).expect("an index that was just made opens");
    assert_eq!(report.items, file.len());
    let mut defective = 0;
    for sample in file.samples() {
        match sample {
            Ok(_) => {}
            Err(InstructError::Item { .. }) => defective += 1,
            Err(error) => panic!("{error}"),
        }
    }
    assert_eq!(report.defective, defective);
});
