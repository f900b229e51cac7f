//! What is measured, and the way from a recording to it.

use serde::{Deserialize, Serialize};

use super::average::{BEFORE_S, Window, dominant, median, window};
use super::axis::axis;
use super::choose::{around, choose, p_is_seen, t_is_seen};
use super::delineate::{Marks, delineate};
use super::flutter::{Beats, atrial_waves};
use super::peaks::{RPeaks, detect, quantile};
use super::prepare::prepare;
use super::{MeasureError, Reasons, Unmeasured};
use crate::recording::Recording;

/// Marks of one beat, seconds from the start of the recording.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct BeatMarks {
    /// R peak.
    pub time_s: f64,
    /// Whether it is of the kind most beats are of; ectopic beats are not.
    pub dominant: bool,
    /// Onset of P, if there is one.
    pub p_onset_s: Option<f64>,
    /// End of P.
    pub p_offset_s: Option<f64>,
    /// Onset of QRS.
    pub qrs_onset_s: f64,
    /// End of QRS.
    pub qrs_offset_s: f64,
    /// End of T, if there is one.
    pub t_end_s: Option<f64>,
}

/// Measurements of a recording. Intervals are those of the median of the dominant beats.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Measurements {
    /// Times of all R peaks.
    pub r_peaks: RPeaks,
    /// 60 over the mean RR interval, per minute.
    pub rate_bpm: f64,
    /// Mean RR interval, milliseconds.
    pub rr_mean_ms: f64,
    /// Standard deviation of the RR intervals, milliseconds.
    pub rr_sd_ms: f64,
    /// Root mean square of the differences of successive RR intervals, milliseconds; `None` with fewer than
    /// three beats.
    pub rr_rmssd_ms: Option<f64>,
    /// Shortest RR interval, milliseconds.
    pub rr_min_ms: f64,
    /// Longest RR interval, milliseconds.
    pub rr_max_ms: f64,
    /// Duration of P, milliseconds.
    pub p_ms: Option<f64>,
    /// Onset of P to onset of QRS, milliseconds; `None` when no P wave is seen before most beats, when it begins
    /// in T, and in flutter.
    pub pr_ms: Option<f64>,
    /// Duration of QRS, milliseconds.
    pub qrs_ms: f64,
    /// Onset of QRS to end of T, milliseconds; `None` when no T wave stands out, or other waves run into it.
    pub qt_ms: Option<f64>,
    /// QT / sqrt(RR in seconds) (Bazett 1920), milliseconds; RR is the median interval before the beats on
    /// which QT is measured.
    pub qtc_bazett_ms: Option<f64>,
    /// QT / cbrt(RR in seconds) (Fridericia 1920), milliseconds.
    pub qtc_fridericia_ms: Option<f64>,
    /// Frontal axis of the net QRS area, degrees from -180 to 180: `atan2(2 aVF / sqrt(3), I)`. `None`
    /// without two limb leads of which each name stands once, when the net area is too small to have a direction,
    /// in flutter, and when ST shifts or differences between beats leave it open.
    pub axis_degrees: Option<f64>,
    /// Why PR, QT and the axis are `None` where they are.
    pub unmeasured: Reasons,
    /// Marks of every beat.
    pub beats: Vec<BeatMarks>,
}

