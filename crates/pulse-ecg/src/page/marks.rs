//! Everything black that is not a trace: calibration pulses, separators, header and footer.

use super::geometry::LeadRole;
use super::header::HEADER_MM;
use super::ink::{Clip, InkLayer, Pen, Segment};
use super::labels::draw_labels;
use super::plan::{LINE_MM, MARGIN_MM, PagePlan};
use super::settings::{PageSettings, Separator};
use super::text::write_text;
use crate::recording::Recording;

/// Text lower than this many pixels is noise; machines that print so coarsely print none.
const LOWEST_TEXT_PX: f64 = 3.0;
/// Separating bars: height above and below the baseline, width.
const BAR_REACH_MM: f64 = 3.0;
const BAR_WIDTH_MM: f64 = 0.4;

/// Draws them all.
pub(crate) fn draw_marks(
    layer: &mut InkLayer,
    settings: &PageSettings,
    plan: &PagePlan,
    recording: &Recording,
    trace_pen: Pen,
) {
    draw_pulses(layer, plan, trace_pen);
    match settings.separator {
        Separator::Bar => draw_bars(layer, plan),
        Separator::Dotted => draw_dotted_lines(layer, plan),
        Separator::Hidden => {}
    }
    if settings.labels {
        draw_labels(layer, plan, LOWEST_TEXT_PX);
    }
    draw_text(layer, settings, plan, recording);
}

fn draw_pulses(layer: &mut InkLayer, plan: &PagePlan, pen: Pen) {
    let clip = layer.everything();
    let foot = 0.8 * plan.geometry.px_per_mm;
    for pulse in &plan.geometry.calibration {
        let (left, right) = (pulse.x, pulse.x + pulse.width);
        let (top, bottom) = (pulse.y, pulse.y + pulse.height);
        let points = [
            (left - foot, bottom),
            (left, bottom),
            (left, top),
            (right, top),
            (right, bottom),
            (right + foot, bottom),
        ]
        .map(|(x, y)| (x as f32, y as f32));
        for pair in points.windows(2) {
            let segment = Segment {
                from: pair[0],
                to: pair[1],
            };
            layer.stroke(segment, pen, &clip);
        }
    }
}

fn draw_bars(layer: &mut InkLayer, plan: &PagePlan) {
    let px_per_mm = plan.geometry.px_per_mm;
    let half_width = (BAR_WIDTH_MM * px_per_mm / 2.0).max(0.4);
    let reach = BAR_REACH_MM * px_per_mm;
    for trace in plan.geometry.leads.iter().filter(|trace| trace.column > 0) {
        layer.fill(Clip {
            left: (trace.bounds.x - half_width) as f32,
            right: (trace.bounds.x + half_width) as f32,
            top: (trace.baseline_y - reach) as f32,
            bottom: (trace.baseline_y + reach) as f32,
        });
    }
}

fn draw_dotted_lines(layer: &mut InkLayer, plan: &PagePlan) {
    let px_per_mm = plan.geometry.px_per_mm;
    let half = (0.15 * px_per_mm).max(0.4);
    let cells = || {
        let cells = plan.geometry.leads.iter();
        cells.filter(|trace| trace.role == LeadRole::Cell)
    };
    let bottom = cells().fold(0.0, |low: f64, trace| {
        low.max(trace.bounds.y + trace.bounds.height)
    });
    for trace in cells().filter(|trace| trace.column > 0 && trace.row == 0) {
        let mut y = trace.bounds.y;
        while y < bottom {
            layer.fill(Clip {
                left: (trace.bounds.x - half) as f32,
                right: (trace.bounds.x + half) as f32,
                top: y as f32,
                bottom: (y + 2.0 * half) as f32,
            });
            y += px_per_mm;
        }
    }
}

fn draw_text(
    layer: &mut InkLayer,
    settings: &PageSettings,
    plan: &PagePlan,
    recording: &Recording,
) {
    let px_per_mm = plan.geometry.px_per_mm;
    let size = HEADER_MM * px_per_mm;
    if size < LOWEST_TEXT_PX {
        return;
    }
    let mut write = |text: &str, x_mm: f64, y_mm: f64| {
        let (x, y) = (x_mm * px_per_mm, y_mm * px_per_mm);
        write_text(layer, text, x as f32, y as f32, size as f32);
    };
    let header = &settings.header;
    let blocks = [
        (header.patient_lines(recording), plan.text_left_mm),
        (header.own_lines(), plan.text_right_mm),
    ];
    for (lines, x_mm) in blocks {
        for (index, line) in lines.iter().enumerate() {
            write(line, x_mm, MARGIN_MM + (index as f64 + 0.75) * LINE_MM);
        }
    }
    let footer = header.footer(settings.speed_mm_per_s, settings.gain_mm_per_mv);
    write(&footer, plan.text_left_mm, plan.footer_mm);
}
