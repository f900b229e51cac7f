//! Training on findings: it learns, and a resumed run is the uninterrupted one, head included.

#![allow(clippy::unwrap_used)]

mod common;

use std::path::Path;

use common::{base, exact, run};
use pulse_data::synthesize::{SynthesizeOptions, synthesize};
use pulse_llm::checkpoint::ModelPart;
use pulse_train::Resume;
use pulse_train::config::{FindingsSettings, RunConfig};

fn write_pages(folder: &Path) {
    synthesize(&SynthesizeOptions {
        count: 16,
        seed: 3,
        out: folder.to_owned(),
        valid_share: 0.2,
        test_share: 0.0,
        bench_items: Some(0),
        dpi: (30.0, 30.0),
        progress: false,
        ..SynthesizeOptions::default()
    })
    .unwrap();
}

fn settings(pages: &Path, run: &Path, language: bool) -> RunConfig {
    let mut config = RunConfig::default();
    config.model.base = base().to_string_lossy().into_owned();
    config.model.tune = match language {
        true => vec![ModelPart::Encoder, ModelPart::Projector, ModelPart::Decoder],
        false => vec![ModelPart::Encoder],
    };
    config.data.conversations = Some(pages.join("train.json"));
    config.data.validation = Some(pages.join("valid.json"));
    config.data.images = Some(pages.join("images"));
    config.findings = Some(FindingsSettings {
        language,
        queries: 4,
        hidden: 16,
        ..FindingsSettings::default()
    });
    config.train.batch_size = 4;
    config.train.accumulation = 1;
    config.train.max_steps = Some(6);
    config.train.learning_rate = 2e-3;
    config.checkpoint.folder = run.to_owned();
    config.checkpoint.every_steps = Some(3);
    config
}

#[test]
fn a_resumed_run_is_the_uninterrupted_one_and_the_loss_falls() {
    let folder = tempfile::tempdir().unwrap();
    let pages = folder.path().join("pages");
    write_pages(&pages);
    for language in [false, true] {
        let place = |name: &str| folder.path().join(format!("{name}-{language}"));
        let (whole, reports) = run(settings(&pages, &place("whole"), language), &Resume::Never);
        whole.unwrap();
        assert!(reports[5].loss < 0.9 * reports[0].loss, "{reports:?}");
        let mut first = settings(&pages, &place("parts"), language);
        first.train.stop_after = Some(3);
        let (stopped, mut parts) = run(first, &Resume::Never);
        assert!(!stopped.unwrap().is_complete);
        let again = settings(&pages, &place("parts"), language);
        let (ended, rest) = run(again, &Resume::Latest);
        assert!(ended.unwrap().is_complete);
        parts.extend(rest);
        assert_eq!(exact(&reports), exact(&parts));
        for file in ["model.safetensors", "findings/head.safetensors"] {
            let bytes = |name: &str| std::fs::read(place(name).join("model").join(file)).unwrap();
            assert!(bytes("whole") == bytes("parts"), "{file}");
        }
        // A run that starts from the finished model takes its head over; one of other sizes is refused.
        let mut next = settings(&pages, &place("next"), language);
        next.model.base = place("whole").join("model").to_string_lossy().into_owned();
        let (_, reports) = run(next.clone(), &Resume::Never);
        assert!(reports[0].loss < parts[0].loss, "{reports:?}");
        next.checkpoint.folder = place("other");
        next.findings.as_mut().unwrap().hidden = 17;
        let error = run(next, &Resume::Never).0.unwrap_err().to_string();
        assert!(error.contains("findings.inner.weight"), "{error}");
    }
}

#[test]
fn pages_without_truths_are_refused_with_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let pages = folder.path().join("pages");
    write_pages(&pages);
    std::fs::write(pages.join("truth.json"), "[]").unwrap();
    let config = settings(&pages, &folder.path().join("run"), false);
    let error = run(config, &Resume::Never).0.unwrap_err().to_string();
    assert!(
        error.contains("synthetic-") && error.contains("findings.truth"),
        "{error}"
    );
    std::fs::remove_file(pages.join("truth.json")).unwrap();
    let config = settings(&pages, &folder.path().join("second"), false);
    let error = run(config, &Resume::Never).0.unwrap_err().to_string();
    assert!(error.contains("pulse-data synthesize"), "{error}");
}
