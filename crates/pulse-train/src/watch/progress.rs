//! Lines for people.

use std::io::Write;
use std::time::Instant;

use super::event::{Event, StepReport, Watcher};
use crate::error::TrainError;

/// Writes a line for every few updates and for everything else, to standard error.
pub struct ProgressLines {
    every: u64,
    began: Instant,
    first: Option<u64>,
}

impl ProgressLines {
    /// A line for every `every` updates.
    pub fn new(every: u64) -> Self {
        Self {
            every: every.max(1),
            began: Instant::now(),
            first: None,
        }
    }

    fn step(&mut self, report: &StepReport) -> Option<String> {
        let first = *self.first.get_or_insert(report.step);
        let is_due = report.step.is_multiple_of(self.every)
            || report.step == first
            || report.step == report.total_steps;
        if !is_due {
            return None;
        }
        let done = (report.step - first + 1) as f64;
        let left = (report.total_steps - report.step) as f64;
        let remaining = self.began.elapsed().as_secs_f64() / done * left;
        let total = report.seconds.total().max(f64::MIN_POSITIVE);
        let mut line = format!(
            "step {:>5}/{}  loss {:.4} ({:.4})  norm {:.3}  lr {:.2e}  {:.0} tokens/s  {:.1} samples/s  \
             {:.0}% of peak  {:.2} s (data {:.0}%)  {}",
            report.step,
            report.total_steps,
            report.loss,
            report.smoothed_loss,
            report.gradient_norm,
            report.learning_rate,
            report.tokens_per_s,
            report.samples_per_s,
            100.0 * report.utilisation,
            total,
            100.0 * report.seconds.data / total,
            duration(remaining),
        );
        if report.masked > 0 || report.dropped > 0 {
            let (masked, dropped) = (report.masked, report.dropped);
            line.push_str(&format!("  [{masked} masked, {dropped} dropped]"));
        }
        Some(line)
    }
}

impl Watcher for ProgressLines {
    fn take(&mut self, event: &Event) -> Result<(), TrainError> {
        let line = match event {
            Event::Started {
                step,
                total_steps,
                samples,
                ..
            } => {
                self.began = Instant::now();
                Some(match step {
                    0 => format!("{total_steps} updates over {samples} samples"),
                    step => format!("going on behind update {step} of {total_steps}"),
                })
            }
            Event::Step(report) => self.step(report),
            Event::Validation {
                step,
                loss,
                seconds,
                scores,
                answers,
                ..
            } => {
                let mut line =
                    format!("step {step:>5}  validation loss {loss:.4}  ({seconds:.1} s)");
                // The whole log has all of them.
                let groups = scores.iter().filter(|(name, _)| !name.starts_with("f1/"));
                for (name, score) in groups {
                    line.push_str(&format!("\n    {name} {score:.3}"));
                }
                for one in answers {
                    line.push_str(&format!("\n    {}: {}", one.page, one.answer.trim()));
                }
                Some(line)
            }
            Event::Checkpoint { step, path } => {
                Some(format!("step {step:>5}  checkpoint {}", path.display()))
            }
            Event::Ended { step, reason, .. } => {
                Some(format!("ended after update {step}: {reason}"))
            }
        };
        if let Some(line) = line {
            // A closed terminal is no reason to stop a run.
            let _ = writeln!(std::io::stderr(), "{line}");
        }
        Ok(())
    }
}

/// `1:02:03` or `2:03`.
fn duration(seconds: f64) -> String {
    let whole = seconds.max(0.0) as u64;
    let (hours, minutes, rest) = (whole / 3600, whole / 60 % 60, whole % 60);
    match hours {
        0 => format!("{minutes}:{rest:02} left"),
        hours => format!("{hours}:{minutes:02}:{rest:02} left"),
    }
}
