//! Whole training runs, step by step.

use std::collections::BTreeMap;

use burn::module::{Module, ModuleVisitor, Param, ParamId};
use burn::tensor::Tensor;
use pulse_data::batch::HostBatch;
use pulse_data::labels::IGNORE_INDEX;
use pulse_llm::{LoadedModel, MergeType, PulseModel};
use pulse_train::{
    Accumulation, Optimizer, OptimizerSettings, PassContext, PhaseClock, Schedule, ScheduleKind,
    TrainError, TrainableSet, Tune, accumulate, evaluate, update,
};
use serde::Deserialize;

use super::cases::{MODEL, values};
use crate::check::Check;
use crate::golden::{Golden, GoldenError, fixture};
use crate::models::Models;

const RUNS: &str = "train/adamw_runs.json";
const TENSORS: &str = "train/adamw_tensors.safetensors";

/// The original with another attention kernel differs by 3e-7 over 20 steps, with weights disturbed
/// by 1e-6 by 1e-6; the README asks for this.
const LOSS_REL: f64 = 1e-4;
/// As [`LOSS_REL`]; the original's own spread is 3e-6.
const NORM_REL: f64 = 1e-3;
/// Of whole tensors behind 20 steps: as their losses.
const FINAL_REL: f64 = 1e-4;
/// Learning rates are f64 on both sides.
const RATE_REL: f64 = 1e-12;

#[derive(Deserialize)]
struct Run {
    name: String,
    merge: MergeType,
    steps: u64,
    accumulation: usize,
    base_lr: f64,
    weight_decay: f64,
    mm_projector_lr: Option<f64>,
    max_grad_norm: Option<f64>,
    warmup_steps: u64,
    betas: (f64, f64),
    eps: f64,
    only_projector: bool,
    batches: Vec<Vec<Item>>,
    log: Vec<Logged>,
    final_eval_loss_first4: f64,
    first_step_grad_norms: BTreeMap<String, f64>,
    trainable_without_grad: Vec<String>,
    /// Which parameters decay; absent where there is one group.
    decay: Option<BTreeMap<String, String>>,
    final_sum_and_norm: BTreeMap<String, [f64; 2]>,
}

#[derive(Deserialize)]
struct Item {
    image: String,
    input_ids: Vec<i32>,
    labels: Vec<i32>,
}

#[derive(Deserialize)]
struct Logged {
    micro_losses: Vec<f64>,
    loss: f64,
    grad_norm: f64,
    lr: Vec<f64>,
}

struct Checks {
    losses: Check,
    norms: Check,
    rates: Check,
    first: Check,
    without: Check,
    decay: Check,
    gradients: Check,
    sums: Check,
    tensors: Check,
    eval: Check,
}

pub(super) fn run(golden: &Golden, models: &Models<'_>) -> Result<Vec<Check>, GoldenError> {
    let runs: Vec<Run> = golden.json(RUNS)?;
    let mut checks = Checks {
        losses: Check::within("losses of every step and micro-batch, relative", LOSS_REL),
        norms: Check::within("gradient norms of every step, relative", NORM_REL),
        rates: Check::within("learning rates of the groups, relative", RATE_REL),
        first: Check::within(
            "gradient norms of single tensors at the first step",
            NORM_REL,
        ),
        without: Check::exact("trained tensors without gradient"),
        decay: Check::exact("groups of weight decay"),
        gradients: Check::within(
            "gradients of the first step, relative to the tensor",
            NORM_REL,
        ),
        sums: Check::within("sums and norms of the final tensors, relative", FINAL_REL),
        tensors: Check::within("final tensors, relative to the tensor", FINAL_REL),
        eval: Check::within("loss behind the last step, relative", LOSS_REL),
    };
    for run in &runs {
        let mut names = run.batches.iter().flatten().map(|item| &item.image);
        if names.any(|name| !golden.has(&format!("images/{name}"))) {
            continue;
        }
        replay(golden, models, run, &mut checks)?;
    }
    let Checks {
        losses,
        norms,
        rates,
        first,
        without,
        decay,
        gradients,
        sums,
        tensors,
        eval,
    } = checks;
    Ok(vec![
        losses, norms, rates, first, without, decay, gradients, sums, tensors, eval,
    ])
}

