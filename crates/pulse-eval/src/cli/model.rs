//! Which model, where and how.

use clap::Args;
use pulse_llm::checkpoint::{CacheDtype, WeightDtype};
use pulse_llm::hub::HubOptions;
use pulse_llm::{DeviceName, LoadOptions, MergeType, Pulse, PulseError};

#[derive(Args)]
pub(super) struct ModelArguments {
    /// Checkpoint folder or Hub id
    #[arg(long)]
    model: String,
    /// Where to run: cpu, cuda:N, vulkan:N, metal, rocm:N. Several, separated by commas, share the work, each with
    /// its own copy of the weights
    #[arg(long = "device", default_value = "cpu", value_delimiter = ',')]
    devices: Vec<DeviceName>,
    /// Type of the weights: f32 or bf16, on the CPU also q8 or q4, packed at load. Default: as stored on the CPU,
    /// bf16 on GPUs
    #[arg(long)]
    dtype: Option<WeightDtype>,
    /// Type of keys and values in the cache, on the CPU: f32 or bf16. Default: bf16 beside packed weights, else f32
    #[arg(long)]
    cache_dtype: Option<CacheDtype>,
    /// How tiles become a sequence: flat, spatial or spatial_unpad. Default: as config.json says
    #[arg(long)]
    merge: Option<MergeType>,
    /// Conversation template; the benchmark's is llava_v1
    #[arg(long, default_value = "llava_v1")]
    conv_mode: String,
    /// Revision of a model on the Hub: branch, tag or commit
    #[arg(long, default_value = "main")]
    revision: String,
    /// Use only what is in the Hub's cache (also HF_HUB_OFFLINE=1)
    #[arg(long)]
    offline: bool,
}

impl ModelArguments {
    /// Download settings, for data sets.
    pub(super) fn hub(&self) -> HubOptions {
        let environment = HubOptions::from_env();
        HubOptions {
            offline: self.offline || environment.offline,
            ..environment
        }
    }

    /// Loads the model once for each device.
    pub(super) fn load(&self) -> Result<Vec<Pulse>, PulseError> {
        let load = |device: &DeviceName| {
            let options = LoadOptions {
                device: *device,
                dtype: self.dtype,
                cache: self.cache_dtype,
                merge: self.merge,
                template: Some(self.conv_mode.clone()),
                hub: HubOptions {
                    revision: self.revision.clone(),
                    ..self.hub()
                },
                ..LoadOptions::default()
            };
            Pulse::load(&self.model, options)
        };
        self.devices.iter().map(load).collect()
    }
}
