//! Shows what is in a record.
//!
//! ```sh
//! cargo run --example record -- path/to/record
//! cargo run --example record -- path/to/record --format json
//! ```

// Its output is what it is for.
#![allow(clippy::print_stdout)]

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, ValueEnum};
use pulse_ecg::measure::{Measurements, Unmeasured, measure};
use pulse_ecg::wfdb::{GainRule, ReadOptions, SignalStatistics, Verification};
use pulse_ecg::{CsvOptions, Recording, WfdbRecord};
use serde_json::{Value, json};

/// Any error with a message for people.
type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Show leads, rate, values and comments of an ECG record.
#[derive(Parser)]
#[command(version, about)]
struct Arguments {
    /// WFDB record with or without .hea, .dat or .mat, or a .csv file with leads as columns
    path: PathBuf,
    /// text for people, json for programs
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Read on where a checksum or initial value does not fit, and say so
    #[arg(long)]
    ignore_checksums: bool,
    /// Take 200 units per mV where a header gives no gain, as WFDB programs do
    #[arg(long)]
    assume_gain: bool,
    /// Samples per second of a CSV file without a time column
    #[arg(long, allow_negative_numbers = true)]
    sampling_rate: Option<f64>,
    /// Print all comment lines, not the first four
    #[arg(long)]
    all_comments: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    Json,
}

/// Comment lines that are printed by default. Age, sex and diagnosis come first; some databases go on
/// with a page of case history.
const FIRST_COMMENTS: usize = 4;

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {}", with_options(&error.to_string()));
            ExitCode::FAILURE
        }
    }
}

/// An error of the library with this program's options in the place of the library's.
fn with_options(message: &str) -> String {
    message
        .replace("GainRule::AssumeDefault", "--assume-gain")
        .replace("Verification::Report", "--ignore-checksums")
        .replace("state the rate", "state it with --sampling-rate")
}

fn run(arguments: &Arguments) -> Result<(), Failure> {
    let summary = Summary::open(arguments)?;
    for note in &summary.notes {
        eprintln!("warning: {note}");
    }
    match arguments.format {
        Format::Json => println!("{}", serde_json::to_string_pretty(&summary.to_json())?),
        Format::Text => summary.print(),
    }
    Ok(())
}

/// One signal, ready to be shown.
struct Row {
    lead: String,
    first_raw: Vec<Option<i32>>,
    sum_raw: Option<i64>,
    missing: usize,
    /// Figures, or why there are none.
    statistics: Result<SignalStatistics, String>,
}

/// What is shown of a record.
struct Summary {
    record: String,
    fs: f64,
    samples: usize,
    rows: Vec<Row>,
    comments: Vec<String>,
    comment_lines: usize,
    notes: Vec<String>,
    /// What can be measured, or why nothing can.
    measurements: Result<Measurements, String>,
}

impl Summary {
    fn open(arguments: &Arguments) -> Result<Self, Failure> {
        let path = &arguments.path;
        let is_csv = path
            .extension()
            .is_some_and(|ending| ending.eq_ignore_ascii_case("csv"));
        let mut summary = if is_csv {
            Self::from_csv(path, arguments.sampling_rate)?
        } else {
            let options = ReadOptions {
                verification: match arguments.ignore_checksums {
                    true => Verification::Report,
                    false => Verification::Refuse,
                },
                gain_rule: match arguments.assume_gain {
                    true => GainRule::AssumeDefault,
                    false => GainRule::Require,
                },
                ..ReadOptions::default()
            };
            Self::from_wfdb(&WfdbRecord::open(path, &options)?)
        };
        if !arguments.all_comments {
            summary.comments.truncate(FIRST_COMMENTS);
        }
        Ok(summary)
    }

    fn from_wfdb(record: &WfdbRecord) -> Self {
        let rows = record.signals.iter().map(|signal| Row {
            lead: signal.description.clone(),
            first_raw: signal
                .samples
                .iter()
                .take(5)
                .map(|value| (*value != pulse_ecg::wfdb::MISSING_SAMPLE).then_some(*value))
                .collect(),
            sum_raw: Some(signal.digital_sum()),
            missing: signal.missing(),
            statistics: signal.statistics().ok_or_else(|| {
                if signal.voltage_unit().is_none() {
                    format!("in {}, not in mV", signal.units)
                } else if signal.gain.is_none() {
                    "uncalibrated: the gain is 0 or not stated".to_owned()
                } else {
                    "no samples".to_owned()
                }
            }),
        });
        Self {
            record: record.name.clone(),
            fs: record.sampling_rate_hz,
            samples: record.frames,
            rows: rows.collect(),
            comments: record.comments.clone(),
            comment_lines: record.comments.len(),
            notes: record
                .discrepancies
                .iter()
                .map(ToString::to_string)
                .collect(),
            measurements: record
                .to_recording()
                .map_err(|error| error.to_string())
                .and_then(|recording| measured(&recording)),
        }
    }

