//! A run's log as one page that needs nothing else.

use std::fmt::Write as _;
use std::path::Path;

use serde_json::Value;

use super::svg::{Line, plot};
use crate::error::TrainError;

const STYLE: &str = "body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:1180px;padding:0 1rem;\
color:#1d2733;background:#fff}h1{font-size:1.4rem}section{display:grid;gap:1.2rem;\
grid-template-columns:repeat(auto-fit,minmax(420px,1fr))}svg{width:100%;background:#fbfcfd;border:1px solid #d9e0e7}\
svg text{font-size:11px;fill:#4a5866}svg .name{font-size:13px;fill:#1d2733}.grid{stroke:#e3e9ee}\
polyline{fill:none;stroke-width:1.5}polyline.main{stroke:#0b6bcb}polyline.soft{stroke:#a8c9ea}\
polyline.other,circle.other{stroke:#c7431a;fill:none}circle.other{fill:#c7431a}table{border-collapse:collapse}\
td,th{padding:.2rem .8rem .2rem 0;text-align:left;vertical-align:top}dl{display:grid;grid-template-columns:auto 1fr;\
gap:.1rem 1rem}dt{color:#4a5866}pre{white-space:pre-wrap;margin:0}\
@media(prefers-color-scheme:dark){body{background:#14191f;color:#dde5ec}svg{background:#1a2129;border-color:#2c3641}\
svg text,dt{fill:#9fb0c0;color:#9fb0c0}svg .name{fill:#dde5ec}.grid{stroke:#2c3641}}";

/// The lines of a run's log.
///
/// # Errors
/// [`TrainError::File`] if it cannot be read. Lines that are no JSON are left out.
pub fn read_log(path: &Path) -> Result<Vec<Value>, TrainError> {
    let text = std::fs::read_to_string(path).map_err(|source| TrainError::File {
        path: path.to_owned(),
        source,
    })?;
    Ok(text
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect())
}

/// Writes the page of a run from its log; `title` names the run.
///
/// # Errors
/// [`TrainError::File`] if the log cannot be read or the page cannot be written.
pub fn write_report(log: &Path, page: &Path, title: &str) -> Result<(), TrainError> {
    let html = render(&read_log(log)?, title);
    let fresh = page.with_extension("html.new");
    let write = || {
        std::fs::write(&fresh, html)?;
        std::fs::File::open(&fresh)?.sync_all()?;
        std::fs::rename(&fresh, page)
    };
    write().map_err(|source| TrainError::File {
        path: page.to_owned(),
        source,
    })
}

fn render(log: &[Value], title: &str) -> String {
    let of = |event: &str| {
        let name = event.to_owned();
        log.iter()
            .filter(move |line| line.get("event").and_then(Value::as_str) == Some(&name))
    };
    let number = |line: &Value, path: &str| line.pointer(path).and_then(Value::as_f64);
    let curve = |event: &str, path: &str, scale: f64| -> Vec<(f64, f64)> {
        of(event)
            .filter_map(|line| Some((number(line, "/step")?, number(line, path)? * scale)))
            .collect()
    };
    let line = |class, points, marks| Line {
        class,
        points,
        marks,
    };
    let step = |path: &str, scale: f64| line("main", curve("step", path, scale), false);
    let plots = [
        plot(
            "loss of each update (pale), smoothed (blue), validation (red)",
            &[
                line("soft", curve("step", "/loss", 1.0), false),
                line("main", curve("step", "/smoothed_loss", 1.0), false),
                line("other", curve("validation", "/loss", 1.0), true),
            ],
        ),
        plot(
            "gradient norm before clipping",
            &[step("/gradient_norm", 1.0)],
        ),
        plot("learning rate", &[step("/learning_rate", 1.0)]),
        plot("tokens a second", &[step("/tokens_per_s", 1.0)]),
        plot(
            "share of the measured peak, %",
            &[step("/utilisation", 100.0)],
        ),
        plot(
            "resident memory, MiB",
            &[step("/resident_bytes", 1.0 / f64::from(1 << 20))],
        ),
    ];
    let title = escape(title);
    let mut html = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\"><title>{title}</title>\
         <style>{STYLE}</style><h1>{title}</h1>{}<section>{}</section>",
        summary(log),
        plots.concat()
    );
    html.push_str(&answers(log));
    html.push_str("</html>\n");
    html
}

