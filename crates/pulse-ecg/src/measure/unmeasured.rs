//! Why a value is not given.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Why a measurement is `None`. A wrong number is worse than none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unmeasured {
    /// No P wave is found at the same place before most beats.
    NoPWave,
    /// Regular atrial waves, as in flutter, run through QRS and T.
    FlutterWaves,
    /// The rhythm is fast and regular and shows no P wave: it, or flutter waves, may lie in T and QRS.
    HiddenAtrialWaves,
    /// P begins before T has come down.
    PInT,
    /// No T wave stands out, or it ends at another place in every beat.
    NoTWave,
    /// A second wave stands so near to T that its end, or which of the two it is, cannot be told.
    TMerged,
    /// Lead I or another limb lead is missing, flat, or its name stands twice.
    LimbLeads,
    /// The net area of QRS in the limb leads is too small to have a direction.
    NoDirection,
    /// ST is so far from the baseline that the axis depends on how much of it is counted to QRS.
    StInAxis,
    /// The beats differ: fibrillatory waves or noise are too large for so few beats.
    AxisVaries,
}

impl fmt::Display for Unmeasured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoPWave => "no P wave at the same place before most beats",
            Self::FlutterWaves => "regular atrial waves run through QRS and T",
            Self::HiddenAtrialWaves => {
                "fast and regular without a P wave: atrial waves may lie in T and QRS"
            }
            Self::PInT => "P begins before T has come down",
            Self::NoTWave => "no T wave stands out, or it ends at another place in every beat",
            Self::TMerged => "another wave stands too near to T",
            Self::LimbLeads => "needs lead I and another limb lead, each once and not flat",
            Self::NoDirection => "the net area of QRS is too small to have a direction",
            Self::StInAxis => "ST is shifted so far that the axis depends on where QRS ends",
            Self::AxisVaries => "the axis differs from beat to beat",
        })
    }
}

/// Why the measurements that are `None` are not given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Reasons {
    /// Of [`pr_ms`](super::Measurements::pr_ms) and [`p_ms`](super::Measurements::p_ms).
    pub pr: Option<Unmeasured>,
    /// Of [`qt_ms`](super::Measurements::qt_ms) and both QTc.
    pub qt: Option<Unmeasured>,
    /// Of [`axis_degrees`](super::Measurements::axis_degrees).
    pub axis: Option<Unmeasured>,
}
