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
    let mut line = Polyline::new(layer, pen, clip);
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

/// Points that may lie between the ends of one stroke, and pixels by which they may lie beside it.
const SKIPPED: usize = 6;
const BESIDE: f32 = 0.1;

/// A line through points. Points that a straight stroke passes anyway are not drawn on their own: at 200
/// dpi samples lie 0.4 pixels apart.
struct Polyline<'a> {
    layer: &'a mut InkLayer,
    pen: Pen,
    clip: &'a Clip,
    /// Where the next stroke starts, and whether a stroke already ends there.
    start: Option<((f32, f32), bool)>,
    /// Points after the start that are not drawn yet.
    waiting: Vec<(f32, f32)>,
}

impl<'a> Polyline<'a> {
    fn new(layer: &'a mut InkLayer, pen: Pen, clip: &'a Clip) -> Self {
        Self {
            layer,
            pen,
            clip,
            start: None,
            waiting: Vec::with_capacity(SKIPPED + 1),
        }
    }

    fn sample(&mut self, value: f32, place: impl Fn(f64) -> (f32, f32)) {
        if value.is_finite() {
            self.to(place(f64::from(value)));
        } else {
            self.finish();
        }
    }

    fn to(&mut self, point: (f32, f32)) {
        let Some((start, _)) = self.start else {
            self.start = Some((point, false));
            return;
        };
        let full = self.waiting.len() > SKIPPED;
        if full
            || !self
                .waiting
                .iter()
                .all(|&between| is_passed(start, between, point))
        {
            self.draw();
        }
        self.waiting.push(point);
    }

    /// Draws to the last point that waits.
    fn draw(&mut self) {
        if let (Some((from, _)), Some(&to)) = (self.start, self.waiting.last()) {
            self.layer.stroke(Segment { from, to }, self.pen, self.clip);
            self.start = Some((to, true));
            self.waiting.clear();
        }
    }

    /// Ends the line; a single sample between gaps is a dot.
    fn finish(&mut self) {
        self.draw();
        if let Some((point, false)) = self.start.take() {
            let dot = Segment {
                from: point,
                to: point,
            };
            self.layer.stroke(dot, self.pen, self.clip);
        }
    }
}

/// Whether the stroke between two points passes a third, both beside it and between its ends.
fn is_passed(from: (f32, f32), between: (f32, f32), to: (f32, f32)) -> bool {
    let (dx, dy) = (to.0 - from.0, to.1 - from.1);
    let (x, y) = (between.0 - from.0, between.1 - from.1);
    let length_squared = dx * dx + dy * dy;
    let across = x * dy - y * dx;
    let along = x * dx + y * dy;
    across * across <= BESIDE * BESIDE * length_squared && along >= 0.0 && along <= length_squared
}
