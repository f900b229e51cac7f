//! Draws a record, or a synthetic patient, as an ECG page.
//!
//! ```sh
//! cargo run --example render -- --record path/to/JS20000 --out page.png
//! cargo run --example render -- --synthetic "atrial fibrillation" --seed 7 --wear moderate --out worn.png
//! ```
//!
//! Beside the picture it writes `page.json`, where everything is in it, and for a synthetic patient
//! `page.patient.json`, what is true of it: plan, labels, measurements, report.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Parser, ValueEnum};
use pulse_ecg::page::{
    GridColour, GridExtent, Header, Layout, MissingLeads, Page, PageError, PageRenderer,
    PageSettings, PictureFormat, Separator, TimeAlignment,
};
use pulse_ecg::patients::{Finding, PatientPlan, SyntheticEcg};
use pulse_ecg::wear::Wear;
use pulse_ecg::wfdb::{GainRule, ReadOptions, Verification};
use pulse_ecg::{CsvOptions, Lead, Recording, WfdbRecord};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

/// Any error with a message for people.
type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Draw an ECG record, or a synthetic patient, as a page of paper.
#[derive(Parser)]
#[command(version, about)]
struct Arguments {
    #[command(flatten)]
    source: Source,
    #[command(flatten)]
    reading: Reading,
    /// Seed of the synthetic patient and of the wear: the same seed gives the same bytes
    #[arg(long, default_value_t = 0)]
    seed: u64,
    #[command(flatten)]
    page: PageArguments,
    /// none, light, moderate, heavy, or distortions with a strength from 0 to 1, such as
    /// rotation=0.5,noise=0.2: fading, handwriting, creases, rotation, perspective, crop, shadow,
    /// temperature, scan, blur, noise, jpeg
    #[arg(long, default_value = "none")]
    wear: Wear,
    /// Picture to write; .png, .jpg or .jpeg
    #[arg(long)]
    out: PathBuf,
    /// Quality of a JPEG, 1 to 100
    #[arg(long, default_value_t = 90, value_parser = clap::value_parser!(u8).range(1..=100))]
    quality: u8,
    /// JSON to write: boxes of the leads, scales, and the map to a worn picture. Default: beside the picture, with
    /// its name and the ending .json
    #[arg(long, conflicts_with = "no_geometry")]
    geometry: Option<PathBuf>,
    /// Write no such JSON
    #[arg(long)]
    no_geometry: bool,
    /// JSON to write of a synthetic patient: plan, labels, true measurements, report. Default: beside the picture,
    /// with its name and the ending .patient.json
    #[arg(long, requires = "synthetic", conflicts_with = "no_truth")]
    truth: Option<PathBuf>,
    /// Write no such JSON
    #[arg(long)]
    no_truth: bool,
}

#[derive(Args)]
#[group(required = true, multiple = false)]
struct Source {
    /// WFDB record (with or without .hea) or CSV file
    #[arg(long)]
    record: Option<PathBuf>,
    /// Synthetic patient with a finding, such as "atrial fibrillation" or "sinus rhythm"
    #[arg(long)]
    synthetic: Option<String>,
}

#[derive(Args)]
struct Reading {
    /// Read a record on where a checksum or initial value does not fit or a file ends within a frame, and say so
    #[arg(long)]
    ignore_checksums: bool,
    /// Take 200 units per mV where a header gives no gain, as WFDB programs do
    #[arg(long)]
    assume_gain: bool,
    /// Samples per second of a CSV file without a time column
    #[arg(long, allow_negative_numbers = true)]
    sampling_rate: Option<f64>,
}

/// What the header says of the record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Printed {
    /// Name of the record
    Id,
    /// Age
    Age,
    /// Sex
    Sex,
}

