//! Which events are beats and which are T waves.

use std::collections::BTreeMap;

use super::peaks::quantile;

/// Nothing beats twice within this time, seconds.
const REFRACTORY_S: f64 = 0.22;
/// A weaker event within this time after a QRS is its T wave, seconds.
const T_WAVE_S: f64 = 0.36;
/// Until here, seconds, an event is the T wave when it is much less steep than the QRS before it; T waves of
/// wide complexes are large and late.
const LATE_T_WAVE_S: f64 = 0.52;
/// Share of the steepness of the QRS before it that makes such an event a beat (Pan and Tompkins: one half).
const STEEP: f64 = 0.5;
/// No QRS is less steep than this share of the others; f waves, flutter waves and most T waves are.
const LEAST_STEEP: f64 = 0.33;
/// An event that is so much stronger than what other beats have in its place is no T wave.
const UNUSUAL: f64 = 2.2;
/// Share of the typical peak that counts as a beat.
const THRESHOLD: f64 = 0.34;
/// So many beats say what is usual; comparing every pair of a long recording would not end.
const TYPICAL_BEATS: usize = 60;

/// Everything that could be a beat.
pub(super) struct Events {
    /// Energy in the band of QRS, by sample.
    pub(super) feature: Vec<f64>,
    /// Samples at which it is largest, ascending.
    pub(super) candidates: Vec<usize>,
    /// Largest change of all leads over 8 ms near each candidate.
    pub(super) steepness: BTreeMap<usize, f64>,
    /// Feature of a typical beat.
    pub(super) level: f64,
    /// Samples per second.
    pub(super) rate: f64,
}

impl Events {
    fn steep(&self, event: usize) -> f64 {
        self.steepness.get(&event).copied().unwrap_or(0.0)
    }

    /// Events that are beats.
    pub(super) fn accept(&self) -> Vec<usize> {
        let feature = &self.feature;
        let strong = |i: &&usize| feature[**i] > THRESHOLD * self.level;
        let mut beats: Vec<usize> = Vec::new();
        for &candidate in self.candidates.iter().filter(strong) {
            let Some(&last) = beats.last() else {
                beats.push(candidate);
                continue;
            };
            if self.apart_s(last, candidate) < REFRACTORY_S {
                if feature[candidate] > feature[last] {
                    beats.pop();
                    beats.push(candidate);
                }
            } else if !self.is_t_wave(last, candidate) {
                beats.push(candidate);
            }
        }
        beats
    }

    fn apart_s(&self, first: usize, second: usize) -> f64 {
        (second - first) as f64 / self.rate
    }

    /// Whether an event is the T wave of the beat before it: weaker or less steep than that, and as strong as
    /// what other beats have in the same place. A premature ventricular beat is not very steep either, but
    /// stronger than the T wave on which it falls.
    fn is_t_wave(&self, last: usize, event: usize) -> bool {
        let apart_s = self.apart_s(last, event);
        if apart_s > LATE_T_WAVE_S {
            return false;
        }
        let feature = &self.feature;
        let is_steep = self.steep(event) > STEEP * self.steep(last);
        if is_steep && (apart_s > T_WAVE_S || feature[event] > 0.55 * feature[last]) {
            return false;
        }
        let stands_out = feature[event] > UNUSUAL * self.usual_after(event - last);
        !(stands_out && self.steep(event) > LEAST_STEEP * self.steep(last))
    }

    /// Median of the largest feature within 40 ms of a distance behind typical beats.
    fn usual_after(&self, distance: usize) -> f64 {
        let near = (0.04 * self.rate) as usize;
        let behind = self
            .candidates
            .iter()
            .filter(|&&i| self.feature[i] > 0.7 * self.level)
            .take(TYPICAL_BEATS)
            .filter_map(|&i| {
                let from = (i + distance).saturating_sub(near);
                let place = self.feature.get(from..from + 2 * near)?;
                Some(place.iter().copied().fold(0.0, f64::max))
            });
        quantile(&behind.collect::<Vec<_>>(), 0.5)
    }

