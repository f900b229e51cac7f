//! PNG and JPEG bytes, both with the resolution of the paper.

use image::codecs::jpeg::{JpegEncoder, PixelDensity, PixelDensityUnit};

use super::error::PageFileError;
use super::picture::Picture;

impl Picture {
    /// PNG, 8-bit RGB, with a `pHYs` chunk. Compression is the encoder's fast one, meant for such pictures.
    pub fn to_png(&self) -> Result<Vec<u8>, PageFileError> {
        let size = self.size();
        let context = |source| PageFileError::Png { size, source };
        let mut bytes = Vec::with_capacity(size.area() / 4);
        let mut encoder = png::Encoder::new(&mut bytes, size.width, size.height);
        encoder.set_color(png::ColorType::Rgb);
        encoder.set_depth(png::BitDepth::Eight);
        encoder.set_compression(png::Compression::Fast);
        encoder.set_filter(png::Filter::Up);
        let per_metre = libm::round(self.pixels_per_mm() * 1000.0) as u32;
        encoder.set_pixel_dims(Some(png::PixelDimensions {
            xppu: per_metre,
            yppu: per_metre,
            unit: png::Unit::Meter,
        }));
        let mut writer = encoder.write_header().map_err(context)?;
        writer.write_image_data(self.rgb()).map_err(context)?;
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
