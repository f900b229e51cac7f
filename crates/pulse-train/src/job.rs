//! Everything a run needs, opened and checked before its first update.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use burn::tensor::{DType, Device};
use pulse_data::synthesize::TRUTH_FILE;
use pulse_llm::checkpoint::WeightDtype;
use pulse_llm::hub::{HubOptions, ModelSource, fetch_model};
use pulse_llm::text::Tokenizer;
use pulse_llm::{LoadOptions, LoadedModel, ModelConfig, PulseError, PulseModel};
use pulse_vision::{Preprocessor, SelectedFeature};

use crate::checkpoint::{
    CheckpointError, ModelFiles, RunState, SavedRun, checkpoints, clean, latest, read,
};
use crate::config::{ComputeType, RunConfig, differences};
use crate::data::{RunData, max_length};
use crate::error::TrainError;
use crate::findings::{FindingsHead, FindingsTask, HeadShape, Supervision, load_head};
use crate::flops::ModelFlops;
use crate::micro::PassContext;
use crate::optimizer::Optimizer;
use crate::schedule::Schedule;
use crate::trainable::{TrainableSet, Tune};

/// Where a run begins.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Resume {
    /// At the base model. Refused if the run's folder has checkpoints.
    #[default]
    Never,
    /// At the newest checkpoint of the run's folder.
    Latest,
    /// At this checkpoint.
    Folder(PathBuf),
}

/// A run that is ready.
pub struct Job {
    /// The settings.
    pub config: RunConfig,
    /// The model.
    pub model: PulseModel,
    /// The head of findings, where they are taught.
    pub head: Option<FindingsHead>,
    /// What it is taught.
    pub findings: Option<FindingsTask>,
    /// The model's architecture and settings.
    pub model_config: ModelConfig,
    /// Pictures to tiles.
    pub preprocessor: Preprocessor,
    /// Type of hidden states.
    pub activations: DType,
    /// The tokenizer.
    pub tokenizer: Tokenizer,
    /// Trained and frozen parameters.
    pub set: TrainableSet,
    /// The optimiser, restored if the run is resumed.
    pub optimizer: Optimizer,
    /// The data.
    pub data: RunData,
    /// Step, place and schedule.
    pub state: RunState,
    /// Files that go into every checkpoint.
    pub files: Arc<ModelFiles>,
    /// What a pass needs to know.
    pub context: PassContext,
    /// Counts arithmetic.
    pub flops: ModelFlops,
    /// Held while the run goes on, so that no second one writes into its folder.
    _lock: File,
}

impl Job {
    /// Opens a run.
    ///
    /// # Errors
    /// [`TrainError`] for anything that is missing, damaged or contradictory; resuming with other
    /// settings, data or architecture is refused with what changed.
    pub fn open(config: RunConfig, resume: &Resume) -> Result<Self, TrainError> {
        let run = config.checkpoint.folder.clone();
        let lock = lock(&run)?;
        clean(&run)?;
        let saved = find_saved(&run, resume)?;
        if let Some(saved) = &saved {
            check_settings(saved, &config)?;
        }
        let folder = match &saved {
            Some(saved) => saved.path.clone(),
            None => base_folder(&config.model.base)?,
        };
        let tokenizer = Tokenizer::from_folder(&folder).map_err(PulseError::from)?;
        let loaded = load_model(&folder, &config)?;
        let vocabulary = loaded.config.decoder.vocab_size;
        if tokenizer.vocab_size() > vocabulary {
            return Err(PulseError::Vocabulary {
                tokenizer: tokenizer.vocab_size(),
                model: vocabulary,
            }
            .into());
        }
        let files = Arc::new(ModelFiles::of(
            &folder,
            &loaded.config,
            config.checkpoint.dtype,
        )?);
        let tune = Tune::of(&config.model.tune);
        let data = RunData::open(&config, &loaded, &tokenizer)?;
        let context = PassContext {
            device: loaded.device.clone(),
            tune,
            max_length: max_length(&config.data, &loaded),
            vocabulary,
            recompute: config.train.recompute,
        };
        // Nothing else may hold the weights, or updates would write a second copy of them.
        let LoadedModel {
            model,
            config: model_config,
            preprocessor,
            activations,
            ..
        } = loaded;
        let mut model = tune.freeze(model);
        let set = TrainableSet::new(&model, &model_config, tune)?;
        let (findings, head) = open_findings(&config, &model_config, &folder, &context.device)?;
        let set = match &head {
            Some(head) => set.with_head(head),
            None => set,
        };
        let mut optimizer = Optimizer::new(config.train.optimizer(), &set);
        let state = match &saved {
            Some(saved) => {
                check_data(saved, &data, &files)?;
                data.loader.check(saved.state.cursor)?;
                model = saved.restore(model, &mut optimizer, set.all(), &context.device)?;
                saved.state.clone()
            }
            None => fresh_state(&config, &data, &files),
        };
        let flops = ModelFlops::of(&model_config, tune);
        Ok(Self {
            config,
            model,
            head,
            findings,
            model_config,
            preprocessor,
            activations,
            tokenizer,
            set,
            optimizer,
            data,
            state,
            files,
            context,
            flops,
            _lock: lock,
        })
    }
}

