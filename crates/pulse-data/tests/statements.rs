//! Sets in statements of fixed wording, with pictures that are no pages.
#![allow(clippy::unwrap_used)]

use std::path::{Path, PathBuf};

use pulse_data::Sample;
use pulse_data::synthesize::{
    NO_PAGE, SynthesizeError, SynthesizeOptions, TRUTH_FILE, Wording, read_truths, synthesize,
};
use pulse_ecg::patients::Finding;

fn options(out: PathBuf, decoy_share: f64) -> SynthesizeOptions {
    SynthesizeOptions {
        count: 40,
        seed: 9,
        out,
        valid_share: 0.0,
        test_share: 0.0,
        bench_items: Some(0),
        dpi: (30.0, 40.0),
        wording: Wording::Statements,
        decoy_share,
        progress: false,
        ..SynthesizeOptions::default()
    }
}

fn samples(folder: &Path) -> Vec<Sample> {
    serde_json::from_slice(&std::fs::read(folder.join("train.json")).unwrap()).unwrap()
}

#[test]
fn decoys_take_the_place_of_pages_and_move_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let (without, with) = (folder.path().join("without"), folder.path().join("with"));
    synthesize(&options(without.clone(), 0.0)).unwrap();
    synthesize(&options(with.clone(), 0.25)).unwrap();
    let truths = read_truths(&with.join(TRUTH_FILE)).unwrap();
    let mut decoys = 0;
    for (plain, sample) in samples(&without).iter().zip(&samples(&with)) {
        let image = sample.image.as_ref().unwrap();
        let bytes = std::fs::read(with.join("images").join(image)).unwrap();
        if image.starts_with("decoys") {
            decoys += 1;
            assert!(pulse_vision::PageImage::decode(&bytes).is_ok());
            let answers: Vec<&str> = sample.conversations[1..]
                .iter()
                .step_by(2)
                .map(|message| &*message.value)
                .collect();
            assert_eq!(answers, [NO_PAGE]);
            let truth = &truths[&sample.id];
            assert!(truth.findings.is_empty() && truth.rate_bpm.is_none());
            assert!(
                Finding::ALL
                    .iter()
                    .all(|finding| truth.shows(*finding).is_none())
            );
        } else {
            assert_eq!(plain, sample);
            let same = std::fs::read(without.join("images").join(image)).unwrap();
            assert_eq!(bytes, same);
        }
    }
    assert!((4..=18).contains(&decoys), "{decoys}");
    assert_eq!(truths.len(), 40);
}

#[test]
fn decoys_are_refused_where_no_answer_is_for_them() {
    let folder = tempfile::tempdir().unwrap();
    let clinical = SynthesizeOptions {
        wording: Wording::Clinical,
        ..options(folder.path().join("set"), 0.1)
    };
    for refused in [clinical, options(folder.path().join("set"), 0.7)] {
        let error = synthesize(&refused).unwrap_err();
        assert!(matches!(error, SynthesizeError::Setting { .. }), "{error}");
    }
    assert!(!folder.path().join("set").exists());
}
