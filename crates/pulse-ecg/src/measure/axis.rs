//! Frontal axis of QRS, if it can be known.
//!
//! The net area of QRS needs a baseline. Before QRS it is the level there; at its end the ST level, which is
//! reached within the last part of QRS. How much of a shifted ST belongs to QRS nobody can tell, and where the axis
//! depends on it, it is not given; nor where it differs from beat to beat, as f waves and noise make it.

use super::Unmeasured;
use super::average::Window;
use super::delineate::Marks;
use super::prepare::Clean;
use crate::lead::Lead;

/// Net area below which QRS has no direction, millivolt seconds: a tenth of a small square.
const LEAST_AREA: f64 = 0.0005;
/// Share of QRS after which the baseline leaves the level before it for the ST level.
const LEVEL_UNTIL: f64 = 0.6;
/// Largest angle between the axes with a level baseline and with one that runs straight to the ST level.
const ST_DEGREES: f64 = 20.0;
/// Largest standard error of the axis over the beats.
const ERROR_DEGREES: f64 = 4.0;
/// 2 / sqrt(3): aVF has a lead vector that much shorter than I.
const FEET: f64 = 1.154_700_538_379_251_5;

/// Where the baseline runs under QRS.
#[derive(Debug, Clone, Copy)]
enum Baseline {
    /// At the level before QRS.
    Level,
    /// Straight from the level before QRS to that after it.
    Straight,
    /// At the level before QRS, then straight to that after it.
    Bent,
}

/// Degrees from -180 to 180, from the median beat and the beats it was made of.
pub(super) fn axis(
    clean: &Clean,
    average: &Window,
    beats: &[&Window],
    marks: &Marks,
) -> Result<f64, Unmeasured> {
    let leads = LimbLeads::of(clean).ok_or(Unmeasured::LimbLeads)?;
    let vector = leads.area(average, marks, Baseline::Bent);
    if libm::hypot(vector[0], vector[1]) <= LEAST_AREA {
        return Err(Unmeasured::NoDirection);
    }
    let level = degrees(leads.area(average, marks, Baseline::Level));
    let straight = degrees(leads.area(average, marks, Baseline::Straight));
    if turn(level, straight).abs() > ST_DEGREES {
        return Err(Unmeasured::StInAxis);
    }
    let areas = beats
        .iter()
        .map(|beat| leads.area(beat, marks, Baseline::Bent));
    if standard_error(vector, areas) > ERROR_DEGREES {
        return Err(Unmeasured::AxisVaries);
    }
    Ok(degrees(vector))
}

fn degrees([left, feet]: [f64; 2]) -> f64 {
    libm::atan2(feet, left).to_degrees()
}

/// From one angle to another, -180 to 180.
fn turn(from: f64, to: f64) -> f64 {
    let turn = to - from;
    turn - 360.0 * libm::round(turn / 360.0)
}

/// Degrees by which the mean of so many beats may be turned against `vector`.
fn standard_error(vector: [f64; 2], beats: impl ExactSizeIterator<Item = [f64; 2]>) -> f64 {
    let count = beats.len() as f64;
    let size = libm::hypot(vector[0], vector[1]);
    let squares: f64 = beats
        .map(|beat| (beat[1] * vector[0] - beat[0] * vector[1]) / size)
        .map(|across| across * across)
        .sum();
    let error = libm::sqrt(squares / (count - 1.0).max(1.0) / count.max(1.0));
    libm::atan2(error, size).to_degrees()
}

/// Index of lead I and of one more limb lead.
struct LimbLeads {
    one: usize,
    other: usize,
    /// What of the other lead, and of I, makes aVF.
    share: (f64, f64),
}

impl LimbLeads {
    /// Nothing without I and another limb lead, each of whose names stands once: nothing tells which of several
    /// signals with one name is the lead.
    fn of(clean: &Clean) -> Option<Self> {
        let index = |lead: Lead| {
            let mut named = (0..clean.leads.len()).filter(|&i| clean.leads[i].lead == lead);
            named.next().filter(|_| named.next().is_none())
        };
        let one = index(Lead::I)?;
        let with = |lead, of_one| {
            index(lead).map(|other| Self {
                one,
                other,
                share: (1.0, of_one),
            })
        };
        with(Lead::AVF, 0.0)
            .or_else(|| with(Lead::II, -0.5))
            .or_else(|| with(Lead::III, 0.5))
    }

    /// Net areas to the left and to the feet.
    fn area(&self, window: &Window, marks: &Marks, baseline: Baseline) -> [f64; 2] {
        let area = |lead: usize| area(&window.leads[lead], marks, baseline) / window.rate_hz;
        let (one, other) = (area(self.one), area(self.other));
        [one, FEET * (self.share.0 * other + self.share.1 * one)]
    }
}

/// Net area of QRS in a lead, times samples.
fn area(signal: &[f64], marks: &Marks, baseline: Baseline) -> f64 {
    let (on, off) = (marks.qrs_onset as usize, marks.qrs_offset as usize);
    let (first, last) = (signal[on], signal[off]);
    let length = (off - on).max(1) as f64;
    signal[on..=off]
        .iter()
        .enumerate()
        .map(|(i, value)| {
            let share = i as f64 / length;
            let rise = match baseline {
                Baseline::Level => 0.0,
                Baseline::Straight => share,
                Baseline::Bent => ((share - LEVEL_UNTIL) / (1.0 - LEVEL_UNTIL)).max(0.0),
            };
            value - first - rise * (last - first)
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::{Baseline, Marks, area, standard_error, turn};

    #[test]
    fn baselines_differ_by_the_st_level_only() {
        let marks = Marks {
            qrs_onset: 10.0,
            qrs_offset: 60.0,
            p_onset: None,
            p_offset: None,
            t_end: None,
            t_merged: false,
            p_in_t: false,
        };
        let wave = |i: i32| (1.0 - f64::from(i - 35).abs() / 25.0).max(0.0);
        let plain: Vec<f64> = (0..100).map(wave).collect();
        let raised: Vec<f64> = (0..100)
            .map(|i| wave(i) + f64::from((i - 40).clamp(0, 20)) * 0.02)
            .collect();
        for baseline in [Baseline::Level, Baseline::Bent, Baseline::Straight] {
            assert!((area(&plain, &marks, baseline) - 25.0).abs() < 1e-9);
        }
        assert!((area(&raised, &marks, Baseline::Bent) - 25.0).abs() < 1e-9);
        assert!(area(&raised, &marks, Baseline::Level) > 28.0);
        assert!(area(&raised, &marks, Baseline::Straight) < 20.0);
    }

    #[test]
    fn angles_turn_the_short_way_and_equal_beats_have_no_error() {
        assert_eq!(turn(170.0, -170.0), 20.0);
        let beats = [[2.0, 1.0], [2.0, 1.0], [4.0, 2.0]];
        assert!(standard_error([2.0, 1.0], beats.into_iter()) < 1e-9);
        let beats = [[1.0, 0.1], [1.0, -0.1]];
        assert!((standard_error([1.0, 0.0], beats.into_iter()) - 5.71).abs() < 0.01);
    }
}
