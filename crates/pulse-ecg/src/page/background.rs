//! The paper: its colour and its grid, drawn once per renderer.

use std::collections::BTreeMap;

use super::few_colours::reduce;
use super::grid::{GridStyle, MinorMarks};
use super::picture::PixelSize;
use super::plan::MAJOR_MM;
use super::sheet::Sheet;

/// From this resolution on, lines are set on whole pixels, so that all of them look alike; below, they
/// cover what they cover, as in a scan.
const SNAPPED_FROM_PX_PER_MM: f64 = 4.0;

/// How much of a column or row the 1 mm and the 5 mm lines cover, 0 to 255.
type Coverage = (u8, u8);

/// `from_mm..=to_mm` is the grid's extent; both are multiples of 1 mm or the paper's edge.
fn lines(size: u32, from_mm: f64, to_mm: f64, style: &GridStyle, px_per_mm: f64) -> Vec<Coverage> {
    let mut minor = vec![0.0; size as usize];
    let mut major = minor.clone();
    let count = libm::floor(to_mm - from_mm + 1e-9).max(0.0) as u32;
    for index in 0..=count {
        let centre = (from_mm + f64::from(index)) * px_per_mm;
        let is_major = index % MAJOR_MM as u32 == 0;
        if is_major && style.major_width_mm > 0.0 {
            let width = style.major_width_mm * px_per_mm;
            cover(&mut major, centre, width, px_per_mm);
        } else if style.minor_marks != MinorMarks::Hidden {
            let width = style.minor_width_mm * px_per_mm;
            cover(&mut minor, centre, width, px_per_mm);
        }
    }
    // In 255 steps columns and rows repeat, whatever the last bits of their places are.
    let step = |covered: f32| (covered * 255.0 + 0.5) as u8;
    minor
        .into_iter()
        .map(step)
        .zip(major.into_iter().map(step))
        .collect()
}

/// Adds a line of a width around a centre.
fn cover(coverage: &mut [f32], centre: f64, width: f64, px_per_mm: f64) {
    let mut low = centre - width / 2.0;
    let mut high = centre + width / 2.0;
    if px_per_mm >= SNAPPED_FROM_PX_PER_MM {
        low = libm::round(low);
        high = low + width;
    }
    let last = (libm::ceil(high).max(0.0) as usize).min(coverage.len());
    let first = (libm::floor(low).max(0.0) as usize).min(last);
    for (offset, pixel) in coverage[first..last].iter_mut().enumerate() {
        let start = (first + offset) as f64;
        let covered = high.min(start + 1.0) - low.max(start);
        *pixel = (*pixel + covered.max(0.0) as f32).min(1.0);
    }
}

/// Columns, or rows, by what lies on them. The first kind is outside the grid.
struct Kinds {
    coverage: Vec<Coverage>,
    /// Kind of each column.
    at: Vec<u32>,
    /// Columns of each kind.
    counts: Vec<u64>,
}

impl Kinds {
    fn new(lines: &[Coverage], inside: std::ops::Range<usize>) -> Self {
        let mut kinds = Self {
            coverage: vec![(0, 0)],
            at: vec![0; lines.len()],
            counts: vec![0],
        };
        let mut known = BTreeMap::new();
        for (index, coverage) in lines.iter().enumerate() {
            let kind = if inside.contains(&index) {
                *known.entry(*coverage).or_insert_with(|| {
                    kinds.coverage.push(*coverage);
                    kinds.counts.push(0);
                    kinds.coverage.len() - 1
                })
            } else {
                0
            };
            kinds.at[index] = kind as u32;
            kinds.counts[kind] += 1;
        }
        kinds
    }
}

/// Draws the paper. `grid_mm` is the grid's rectangle: left, top, right, bottom.
pub(crate) fn draw_paper(
    size: PixelSize,
    px_per_mm: f64,
    style: &GridStyle,
    grid_mm: [f64; 4],
) -> Sheet {
    let [left, top, right, bottom] = grid_mm;
    let inside = |from: f64, to: f64, size: u32| {
        let bound = |mm: f64| (libm::round(mm * px_per_mm).max(0.0) as usize).min(size as usize);
        bound(from)..bound(to + style.major_width_mm)
    };
    let across = lines(size.width, left, right, style, px_per_mm);
    let columns = Kinds::new(&across, inside(left, right, size.width));
    let down = lines(size.height, top, bottom, style, px_per_mm);
    let rows = Kinds::new(&down, inside(top, bottom, size.height));
    // The colour of every kind of column on every kind of row.
    let mut colours = Vec::with_capacity(rows.counts.len() * columns.counts.len());
    let mut pixels = Vec::with_capacity(colours.capacity());
    for (row, &row_coverage) in rows.coverage.iter().enumerate() {
        for (column, &column_coverage) in columns.coverage.iter().enumerate() {
            colours.push(if row == 0 || column == 0 {
                style.paper
            } else {
                colour(style, column_coverage, row_coverage)
            });
            pixels.push(rows.counts[row] * columns.counts[column]);
        }
    }
    let ink_steps = reduce(&mut colours, &pixels);
    let row = |tones: &[[u8; 3]]| -> Vec<u8> {
        let tones = columns.at.iter().map(|kind| tones[*kind as usize]);
        tones.flatten().collect()
    };
    Sheet {
        size,
        pixels_per_mm: px_per_mm,
        rows: colours
            .chunks_exact(columns.counts.len())
            .map(row)
            .collect(),
        row_at: rows.at,
        ink_steps,
    }
}

fn colour(style: &GridStyle, across: Coverage, down: Coverage) -> [u8; 3] {
    let share = |(minor, major): Coverage| (f32::from(minor) / 255.0, f32::from(major) / 255.0);
    let (across, down) = (share(across), share(down));
    let minor = match style.minor_marks {
        MinorMarks::Lines => 1.0 - (1.0 - across.0) * (1.0 - down.0),
        MinorMarks::Dots => across.0 * down.0,
        MinorMarks::Hidden => 0.0,
    };
    let major = 1.0 - (1.0 - across.1) * (1.0 - down.1);
    std::array::from_fn(|channel| {
        let paper = f32::from(style.paper[channel]);
        let with_minor = paper + (f32::from(style.minor[channel]) - paper) * minor;
        let value = with_minor + (f32::from(style.major[channel]) - with_minor) * major;
        (value + 0.5) as u8
    })
}