    /// Looks again, with half the threshold, where a beat is missing.
    pub(super) fn search_back(&self, beats: &mut Vec<usize>) {
        let intervals: Vec<f64> = beats
            .windows(2)
            .map(|pair| (pair[1] - pair[0]) as f64)
            .collect();
        if intervals.is_empty() {
            return;
        }
        let usual = quantile(&intervals, 0.5);
        let steep = quantile(
            &beats.iter().map(|&i| self.steep(i)).collect::<Vec<_>>(),
            0.5,
        );
        let guard = (T_WAVE_S * self.rate) as usize;
        let mut found = Vec::new();
        for pair in beats.windows(2) {
            if (pair[1] - pair[0]) as f64 > 1.66 * usual {
                let missed = self
                    .candidates
                    .iter()
                    .copied()
                    .filter(|&i| i > pair[0] + guard && i + guard < pair[1])
                    .filter(|&i| self.feature[i] > 0.5 * THRESHOLD * self.level)
                    .filter(|&i| self.steep(i) > LEAST_STEEP * steep)
                    .max_by(|a, b| self.feature[*a].total_cmp(&self.feature[*b]));
                found.extend(missed);
            }
        }
        beats.extend(found);
        beats.sort_unstable();
    }

    /// The T wave of a beat before the recording has no QRS before it that would tell what it is.
    pub(super) fn drop_first_t_wave(&self, beats: &mut Vec<usize>) {
        let usual = quantile(
            &beats.iter().map(|&i| self.steep(i)).collect::<Vec<_>>(),
            0.5,
        );
        let is_weak = |first: &usize| self.steep(*first) < STEEP * usual;
        if beats.len() > 2 && beats.first().is_some_and(is_weak) {
            beats.remove(0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Events;

    /// Events at 500 Hz: sample, strength, steepness; a typical beat has 1 of both.
    fn events(list: &[(usize, f64, f64)]) -> Events {
        let mut feature = vec![0.0; 6000];
        for (at, strength, _) in list {
            feature[*at] = *strength;
        }
        Events {
            feature,
            candidates: list.iter().map(|event| event.0).collect(),
            steepness: list.iter().map(|event| (event.0, event.2)).collect(),
            level: 1.0,
            rate: 500.0,
        }
    }

    #[test]
    fn large_late_t_waves_are_no_beats() {
        let mut list = Vec::new();
        for beat in 0..8 {
            list.push((300 + 500 * beat, 1.0, 1.0));
            // 400 ms later, as strong as half a beat and less than half as steep.
            list.push((500 + 500 * beat, 0.5, 0.35));
        }
        let beats = events(&list).accept();
        assert_eq!(beats, (0..8).map(|i| 300 + 500 * i).collect::<Vec<_>>());
    }

    #[test]
    fn a_premature_beat_on_t_is_one() {
        let mut list: Vec<_> = (0..8).map(|i| (300 + 500 * i, 1.0, 1.0)).collect();
        // As strong and as steep as the T waves above, but no other beat has one in its place.
        list.insert(3, (300 + 500 * 2 + 160, 0.5, 0.4));
        assert_eq!(events(&list).accept().len(), 9);
    }

    #[test]
    fn search_back_takes_no_f_wave_and_a_cut_t_wave_begins_no_recording() {
        let list = [
            (40, 0.4, 0.3),
            (500, 1.0, 1.0),
            (900, 1.0, 1.0),
            (1300, 1.0, 1.0),
            (1700, 0.25, 0.2),
            (2100, 1.0, 1.0),
            (2500, 0.25, 0.9),
            (2900, 1.0, 1.0),
        ];
        let events = events(&list);
        let mut beats = events.accept();
        events.search_back(&mut beats);
        events.drop_first_t_wave(&mut beats);
        // The small steep one is a beat, the flat one is not, nor is the first.
        assert_eq!(beats, [500, 900, 1300, 2100, 2500, 2900]);
    }
}
