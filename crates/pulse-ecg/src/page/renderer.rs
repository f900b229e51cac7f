//! Recordings to pages.

use super::background::draw_paper;
use super::error::PageError;
use super::geometry::{PageGeometry, SignalPoint};
use super::ink::{Clip, InkLayer, Pen};
use super::marks::draw_marks;
use super::picture::Picture;
use super::plan::{PagePlan, plan};
use super::settings::{MissingLeads, PageSettings};
use super::sheet::Sheet;
use super::trace::{draw_trace, stretch};
use crate::recording::Recording;

/// A page: what it looks like and where everything is.
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    /// The picture.
    pub picture: Picture,
    /// Where everything is in it.
    pub geometry: PageGeometry,
}

/// Draws recordings on one kind of page.
///
/// The settings are checked and the paper is drawn when it is made; [`render`](Self::render) may be called
/// from many threads at once.
#[derive(Debug, Clone)]
pub struct PageRenderer {
    settings: PageSettings,
    plan: PagePlan,
    paper: Sheet,
}

/// A rate above this is no ECG: research systems sample with some 10 kHz.
const FASTEST_HZ: f64 = 1e6;

impl PageRenderer {
    /// Lays the page out and draws its paper.
    ///
    /// Errors: numbers outside their ranges, a page of more than 64 million pixels, leads that don't fit.
    pub fn new(settings: PageSettings) -> Result<Self, PageError> {
        let plan = plan(&settings)?;
        let paper = draw_paper(
            plan.geometry.page,
            plan.geometry.px_per_mm,
            &settings.grid,
            plan.grid_mm,
        );
        Ok(Self {
            settings,
            plan,
            paper,
        })
    }

    /// The settings.
    pub const fn settings(&self) -> &PageSettings {
        &self.settings
    }

    /// Draws a recording.
    ///
    /// Errors: a lead that is missing (unless [`MissingLeads::Blank`]) or whose name several signals have, leads of
    /// unequal length, an absurd sampling rate, no finite sample in the shown stretch, a line of text that is wider
    /// than its place.
    pub fn render(&self, recording: &Recording) -> Result<Page, PageError> {
        check(recording)?;
        let mut plan = self.plan.clone();
        self.place(recording, &mut plan.geometry)?;
        let header = &self.settings.header;
        header.check_widths(recording, &plan, &self.settings)?;
        let geometry = &plan.geometry;
        let mut layer = InkLayer::new(geometry.page.width, geometry.page.height);
        let pen = Pen::new((self.settings.trace_width_mm * geometry.px_per_mm) as f32);
        let [left, top, right, bottom] = plan.grid_mm.map(|mm| (mm * geometry.px_per_mm) as f32);
        for trace in geometry.leads.iter().filter(|trace| trace.drawn) {
            let Some(samples) = recording.lead(&trace.lead) else {
                continue;
            };
            // High waves overlap the rows above and below, as on paper; the column is never left.
            let clip = Clip {
                left: left.max((trace.bounds.x) as f32 - 1.0),
                right: right.min((trace.bounds.x + trace.bounds.width) as f32 + 1.0),
                top,
                bottom,
            };
            let rate = recording.sampling_rate_hz;
            draw_trace(&mut layer, samples, rate, trace, geometry, pen, &clip);
        }
        draw_marks(&mut layer, &self.settings, &plan, recording, pen);
        Ok(Page {
            picture: self.paper.printed(&layer, self.settings.ink),
            geometry: plan.geometry,
        })
    }

    /// Fills in which leads are drawn and what was taken off their baselines.
    fn place(&self, recording: &Recording, geometry: &mut PageGeometry) -> Result<(), PageError> {
        let (start_s, end_s) = geometry
            .leads
            .iter()
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(start, end), trace| {
                (start.min(trace.start_s), end.max(trace.end_s))
            });
        let rate = recording.sampling_rate_hz;
        for trace in &mut geometry.leads {
            let found = recording.signals_named(&trace.lead);
            if found > 1 {
                return Err(PageError::AmbiguousLead {
                    record: recording.name.clone(),
                    lead: trace.lead.clone(),
                    found,
                });
            }
            let Some(samples) = recording.lead(&trace.lead) else {
                if self.settings.missing_leads == MissingLeads::Blank {
                    continue;
                }
                return Err(missing(recording, trace.lead.clone()));
            };
            let (first, last) = stretch(samples.len(), rate, trace);
            let shown = samples.get(first..last).unwrap_or(&[]);
            trace.drawn = shown.iter().any(|value| value.is_finite());
            if trace.drawn && self.settings.remove_offset {
                let first = (start_s * rate).max(0.0) as usize;
                let last = ((end_s * rate).max(0.0) as usize).min(samples.len());
                trace.offset_mv = median(samples.get(first..last).unwrap_or(shown));
            }
            trace.tallest = tallest(shown, trace.offset_mv, first, rate);
        }
        if !geometry.leads.iter().any(|trace| trace.drawn) {
            return Err(PageError::NothingToDraw {
                record: recording.name.clone(),
                start_s,
                end_s,
                samples: recording.samples(),
                sampling_rate_hz: rate,
            });
        }
        Ok(())
    }
}

fn check(recording: &Recording) -> Result<(), PageError> {
    let rate = recording.sampling_rate_hz;
    if !(rate > 0.0 && rate <= FASTEST_HZ) {
        return Err(PageError::SamplingRate {
            record: recording.name.clone(),
            found: rate,
            limit: FASTEST_HZ,
        });
    }
    let expected = recording.samples();
    for signal in &recording.leads {
        if signal.millivolts.len() != expected {
            return Err(PageError::UnequalLengths {
                record: recording.name.clone(),
                lead: signal.lead.clone(),
                found: signal.millivolts.len(),
                expected,
            });
        }
    }
    Ok(())
}

fn missing(recording: &Recording, lead: crate::lead::Lead) -> PageError {
    let names: Vec<&str> = recording
        .leads
        .iter()
        .map(|signal| signal.lead.name())
        .collect();
    PageError::MissingLead {
        record: recording.name.clone(),
        lead,
        available: if names.is_empty() {
            "none".to_owned()
        } else {
            names.join(" ")
        },
    }
}

/// Share of a stretch at either end that [`tallest`] leaves out: what stands there is cut by the column.
const ENDS: usize = 8;

/// The sample furthest from a level; the first of `shown` is the recording's sample `first`.
fn tallest(shown: &[f32], level: f64, first: usize, rate: f64) -> Option<SignalPoint> {
    let end = shown.len() / ENDS;
    let inner = shown.get(end..shown.len() - end)?;
    let (index, value) = inner
        .iter()
        .enumerate()
        .filter(|(_, value)| value.is_finite())
        .max_by(|a, b| {
            let off = |value: f32| (f64::from(value) - level).abs();
            off(*a.1).total_cmp(&off(*b.1))
        })?;
    Some(SignalPoint {
        time_s: (first + end + index) as f64 / rate,
        millivolts: f64::from(*value),
    })
}

/// The middle one of the finite values (the lower of two), 0 if there is none.
fn median(values: &[f32]) -> f64 {
    let mut finite: Vec<f32> = values
        .iter()
        .copied()
        .filter(|value| value.is_finite())
        .collect();
    if finite.is_empty() {
        return 0.0;
    }
    let middle = (finite.len() - 1) / 2;
    let (_, value, _) = finite.select_nth_unstable_by(middle, f32::total_cmp);
    f64::from(*value)
}
