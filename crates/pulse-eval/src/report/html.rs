//! The HTML page.

use std::fmt::Write;

use super::html_published::{original_section, published_section};
use super::input::ReportInput;
use super::markdown::left_out;
use super::number::{interval, intervals_line, value};
use super::pictures::{Pictures, worst_items};
use super::style::STYLE;
use super::svg::{Bar, abstention, bars, calibration, roc};
use crate::judge::JudgeReport;
use crate::metrics::ConfusionMatrix;
use crate::probabilities::ProbabilityReport;
use crate::strict::{Figure, StrictTask};

/// Bytes of all pictures together, before base64 makes four of three: the page stays below 2 MB.
const PICTURE_BYTES: usize = 1_300_000;

/// The report as one page without scripts that needs no other file and no network.
pub fn html_report(input: &ReportInput) -> String {
    let mut page = page_head(&input.title);
    let strict = &input.strict;
    let _ = write!(
        page,
        "<p class=\"quiet\">ECGBench, strict reading of answers. {} \
         Research use; not a medical device.</p><nav>",
        intervals_line(&strict.bootstrap, strict.interval_method)
    );
    for (index, task) in strict.tasks.iter().enumerate() {
        let _ = write!(page, "<a href=\"#task-{index}\">{}</a>", task.task);
    }
    for (index, judge) in input.judges.iter().enumerate() {
        let _ = write!(
            page,
            "<a href=\"#judge-{index}\">{}, {}</a>",
            judge.task,
            escape(&judge.judge_model)
        );
    }
    page.push_str("<a href=\"#original\">original scorer</a><a href=\"#published\">published results</a></nav>");
    overview(&mut page, &strict.tasks, &input.judges);
    let pictures = Pictures::of_worst(input, PICTURE_BYTES);
    for (index, task) in strict.tasks.iter().enumerate() {
        task_section(&mut page, index, task, input, &pictures);
    }
    for (index, judge) in input.judges.iter().enumerate() {
        judge_section(&mut page, index, judge);
    }
    original_section(&mut page, input);
    published_section(&mut page, input.published.as_ref(), &input.judges);
    page.push_str("</body></html>\n");
    page
}

/// The beginning of a page, its heading included.
pub(crate) fn page_head(title: &str) -> String {
    format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\
         <title>{0}</title><style>{STYLE}</style></head><body><h1>{0}</h1>",
        escape(title)
    )
}

pub(crate) fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

fn overview(page: &mut String, tasks: &[StrictTask], judges: &[JudgeReport]) {
    page.push_str(
        "<div class=\"scroll\"><table><tr><th>task</th><th class=\"text\">figure</th><th>value</th><th>95% interval</th>\
         <th>n</th><th>unreadable</th><th>missing</th></tr>",
    );
    for task in tasks {
        if let Some(first) = task.figures.first() {
            let _ = write!(
                page,
                "<tr><td>{}</td><td class=\"text\">{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
                task.task,
                first.name,
                value(first.value),
                interval(first),
                first.n,
                task.coverage.all_unreadable(),
                task.coverage.missing
            );
        }
    }
    for judge in judges {
        if let Some(first) = judge.figures.first() {
            let _ = write!(
                page,
                "<tr><td>{}</td><td class=\"text\">{}, judge {}</td><td>{}</td><td>{}</td><td>{}</td><td>–</td>\
                 <td>{}</td></tr>",
                judge.task,
                escape(&first.name),
                escape(&judge.judge_model),
                value(first.value),
                interval(first),
                first.n,
                judge.missing
            );
        }
    }
    page.push_str("</table></div>");
}

fn figure_table<'a>(page: &mut String, figures: impl Iterator<Item = &'a Figure>) {
    page.push_str(
        "<div class=\"scroll\"><table><tr><th>figure</th><th>value</th><th>95% interval</th><th>n</th></tr>",
    );
    for figure in figures {
        let _ = write!(
            page,
            "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
            escape(&figure.name),
            value(figure.value),
            interval(figure),
            figure.n
        );
    }
    page.push_str("</table></div>");
}

fn task_section(
    page: &mut String,
    index: usize,
    task: &StrictTask,
    input: &ReportInput,
    pictures: &Pictures<'_>,
) {
    let coverage = &task.coverage;
    let _ = write!(
        page,
        "<section id=\"task-{index}\"><h2>{}</h2><p class=\"quiet\">{}{}. {} items: {} read, {} unreadable, {} missing; \
         {} unknown answers, {} doubles, {} of them conflicting.</p>",
        task.task,
        escape(&task.file.display().to_string()),
        task.model
            .as_deref()
            .map_or(String::new(), |model| format!(", {}", escape(model))),
        coverage.items,
        coverage.readable,
        coverage.all_unreadable(),
        coverage.missing,
        coverage.unknown,
        coverage.doubles,
        coverage.conflicting
    );
    figure_table(page, task.figures.iter());
    if !task.classes.is_empty() {
        class_section(page, task);
    }
    if let Some(confusion) = &task.confusion {
        confusion_table(page, confusion);
    }
    if let Some(probabilities) = &task.probabilities {
        probability_section(page, probabilities);
    }
    if let Some(probabilities) = &task.probabilities_normalised {
        page.push_str("<h3>Over probabilities from likelihoods per token</h3>");
        figure_table(page, probabilities.figures.iter());
    }
    worst_cases(page, task, input, pictures);
    page.push_str("</section>");
}

