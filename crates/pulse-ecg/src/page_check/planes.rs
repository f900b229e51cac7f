//! The picture, smaller and in grey: what all measurements are made on.

/// Longest side of the planes. A page of 280 mm then has 2.3 to 4.6 pixels per millimetre, enough for its 5 mm
/// lines and its trace, whatever the scanner's resolution.
const LONGEST: usize = 1280;

/// Two grey planes of `width * height` bytes, rows from the top: means over blocks of `factor * factor` pixels.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Planes {
    pub(super) width: usize,
    pub(super) height: usize,
    /// Pixels of the picture along each side of a block.
    pub(super) factor: usize,
    /// Mean of the three channels: grids of any colour are darker than paper in it.
    pub(super) grey: Vec<u8>,
    /// The brightest channel: coloured lines are nearly white in it, ink is dark.
    pub(super) brightest: Vec<u8>,
}

impl Planes {
    /// The planes of a picture `[height, width, 3]`. Pixels beyond the last whole block are left out, and rows
    /// that `rgb` lacks.
    pub(super) fn new(width: usize, height: usize, rgb: &[u8]) -> Self {
        let factor = width.max(height).div_ceil(LONGEST).max(1);
        let (small_width, small_height) = (width / factor, height / factor);
        let mut planes = Self {
            width: small_width,
            height: small_height,
            factor,
            grey: vec![0; small_width * small_height],
            brightest: vec![0; small_width * small_height],
        };
        if planes.grey.is_empty() {
            return planes;
        }
        // Multiplication instead of division: exact enough for sums below 2^16 blocks' worth.
        let area = (factor * factor) as f32;
        let (grey_share, bright_share) = (1.0 / (3.0 * area), 1.0 / area);
        let mut sums = vec![[0_u32; 2]; small_width];
        let bands = rgb.chunks_exact(3 * width * factor);
        let lines = planes
            .grey
            .chunks_exact_mut(small_width)
            .zip(planes.brightest.chunks_exact_mut(small_width));
        for (band, (grey, brightest)) in bands.zip(lines) {
            sums.fill([0; 2]);
            for row in band.chunks_exact(3 * width) {
                match factor {
                    1 => add::<1>(row, &mut sums),
                    2 => add::<2>(row, &mut sums),
                    3 => add::<3>(row, &mut sums),
                    4 => add::<4>(row, &mut sums),
                    _ => add_any(row, factor, &mut sums),
                }
            }
            for ((sum, grey), brightest) in sums.iter().zip(grey).zip(brightest) {
                *grey = (sum[0] as f32 * grey_share + 0.5) as u8;
                *brightest = (sum[1] as f32 * bright_share + 0.5) as u8;
            }
        }
        planes
    }
}

/// Adds a row of pixels to the sums of its blocks, `FACTOR` pixels to each.
fn add<const FACTOR: usize>(row: &[u8], sums: &mut [[u32; 2]]) {
    let (pixels, _) = row.as_chunks::<3>();
    let (blocks, _) = pixels.as_chunks::<FACTOR>();
    for (block, sum) in blocks.iter().zip(sums) {
        for pixel in block {
            add_pixel(pixel, sum);
        }
    }
}

fn add_any(row: &[u8], factor: usize, sums: &mut [[u32; 2]]) {
    let (pixels, _) = row.as_chunks::<3>();
    for (block, sum) in pixels.chunks_exact(factor).zip(sums) {
        for pixel in block {
            add_pixel(pixel, sum);
        }
    }
}

#[inline(always)]
fn add_pixel(pixel: &[u8; 3], sum: &mut [u32; 2]) {
    let [red, green, blue] = *pixel;
    sum[0] += u32::from(red) + u32::from(green) + u32::from(blue);
    sum[1] += u32::from(red.max(green).max(blue));
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::Planes;

    #[test]
    fn small_pictures_keep_their_pixels() {
        let planes = Planes::new(2, 1, &[10, 20, 33, 200, 100, 0]);
        assert_eq!((planes.width, planes.height, planes.factor), (2, 1, 1));
        assert_eq!(planes.grey, [21, 100]);
        assert_eq!(planes.brightest, [33, 200]);
    }

    #[test]
    fn large_pictures_become_means_of_blocks() {
        for (width, factor) in [(1280, 1), (1281, 2), (2561, 3), (5000, 4), (9000, 8)] {
            let rgb: Vec<u8> = (0..width * 16)
                .flat_map(|pixel| [40 + (pixel % width % factor == 0) as u8 * 100; 3])
                .collect();
            let planes = Planes::new(width, 16, &rgb);
            assert_eq!(planes.factor, factor);
            assert_eq!((planes.width, planes.height), (width / factor, 16 / factor));
            let expected = (40.0 + 100.0 / factor as f32 + 0.5) as u8;
            assert!(planes.grey.iter().all(|grey| *grey == expected), "{width}");
            assert_eq!(planes.grey, planes.brightest);
        }
    }

    #[test]
    fn nothing_gives_nothing() {
        for (width, height) in [(0, 0), (0, 5), (5, 0), (1, 5000)] {
            let rgb = vec![7; width * height * 3];
            assert!(Planes::new(width, height, &rgb).grey.is_empty());
        }
    }
}
