//! Learning rates over the steps of a run.

use serde::{Deserialize, Serialize};

/// Shape of the way down behind the warm-up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ScheduleKind {
    /// Half a cosine to zero.
    #[default]
    Cosine,
    /// A straight line to zero.
    Linear,
    /// No way down.
    Constant,
}

/// Factor on a group's learning rate by the number of the update.
///
/// Reference: `get_cosine_schedule_with_warmup` and `get_linear_schedule_with_warmup` of
/// transformers 4.37.2. Update `s`, counted from 0, uses `factor(s)`: with a warm-up the first update
/// changes nothing but the moments.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Schedule {
    /// Shape.
    pub kind: ScheduleKind,
    /// Updates of the warm-up.
    pub warmup_steps: u64,
    /// Updates of the whole run.
    pub total_steps: u64,
}

impl Schedule {
    /// The schedule of a run of `total_steps` of which the share `warmup_ratio`, rounded up, warms up
    /// (`TrainingArguments.get_warmup_steps`).
    pub fn with_ratio(kind: ScheduleKind, total_steps: u64, warmup_ratio: f64) -> Self {
        Self {
            kind,
            warmup_steps: (total_steps as f64 * warmup_ratio).ceil() as u64,
            total_steps,
        }
    }

    /// The factor of update `step`, counted from 0.
    pub fn factor(&self, step: u64) -> f64 {
        let (step, warmup, total) = (
            step as f64,
            self.warmup_steps as f64,
            self.total_steps as f64,
        );
        if step < warmup {
            return step / warmup.max(1.0);
        }
        let rest = (total - warmup).max(1.0);
        match self.kind {
            ScheduleKind::Constant => 1.0,
            ScheduleKind::Linear => ((total - step) / rest).max(0.0),
            ScheduleKind::Cosine => {
                let progress = (step - warmup) / rest;
                // Half a wave; the reference writes the number of waves out.
                (0.5 * (1.0 + (std::f64::consts::PI * 0.5 * 2.0 * progress).cos())).max(0.0)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The published run: 27,099 updates, learning rate 2e-5. Values of the original.
    #[test]
    fn the_published_run() {
        let schedule = Schedule::with_ratio(ScheduleKind::Cosine, 27_099, 0.03);
        assert_eq!(schedule.warmup_steps, 813);
        for (step, rate) in [
            (0, 0.0),
            (1, 2.4600246e-08),
            (812, 1.99753998e-05),
            (813, 2e-05),
            (13_549, 1.048623755e-05),
            (27_098, 7.142e-14),
        ] {
            let ours = 2e-5 * schedule.factor(step);
            assert!((ours - rate).abs() <= 1e-3 * rate, "{step}: {ours} {rate}");
        }
    }
}