/// What the run is and where its time went.
fn summary(log: &[Value]) -> String {
    let steps: Vec<&Value> = log
        .iter()
        .filter(|line| line.get("event").and_then(Value::as_str) == Some("step"))
        .collect();
    let started = log
        .iter()
        .rev()
        .find(|line| line.get("event").and_then(Value::as_str) == Some("started"));
    let mut rows: Vec<(String, String)> = Vec::new();
    let text = |value: Option<&Value>| value.map(ToString::to_string).unwrap_or_default();
    if let Some(started) = started {
        rows.push(("samples".into(), text(started.get("samples"))));
        let trained = text(started.get("trained"));
        let all = text(started.get("parameters"));
        rows.push(("trained parameters".into(), format!("{trained} of {all}")));
        rows.push((
            "version".into(),
            started
                .get("version")
                .and_then(Value::as_str)
                .map(escape)
                .unwrap_or_default(),
        ));
    }
    if let Some(last) = steps.last() {
        let total = text(last.get("total_steps"));
        rows.push(("updates".into(), format!("{} of {total}", steps.len())));
        if let Some(bytes) = last.get("peak_bytes").and_then(Value::as_f64) {
            let mib = bytes / f64::from(1 << 20);
            rows.push(("peak memory".into(), format!("{mib:.0} MiB")));
        }
    }
    let sum = |path: &str| -> f64 {
        steps
            .iter()
            .filter_map(|line| line.pointer(path)?.as_f64())
            .sum()
    };
    let parts = ["data", "forward", "backward", "optimiser", "checkpoint"];
    let seconds = parts.map(|part| sum(&format!("/seconds/{part}")));
    let total: f64 = seconds.iter().sum();
    if total > 0.0 {
        let shares: Vec<String> = parts
            .iter()
            .zip(seconds)
            .map(|(part, seconds)| format!("{part} {:.1} %", 100.0 * seconds / total))
            .collect();
        let shares = shares.join(", ");
        rows.push(("time in updates".into(), format!("{total:.0} s: {shares}")));
        let (masked, dropped) = (sum("/masked"), sum("/dropped"));
        rows.push((
            "left out".into(),
            format!("{masked:.0} masked micro-batches, {dropped:.0} dropped samples"),
        ));
    }
    let mut html = String::from("<dl>");
    for (name, value) in rows {
        let _ = write!(html, "<dt>{name}</dt><dd>{value}</dd>");
    }
    html.push_str("</dl>");
    html
}

/// The answers to the fixed pages, newest first.
fn answers(log: &[Value]) -> String {
    let mut rows = String::new();
    for line in log.iter().rev() {
        let Some(answers) = line.get("answers").and_then(Value::as_array) else {
            continue;
        };
        for one in answers {
            let field = |name: &str| {
                let value = one.get(name).and_then(Value::as_str);
                value.map(escape).unwrap_or_default()
            };
            let _ = write!(
                rows,
                "<tr><td>{}<td>{}<td><pre>{}</pre>",
                line.get("step")
                    .map(ToString::to_string)
                    .unwrap_or_default(),
                field("page"),
                field("answer")
            );
        }
    }
    if rows.is_empty() {
        return rows;
    }
    format!("<h2>Answers to fixed pages</h2><table><tr><th>update<th>page<th>answer{rows}</table>")
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_page_has_the_curves_and_escapes_what_a_model_says() {
        let log = [
            json!({"event": "started", "samples": 4, "trained": 3, "parameters": 5, "version": "0"}),
            json!({"event": "step", "step": 1, "total_steps": 2, "loss": 3.0, "smoothed_loss": 3.0,
                   "seconds": {"data": 0.1, "forward": 1.0}}),
            json!({"event": "step", "step": 2, "total_steps": 2, "loss": 2.0, "smoothed_loss": 2.5}),
            json!({"event": "validation", "step": 2, "loss": 2.2,
                   "answers": [{"page": "a.png", "answer": "<script>"}]}),
        ];
        let html = render(&log, "run & more");
        assert!(html.contains("run &amp; more") && html.contains("<polyline"));
        assert!(html.contains("&lt;script&gt;") && !html.contains("<script>"));
        assert!(html.contains("2 of 2"), "{html}");
    }
}
