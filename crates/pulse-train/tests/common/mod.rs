//! A small run for the tests: the bundled model on a handful of drawn pictures.

#![allow(dead_code, clippy::unwrap_used)]

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::atomic::AtomicBool;

use image::{Rgb, RgbImage};
use pulse_train::config::RunConfig;
use pulse_train::watch::{Event, StepReport, Watcher};
use pulse_train::{Job, Resume, RunSummary, TrainError, train};
use serde_json::json;

/// The bundled model.
pub(crate) fn base() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../datasets/pulse-random")
}

/// Writes `count` samples with pictures of several shapes, every fifth without, and four more for
/// validation.
pub(crate) fn write_data(folder: &Path, count: usize) {
    let sample = |index: usize| {
        let answer = format!(
            "Sinus rhythm, rate {}. {}",
            50 + index,
            "ST normal. ".repeat(index % 4)
        );
        let turns = |question: &str| json!([{"from": "human", "value": question}, {"from": "gpt", "value": answer}]);
        let id = format!("s{index}");
        if index % 5 == 4 {
            return json!({"id": id, "conversations": turns("What is a P wave?")});
        }
        let name = format!("{index}.png");
        let seed = index as u32;
        let picture = RgbImage::from_fn(60 + seed * 13 % 90, 50 + seed * 29 % 70, |x, y| {
            Rgb([x, y, x * y].map(|value| ((value + seed) * 7 % 256) as u8))
        });
        picture.save(folder.join(&name)).unwrap();
        json!({"id": id, "image": name, "conversations": turns("<image>\nRead it.")})
    };
    let samples: Vec<_> = (0..count + 4).map(sample).collect();
    let write = |name: &str, samples: &[serde_json::Value]| {
        std::fs::write(folder.join(name), serde_json::to_vec(samples).unwrap()).unwrap();
    };
    write("train.json", &samples[..count]);
    write("valid.json", &samples[count..]);
}

/// Settings of a run of 12 updates over the data of a folder: three epochs of 16 samples.
pub(crate) fn settings(folder: &Path, run: &str) -> RunConfig {
    let mut config = RunConfig::default();
    config.model.base = base().to_string_lossy().into_owned();
    config.data.conversations = Some(folder.join("train.json"));
    config.data.validation = Some(folder.join("valid.json"));
    config.data.images = Some(folder.to_owned());
    config.train.batch_size = 2;
    config.train.accumulation = 2;
    config.train.epochs = 3.0;
    config.train.learning_rate = 1e-3;
    config.checkpoint.folder = folder.join(run);
    config.checkpoint.every_steps = Some(5);
    config
}

/// Keeps the reports of updates.
#[derive(Clone, Default)]
pub(crate) struct Recorder(pub(crate) Rc<RefCell<Vec<StepReport>>>);

impl Watcher for Recorder {
    fn take(&mut self, event: &Event) -> Result<(), TrainError> {
        if let Event::Step(report) = event {
            self.0.borrow_mut().push(report.clone());
        }
        Ok(())
    }
}

/// Runs and gives the reports of the updates.
pub(crate) fn run(
    config: RunConfig,
    resume: &Resume,
) -> (Result<RunSummary, TrainError>, Vec<StepReport>) {
    let mut recorder = Recorder::default();
    let outcome = Job::open(config, resume)
        .and_then(|job| train(job, &mut recorder, &AtomicBool::new(false)));
    let reports = recorder.0.borrow().clone();
    (outcome, reports)
}

/// What must be equal bit for bit.
pub(crate) fn exact(reports: &[StepReport]) -> Vec<(u64, u64, u64, usize)> {
    reports
        .iter()
        .map(|one| {
            let (loss, norm) = (one.loss.to_bits(), one.gradient_norm.to_bits());
            (one.step, loss, norm, one.learnt)
        })
        .collect()
}
