//! The statements of a report.

use crate::patients::Finding;

/// What a statement is about; the rate has one of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Topic {
    /// What drives the ventricles, and sinus arrhythmia.
    Rhythm,
    /// Premature beats.
    Ectopy,
    /// AV block and bundle branch blocks.
    Conduction,
    /// Deviation of the frontal QRS axis.
    Axis,
    /// Left ventricular hypertrophy and strain.
    Hypertrophy,
    /// Elevation and depression of the ST segment by wall.
    StSegment,
    /// Q waves of an infarction by wall.
    QWaves,
    /// Prolonged QT interval.
    Qt,
}

/// The word for what cannot be seen.
pub(super) const NOT_ASSESSABLE: &str = "not assessable";
/// Label of the rate's statement.
pub(super) const RATE: &str = "Rate";
/// The topic that the rate follows.
pub(super) const BEFORE_RATE: Topic = Topic::Rhythm;

impl Topic {
    /// All of them in the order of a report.
    pub const ALL: [Self; 8] = [
        Self::Rhythm,
        Self::Ectopy,
        Self::Conduction,
        Self::Axis,
        Self::Hypertrophy,
        Self::StSegment,
        Self::QWaves,
        Self::Qt,
    ];

    /// The topic that names a finding.
    pub fn of(finding: Finding) -> Self {
        let mut topics = Self::ALL.into_iter();
        // Every finding has a topic (tested), so the last resort is never taken.
        topics
            .find(|topic| topic.findings().contains(&finding))
            .unwrap_or(Self::Rhythm)
    }

    /// What a statement about it begins with.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Rhythm => "Rhythm",
            Self::Ectopy => "Ectopy",
            Self::Conduction => "Conduction",
            Self::Axis => "Axis",
            Self::Hypertrophy => "Hypertrophy",
            Self::StSegment => "ST segment",
            Self::QWaves => "Q waves",
            Self::Qt => "QT",
        }
    }

    /// The word for no findings. There is none for the rhythm in practice: an ECG always has one.
    pub(super) const fn none(self) -> &'static str {
        match self {
            Self::Conduction | Self::Axis | Self::StSegment | Self::Qt => "normal",
            Self::Rhythm | Self::Ectopy | Self::Hypertrophy | Self::QWaves => "none",
        }
    }

    /// The findings it can name, in the order in which it names them.
    pub const fn findings(self) -> &'static [Finding] {
        match self {
            Self::Rhythm => &[
                Finding::SinusRhythm,
                Finding::SinusBradycardia,
                Finding::SinusTachycardia,
                Finding::AtrialFibrillation,
                Finding::AtrialFlutter,
                Finding::PacedRhythm,
                Finding::SinusArrhythmia,
            ],
            Self::Ectopy => &[
                Finding::PrematureAtrialContractions,
                Finding::PrematureVentricularContractions,
            ],
            Self::Conduction => &[
                Finding::FirstDegreeAvBlock,
                Finding::LeftBundleBranchBlock,
                Finding::RightBundleBranchBlock,
            ],
            Self::Axis => &[Finding::LeftAxisDeviation, Finding::RightAxisDeviation],
            Self::Hypertrophy => &[
                Finding::LeftVentricularHypertrophy,
                Finding::LeftVentricularStrain,
            ],
            Self::StSegment => &[
                Finding::AnteriorStElevation,
                Finding::SeptalStElevation,
                Finding::LateralStElevation,
                Finding::InferiorStElevation,
                Finding::AnteriorStDepression,
                Finding::SeptalStDepression,
                Finding::LateralStDepression,
                Finding::InferiorStDepression,
            ],
            Self::QWaves => &[
                Finding::AnteriorQWaveInfarction,
                Finding::SeptalQWaveInfarction,
                Finding::LateralQWaveInfarction,
                Finding::InferiorQWaveInfarction,
            ],
            Self::Qt => &[Finding::LongQt],
        }
    }
}
