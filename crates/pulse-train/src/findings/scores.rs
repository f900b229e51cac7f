//! How good the head's statements are.

use std::collections::BTreeMap;

use pulse_ecg::patients::Finding;

use super::loss::softmax;
use super::outputs::{Measure, Outputs, RHYTHMS, others};
use super::target::Target;

/// Beats per minute that a rate may be off.
const RATE_TOLERANCE: f32 = 5.0;

/// True and false positives and negatives of one class.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Counts {
    both: usize,
    said_only: usize,
    shown_only: usize,
}

impl Counts {
    fn add(&mut self, said: bool, shown: bool) {
        self.both += usize::from(said && shown);
        self.said_only += usize::from(said && !shown);
        self.shown_only += usize::from(!said && shown);
    }

    /// F1; `None` where the class neither is there nor was said.
    fn f1(&self) -> Option<f64> {
        let all = 2 * self.both + self.said_only + self.shown_only;
        (all > 0).then(|| 2.0 * self.both as f64 / all as f64)
    }
}

/// Collects outputs and truths, and gives scores by name.
#[derive(Debug, Clone, Default)]
pub struct Scores {
    rhythms: [Counts; RHYTHMS.len()],
    findings: BTreeMap<Finding, Counts>,
    normal_conduction: Counts,
    no_st_change: Counts,
    /// Sum of absolute errors and their number.
    errors: [(f64, usize); Measure::ALL.len()],
    near_rates: usize,
    pages: usize,
}

impl Scores {
    /// Takes outputs `[pages, Outputs::count()]` and what is true of the pages.
    pub fn add(&mut self, outputs: &[f32], targets: &[&Target]) {
        for (row, target) in outputs.chunks_exact(Outputs::count()).zip(targets) {
            self.add_page(row, target);
        }
    }

    fn add_page(&mut self, row: &[f32], target: &Target) {
        self.pages += 1;
        let logits = &row[Outputs::rhythm()];
        let largest = (0..logits.len()).max_by(|a, b| logits[*a].total_cmp(&logits[*b]));
        if let Some(shown) = target.rhythm {
            for (class, counts) in self.rhythms.iter_mut().enumerate() {
                counts.add(largest == Some(class), shown == class);
            }
        }
        let (mut conduction, mut segments) = (Group::default(), Group::default());
        let logits = &row[Outputs::others()];
        for ((finding, logit), shown) in others().zip(logits).zip(&target.others) {
            let said = *logit > 0.0;
            let group = if is_conduction(finding) {
                Some(&mut conduction)
            } else if is_st_change(finding) {
                Some(&mut segments)
            } else {
                None
            };
            if let Some(group) = group {
                group.add(said, *shown);
            }
            if let Some(shown) = shown {
                self.findings.entry(finding).or_default().add(said, *shown);
            }
        }
        conduction.count_none(&mut self.normal_conduction);
        segments.count_none(&mut self.no_st_change);
        for (index, measure) in Measure::ALL.iter().enumerate() {
            let Some(value) = target.measures[index] else {
                continue;
            };
            let estimate = measure.mean(&softmax(&row[Outputs::measure(index)]));
            let error = (estimate - value).abs();
            self.errors[index].0 += f64::from(error);
            self.errors[index].1 += 1;
            self.near_rates += usize::from(index == 0 && error <= RATE_TOLERANCE);
        }
    }

