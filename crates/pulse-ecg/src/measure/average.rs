//! The dominant beat: which beats look alike, and their median.

use super::prepare::Clean;

/// Seconds before and after the R peak that a beat's window has.
pub(super) const BEFORE_S: f64 = 0.42;
const AFTER_S: f64 = 0.68;

/// Correlation of QRS from which two beats count as the same kind.
const ALIKE: f64 = 0.90;

/// A beat on all leads around its R peak.
pub(super) struct Window {
    /// Leads in the order of [`Clean::leads`], each `before + after` samples.
    pub(super) leads: Vec<Vec<f64>>,
    /// Sample of the R peak in each lead.
    pub(super) peak: usize,
    /// Samples per second.
    pub(super) rate_hz: f64,
}

/// The window around a peak; samples outside the recording repeat its ends.
pub(super) fn window(clean: &Clean, peak: usize) -> Window {
    let rate = clean.rate_hz;
    let (before, after) = ((BEFORE_S * rate) as usize, (AFTER_S * rate) as usize);
    let leads = clean
        .leads
        .iter()
        .map(|lead| {
            let last = lead.millivolts.len() - 1;
            (0..before + after)
                .map(|i| lead.millivolts[(peak + i).saturating_sub(before).min(last)])
                .collect()
        })
        .collect();
    Window {
        leads,
        peak: before,
        rate_hz: rate,
    }
}

/// Median of windows, sample by sample. `windows` must not be empty.
pub(super) fn median(windows: &[&Window]) -> Window {
    let first = windows[0];
    let mut values = Vec::with_capacity(windows.len());
    let leads = (0..first.leads.len())
        .map(|lead| {
            (0..first.leads[lead].len())
                .map(|i| {
                    values.clear();
                    values.extend(windows.iter().map(|window| window.leads[lead][i]));
                    values.sort_unstable_by(f64::total_cmp);
                    let middle = values.len() / 2;
                    if values.len() % 2 == 1 {
                        values[middle]
                    } else {
                        0.5 * (values[middle - 1] + values[middle])
                    }
                })
                .collect()
        })
        .collect();
    Window {
        leads,
        peak: first.peak,
        rate_hz: first.rate_hz,
    }
}

/// For each beat whether it is of the largest group of beats that look alike.
pub(super) fn dominant(windows: &[Window]) -> Vec<bool> {
    // Sixty beats decide what is usual; comparing every pair of a long recording would not end.
    let step = windows.len().div_ceil(60).max(1);
    let votes = |i: usize| {
        windows
            .iter()
            .step_by(step)
            .filter(|other| similarity(&windows[i], other) > ALIKE)
            .count()
    };
    let model = (0..windows.len())
        .step_by(step)
        .max_by_key(|&i| votes(i))
        .unwrap_or(0);
    windows
        .iter()
        .map(|window| similarity(&windows[model], window) > ALIKE)
        .collect()
}

/// Correlation of QRS over all leads at once.
fn similarity(a: &Window, b: &Window) -> f64 {
    let half = (0.07 * a.rate_hz) as usize;
    let (mut ab, mut aa, mut bb) = (0.0, 1e-12, 1e-12);
    for (a_lead, b_lead) in a.leads.iter().zip(&b.leads) {
        let span = a.peak - half..a.peak + half;
        let mean = |lead: &[f64]| lead.iter().sum::<f64>() / lead.len() as f64;
        let (a_part, b_part) = (&a_lead[span.clone()], &b_lead[span]);
        let (a_mean, b_mean) = (mean(a_part), mean(b_part));
        for (x, y) in a_part.iter().zip(b_part) {
            ab += (x - a_mean) * (y - b_mean);
            aa += (x - a_mean) * (x - a_mean);
            bb += (y - b_mean) * (y - b_mean);
        }
    }
    ab / libm::sqrt(aa * bb)
}
