//! Which beats the intervals are measured on, and whether they agree.

use super::average::BEFORE_S;
use super::delineate::Marks;
use super::peaks::quantile;
use super::prepare::Clean;

/// A beat after less than this share of the usual interval, or of the mean of its own two, is premature.
const ON_TIME: f64 = 0.85;
/// Share of the dominant beats that must show a P wave near the median beat's before PR is given.
const P_AGREEMENT: f64 = 0.6;
/// How far a beat's PR may be from the median beat's to agree, seconds.
const P_NEAR_S: f64 = 0.030;
/// Share of the chosen beats whose T wave must end near the median beat's before QT is given.
const T_AGREEMENT: f64 = 0.5;
/// How far a beat's QT may be from the median beat's to agree, seconds; QT follows RR in fibrillation.
const T_NEAR_S: f64 = 0.050;

/// Dominant beats whose window lies in the recording and that do not come early, as far as there are at least
/// two; else all dominant beats.
pub(super) fn choose(
    usual: &[bool],
    intervals: &[f64],
    peaks: &[usize],
    clean: &Clean,
) -> Vec<usize> {
    let samples = clean.leads[0].millivolts.len();
    let usual_s = quantile(intervals, 0.5);
    let inside = |i: usize| {
        let before = (BEFORE_S * clean.rate_hz) as usize;
        peaks[i] >= before && peaks[i] + (0.5 * clean.rate_hz) as usize <= samples
    };
    let on_time = |i: usize| {
        let Some(before) = i.checked_sub(1).map(|i| intervals[i]) else {
            return true;
        };
        // Where every second beat is premature, the usual interval says nothing and the pause after it all.
        let after = intervals.get(i).copied().unwrap_or(usual_s);
        before > ON_TIME * usual_s && before > ON_TIME * 0.5 * (before + after)
    };
    let dominant = || (0..usual.len()).filter(|&i| usual[i]);
    let strict: Vec<usize> = dominant().filter(|&i| inside(i) && on_time(i)).collect();
    if strict.len() >= 2 {
        strict
    } else {
        dominant().collect()
    }
}

/// Median interval before and after the chosen beats, seconds.
pub(super) fn around(chosen: &[usize], intervals: &[f64]) -> (f64, f64) {
    let median = |values: Vec<f64>| {
        let from = if values.is_empty() {
            intervals
        } else {
            &values
        };
        quantile(from, 0.5)
    };
    let before = chosen
        .iter()
        .filter_map(|i| intervals.get(i.checked_sub(1)?));
    let after = chosen.iter().filter_map(|&i| intervals.get(i));
    (
        median(before.copied().collect()),
        median(after.copied().collect()),
    )
}

/// A P wave of the median beat counts only when most dominant beats show one at the same place. Early ones
/// count too: in fibrillation few beats are on time, and waves at the same place before few are chance.
pub(super) fn p_is_seen(marks: &Marks, all: &[Marks], usual: &[bool], rate: f64) -> bool {
    let Some(on) = marks.p_onset else {
        return false;
    };
    let pr = marks.qrs_onset - on;
    let near = |beat: &Marks| {
        beat.p_onset
            .is_some_and(|p| ((beat.qrs_onset - p - pr) / rate).abs() < P_NEAR_S)
    };
    let dominant = || all.iter().zip(usual).filter(|(_, usual)| **usual);
    let agree = dominant().filter(|(beat, _)| near(beat)).count();
    agree as f64 >= P_AGREEMENT * dominant().count() as f64
}

/// The end of T of the median beat counts only when many of the chosen beats have it at the same place.
pub(super) fn t_is_seen(marks: &Marks, all: &[Marks], chosen: &[usize], rate: f64) -> bool {
    let Some(end) = marks.t_end else {
        return false;
    };
    let qt = end - marks.qrs_onset;
    let near = |beat: &Marks| {
        beat.t_end
            .is_some_and(|t| ((t - beat.qrs_onset - qt) / rate).abs() < T_NEAR_S)
    };
    let agree = chosen.iter().filter(|&&i| near(&all[i])).count();
    agree as f64 >= T_AGREEMENT * chosen.len() as f64
}
