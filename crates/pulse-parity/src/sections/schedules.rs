//! Learning rates over a run.

use pulse_train::{Schedule, ScheduleKind};
use serde::Deserialize;

use crate::check::Check;
use crate::golden::{Golden, GoldenError};
use crate::models::Models;

/// Relative to the base rate: both sides compute in f64 and differ in the last bits at most.
const RATE_REL: f64 = 1e-12;

#[derive(Deserialize)]
struct Case {
    kind: ScheduleKind,
    total_steps: u64,
    warmup_ratio: f64,
    warmup_steps: u64,
    base_lr: f64,
    lr: Vec<f64>,
}

pub(super) fn run(golden: &Golden, _: &Models<'_>) -> Result<Vec<Check>, GoldenError> {
    let cases: Vec<Case> = golden.json("train/schedules.json")?;
    let mut warmup = Check::exact("steps of the warm-up");
    let mut rates = Check::within("learning rates, relative to the highest", RATE_REL);
    for case in &cases {
        let name = format!(
            "{:?}, {} steps, ratio {}",
            case.kind, case.total_steps, case.warmup_ratio
        );
        let schedule = Schedule::with_ratio(case.kind, case.total_steps, case.warmup_ratio);
        warmup.equal(&name, &schedule.warmup_steps, &case.warmup_steps);
        for (step, theirs) in case.lr.iter().enumerate() {
            let ours = case.base_lr * schedule.factor(step as u64);
            rates.difference(&name, (ours - theirs).abs() / case.base_lr);
        }
    }
    Ok(vec![warmup, rates])
}