fn class_section(page: &mut String, task: &StrictTask) {
    let rows: Vec<Bar> = task
        .classes
        .iter()
        .map(|class| Bar {
            name: escape(&class.class),
            value: class.f1.value,
            interval: class.f1.low.zip(class.f1.high),
            note: format!("{} ({} items)", value(class.f1.value), class.support),
        })
        .collect();
    page.push_str("<h3>F1 per class</h3>");
    page.push_str(&bars(&rows));
    page.push_str(
        "<div class=\"scroll\"><table><tr><th>class</th><th>support</th><th>predicted</th><th>precision</th><th>recall</th>\
         <th>specificity</th><th>F1</th><th>95% interval</th><th>TP</th><th>FP</th><th>FN</th><th>TN</th></tr>",
    );
    for class in &task.classes {
        let counts = class.counts;
        let _ = write!(
            page,
            "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td>\
             <td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
            escape(&class.class),
            class.support,
            class.predicted,
            value(class.precision),
            value(class.recall),
            value(class.specificity),
            value(class.f1.value),
            interval(&class.f1),
            counts.true_positives,
            counts.false_positives,
            counts.false_negatives,
            counts.true_negatives
        );
    }
    page.push_str("</table></div>");
}

fn confusion_table(page: &mut String, matrix: &ConfusionMatrix) {
    page.push_str("<h3>Confusion: truth in rows, reading in columns</h3><div class=\"scroll\"><table><tr><th></th>");
    for class in &matrix.classes {
        let _ = write!(page, "<th>{}</th>", escape(class));
    }
    page.push_str("<th>unreadable or missing</th></tr>");
    for (row, class) in matrix.classes.iter().enumerate() {
        let _ = write!(page, "<tr><td>{}</td>", escape(class));
        for (column, count) in matrix.cells[row].iter().enumerate() {
            let kind = match (row == column, *count) {
                (_, 0) => "",
                (true, _) => " class=\"hit\"",
                (false, _) => " class=\"miss\"",
            };
            let _ = write!(page, "<td{kind}>{count}</td>");
        }
        let _ = write!(page, "<td>{}</td></tr>", matrix.unreadable[row]);
    }
    page.push_str("</table></div>");
}

fn probability_section(page: &mut String, probabilities: &ProbabilityReport) {
    let _ = write!(
        page,
        "<h3>Over probabilities</h3><p class=\"quiet\">{}.</p>",
        left_out(probabilities)
    );
    figure_table(page, probabilities.figures.iter());
    page.push_str("<div class=\"plots\">");
    for class in &probabilities.classes {
        if class.roc_auc.is_some() {
            let name = format!("{}: AUC {}", escape(&class.class), value(class.roc_auc));
            page.push_str(&roc(&name, &class.roc));
        }
    }
    page.push_str("</div><div class=\"plots\">");
    for class in &probabilities.classes {
        let error = value(class.expected_calibration_error);
        let name = format!("{}: error {error}", escape(&class.class));
        page.push_str(&calibration(&name, &class.calibration));
    }
    page.push_str("</div><div class=\"plots\">");
    page.push_str(&abstention(
        "accuracy of the most certain",
        &probabilities.abstention,
    ));
    page.push_str("</div>");
}

fn worst_cases(page: &mut String, task: &StrictTask, input: &ReportInput, pictures: &Pictures<'_>) {
    let wrong = task.items.iter().filter(|item| !item.is_correct).count();
    if wrong == 0 {
        return;
    }
    let shown = wrong.min(input.worst);
    let _ = write!(
        page,
        "<h3>Worst cases</h3><p class=\"quiet\">{shown} of {wrong} wrong items.</p>"
    );
    for item in worst_items(task, input.worst) {
        let read = match item.outcome {
            "read" if item.predicted.is_empty() => "none of them".to_owned(),
            "read" => item.predicted.join(", "),
            other => other.replace('_', " "),
        };
        let _ = write!(
            page,
            "<div class=\"case\"><strong>{}</strong><dl><dt>question</dt><dd>{}</dd><dt>answer</dt><dd>{}</dd>\
             <dt>read as</dt><dd>{}</dd><dt>truth</dt><dd>{}</dd></dl>",
            escape(&item.id),
            escape(&item.question),
            item.answer.as_deref().map_or("–".to_owned(), escape),
            escape(&read),
            escape(&item.gold.join(", "))
        );
        match pictures.of(task, item) {
            Ok(url) => {
                let _ = write!(
                    page,
                    "<img alt=\"ECG of {}\" src=\"{url}\">",
                    escape(&item.id)
                );
            }
            Err(why) => {
                let _ = write!(page, "<p class=\"quiet\">No picture: {}.</p>", escape(why));
            }
        }
        page.push_str("</div>");
    }
}

fn judge_section(page: &mut String, index: usize, judge: &JudgeReport) {
    let _ = write!(
        page,
        "<section id=\"judge-{index}\"><h2>{}, judged by {}</h2><p class=\"quiet\">{} judged, {} missing, {} not judged. Scores 0 to 100.</p>",
        judge.task,
        escape(&judge.judge_model),
        judge.judged,
        judge.missing,
        judge.failures.len()
    );
    figure_table(page, judge.figures.iter());
    for one in &judge.agreement {
        let _ = write!(
            page,
            "<p>Agreement of repeats on {}: Krippendorff's alpha (interval) {}, {} items.</p>",
            escape(&one.criterion),
            value(one.krippendorff_alpha),
            one.items
        );
    }
    page.push_str("</section>");
}
