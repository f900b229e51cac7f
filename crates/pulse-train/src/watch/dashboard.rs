//! Burn's terminal dashboard.
//!
//! The loop is ours, the picture is Burn's: each update goes to the renderer of its learner. `q` asks
//! whether to stop (as SIGINT does: the update is finished and saved) or to end at once.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

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
use super::terminal;
use crate::error::TrainError;

/// Exit code of a run that was ended at once, as of the second SIGINT.
const ENDED: i32 = 130;

const LOSS: &str = "Loss";

/// Instead of the name of the run.
const STOPPING: &str = "stopping behind this update";

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

/// Gives the terminal back when it is dropped, also by a panic, of which the renderer only ends its own half.
struct Restored;

impl Drop for Restored {
    fn drop(&mut self) {
        terminal::restore_terminal();
    }
}

/// Shows a run in Burn's dashboard until it is dropped.
pub struct Dashboard {
    renderer: Arc<Mutex<TuiMetricsRendererWrapper>>,
    /// Dropped behind the renderer.
    _terminal: Restored,
    interrupter: Interrupter,
    stop: Arc<AtomicBool>,
    is_over: Arc<AtomicBool>,
    teller: Option<JoinHandle<()>>,
    total: u64,
}

/// How the updates of a run fall into epochs, which the renderer counts in.
struct Epochs {
    count: usize,
    /// Updates of an epoch; accumulation may run on over its end.
    updates: f64,
}

impl Epochs {
    fn of(report: &StepReport) -> Self {
        let total = report.total_steps as f64;
        let epochs = report.epoch / report.step.max(1) as f64 * total;
        // A last epoch that is cut off counts as one.
        let count = (epochs - 0.05).ceil().max(1.0);
        let updates = if count > 1.0 { total / epochs } else { total };
        Self {
            count: count as usize,
            updates,
        }
    }

    /// The epoch of an update, from 0, and how many of its updates are done.
    fn place(&self, step: u64, total: u64) -> (usize, Progress) {
        let epoch = (step.saturating_sub(1) as f64 / self.updates) as usize;
        let start = |epoch: usize| ((epoch as f64 * self.updates).round() as u64).min(total);
        let (first, next) = (start(epoch), start(epoch + 1));
        let done = step.saturating_sub(first) as usize;
        let all = next.saturating_sub(first) as usize;
        (
            epoch,
            Progress::new(done, Some(all), Some("updates".to_owned())),
        )
    }
}

impl Dashboard {
    /// Takes the terminal, which has to be [able to show it](super::can_show_dashboard). `stop` is set when the user
    /// asks to stop; `epochs` are done already, where a run is resumed.
    pub fn new(stop: Arc<AtomicBool>, epochs: u64) -> Self {
        let interrupter = Interrupter::new();
        terminal::remember();
        let done = (epochs > 0).then_some(epochs as usize);
        let renderer = TuiMetricsRendererWrapper::new(interrupter.clone(), done);
        terminal::keep_signals();
        let renderer = Arc::new(Mutex::new(renderer));
        let is_over = Arc::new(AtomicBool::new(false));
        let teller = tell_of_stop(renderer.clone(), stop.clone(), is_over.clone());
        Self {
            renderer,
            _terminal: Restored,
            interrupter,
            stop,
            is_over,
            teller: Some(teller),
            total: 0,
        }
    }

    fn started(&mut self, total: u64) {
        self.total = total;
        let mut renderer = lock(&self.renderer);
        for (name, unit, higher_is_better) in METRICS {
            renderer.register_metric(MetricDefinition {
                metric_id: id(name),
                name: Arc::new(name.to_owned()),
                description: None,
                attributes: MetricAttributes::Numeric(NumericAttributes {
                    unit: (!unit.is_empty()).then(|| unit.to_owned()),
                    higher_is_better,
                }),
            });
        }
        renderer.start(1, 1, None, Some("PULSE"));
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
        let mut renderer = lock(&self.renderer);
        for ((name, unit, _), value) in METRICS.into_iter().zip(values) {
            renderer.update_train(state(name, unit, value));
        }
        let epochs = Epochs::of(report);
        let is_stopping = self.stop.load(Ordering::Relaxed);
        let label = if is_stopping { STOPPING } else { "PULSE" };
        renderer.start(epochs.count, 1, None, Some(label));
        let (epoch, progress) = epochs.place(report.step, self.total);
        renderer.update_epoch(epoch);
        renderer.update_split(&progress);
    }

    fn show(&mut self, event: &Event) {
        match event {
            Event::Started { total_steps, .. } => self.started(*total_steps),
            Event::Step(report) => self.step(report),
            Event::Validation { loss, .. } => {
                lock(&self.renderer).update_valid(state(LOSS, "", *loss));
            }
            Event::Checkpoint { .. } => {
                lock(&self.renderer).log_event_training("checkpoints".to_owned());
            }
            Event::Ended { .. } => {}
        }
    }
}

impl Drop for Dashboard {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
        if let Some(teller) = self.teller.take() {
            // It says nothing more, and must not be the last to hold the renderer.
            let _ = teller.join();
        }
    }
}

fn lock(
    renderer: &Mutex<TuiMetricsRendererWrapper>,
) -> std::sync::MutexGuard<'_, TuiMetricsRendererWrapper> {
    renderer.lock().unwrap_or_else(PoisonError::into_inner)
}

/// An update of a large model takes a while, and whoever sees nothing happen presses Ctrl-C again, which ends the run at
/// once: a thread says so as soon as the first one has come.
fn tell_of_stop(
    renderer: Arc<Mutex<TuiMetricsRendererWrapper>>,
    stop: Arc<AtomicBool>,
    is_over: Arc<AtomicBool>,
) -> JoinHandle<()> {
    std::thread::spawn(move || {
        while !stop.load(Ordering::Relaxed) {
            if is_over.load(Ordering::Relaxed) {
                return;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        // Ended at once by a key: there is nothing left to tell.
        let _ = catch_unwind(AssertUnwindSafe(|| {
            lock(&renderer).start(1, 1, None, Some(STOPPING));
        }));
    })
}

impl Watcher for Dashboard {
    fn take(&mut self, event: &Event) -> Result<(), TrainError> {
        if matches!(event, Event::Started { .. }) {
            // The renderer has set its hook by now.
            super::panics::keep_messages();
        }
        // The renderer tells of "end at once" by a panic, behind which the terminal is itself again.
        if catch_unwind(AssertUnwindSafe(|| self.show(event))).is_err() {
            terminal::restore_terminal();
            eprintln!("ended at once; --resume goes on at the newest checkpoint");
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
