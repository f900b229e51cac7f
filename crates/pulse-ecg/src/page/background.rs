//! The paper: its colour and its grid, drawn once per renderer.

use super::grid::{GridStyle, MinorMarks};
use super::picture::{Picture, PixelSize};
use super::plan::MAJOR_MM;

/// From this resolution on, lines are set on whole pixels, so that all of them look alike; below, they
/// cover what they cover, as in a scan.
const SNAPPED_FROM_PX_PER_MM: f64 = 4.0;

/// Coverage of the lines on each column or row, 0 to 1.
struct Lines {
    minor: Vec<f32>,
    major: Vec<f32>,
}

impl Lines {
    /// `from_mm..=to_mm` is the grid's extent; both are multiples of 1 mm or the paper's edge.
    fn new(size: u32, from_mm: f64, to_mm: f64, style: &GridStyle, px_per_mm: f64) -> Self {
        let mut lines = Self {
            minor: vec![0.0; size as usize],
            major: vec![0.0; size as usize],
        };
        let count = libm::floor(to_mm - from_mm + 1e-9).max(0.0) as u32;
        for index in 0..=count {
            let centre = (from_mm + f64::from(index)) * px_per_mm;
            let is_major = index % MAJOR_MM as u32 == 0;
            if is_major && style.major_width_mm > 0.0 {
                cover(
                    &mut lines.major,
                    centre,
                    style.major_width_mm * px_per_mm,
                    px_per_mm,
                );
            } else if style.minor_marks != MinorMarks::Hidden {
                cover(
                    &mut lines.minor,
                    centre,
                    style.minor_width_mm * px_per_mm,
                    px_per_mm,
                );
            }
        }
        lines
    }
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
    for index in libm::floor(low).max(0.0) as usize..last {
        let start = index as f64;
        let covered = high.min(start + 1.0) - low.max(start);
        coverage[index] = (coverage[index] + covered.max(0.0) as f32).min(1.0);
    }
}

/// Draws the paper. `grid_mm` is the grid's rectangle: left, top, right, bottom.
pub(crate) fn draw_paper(
    size: PixelSize,
    px_per_mm: f64,
    style: &GridStyle,
    grid_mm: [f64; 4],
) -> Picture {
    let mut picture = Picture::filled(size, px_per_mm, style.paper);
    let [left, top, right, bottom] = grid_mm;
    let across = Lines::new(size.width, left, right, style, px_per_mm);
    let down = Lines::new(size.height, top, bottom, style, px_per_mm);
    let inside =
        |mm: f64, size: u32| (libm::round(mm * px_per_mm).max(0.0) as usize).min(size as usize);
    let columns = inside(left, size.width)..inside(right + style.major_width_mm, size.width);
    let rows = inside(top, size.height)..inside(bottom + style.major_width_mm, size.height);
    let row_bytes = picture.row_bytes();
    // Few rows differ: those between lines, on minor and on major lines.
    let mut drawn: Vec<((f32, f32), Vec<u8>)> = Vec::new();
    for row in rows {
        let key = (down.minor[row], down.major[row]);
        let known = drawn.iter().position(|(other, _)| *other == key);
        let index = known.unwrap_or_else(|| {
            let mut line = Vec::with_capacity(columns.len() * 3);
            for column in columns.clone() {
                line.extend(colour(
                    style,
                    (across.minor[column], across.major[column]),
                    key,
                ));
            }
            drawn.push((key, line));
            drawn.len() - 1
        });
        let start = row * row_bytes + columns.start * 3;
        let line = &drawn[index].1;
        picture.rgb_mut()[start..start + line.len()].copy_from_slice(line);
        // Below the snapping resolution rows hardly repeat; the list must not grow with the page.
        if drawn.len() > 64 {
            drawn.clear();
        }
    }
    picture
}

fn colour(style: &GridStyle, across: (f32, f32), down: (f32, f32)) -> [u8; 3] {
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
