//! One optimiser step: micro-batches to one update.

use pulse_data::batch::HostBatch;
use pulse_llm::MultimodalModel;
use pulse_llm::decoder::LayeredDecoder;
use pulse_vision::{VisualEncoder, VisualProjector};
use serde::{Deserialize, Serialize};

use crate::clock::{Phase, PhaseClock};
use crate::error::TrainError;
use crate::findings::{FindingsHead, Supervision};
use crate::gradients::GradientStore;
use crate::micro::{
    MicroReport, PassContext, Weight, learnt_positions, supervised_forward_backward,
};
use crate::optimizer::Optimizer;
use crate::trainable::TrainableSet;

/// How the micro-batches of a step are averaged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Accumulation {
    /// The plain mean of the micro-batches' mean losses, as the reference: a token of a short answer
    /// counts more.
    #[default]
    Mean,
    /// Every learnt token of the step counts the same.
    Tokens,
}

/// What became of one step.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct StepOutcome {
    /// Loss as the accumulation says.
    pub loss: f64,
    /// Micro-batches in their order.
    pub micro: Vec<MicroReport>,
    /// Norm over all gradients before clipping.
    pub gradient_norm: f64,
    /// Ids of the samples of each micro-batch.
    pub ids: Vec<Vec<String>>,
    /// Samples that a policy left out.
    pub dropped: u64,
}

impl StepOutcome {
    /// Micro-batches in which nothing was learnt.
    pub fn masked(&self) -> usize {
        self.micro.iter().filter(|micro| micro.learnt == 0).count()
    }

    /// A sum over the micro-batches.
    pub fn sum(&self, of: impl Fn(&MicroReport) -> usize) -> usize {
        self.micro.iter().map(of).sum()
    }
}

/// Loss and gradients of a step of `count` micro-batches, before clipping. Each is dropped before the next
/// is asked for, but with token-weighted averages, which need to know all of them first.
///
/// # Errors
/// Those of the batches, and as [`forward_backward`](crate::forward_backward).
pub fn accumulate<V: VisualEncoder, P: VisualProjector, D: LayeredDecoder>(
    model: &MultimodalModel<V, P, D>,
    batches: impl Iterator<Item = Result<HostBatch, TrainError>>,
    count: usize,
    accumulation: Accumulation,
    context: &PassContext,
    set: &TrainableSet,
    clock: &mut PhaseClock,
) -> Result<(StepOutcome, GradientStore), TrainError> {
    let supervision = None;
    accumulate_supervised(
        model,
        supervision,
        batches,
        count,
        accumulation,
        context,
        set,
        clock,
    )
}

/// As [`accumulate`], with a head of findings beside the decoder or alone.
#[allow(clippy::too_many_arguments)]
pub(crate) fn accumulate_supervised<V: VisualEncoder, P: VisualProjector, D: LayeredDecoder>(
    model: &MultimodalModel<V, P, D>,
    supervision: Option<Supervision<'_>>,
    batches: impl Iterator<Item = Result<HostBatch, TrainError>>,
    count: usize,
    accumulation: Accumulation,
    context: &PassContext,
    set: &TrainableSet,
    clock: &mut PhaseClock,
) -> Result<(StepOutcome, GradientStore), TrainError> {
    let mut step = Step {
        model,
        context,
        supervision,
        clock,
        outcome: StepOutcome::default(),
        store: GradientStore::default(),
    };
    match accumulation {
        Accumulation::Mean => {
            let weight = Weight::Mean(1.0 / count.max(1) as f64);
            for batch in batches {
                step.add(batch?, weight)?;
                step.clock.enter(Phase::Data);
            }
        }
        Accumulation::Tokens => {
            let batches = batches.collect::<Result<Vec<_>, _>>()?;
            let learnt: usize = batches.iter().map(learnt_positions).sum();
            let weight = Weight::Sum(1.0 / learnt.max(1) as f64);
            for batch in batches {
                step.add(batch, weight)?;
            }
        }
    }
    let Step {
        mut outcome,
        mut store,
        clock,
        ..
    } = step;
    clock.enter(Phase::Optimiser);
    for place in set.always_updated(model.merge) {
        store.add_zeros(place.id, place.values(), &context.device);
    }
    outcome.gradient_norm = store.norm(set.trained().map(|place| place.id));
    Ok((outcome, store))
}

/// A step under way.
struct Step<'a, M> {
    model: &'a M,
    context: &'a PassContext,
    supervision: Option<Supervision<'a>>,
    clock: &'a mut PhaseClock,
    outcome: StepOutcome,
    store: GradientStore,
}

impl<V: VisualEncoder, P: VisualProjector, D: LayeredDecoder> Step<'_, MultimodalModel<V, P, D>> {
    fn add(&mut self, batch: HostBatch, weight: Weight) -> Result<(), TrainError> {
        let report = supervised_forward_backward(
            self.model,
            &batch,
            weight,
            self.context,
            self.supervision,
            &mut self.store,
            self.clock,
        )?;
        self.outcome.loss += match weight {
            Weight::Mean(factor) => report.loss * factor,
            Weight::Sum(factor) => report.loss * report.learnt as f64 * factor,
        };
        self.outcome.micro.push(report);
        self.outcome.dropped += batch.report.dropped;
        self.outcome.ids.push(batch.ids);
        Ok(())
    }
}

/// The update of a step: clips and steps. Gives the model back changed.
pub fn update<V: VisualEncoder, P: VisualProjector, D: LayeredDecoder>(
    model: MultimodalModel<V, P, D>,
    optimizer: &mut Optimizer,
    outcome: &StepOutcome,
    gradients: GradientStore,
    rate_factor: f64,
) -> MultimodalModel<V, P, D> {
    let scale = optimizer.settings().clip_factor(outcome.gradient_norm);
    optimizer.step(model, gradients, rate_factor, scale)
}

/// As [`update`], of a model and its head of findings.
pub(crate) fn update_both<V: VisualEncoder, P: VisualProjector, D: LayeredDecoder>(
    both: (MultimodalModel<V, P, D>, Option<FindingsHead>),
    optimizer: &mut Optimizer,
    outcome: &StepOutcome,
    gradients: GradientStore,
    rate_factor: f64,
) -> (MultimodalModel<V, P, D>, Option<FindingsHead>) {
    let scale = optimizer.settings().clip_factor(outcome.gradient_norm);
    optimizer.step(both, gradients, rate_factor, scale)
}