fn replay(
    golden: &Golden,
    models: &Models<'_>,
    run: &Run,
    checks: &mut Checks,
) -> Result<(), GoldenError> {
    let failed = |error: TrainError| fixture(&golden.path(RUNS), format!("{}: {error}", run.name));
    let loaded = models.load(MODEL, run.merge)?;
    let tune = Tune {
        decoder: !run.only_projector,
        ..Tune::PULSE
    };
    let mut model = tune.freeze(loaded.model.clone());
    let set = TrainableSet::new(&model, &loaded.config, tune).map_err(failed)?;
    let mut optimizer = Optimizer::new(settings(run), &set);
    let context = PassContext {
        device: loaded.device.clone(),
        tune,
        max_length: loaded.config.context,
        vocabulary: loaded.config.decoder.vocab_size,
        recompute: true,
    };
    let schedule = Schedule {
        kind: ScheduleKind::Cosine,
        warmup_steps: run.warmup_steps,
        total_steps: run.steps,
    };
    let batches = run
        .batches
        .iter()
        .map(|items| host_batch(golden, models, &loaded, items))
        .collect::<Result<Vec<_>, _>>()?;
    compare_groups(run, &set, checks);
    let mut clock = PhaseClock::default();
    let steps = batches.chunks(run.accumulation.max(1)).zip(&run.log);
    for (step, (micro, logged)) in steps.enumerate() {
        let name = format!("{} step {step}", run.name);
        let (outcome, gradients) = accumulate(
            &model,
            micro.iter().cloned().map(Ok),
            micro.len(),
            Accumulation::Mean,
            &context,
            &set,
            &mut clock,
        )
        .map_err(failed)?;
        checks
            .losses
            .difference(&name, relative(outcome.loss, logged.loss));
        for (ours, theirs) in outcome.micro.iter().zip(&logged.micro_losses) {
            checks
                .losses
                .difference(&name, relative(ours.loss, *theirs));
        }
        let norm = relative(outcome.gradient_norm, logged.grad_norm);
        checks.norms.difference(&name, norm);
        if step == 0 {
            for place in set.trained() {
                let ours = gradients.norm_of(place.id);
                let case = format!("{} {}", run.name, place.name);
                match run.first_step_grad_norms.get(&place.name) {
                    Some(theirs) => checks.first.difference(&case, relative(ours, *theirs)),
                    None => {
                        let is_listed = run.trainable_without_grad.contains(&place.name);
                        let has_none = gradients.get(place.id).is_none();
                        checks
                            .without
                            .equal(&case, &(has_none, is_listed), &(true, true));
                    }
                }
            }
            let named = set.trained().filter_map(|place| {
                let gradient = gradients.get(place.id)?;
                Some((place.name.clone(), values(gradient.clone())))
            });
            let prefix = format!("{}.grad0.", run.name);
            compare_tensors(golden, &prefix, named, &mut checks.gradients)?;
        }
        let factor = schedule.factor(step as u64);
        for theirs in &logged.lr {
            let is_known = [Some(run.base_lr), run.mm_projector_lr]
                .into_iter()
                .flatten()
                .map(|rate| relative(rate * factor, *theirs))
                .fold(f64::INFINITY, f64::min);
            checks.rates.difference(&name, is_known);
        }
        model = update(model, &mut optimizer, &outcome, gradients, factor);
    }
    compare_final(golden, run, &model, &set, checks)?;
    let mut losses = Vec::new();
    for batch in batches.iter().take(4) {
        if let Some((sum, count)) = evaluate(&model, batch, &context).map_err(failed)? {
            losses.push(sum / count as f64);
        }
    }
    let mean = losses.iter().sum::<f64>() / losses.len().max(1) as f64;
    let difference = relative(mean, run.final_eval_loss_first4);
    checks.eval.difference(&run.name, difference);
    Ok(())
}

fn settings(run: &Run) -> OptimizerSettings {
    OptimizerSettings {
        learning_rate: run.base_lr,
        betas: run.betas,
        epsilon: run.eps,
        weight_decay: run.weight_decay,
        projector_learning_rate: run.mm_projector_lr,
        encoder_learning_rate: None,
        split_decay: run.decay.is_some(),
        max_gradient_norm: run.max_grad_norm,
    }
}

fn compare_groups(run: &Run, set: &TrainableSet, checks: &mut Checks) {
    let Some(decay) = &run.decay else { return };
    for place in set.trained() {
        let ours = if place.is_exempt_from_decay() {
            "no_decay"
        } else {
            "decay"
        };
        // The fixture names the projector's groups too; only decay or none is compared.
        let theirs = decay.get(&place.name).map_or("absent", |group| {
            if group.contains("no") {
                "no_decay"
            } else {
                "decay"
            }
        });
        checks.decay.equal(&place.name, ours, theirs);
    }
}