impl Job {
    /// The head with what it is taught.
    pub(crate) fn supervision(&self) -> Option<Supervision<'_>> {
        let (head, task) = (self.head.as_ref()?, self.findings.as_ref()?);
        Some(Supervision { head, task })
    }
}

/// What is taught to which head, if the settings say so: the one of the base model or checkpoint, or a new one.
fn open_findings(
    config: &RunConfig,
    model: &ModelConfig,
    folder: &Path,
    device: &Device,
) -> Result<(Option<FindingsTask>, Option<FindingsHead>), TrainError> {
    let Some(settings) = &config.findings else {
        return Ok((None, None));
    };
    let beside = truth_path(config)?;
    let task = FindingsTask::open(settings, settings.truth.as_ref().unwrap_or(&beside))?;
    let side = model.vision.image_size as u64;
    let canvases = model.pinpoints.iter();
    let most = canvases.map(|size| size.pixels() / (side * side)).max();
    let shape = HeadShape {
        tiles: 1 + most.unwrap_or(0) as usize,
        per_tile: model.vision.patches_per_side().pow(2)
            + usize::from(model.selection.feature == SelectedFeature::ClsPatch),
        width: model.vision.hidden_size,
        queries: settings.queries,
        hidden: settings.hidden,
    };
    let head = load_head(folder, shape, config.train.seed, device)?;
    Ok((Some(task), Some(head)))
}

/// The truths that `pulse-data synthesize` writes beside its conversations.
fn truth_path(config: &RunConfig) -> Result<PathBuf, TrainError> {
    let data = &config.data;
    let folder = match (&data.synthetic, &data.conversations) {
        (Some(synthetic), _) => Some(synthetic.folder.as_path()),
        (None, Some(conversations)) => conversations.parent(),
        (None, None) => None,
    };
    let folder = folder.ok_or_else(|| TrainError::Data("data.conversations is missing".into()))?;
    Ok(folder.join(TRUTH_FILE))
}

/// Takes the run's folder for this process.
fn lock(run: &Path) -> Result<File, TrainError> {
    let path = run.join("run.lock");
    let failed = |source| TrainError::File {
        path: path.clone(),
        source,
    };
    std::fs::create_dir_all(run).map_err(failed)?;
    let file = File::create(&path).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(std::fs::TryLockError::WouldBlock) => Err(TrainError::Nothing(format!(
            "another process trains in {}; wait for it or set checkpoint.folder to another place",
            run.display()
        ))),
        Err(std::fs::TryLockError::Error(error)) => Err(failed(error)),
    }
}

