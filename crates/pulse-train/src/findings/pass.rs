//! Forward and backward pass of the head over a micro-batch.

use burn::module::Module;
use burn::tensor::{DType, Device, Tensor, TensorData};
use pulse_data::batch::HostBatch;
use pulse_kernels::training::inject_gradient;
use pulse_vision::VisualEncoder;

use super::head::FindingsHead;
use super::loss::loss;
use super::task::FindingsTask;
use crate::clock::{Phase, PhaseClock};
use crate::error::TrainError;
use crate::gradients::GradientStore;
use crate::micro::{MicroReport, PassContext};

/// A head and what it is taught.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Supervision<'a> {
    pub(crate) head: &'a FindingsHead,
    pub(crate) task: &'a FindingsTask,
}

/// The start of the head's backward pass, inside of the graph of the features.
pub(crate) struct Supervised {
    /// The mean loss over the rows, without weight.
    pub(crate) loss: f64,
    /// A zero whose backward pass brings gradients to features and head.
    pub(crate) start: Tensor<1>,
    /// The head inside of the graph.
    pub(crate) head: FindingsHead,
}

/// Loss of the head over features `[tiles of all rows, per_tile, width]` that belong to a graph; the gradient has the
/// task's weight times `factor`.
pub(crate) fn supervise(
    supervision: Supervision<'_>,
    batch: &HostBatch,
    features: Tensor<3>,
    factor: f64,
) -> Result<Supervised, TrainError> {
    check_tiles(supervision.head, batch)?;
    let targets = supervision.task.targets(batch)?;
    let head = supervision.head.clone().train();
    let outputs = head.forward(features);
    let [rows, width] = outputs.dims();
    let (loss, mut gradient) = loss(&host(outputs.clone().inner())?, &targets);
    let weight = (supervision.task.weight * factor) as f32;
    gradient.iter_mut().for_each(|value| *value *= weight);
    let device = outputs.clone().inner().device();
    let data = TensorData::new(gradient, [rows, width]);
    let gradient = Tensor::<2>::from_data(data, (&device, DType::F32));
    Ok(Supervised {
        loss,
        start: inject_gradient(outputs, gradient),
        head,
    })
}

/// Loss and gradients of a micro-batch without conversations: tower and head alone.
pub(crate) fn forward_backward<V: VisualEncoder>(
    encoder: &V,
    supervision: Supervision<'_>,
    batch: &HostBatch,
    factor: f64,
    context: &PassContext,
    store: &mut GradientStore,
    clock: &mut PhaseClock,
) -> Result<MicroReport, TrainError> {
    let mut report = MicroReport {
        rows: batch.rows,
        ..MicroReport::default()
    };
    if batch.is_empty() {
        return Ok(report);
    }
    clock.enter(Phase::Forward);
    let pixels = pixels(batch, &context.device);
    let trained = context.tune.encoder.then(|| encoder.clone().train());
    let features = match &trained {
        Some(encoder) => encoder.encode(Tensor::from_inner(pixels)),
        None => Tensor::from_inner(encoder.encode(pixels)),
    };
    let [tiles, per_tile, _] = features.dims();
    let supervised = supervise(supervision, batch, features, factor)?;
    clock.enter(Phase::Backward);
    let mut gradients = supervised.start.backward();
    if let Some(encoder) = &trained {
        store.collect(encoder, &mut gradients);
    }
    store.collect(&supervised.head, &mut gradients);
    report.loss = supervision.task.weight * supervised.loss;
    report.learnt = batch.rows;
    report.positions = tiles * per_tile;
    report.visual = tiles * per_tile;
    Ok(report)
}

/// The head's outputs of a batch without gradients, `[rows, Outputs::count()]` in row-major order.
pub(crate) fn outputs_of<V: VisualEncoder>(
    encoder: &V,
    head: &FindingsHead,
    batch: &HostBatch,
    device: &Device,
) -> Result<Vec<f32>, TrainError> {
    check_tiles(head, batch)?;
    host(head.forward(encoder.encode(pixels(batch, device))))
}

/// `[tiles, 3, side, side]` of a batch.
pub(crate) fn pixels(batch: &HostBatch, device: &Device) -> Tensor<4> {
    let (tiles, side) = (batch.tiles(), batch.tile_side);
    let data = TensorData::new(batch.pixel_values.clone(), [tiles, 3, side, side]);
    Tensor::from_data(data, (device, DType::F32))
}

fn host(outputs: Tensor<2>) -> Result<Vec<f32>, TrainError> {
    let values = outputs.into_data().try_into_vec::<f32>();
    values.map_err(|error| TrainError::Nothing(format!("the device gave no outputs: {error:?}")))
}

/// The head knows pages of one grid.
fn check_tiles(head: &FindingsHead, batch: &HostBatch) -> Result<(), TrainError> {
    let expected = head.shape().tiles;
    let odd = batch
        .tile_counts
        .iter()
        .position(|count| *count != expected);
    match odd {
        None => Ok(()),
        Some(row) => Err(TrainError::Data(format!(
            "sample {}: {} tiles, the head of [findings] expects {expected}; all pages must fall on the largest \
             canvas of image_grid_pinpoints",
            batch.ids[row], batch.tile_counts[row]
        ))),
    }
}
