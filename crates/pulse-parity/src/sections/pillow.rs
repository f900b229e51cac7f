//! Decoding and resizing against Pillow.

use pulse_vision::{PageImage, PassOrder, PixelSize, resize_bicubic};

use crate::check::Check;
use crate::golden::{Golden, GoldenError};
use crate::models::Models;

pub(super) fn run(golden: &Golden, models: &Models<'_>) -> Result<Vec<Check>, GoldenError> {
    let tensors = golden.tensors("pillow.safetensors")?;
    let mut lossless = Check::exact("RGB of PNG, BMP, GIF, TIFF, WebP: bytes that differ");
    // Decoders of JPEG may differ by two levels, but ours is libjpeg's as Pillow's is.
    let mut jpeg = Check::exact("RGB of JPEG: bytes that differ");
    for (tensor, file) in tensors.below("rgb.")? {
        let Some(ours) = models.picture(&format!("modes/{file}"))? else {
            continue;
        };
        let theirs = tensors.u8(&tensor)?;
        let is_jpeg = file.ends_with(".jpg") || file.ends_with(".jpeg");
        let check = if is_jpeg { &mut jpeg } else { &mut lossless };
        check.difference(&file, unequal(ours.rgb(), &theirs));
    }
    let mut resize = Check::exact("bicubic resize: bytes that differ");
    for (tensor, rest) in tensors.below("bicubic.")? {
        let Some((file, size)) = rest.rsplit_once('.') else {
            continue;
        };
        let size = size
            .split_once('x')
            .and_then(|(w, h)| Some(PixelSize::new(w.parse().ok()?, h.parse().ok()?)));
        let (Some(picture), Some(size)) = (models.picture(file)?, size) else {
            continue;
        };
        let ours = resize_bicubic(&picture, size, PassOrder::Pillow13).ok();
        let ours = ours.as_ref().map_or(&[][..], PageImage::rgb);
        resize.difference(&rest, unequal(ours, &tensors.u8(&tensor)?));
    }
    Ok(vec![lossless, jpeg, resize])
}

/// Bytes that differ; infinite if the lengths do.
pub(super) fn unequal(ours: &[u8], theirs: &[u8]) -> f64 {
    if ours.len() != theirs.len() {
        return f64::INFINITY;
    }
    ours.iter().zip(theirs).filter(|(a, b)| a != b).count() as f64
}