fn find_saved(run: &Path, resume: &Resume) -> Result<Option<SavedRun>, TrainError> {
    match resume {
        Resume::Never => {
            if let Some(newest) = checkpoints(run)?.pop() {
                return Err(TrainError::Nothing(format!(
                    "{} has checkpoints up to update {}; go on with --resume, or start anew elsewhere \
                     with --set checkpoint.folder=FOLDER",
                    run.display(),
                    newest.step
                )));
            }
            Ok(None)
        }
        Resume::Latest => Ok(Some(read(&latest(run)?.path)?)),
        Resume::Folder(path) => Ok(Some(read(path)?)),
    }
}

fn check_settings(saved: &SavedRun, config: &RunConfig) -> Result<(), TrainError> {
    let changed = differences(&saved.config, config)?;
    if changed.is_empty() {
        return Ok(());
    }
    let lines: Vec<String> = changed
        .iter()
        .map(|one| format!("{} was {} and is {}", one.key, one.then, one.now))
        .collect();
    Err(CheckpointError::OtherRun {
        path: saved.path.clone(),
        differences: lines.join("; "),
    }
    .into())
}

fn check_data(saved: &SavedRun, data: &RunData, files: &ModelFiles) -> Result<(), CheckpointError> {
    let mut changed = Vec::new();
    if saved.state.architecture != files.architecture {
        changed.push(format!(
            "the model was {} and is {}",
            saved.state.architecture, files.architecture
        ));
    }
    if saved.state.data_digest != data.digest {
        changed.push(format!(
            "the conversations changed (BLAKE3 {} before, {} now)",
            saved.state.data_digest, data.digest
        ));
    }
    if changed.is_empty() {
        return Ok(());
    }
    Err(CheckpointError::OtherRun {
        path: saved.path.clone(),
        differences: changed.join("; "),
    })
}

/// A folder, or the local copy of a Hub model.
pub(crate) fn base_folder(base: &str) -> Result<PathBuf, TrainError> {
    match ModelSource::parse(base).map_err(PulseError::from)? {
        ModelSource::Folder(folder) => Ok(folder),
        ModelSource::Hub(id) => {
            let snapshot = fetch_model(&id, &HubOptions::from_env()).map_err(PulseError::from)?;
            Ok(snapshot.folder)
        }
    }
}

fn load_model(folder: &Path, config: &RunConfig) -> Result<LoadedModel, TrainError> {
    let options = LoadOptions {
        device: config.model.device,
        dtype: Some(match config.model.compute {
            ComputeType::F32 => WeightDtype::F32,
            ComputeType::Bf16 => WeightDtype::Bf16,
        }),
        merge: config.model.merge,
        rope_rounding: config.model.rope_rounding,
        template: Some(config.data.template.clone()),
        ..LoadOptions::default()
    };
    Ok(LoadedModel::load(folder, &options)?)
}

/// Updates of a run: the passes over the data in whole updates of an epoch, as the reference counts
/// (`ceil(epochs · floor(batches / accumulation))`, at least one an epoch).
pub(crate) fn total_steps(config: &RunConfig, batches_per_epoch: usize) -> u64 {
    let per_epoch = (batches_per_epoch / config.train.accumulation).max(1);
    let from_epochs = (config.train.epochs * per_epoch as f64).ceil() as u64;
    config.train.max_steps.unwrap_or(from_epochs).max(1)
}

fn fresh_state(config: &RunConfig, data: &RunData, files: &ModelFiles) -> RunState {
    let total = total_steps(config, data.loader.steps_per_epoch());
    RunState {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        step: 0,
        schedule: Schedule::with_ratio(config.train.schedule, total, config.train.warmup_ratio),
        cursor: data.loader.start(),
        data_digest: data.digest.clone(),
        architecture: files.architecture.clone(),
        smoothed_loss: None,
        validation_loss: None,
        best: None,
        masked: 0,
        dropped: 0,
        learnt: 0,
        updates: std::collections::BTreeMap::new(),
    }
}
