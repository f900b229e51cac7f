//! The model as Burn's learner takes it.
//!
//! The program trains with [`train`](crate::train), because Burn's learner resumes by epoch only and keeps moments
//! in the gradients' type. Whoever wants Burn's metrics, strategies or early stopping wraps the model in a
//! [`LearnableModel`]: the same passes, so the same losses and gradients bit for bit, with Burn's optimiser behind
//! them.

use std::sync::Arc;

use burn::data::dataset::DatasetError;
use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{DType, ExecutionError, Tensor};
use burn_optim::lr_scheduler::module_lr_scheduler::ModuleLearningRate;
use burn_optim::lr_scheduler::{LrScheduler, LrSchedulerRecord};
use burn_optim::{AdamWConfig, GradientsParams, ModuleOptimizer};
use burn_train::metric::{Adaptor, ItemLazy, LossInput};
use burn_train::{InferenceStep, Interrupter, TrainOutput, TrainStep};
use pulse_data::batch::HostBatch;
use pulse_llm::MultimodalModel;
use pulse_llm::decoder::LayeredDecoder;
use pulse_vision::{VisualEncoder, VisualProjector};

use crate::clock::PhaseClock;
use crate::error::TrainError;
use crate::gradients::GradientStore;
use crate::micro::{MicroReport, PassContext, Weight, evaluate, forward_backward};
use crate::optimizer::OptimizerSettings;
use crate::schedule::Schedule;
use crate::trainable::TrainableSet;

/// What a step needs beside model and batch.
#[derive(Debug, Clone)]
pub struct LearnerSettings {
    /// Device (without autodiff), trained parts, longest sequence, vocabulary, recomputation.
    pub context: PassContext,
    /// The trained parameters.
    pub set: TrainableSet,
    /// Micro-batches of an update, the number given to
    /// [`grads_accumulation`](burn_train::SupervisedTraining::grads_accumulation). Burn adds gradients up; each step's are
    /// divided by this, so that the update gets their mean.
    pub accumulation: usize,
    /// Largest norm over all gradients (Burn's own clipping is per tensor); `None`: no clipping.
    pub max_gradient_norm: Option<f64>,
}

/// A [`MultimodalModel`] with what its steps need. Parameters keep their ids and names.
#[derive(Module, Debug)]
pub struct LearnableModel<V: VisualEncoder, P: VisualProjector, D: LayeredDecoder> {
    /// The model.
    pub model: MultimodalModel<V, P, D>,
    #[module(skip)]
    shared: Shared,
}

/// Kept out of the module's own fields: settings, and the handle that a failed step stops the learner with.
#[derive(Clone)]
struct Shared {
    settings: Arc<LearnerSettings>,
    interrupter: Interrupter,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.settings.fmt(out)
    }
}

/// The loss of one batch.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LossReport {
    /// Mean loss over the learnt positions and counts. The loss is 0 if nothing was learnt and no number if the
    /// step failed, which stops the learner.
    pub micro: MicroReport,
}

impl ItemLazy for LossReport {
    fn sync(self) -> Result<Self, ExecutionError> {
        Ok(self)
    }
}

impl Adaptor<LossInput> for LossReport {
    fn adapt(&self) -> LossInput {
        // Metrics are computed on the CPU.
        let loss = Tensor::from_floats([self.micro.loss as f32], &burn::tensor::Device::flex());
        LossInput::new(loss)
    }
}

/// For metrics of one's own.
impl Adaptor<MicroReport> for LossReport {
    fn adapt(&self) -> MicroReport {
        self.micro
    }
}

impl<V: VisualEncoder, P: VisualProjector, D: LayeredDecoder> LearnableModel<V, P, D> {
    /// Wraps a model whose frozen parts are frozen ([`Tune::freeze`](crate::Tune::freeze)). A step that fails ends the
    /// training through `interrupter`, which has to be the learner's
    /// ([`with_interrupter`](burn_train::SupervisedTraining::with_interrupter)): Burn's steps return no errors.
    pub fn new(
        model: MultimodalModel<V, P, D>,
        settings: LearnerSettings,
        interrupter: Interrupter,
    ) -> Self {
        let settings = Arc::new(settings);
        let shared = Shared {
            settings,
            interrupter,
        };
        // Burn's optimiser wants tensors that know of a graph.
        let model = model.train();
        Self { model, shared }
    }

    fn failed(&self, error: TrainError) -> LossReport {
        self.shared.interrupter.fail(DatasetError::new(error));
        LossReport {
            micro: MicroReport {
                loss: f64::NAN,
                ..MicroReport::default()
            },
        }
    }
}

