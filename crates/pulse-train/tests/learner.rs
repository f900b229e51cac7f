//! Burn's learner drives the model: the losses of our own loop.

#![cfg(feature = "learner")]
#![allow(clippy::unwrap_used)]

mod common;

use std::sync::{Arc, Mutex};

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{DType, Tensor, TensorReadError};
use burn_train::logger::InMemoryMetricLogger;
use burn_train::metric::{Metric, MetricMetadata, MetricName, SerializedEntry};
use burn_train::renderer::CliMetricsRenderer;
use burn_train::{ExecutionStrategy, Interrupter, Learner, SupervisedTraining};
use common::{run, settings, write_data};
use pulse_data::batch::BurnLoader;
use pulse_train::config::ExportType;
use pulse_train::learner::{LearnableModel, LearnerSchedule, LearnerSettings, burn_adamw};
use pulse_train::{Job, MicroReport, Resume};

/// Keeps every loss.
#[derive(Clone, Default)]
struct Losses(Arc<Mutex<Vec<f64>>>);

impl Metric for Losses {
    type Input = MicroReport;

    fn name(&self) -> MetricName {
        Arc::new("losses".to_owned())
    }

    fn update(
        &mut self,
        report: &MicroReport,
        _: &MetricMetadata,
    ) -> Result<SerializedEntry, TensorReadError> {
        self.0.lock().unwrap().push(report.loss);
        let loss = report.loss.to_string();
        Ok(SerializedEntry::new(loss.clone(), loss))
    }

    fn compute(&mut self) -> Result<SerializedEntry, TensorReadError> {
        Ok(SerializedEntry::new(String::new(), String::new()))
    }

    fn clear(&mut self) {}
}

/// Ends with a model's weights in its order.
struct Weights(Vec<f32>);

impl ModuleVisitor for Weights {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let values = param.val().cast(DType::F32).into_data();
        self.0.extend(values.try_to_vec::<f32>().unwrap());
    }
}

fn weights(model: &impl Module) -> Vec<f32> {
    let mut weights = Weights(Vec::new());
    model.visit(&mut weights);
    weights.0
}

/// `|a − b|` over all weights.
fn distance(a: &[f32], b: &[f32]) -> f64 {
    assert_eq!(a.len(), b.len());
    let squares = a.iter().zip(b).map(|(a, b)| f64::from(a - b).powi(2));
    squares.sum::<f64>().sqrt()
}

#[test]
fn burns_learner_gives_the_losses_and_weights_of_our_loop() {
    let folder = tempfile::tempdir().unwrap();
    write_data(folder.path(), 16);
    let config = |run: &str| {
        let mut config = settings(folder.path(), run);
        config.train.epochs = 1.0;
        config.checkpoint.dtype = ExportType::F32;
        config
    };
    let (summary, ours) = run(config("ours"), &Resume::Never);
    let summary = summary.unwrap();
    assert_eq!((summary.step, ours.len()), (4, 4));
    // The same run, opened again to start from the same weights, order and settings.
    let job = Job::open(config("burn"), &Resume::Never).unwrap();
    let before = weights(&job.model);
    let interrupter = Interrupter::new();
    let settings = LearnerSettings {
        context: job.context.clone(),
        set: job.set.clone(),
        accumulation: job.config.train.accumulation,
        max_gradient_norm: job.config.train.optimizer().max_gradient_norm,
    };
    let schedule = LearnerSchedule {
        schedule: job.state.schedule,
        learning_rate: job.config.train.learning_rate,
        step: 0,
    };
    let device = job.context.device.clone();
    let loader = |inner: Arc<pulse_data::batch::Loader>| {
        let start = inner.start();
        Arc::new(BurnLoader::new(inner, device.clone(), start).unwrap())
    };
    let validation = Arc::new(job.data.validation.unwrap());
    let model = LearnableModel::new(job.model, settings, interrupter.clone());
    let losses = Losses::default();
    let validated = Losses::default();
    let result = SupervisedTraining::new(
        folder.path().join("learner"),
        loader(job.data.loader.clone()),
        loader(validation),
    )
    .num_epochs(1)
    .grads_accumulation(job.config.train.accumulation)
    .with_interrupter(interrupter)
    .with_training_strategy(ExecutionStrategy::single(device.clone().autodiff()).into())
    .metric_train(losses.clone())
    .metric_valid(validated.clone())
    .with_metric_logger(InMemoryMetricLogger::new())
    .with_application_logger(None)
    .renderer(Box::new(CliMetricsRenderer::new()))
    .launch(Learner::new(
        model,
        burn_adamw(&job.config.train.optimizer()),
        schedule,
    ));
    assert!(result.error.is_none() && result.interrupted.is_none());
    let losses = losses.0.lock().unwrap().clone();
    let means: Vec<f64> = losses
        .chunks(2)
        .map(|pair| (pair[0] + pair[1]) / 2.0)
        .collect();
    assert_eq!(means.len(), ours.len());
    // Before the second update has moved anything the passes are the same: the first learning rate is zero.
    assert_eq!(means[0], ours[0].loss);
    assert_eq!(means[1], ours[1].loss);
    // Behind it Burn's AdamW rounds otherwise.
    for (burn, ours) in means.iter().zip(&ours) {
        assert!((burn - ours.loss).abs() < 1e-5 * ours.loss, "{means:?}");
    }
    let after = weights(&result.model.model);
    let saved = pulse_llm::LoadedModel::load(
        &summary.export.unwrap().model,
        &pulse_llm::LoadOptions::default(),
    );
    let moved = distance(&before, &after);
    let apart = distance(&weights(&saved.unwrap().model), &after);
    assert!(moved > 1e-3 && apart < 1e-3 * moved, "{moved} {apart}");
    assert!(!validated.0.lock().unwrap().is_empty());
}

#[test]
fn a_step_that_fails_ends_the_learner_with_its_reason() {
    let folder = tempfile::tempdir().unwrap();
    write_data(folder.path(), 4);
    let job = Job::open(settings(folder.path(), "run"), &Resume::Never).unwrap();
    let interrupter = Interrupter::new();
    let mut context = job.context.clone();
    // No id of the data is known.
    context.vocabulary = 1;
    let settings = LearnerSettings {
        context,
        set: job.set.clone(),
        accumulation: 1,
        max_gradient_norm: None,
    };
    let batch = job.data.stream(job.state.cursor).next_batch().unwrap();
    let model = LearnableModel::new(job.model, settings, interrupter.clone());
    let output = burn_train::TrainStep::step(&model, batch);
    assert!(output.grads.is_empty() && output.item.micro.loss.is_nan());
    let said = interrupter.error().unwrap().to_string();
    assert!(said.contains("vocabulary"), "{said}");
}
