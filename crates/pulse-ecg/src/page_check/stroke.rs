//! Ink: how much of it a thin stroke has at each pixel, whatever its direction.

use super::planes::Planes;

/// Side of the blocks that say how bright the paper around a pixel is.
const BLOCK: usize = 16;

/// Stroke mass of each pixel, column by column: `mass[x * height + y]`.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct StrokeMass {
    pub(super) width: usize,
    pub(super) height: usize,
    /// Darkness summed across the stroke over three pixels, a third of it: a line of black one pixel wide has 85
    /// wherever it stands between pixels, and a broad area at most 255.
    pub(super) mass: Vec<u8>,
}

impl StrokeMass {
    /// Takes the paper off the plane of brightest channels and sums across strokes: of the sums over three pixels
    /// across and down the lower one, since the other runs along the stroke. Lines of a grid are thinner or paler
    /// than the trace and have less mass, also where both are black.
    pub(super) fn of(planes: &Planes) -> Self {
        let (width, height) = (planes.width, planes.height);
        let dark = darkness(planes);
        let mut mass = vec![0_u8; width * height];
        if width < 3 || height < 3 {
            return Self {
                width,
                height,
                mass,
            };
        }
        // Rows in bands, so that the columns of the result are written in pieces of a cache line.
        const BAND: usize = 16;
        let mut band = vec![0_u8; width * BAND];
        let mut top = 1;
        while top < height - 1 {
            let rows = BAND.min(height - 1 - top);
            for row in 0..rows {
                let at = (top + row) * width;
                let above = &dark[at - width..at];
                let line = &dark[at..at + width];
                let below = &dark[at + width..at + 2 * width];
                let into = &mut band[row * width..(row + 1) * width];
                sum_across(above, line, below, into);
            }
            for x in 0..width {
                let column = &mut mass[x * height + top..][..rows];
                for (row, value) in column.iter_mut().enumerate() {
                    *value = band[row * width + x];
                }
            }
            top += rows;
        }
        Self {
            width,
            height,
            mass,
        }
    }
}

/// The lower of the sums across and down, a third of it, for one row.
fn sum_across(above: &[u8], line: &[u8], below: &[u8], into: &mut [u8]) {
    let last = line.len() - 1;
    into[0] = 0;
    into[last] = 0;
    let neighbours = line[..last - 1].iter().zip(&line[2..]);
    let columns = above[1..last].iter().zip(&below[1..last]);
    let values = line[1..last].iter().zip(neighbours).zip(columns);
    for (into, ((at, (left, right)), (up, down))) in into[1..last].iter_mut().zip(values) {
        let at = u16::from(*at);
        let across = at + u16::from(*left) + u16::from(*right);
        let along = at + u16::from(*up) + u16::from(*down);
        // 85 / 256 is a third.
        *into = ((across.min(along) * 85) >> 8).min(255) as u8;
    }
}

/// How much darker each pixel is than the paper around it.
fn darkness(planes: &Planes) -> Vec<u8> {
    let (width, height) = (planes.width, planes.height);
    let (columns, rows) = (width.div_ceil(BLOCK), height.div_ceil(BLOCK));
    let mut dark = vec![0_u8; width * height];
    if columns == 0 || rows == 0 {
        return dark;
    }
    let paper = smooth(&papers(planes, columns, rows), columns, rows);
    // Between the centres of blocks paper changes evenly. First across, for every row of blocks.
    let across: Vec<Vec<u16>> = paper
        .chunks_exact(columns)
        .map(|blocks| spread(blocks, width))
        .collect();
    let lines = planes.brightest.chunks_exact(width);
    for (y, (line, dark)) in lines.zip(dark.chunks_exact_mut(width)).enumerate() {
        let (upper, lower, share) = between(y, rows);
        let (upper, lower) = (&across[upper], &across[lower]);
        for ((dark, value), (upper, lower)) in
            dark.iter_mut().zip(line).zip(upper.iter().zip(lower))
        {
            let paper =
                (u32::from(*upper) * (2 * BLOCK as u32 - share) + u32::from(*lower) * share) >> 5;
            *dark = ((paper >> 4) as u8).saturating_sub(*value);
        }
    }
    dark
}

