//! Zero-phase second-order Butterworth filters.

/// Which side of the corner passes.
#[derive(Debug, Clone, Copy)]
pub(super) enum Pass {
    Low,
    High,
}

/// Filters forwards and backwards, so that no wave is shifted; -6 dB at the corner in all.
pub(super) fn zero_phase(signal: &mut [f64], rate_hz: f64, corner_hz: f64, pass: Pass) {
    let corner = corner_hz.min(0.45 * rate_hz);
    let k = libm::tan(std::f64::consts::PI * corner / rate_hz);
    let norm = 1.0 / (1.0 + std::f64::consts::SQRT_2 * k + k * k);
    let (b0, b1) = match pass {
        Pass::Low => (k * k * norm, 2.0 * k * k * norm),
        Pass::High => (norm, -2.0 * norm),
    };
    let a1 = 2.0 * (k * k - 1.0) * norm;
    let a2 = (1.0 - std::f64::consts::SQRT_2 * k + k * k) * norm;
    for _ in 0..2 {
        // Start as if the first value had been there for ever.
        let first = signal.first().copied().unwrap_or(0.0);
        let settled = match pass {
            Pass::Low => first,
            Pass::High => 0.0,
        };
        let (mut x1, mut x2, mut y1, mut y2) = (first, first, settled, settled);
        for value in signal.iter_mut() {
            let x = *value;
            let y = b0 * x + b1 * x1 + b0 * x2 - a1 * y1 - a2 * y2;
            (x2, x1, y2, y1) = (x1, x, y1, y);
            *value = y;
        }
        signal.reverse();
    }
}

#[cfg(test)]
mod tests {
    use super::{Pass, zero_phase};

    #[test]
    fn a_peak_stays_where_it_is_and_a_level_goes_or_stays() {
        let mut signal: Vec<f64> = (0..1000)
            .map(|i| 2.0 + libm::exp(-(f64::from(i - 500) / 8.0).powi(2)))
            .collect();
        let mut high = signal.clone();
        zero_phase(&mut signal, 500.0, 30.0, Pass::Low);
        zero_phase(&mut high, 500.0, 1.0, Pass::High);
        let peak = |s: &[f64]| (0..s.len()).max_by(|a, b| s[*a].total_cmp(&s[*b]));
        assert_eq!((peak(&signal), peak(&high)), (Some(500), Some(500)));
        assert!((signal[100] - 2.0).abs() < 1e-6 && high[5].abs() < 0.05);
    }
}