    /// CSV has no digital values.
    fn from_csv(path: &Path, sampling_rate_hz: Option<f64>) -> Result<Self, Failure> {
        let options = CsvOptions {
            sampling_rate_hz,
            ..CsvOptions::default()
        };
        let recording = Recording::from_csv_file(path, &options)?;
        let rows = recording.leads.iter().map(|lead| Row {
            lead: lead.lead.name().to_owned(),
            first_raw: Vec::new(),
            sum_raw: None,
            missing: lead
                .millivolts
                .iter()
                .filter(|value| value.is_nan())
                .count(),
            statistics: SignalStatistics::of_millivolts(&lead.millivolts)
                .ok_or_else(|| "no samples".to_owned()),
        });
        Ok(Self {
            record: recording.name.clone(),
            fs: recording.sampling_rate_hz,
            samples: recording.samples(),
            rows: rows.collect(),
            comments: Vec::new(),
            comment_lines: 0,
            notes: Vec::new(),
            measurements: measured(&recording),
        })
    }

    fn to_json(&self) -> Value {
        let rows = || self.rows.iter();
        let frames = rows().map(|row| row.first_raw.len()).min().unwrap_or(0);
        let first5_raw: Vec<Vec<Option<i32>>> = (0..frames)
            .map(|frame| {
                rows()
                    .map(|row| row.first_raw.get(frame).copied().flatten())
                    .collect()
            })
            .collect();
        let each = |value: fn(&SignalStatistics) -> f64| -> Vec<Option<f64>> {
            rows()
                .map(|row| {
                    let statistics = row.statistics.as_ref().ok();
                    statistics.map(|s| to_nine_places(value(s)))
                })
                .collect()
        };
        json!({
            "record": self.record,
            "leads": rows().map(|row| &row.lead).collect::<Vec<_>>(),
            "fs": self.fs,
            "samples": self.samples,
            "comments": self.comments,
            "comment_lines": self.comment_lines,
            "first5_raw": first5_raw,
            "sum_raw": rows().map(|row| row.sum_raw).collect::<Vec<_>>(),
            "missing": rows().map(|row| row.missing).collect::<Vec<_>>(),
            "min_mv": each(|s| s.min_mv),
            "max_mv": each(|s| s.max_mv),
            "mean_mv": each(|s| s.mean_mv),
            "std_mv": each(|s| s.std_mv),
            "warnings": self.notes,
            "measurements": match &self.measurements {
                Ok(measurements) => json!(measurements),
                Err(_) => Value::Null,
            },
            "not_measured_because": self.measurements.as_ref().err(),
        })
    }

    fn print(&self) {
        let seconds = self.samples as f64 / self.fs;
        println!("record   {}", self.record);
        println!("leads    {}", self.rows.len());
        println!("rate     {} Hz", self.fs);
        println!("length   {} samples, {seconds:.3} s", self.samples);
        for comment in &self.comments {
            println!("comment  {comment}");
        }
        if self.comments.len() < self.comment_lines {
            let more = self.comment_lines - self.comments.len();
            println!("         and {more} more lines (--all-comments)");
        }
        println!();
        println!(
            "{:<12} {:>10} {:>10} {:>10} {:>10} {:>9}",
            "lead", "min mV", "max mV", "mean mV", "std mV", "missing"
        );
        for row in &self.rows {
            let (lead, missing) = (&row.lead, row.missing);
            match &row.statistics {
                Ok(s) => println!(
                    "{lead:<12} {:>10.3} {:>10.3} {:>10.4} {:>10.4} {missing:>9}",
                    s.min_mv,
                    s.max_mv,
                    without_sign_of_zero(s.mean_mv, 4),
                    s.std_mv
                ),
                Err(reason) => println!("{lead:<12} {reason:>43} {missing:>9}"),
            }
        }
        print_measurements(&self.measurements);
    }
}

fn measured(recording: &Recording) -> Result<Measurements, String> {
    measure(recording).map_err(|error| error.to_string())
}

fn print_measurements(measurements: &Result<Measurements, String>) {
    println!();
    let m = match measurements {
        Ok(measurements) => measurements,
        Err(reason) => {
            println!("not measured: {reason}");
            return;
        }
    };
    let or_why = |value: Option<f64>, unit: &str, why: Option<Unmeasured>| match (value, why) {
        (Some(value), _) => format!("{value:.0} {unit}"),
        (None, Some(why)) => format!("-  ({why})"),
        (None, None) => "-".to_owned(),
    };
    let reasons = m.unmeasured;
    println!("rate     {:.0} /min, {} beats", m.rate_bpm, m.beats.len());
    println!(
        "RR       {:.0} ms, {:.0} to {:.0} ms",
        m.rr_mean_ms, m.rr_min_ms, m.rr_max_ms
    );
    println!("PR       {}", or_why(m.pr_ms, "ms", reasons.pr));
    println!("QRS      {:.0} ms", m.qrs_ms);
    println!("QT       {}", or_why(m.qt_ms, "ms", reasons.qt));
    println!(
        "QTc      {} (Bazett), {} (Fridericia)",
        or_why(m.qtc_bazett_ms, "ms", None),
        or_why(m.qtc_fridericia_ms, "ms", None)
    );
    println!(
        "axis     {}",
        or_why(m.axis_degrees, "degrees", reasons.axis)
    );
}

/// A value that prints as 0 at so many places loses its sign.
fn without_sign_of_zero(value: f64, places: i32) -> f64 {
    let half = 0.5 * 10_f64.powi(-places);
    if value.abs() < half { 0.0 } else { value }
}

/// Nanovolts: far below any converter's step, and what is left of rounding errors is cut off.
fn to_nine_places(value: f64) -> f64 {
    let rounded = (value * 1e9).round() / 1e9;
    // No negative zero.
    if rounded == 0.0 { 0.0 } else { rounded }
}
