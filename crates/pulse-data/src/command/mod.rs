//! The subcommands: flags in, one call of the library, a report out.

mod check_page;
mod decoys;
mod download;
mod export;
mod extract;
mod index;
mod lint;
mod synthesize;
mod tokenizer;

use std::io::Write;

pub(crate) use check_page::CheckPage;
pub(crate) use decoys::Decoys;
pub(crate) use download::Download;
pub(crate) use export::Export;
pub(crate) use extract::Extract;
pub(crate) use index::Index;
pub(crate) use lint::Lint;
pub(crate) use synthesize::Synthesize;
pub(crate) use tokenizer::TrainTokenizer;

use crate::{Format, Output};

/// Whether the command reached its aim, or why it could not be carried out.
type Outcome = Result<bool, Box<dyn std::error::Error>>;

impl Output {
    /// Prints a report: as JSON, or the lines that `text` makes of it.
    fn print<T: serde::Serialize>(
        &self,
        report: &T,
        text: impl FnOnce(&T, &mut dyn Write) -> std::io::Result<()>,
    ) -> std::io::Result<()> {
        let mut out = std::io::stdout().lock();
        match self.format {
            Format::Text => text(report, &mut out),
            Format::Json => {
                // Whole before it is printed: half an object is worse than none.
                let text = serde_json::to_string(report)?;
                writeln!(out, "{text}")
            }
        }
    }
}