#[derive(Args)]
struct PageArguments {
    /// 3x4, 3x4+1 (rhythm strip of II), 3x4+3 (V1, II, V5), 6x2, 12x1, all (a row for every lead of the
    /// record), or rows:LEAD,LEAD
    #[arg(long, default_value = "3x4+1")]
    layout: String,
    /// Leads of the rhythm strips, such as II or V1,II,V5, or none; default: as the layout says
    #[arg(long)]
    rhythm: Option<String>,
    /// Pixels per inch, 10 to 1200
    #[arg(long, default_value_t = 200.0, allow_negative_numbers = true)]
    dpi: f64,
    /// Paper speed in mm/s
    #[arg(long, default_value_t = 25.0, allow_negative_numbers = true)]
    speed: f64,
    /// Gain in mm/mV
    #[arg(long, default_value_t = 10.0, allow_negative_numbers = true)]
    gain: f64,
    /// Paper: letter, a4, fit (as large as the leads need), or millimetres such as 300x220
    #[arg(long, default_value = "letter", allow_hyphen_values = true)]
    paper: String,
    /// Grid: pink, red, orange, blue, green, grey, black-white, plain
    #[arg(long, default_value = "pink")]
    grid: GridColour,
    /// Print the grid behind the leads only and leave the margins white
    #[arg(long)]
    margins: bool,
    /// Between columns: bar, dotted, none
    #[arg(long, default_value = "bar", value_parser = ["bar", "dotted", "none"])]
    separator: String,
    /// Second of the record at which the page starts
    #[arg(long, default_value_t = 0.0, allow_negative_numbers = true)]
    start: f64,
    /// Seconds of all columns together; default: what 250 mm hold, 10 s at 25 mm/s
    #[arg(long, allow_negative_numbers = true)]
    seconds: Option<f64>,
    /// Show the same stretch in every column instead of consecutive ones
    #[arg(long)]
    simultaneous: bool,
    /// Leave leads that the record lacks blank instead of refusing
    #[arg(long)]
    blank_missing: bool,
    /// Draw electrode offsets as they are instead of putting each lead's median on its baseline
    #[arg(long)]
    keep_offset: bool,
    /// Leave out the calibration pulses
    #[arg(long)]
    no_calibration: bool,
    /// What to print of the record above the leads, with commas: id, age, sex; nothing unless it is given. The id is
    /// the record's name, which must not be a patient's
    #[arg(long, value_enum, value_delimiter = ',')]
    print: Vec<Printed>,
    /// Leave out all text above and below the leads
    #[arg(long)]
    no_header: bool,
    /// Date to print
    #[arg(long)]
    date: Option<String>,
    /// Filter to print, such as "0.05-150 Hz"; nothing is printed unless it is given
    #[arg(long)]
    filter: Option<String>,
}

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
    // A wrong ending shows before any work is done.
    let format = match PictureFormat::of(&arguments.out)? {
        PictureFormat::Jpeg { .. } => PictureFormat::Jpeg {
            quality: arguments.quality,
        },
        format => format,
    };
    let drawn = arguments.source.open(&arguments.reading, arguments.seed)?;
    let recording = drawn.recording();
    let settings = arguments.page.settings(recording)?;
    let page = PageRenderer::new(settings)?.render(recording)?;
    let page = arguments.wear.apply(&page, arguments.seed)?;
    page.picture.save(&arguments.out, format)?;
    if !arguments.no_geometry {
        let beside = arguments.out.with_extension("json");
        page.geometry
            .save(arguments.geometry.as_ref().unwrap_or(&beside))?;
    }
    if let (Drawn::Patient(patient), false) = (&drawn, arguments.no_truth) {
        let beside = arguments.out.with_extension("patient.json");
        let (plan, ecg) = patient.as_ref();
        ecg.save_truth(plan, arguments.truth.as_ref().unwrap_or(&beside))?;
    }
    summarise(&page, recording, &arguments.out);
    Ok(())
}

/// What is drawn.
enum Drawn {
    Record(Recording),
    Patient(Box<(PatientPlan, SyntheticEcg)>),
}

impl Drawn {
    fn recording(&self) -> &Recording {
        match self {
            Self::Record(recording) => recording,
            Self::Patient(patient) => &patient.1.recording,
        }
    }
}

impl Source {
    fn open(&self, reading: &Reading, seed: u64) -> Result<Drawn, Failure> {
        if let Some(path) = &self.record {
            return Ok(Drawn::Record(reading.open(path)?));
        }
        let name = self.synthetic.as_deref().unwrap_or("sinus rhythm");
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let plan = PatientPlan::with_finding(Finding::parse(name)?, &mut random);
        let ecg = plan.synthesize(&mut random)?;
        Ok(Drawn::Patient(Box::new((plan, ecg))))
    }
}