    /// All scores by name: F1 of every class, macro F1 over groups, mean absolute errors, and the share of pages whose
    /// rate is at most 5/min off. Classes that neither are there nor were said have none.
    pub fn all(&self) -> BTreeMap<String, f64> {
        let mut scores = BTreeMap::new();
        let mut put = |name: String, value: Option<f64>| {
            if let Some(value) = value {
                scores.insert(name, value);
            }
        };
        let rhythms: Vec<_> = self.rhythms.iter().map(Counts::f1).collect();
        for (rhythm, f1) in RHYTHMS.iter().zip(&rhythms) {
            put(format!("f1/{}", rhythm.id()), *f1);
        }
        let of = |finding: Finding| self.findings.get(&finding).and_then(Counts::f1);
        for finding in others() {
            put(format!("f1/{}", finding.id()), of(finding));
        }
        put(
            "f1/normal_conduction".to_owned(),
            self.normal_conduction.f1(),
        );
        put("f1/no_st_change".to_owned(), self.no_st_change.f1());
        let ectopy = [
            Finding::PrematureAtrialContractions,
            Finding::PrematureVentricularContractions,
        ];
        let eight = rhythms.into_iter().chain(ectopy.map(of));
        put("macro_f1/rhythm_and_ectopy".to_owned(), mean(eight));
        let group = |is_in: fn(Finding) -> bool, none: &Counts| {
            let classes = others().filter(|finding| is_in(*finding)).map(of);
            mean(classes.chain([none.f1()]))
        };
        let conduction = group(is_conduction, &self.normal_conduction);
        put("macro_f1/conduction".to_owned(), conduction);
        put(
            "macro_f1/st".to_owned(),
            group(is_st_change, &self.no_st_change),
        );
        for (measure, (sum, count)) in Measure::ALL.iter().zip(self.errors) {
            let error = (count > 0).then(|| sum / count as f64);
            put(format!("mae/{}", measure.name), error);
        }
        let near = self.near_rates as f64 / self.pages.max(1) as f64;
        put("rate_within_5".to_owned(), (self.pages > 0).then_some(near));
        scores
    }
}

/// Whether any finding of a group is said and shown, as far as all can be judged.
#[derive(Default)]
struct Group {
    said: bool,
    shown: bool,
    hidden: bool,
}

impl Group {
    fn add(&mut self, said: bool, shown: Option<bool>) {
        self.said |= said;
        self.shown |= shown == Some(true);
        self.hidden |= shown.is_none();
    }

    /// Counts the class of pages without any.
    fn count_none(&self, counts: &mut Counts) {
        if self.shown || !self.hidden {
            counts.add(!self.said, !self.shown);
        }
    }
}

fn is_conduction(finding: Finding) -> bool {
    matches!(
        finding,
        Finding::LeftBundleBranchBlock
            | Finding::RightBundleBranchBlock
            | Finding::FirstDegreeAvBlock
    )
}

fn is_st_change(finding: Finding) -> bool {
    finding.st_elevation().is_some() || finding.st_depression().is_some()
}

fn mean(scores: impl Iterator<Item = Option<f64>>) -> Option<f64> {
    let known: Vec<f64> = scores.flatten().collect();
    (!known.is_empty()).then(|| known.iter().sum::<f64>() / known.len() as f64)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn right_statements_score_one_and_wrong_ones_zero() {
        let mut target = Target {
            rhythm: Some(3),
            others: vec![Some(false); others().count()],
            measures: [Some(80.0), None, Some(90.0), Some(380.0), Some(30.0)],
        };
        let lbbb = others()
            .position(|finding| finding == Finding::LeftBundleBranchBlock)
            .unwrap();
        target.others[lbbb] = Some(true);
        let mut row = vec![-5.0f32; Outputs::count()];
        row[3] = 5.0;
        row[Outputs::others().start + lbbb] = 5.0;
        for (index, measure) in Measure::ALL.iter().enumerate() {
            if let Some(value) = target.measures[index] {
                for (at, p) in Outputs::measure(index).zip(measure.bell(value)) {
                    row[at] = p.max(1e-20).ln();
                }
            }
        }
        let mut scores = Scores::default();
        scores.add(&row, &[&target]);
        let all = scores.all();
        assert_eq!(all["f1/atrial_fibrillation"], 1.0);
        assert_eq!(all["macro_f1/conduction"], 1.0);
        assert_eq!(all["macro_f1/st"], 1.0);
        assert_eq!(all["rate_within_5"], 1.0);
        assert!(all["mae/rate_bpm"] < 0.1 && !all.contains_key("mae/pr_ms"));
        // Said where hidden: neither right nor wrong.
        target.others[lbbb] = None;
        let mut scores = Scores::default();
        scores.add(&row, &[&target]);
        assert!(!scores.all().contains_key("f1/left_bundle_branch_block"));
        target.others[lbbb] = Some(false);
        scores.add(&row, &[&target]);
        assert_eq!(scores.all()["f1/left_bundle_branch_block"], 0.0);
    }
}
