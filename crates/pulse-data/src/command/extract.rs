use std::path::PathBuf;

use clap::Args;
use pulse_data::extract::{ExtractOptions, VerifyReport, extract, find_shards, verify_extracted};

use super::Outcome;
use crate::Output;

/// Unpack picture archives (shard_*.tar.gz) into one image folder
///
/// Archives are unpacked in parallel; a killed run goes on where it stopped. Entries that would lead out of
/// the folder, links and devices are refused.
#[derive(Args)]
pub(crate) struct Extract {
    /// Archives, or folders with archives
    #[arg(required = true)]
    archives: Vec<PathBuf>,
    /// The image folder
    #[arg(long)]
    out: PathBuf,
    /// Archives unpacked at once; 0: one for each core
    #[arg(long, default_value_t = 0)]
    threads: usize,
    /// Begin even if the disk seems too small (estimate: 1.1 times the archives)
    #[arg(long)]
    no_space_check: bool,
    /// Replace files that are there with other content
    #[arg(long)]
    overwrite: bool,
    /// Do not sync each file; faster, but a power cut can leave empty files
    #[arg(long)]
    no_sync: bool,
    /// Afterwards read every unpacked file again and compare it with what its archive held
    #[arg(long)]
    verify: bool,
}

#[derive(serde::Serialize)]
struct Report {
    #[serde(flatten)]
    extracted: pulse_data::extract::ExtractReport,
    verified: Option<VerifyReport>,
}

impl Extract {
    pub(crate) fn run(self, output: &Output) -> Outcome {
        let mut shards = Vec::new();
        for path in &self.archives {
            shards.extend(find_shards(path)?);
        }
        let options = ExtractOptions {
            threads: self.threads,
            progress: !output.is_quiet,
            check_space: !self.no_space_check,
            overwrite: self.overwrite,
            sync: !self.no_sync,
        };
        let extracted = extract(&shards, &self.out, &options)?;
        let verified = match self.verify {
            true => Some(verify_extracted(&self.out)?),
            false => None,
        };
        let is_sound = verified.as_ref().is_none_or(VerifyReport::is_sound);
        let report = Report {
            extracted,
            verified,
        };
        output.print(&report, |report, out| {
            let done = &report.extracted;
            writeln!(
                out,
                "{} archives, {} files, {} bytes in {}; {} written now{}{}",
                done.shards,
                done.files,
                done.bytes,
                done.root.display(),
                done.written,
                match done.restored {
                    0 => String::new(),
                    some => format!(", {some} of them for the second time: they were gone"),
                },
                match done.corrected {
                    0 => String::new(),
                    some => format!(", {some} of them in place of what a damaged archive had given"),
                }
            )?;
            let Some(verified) = &report.verified else {
                return Ok(());
            };
            for (what, paths) in [
                ("missing", &verified.missing),
                ("different", &verified.different),
                ("not unpacked to the end", &verified.incomplete),
            ] {
                for path in paths {
                    writeln!(out, "{what}: {}", path.display())?;
                }
            }
            writeln!(out, "{} files read and compared", verified.files)?;
            match verified.is_sound() {
                true => Ok(()),
                false => writeln!(
                    out,
                    "delete what is named as different and run the same command again with all archives: what is \
                     not there is unpacked again"
                ),
            }
        })?;
        Ok(is_sound)
    }
}
