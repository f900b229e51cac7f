//! Names of leads, where no trace passes.

use super::geometry::LeadGeometry;
use super::ink::{Clip, InkLayer};
use super::plan::PagePlan;
use super::text::{text_width, write_text};

/// Height of the font's line.
const LABEL_MM: f64 = 4.4;
/// Height of capitals, share of the font's line.
const CAPITALS: f64 = 0.64;
/// Names stand this far above the baseline, right of the column's start, if nothing is in the way.
const ABOVE_MM: f64 = 6.5;
const RIGHT_MM: f64 = 1.2;
/// Room around a name that stays free of traces.
const CLEAR_MM: f64 = 0.5;
/// How far a name may move to the right, up or down, and in which steps it moves: a large square, so that names
/// stay where a reader looks for them.
const FARTHEST_MM: f64 = 5.0;
const STEP_MM: f64 = 1.0;

/// Writes the names of the drawn leads. Traces are on the layer already.
pub(crate) fn draw_labels(layer: &mut InkLayer, plan: &PagePlan, lowest_text_px: f64) {
    let px_per_mm = plan.geometry.px_per_mm;
    let size = LABEL_MM * px_per_mm;
    if size < lowest_text_px {
        return;
    }
    for trace in plan.geometry.leads.iter().filter(|trace| trace.drawn) {
        let name = trace.lead.name();
        let width = f64::from(text_width(name, size as f32));
        let (x, y) = place(layer, trace, (width, size * CAPITALS), px_per_mm);
        write_text(layer, name, x as f32, y as f32, size as f32);
    }
}

/// Left end and baseline of a name of a size in pixels: the usual place unless there is ink, else the nearest one
/// within a large square of it and within the lead's row on which there is none. Where waves are everywhere the name
/// keeps the usual place and is crossed, as machines print it.
fn place(layer: &InkLayer, trace: &LeadGeometry, text: (f64, f64), px_per_mm: f64) -> (f64, f64) {
    let (width, height) = text;
    let bounds = &trace.bounds;
    let clear = CLEAR_MM * px_per_mm;
    let (highest, lowest) = (bounds.y + height + clear, bounds.y + bounds.height - clear);
    let usual = (
        bounds.x + RIGHT_MM * px_per_mm,
        (trace.baseline_y - ABOVE_MM * px_per_mm).max(highest),
    );
    let step = STEP_MM * px_per_mm;
    let rightmost = (bounds.width - RIGHT_MM * px_per_mm - width).min(FARTHEST_MM * px_per_mm);
    let columns = (rightmost / step).max(0.0) as i32;
    let farthest = FARTHEST_MM / STEP_MM;
    let up = ((usual.1 - highest) / step).min(farthest);
    let down = ((lowest - usual.1) / step).min(farthest);
    let mut places: Vec<(i32, i32)> = (-(up as i32)..=down as i32)
        .flat_map(|row| (0..=columns).map(move |column| (column, row)))
        .collect();
    // The start of the column is where a name is looked for: rather higher or lower than to the right.
    places.sort_by_key(|(column, row)| (3 * column + 2 * row.abs(), *row));
    let at = |(column, row): (i32, i32)| {
        let (column, row) = (f64::from(column), f64::from(row));
        (usual.0 + column * step, usual.1 + row * step)
    };
    let free = |(x, y): &(f64, f64)| {
        layer.is_bare(&Clip {
            left: (x - clear) as f32,
            top: (y - height - clear) as f32,
            right: (x + width + clear) as f32,
            bottom: (y + clear) as f32,
        })
    };
    places.into_iter().map(at).find(free).unwrap_or(usual)
}

#[cfg(test)]
mod tests {
    use super::place;
    use crate::lead::Lead;
    use crate::page::geometry::{LeadGeometry, LeadRole, PageBox};
    use crate::page::ink::{InkLayer, Pen, Segment};

    fn trace() -> LeadGeometry {
        LeadGeometry {
            lead: Lead::V4,
            role: LeadRole::Cell,
            row: 0,
            column: 0,
            bounds: PageBox {
                x: 40.0,
                y: 10.0,
                width: 500.0,
                height: 240.0,
            },
            baseline_y: 154.0,
            offset_mv: 0.0,
            start_s: 0.0,
            end_s: 2.5,
            drawn: true,
            tallest: None,
        }
    }

    fn line(layer: &mut InkLayer, from: (f32, f32), to: (f32, f32)) {
        let clip = layer.everything();
        layer.stroke(Segment { from, to }, Pen::new(2.0), &clip);
    }

    #[test]
    fn a_name_keeps_its_place_unless_a_trace_passes_there() {
        let mut layer = InkLayer::new(600, 300);
        let place = |layer: &InkLayer| place(layer, &trace(), (30.0, 22.0), 8.0);
        line(&mut layer, (40.0, 154.0), (540.0, 154.0));
        let usual = place(&layer);
        assert_eq!(usual, (40.0 + 1.2 * 8.0, 154.0 - 6.5 * 8.0));
        // A tall wave through the usual place: the name goes aside, by no more than 5 mm.
        line(&mut layer, (60.0, 154.0), (60.0, 20.0));
        let (x, y) = place(&layer);
        assert!(
            x > 60.0 && x <= usual.0 + 40.0 && (y - usual.1).abs() <= 40.0,
            "{x} {y}"
        );
        // Waves everywhere above: the usual place is no worse than others.
        for x in (45..540).step_by(20) {
            line(&mut layer, (x as f32, 154.0), (x as f32, 12.0));
        }
        assert_eq!(place(&layer), usual);
    }
}
