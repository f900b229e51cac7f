//! Two signals with one name: both are read, neither is ever taken for the lead.

#![allow(clippy::unwrap_used, clippy::panic)]

mod common;
mod drawn;

use common::{record, signal};
use drawn::beats;
use pulse_ecg::measure::measure;
use pulse_ecg::page::{Layout, MissingLeads, PageError, PageRenderer, PageSettings};
use pulse_ecg::{Lead, RecordError, Recording};

/// V1 and two signals of opposite sign that both call themselves II.
fn two_of_a_name() -> Recording {
    let signals = [("II", 800), ("V1", 300), ("lead II", -800)];
    record(
        signals
            .map(|(name, value)| signal(name, vec![value; 5000]))
            .into(),
    )
    .to_recording()
    .unwrap()
}

fn rendered(recording: &Recording, leads: Vec<Lead>) -> Result<(), PageError> {
    let settings = PageSettings {
        layout: Layout::Rows(leads),
        rhythm: Vec::new(),
        dpi: 60.0,
        missing_leads: MissingLeads::Blank,
        ..PageSettings::default()
    };
    PageRenderer::new(settings)?.render(recording).map(|_| ())
}

#[test]
fn a_lead_of_an_ambiguous_name_is_never_drawn() {
    let recording = two_of_a_name();
    assert_eq!(recording.leads.len(), 3);
    assert_eq!(recording.signals_named(&Lead::II), 2);
    assert_eq!(recording.signals_named(&Lead::V6), 0);
    assert_eq!(recording.lead(&Lead::II), None);
    assert_eq!(recording.lead(&Lead::V1).unwrap()[0], 0.3);

    let all = recording.leads.iter().map(|signal| signal.lead.clone());
    match rendered(&recording, all.collect()).unwrap_err() {
        PageError::AmbiguousLead { lead, found, .. } => assert_eq!((lead, found), (Lead::II, 2)),
        error => panic!("{error}"),
    }
    rendered(&recording, vec![Lead::V1]).unwrap();
}

#[test]
fn the_standard_leads_and_the_axis_need_names_that_stand_once() {
    let mut recording = beats();
    assert!(measure(&recording).unwrap().axis_degrees.is_some());
    let mut second = recording.leads[0].clone();
    for value in &mut second.millivolts {
        *value = -*value;
    }
    recording.leads.push(second);
    assert_eq!(measure(&recording).unwrap().axis_degrees, None);
    match recording.standard_leads().unwrap_err() {
        RecordError::AmbiguousLead { lead, found, .. } => assert_eq!((lead, found), (Lead::I, 2)),
        error => panic!("{error}"),
    }
}
