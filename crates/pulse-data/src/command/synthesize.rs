use std::path::PathBuf;

use clap::{Args, ValueEnum};
use pulse_data::synthesize::{Look, SynthesizeOptions, Wording, synthesize};
use pulse_ecg::patients::Mixture;

use super::Outcome;
use crate::Output;

/// Make a data set of synthetic patients in the shape of ECGInstruct, with a benchmark like ECGBench
///
/// Labels are true by construction; no patient stands behind them. The same seed and settings give the same
/// bytes with any number of threads. A killed run goes on where it stopped.
#[derive(Args)]
pub(crate) struct Synthesize {
    /// Conversations, each with a page of its own
    #[arg(long)]
    count: u64,
    /// Seed of everything
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Folder to make
    #[arg(long)]
    out: PathBuf,
    /// Share of the patients in valid.json
    #[arg(long, default_value_t = 0.05)]
    valid_share: f64,
    /// Share of the patients in test.json
    #[arg(long, default_value_t = 0.05)]
    test_share: f64,
    /// Items of each configuration of the benchmark. Default: a hundredth of --count, at least 4
    #[arg(long)]
    bench_items: Option<u64>,
    /// Smallest resolution of the pages in dots per inch
    #[arg(long, default_value_t = 72.0)]
    min_dpi: f64,
    /// Largest resolution of the pages; ECG-Image-Kit's pages have 200
    #[arg(long, default_value_t = 110.0)]
    max_dpi: f64,
    /// Patients of the three sets: ward is mostly sinus rhythm, balanced has more of each rare finding
    #[arg(long, value_enum, default_value_t = MixtureName::Ward)]
    mixture: MixtureName,
    /// Pages: varied have all layouts, papers and some wear, plain are all alike and clean, worn are varied and all
    /// moderately worn
    #[arg(long, value_enum, default_value_t = LookName::Varied)]
    look: LookName,
    /// Conversations and benchmark: clinical as ECGInstruct and ECGBench, statements of fixed wording that a small
    /// model learns and a program scores
    #[arg(long, value_enum, default_value_t = WordingName::Clinical)]
    wording: WordingName,
    /// Share of the conversations whose picture is no ECG page, with an answer that says so (wording statements)
    #[arg(long, default_value_t = 0.0)]
    decoys: f64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum WordingName {
    Clinical,
    Statements,
}

impl From<WordingName> for Wording {
    fn from(name: WordingName) -> Self {
        match name {
            WordingName::Clinical => Self::Clinical,
            WordingName::Statements => Self::Statements,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum LookName {
    Varied,
    Plain,
    Worn,
}

impl From<LookName> for Look {
    fn from(name: LookName) -> Self {
        match name {
            LookName::Varied => Self::Varied,
            LookName::Plain => Self::Plain,
            LookName::Worn => Self::Worn,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum MixtureName {
    Ward,
    Balanced,
}

impl From<MixtureName> for Mixture {
    fn from(name: MixtureName) -> Self {
        match name {
            MixtureName::Ward => Self::Ward,
            MixtureName::Balanced => Self::Balanced,
        }
    }
}

impl Synthesize {
    pub(crate) fn run(self, output: &Output) -> Outcome {
        let report = synthesize(&SynthesizeOptions {
            count: self.count,
            seed: self.seed,
            out: self.out,
            valid_share: self.valid_share,
            test_share: self.test_share,
            bench_items: self.bench_items,
            dpi: (self.min_dpi, self.max_dpi),
            mixture: self.mixture.into(),
            look: self.look.into(),
            wording: self.wording.into(),
            decoy_share: self.decoys,
            progress: !output.is_quiet,
        })?;
        output.print(&report, |report, out| {
            writeln!(
                out,
                "{}: {} training, {} validation and {} test conversations of {} patients, {} benchmark items, \
                 {} pages in {:.0} s",
                report.out.display(),
                report.train,
                report.valid,
                report.test,
                report.patients,
                report.bench,
                report.pages,
                report.seconds
            )
        })?;
        Ok(true)
    }
}
