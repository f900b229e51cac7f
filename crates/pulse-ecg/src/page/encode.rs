//! PNG and JPEG bytes, both with the resolution of the paper.

use image::codecs::jpeg::{JpegEncoder, PixelDensity, PixelDensityUnit};

use super::error::PageFileError;
use super::picture::Picture;

impl Picture {
    /// PNG with a `pHYs` chunk: 8-bit palette if there are at most 256 colours, as on a fresh page, 8-bit
    /// RGB otherwise. Decoders give the same pixels for both; the palette is a third of the work and size.
    /// Compression is the encoder's fast one, meant for such pictures.
    pub fn to_png(&self) -> Result<Vec<u8>, PageFileError> {
        let size = self.size();
        let context = |source| PageFileError::Png { size, source };
        let mut bytes = Vec::with_capacity(size.area() / 4);
        let mut encoder = png::Encoder::new(&mut bytes, size.width, size.height);
        encoder.set_depth(png::BitDepth::Eight);
        encoder.set_compression(png::Compression::Fast);
        encoder.set_filter(png::Filter::Up);
        let per_metre = libm::round(self.pixels_per_mm() * 1000.0) as u32;
        encoder.set_pixel_dims(Some(png::PixelDimensions {
            xppu: per_metre,
            yppu: per_metre,
            unit: png::Unit::Meter,
        }));
        let indexed = index_colours(self.rgb(), size.width as usize);
        let data = match &indexed {
            Some((palette, indices)) => {
                encoder.set_color(png::ColorType::Indexed);
                encoder.set_palette(palette.as_slice());
                indices.as_slice()
            }
            None => {
                encoder.set_color(png::ColorType::Rgb);
                self.rgb()
            }
        };
        let mut writer = encoder.write_header().map_err(context)?;
        writer.write_image_data(data).map_err(context)?;
        writer.finish().map_err(context)?;
        Ok(bytes)
    }

    /// Baseline JPEG of a quality from 1 to 100 with the resolution in its JFIF header.
    pub fn to_jpeg(&self, quality: u8) -> Result<Vec<u8>, PageFileError> {
        let size = self.size();
        let mut bytes = Vec::with_capacity(size.area() / 4);
        let mut encoder = JpegEncoder::new_with_quality(&mut bytes, quality.clamp(1, 100));
        let per_inch = libm::round(self.pixels_per_mm() * 25.4).min(65535.0) as u16;
        encoder.set_pixel_density(PixelDensity {
            density: (per_inch, per_inch),
            unit: PixelDensityUnit::Inches,
        });
        encoder
            .encode(
                self.rgb(),
                size.width,
                size.height,
                image::ExtendedColorType::Rgb8,
            )
            .map_err(|source| PageFileError::Jpeg { size, source })?;
        Ok(bytes)
    }
}

/// Slots of the table of colours: more than twice the colours that fit a palette.
const SLOTS: usize = 1024;
const FREE: u32 = u32::MAX;

/// Pixels that are compared with those above them at once, and their bytes.
const RUN: usize = 16;
const RUN_BYTES: usize = 3 * RUN;

/// Palette (three bytes a colour, in order of appearance) and an index for each pixel, or nothing if there
/// are more than 256 colours. Most of a page looks like the row above it, whose indices are copied.
fn index_colours(rgb: &[u8], width: usize) -> Option<(Vec<u8>, Vec<u8>)> {
    let mut colours = Colours {
        slots: vec![(FREE, 0); SLOTS],
        palette: Vec::with_capacity(3 * 256),
    };
    let mut indices = vec![0; rgb.len() / 3];
    let mut above: (&[u8], &[u8]) = (&[], &[]);
    let rows = rgb.chunks_exact(3 * width);
    for (line, to) in rows.zip(indices.chunks_exact_mut(width)) {
        let (over, _) = above.0.as_chunks::<RUN_BYTES>();
        let (known, _) = above.1.as_chunks::<RUN>();
        let (runs, rest) = line.as_chunks::<RUN_BYTES>();
        let (places, last) = to.as_chunks_mut::<RUN>();
        for (at, (run, place)) in runs.iter().zip(places).enumerate() {
            match over.get(at) {
                Some(over) if is_same(over, run) => *place = known[at],
                _ => colours.index_run(run, place)?,
            }
        }
        colours.index_run(rest, last)?;
        above = (line, to);
    }
    Some((colours.palette, indices))
}

/// Whether two runs are equal. Without a branch for each byte or a call, which would cost as much.
fn is_same(a: &[u8; RUN_BYTES], b: &[u8; RUN_BYTES]) -> bool {
    a.iter().zip(b).fold(0, |any, (a, b)| any | (a ^ b)) == 0
}

struct Colours {
    slots: Vec<(u32, u8)>,
    palette: Vec<u8>,
}

impl Colours {
    /// Indices of pixels side by side.
    fn index_run(&mut self, rgb: &[u8], to: &mut [u8]) -> Option<()> {
        let (pixels, _) = rgb.as_chunks::<3>();
        for (&pixel, to) in pixels.iter().zip(to) {
            *to = self.index(pixel)?;
        }
        Some(())
    }

    fn index(&mut self, pixel: [u8; 3]) -> Option<u8> {
        let colour = u32::from_le_bytes([pixel[0], pixel[1], pixel[2], 0]);
        // Multiplicative hashing (Knuth, 6.4), then the next free slot.
        let mut slot = (colour.wrapping_mul(0x9e37_79b1) >> 22) as usize % SLOTS;
        loop {
            let (known, index) = self.slots[slot];
            if known == colour {
                return Some(index);
            }
            if known == FREE {
                let index = u8::try_from(self.palette.len() / 3).ok()?;
                self.palette.extend_from_slice(&pixel);
                self.slots[slot] = (colour, index);
                return Some(index);
            }
            slot = (slot + 1) % SLOTS;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::index_colours;

    #[test]
    fn up_to_256_colours_are_indexed() {
        let ramp = |colours: u32| -> Vec<u8> {
            let values = (0..3 * colours).map(|at| at % colours * 7919);
            values
                .flat_map(|value| [value as u8, (value >> 8) as u8, (value >> 16) as u8])
                .collect()
        };
        let pixels = ramp(256);
        let (palette, indices) = index_colours(&pixels, 96).unwrap_or_default();
        assert_eq!(palette.len(), 768);
        let back: Vec<u8> = indices
            .iter()
            .flat_map(|&index| palette[usize::from(index) * 3..][..3].to_vec())
            .collect();
        assert_eq!(back, pixels);
        assert_eq!(index_colours(&ramp(257), 257), None);
    }
}
