//! Configuration of a run: TOML files, overrides, defaults of the published run.

mod check;
mod differences;
mod error;
mod layers;
mod settings;

pub use differences::{Difference, differences};
pub use error::ConfigError;
pub use layers::{load, parse};
pub use settings::{
    CheckpointSettings, ComputeType, DataSettings, ExportType, FindingsSettings, ModelSettings,
    PackedType, RunConfig, SyntheticSettings, TrainSettings, WatchSettings,
};
