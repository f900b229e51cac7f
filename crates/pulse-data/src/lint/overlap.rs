//! Recordings and patients in a training set and in a test set.

use std::collections::{HashMap, HashSet};

use super::report::Overlap;
use super::rule::{Finding, Rule};
use crate::source_record::SourceRecord;

/// The recordings of one set.
pub(super) struct SetRecords {
    pub(super) name: String,
    pub(super) is_test: bool,
    pub(super) records: HashSet<SourceRecord>,
    /// Pictures whose path tells of no recording.
    pub(super) unknown: u64,
}

/// Compares every training set with every test set.
pub(super) fn compare(sets: &[SetRecords]) -> (Vec<Overlap>, Vec<Finding>) {
    let mut overlaps = Vec::new();
    let mut findings = Vec::new();
    for train in sets.iter().filter(|set| !set.is_test) {
        let by_patient: HashMap<_, _> = train
            .records
            .iter()
            .filter_map(|record| Some(((record.source, record.patient.as_ref()?), record)))
            .collect();
        for test in sets.iter().filter(|set| set.is_test) {
            let mut overlap = Overlap {
                train: train.name.clone(),
                test: test.name.clone(),
                records: 0,
                patients: 0,
            };
            let mut patients = HashSet::new();
            let mut records: Vec<&SourceRecord> = test.records.iter().collect();
            records.sort();
            for record in records {
                if train.records.contains(record) {
                    overlap.records += 1;
                    let message = format!(
                        "recording {:?} {} is in {} too",
                        record.source, record.record, train.name
                    );
                    findings.push(Finding::new(Rule::RecordOverlap, &test.name, None, message));
                    continue;
                }
                let Some(patient) = &record.patient else {
                    continue;
                };
                let shared = by_patient.contains_key(&(record.source, patient));
                if shared && patients.insert((record.source, patient)) {
                    overlap.patients += 1;
                    let message = format!(
                        "patient {:?} {patient} is in {} with another recording",
                        record.source, train.name
                    );
                    findings.push(Finding::new(
                        Rule::PatientOverlap,
                        &test.name,
                        None,
                        message,
                    ));
                }
            }
            overlaps.push(overlap);
        }
    }
    (overlaps, findings)
}
