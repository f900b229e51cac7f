//! Configuration of a run: TOML files, overrides, defaults of the published run.

mod error;
mod layers;
mod settings;

pub use error::ConfigError;
pub use layers::{Difference, differences, load, parse};
pub use settings::{
    CheckpointSettings, ComputeType, DataSettings, ExportType, ModelSettings, RunConfig,
    SyntheticSettings, TrainSettings, WatchSettings,
};
