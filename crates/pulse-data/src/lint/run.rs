//! All rules over all sets.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use pulse_vision::PixelSize;
use rayon::prelude::*;

use super::balance::Balance;
use super::lengths::Ruler;
use super::options::{LintError, LintOptions};
use super::overlap::{SetRecords, compare};
use super::pictures::{Seen, look};
use super::report::{Findings, Histogram, LintReport, SetReport};
use super::rule::{Finding, Rule};
use super::source::{Items, LintItem, LintSet, find_sets};
use super::turns::{Marks, check};
use crate::bench::{BenchConfig, BenchPicture};
use crate::source_record::SourceRecord;

/// Items worked on together; with pictures from Parquet they are in memory.
const CHUNK: usize = 64;

/// Reads a data set whole and reports what is wrong with it. JSON files that have no index get one beside them;
/// where that cannot be written it is made in the system's folder for temporary files and a note says so.
///
/// # Errors
/// [`LintError`] if there is no data set or the model cannot be used. Everything else is a finding.
pub fn lint(path: &Path, options: &LintOptions) -> Result<LintReport, LintError> {
    let ruler = Ruler::new(options)?;
    let sets = find_sets(path, options)?;
    let mut findings = Findings::new(options.keep);
    let mut pictures = Pictures::default();
    let mut reports = Vec::new();
    let mut records = Vec::new();
    for set in &sets {
        let pass = SetPass::new(set, &ruler, options);
        let (report, seen) = pass.run(&mut findings, &mut pictures);
        reports.push(report);
        records.push(seen);
    }
    let (overlaps, shared) = compare(&records);
    for finding in shared {
        findings.push(finding);
    }
    Ok(findings.finish(path.to_owned(), reports, overlaps))
}

/// The pictures of all sets.
#[derive(Default)]
struct Pictures {
    /// Sizes by path; `None` for those that could not be decoded.
    sizes: HashMap<PathBuf, Option<PixelSize>>,
    /// The first path of each content.
    contents: HashMap<[u8; 32], PathBuf>,
    /// Paths that were reported as copies.
    copies: HashSet<PathBuf>,
}

struct SetPass<'a> {
    set: &'a LintSet,
    ruler: &'a Ruler,
    options: &'a LintOptions,
    marks: Marks,
    config: Option<BenchConfig>,
    balance: Balance,
    lengths: Vec<u32>,
    ids: HashSet<[u8; 16]>,
    paths: HashSet<PathBuf>,
    records: SetRecords,
    items: u64,
    text_only: u64,
    messages: u64,
}

/// What the threads find out about an item.
struct Judged {
    item: LintItem,
    found: Vec<(Rule, String)>,
    text_length: Option<usize>,
    seen: Option<Seen>,
}

impl<'a> SetPass<'a> {
    fn new(set: &'a LintSet, ruler: &'a Ruler, options: &'a LintOptions) -> Self {
        Self {
            set,
            ruler,
            options,
            marks: Marks::Once,
            config: None,
            balance: Balance::default(),
            lengths: Vec::new(),
            ids: HashSet::new(),
            paths: HashSet::new(),
            records: SetRecords {
                name: set.name.clone(),
                is_test: set.is_test,
                records: HashSet::new(),
                unknown: 0,
            },
            items: 0,
            text_only: 0,
            messages: 0,
        }
    }

    fn run(mut self, findings: &mut Findings, pictures: &mut Pictures) -> (SetReport, SetRecords) {
        match self.set.contents.open() {
            Ok(opened) => {
                if opened.count == 0 {
                    let message = "there are no samples in it; expected at least one".to_owned();
                    findings.push(Finding::new(Rule::NoSamples, &self.set.name, None, message));
                }
                if let Some(note) = opened.note {
                    findings.note(note);
                }
                (self.marks, self.config) = (opened.marks, opened.config);
                // A list of reports is a benchmark wherever it lies.
                self.records.is_test |= self.config.is_some();
                let bar = self.bar(opened.count);
                self.pass(opened.items, &bar, findings, pictures);
                bar.finish_and_clear();
            }
            Err(reason) => {
                findings.push(Finding::new(
                    Rule::UnreadableFile,
                    &self.set.name,
                    None,
                    reason,
                ));
            }
        }
        let (labels, other_answers) = self.balance.finish();
        let report = SetReport {
            name: self.set.name.clone(),
            is_test: self.records.is_test,
            items: self.items,
            text_only: self.text_only,
            pictures: self.paths.len() as u64,
            messages: self.messages,
            lengths: Histogram::new(self.lengths, self.ruler.unit(), self.ruler.limit()),
            labels,
            other_answers,
            recordings: self.records.records.len() as u64,
            unknown_recordings: self.records.unknown,
        };
        (report, self.records)
    }

    fn bar(&self, items: u64) -> ProgressBar {
        let bar = ProgressBar::new(items);
        if !self.options.progress {
            bar.set_draw_target(ProgressDrawTarget::hidden());
        }
        if let Ok(style) = ProgressStyle::with_template("{msg} {wide_bar} {pos}/{len} {eta}") {
            bar.set_style(style);
        }
        bar.set_message(self.set.name.clone());
        bar
    }

