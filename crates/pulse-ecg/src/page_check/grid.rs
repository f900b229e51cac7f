//! The printed grid: its period, how strong it is, and millimetres from it.

use serde::Serialize;

use super::period::{Axis, LAGS, Periodicity};
use super::planes::Planes;

/// What was found of a square grid.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct GridMeasure {
    /// Distance of vertical lines in pixels of the picture.
    pub period_x: f64,
    /// Distance of horizontal lines in pixels of the picture.
    pub period_y: f64,
    /// Millimetres that the period stands for: 5, or 1 where no coarser lines are seen.
    pub period_mm: f64,
    /// Autocorrelation at the period, the lower of both axes: 1 is a perfect grid, 0 is none.
    pub strength: f64,
    /// Share of the regions with a peak there, the lower of both axes.
    pub regularity: f64,
    /// Pixels of the picture per millimetre of paper, mean of both axes.
    pub px_per_mm: f64,
    /// Millimetres of paper along the picture's longer side.
    pub longer_side_mm: f64,
}

/// Shortest period in pixels of the planes: of two pixels nothing can be told from noise.
const SHORTEST: usize = 3;
/// The shortest of the periods that come up to this share of the best one counts: 5 mm lines are periodic over
/// 10 and 15 mm, too, and may meet whole pixels better there.
const NEARLY_BEST: f32 = 0.45;
/// Share of the strength that marks at a fifth of the period need to be millimetres.
const MINOR_SHARE: f32 = 0.3;
/// Autocorrelation that a region needs to count as regular.
const REGION: f32 = 0.2;
/// Length of a page's longer side in millimetres that decides where one period alone is seen: 10 s at 25 mm/s with
/// margins.
const TYPICAL_MM: f64 = 270.0;

impl GridMeasure {
    /// The most regular square grid of the planes, however weak; nothing if they are too small for any.
    pub(super) fn of(planes: &Planes) -> Option<Self> {
        let across = Periodicity::of(planes, Axis::Across);
        let down = Periodicity::of(planes, Axis::Down);
        let both = common(&heights(&across.mean), &heights(&down.mean));
        let period = strongest(&both)?;
        let strength = common(&across.mean, &down.mean)[period];
        let (x, y) = (refine(&across.mean, period), refine(&down.mean, period));
        let longer = planes.width.max(planes.height) as f64;
        let period_mm = millimetres(&both, period, longer);
        let mean_period = 0.5 * (x + y);
        let factor = planes.factor as f64;
        Some(Self {
            period_x: x * factor,
            period_y: y * factor,
            period_mm,
            strength: f64::from(strength).clamp(0.0, 1.0),
            regularity: across.regularity(x, REGION).min(down.regularity(y, REGION)),
            px_per_mm: mean_period * factor / period_mm,
            longer_side_mm: longer * period_mm / mean_period,
        })
    }
}

/// Height of a peak at each lag. That of thin lines falls on two lags if their period is no whole number.
fn heights(values: &[f32; LAGS]) -> [f32; LAGS] {
    std::array::from_fn(|lag| {
        let before = values[lag.saturating_sub(1)];
        let after = values[(lag + 1).min(LAGS - 1)];
        values[lag] + 0.5 * before.max(after).max(0.0)
    })
}

/// What both axes share: at each lag the lower one of their highest values within 6 % of it. Perspective shortens
/// one axis by some percent; nothing makes a square grid oblong.
fn common(across: &[f32; LAGS], down: &[f32; LAGS]) -> [f32; LAGS] {
    std::array::from_fn(|lag| {
        let reach = (lag * 6 + 50) / 100;
        let near = lag.saturating_sub(reach)..=(lag + reach).min(LAGS - 1);
        let highest = |values: &[f32; LAGS]| {
            let values = values[near.clone()].iter().copied();
            values.fold(f32::NEG_INFINITY, f32::max)
        };
        highest(across).min(highest(down))
    })
}

/// The shortest lag with a peak that is nearly the best.
fn strongest(both: &[f32; LAGS]) -> Option<usize> {
    let peaks = || (SHORTEST..LAGS - 1).filter(|&lag| is_peak(both, lag));
    let best = peaks().map(|lag| both[lag]).fold(0.0_f32, f32::max);
    if best <= 0.0 {
        return None;
    }
    peaks().find(|&lag| both[lag] >= NEARLY_BEST * best)
}

fn is_peak(values: &[f32; LAGS], lag: usize) -> bool {
    lag >= 1
        && lag + 1 < LAGS
        && values[lag] >= values[lag - 1]
        && values[lag] >= values[lag + 1]
        // Smooth pictures are alike at short lags without being periodic: before a period comes a valley.
        && values[SHORTEST - 1..lag].iter().copied().fold(f32::INFINITY, f32::min)
            < 0.6 * values[lag]
}

/// The period to a fraction of a pixel: from its furthest multiple within reach that can be followed.
fn refine(values: &[f32; LAGS], lag: usize) -> f64 {
    let mut period = top(values, lag as f64);
    for multiple in 2..LAGS {
        let multiple = multiple as f64;
        let expected = period * multiple;
        if expected >= (LAGS - 3) as f64 {
            break;
        }
        let at = top(values, expected);
        // Not further from where it must be than what adds up: otherwise it is another peak.
        if (at - expected).abs() > (0.2 * period).min(1.5) {
            break;
        }
        period = at / multiple;
    }
    period
}

/// The top of the peak within 6 % of a lag, or a lag and a half, by a parabola through three values.
fn top(values: &[f32; LAGS], lag: f64) -> f64 {
    let reach = (0.06 * lag).max(1.0);
    let low = (libm::round(lag - reach) as usize).max(1);
    let high = (libm::round(lag + reach) as usize).min(LAGS - 2);
    let best = (low..=high).max_by(|a, b| values[*a].total_cmp(&values[*b]));
    let Some(best) = best else {
        return lag;
    };
    let (before, at, after) = (values[best - 1], values[best], values[best + 1]);
    let bend = before - 2.0 * at + after;
    let shift = if bend < 0.0 {
        (0.5 * (before - after) / bend).clamp(-0.5, 0.5)
    } else {
        0.0
    };
    best as f64 + f64::from(shift)
}

/// Whether a period is 5 mm or 1 mm.
fn millimetres(both: &[f32; LAGS], period: usize, longer: f64) -> f64 {
    let strength = both[period];
    let fifth = (period + 2) / 5;
    let has_fifth = fifth >= SHORTEST
        && (fifth.saturating_sub(1)..=fifth + 1)
            .any(|lag| is_peak(both, lag) && both[lag] >= MINOR_SHARE * strength);
    if has_fifth {
        return 5.0;
    }
    let off =
        |millimetres: f64| libm::log(longer * millimetres / (period as f64 * TYPICAL_MM)).abs();
    [5.0, 1.0, 2.0]
        .into_iter()
        .min_by(|a, b| off(*a).total_cmp(&off(*b)))
        .unwrap_or(5.0)
}
