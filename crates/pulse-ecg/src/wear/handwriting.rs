//! Marks of a pen: words nobody can read, an underline, a circle around a complex, a tick.

use std::f32::consts::TAU;

use rand_chacha::ChaCha8Rng;

use super::apply::Draw;
use super::random::{between, chance, index};
use crate::page::{InkLayer, PageGeometry, Pen, Picture, Printer, Segment, SignalPoint};

/// Blue and black ballpoint, red felt pen.
const INKS: [[u8; 3]; 4] = [[28, 44, 128], [34, 34, 40], [24, 36, 100], [168, 34, 42]];

/// Steps of coverage: a worn picture has more colours than a palette holds anyway.
const INK_STEPS: u32 = 63;

/// Writes on the page.
pub(super) fn apply(picture: &mut Picture, geometry: &PageGeometry, mut draw: Draw) {
    let size = picture.size();
    let mm = picture.pixels_per_mm() as f32;
    let mut layer = InkLayer::new(size.width, size.height);
    let random = &mut draw.random;
    let ink = INKS[index(random, 4) as usize];
    let pen = Pen::new(between(random, 0.3, 0.5) * mm);
    let mut hand = Hand {
        layer: &mut layer,
        pen,
        mm,
    };
    let (width, height) = (size.width as f32, size.height as f32);
    let words = 1 + (draw.amount * 6.0) as u32;
    let mut caret = (
        between(random, 0.3, 0.62) * width,
        between(random, 0.03, 0.08) * height,
    );
    for word in 0..words {
        let end = hand.word(random, caret, 1.0);
        if chance(random, 0.2) {
            hand.underline(random, caret, end);
        }
        caret = if word % 3 == 2 || end > 0.85 * width {
            (between(random, 0.3, 0.5) * width, caret.1 + 9.0 * mm)
        } else {
            (end + 4.0 * mm, caret.1)
        };
    }
    let complexes: Vec<Complex> = complexes(geometry).collect();
    if draw.amount > 0.15 && !complexes.is_empty() {
        let complex = complexes[index(random, complexes.len() as u32) as usize];
        let centre = complex.centre;
        hand.circle(random, centre, complex.half_height);
        if chance(random, 0.6) {
            let beside = (centre.0 + 9.0 * mm, centre.1 - 9.0 * mm);
            hand.word(random, beside, 0.7);
        }
    }
    if chance(random, draw.amount) {
        let corner = (0.93 * width, between(random, 0.05, 0.1) * height);
        hand.tick(random, corner);
    }
    Printer::new(ink, INK_STEPS).print(&layer, picture.rgb_mut());
}

/// A complex that a hand may circle, in pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Complex {
    /// Half way between the baseline and the largest deflection.
    centre: (f32, f32),
    half_height: f32,
}

/// The largest deflection of every drawn lead. Which of them is circled is chance: the circle marks no finding.
fn complexes(geometry: &PageGeometry) -> impl Iterator<Item = Complex> {
    geometry.leads.iter().filter_map(|trace| {
        let peak = trace.tallest?;
        let baseline = SignalPoint {
            millivolts: trace.offset_mv,
            ..peak
        };
        let (top, foot) = (
            geometry.locate(trace, peak),
            geometry.locate(trace, baseline),
        );
        Some(Complex {
            centre: (0.5 * (top.x + foot.x) as f32, 0.5 * (top.y + foot.y) as f32),
            half_height: 0.5 * (top.y - foot.y).abs() as f32,
        })
    })
}

struct Hand<'a> {
    layer: &'a mut InkLayer,
    pen: Pen,
    mm: f32,
}