fn relative(ours: f64, theirs: f64) -> f64 {
    if ours == theirs {
        return 0.0;
    }
    (ours - theirs).abs() / theirs.abs()
}

/// Values of all parameters by identity.
fn parameter_values(model: &PulseModel) -> BTreeMap<u64, Vec<f32>> {
    struct Values(BTreeMap<u64, Vec<f32>>);
    impl ModuleVisitor for Values {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            self.0.insert(param.id.val(), values(param.val()));
        }
    }
    let mut found = Values(BTreeMap::new());
    model.visit(&mut found);
    found.0
}

fn compare_final(
    golden: &Golden,
    run: &Run,
    model: &PulseModel,
    set: &TrainableSet,
    checks: &mut Checks,
) -> Result<(), GoldenError> {
    let found = parameter_values(model);
    let of = |id: ParamId| found.get(&id.val()).cloned().unwrap_or_default();
    for place in set.all() {
        let Some([sum, norm]) = run.final_sum_and_norm.get(&place.name) else {
            continue;
        };
        let ours = of(place.id);
        let our_sum: f64 = ours.iter().map(|x| f64::from(*x)).sum();
        let squares: f64 = ours.iter().map(|x| f64::from(*x).powi(2)).sum();
        let case = format!("{} {}", run.name, place.name);
        // A sum may cancel to nothing; the norm is the size of the tensor.
        checks.sums.difference(&case, (our_sum - sum).abs() / norm);
        checks
            .sums
            .difference(&case, relative(squares.sqrt(), *norm));
    }
    let named = set
        .all()
        .iter()
        .map(|place| (place.name.clone(), of(place.id)));
    let prefix = format!("{}.final.", run.name);
    compare_tensors(golden, &prefix, named, &mut checks.tensors)
}

/// Differences of whole tensors, as the norm of the difference over the norm.
fn compare_tensors(
    golden: &Golden,
    prefix: &str,
    named: impl Iterator<Item = (String, Vec<f32>)>,
    check: &mut Check,
) -> Result<(), GoldenError> {
    if !golden.has(TENSORS) {
        return Ok(());
    }
    let tensors = golden.tensors(TENSORS)?;
    for (name, ours) in named {
        let stored = format!("{prefix}{name}");
        if !tensors.has(&stored) {
            continue;
        }
        let theirs = tensors.f32(&stored)?;
        if ours.len() != theirs.len() {
            check.values(&stored, &ours, &theirs);
            continue;
        }
        let norm = |of: &mut dyn Iterator<Item = f64>| of.map(|x| x * x).sum::<f64>().sqrt();
        let pairs = ours.iter().zip(&theirs);
        let off = norm(&mut pairs.map(|(a, b)| f64::from(*a) - f64::from(*b)));
        let size = norm(&mut theirs.iter().map(|x| f64::from(*x)));
        check.difference(&stored, off / size.max(f64::MIN_POSITIVE));
    }
    Ok(())
}

/// A batch as the collator makes it.
fn host_batch(
    golden: &Golden,
    models: &Models<'_>,
    loaded: &LoadedModel,
    items: &[Item],
) -> Result<HostBatch, GoldenError> {
    let width = items.iter().map(|item| item.input_ids.len()).max();
    let mut batch = HostBatch {
        rows: items.len(),
        width: width.unwrap_or(0),
        ..HostBatch::default()
    };
    for (row, item) in items.iter().enumerate() {
        let picture = models.picture(&item.image)?.ok_or_else(|| {
            fixture(
                &golden.path(RUNS),
                format!("picture {} is missing", item.image),
            )
        })?;
        let tiles = loaded
            .preprocessor
            .preprocess(&picture)
            .map_err(|error| fixture(&golden.path(&item.image), error))?;
        let end = (row + 1) * batch.width;
        batch.input_ids.extend(&item.input_ids);
        batch.labels.extend(&item.labels);
        let real = item.input_ids.iter().map(|_| true);
        batch.attention_mask.extend(real);
        batch.input_ids.resize(end, 0);
        batch.labels.resize(end, IGNORE_INDEX);
        batch.attention_mask.resize(end, false);
        tiles.extend_pixel_values(&mut batch.pixel_values);
        batch.tile_side = tiles.side() as usize;
        batch.tile_counts.push(tiles.count());
        batch.image_sizes.push(Some(tiles.picture()));
        batch.plans.push(tiles.plan().copied());
        batch.ids.push(format!("row {row}"));
        batch.indices.push(row);
    }
    Ok(batch)
}
