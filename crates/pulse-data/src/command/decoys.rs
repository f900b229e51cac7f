use std::path::PathBuf;

use clap::Args;
use pulse_ecg::decoys::DecoyKind;
use pulse_ecg::page::{PictureFormat, PixelSize};
use serde::Serialize;

use super::Outcome;
use crate::Output;

/// Draw pictures that are no ECG pages: plots, text, noise, patterns, tables and more
///
/// Each kind in turn, as PNG files named by kind, and decoys.json with file and kind of each. The same seed gives
/// the same bytes.
#[derive(Args)]
pub(crate) struct Decoys {
    /// Pictures to draw
    #[arg(long)]
    count: u64,
    /// Seed of everything
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Folder to make
    #[arg(long)]
    out: PathBuf,
}

#[derive(Serialize)]
struct Drawn {
    file: String,
    kind: DecoyKind,
}

#[derive(Serialize)]
struct Report {
    #[serde(serialize_with = "path")]
    out: PathBuf,
    pictures: u64,
}

fn path<S: serde::Serializer>(path: &std::path::Path, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&path.display())
}

/// Widths differ from 500 to 1399 pixels; heights are those of Letter paper.
fn size(seed: u64, index: u64) -> PixelSize {
    let width = 500
        + (seed
            .wrapping_mul(104_729)
            .wrapping_add(index.wrapping_mul(7919))
            % 900) as u32;
    PixelSize {
        width,
        height: width * 77 / 100,
    }
}

impl Decoys {
    pub(crate) fn run(self, output: &Output) -> Outcome {
        std::fs::create_dir_all(&self.out)?;
        let mut list = Vec::new();
        for (index, kind) in (0..self.count).zip(DecoyKind::ALL.into_iter().cycle()) {
            let seed = self.seed.wrapping_mul(1_000_003).wrapping_add(index);
            let picture = kind.draw(seed, size(self.seed, index))?;
            let file = format!("{kind}-{index:04}.png");
            picture.save(&self.out.join(&file), PictureFormat::Png)?;
            list.push(Drawn { file, kind });
        }
        let mut json = tempfile::NamedTempFile::new_in(&self.out)?;
        serde_json::to_writer_pretty(&mut json, &list)?;
        json.as_file().sync_all()?;
        json.persist(self.out.join("decoys.json"))?;
        let report = Report {
            out: self.out,
            pictures: self.count,
        };
        output.print(&report, |report, out| {
            writeln!(
                out,
                "{}: {} pictures",
                report.out.display(),
                report.pictures
            )
        })?;
        Ok(true)
    }
}
