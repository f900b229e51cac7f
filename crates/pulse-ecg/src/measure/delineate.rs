//! Onsets and ends of the waves of one beat, from all leads together.
//!
//! QRS: see [`qrs`](super::qrs). T: the tangent at the steepest fall of the lead combination that shows T
//! largest (Lepeschkin and Surawicz 1952, on one combination instead of one lead). P: the largest wave between
//! the T wave before and QRS, if it stands out and stands alone.

use std::ops::Range;

use super::average::Window;
use super::filter::{Pass, zero_phase};
use super::qrs::qrs;

/// Root of the sum of squares over the leads below which a T wave is absent, per root of leads, millivolts.
const LEAST_T_MV: f64 = 0.03;
/// The same for P.
const LEAST_P_MV: f64 = 0.018;

/// Share of T's height that is left at the end of its tangent when another wave follows too soon.
const REST: f64 = 0.25;
/// Share of T's height from which a second peak beside it makes it doubtful which of them is T.
const SECOND: f64 = 0.4;
/// Share of P's height that is left of T, on either side of the baseline, where P begins to rise when its
/// beginning is hidden.
const IN_T: f64 = 0.3;
/// P can begin in T only when it rises within this of the end of T, seconds.
const BESIDE_S: f64 = 0.04;
/// Time before the next QRS in which its P wave peaks, seconds.
const P_PEAK_S: f64 = 0.30;
/// Longest rise of a P wave, seconds.
const P_RISE_S: f64 = 0.11;

/// Sample numbers in a window.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Marks {
    pub(super) p_onset: Option<f64>,
    pub(super) p_offset: Option<f64>,
    pub(super) qrs_onset: f64,
    pub(super) qrs_offset: f64,
    pub(super) t_end: Option<f64>,
    /// Whether another wave follows T before it has ended, so that `t_end` may be that one's.
    pub(super) t_merged: bool,
    /// Whether P begins before T has come down, so that `p_onset` is not its beginning and `t_end` may be P's.
    pub(super) p_in_t: bool,
}

#[derive(Debug, Clone, Copy)]
struct PWave {
    onset: f64,
    offset: f64,
    in_t: bool,
}

/// Marks of a beat. `interval_s` is the time from the beat before, `next_s` to the beat after.
pub(super) fn delineate(window: &Window, interval_s: f64, next_s: f64) -> Marks {
    let rate = window.rate_hz;
    let leads = smoothed(window, 40.0);
    let (onset, offset) = qrs(&leads, window.peak, rate);
    let level = levels(&leads, onset, rate);
    let slow = smoothed(window, 18.0);
    let t = t_wave(&slow, &level, offset, window.peak, next_s, rate);
    let t_end = t.map(|(end, _)| end);
    let room_s = interval_s - t_end.map_or(0.6 * interval_s, |end| (end - onset as f64) / rate);
    let p = p_wave(&slow, &level, onset, room_s, rate);
    Marks {
        p_onset: p.map(|p| p.onset),
        p_offset: p.map(|p| p.offset),
        qrs_onset: onset as f64,
        qrs_offset: offset as f64,
        t_end,
        t_merged: t.is_some_and(|(_, merged)| merged),
        p_in_t: p.is_some_and(|p| p.in_t),
    }
}

fn smoothed(window: &Window, corner_hz: f64) -> Vec<Vec<f64>> {
    window
        .leads
        .iter()
        .map(|lead| {
            let mut lead = lead.clone();
            zero_phase(&mut lead, window.rate_hz, corner_hz, Pass::Low);
            lead
        })
        .collect()
}

/// Each lead's level just before QRS.
fn levels(leads: &[Vec<f64>], onset: usize, rate: f64) -> Vec<f64> {
    let from = onset.saturating_sub((0.016 * rate) as usize + 1);
    leads
        .iter()
        .map(|lead| lead[from..=onset].iter().sum::<f64>() / (onset - from + 1) as f64)
        .collect()
}

/// The combination of leads in which the vector at `at` is largest, along time.
fn along(leads: &[Vec<f64>], level: &[f64], at: usize) -> Vec<f64> {
    let weights: Vec<f64> = leads
        .iter()
        .zip(level)
        .map(|(lead, level)| lead[at] - level)
        .collect();
    let norm = libm::sqrt(weights.iter().map(|w| w * w).sum::<f64>()).max(1e-9);
    (0..leads[0].len())
        .map(|i| {
            let lead_sum: f64 = leads
                .iter()
                .zip(level)
                .zip(&weights)
                .map(|((lead, level), w)| (lead[i] - level) * w)
                .sum();
            lead_sum / norm
        })
        .collect()
}

/// Sample inside a span at which the vector from `level` is largest and larger than on either side. The
/// edges are no peaks: a wave that only falls or rises through the span belongs to what lies outside.
fn largest(leads: &[Vec<f64>], level: &[f64], span: Range<usize>) -> Option<usize> {
    let sizes = sizes(leads, level, span.clone());
    let top = peaks(&sizes).max_by(|a, b| sizes[*a].total_cmp(&sizes[*b]))?;
    Some(span.start + top)
}

