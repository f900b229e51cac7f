//! Figures over rows.

use pulse_ecg::patients::{Finding, Topic};

use super::rows::{NORMAL, StatementRow, class_of, classes};
use crate::metrics::{BinaryCounts, LabelCounts, ratio};

/// Largest error of a rate that counts as right, beats per minute.
const NEAR: f64 = 5.0;

/// The names of the figures in the order of [`figures`]; F1 of each finding follows them there.
pub(super) const NAMES: [&str; 8] = [
    "well_formed",
    "exact_match",
    "rhythm_macro_f1",
    "conduction_macro_f1",
    "hypertrophy_f1",
    "st_macro_f1",
    "rate_within_5",
    "rate_mean_error",
];

/// The figures over some rows, then F1 of each finding.
///
/// Macro means are over the classes that some row has: of the rhythm the six rhythms and both kinds of premature beats;
/// of conduction the three findings and normal; of the ST segment the eight findings and normal. The mean error of the
/// rate is over the well-formed answers; in `rate_within_5` an answer that is not well-formed is wrong.
pub(super) fn figures(rows: impl Iterator<Item = StatementRow> + Clone) -> Vec<Option<f64>> {
    let counts = LabelCounts::count(rows.clone().map(|row| row.labels), classes());
    let all = counts.rows as f64;
    let share = |is: fn(&StatementRow) -> bool| ratio(rows.clone().filter(is).count() as f64, all);
    let errors: Vec<f64> = rows
        .clone()
        .filter_map(|row| row.rate_error())
        .map(f64::abs)
        .collect();
    let macro_f1 = |classes: &[usize]| {
        let supported = classes
            .iter()
            .map(|class| &counts.classes[*class])
            .filter(|class| class.support() > 0);
        crate::metrics::mean_of_defined(supported.map(BinaryCounts::f1))
    };
    let mut figures = vec![
        share(|row| row.stated_rate_bpm.is_some()),
        share(|row| row.is_exact),
        macro_f1(&rhythm_classes()),
        macro_f1(&with_normal(Topic::Conduction)),
        counts.classes[class_of(Finding::LeftVentricularHypertrophy)].f1(),
        macro_f1(&with_normal(Topic::StSegment)),
        share(|row| row.rate_error().is_some_and(|error| error.abs() <= NEAR)),
        ratio(errors.iter().sum(), errors.len() as f64),
    ];
    let findings = counts.classes.iter().take(Finding::ALL.len());
    figures.extend(findings.map(BinaryCounts::f1));
    figures
}

fn rhythm_classes() -> Vec<usize> {
    let premature = Topic::Ectopy.findings().iter();
    let rhythms = Topic::Rhythm.findings().iter();
    rhythms
        .filter(|finding| finding.is_rhythm())
        .chain(premature)
        .map(|finding| class_of(*finding))
        .collect()
}

fn with_normal(topic: Topic) -> Vec<usize> {
    let findings = topic.findings().iter().map(|finding| class_of(*finding));
    let normal = NORMAL
        .iter()
        .position(|one| *one == topic)
        .map(|place| Finding::ALL.len() + place);
    findings.chain(normal).collect()
}

#[cfg(test)]
mod tests {
    use pulse_ecg::patients::StatementReport;

    use super::*;

    fn report(findings: &[Finding], rate: u32) -> StatementReport {
        StatementReport::new(findings, &[], rate)
    }

    /// Four items counted by hand.
    #[test]
    fn figures_are_those_counted_by_hand() {
        use Finding::*;
        let block = report(&[SinusRhythm, LeftBundleBranchBlock], 70);
        let normal = report(&[SinusRhythm], 80);
        let flutter = report(&[AtrialFlutter, InferiorStElevation], 150);
        let rows = [
            StatementRow::of(&block, Some(&block)),
            StatementRow::of(
                &normal,
                Some(&report(&[SinusRhythm, RightBundleBranchBlock], 86)),
            ),
            StatementRow::of(
                &flutter,
                Some(&report(&[AtrialFibrillation, InferiorStElevation], 145)),
            ),
            StatementRow::of(&normal, None),
        ];
        let found = figures(rows.into_iter());
        let named = |name: &str| found[NAMES.iter().position(|one| *one == name).unwrap_or(99)];
        assert_eq!(named("well_formed"), Some(0.75));
        assert_eq!(named("exact_match"), Some(0.25));
        // Sinus rhythm: two of three found; flutter: 0; others have no support.
        assert_eq!(
            named("rhythm_macro_f1"),
            Some((2.0 * 2.0 / 5.0 + 0.0) / 2.0)
        );
        // Left bundle branch block 1; normal: found once (flutter), missed twice.
        assert_eq!(named("conduction_macro_f1"), Some((1.0 + 2.0 / 4.0) / 2.0));
        assert_eq!(named("hypertrophy_f1"), None);
        // Inferior elevation 1; normal: two of three found.
        assert_eq!(named("st_macro_f1"), Some((1.0 + 4.0 / 5.0) / 2.0));
        assert_eq!(named("rate_within_5"), Some(0.5));
        assert_eq!(named("rate_mean_error"), Some((0.0 + 6.0 + 5.0) / 3.0));
        assert_eq!(found.len(), NAMES.len() + Finding::ALL.len());
        assert_eq!(
            found[NAMES.len() + class_of(LeftBundleBranchBlock)],
            Some(1.0)
        );
        assert_eq!(
            found[NAMES.len() + class_of(RightBundleBranchBlock)],
            Some(0.0)
        );
    }

    /// What cannot be assessed is not there, and saying so of what can be is a finding missed.
    #[test]
    fn not_assessable_names_nothing() {
        use Finding::*;
        let hidden = StatementReport::new(
            &[PacedRhythm],
            &[LeftVentricularHypertrophy, LeftBundleBranchBlock],
            70,
        );
        let named = report(&[PacedRhythm, LeftVentricularHypertrophy], 70);
        let rows = [
            StatementRow::of(&hidden, Some(&named)),
            StatementRow::of(&named, Some(&hidden)),
        ];
        for row in rows {
            let counts = LabelCounts::count([row.labels], classes());
            let class = &counts.classes[class_of(LeftVentricularHypertrophy)];
            assert_eq!(class.f1(), Some(0.0));
            assert!(!row.is_exact);
        }
    }
}
