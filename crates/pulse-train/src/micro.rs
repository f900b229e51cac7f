//! Forward and backward pass of one micro-batch.

use burn::tensor::Device;
use pulse_data::batch::HostBatch;
use pulse_kernels::training::sum_rows;
use pulse_llm::MultimodalModel;
use pulse_llm::decoder::LayeredDecoder;
use pulse_vision::{VisualEncoder, VisualProjector, VisualTokens};

use crate::clock::{Phase, PhaseClock};
use crate::error::TrainError;
use crate::findings::{self, Supervision};
use crate::front::{Front, indices};
use crate::gradients::GradientStore;
use crate::sequence::SequencePlan;
use crate::trainable::Tune;
use crate::{blocks, head};

/// What a pass needs to know beside model and data.
#[derive(Debug, Clone)]
pub struct PassContext {
    /// Where the model lies.
    pub device: Device,
    /// Which parts get gradients.
    pub tune: Tune,
    /// Longest sequence, pictures expanded.
    pub max_length: usize,
    /// Number of ids of the model.
    pub vocabulary: usize,
    /// Whether the decoder's blocks are computed again in the backward pass instead of kept.
    pub recompute: bool,
}

/// What became of one micro-batch.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct MicroReport {
    /// Mean loss over the learnt positions; 0 if there are none.
    pub loss: f64,
    /// Learnt positions.
    pub learnt: usize,
    /// Positions without padding.
    pub positions: usize,
    /// Visual tokens among them.
    pub visual: usize,
    /// Rows.
    pub rows: usize,
    /// Positions with padding: what was computed.
    pub computed: usize,
}

/// Labels left in a batch after the shift, without running anything: the denominator of
/// token-weighted accumulation.
pub(crate) fn learnt_positions(batch: &HostBatch) -> usize {
    // The first position of a row predicts nothing; it is the begin mark and never learnt.
    batch
        .labels
        .iter()
        .zip(&batch.attention_mask)
        .filter(|(label, is_real)| **is_real && **label >= 0)
        .count()
}

/// How a micro-batch's mean loss counts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Weight {
    /// Its mean times this, `1 / micro-batches` for the plain mean of the reference.
    Mean(f64),
    /// Its sum of losses times this, `1 / learnt positions of the step`.
    Sum(f64),
}

/// Loss and gradients of a micro-batch: `weight` times them is added to the store.
///
/// A batch without anything to learn runs nothing and adds exactly nothing. The loss is the mean of
/// the cross-entropy over the learnt positions of all rows, in f32 (`LlamaForCausalLM.forward`).
///
/// # Errors
/// [`TrainError`] if ids, pictures and marks do not fit. A loss that is no number is not an error
/// here: the caller knows the step.
pub fn forward_backward<V: VisualEncoder, P: VisualProjector, D: LayeredDecoder>(
    model: &MultimodalModel<V, P, D>,
    batch: &HostBatch,
    weight: Weight,
    context: &PassContext,
    store: &mut GradientStore,
    clock: &mut PhaseClock,
) -> Result<MicroReport, TrainError> {
    supervised_forward_backward(model, batch, weight, context, None, store, clock)
}

/// As [`forward_backward`], with a head of findings beside the decoder or alone.
pub(crate) fn supervised_forward_backward<
    V: VisualEncoder,
    P: VisualProjector,
    D: LayeredDecoder,
