//! The page's sections on the original scorer and on published results.

use std::fmt::Write;

use super::html::escape;
use super::input::ReportInput;
use super::published_rows::{PublishedRow, published_rows};
use crate::judge::JudgeReport;
use crate::published::{PublishedReport, PublishedScores};
use crate::task::{Task, TaskKind};

/// The model this project is about.
const PULSE: &str = "PULSE-7B";

/// What the original scorer makes of the same answers.
pub(super) fn original_section(page: &mut String, input: &ReportInput) {
    page.push_str(
        "<section id=\"original\"><h2>As the original scores it</h2><p class=\"quiet\">With its substring labels, random \
         letters and skipped files; for comparison with papers that used it.</p>",
    );
    let Some(published) = &input.published else {
        let why = input.published_error.as_deref().unwrap_or("unknown");
        let _ = write!(
            page,
            "<p>The original scorer stops: {}</p></section>",
            escape(why)
        );
        return;
    };
    page.push_str(
        "<div class=\"scroll\"><table><tr><th>task</th><th class=\"text\">file</th><th>AUC or accuracy</th><th>F1</th>\
         <th>Hamming loss</th><th>random letters</th><th class=\"text\">skipped</th></tr>",
    );
    for task in &published.tasks {
        for file in &task.files {
            let [first, second, third] = published_figures(file.scores.as_ref());
            let _ = write!(
                page,
                "<tr><td>{}</td><td class=\"text\">{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td class=\"text\">{}</td></tr>",
                task.task,
                escape(&file.file),
                percent(first),
                percent(second),
                percent(third),
                file.fallbacks,
                escape(file.skipped.as_deref().unwrap_or(""))
            );
        }
    }
    page.push_str("</table></div></section>");
}

fn published_figures(scores: Option<&PublishedScores>) -> [Option<f64>; 3] {
    let percent = |share: f64| Some(share * 100.0).filter(|value| !value.is_nan());
    match scores {
        None => [None; 3],
        Some(PublishedScores::Accuracy { accuracy }) => [percent(*accuracy), None, None],
        Some(PublishedScores::Multilabel(scores)) => [
            percent(scores.auc),
            percent(scores.f1),
            percent(scores.hamming),
        ],
    }
}

pub(super) fn percent(figure: Option<f64>) -> String {
    figure.map_or("–".to_owned(), |figure| format!("{figure:.1}"))
}

/// Published results, with ours among them.
pub(super) fn published_section(
    page: &mut String,
    published: Option<&PublishedReport>,
    judges: &[JudgeReport],
) {
    page.push_str(
        "<section id=\"published\"><h2>Published results beside these</h2><p class=\"quiet\">Percent. Rows in grey \
         cannot be compared, for the reason given. The AUC of these papers is that of hard labels.</p>\
         <div class=\"columns\">",
    );
    let mut sources: Vec<&str> = Vec::new();
    for task in Task::ALL {
        published_table(page, task, published, judges, &mut sources);
    }
    page.push_str("</div><p class=\"quiet\">Sources:");
    for (index, source) in sources.iter().enumerate() {
        let _ = write!(page, " <sup>{}</sup> {source}.", index + 1);
    }
    page.push_str("</p></section>");
}

/// This run's rows among the published ones: their name and figures in percent.
pub(super) fn ours(
    task: Task,
    published: Option<&PublishedReport>,
    judges: &[JudgeReport],
) -> Vec<(String, [Option<f64>; 3])> {
    let scored = published
        .into_iter()
        .flat_map(|report| &report.tasks)
        .filter(|one| one.task == task)
        .flat_map(|one| &one.files)
        .filter(|file| file.scores.is_some())
        .map(|file| {
            let name = format!("this run, step {}", file.step);
            (name, published_figures(file.scores.as_ref()))
        });
    let judged = judges
        .iter()
        .filter(|judge| judge.task == task)
        .map(|judge| {
            let overall = judge.figures.first().and_then(|figure| figure.value);
            (
                format!("this run, judge {}", judge.judge_model),
                [overall, None, None],
            )
        });
    scored.chain(judged).collect()
}

/// One task's rows, ours first. A source becomes a number of the list below the tables.
fn published_table(
    page: &mut String,
    task: Task,
    published: Option<&PublishedReport>,
    judges: &[JudgeReport],
    sources: &mut Vec<&'static str>,
) {
    let (first, others) = match task.kind() {
        TaskKind::Labels(_) => ("AUC", "<th>F1</th><th>Hamming</th>"),
        TaskKind::Letter { .. } | TaskKind::Options => ("accuracy", ""),
        TaskKind::Report | TaskKind::Arena => ("judge", ""),
    };
    let cells = |figures: [Option<f64>; 3]| -> String {
        let shown = if others.is_empty() { 1 } else { 3 };
        let cell = |figure: &Option<f64>| format!("<td>{}</td>", percent(*figure));
        figures.iter().take(shown).map(cell).collect()
    };
    let mut rows: Vec<PublishedRow> = published_rows(task).collect();
    // Best first; a loss alone decides nothing.
    let rank = |row: &PublishedRow| row.figures[0].or(row.figures[1]).unwrap_or(0.0);
    rows.sort_by(|a, b| rank(b).total_cmp(&rank(a)));
    // A reason that most rows share is said once.
    let common = rows.iter().find(|row| row.model == PULSE);
    let common = common.and_then(|row| row.not_comparable);
    let note = common.map_or(String::new(), |why| {
        format!("<p class=\"quiet\">Not comparable: {why}.</p>")
    });
    let _ = write!(
        page,
        "<div><h3>{task}</h3>{note}<table><tr><th>model</th><th>{first}</th>{others}</tr>"
    );
    for (name, figures) in ours(task, published, judges) {
        let _ = write!(
            page,
            "<tr class=\"ours\"><td>{}</td>{}</tr>",
            escape(&name),
            cells(figures)
        );
    }
    for row in rows {
        let source = sources.iter().position(|known| *known == row.source);
        let source = source.unwrap_or_else(|| {
            sources.push(row.source);
            sources.len() - 1
        });
        let (class, why) = match row.not_comparable {
            Some(why) if Some(why) != common => {
                (" class=\"apart\"", format!("<small>{why}</small>"))
            }
            Some(_) => (" class=\"apart\"", String::new()),
            None => ("", String::new()),
        };
        let _ = write!(
            page,
            "<tr{class}><td>{} <sup>{}</sup>{why}</td>{}</tr>",
            row.model,
            source + 1,
            cells(row.figures)
        );
    }
    page.push_str("</table></div>");
}