/// Paper of each block, 16 times: the mean of what is not darker than the block's mean, which leaves out grid and ink.
fn papers(planes: &Planes, columns: usize, rows: usize) -> Vec<u16> {
    let mut papers = Vec::with_capacity(columns * rows);
    for band in planes.brightest.chunks(BLOCK * planes.width) {
        let means = block_means(planes, band, columns, |_, _| true);
        papers.extend(block_means(planes, band, columns, |block, value| {
            16 * u32::from(value) >= u32::from(means[block])
        }));
    }
    papers
}

/// 16 times the mean of the values of each block of a band that are asked for.
fn block_means(
    planes: &Planes,
    band: &[u8],
    columns: usize,
    is_wanted: impl Fn(usize, u8) -> bool,
) -> Vec<u16> {
    let mut sums = vec![(0_u32, 0_u32); columns];
    for line in band.chunks_exact(planes.width) {
        for (index, (block, sum)) in line.chunks(BLOCK).zip(&mut sums).enumerate() {
            for &value in block {
                let wanted = u32::from(is_wanted(index, value));
                sum.0 += wanted * u32::from(value);
                sum.1 += wanted;
            }
        }
    }
    let means = sums.iter();
    means
        .map(|(sum, count)| (16 * sum / (*count).max(1)) as u16)
        .collect()
}

/// Mean of each block and the up to eight around it.
fn smooth(means: &[u16], columns: usize, rows: usize) -> Vec<u16> {
    let mut smoothed = Vec::with_capacity(means.len());
    for row in 0..rows {
        for column in 0..columns {
            let (mut sum, mut count) = (0_u32, 0_u32);
            for near in row.saturating_sub(1)..(row + 2).min(rows) {
                for beside in column.saturating_sub(1)..(column + 2).min(columns) {
                    sum += u32::from(means[near * columns + beside]);
                    count += 1;
                }
            }
            smoothed.push((sum / count.max(1)) as u16);
        }
    }
    smoothed
}

/// Values of blocks to values of pixels.
fn spread(blocks: &[u16], width: usize) -> Vec<u16> {
    (0..width)
        .map(|x| {
            let (left, right, share) = between(x, blocks.len());
            let mixed = u32::from(blocks[left]) * (2 * BLOCK as u32 - share)
                + u32::from(blocks[right]) * share;
            (mixed >> 5) as u16
        })
        .collect()
}

/// The blocks whose centres are before and behind a pixel, and the share of the latter in 1/32.
fn between(at: usize, blocks: usize) -> (usize, usize, u32) {
    // In half pixels from the centre of the first block.
    let from = (2 * at + 1).saturating_sub(BLOCK);
    let before = (from / (2 * BLOCK)).min(blocks - 1);
    let behind = (before + 1).min(blocks - 1);
    (before, behind, (from % (2 * BLOCK)) as u32)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::StrokeMass;
    use crate::page_check::planes::Planes;

    fn mass_of(paint: impl Fn(usize, usize) -> u8) -> StrokeMass {
        let rgb: Vec<u8> = (0..96 * 128)
            .flat_map(|pixel| [paint(pixel % 128, pixel / 128); 3])
            .collect();
        StrokeMass::of(&Planes::new(128, 96, &rgb))
    }

    #[test]
    fn a_line_has_the_same_mass_in_both_directions_and_between_pixels() {
        let across = mass_of(|_, y| if y == 40 { 0 } else { 255 });
        let down = mass_of(|x, _| if x == 40 { 0 } else { 255 });
        let split = mass_of(|_, y| if y == 40 || y == 41 { 127 } else { 255 });
        let at = |mass: &StrokeMass, x: usize, y: usize| mass.mass[x * mass.height + y];
        for value in [at(&across, 64, 40), at(&down, 40, 64), at(&split, 64, 40)] {
            // 85 less what the line itself darkens its surroundings.
            assert!((70..=85).contains(&value), "{value}");
        }
        assert!(at(&across, 64, 38) < 2 && at(&down, 43, 64) < 2);
    }

    #[test]
    fn paper_of_any_shade_has_none() {
        for shade in [0, 60, 255] {
            assert!(mass_of(|_, _| shade).mass.iter().all(|mass| *mass == 0));
        }
        // A shadow that falls by a quarter and an eighth of a level a pixel: 6 levels over a block.
        let shadow = mass_of(|x, y| (x / 4 + y / 8 + 40) as u8);
        let most = shadow.mass.iter().max();
        assert!(most <= Some(&8), "{most:?}");
    }
}
