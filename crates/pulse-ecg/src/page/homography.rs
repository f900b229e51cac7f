//! Projective maps of the plane, in `f64`.

use serde::{Deserialize, Serialize};

use super::error::PageError;

/// A 3x3 matrix, row by row, that maps `(x, y, 1)` to `(x', y', w)`; the point is `(x'/w, y'/w)`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Homography(pub [[f64; 3]; 3]);

impl Homography {
    /// Leaves every point where it is.
    pub const IDENTITY: Self = Self([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]);

    /// Moves by `(x, y)`.
    pub const fn translation(x: f64, y: f64) -> Self {
        Self([[1.0, 0.0, x], [0.0, 1.0, y], [0.0, 0.0, 1.0]])
    }

    /// Turns by an angle around a centre; clockwise on a picture whose y runs down.
    pub fn rotation(radians: f64, centre: (f64, f64)) -> Self {
        let (sin, cos) = (libm::sin(radians), libm::cos(radians));
        let turn = Self([[cos, -sin, 0.0], [sin, cos, 0.0], [0.0, 0.0, 1.0]]);
        Self::translation(centre.0, centre.1)
            .after(&turn)
            .after(&Self::translation(-centre.0, -centre.1))
    }

    /// Maps the corners of the rectangle `0..width, 0..height` (top left, top right, bottom right, bottom
    /// left) to four points. Heckbert, Fundamentals of Texture Mapping and Image Warping (1989), 2.2.3.
    pub fn from_corners(width: f64, height: f64, to: [(f64, f64); 4]) -> Result<Self, PageError> {
        let [(x0, y0), (x1, y1), (x2, y2), (x3, y3)] = to;
        let (dx1, dx2, sx) = (x1 - x2, x3 - x2, x0 - x1 + x2 - x3);
        let (dy1, dy2, sy) = (y1 - y2, y3 - y2, y0 - y1 + y2 - y3);
        let determinant = dx1 * dy2 - dx2 * dy1;
        let g = (sx * dy2 - dx2 * sy) / determinant;
        let h = (dx1 * sy - sx * dy1) / determinant;
        let unit = Self([
            [x1 - x0 + g * x1, x3 - x0 + h * x3, x0],
            [y1 - y0 + g * y1, y3 - y0 + h * y3, y0],
            [g, h, 1.0],
        ]);
        let scale = Self([
            [1.0 / width, 0.0, 0.0],
            [0.0, 1.0 / height, 0.0],
            [0.0, 0.0, 1.0],
        ]);
        let map = unit.after(&scale);
        map.inverse()?;
        Ok(map)
    }

    /// The map that applies `first` and then this one.
    pub fn after(&self, first: &Self) -> Self {
        let (a, b) = (&self.0, &first.0);
        Self(std::array::from_fn(|row| {
            std::array::from_fn(|column| {
                a[row][0] * b[0][column] + a[row][1] * b[1][column] + a[row][2] * b[2][column]
            })
        }))
    }

    /// The map back. [`PageError::Degenerate`] if there is none.
    pub fn inverse(&self) -> Result<Self, PageError> {
        let [[a, b, c], [d, e, f], [g, h, i]] = self.0;
        let (p, q, r) = (e * i - f * h, f * g - d * i, d * h - e * g);
        let determinant = a * p + b * q + c * r;
        if !determinant.is_finite() || determinant.abs() < 1e-12 {
            return Err(PageError::Degenerate);
        }
        let scale = 1.0 / determinant;
        Ok(Self([
            [p * scale, (c * h - b * i) * scale, (b * f - c * e) * scale],
            [q * scale, (a * i - c * g) * scale, (c * d - a * f) * scale],
            [r * scale, (b * g - a * h) * scale, (a * e - b * d) * scale],
        ]))
    }

    /// Where a point goes. Points on the horizon go to infinity.
    pub fn apply(&self, x: f64, y: f64) -> (f64, f64) {
        let [top, middle, bottom] = self.0;
        let along = |row: [f64; 3]| row[0] * x + row[1] * y + row[2];
        let weight = along(bottom);
        (along(top) / weight, along(middle) / weight)
    }
}

#[cfg(test)]
mod tests {
    use super::Homography;

    /// Rounding of a handful of `f64` operations on coordinates of some thousand.
    const ROUNDING: f64 = 1e-8;

    #[test]
    fn corners_go_where_they_are_sent_and_come_back() -> Result<(), Box<dyn std::error::Error>> {
        let to = [
            (10.0, 5.0),
            (1990.0, 30.0),
            (2100.0, 1500.0),
            (-20.0, 1400.0),
        ];
        let from = [(0.0, 0.0), (2000.0, 0.0), (2000.0, 1600.0), (0.0, 1600.0)];
        let map = Homography::from_corners(2000.0, 1600.0, to)?;
        let back = map.inverse()?;
        for (from, to) in from.into_iter().zip(to) {
            let (x, y) = map.apply(from.0, from.1);
            assert!((x - to.0).abs() < ROUNDING && (y - to.1).abs() < ROUNDING);
            let (x, y) = back.apply(x, y);
            assert!((x - from.0).abs() < ROUNDING && (y - from.1).abs() < ROUNDING);
        }
        Ok(())
    }

    #[test]
    fn corners_on_one_line_are_refused() {
        let to = [(0.0, 0.0), (1.0, 1.0), (2.0, 2.0), (3.0, 3.0)];
        assert!(Homography::from_corners(10.0, 10.0, to).is_err());
    }
}
