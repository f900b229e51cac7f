//! Samples to strokes.

use super::geometry::{LeadGeometry, PageGeometry};
use super::ink::{Clip, InkLayer, Pen, Segment};

/// More samples than this in half a pixel are drawn by their first, lowest, highest and last one: the
/// stroke covers the same pixels and costs less.
const DENSE: usize = 4;

/// Draws the stretch of a lead that its geometry names.
///
/// Missing samples (NaN or infinite) leave a gap. Where the recording ends, the trace ends.
pub(crate) fn draw_trace(
    layer: &mut InkLayer,
    samples: &[f32],
    sampling_rate_hz: f64,
    trace: &LeadGeometry,
    geometry: &PageGeometry,
    pen: Pen,
    clip: &Clip,
) {
    let (first, last) = stretch(samples.len(), sampling_rate_hz, trace);
    let place = |index: f64, millivolts: f64| {
        let time_s = index / sampling_rate_hz - trace.start_s;
        let x = trace.bounds.x + time_s * geometry.px_per_s;
        let y = trace.baseline_y - (millivolts - trace.offset_mv) * geometry.px_per_mv;
        // An amplifier at its limit is off the paper; so large a number only has to stay finite.
        (x as f32, y.clamp(-1e6, 1e6) as f32)
    };
    let mut line = Polyline {
        layer,
        pen,
        clip,
        last: None,
    };
    // Columns start and end between samples if the rate says so: go to the edge, not beyond.
    let edge = |at_s: f64| {
        let index = at_s * sampling_rate_hz;
        let below = libm::floor(index);
        let (a, b) = (
            samples.get(below as usize)?,
            samples.get(below as usize + 1)?,
        );
        let share = index - below;
        let value = f64::from(*a) * (1.0 - share) + f64::from(*b) * share;
        (share > 0.0 && value.is_finite()).then(|| place(index, value))
    };
    if let Some(point) = edge(trace.start_s) {
        line.to(point);
    }
    let per_bin = (0.5 / geometry.px_per_s * sampling_rate_hz) as usize;
    let shown = samples.get(first..last).unwrap_or(&[]);
    if per_bin <= DENSE {
        for (index, &value) in shown.iter().enumerate() {
            line.sample(value, |value| place((first + index) as f64, value));
        }
    } else {
        for (bin, values) in shown.chunks(per_bin).enumerate() {
            let start = first + bin * per_bin;
            for offset in landmarks(values) {
                line.sample(values[offset], |value| {
                    place((start + offset) as f64, value)
                });
            }
        }
    }
    if let Some(point) = edge(trace.end_s) {
        line.to(point);
    }
    line.finish();
}

/// First sample and the one after the last within a trace's time.
pub(crate) fn stretch(
    samples: usize,
    sampling_rate_hz: f64,
    trace: &LeadGeometry,
) -> (usize, usize) {
    // A sample that rounding puts a hair outside still belongs to the stretch.
    let first = libm::ceil(trace.start_s * sampling_rate_hz - 1e-6).max(0.0) as usize;
    let last = libm::floor(trace.end_s * sampling_rate_hz + 1e-6).max(0.0) as usize;
    (first.min(samples), last.saturating_add(1).min(samples))
}

/// Offsets of the first, lowest, highest and last value of a bin in order; with a gap inside, of all.
fn landmarks(values: &[f32]) -> Vec<usize> {
    if values.iter().any(|value| !value.is_finite()) {
        return (0..values.len()).collect();
    }
    let mut lowest = 0;
    let mut highest = 0;
    for (offset, value) in values.iter().enumerate() {
        if *value < values[lowest] {
            lowest = offset;
        }
        if *value > values[highest] {
            highest = offset;
        }
    }
    let mut offsets = vec![0, lowest, highest, values.len() - 1];
    offsets.sort_unstable();
    offsets.dedup();
    offsets
}

struct Polyline<'a> {
    layer: &'a mut InkLayer,
    pen: Pen,
    clip: &'a Clip,
    /// The last point and whether a stroke already ends in it.
    last: Option<((f32, f32), bool)>,
}

impl Polyline<'_> {
    fn sample(&mut self, value: f32, place: impl Fn(f64) -> (f32, f32)) {
        if value.is_finite() {
            self.to(place(f64::from(value)));
        } else {
            self.finish();
        }
    }

    fn to(&mut self, point: (f32, f32)) {
        if let Some((from, _)) = self.last {
            let segment = Segment { from, to: point };
            self.layer.stroke(segment, self.pen, self.clip);
        }
        self.last = Some((point, self.last.is_some()));
    }

    /// Ends the line; a single sample between gaps is a dot.
    fn finish(&mut self) {
        if let Some((point, false)) = self.last.take() {
            let dot = Segment {
                from: point,
                to: point,
            };
            self.layer.stroke(dot, self.pen, self.clip);
        }
    }
}