>(
    model: &MultimodalModel<V, P, D>,
    batch: &HostBatch,
    weight: Weight,
    context: &PassContext,
    supervision: Option<Supervision<'_>>,
    store: &mut GradientStore,
    clock: &mut PhaseClock,
) -> Result<MicroReport, TrainError> {
    let factor = match weight {
        Weight::Mean(factor) => factor,
        // The settings refuse a head with averages over tokens.
        Weight::Sum(_) => 1.0,
    };
    if let Some(supervision) = supervision.filter(|one| !one.task.language) {
        let encoder = &model.encoder;
        return findings::forward_backward(
            encoder,
            supervision,
            batch,
            factor,
            context,
            store,
            clock,
        );
    }
    if batch.is_empty() || learnt_positions(batch) == 0 {
        return Ok(MicroReport {
            rows: batch.rows,
            ..MicroReport::default()
        });
    }
    clock.enter(Phase::Forward);
    let device = &context.device;
    let front = Front::of(model, context.tune);
    let features = front.features(model, batch, device);
    let supervised = match (supervision, features.clone()) {
        (Some(supervision), Some(features)) => {
            Some(findings::supervise(supervision, batch, features, factor)?)
        }
        _ => None,
    };
    let pictures = front.visual_tokens(model, batch, features)?;
    let counts: Vec<usize> = pictures.iter().map(VisualTokens::count).collect();
    let plan = SequencePlan::new(batch, &counts, context.max_length, context.vocabulary)?;
    let mut report = MicroReport {
        loss: 0.0,
        learnt: plan.targets.len(),
        positions: plan.positions,
        visual: plan.visual,
        rows: plan.rows,
        computed: plan.rows * plan.width,
    };
    if plan.is_masked() {
        return Ok(report);
    }
    let assembled = front.assemble(&plan, pictures, device);
    let positions = model.decoder.positions(plan.width, device);
    let forward = blocks::forward(
        &model.decoder,
        assembled.embeddings.clone().inner(),
        &positions,
        context.recompute,
    );
    let [rows, width, hidden] = forward.output.dims();
    let learnt = indices(&plan.supervised, device);
    let flat = forward.output.clone().reshape([rows * width, hidden]);
    let states = flat.select(0, learnt);
    clock.enter(Phase::Backward);
    let scale = match weight {
        Weight::Mean(factor) => factor / plan.targets.len() as f64,
        Weight::Sum(factor) => factor,
    };
    let (sum, gradient) = head::loss(&model.decoder, states, &plan.targets, scale, store);
    report.loss = sum / plan.targets.len() as f64;
    let gradient =
        sum_rows(gradient, &plan.supervised, rows * width).reshape([rows, width, hidden]);
    let gradient = blocks::backward(&model.decoder, forward, gradient, &positions, store);
    if let (Some(supervised), Some(supervision)) = (&supervised, supervision) {
        report.loss += supervision.task.weight * supervised.loss;
    }
    front.backward(assembled, &plan, gradient, supervised, store);
    Ok(report)
}

/// The mean loss of a batch without gradients, for validation; `None` if nothing is learnt in it.
///
/// # Errors
/// As [`forward_backward`].
pub fn evaluate<V: VisualEncoder, P: VisualProjector, D: LayeredDecoder>(
    model: &MultimodalModel<V, P, D>,
    batch: &HostBatch,
    context: &PassContext,
) -> Result<Option<(f64, usize)>, TrainError> {
    if batch.is_empty() || learnt_positions(batch) == 0 {
        return Ok(None);
    }
    let device = &context.device;
    let front = Front::of(model, Tune::NOTHING);
    let features = front.features(model, batch, device);
    let pictures = front.visual_tokens(model, batch, features)?;
    let counts: Vec<usize> = pictures.iter().map(VisualTokens::count).collect();
    let plan = SequencePlan::new(batch, &counts, context.max_length, context.vocabulary)?;
    if plan.is_masked() {
        return Ok(None);
    }
    let mut hidden = front.assemble(&plan, pictures, device).embeddings;
    let positions = model.decoder.positions(plan.width, device);
    for block in model.decoder.blocks() {
        hidden = D::run_block(block, hidden, &positions);
    }
    let [rows, width, size] = hidden.dims();
    let flat = hidden.reshape([rows * width, size]);
    let states = flat.select(0, indices(&plan.supervised, device));
    let sum = head::sum_of_losses(&model.decoder, states, &plan.targets);
    Ok(Some((sum, plan.targets.len())))
}
