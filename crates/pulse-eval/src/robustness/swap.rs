//! Exchanged electrodes.

use pulse_ecg::{Lead, LeadSignal, Recording};
use serde::{Deserialize, Serialize};

/// Two electrodes that were exchanged when the ECG was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum LeadSwap {
    /// Right arm and left arm, the most frequent mistake.
    RightLeftArm,
    /// Left arm and left leg.
    LeftArmLeg,
    /// Chest electrodes 1 and 2.
    V1V2,
}

impl LeadSwap {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::RightLeftArm, Self::LeftArmLeg, Self::V1V2];

    /// Its name, as electrodes are abbreviated.
    pub fn name(self) -> &'static str {
        match self {
            Self::RightLeftArm => "RA/LA",
            Self::LeftArmLeg => "LA/LL",
            Self::V1V2 => "V1/V2",
        }
    }

    /// Which lead shows what another shows in truth, and whether upside down. With the potentials R, L and F of
    /// the limb electrodes: I = L − R, II = F − R, III = F − L, aVR = R − (L + F) / 2 and so on; exchanging two
    /// potentials exchanges or turns leads.
    fn sources(self) -> &'static [(Lead, Lead, bool)] {
        match self {
            Self::RightLeftArm => &[
                (Lead::I, Lead::I, true),
                (Lead::II, Lead::III, false),
                (Lead::III, Lead::II, false),
                (Lead::AVR, Lead::AVL, false),
                (Lead::AVL, Lead::AVR, false),
            ],
            Self::LeftArmLeg => &[
                (Lead::I, Lead::II, false),
                (Lead::II, Lead::I, false),
                (Lead::III, Lead::III, true),
                (Lead::AVL, Lead::AVF, false),
                (Lead::AVF, Lead::AVL, false),
            ],
            Self::V1V2 => &[(Lead::V1, Lead::V2, false), (Lead::V2, Lead::V1, false)],
        }
    }

    /// The recording as it would have been taken. Leads whose source is not there stay as they are.
    pub fn apply(self, recording: &Recording) -> Recording {
        let changed = |signal: &LeadSignal| -> Option<Vec<f32>> {
            let (_, source, is_turned) = self
                .sources()
                .iter()
                .find(|(shown, _, _)| *shown == signal.lead)?;
            let sign = if *is_turned { -1.0 } else { 1.0 };
            let values = recording.lead(source)?;
            Some(values.iter().map(|value| sign * value).collect())
        };
        Recording {
            leads: recording
                .leads
                .iter()
                .map(|signal| LeadSignal {
                    lead: signal.lead.clone(),
                    millivolts: changed(signal).unwrap_or_else(|| signal.millivolts.clone()),
                })
                .collect(),
            ..recording.clone()
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use pulse_ecg::Patient;

    use super::*;

    /// Leads from potentials of the electrodes.
    fn recording([r, l, f, v1, v2]: [f32; 5]) -> Recording {
        let leads = [
            (Lead::I, l - r),
            (Lead::II, f - r),
            (Lead::III, f - l),
            (Lead::AVR, r - (l + f) / 2.0),
            (Lead::AVL, l - (r + f) / 2.0),
            (Lead::AVF, f - (r + l) / 2.0),
            (Lead::V1, v1),
            (Lead::V2, v2),
        ];
        Recording {
            name: "x".to_owned(),
            sampling_rate_hz: 500.0,
            leads: leads
                .into_iter()
                .map(|(lead, value)| LeadSignal {
                    lead,
                    millivolts: vec![value],
                })
                .collect(),
            patient: Patient::default(),
            comments: Vec::new(),
        }
    }

    #[test]
    fn leads_are_those_of_the_exchanged_potentials() {
        let [r, l, f, v1, v2] = [0.5, -1.25, 2.0, 0.25, -0.75];
        let right = recording([r, l, f, v1, v2]);
        for (swap, exchanged) in [
            (LeadSwap::RightLeftArm, [l, r, f, v1, v2]),
            (LeadSwap::LeftArmLeg, [r, f, l, v1, v2]),
            (LeadSwap::V1V2, [r, l, f, v2, v1]),
        ] {
            assert_eq!(swap.apply(&right), recording(exchanged), "{}", swap.name());
            assert_eq!(swap.apply(&swap.apply(&right)), right);
        }
    }
}
