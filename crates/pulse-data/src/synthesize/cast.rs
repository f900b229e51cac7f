//! Who is in which set.

use rand::Rng;

use super::random::{below, generator, shuffle};

/// A set of conversations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Split {
    Train,
    Valid,
    Test,
}

/// One recording to be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Part {
    /// Number of the conversation over all sets.
    pub(super) sample: u64,
    /// Number of the patient.
    pub(super) patient: u64,
    /// Number of the recording, from 0 for each patient.
    pub(super) recording: u64,
    pub(super) split: Split,
}

/// Most recordings of one patient.
const MOST: usize = 3;

/// Gives every patient one to three recordings until there are `count`, and every patient one set: with
/// three patients or more no set is empty whose share is not.
pub(super) fn cast(seed: u64, count: u64, valid_share: f64, test_share: f64) -> Vec<Part> {
    let mut rng = generator(seed, "cast", 0);
    let mut parts: Vec<Part> = Vec::new();
    let mut patients = 0;
    while (parts.len() as u64) < count {
        let recordings = 1 + below(&mut rng, MOST) as u64;
        for recording in 0..recordings.min(count - parts.len() as u64) {
            parts.push(Part {
                sample: parts.len() as u64,
                patient: patients,
                recording,
                split: Split::Train,
            });
        }
        patients += 1;
    }
    let splits = splits(&mut rng, patients as usize, valid_share, test_share);
    for part in &mut parts {
        part.split = splits[part.patient as usize];
    }
    parts
}

fn splits(rng: &mut impl Rng, patients: usize, valid_share: f64, test_share: f64) -> Vec<Split> {
    let share = |share: f64| match share > 0.0 && patients >= 3 {
        true => ((patients as f64 * share) as usize).max(1),
        false => 0,
    };
    let (valid, test) = (share(valid_share), share(test_share));
    let mut splits = vec![Split::Train; patients];
    splits[..valid].fill(Split::Valid);
    splits[valid..valid + test].fill(Split::Test);
    shuffle(rng, &mut splits);
    splits
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn patients_are_in_one_set_and_no_set_is_empty() {
        for (seed, count) in [(0, 6), (1, 100), (2, 1000)] {
            let parts = cast(seed, count, 0.05, 0.05);
            assert_eq!(parts.len() as u64, count);
            let mut of_patient = BTreeMap::new();
            for part in &parts {
                let split = of_patient.entry(part.patient).or_insert(part.split);
                assert_eq!(*split, part.split);
            }
            for split in [Split::Train, Split::Valid, Split::Test] {
                assert!(
                    parts.iter().any(|part| part.split == split),
                    "{count} {split:?}"
                );
            }
        }
        assert!(
            cast(0, 10, 0.0, 0.0)
                .iter()
                .all(|part| part.split == Split::Train)
        );
        assert_eq!(cast(0, 1, 0.05, 0.05).len(), 1);
    }
}
