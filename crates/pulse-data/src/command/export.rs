use std::path::PathBuf;

use clap::{Args, ValueEnum};
use pulse_data::bench::{BenchConfig, BenchFolder, BenchFormat, ExportOptions, export_bench};

use super::Outcome;
use crate::Output;

/// Convert ECGBench between Parquet and JSON with a folder of pictures
///
/// Items keep their order and pictures their bytes.
#[derive(Args)]
pub(crate) struct Export {
    /// Folder with ECGBench in either layout
    source: PathBuf,
    /// Layout to write
    #[arg(long, value_enum)]
    to: Layout,
    /// Folder to write to
    #[arg(long)]
    out: PathBuf,
    /// Folder of the pictures of a JSON source. Default: images in the source
    #[arg(long)]
    images: Option<PathBuf>,
    /// Only this configuration; may be repeated. Default: all that are there
    #[arg(long)]
    config: Vec<BenchConfig>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Layout {
    Json,
    Parquet,
}

impl Export {
    pub(crate) fn run(self, output: &Output) -> Outcome {
        let mut source = BenchFolder::open(&self.source)?;
        if let Some(images) = &self.images {
            source = source.with_images(images);
        }
        let options = ExportOptions {
            format: match self.to {
                Layout::Json => BenchFormat::Json,
                Layout::Parquet => BenchFormat::Parquet,
            },
            configs: self.config,
            progress: !output.is_quiet,
        };
        let report = export_bench(&source, &self.out, &options)?;
        output.print(&report, |report, out| {
            for (config, items) in &report.configs {
                writeln!(out, "{config}: {items} items")?;
            }
            writeln!(
                out,
                "{} pictures in {}",
                report.pictures,
                self.out.display()
            )
        })?;
        Ok(true)
    }
}