impl Reading {
    fn open(&self, path: &Path) -> Result<Recording, Failure> {
        let is_csv = path
            .extension()
            .is_some_and(|ending| ending.eq_ignore_ascii_case("csv"));
        if is_csv {
            let options = CsvOptions {
                sampling_rate_hz: self.sampling_rate,
                ..CsvOptions::default()
            };
            return Ok(Recording::from_csv_file(path, &options)?);
        }
        let options = ReadOptions {
            verification: if self.ignore_checksums {
                Verification::Report
            } else {
                Verification::Refuse
            },
            gain_rule: if self.assume_gain {
                GainRule::AssumeDefault
            } else {
                GainRule::Require
            },
            ..ReadOptions::default()
        };
        let record = WfdbRecord::open(path, &options)?;
        for note in &record.discrepancies {
            eprintln!("warning: {note}");
        }
        Ok(record.to_recording()?)
    }
}

impl PageArguments {
    fn settings(&self, recording: &Recording) -> Result<PageSettings, Failure> {
        let (layout, rhythm) = match self.layout.as_str() {
            "3x4+1" => (Layout::ThreeByFour, vec![Lead::II]),
            "3x4+3" => (Layout::ThreeByFour, vec![Lead::V1, Lead::II, Lead::V5]),
            "all" => {
                let leads = recording.leads.iter().map(|signal| signal.lead.clone());
                (Layout::Rows(leads.collect()), Vec::new())
            }
            name => match name.parse() {
                Ok(layout) => (layout, Vec::new()),
                Err(PageError::UnknownName { what, found, .. }) => {
                    return Err(Box::new(PageError::UnknownName {
                        what,
                        found,
                        expected: "3x4, 3x4+1, 3x4+3, 6x2, 12x1, all, rows:LEAD,LEAD,...",
                    }));
                }
                Err(error) => return Err(Box::new(error)),
            },
        };
        let rhythm = match self.rhythm.as_deref() {
            None => rhythm,
            Some("none") => Vec::new(),
            Some(leads) => leads.split(',').map(Lead::parse).collect(),
        };
        let header = if self.no_header {
            Header::none()
        } else {
            Header {
                record: self.print.contains(&Printed::Id),
                age: self.print.contains(&Printed::Age),
                sex: self.print.contains(&Printed::Sex),
                date: self.date.clone(),
                filter: self.filter.clone(),
                ..Header::default()
            }
        };
        Ok(PageSettings {
            paper: self.paper.parse()?,
            dpi: self.dpi,
            speed_mm_per_s: self.speed,
            gain_mm_per_mv: self.gain,
            layout,
            rhythm,
            alignment: if self.simultaneous {
                TimeAlignment::Simultaneous
            } else {
                TimeAlignment::Consecutive
            },
            shown_s: self.seconds,
            start_s: self.start,
            grid: self.grid.style(),
            grid_extent: if self.margins {
                GridExtent::Leads
            } else {
                GridExtent::Page
            },
            calibration: !self.no_calibration,
            separator: match self.separator.as_str() {
                "dotted" => Separator::Dotted,
                "none" => Separator::Hidden,
                _ => Separator::Bar,
            },
            header,
            remove_offset: !self.keep_offset,
            missing_leads: if self.blank_missing {
                MissingLeads::Blank
            } else {
                MissingLeads::Refuse
            },
            ..PageSettings::default()
        })
    }
}

fn summarise(page: &Page, recording: &Recording, out: &Path) {
    let geometry = &page.geometry;
    let drawn = geometry.leads.iter().filter(|trace| trace.drawn).count();
    eprintln!(
        "{}: {} x {} pixels, {}, {drawn} of {} traces of record {} ({} s at {} Hz)",
        out.display(),
        geometry.picture.width,
        geometry.picture.height,
        geometry.layout,
        geometry.leads.len(),
        recording.name,
        recording.duration_s(),
        recording.sampling_rate_hz,
    );
}
