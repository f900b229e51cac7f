//! Where QRS begins and ends: from the steepest point near the R peak outwards until the speed of the heart vector
//! stays low, over plateaus behind which it is high again.

use super::peaks::quantile;

/// Speed below which QRS has not begun or has ended, share of its largest speed.
const QUIET: f64 = 0.07;
/// How long the speed must stay low, seconds.
const QUIET_S: f64 = 0.012;
/// A pause up to this long is a plateau inside QRS (bundle branch block, pacing) when the speed then comes back
/// to more than [`AGAIN`], seconds.
const PLATEAU_S: f64 = 0.045;
/// Share of the largest speed that only QRS has; P and T waves are slower.
const AGAIN: f64 = 0.30;
/// Longest distance from the R peak to either end of QRS, seconds.
const QRS_REACH_S: f64 = 0.15;

/// First and last sample of QRS.
pub(super) fn qrs(leads: &[Vec<f64>], peak: usize, rate: f64) -> (usize, usize) {
    let step = ((0.004 * rate) as usize).max(1);
    let count = leads[0].len();
    let speed: Vec<f64> = (0..count)
        .map(|i| {
            let (from, to) = (i.saturating_sub(step), (i + step).min(count - 1));
            libm::sqrt(
                leads
                    .iter()
                    .map(|lead| (lead[to] - lead[from]) * (lead[to] - lead[from]))
                    .sum::<f64>(),
            )
        })
        .collect();
    let reach = (QRS_REACH_S * rate) as usize;
    let (from, to) = (peak.saturating_sub(reach), (peak + reach).min(count - 1));
    // The R peak itself is a bad start: there the vector stands still, in bundle branch block for long.
    let start = (from..=to)
        .max_by(|a, b| speed[*a].total_cmp(&speed[*b]))
        .unwrap_or(peak);
    let floor = quantile(&speed, 0.15);
    let share = |share: f64| floor + share * (speed[start] - floor).max(0.0);
    let edges = Edges {
        quiet: share(QUIET),
        again: share(AGAIN),
        run: ((QUIET_S * rate) as usize).max(1),
        plateau: ((PLATEAU_S * rate) as usize).max(1),
    };
    let onset = start - edges.last(speed[from..=start].iter().rev());
    let offset = start + edges.last(speed[start..=to].iter());
    (onset, offset)
}

/// How the ends of QRS are told from a pause inside it.
struct Edges {
    quiet: f64,
    again: f64,
    run: usize,
    plateau: usize,
}

impl Edges {
    /// Steps from the first of `speeds` to the last one that still belongs to QRS.
    fn last<'a>(&self, speeds: impl Iterator<Item = &'a f64>) -> usize {
        let mut last = 0;
        for (i, &speed) in speeds.enumerate() {
            let pause = i - last - usize::from(i > last);
            let goes_on = if pause > self.run {
                self.again
            } else {
                self.quiet
            };
            if speed > goes_on {
                last = i;
            } else if pause > self.plateau {
                break;
            }
        }
        last
    }
}

#[cfg(test)]
mod tests {
    use super::qrs;

    /// One lead at 500 Hz that goes through points (sample, millivolts) in straight lines.
    fn line(points: &[(usize, f64)]) -> Vec<Vec<f64>> {
        let value = |i: usize| {
            let next = points.iter().position(|(at, _)| *at > i);
            match next {
                None => points.last().map_or(0.0, |last| last.1),
                Some(0) => points[0].1,
                Some(next) => {
                    let ((a, from), (b, to)) = (points[next - 1], points[next]);
                    from + (to - from) * (i - a) as f64 / (b - a) as f64
                }
            }
        };
        vec![(0..400).map(value).collect()]
    }

    fn is_near(found: (usize, usize), expected: (usize, usize)) -> bool {
        found.0.abs_diff(expected.0) <= 4 && found.1.abs_diff(expected.1) <= 4
    }

    #[test]
    fn a_plateau_is_inside_qrs_wherever_the_r_peak_stands_on_it() {
        // Up in 40 ms, 36 ms of plateau, down in 50 ms.
        let lead = line(&[(180, 0.0), (200, 1.2), (218, 1.2), (243, 0.0)]);
        for peak in [200, 206, 209, 214, 218] {
            let found = qrs(&lead, peak, 500.0);
            assert!(is_near(found, (180, 243)), "peak {peak}: {found:?}");
        }
    }

    #[test]
    fn p_and_t_near_qrs_are_not_part_of_it() {
        // P ends 40 ms before QRS and T begins to rise 60 ms after it.
        let lead = line(&[
            (100, 0.0),
            (125, 0.15),
            (150, 0.0),
            (170, 0.0),
            (185, 1.2),
            (210, 0.0),
            (240, 0.0),
            (290, 0.35),
            (330, 0.0),
        ]);
        let found = qrs(&lead, 185, 500.0);
        assert!(is_near(found, (170, 210)), "{found:?}");
    }
}
