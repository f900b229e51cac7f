use std::path::PathBuf;

use clap::Args;
use pulse_data::instruct::{IndexOptions, InstructFile, build_index};

use super::Outcome;
use crate::Output;

/// Defects that are printed; all are counted.
const SHOWN: usize = 20;

/// Make the index of a JSON array of conversations: one pass, then every item is at hand
///
/// A killed run goes on where it stopped. Nothing is done if the index is there and fits.
#[derive(Args)]
pub(crate) struct Index {
    /// The conversations, ECGInstruct.json or another file of the LLaVA format
    json: PathBuf,
    /// Where the index goes. Default: beside the file, with .pulse-index appended
    #[arg(long)]
    index: Option<PathBuf>,
    /// Make it again even if it fits
    #[arg(long)]
    rebuild: bool,
    /// Print this item (from 0) as JSON
    #[arg(long)]
    show: Option<u64>,
}

impl Index {
    pub(crate) fn run(self, output: &Output) -> Outcome {
        let options = IndexOptions {
            index: self.index,
            progress: !output.is_quiet,
            rebuild: self.rebuild,
        };
        let report = build_index(&self.json, &options)?;
        let file = InstructFile::open(&self.json, Some(&report.index))?;
        if let Some(item) = self.show {
            let sample = file.sample(item)?;
            output.print(&sample, |sample, out| {
                writeln!(out, "{}", serde_json::to_string_pretty(sample)?)
            })?;
            return Ok(true);
        }
        let defects = file.defects().take(SHOWN).collect::<Result<Vec<_>, _>>()?;
        output.print(&report, |report, out| {
            let seconds = report.seconds.max(1e-9);
            writeln!(
                out,
                "{} items in {} bytes, {} of them no conversations; blake3 {}",
                report.items, report.bytes, report.defective, report.blake3
            )?;
            for defect in &defects {
                writeln!(out, "{defect}")?;
            }
            match report.was_current {
                true => writeln!(out, "{} was there and fits", report.index.display()),
                false => writeln!(
                    out,
                    "{} made in {seconds:.2} s ({:.0} MB/s){}",
                    report.index.display(),
                    (report.bytes - report.resumed_at) as f64 / 1e6 / seconds,
                    match report.resumed_at {
                        0 => String::new(),
                        at => format!(", continued at byte {at}"),
                    }
                ),
            }
        })?;
        Ok(true)
    }
}
