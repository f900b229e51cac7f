//! Where the model runs: `--device` to a Burn device.

use std::fmt;
use std::str::FromStr;

use burn::tensor::Device;
use serde::{Deserialize, Serialize};

/// A device by name. All names are known to every build; opening one that the build does not
/// contain is an error that says which feature to add.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum DeviceName {
    /// The processor, with Burn's Flex backend and the kernels of `pulse-kernels`.
    #[default]
    Cpu,
    /// An NVIDIA GPU.
    Cuda(usize),
    /// A GPU through Vulkan.
    Vulkan(usize),
    /// Apple's GPU.
    Metal,
    /// An AMD GPU.
    Rocm(usize),
    /// CubeCL's kernels compiled for the processor: to check GPU code without a GPU.
    CubeclCpu,
}

/// Why a device cannot be used.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum DeviceError {
    /// No such name.
    #[error("unknown device {0:?}; expected cpu, cuda:N, vulkan:N, metal, rocm:N or cubecl-cpu")]
    Unknown(String),
    /// The build lacks the device's feature.
    #[error("this build has no support for {device}; build again with --features {feature}")]
    NotBuilt {
        /// The device asked for.
        device: DeviceName,
        /// The cargo feature that brings it.
        feature: &'static str,
    },
    /// The machine lacks the device or its driver.
    #[error("{device} does not answer: {reason}; check that it exists and its driver is installed")]
    NotThere {
        /// The device asked for.
        device: DeviceName,
        /// What happened on first use.
        reason: String,
    },
}

impl FromStr for DeviceName {
    type Err = DeviceError;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let unknown = || DeviceError::Unknown(name.to_owned());
        let (kind, index) = match name.split_once(':') {
            Some((kind, index)) => (kind, Some(index.parse::<usize>().map_err(|_| unknown())?)),
            None => (name, None),
        };
        match (kind, index) {
            ("cpu", None) => Ok(Self::Cpu),
            ("metal", None) => Ok(Self::Metal),
            ("cubecl-cpu", None) => Ok(Self::CubeclCpu),
            ("cuda", index) => Ok(Self::Cuda(index.unwrap_or(0))),
            ("vulkan", index) => Ok(Self::Vulkan(index.unwrap_or(0))),
            ("rocm", index) => Ok(Self::Rocm(index.unwrap_or(0))),
            _ => Err(unknown()),
        }
    }
}

impl fmt::Display for DeviceName {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cpu => out.write_str("cpu"),
            Self::Cuda(index) => write!(out, "cuda:{index}"),
            Self::Vulkan(index) => write!(out, "vulkan:{index}"),
            Self::Metal => out.write_str("metal"),
            Self::Rocm(index) => write!(out, "rocm:{index}"),
            Self::CubeclCpu => out.write_str("cubecl-cpu"),
        }
    }
}

impl From<DeviceName> for String {
    fn from(name: DeviceName) -> Self {
        name.to_string()
    }
}

impl TryFrom<String> for DeviceName {
    type Error = DeviceError;

    fn try_from(name: String) -> Result<Self, Self::Error> {
        name.parse()
    }
}

impl DeviceName {
    /// Opens the device and runs one addition on it, so that a missing driver shows here and not
    /// in the middle of an answer.
    ///
    /// # Errors
    /// [`DeviceError`] if the build or the machine lacks it.
    pub fn open(self) -> Result<Device, DeviceError> {
        let device = self.create()?;
        if self != Self::Cpu {
            self.probe(&device)?;
        }
        Ok(device)
    }

    /// Whether activations run in 16 bits by default: on GPUs, whose matrix units want it.
    pub fn prefers_half_precision(self) -> bool {
        !matches!(self, Self::Cpu | Self::CubeclCpu)
    }

    fn create(self) -> Result<Device, DeviceError> {
        let not_built = |feature| {
            Err(DeviceError::NotBuilt {
                device: self,
                feature,
            })
        };
        match self {
            Self::Cpu => Ok(Device::flex()),
            #[cfg(feature = "cuda")]
            Self::Cuda(index) => guarded(self, || Device::cuda(index)),
            #[cfg(not(feature = "cuda"))]
            Self::Cuda(_) => not_built("cuda"),
            #[cfg(feature = "vulkan")]
            Self::Vulkan(index) => guarded(self, || {
                Device::vulkan(burn::tensor::DeviceKind::DiscreteGpu(index))
            }),
            #[cfg(not(feature = "vulkan"))]
            Self::Vulkan(_) => not_built("vulkan"),
            #[cfg(feature = "metal")]
            Self::Metal => guarded(self, || {
                Device::metal(burn::tensor::DeviceKind::DefaultDevice)
            }),
            #[cfg(not(feature = "metal"))]
            Self::Metal => not_built("metal"),
            #[cfg(feature = "rocm")]
            Self::Rocm(index) => guarded(self, || Device::rocm(index)),
            #[cfg(not(feature = "rocm"))]
            Self::Rocm(_) => not_built("rocm"),
            #[cfg(feature = "cubecl-cpu")]
            Self::CubeclCpu => guarded(self, Device::cpu),
            #[cfg(not(feature = "cubecl-cpu"))]
            Self::CubeclCpu => not_built("cubecl-cpu"),
        }
    }

    fn probe(self, device: &Device) -> Result<(), DeviceError> {
        guarded(self, || {
            let one = burn::tensor::Tensor::<1>::ones([1], device);
            (one.clone() + one).into_data()
        })
        .map(|_| ())
    }
}

/// GPU runtimes report a missing driver by a panic on first use; here it becomes an error.
fn guarded<T>(device: DeviceName, run: impl FnOnce() -> T) -> Result<T, DeviceError> {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(run)).map_err(|panic| {
        let reason = panic
            .downcast_ref::<String>()
            .cloned()
            .or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()))
            .unwrap_or_else(|| "its runtime could not be started".to_owned());
        DeviceError::NotThere { device, reason }
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip_and_others_are_refused() {
        for name in [
            "cpu",
            "cuda:0",
            "cuda:3",
            "vulkan:1",
            "metal",
            "rocm:0",
            "cubecl-cpu",
        ] {
            assert_eq!(name.parse::<DeviceName>().unwrap().to_string(), name);
        }
        assert_eq!("cuda".parse(), Ok(DeviceName::Cuda(0)));
        for name in ["", "gpu", "cuda:", "cuda:x", "cpu:0", "cuda:-1"] {
            assert!(name.parse::<DeviceName>().is_err(), "{name}");
        }
    }

    #[cfg(not(feature = "cuda"))]
    #[test]
    fn a_device_outside_the_build_names_its_feature() {
        let error = DeviceName::Cuda(0).open().unwrap_err().to_string();
        assert!(
            error.contains("cuda:0") && error.contains("--features cuda"),
            "{error}"
        );
    }
}