/// Length of the vector from `level`, sample by sample.
fn sizes(leads: &[Vec<f64>], level: &[f64], span: Range<usize>) -> Vec<f64> {
    let squares = |i: usize| -> f64 {
        leads
            .iter()
            .zip(level)
            .map(|(lead, l)| (lead[i] - l) * (lead[i] - l))
            .sum()
    };
    span.map(|i| libm::sqrt(squares(i))).collect()
}

fn peaks(sizes: &[f64]) -> impl Iterator<Item = usize> {
    (1..sizes.len().saturating_sub(1))
        .filter(|&i| sizes[i] >= sizes[i - 1] && sizes[i] > sizes[i + 1])
}

/// The end of T, and whether another wave may have moved it.
fn t_wave(
    leads: &[Vec<f64>],
    level: &[f64],
    offset: usize,
    peak: usize,
    next_s: f64,
    rate: f64,
) -> Option<(f64, bool)> {
    let at = |seconds: f64| (seconds * rate) as usize;
    let count = leads[0].len();
    let last = (peak + at((0.62 * next_s + 0.05).min(0.52))).min(count - 1);
    let span = offset + at(0.07)..last;
    let top = largest(leads, level, span.clone())?;
    let wave = along(leads, level, top);
    if wave[top] < LEAST_T_MV * libm::sqrt(leads.len() as f64) || top + 2 >= count {
        return None;
    }
    let until = (top + at(0.22)).min(count - 2);
    let mut steepest = None;
    let mut slope = 0.0;
    for i in top..until {
        let fall = wave[i - 1] - wave[i + 1];
        if fall > slope {
            (steepest, slope) = (Some(i), fall);
        }
        if wave[i] < 0.1 * wave[top] {
            break;
        }
    }
    let i = steepest?;
    let end = i as f64 + wave[i] / (0.5 * slope);
    // A slope so gentle that it does not end before the next QRS is the baseline's.
    if end >= peak as f64 + next_s * rate - at(0.03) as f64 {
        return None;
    }
    // A wave that ends where its tangent does has a ninth of its height there. Far from P more is left where U follows
    // or the baseline lies higher than before QRS, and the tangent stands.
    let rest = wave[(end as usize).min(count - 1)] / wave[top];
    let sizes = sizes(leads, level, span.clone());
    let largest = sizes[top - span.start];
    // One of two waves is P only where a P wave can be; elsewhere T has two peaks, or U follows.
    let first_p = (peak + at(next_s)).saturating_sub(at(P_PEAK_S));
    let second = peaks(&sizes).map(|i| span.start + i).any(|other| {
        let apart = other.abs_diff(top) > at(0.04);
        apart && other.max(top) > first_p && sizes[other - span.start] > SECOND * largest
    });
    Some((end, second || (rest > REST && end > first_p as f64)))
}

fn p_wave(
    leads: &[Vec<f64>],
    level: &[f64],
    onset: usize,
    room_s: f64,
    rate: f64,
) -> Option<PWave> {
    let at = |seconds: f64| (seconds * rate) as usize;
    let back = at(room_s.clamp(0.0, 0.36));
    let first = onset.saturating_sub(back);
    let to = onset.checked_sub(at(0.03))?;
    if first + at(0.05) >= to {
        return None;
    }
    let top = largest(leads, level, first..to)?;
    let wave = along(leads, level, top);
    // P reaches its peak within this; what lies before is the T wave's end.
    let foot = first.max(top.saturating_sub(at(P_RISE_S)));
    let lowest_at = (foot..=top)
        .min_by(|a, b| wave[*a].total_cmp(&wave[*b]))
        .unwrap_or(foot);
    let lowest = wave[lowest_at];
    let base = lowest.max(-0.5 * wave[top]);
    let height = wave[top] - base;
    if height < LEAST_P_MV * libm::sqrt(leads.len() as f64) {
        return None;
    }
    // Fibrillation and flutter put several such waves there.
    let mut others = 0;
    let mut i = first + 1;
    while i + 1 < to {
        let is_top =
            wave[i] >= wave[i - 1] && wave[i] > wave[i + 1] && wave[i] - base > 0.55 * height;
        if is_top && i.abs_diff(top) > at(0.11) {
            others += 1;
        }
        i += 1;
    }
    if others > 0 {
        return None;
    }
    let low = base + 0.12 * height;
    let on = (foot..top).rev().find(|&i| wave[i] <= low).unwrap_or(foot);
    let off = (top..to)
        .find(|&i| wave[i] <= 0.12 * wave[top])
        .unwrap_or(to);
    Some(PWave {
        onset: on as f64,
        offset: off as f64,
        in_t: onset - lowest_at + at(BESIDE_S) > at(room_s) && lowest.abs() > IN_T * wave[top],
    })
}