impl<V: VisualEncoder, P: VisualProjector, D: LayeredDecoder> TrainStep
    for LearnableModel<V, P, D>
{
    type Input = HostBatch;
    type Output = LossReport;

    fn step(&self, batch: HostBatch) -> TrainOutput<LossReport> {
        let LearnerSettings {
            context,
            set,
            accumulation,
            ..
        } = &*self.shared.settings;
        // The passes make graphs of their own, block by block.
        let model = self.model.valid();
        let mut store = GradientStore::default();
        let weight = Weight::Mean(1.0 / (*accumulation).max(1) as f64);
        let mut clock = PhaseClock::default();
        let outcome = forward_backward(&model, &batch, weight, context, &mut store, &mut clock);
        let mut grads = GradientsParams::new();
        let item = match outcome {
            Ok(micro) => {
                for place in set.always_updated(model.merge) {
                    store.add_zeros(place.id, place.values(), &context.device);
                }
                model.visit(&mut Registrar {
                    store,
                    grads: &mut grads,
                });
                LossReport { micro }
            }
            Err(error) => self.failed(error),
        };
        TrainOutput { grads, item }
    }

    fn optimize(
        self,
        optimizer: &mut ModuleOptimizer,
        rate: ModuleLearningRate,
        mut grads: GradientsParams,
    ) -> Self {
        if let Some(largest) = self.shared.settings.max_gradient_norm {
            let mut squares = SumOfSquares {
                grads: &grads,
                sum: 0.0,
            };
            self.model.visit(&mut squares);
            let clip = OptimizerSettings {
                max_gradient_norm: Some(largest),
                ..OptimizerSettings::default()
            };
            let factor = clip.clip_factor(squares.sum.sqrt());
            if factor < 1.0 {
                self.model.visit(&mut Scale {
                    grads: &mut grads,
                    factor,
                });
            }
        }
        optimizer.step(rate, self, grads)
    }
}

impl<V: VisualEncoder, P: VisualProjector, D: LayeredDecoder> InferenceStep
    for LearnableModel<V, P, D>
{
    type Input = HostBatch;
    type Output = LossReport;

    fn step(&self, batch: HostBatch) -> LossReport {
        let model = self.model.valid();
        match evaluate(&model, &batch, &self.shared.settings.context) {
            Ok(outcome) => {
                let (sum, learnt) = outcome.unwrap_or((0.0, 0));
                let micro = MicroReport {
                    loss: sum / learnt.max(1) as f64,
                    learnt,
                    rows: batch.rows,
                    ..MicroReport::default()
                };
                LossReport { micro }
            }
            Err(error) => self.failed(error),
        }
    }
}

/// Burn's AdamW with the settings that it has: betas, epsilon, weight decay. Learning rates are the learner's, clipping is
/// [`LearnableModel`]'s, rates and decay of single parameters are Burn's parameter groups.
pub fn burn_adamw(settings: &OptimizerSettings) -> ModuleOptimizer {
    AdamWConfig::new()
        .with_beta_1(settings.betas.0 as f32)
        .with_beta_2(settings.betas.1 as f32)
        .with_epsilon(settings.epsilon as f32)
        .with_weight_decay(settings.weight_decay as f32)
        .init()
}

/// A [`Schedule`] for Burn's learner: learning rate times the factor of the update.
#[derive(Debug, Clone)]
pub struct LearnerSchedule {
    /// The shape.
    pub schedule: Schedule,
    /// Learning rate at its top.
    pub learning_rate: f64,
    /// Updates done.
    pub step: u64,
}

impl LrScheduler for LearnerSchedule {
    fn step(&mut self) -> f64 {
        self.step += 1;
        self.learning_rate * self.schedule.factor(self.step - 1)
    }

    fn to_record(&self) -> LrSchedulerRecord {
        LrSchedulerRecord::new().with_scalar("step", self.step)
    }

    fn load_record(&mut self, record: LrSchedulerRecord) {
        if let Some(step) = record.scalar("step") {
            self.step = step;
        }
    }
}

/// Gives flat gradients their parameters' shapes.
struct Registrar<'a> {
    store: GradientStore,
    grads: &'a mut GradientsParams,
}

impl ModuleVisitor for Registrar<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if let Some(gradient) = self.store.remove(param.id) {
            let shape = param.lazy_shape();
            self.grads
                .register::<D>(param.id, gradient.reshape::<D, _>(shape));
        }
    }
}

struct SumOfSquares<'a> {
    grads: &'a GradientsParams,
    sum: f64,
}

impl ModuleVisitor for SumOfSquares<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if let Some(gradient) = self.grads.get::<D>(param.id) {
            let values = gradient.dims().iter().product::<usize>();
            let flat = gradient.cast(DType::F32).reshape([values]);
            self.sum += pulse_kernels::training::sum_of_squares(&flat);
        }
    }
}

struct Scale<'a> {
    grads: &'a mut GradientsParams,
    factor: f64,
}

impl ModuleVisitor for Scale<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if let Some(gradient) = self.grads.remove::<D>(param.id) {
            self.grads.register(param.id, gradient * self.factor);
        }
    }
}