    /// Chunk by chunk: pictures are decoded and texts counted on all threads, everything that compares
    /// items with each other is done in order.
    fn pass(
        &mut self,
        mut items: Items<'_>,
        bar: &ProgressBar,
        findings: &mut Findings,
        pictures: &mut Pictures,
    ) {
        loop {
            let mut chunk = Vec::with_capacity(CHUNK);
            let mut broken = None;
            for item in items.by_ref().take(CHUNK) {
                match item {
                    Ok(item) => {
                        let is_new = self.is_new_picture(&item, pictures);
                        chunk.push((item, is_new));
                    }
                    Err(reason) => {
                        broken = Some(reason);
                        break;
                    }
                }
            }
            let count = chunk.len() as u64;
            let judged: Vec<Judged> = chunk
                .into_par_iter()
                .map(|(item, is_new)| self.judge(item, is_new))
                .collect();
            for item in judged {
                self.merge(item, findings, pictures);
            }
            bar.inc(count);
            if let Some(reason) = broken {
                findings.push(Finding::new(
                    Rule::UnreadableFile,
                    &self.set.name,
                    None,
                    reason,
                ));
                return;
            }
            if count == 0 {
                return;
            }
        }
    }

    /// Where a picture is, as a name for comparison.
    fn place(item: &LintItem) -> Option<PathBuf> {
        match item.picture.as_ref()? {
            BenchPicture::File(path) => Some(path.clone()),
            _ => item.sample.as_ref().ok()?.image.clone(),
        }
    }

    fn is_new_picture(&self, item: &LintItem, pictures: &mut Pictures) -> bool {
        let Some(place) = Self::place(item).filter(|_| !self.options.skip_pictures) else {
            return false;
        };
        // Bytes inside a Parquet file are looked at each time: paths may repeat with other content.
        let is_bytes = matches!(item.picture, Some(BenchPicture::Bytes(_)));
        if pictures.sizes.contains_key(&place) && !is_bytes {
            return false;
        }
        pictures.sizes.entry(place).or_insert(None);
        true
    }

    fn judge(&self, item: LintItem, is_new: bool) -> Judged {
        let (found, text_length, seen) = match &item.sample {
            Err(defect) => (vec![defect.clone()], None, None),
            Ok(sample) => {
                let seen = item
                    .picture
                    .as_ref()
                    .filter(|_| is_new)
                    .map(|picture| look(sample, picture));
                (check(sample, self.marks), self.ruler.text(sample), seen)
            }
        };
        Judged {
            item,
            found,
            text_length,
            seen,
        }
    }

    fn merge(&mut self, judged: Judged, findings: &mut Findings, pictures: &mut Pictures) {
        let set = &self.set.name;
        let name = judged.item.name.clone();
        let mut report = |rule: Rule, message: String| {
            findings.push(Finding::new(rule, set, Some(&name), message));
        };
        self.items += 1;
        for (rule, message) in judged.found {
            report(rule, message);
        }
        let place = Self::place(&judged.item);
        let Ok(sample) = &judged.item.sample else {
            return;
        };
        self.messages += sample.conversations.len() as u64;
        if !self.ids.insert(short_hash(&sample.id)) {
            report(Rule::DuplicateId, "another item has the same id".to_owned());
        }
        if let (Some(seen), Some(place)) = (judged.seen, &place) {
            for (rule, message) in seen.found {
                report(rule, message);
            }
            pictures.sizes.insert(place.clone(), seen.size);
            if let Some(digest) = seen.digest {
                let first = pictures
                    .contents
                    .entry(digest)
                    .or_insert_with(|| place.clone());
                if first != place && pictures.copies.insert(place.clone()) {
                    let message = format!(
                        "the picture {} is the same as {}",
                        place.display(),
                        first.display()
                    );
                    report(Rule::DuplicatePicture, message);
                }
            }
        }
        let size = place.as_ref().and_then(|place| *pictures.sizes.get(place)?);
        if let Some(text) = judged.text_length {
            let length = text + size.map_or(0, |size| self.ruler.picture(size));
            self.lengths.push(u32::try_from(length).unwrap_or(u32::MAX));
            if let Some(limit) = self.ruler.limit().filter(|limit| length > *limit) {
                let message = format!(
                    "{text} tokens of text and {} of picture exceed the context of {limit}",
                    length - text
                );
                report(Rule::TooLong, message);
            }
        }
        self.balance.add(sample, self.config);
        match &sample.image {
            None => self.text_only += 1,
            Some(image) => {
                if self.paths.insert(image.clone()) {
                    match SourceRecord::parse(image) {
                        Some(record) => {
                            self.records.records.insert(record);
                        }
                        None => self.records.unknown += 1,
                    }
                }
            }
        }
    }
}

/// Half a BLAKE3: a million ids in 16 MB, and no two of them equal by chance.
fn short_hash(id: &str) -> [u8; 16] {
    let hash = blake3::hash(id.as_bytes());
    let (half, _) = hash.as_bytes().split_at(16);
    half.try_into().unwrap_or_default()
}
