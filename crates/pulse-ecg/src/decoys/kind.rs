//! Kinds of decoys and the function that draws one.

use std::fmt;

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use super::photograph::photograph;
use super::sheet::Sheet;
use super::{bars, contours, noise, paper, pattern, plot, staves, table, words};
use crate::page::{PageError, Picture, PixelSize, bounded_size};
use crate::wear::{WearError, chance};

/// What a decoy shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DecoyKind {
    /// Curves in a frame with ticks.
    LinePlot,
    /// Curves in a frame with grid lines, of which a third are square millimetre paper.
    GridPlot,
    /// Two to five frames with a curve each, one above the other, some with grid lines.
    StackedPlots,
    /// Bars on an axis.
    BarChart,
    /// Lines of text.
    TextPage,
    /// Noise: grey, coloured, specks, clouds, rows of a lost television signal.
    Noise,
    /// A photograph of stripes, checks, bricks, dots, cloth or wood.
    Pattern,
    /// An empty sheet, some of them photographed.
    Blank,
    /// ECG paper and other graph paper without a trace.
    GraphPaper,
    /// Staves with notes.
    Staves,
    /// A ruled table.
    Table,
    /// Lines of equal height.
    ContourMap,
}

/// Why a decoy cannot be drawn.
#[derive(Debug, thiserror::Error)]
pub enum DecoyError {
    /// Too small to show anything.
    #[error("a decoy of {}x{} pixels shows nothing; ask for 64 pixels and more on either side", size.width, size.height)]
    TooSmall {
        /// What was asked for.
        size: PixelSize,
    },
    /// Too large.
    #[error(transparent)]
    Page(#[from] PageError),
    /// The photograph of it cannot be made.
    #[error(transparent)]
    Wear(#[from] WearError),
}

/// Fewest pixels on either side.
const SMALLEST: u32 = 64;
/// Share of the sheets of most kinds that are photographed.
const PHOTOGRAPHED: f32 = 0.4;

impl DecoyKind {
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::LinePlot,
        Self::GridPlot,
        Self::StackedPlots,
        Self::BarChart,
        Self::TextPage,
        Self::Noise,
        Self::Pattern,
        Self::Blank,
        Self::GraphPaper,
        Self::Staves,
        Self::Table,
        Self::ContourMap,
    ];

    /// Its name in files and on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::LinePlot => "line-plot",
            Self::GridPlot => "grid-plot",
            Self::StackedPlots => "stacked-plots",
            Self::BarChart => "bar-chart",
            Self::TextPage => "text-page",
            Self::Noise => "noise",
            Self::Pattern => "pattern",
            Self::Blank => "blank",
            Self::GraphPaper => "graph-paper",
            Self::Staves => "staves",
            Self::Table => "table",
            Self::ContourMap => "contour-map",
        }
    }

    /// Draws one. The picture has about `size`: photographed sheets are turned and cropped.
    ///
    /// # Errors
    /// [`DecoyError`] for sizes below 64 pixels on a side or above 64 million pixels.
    pub fn draw(self, seed: u64, size: PixelSize) -> Result<Picture, DecoyError> {
        if size.width < SMALLEST || size.height < SMALLEST {
            return Err(DecoyError::TooSmall { size });
        }
        let size = bounded_size(f64::from(size.width), f64::from(size.height))?;
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        random.set_stream(self as u64);
        let mut sheet = Sheet::new(size);
        let random_ref = &mut random;
        match self {
            Self::LinePlot => plot::one(&mut sheet, random_ref, false),
            Self::GridPlot => plot::one(&mut sheet, random_ref, true),
            Self::StackedPlots => plot::stacked(&mut sheet, random_ref),
            Self::BarChart => bars::draw(&mut sheet, random_ref),
            Self::TextPage => words::page(&mut sheet, random_ref),
            Self::Noise => noise::draw(&mut sheet, random_ref),
            Self::Pattern => pattern::draw(&mut sheet, random_ref),
            Self::Blank => paper::blank(&mut sheet, random_ref),
            Self::GraphPaper => paper::graph(&mut sheet, random_ref),
            Self::Staves => staves::draw(&mut sheet, random_ref),
            Self::Table => table::draw(&mut sheet, random_ref),
            Self::ContourMap => contours::draw(&mut sheet, random_ref),
        }
        let picture = sheet.into_picture();
        let is_photographed = match self {
            Self::Pattern => true,
            Self::Noise => false,
            _ => chance(random_ref, PHOTOGRAPHED),
        };
        if is_photographed {
            return photograph(picture, random_ref);
        }
        Ok(picture)
    }
}

impl fmt::Display for DecoyKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::collections::BTreeSet;

    use super::DecoyKind;
    use crate::page::PixelSize;

    const SIZE: PixelSize = PixelSize {
        width: 420,
        height: 300,
    };

    #[test]
    fn a_seed_gives_the_same_picture_and_another_seed_another() {
        for kind in DecoyKind::ALL {
            let draw = |seed| kind.draw(seed, SIZE).unwrap().into_rgb();
            assert!(draw(5) == draw(5), "{kind}");
            let distinct: BTreeSet<_> = (0..6).map(draw).collect();
            assert_eq!(distinct.len(), 6, "{kind}");
        }
    }

    #[test]
    fn sizes_that_cannot_be_drawn_are_errors() {
        for (width, height) in [(0, 0), (63, 500), (500, 1), (100_000, 100_000)] {
            let size = PixelSize { width, height };
            assert!(DecoyKind::Noise.draw(1, size).is_err());
        }
    }

    #[test]
    fn any_other_size_is_drawn() {
        for (width, height) in [(64, 64), (64, 900), (1200, 64)] {
            for kind in DecoyKind::ALL {
                for seed in 0..4 {
                    let picture = kind.draw(seed, PixelSize { width, height });
                    assert!(picture.is_ok(), "{kind} {width}x{height}");
                }
            }
        }
    }

    #[test]
    fn names_are_those_of_the_files() {
        for kind in DecoyKind::ALL {
            let json = serde_json::to_string(&kind).unwrap();
            assert_eq!(json, format!("\"{kind}\""));
        }
    }
}