/// Measures a recording of at least 2 seconds at 100 Hz or more.
///
/// Leads outside the standard twelve are not used. Missing samples are bridged by straight lines; a lead
/// that is mostly missing, or flat, is left out.
///
/// # Errors
///
/// [`MeasureError`] when the recording is too short, has no usable lead, or shows fewer than two beats.
pub fn measure(recording: &Recording) -> Result<Measurements, MeasureError> {
    let clean = prepare(recording)?;
    let peaks = detect(&clean);
    if peaks.len() < 2 {
        return Err(MeasureError::NoBeats { found: peaks.len() });
    }
    let rate = clean.rate_hz;
    let times_s: Vec<f64> = peaks.iter().map(|&peak| peak as f64 / rate).collect();
    let r_peaks = RPeaks { times_s };
    let intervals = r_peaks.intervals_s();
    let usual_s = quantile(&intervals, 0.5);

    let windows: Vec<Window> = peaks.iter().map(|&peak| window(&clean, peak)).collect();
    let usual = dominant(&windows);
    let all: Vec<Marks> = windows
        .iter()
        .enumerate()
        .map(|(i, window)| {
            let before = if i == 0 { usual_s } else { intervals[i - 1] };
            delineate(window, before, intervals.get(i).copied().unwrap_or(usual_s))
        })
        .collect();
    let chosen = choose(&usual, &intervals, &peaks, &clean);
    let typical: Vec<&Window> = chosen.iter().map(|&i| &windows[i]).collect();
    let average = median(&typical);
    // Not the median of all intervals: where every second beat is premature, that is the premature ones'.
    let (before_s, after_s) = around(&chosen, &intervals);
    let marks = delineate(&average, before_s, after_s);
    let seen = p_is_seen(&marks, &all, &usual, rate);
    let ms = |samples: f64| samples / rate * 1000.0;
    let atrial = atrial_waves(
        &clean,
        &Beats {
            left_out: left_out(&peaks, &usual, &average, &marks),
            intervals_s: &intervals,
            p_seen: seen,
        },
    );
    let rr_mean_s = intervals.iter().sum::<f64>() / intervals.len() as f64;
    let pr = pr_ms(&marks, atrial, seen, rate);
    let pr_seen = pr.is_ok();
    let qt = qt_ms(
        &marks,
        atrial,
        seen,
        t_is_seen(&marks, &all, &chosen, rate),
        rate,
    );
    let qt_seen = qt.is_ok();
    let axis = match atrial {
        Some(reason) => Err(reason),
        None => axis(&clean, &average, &typical, &marks),
    };
    let unmeasured = Reasons {
        pr: pr.err(),
        qt: qt.err(),
        axis: axis.err(),
    };
    let qt_ms = qt.ok();
    Ok(Measurements {
        rate_bpm: 60.0 / rr_mean_s,
        rr_mean_ms: rr_mean_s * 1000.0,
        rr_sd_ms: 1000.0 * root_mean_square(intervals.iter().map(|rr| rr - rr_mean_s)),
        rr_rmssd_ms: (intervals.len() > 1)
            .then(|| 1000.0 * root_mean_square(intervals.windows(2).map(|pair| pair[1] - pair[0]))),
        rr_min_ms: 1000.0 * intervals.iter().copied().fold(f64::INFINITY, f64::min),
        rr_max_ms: 1000.0 * intervals.iter().copied().fold(0.0, f64::max),
        p_ms: marks
            .p_onset
            .zip(marks.p_offset)
            .filter(|_| pr_seen)
            .map(|(on, off)| ms(off - on)),
        pr_ms: pr.ok(),
        qrs_ms: ms(marks.qrs_offset - marks.qrs_onset),
        qt_ms,
        qtc_bazett_ms: qt_ms.map(|qt| qt / libm::sqrt(before_s)),
        qtc_fridericia_ms: qt_ms.map(|qt| qt / libm::cbrt(before_s)),
        axis_degrees: axis.ok(),
        unmeasured,
        beats: beats(&peaks, &all, &usual, (pr_seen, qt_seen), rate),
        r_peaks,
    })
}

/// What of each beat is no atrial wave: QRS, and everything until the next beat after one of another kind.
fn left_out(
    peaks: &[usize],
    usual: &[bool],
    average: &Window,
    marks: &Marks,
) -> Vec<(usize, usize)> {
    let margin = 0.015 * average.rate_hz;
    let before = (average.peak as f64 - marks.qrs_onset + margin) as usize;
    let after = (marks.qrs_offset - average.peak as f64 + margin) as usize;
    let of = |(i, &peak): (usize, &usize)| {
        let last = if usual[i] {
            peak + after
        } else {
            peaks.get(i + 1).copied().unwrap_or(usize::MAX)
        };
        (peak.saturating_sub(before), last)
    };
    peaks.iter().enumerate().map(of).collect()
}

fn pr_ms(
    marks: &Marks,
    atrial: Option<Unmeasured>,
    p_seen: bool,
    rate: f64,
) -> Result<f64, Unmeasured> {
    if atrial == Some(Unmeasured::FlutterWaves) {
        return Err(Unmeasured::FlutterWaves);
    }
    let onset = marks
        .p_onset
        .filter(|_| p_seen)
        .ok_or(atrial.unwrap_or(Unmeasured::NoPWave))?;
    if marks.p_in_t {
        return Err(Unmeasured::PInT);
    }
    Ok((marks.qrs_onset - onset) / rate * 1000.0)
}

fn qt_ms(
    marks: &Marks,
    atrial: Option<Unmeasured>,
    p_seen: bool,
    t_seen: bool,
    rate: f64,
) -> Result<f64, Unmeasured> {
    if let Some(reason) = atrial {
        return Err(reason);
    }
    let end = marks.t_end.filter(|_| t_seen).ok_or(Unmeasured::NoTWave)?;
    if p_seen && marks.p_in_t {
        return Err(Unmeasured::PInT);
    }
    if marks.t_merged {
        return Err(Unmeasured::TMerged);
    }
    Ok((end - marks.qrs_onset) / rate * 1000.0)
}

fn beats(
    peaks: &[usize],
    all: &[Marks],
    usual: &[bool],
    (p_seen, t_seen): (bool, bool),
    rate: f64,
) -> Vec<BeatMarks> {
    let before = libm::floor(BEFORE_S * rate);
    peaks
        .iter()
        .zip(all)
        .zip(usual)
        .map(|((&peak, marks), &dominant)| {
            let time = |sample: f64| (peak as f64 - before + sample) / rate;
            let p = p_seen && dominant;
            BeatMarks {
                time_s: peak as f64 / rate,
                dominant,
                p_onset_s: marks.p_onset.filter(|_| p).map(time),
                p_offset_s: marks.p_offset.filter(|_| p).map(time),
                qrs_onset_s: time(marks.qrs_onset),
                qrs_offset_s: time(marks.qrs_offset),
                t_end_s: marks.t_end.filter(|_| t_seen).map(time),
            }
        })
        .collect()
}

fn root_mean_square(values: impl Iterator<Item = f64>) -> f64 {
    let (sum, count) = values.fold((0.0, 0_u32), |(sum, count), value| {
        (sum + value * value, count + 1)
    });
    libm::sqrt(sum / f64::from(count.max(1)))
}
