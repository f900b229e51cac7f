//! Draws a record, or a synthetic patient, as an ECG page.
//!
//! ```sh
//! cargo run --example render -- --record path/to/JS20000 --out page.png --geometry page.json
//! cargo run --example render -- --synthetic "atrial fibrillation" --seed 7 --wear moderate --out worn.png
//! ```
//!
//! What was drawn, and where, goes to standard error; `--geometry` writes all of it as JSON.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser};
use pulse_ecg::page::{
    GridColour, GridExtent, Header, Layout, MissingLeads, Page, PageRenderer, PageSettings, Paper,
    PictureFormat, Separator, TimeAlignment,
};
use pulse_ecg::patients::{Finding, PatientPlan};
use pulse_ecg::wear::Wear;
use pulse_ecg::{Lead, Recording};
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
    /// JSON to write: boxes of the leads, scales, and the map to a worn picture
    #[arg(long)]
    geometry: Option<PathBuf>,
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
    #[arg(long, default_value = "letter")]
    paper: Paper,
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
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<(), Failure> {
    // A wrong ending shows before any work is done.
    let format = match PictureFormat::of(&arguments.out)? {
        PictureFormat::Jpeg { .. } => PictureFormat::Jpeg {
            quality: arguments.quality,
        },
        format => format,
    };
    let recording = arguments.source.recording(arguments.seed)?;
    let settings = arguments.page.settings(&recording)?;
    let page = PageRenderer::new(settings)?.render(&recording)?;
    let page = arguments.wear.apply(&page, arguments.seed)?;
    page.picture.save(&arguments.out, format)?;
    if let Some(path) = &arguments.geometry {
        page.geometry.save(path)?;
    }
    summarise(&page, &recording, &arguments.out);
    Ok(())
}

impl Source {
    fn recording(&self, seed: u64) -> Result<Recording, Failure> {
        if let Some(path) = &self.record {
            return Ok(Recording::open(path)?);
        }
        let name = self.synthetic.as_deref().unwrap_or("sinus rhythm");
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let plan = PatientPlan::with_finding(Finding::parse(name)?, &mut random);
        Ok(plan.synthesize(&mut random)?.recording)
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
            name => (name.parse()?, Vec::new()),
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
                date: self.date.clone(),
                filter: self.filter.clone(),
                ..Header::default()
            }
        };
        Ok(PageSettings {
            paper: self.paper,
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

fn summarise(page: &Page, recording: &Recording, out: &std::path::Path) {
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
