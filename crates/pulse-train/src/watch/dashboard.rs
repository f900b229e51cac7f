//! Burn's terminal dashboard.
//!
//! The loop is ours, the picture is Burn's: each update goes to the renderer of its learner. `q` asks
//! whether to stop (as SIGINT does: the update is finished and saved) or to end at once.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use burn::data::dataloader::Progress;
use burn_train::Interrupter;
use burn_train::logger::TrainingProgressLogger;
use burn_train::metric::{
    MetricAttributes, MetricDefinition, MetricEntry, MetricId, NumericAttributes, NumericEntry,
    SerializedEntry,
};
use burn_train::renderer::tui::TuiMetricsRendererWrapper;
use burn_train::renderer::{MetricState, MetricsRenderer, MetricsRendererTraining};

use super::event::{Event, StepReport, Watcher};
use crate::error::TrainError;

/// Exit code of a run that was ended at once, as of the second SIGINT.
const ENDED: i32 = 130;

const LOSS: &str = "Loss";

/// What is plotted: name, unit, whether more is better.
const METRICS: [(&str, &str, bool); 8] = [
    (LOSS, "", false),
    ("Gradient norm", "", false),
    ("Learning rate", "", false),
    ("Tokens", "/s", true),
    ("Samples", "/s", true),
    ("Utilisation", "%", true),
    ("Waiting for data", "%", false),
    ("Memory", "MiB", false),
];

/// Shows a run in Burn's dashboard until it is dropped.
pub struct Dashboard {
    renderer: TuiMetricsRendererWrapper,
    interrupter: Interrupter,
    stop: Arc<AtomicBool>,
    total: usize,
}

impl Dashboard {
    /// Takes the terminal, which standard output must be. `stop` is set when the user asks to stop.
    pub fn new(stop: Arc<AtomicBool>) -> Self {
        let interrupter = Interrupter::new();
        Self {
            renderer: TuiMetricsRendererWrapper::new(interrupter.clone(), None),
            interrupter,
            stop,
            total: 0,
        }
    }

    fn started(&mut self, step: u64, total: u64) {
        self.total = total as usize;
        for (name, unit, higher_is_better) in METRICS {
            self.renderer.register_metric(MetricDefinition {
                metric_id: id(name),
                name: Arc::new(name.to_owned()),
                description: None,
                attributes: MetricAttributes::Numeric(NumericAttributes {
                    unit: (!unit.is_empty()).then(|| unit.to_owned()),
                    higher_is_better,
                }),
            });
        }
        // No epochs: the whole run is one bar.
        self.renderer.start(0, 0, Some(self.total), Some("PULSE"));
        self.renderer.start_split("train", &self.progress(step));
    }

    fn progress(&self, step: u64) -> Progress {
        Progress::new(step as usize, self.total, Some("updates".to_owned()))
    }

    fn step(&mut self, report: &StepReport) {
        let seconds = report.seconds.total().max(f64::MIN_POSITIVE);
        let values = [
            report.loss,
            report.gradient_norm,
            report.learning_rate,
            report.tokens_per_s,
            report.samples_per_s,
            100.0 * report.utilisation,
            100.0 * report.seconds.data / seconds,
            report.resident_bytes.unwrap_or(0) as f64 / f64::from(1 << 20),
        ];
        for ((name, unit, _), value) in METRICS.into_iter().zip(values) {
            self.renderer.update_train(state(name, unit, value));
        }
        let progress = self.progress(report.step);
        self.renderer.update_split(&progress);
    }

    fn show(&mut self, event: &Event) {
        match event {
            Event::Started {
                step, total_steps, ..
            } => self.started(*step, *total_steps),
            Event::Step(report) => self.step(report),
            Event::Validation { loss, .. } => self.renderer.update_valid(state(LOSS, "", *loss)),
            Event::Checkpoint { .. } => self.renderer.log_event_training("checkpoints".to_owned()),
            Event::Ended { .. } => {}
        }
    }
}

impl Watcher for Dashboard {
    fn take(&mut self, event: &Event) -> Result<(), TrainError> {
        keep_signals();
        // The renderer tells of "end at once" by a panic, behind which the terminal is itself again.
        if catch_unwind(AssertUnwindSafe(|| self.show(event))).is_err() {
            std::process::exit(ENDED);
        }
        if self.interrupter.should_stop() {
            self.stop.store(true, Ordering::Relaxed);
        }
        Ok(())
    }
}

fn id(name: &str) -> MetricId {
    MetricId::new(Arc::new(name.to_owned()))
}

fn state(name: &str, unit: &str, value: f64) -> MetricState {
    let text = match value.abs() {
        0.0 => "0".to_owned(),
        size if size < 1e-3 => format!("{value:.3e}"),
        size if size < 100.0 => format!("{value:.4}"),
        _ => format!("{value:.0}"),
    };
    let entry = SerializedEntry::new(format!("{text} {unit}"), value.to_string());
    MetricState::Numeric(
        MetricEntry::new(id(name), entry),
        Some(NumericEntry::Value(value)),
    )
}

/// The dashboard takes keys as they come, Ctrl-C too, and makes nothing of that one: this lets the
/// terminal turn it into SIGINT again. The renderer's thread sets the terminal up at a moment of its
/// own, so it is looked at with every event.
#[cfg(unix)]
fn keep_signals() {
    use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};
    let input = std::io::stdin();
    if let Ok(mut modes) = tcgetattr(&input)
        && !modes.local_modes.contains(LocalModes::ISIG)
    {
        modes.local_modes.insert(LocalModes::ISIG);
        // Without it `q` still stops the run.
        let _ = tcsetattr(&input, OptionalActions::Now, &modes);
    }
}

#[cfg(not(unix))]
fn keep_signals() {}
