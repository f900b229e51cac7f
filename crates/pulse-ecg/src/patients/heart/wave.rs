//! One wave: a bell of finite length on all leads.
//!
//! McSharry et al. 2003 add Gaussians on a circle. `(1 - u^2)^3` has their shape, no transcendental
//! function, and ends, so that a wave's onset and offset are facts.

use super::lead_field::Leads;

/// A bell with its own width on either side, times a value for each lead.
#[derive(Debug, Clone, Copy)]
pub(in crate::patients) struct Wave {
    /// Time of the peak (seconds after QRS onset, or a fraction of QRS before it is fitted).
    pub(in crate::patients) centre: f64,
    /// Length of the rise.
    pub(in crate::patients) left: f64,
    /// Length of the fall.
    pub(in crate::patients) right: f64,
    /// Peak value in each lead, millivolts.
    pub(in crate::patients) leads: Leads,
}

/// Integral of `(1 - u^2)^3` from 0 to 1.
const HALF_AREA: f64 = 16.0 / 35.0;

/// `(1 - u^2)^3` inside -1 to 1, else 0.
pub(in crate::patients) fn bump(u: f64) -> f64 {
    let rest = (1.0 - u * u).max(0.0);
    rest * rest * rest
}

impl Wave {
    /// The bell at a time, 0 to 1.
    pub(in crate::patients) fn shape(&self, time: f64) -> f64 {
        let distance = time - self.centre;
        bump(
            distance
                / if distance < 0.0 {
                    self.left
                } else {
                    self.right
                },
        )
    }

    /// Area under the bell for a peak of one.
    pub(in crate::patients) fn area(&self) -> f64 {
        HALF_AREA * (self.left + self.right)
    }

    /// The wave with time mapped by `(time - origin) * scale`.
    pub(in crate::patients) fn mapped(&self, origin: f64, scale: f64) -> Self {
        Self {
            centre: (self.centre - origin) * scale,
            left: self.left * scale,
            right: self.right * scale,
            leads: self.leads,
        }
    }
}

/// Values of all leads at a time.
pub(in crate::patients) fn sum_at(waves: &[Wave], time: f64) -> Leads {
    let mut total = [0.0; 8];
    for wave in waves {
        let shape = wave.shape(time);
        for (sum, lead) in total.iter_mut().zip(wave.leads) {
            *sum += shape * lead;
        }
    }
    total
}

/// First and last time, on `[from, to]` in 256 steps, at which any of the twelve leads is at least
/// `threshold` millivolts off its baseline. `None` when none ever is.
pub(in crate::patients) fn visible_span(
    waves: &[Wave],
    from: f64,
    to: f64,
    threshold: f64,
) -> Option<(f64, f64)> {
    let step = (to - from) / 256.0;
    let seen = |i: &u32| {
        let leads = sum_at(waves, from + step * f64::from(*i));
        let three = leads[1] - leads[0];
        leads
            .iter()
            .chain([&three])
            .any(|value| value.abs() >= threshold)
    };
    let first = (0..=256).find(seen)?;
    let last = (0..=256).rev().find(seen)?;
    Some((
        from + step * f64::from(first),
        from + step * f64::from(last),
    ))
}
