//! Pictures that are no ECG pages, among the pages of a set.

use std::path::Path;

use pulse_ecg::decoys::DecoyKind;
use pulse_ecg::page::PixelSize;

use super::error::SynthesizeError;
use super::options::SynthesizeOptions;
use super::random::{below, generator, unit};
use super::run::write_picture;

/// Quality of the files, as that of worn pages.
const QUALITY: u8 = 90;
/// Shortest and longest side in pixels: those of small pages.
const SIDES: (u32, u32) = (320, 720);

/// Whether a conversation has a decoy instead of a page. Which ones depends on seed and share alone, so that
/// the pages of the others are those of a set without decoys.
pub(super) fn is_decoy(options: &SynthesizeOptions, sample: u64) -> bool {
    unit(&mut generator(options.seed, "decoy", sample)) < options.decoy_share
}

/// Draws the decoy of a conversation unless it is there; returns its path below the image folder.
pub(super) fn write_decoy(
    options: &SynthesizeOptions,
    sample: u64,
    images: &Path,
) -> Result<String, SynthesizeError> {
    let name = format!("decoys/d{sample:08}.jpg");
    let path = images.join(&name);
    if path.is_file() {
        return Ok(name);
    }
    let mut rng = generator(options.seed, "decoy picture", sample);
    let kind = DecoyKind::ALL[below(&mut rng, DecoyKind::ALL.len())];
    let mut side = || SIDES.0 + below(&mut rng, (SIDES.1 - SIDES.0) as usize) as u32;
    let size = PixelSize {
        width: side(),
        height: side(),
    };
    let seed = options.seed.wrapping_mul(1_000_003).wrapping_add(sample);
    let bytes = kind.draw(seed, size)?.to_jpeg(QUALITY)?;
    write_picture(&path, &bytes)?;
    Ok(name)
}
