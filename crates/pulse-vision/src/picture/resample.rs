//! Coefficients of Pillow's antialiased bicubic filter along one axis.
//!
//! Keys' cubic convolution with a = −0.5, widened when shrinking, in fixed point with 22 fractional
//! bits (Pillow, `precompute_coeffs` and `normalize_coeffs_8bpc`; spec section 1.3). All of it is
//! f64 in the reference's order of operations.

/// Fractional bits of a coefficient: 32 minus 8 for the pixel minus 2 for overshoot.
pub(super) const PRECISION: u32 = 22;

/// For each output position of a range which inputs it weighs, and how.
pub(super) struct Axis {
    /// First input of each output.
    starts: Vec<usize>,
    /// Where each output's coefficients begin, and the end of the last.
    offsets: Vec<usize>,
    coefficients: Vec<i32>,
}

impl Axis {
    /// Coefficients to resize `input` positions to `output`, for the outputs in `range` only.
    pub(super) fn new(input: usize, output: usize, range: std::ops::Range<usize>) -> Self {
        let scale = input as f64 / output as f64;
        let filter_scale = scale.max(1.0);
        let support = 2.0 * filter_scale;
        let inverse = 1.0 / filter_scale;
        let mut axis = Self {
            starts: Vec::new(),
            offsets: vec![0],
            coefficients: Vec::new(),
        };
        for position in range {
            let centre = (position as f64 + 0.5) * scale;
            // Casts truncate and saturate at 0, as the reference's int() and max().
            let first = (centre - support + 0.5) as usize;
            let last = ((centre + support + 0.5) as usize).min(input);
            let weights: Vec<f64> = (first..last)
                .map(|i| bicubic(((i - first) as f64 + first as f64 - centre + 0.5) * inverse))
                .collect();
            let total: f64 = weights.iter().sum();
            axis.starts.push(first);
            axis.coefficients.extend(weights.iter().map(|weight| {
                let weight = if total != 0.0 {
                    weight / total
                } else {
                    *weight
                };
                fixed_point(weight)
            }));
            axis.offsets.push(axis.coefficients.len());
        }
        axis
    }

    /// Number of outputs.
    pub(super) fn len(&self) -> usize {
        self.starts.len()
    }

    /// First input and coefficients of an output.
    #[inline(always)]
    pub(super) fn taps(&self, output: usize) -> (usize, &[i32]) {
        (
            self.starts[output],
            &self.coefficients[self.offsets[output]..self.offsets[output + 1]],
        )
    }

    /// The inputs that any output needs.
    pub(super) fn inputs(&self) -> std::ops::Range<usize> {
        let first = self.starts.iter().copied().min().unwrap_or(0);
        let last = (0..self.len())
            .map(|output| self.taps(output))
            .map(|(start, taps)| start + taps.len())
            .max()
            .unwrap_or(0);
        first..last
    }
}

fn bicubic(x: f64) -> f64 {
    const A: f64 = -0.5;
    let x = x.abs();
    if x < 1.0 {
        ((A + 2.0) * x - (A + 3.0)) * x * x + 1.0
    } else if x < 2.0 {
        (((x - 5.0) * x + 8.0) * x - 4.0) * A
    } else {
        0.0
    }
}

fn fixed_point(weight: f64) -> i32 {
    let scaled = weight * f64::from(1u32 << PRECISION);
    if weight < 0.0 {
        (scaled - 0.5) as i32
    } else {
        (scaled + 0.5) as i32
    }
}
