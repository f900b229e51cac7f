//! The battery's result for people.

use std::fmt::Write;

use super::battery::{BatteryReport, VariationResult};
use super::repeat::Repeatability;
use crate::report::{Bar, bars, escape, page_head, value};

/// Tables: the graded kinds of wear, strength in columns; the other changes; repeatability.
pub fn battery_markdown(report: &BatteryReport) -> String {
    let mut text = format!(
        "# Robustness of {}\n\n{} synthetic patients (seed {}, {} dpi), questions of {}. Figures are {}; in brackets \
         the share of items read as on the clean page.\n\n",
        report.settings.model_id,
        report.items,
        report.seed,
        report.dpi,
        report.task,
        figure_name(report)
    );
    let graded: Vec<&VariationResult> = report
        .results
        .iter()
        .filter(|one| one.strength.is_some())
        .collect();
    let mut strengths: Vec<f32> = graded.iter().filter_map(|one| one.strength).collect();
    strengths.sort_by(f32::total_cmp);
    strengths.dedup();
    if !graded.is_empty() {
        let heads: String = strengths.iter().map(|one| format!(" {one} |")).collect();
        let _ = writeln!(
            text,
            "| wear, strength |{heads}\n| --- |{}",
            " ---: |".repeat(strengths.len())
        );
        let mut axes: Vec<&str> = graded.iter().map(|one| one.axis).collect();
        axes.dedup();
        for axis in axes {
            let cells: String = strengths
                .iter()
                .map(|strength| {
                    let found = graded
                        .iter()
                        .find(|one| one.axis == axis && one.strength == Some(*strength));
                    format!(" {} |", found.map_or("–".to_owned(), |one| cell(one)))
                })
                .collect();
            let _ = writeln!(text, "| {axis} |{cells}");
        }
        text.push('\n');
    }
    text.push_str("| page | figure (same as clean) |\n| --- | ---: |\n");
    for one in report.results.iter().filter(|one| one.strength.is_none()) {
        let _ = writeln!(text, "| {} | {} |", one.variation, cell(one));
    }
    if let Some(found) = &report.repeatability {
        let _ = writeln!(text, "\n{}", repeated(found));
    }
    text
}

/// One page with a bar per variation, without scripts.
pub fn battery_html(report: &BatteryReport) -> String {
    let mut page = page_head(&format!("Robustness of {}", report.settings.model_id));
    let _ = write!(
        page,
        "<p class=\"quiet\">{} synthetic patients (seed {}, {} dpi), questions of {}. Bars are {}, with 95% intervals; \
         in brackets the share of items read as on the clean page. Patients are synthetic: this is no clinical \
         evidence. Research use; not a medical device.</p>",
        report.items,
        report.seed,
        report.dpi,
        report.task,
        figure_name(report)
    );
    let mut axes: Vec<&str> = report.results.iter().map(|one| one.axis).collect();
    axes.dedup();
    for axis in axes {
        let rows: Vec<Bar> = report
            .results
            .iter()
            .filter(|one| one.axis == axis)
            .map(|one| {
                let first = one.figures.first();
                Bar {
                    // The heading says what kind of change it is.
                    name: escape(
                        one.variation
                            .strip_prefix(axis)
                            .map(str::trim_start)
                            .filter(|rest| !rest.is_empty())
                            .unwrap_or(&one.variation),
                    ),
                    value: first.and_then(|figure| figure.value),
                    interval: first.and_then(|figure| figure.low.zip(figure.high)),
                    note: cell(one),
                }
            })
            .collect();
        let _ = write!(page, "<h3>{}</h3>{}", escape(axis), bars(&rows));
    }
    if let Some(found) = &report.repeatability {
        let _ = write!(
            page,
            "<h3>repeatability</h3><p>{}</p>",
            escape(&repeated(found))
        );
    }
    page.push_str("</body></html>\n");
    page
}

fn figure_name(report: &BatteryReport) -> &str {
    let first = report.results.first().and_then(|one| one.figures.first());
    first.map_or("undefined", |figure| figure.name.as_str())
}

fn cell(result: &VariationResult) -> String {
    let figure = result.figures.first().and_then(|figure| figure.value);
    let mut figures = result.figures.iter();
    let invalid = figures
        .find(|figure| figure.name == "invalid_rate")
        .and_then(|figure| figure.value)
        .unwrap_or(0.0);
    // Of answers that cannot be read none is read alike.
    if invalid >= 1.0 {
        return format!("{} (all unreadable)", value(figure));
    }
    let same = result
        .same_as_clean
        .map_or("clean pages unreadable".to_owned(), |same| {
            format!("{:.0} %", same * 100.0)
        });
    match invalid > 0.0 {
        true => format!(
            "{} ({same}; {:.0} % unreadable)",
            value(figure),
            invalid * 100.0
        ),
        false => format!("{} ({same})", value(figure)),
    }
}

/// The sentence on repeatability.
fn repeated(found: &Repeatability) -> String {
    let said = match found.pairwise_agreement.zip(found.all_agree) {
        Some((pairs, all)) => format!(
            "{:.1} % of the pairs of answers are read alike, {:.1} % of the items with every seed",
            pairs * 100.0,
            all * 100.0
        ),
        None => "no answer could be read, so that nothing is compared".to_owned(),
    };
    format!(
        "Sampled at temperature {} with {} seeds: {said}.",
        found.temperature, found.seeds
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::strict::Figure;

    fn result(macro_f1: Option<f64>, invalid: f64, same: Option<f64>) -> VariationResult {
        let figure = |name: &str, value| Figure {
            name: name.to_owned(),
            value,
            n: 4,
            low: None,
            high: None,
            undefined_resamples: 0,
        };
        VariationResult {
            variation: "noise 1".to_owned(),
            axis: "noise",
            strength: Some(1.0),
            figures: vec![
                figure("macro_f1", macro_f1),
                figure("invalid_rate", Some(invalid)),
            ],
            same_as_clean: same,
        }
    }

    #[test]
    fn cells_say_how_much_was_read() {
        for (invalid, same, said) in [
            (0.0, Some(0.75), "(75 %)"),
            (0.25, Some(0.5), "(50 %; 25 % unreadable)"),
            (1.0, None, "(all unreadable)"),
            (0.5, None, "(clean pages unreadable; 50 % unreadable)"),
        ] {
            let figure = value(Some(0.5));
            let found = cell(&result(Some(0.5), invalid, same));
            assert_eq!(found, format!("{figure} {said}"));
        }
        let json = serde_json::to_value(result(None, 1.0, None));
        assert!(json.is_ok_and(|json| json["same_as_clean"].is_null()));
    }

    #[test]
    fn repeatability_has_no_percentage_over_nothing() {
        let found = |share| Repeatability {
            temperature: 0.5,
            seeds: 3,
            items: 2,
            pairwise_agreement: share,
            all_agree: share,
        };
        let read = repeated(&found(Some(0.5)));
        assert!(read.contains("50.0 % of the pairs"), "{read}");
        let nothing = repeated(&found(None));
        assert!(!nothing.contains('%'), "{nothing}");
        assert!(nothing.contains("no answer could be read"), "{nothing}");
    }
}