impl Hand<'_> {
    fn draw(&mut self, points: &[(f32, f32)]) {
        let clip = self.layer.everything();
        for pair in points.windows(2) {
            let segment = Segment {
                from: pair[0],
                to: pair[1],
            };
            self.layer.stroke(segment, self.pen, &clip);
        }
    }

    /// Letters of a made-up hand from left to right; returns where it ends.
    ///
    /// A letter is one turn of a cycloid that runs along the line; its size and lean differ, and some
    /// have stems, as l and g have.
    fn word(&mut self, random: &mut ChaCha8Rng, from: (f32, f32), scale: f32) -> f32 {
        let letters = 3 + index(random, 6);
        let body = between(random, 0.9, 1.3) * self.mm * scale;
        let lean = between(random, 0.1, 0.45);
        let slope = between(random, -0.06, 0.04);
        let mut x = from.0;
        let mut points = Vec::new();
        for _ in 0..letters {
            let stem = match index(random, 5) {
                0 => between(random, 1.8, 2.6),
                1 => -between(random, 1.4, 2.0),
                _ => between(random, 0.7, 1.1),
            };
            let advance = between(random, 1.3, 2.3) * body;
            let loops = between(random, 0.5, 1.4) * body;
            for step in 0..14 {
                let share = step as f32 / 14.0;
                let angle = f64::from(share) * 2.0 * std::f64::consts::PI;
                let up = (0.5 - 0.5 * libm::cos(angle)) as f32 * stem * body * 1.5;
                let across =
                    x + share * advance - libm::sin(angle) as f32 * loops * 0.6 + lean * up;
                points.push((across, from.1 - up + slope * (across - from.0)));
            }
            x += advance;
        }
        points.push((x, from.1 + slope * (x - from.0)));
        self.draw(&points);
        x
    }

    fn underline(&mut self, random: &mut ChaCha8Rng, from: (f32, f32), end: f32) {
        let drop = between(random, 1.2, 2.2) * self.mm;
        let tilt = between(random, -0.8, 0.8) * self.mm;
        let points: Vec<(f32, f32)> = (0..=12)
            .map(|step| {
                let share = step as f32 / 12.0;
                let wobble = between(random, -0.12, 0.12) * self.mm;
                let x = from.0 + share * (end - from.0);
                (x, from.1 + drop + tilt * share + wobble)
            })
            .collect();
        self.draw(&points);
    }

    /// A circle around something so high that does not quite close.
    fn circle(&mut self, random: &mut ChaCha8Rng, centre: (f32, f32), half_height: f32) {
        let width = between(random, 5.0, 9.0) * self.mm;
        let height = half_height + between(random, 3.0, 6.0) * self.mm;
        let start = between(random, 0.0, TAU);
        let drift = between(random, 0.02, 0.12);
        let points: Vec<(f32, f32)> = (0..=44)
            .map(|step| {
                let share = step as f32 / 40.0;
                let angle = f64::from(start + share * TAU);
                let grown = 1.0 + drift * share;
                (
                    centre.0 + libm::cos(angle) as f32 * width * grown,
                    centre.1 + libm::sin(angle) as f32 * height * grown,
                )
            })
            .collect();
        self.draw(&points);
    }

    fn tick(&mut self, random: &mut ChaCha8Rng, at: (f32, f32)) {
        let size = between(random, 3.0, 6.0) * self.mm;
        self.draw(&[
            (at.0 - 0.4 * size, at.1 - 0.3 * size),
            at,
            (at.0 + 0.7 * size, at.1 - 1.1 * size),
        ]);
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::complexes;
    use crate::page::{LeadRole, PageRenderer, PageSettings};
    use crate::patients::{Finding, PatientPlan};
    use rand::SeedableRng;

    #[test]
    fn circles_stand_around_complexes() {
        let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(3);
        let plan = PatientPlan::with_finding(Finding::SinusRhythm, &mut rng);
        let ecg = plan.synthesize(&mut rng).unwrap();
        let renderer = PageRenderer::new(PageSettings::default()).unwrap();
        let geometry = renderer.render(&ecg.recording).unwrap().geometry;
        let found: Vec<_> = complexes(&geometry).collect();
        assert_eq!(found.len(), 13);
        // In V4, where QRS is larger than anything else.
        let v4 = geometry.lead(&crate::Lead::V4, LeadRole::Cell).unwrap();
        let peak = v4.tallest.unwrap();
        let near = |beat: &crate::patients::Beat| (beat.time_s - peak.time_s).abs() < 0.06;
        assert!(ecg.truth.beats.iter().any(near), "{peak:?}");
        let place = geometry.leads.iter().position(|trace| trace == v4).unwrap();
        let (x, _) = found[place].centre;
        assert!((f64::from(x) - geometry.locate(v4, peak).x).abs() < 0.5);
        assert!(found[place].half_height > 0.2 * geometry.px_per_mv as f32);
    }
}
