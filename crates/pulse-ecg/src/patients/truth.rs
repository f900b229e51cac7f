//! What is true of a synthetic ECG because it was built that way.

use serde::{Deserialize, Serialize};

/// What started a ventricular beat.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BeatKind {
    /// The sinus node.
    Sinus,
    /// A premature beat of the atria.
    PrematureAtrial,
    /// A premature beat of the ventricles.
    PrematureVentricular,
    /// Fibrillating atria.
    Fibrillation,
    /// Fluttering atria.
    Flutter,
    /// A ventricular pacemaker.
    Paced,
}

/// One ventricular beat; times in seconds from the start of the recording. Onsets may lie before the start
/// and ends after the end of the recording.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Beat {
    /// Peak of the heart vector in QRS (the R peak of a multi-lead detector).
    pub time_s: f64,
    /// What started it.
    pub kind: BeatKind,
    /// Onset of its P wave, if it has one.
    pub p_onset_s: Option<f64>,
    /// Onset of QRS.
    pub qrs_onset_s: f64,
    /// End of QRS.
    pub qrs_offset_s: f64,
    /// End of the T wave.
    pub t_end_s: f64,
}

/// Measurements that hold by construction, for the dominant beat; nothing here is read from the signal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrueMeasurements {
    /// 60 over the mean RR interval of all ventricular beats inside the recording, per minute.
    pub rate_bpm: f64,
    /// Onset of P to onset of QRS; `None` without P waves.
    pub pr_ms: Option<f64>,
    /// Duration of QRS.
    pub qrs_ms: f64,
    /// Onset of QRS to the end of T (tangent at the steepest fall).
    pub qt_ms: f64,
    /// QT after Bazett at `rate_bpm` of the plan.
    pub qtc_ms: f64,
    /// QT after Fridericia at the same rate.
    pub qtc_fridericia_ms: f64,
    /// Frontal axis of the net QRS area, degrees.
    pub axis_degrees: f64,
    /// S in V1 plus the larger R of V5 and V6 (Sokolow and Lyon 1949), millivolts.
    pub sokolow_lyon_mv: f64,
    /// Every ventricular beat whose peak lies inside the recording, in order.
    pub beats: Vec<Beat>,
}
