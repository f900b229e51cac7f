//! The sheet that decoys are drawn on.

use rand_chacha::ChaCha8Rng;

use crate::page::{
    Clip, InkLayer, Pen, Picture, PixelSize, Printer, Segment, text_width, write_text,
};
use crate::wear::{between, index};

/// A colour.
pub(super) type Rgb = [u8; 3];

/// A rectangle in pixels.
#[derive(Debug, Clone, Copy)]
pub(super) struct Frame {
    pub(super) left: f32,
    pub(super) top: f32,
    pub(super) right: f32,
    pub(super) bottom: f32,
}

impl Frame {
    pub(super) const fn width(&self) -> f32 {
        self.right - self.left
    }

    pub(super) const fn height(&self) -> f32 {
        self.bottom - self.top
    }
}

/// A sheet of white paper.
pub(super) struct Sheet {
    picture: Picture,
    /// A 280th of the longer side: what a millimetre is on a page.
    pub(super) unit: f32,
}

impl Sheet {
    pub(super) fn new(size: PixelSize) -> Self {
        let unit = size.width.max(size.height) as f32 / 280.0;
        Self {
            picture: Picture::filled(size, f64::from(unit), [255; 3]),
            unit,
        }
    }

    pub(super) fn width(&self) -> f32 {
        self.picture.size().width as f32
    }

    pub(super) fn height(&self) -> f32 {
        self.picture.size().height as f32
    }

    pub(super) fn size(&self) -> PixelSize {
        self.picture.size()
    }

    pub(super) fn into_picture(self) -> Picture {
        self.picture
    }

    /// Sets every pixel.
    pub(super) fn paint(&mut self, mut colour: impl FnMut(u32, u32) -> Rgb) {
        let width = self.picture.size().width;
        let row_bytes = self.picture.row_bytes();
        for (y, row) in self
            .picture
            .rgb_mut()
            .chunks_exact_mut(row_bytes)
            .enumerate()
        {
            for (x, pixel) in (0..width).zip(row.chunks_exact_mut(3)) {
                pixel.copy_from_slice(&colour(x, y as u32));
            }
        }
    }

    /// Draws with one colour of ink.
    pub(super) fn ink(&mut self, colour: Rgb, draw: impl FnOnce(&mut Ink)) {
        let size = self.picture.size();
        let mut ink = Ink {
            layer: InkLayer::new(size.width, size.height),
        };
        draw(&mut ink);
        Printer::new(colour, 255).print(&ink.layer, self.picture.rgb_mut());
    }

    /// A frame within margins of the given shares of width and height.
    pub(super) fn inner(&self, across: f32, down: f32) -> Frame {
        Frame {
            left: across * self.width(),
            top: down * self.height(),
            right: (1.0 - across) * self.width(),
            bottom: (1.0 - down) * self.height(),
        }
    }
}

/// Ink of one colour.
pub(super) struct Ink {
    layer: InkLayer,
}

impl Ink {
    /// A straight line of a width in pixels.
    pub(super) fn line(&mut self, from: (f32, f32), to: (f32, f32), width: f32) {
        let everything = self.layer.everything();
        self.layer
            .stroke(Segment { from, to }, Pen::new(width), &everything);
    }

    /// Lines from point to point.
    pub(super) fn path(&mut self, points: &[(f32, f32)], width: f32) {
        for pair in points.windows(2) {
            self.line(pair[0], pair[1], width);
        }
    }

    /// The edges of a frame.
    pub(super) fn outline(&mut self, frame: Frame, width: f32) {
        let Frame {
            left,
            top,
            right,
            bottom,
        } = frame;
        self.path(
            &[
                (left, top),
                (right, top),
                (right, bottom),
                (left, bottom),
                (left, top),
            ],
            width,
        );
    }

    /// A filled rectangle.
    pub(super) fn fill(&mut self, frame: Frame) {
        self.layer.fill(Clip {
            left: frame.left,
            top: frame.top,
            right: frame.right,
            bottom: frame.bottom,
        });
    }

    /// Text whose baseline starts at a point; `size` is the height of its line.
    pub(super) fn text(&mut self, text: &str, x: f32, y: f32, size: f32) {
        write_text(&mut self.layer, text, x, y, size);
    }

    /// Text around a point.
    pub(super) fn centred(&mut self, text: &str, x: f32, y: f32, size: f32) {
        let left = x - 0.5 * text_width(text, size);
        write_text(&mut self.layer, text, left, y, size);
    }
}

/// One of the values; the first if `random` draws beyond them, which it does not.
pub(super) fn pick<T: Copy>(random: &mut ChaCha8Rng, values: &[T], otherwise: T) -> T {
    let at = index(random, values.len() as u32) as usize;
    values.get(at).copied().unwrap_or(otherwise)
}

/// A whole number from `low` to `high`, both possible.
pub(super) fn whole(random: &mut ChaCha8Rng, low: u32, high: u32) -> u32 {
    low + index(random, high.saturating_sub(low) + 1)
}

/// Ink colours of plots.
pub(super) fn curve_colour(random: &mut ChaCha8Rng) -> Rgb {
    const COLOURS: [Rgb; 8] = [
        [0, 0, 0],
        [20, 20, 24],
        [31, 119, 180],
        [214, 39, 40],
        [44, 160, 44],
        [148, 103, 189],
        [255, 127, 14],
        [60, 60, 60],
    ];
    pick(random, &COLOURS, COLOURS[0])
}

/// A light colour.
pub(super) fn pale(random: &mut ChaCha8Rng) -> Rgb {
    std::array::from_fn(|_| between(random, 225.0, 255.0) as u8)
}
