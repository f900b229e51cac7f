use std::path::PathBuf;

use clap::Args;
use pulse_ecg::page::PixelSize;
use pulse_ecg::page_check::{PageCheck, PageCheckOptions};
use pulse_vision::PageImage;
use serde::Serialize;

use super::Outcome;
use crate::Output;

/// Say whether pictures can be 12-lead ECG pages, with what was measured
///
/// Exit code 1 if one of them is refused.
#[derive(Args)]
pub(crate) struct CheckPage {
    /// Pictures
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Canvas that the model scales a picture onto, such as 448x336
    #[arg(long, value_parser = canvas)]
    canvas: Option<PixelSize>,
    /// Fewest pixels per millimetre of paper that the model reads
    #[arg(long, default_value_t = 1.0)]
    least_px_per_mm: f64,
}

fn canvas(text: &str) -> Result<PixelSize, String> {
    let sides = text.split_once('x').and_then(|(width, height)| {
        Some(PixelSize {
            width: width.parse().ok()?,
            height: height.parse().ok()?,
        })
    });
    sides.ok_or_else(|| format!("`{text}` is no size; expected pixels such as 448x336"))
}

#[derive(Serialize)]
struct Checked {
    file: String,
    #[serde(flatten)]
    check: PageCheck,
    words: String,
}

#[derive(Serialize)]
struct Report {
    pages: Vec<Checked>,
    accepted: usize,
    refused: usize,
}

impl CheckPage {
    pub(crate) fn run(self, output: &Output) -> Outcome {
        let options = PageCheckOptions {
            canvas: self.canvas,
            least_px_per_mm: self.least_px_per_mm,
        };
        let mut pages = Vec::with_capacity(self.files.len());
        for file in &self.files {
            let picture = PageImage::open(file)?;
            let size = PixelSize {
                width: picture.size().width,
                height: picture.size().height,
            };
            let check = PageCheck::new(size, picture.rgb(), &options);
            pages.push(Checked {
                file: file.display().to_string(),
                words: check.verdict.to_string(),
                check,
            });
        }
        let accepted = pages.iter().filter(|page| page.check.is_accepted()).count();
        let report = Report {
            accepted,
            refused: pages.len() - accepted,
            pages,
        };
        output.print(&report, |report, out| {
            writeln!(
                out,
                " grid regular px/mm canvas rows cover synchrony  file: verdict"
            )?;
            for page in &report.pages {
                let (check, trace) = (&page.check, &page.check.trace);
                let grid = check
                    .grid
                    .map_or((0.0, 0.0), |grid| (grid.strength, grid.regularity));
                writeln!(
                    out,
                    " {:4.2} {:7.2} {:5.2} {:6.2} {:4} {:5.2} {:9.2}  {}: {}",
                    grid.0,
                    grid.1,
                    check.px_per_mm.unwrap_or(0.0),
                    check.canvas_px_per_mm.unwrap_or(0.0),
                    trace.rows,
                    trace.coverage,
                    trace.synchrony,
                    page.file,
                    page.words
                )?;
            }
            writeln!(
                out,
                "{} accepted, {} refused",
                report.accepted, report.refused
            )
        })?;
        Ok(report.refused == 0)
    }
}
