//! Draws the page that the examples ask about by default, `datasets/pages/sinus-rhythm.png`.
//!
//! ```sh
//! cargo run --example demo_page -- --out datasets/pages/sinus-rhythm.png
//! ```
//!
//! Sinus rhythm at 72 beats per minute: every beat a sum of Gaussian waves, projected on twelve
//! leads, on 25 mm/s and 10 mm/mV paper in a 3x4 layout with a rhythm strip. It is a drawing to
//! try programs with; it imitates no patient.

mod common;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use common::Failure;
use image::{Rgb, RgbImage};

/// Draw the demonstration page.
#[derive(Parser)]
#[command(version, about)]
struct Arguments {
    /// PNG to write
    #[arg(long)]
    out: PathBuf,
}

/// Pixels of one millimetre of paper.
const PX_PER_MM: f32 = 4.0;
const MM_PER_SECOND: f32 = 25.0;
const MM_PER_MV: f32 = 10.0;
/// Seconds of one column of the layout.
const COLUMN_SECONDS: f32 = 2.5;
const MARGIN_MM: f32 = 8.0;
const ROW_MM: f32 = 34.0;
const RATE_PER_MINUTE: f32 = 72.0;

/// Waves of one beat: delay from the R peak in seconds, width in seconds.
const WAVES: [(f32, f32); 5] = [
    (-0.17, 0.022),
    (-0.026, 0.009),
    (0.0, 0.011),
    (0.028, 0.010),
    (0.27, 0.045),
];

/// Amplitudes in mV of P, Q, R, S, T in each lead, in the order of the layout.
const LEADS: [(&str, [f32; 5]); 12] = [
    ("I", [0.10, -0.05, 0.70, -0.10, 0.22]),
    ("aVR", [-0.12, 0.05, -0.85, 0.10, -0.28]),
    ("V1", [0.06, 0.0, 0.20, -0.85, 0.05]),
    ("V4", [0.11, -0.08, 1.35, -0.40, 0.42]),
    ("II", [0.15, -0.06, 1.05, -0.18, 0.33]),
    ("aVL", [0.03, -0.04, 0.28, -0.06, 0.08]),
    ("V2", [0.09, 0.0, 0.42, -1.15, 0.38]),
    ("V5", [0.11, -0.09, 1.20, -0.22, 0.36]),
    ("III", [0.06, -0.03, 0.40, -0.10, 0.12]),
    ("aVF", [0.11, -0.05, 0.72, -0.14, 0.22]),
    ("V3", [0.10, -0.02, 0.85, -0.75, 0.45]),
    ("V6", [0.10, -0.08, 0.92, -0.10, 0.28]),
];

fn main() -> ExitCode {
    common::start_logging();
    common::finish(run(&Arguments::parse()))
}

fn run(arguments: &Arguments) -> Result<(), Failure> {
    let width_mm = 4.0 * COLUMN_SECONDS * MM_PER_SECOND + 2.0 * MARGIN_MM;
    let height_mm = 4.0 * ROW_MM + 2.0 * MARGIN_MM;
    let mut page = RgbImage::new(
        (width_mm * PX_PER_MM) as u32,
        (height_mm * PX_PER_MM) as u32,
    );
    draw_paper(&mut page);
    for (index, (name, amplitudes)) in LEADS.iter().enumerate() {
        let (row, column) = (index / 4, index % 4);
        draw_lead(
            &mut page,
            name,
            amplitudes,
            row,
            column as f32,
            COLUMN_SECONDS,
        );
    }
    let (name, amplitudes) = &LEADS[4];
    draw_lead(&mut page, name, amplitudes, 3, 0.0, 4.0 * COLUMN_SECONDS);
    common::write_whole(&arguments.out, |temporary| {
        Ok(page.save_with_format(temporary, image::ImageFormat::Png)?)
    })
}

fn draw_paper(page: &mut RgbImage) {
    let step = PX_PER_MM as u32;
    for (x, y, pixel) in page.enumerate_pixels_mut() {
        *pixel = if x % (5 * step) == 0 || y % (5 * step) == 0 {
            Rgb([240, 160, 160])
        } else if x % step == 0 || y % step == 0 {
            Rgb([250, 220, 220])
        } else {
            Rgb([255, 250, 248])
        };
    }
}

/// One lead from the left edge of its column, with its name.
fn draw_lead(
    page: &mut RgbImage,
    name: &str,
    amplitudes: &[f32; 5],
    row: usize,
    column: f32,
    seconds: f32,
) {
    let left = (MARGIN_MM + column * COLUMN_SECONDS * MM_PER_SECOND) * PX_PER_MM;
    let base = (MARGIN_MM + (row as f32 + 0.6) * ROW_MM) * PX_PER_MM;
    let start = column * COLUMN_SECONDS;
    let pixels = (seconds * MM_PER_SECOND * PX_PER_MM) as usize;
    let height = |x: f32| {
        let time = start + x / (MM_PER_SECOND * PX_PER_MM);
        base - voltage(amplitudes, time) * MM_PER_MV * PX_PER_MM
    };
    for x in 0..pixels {
        // The whole span of heights within a column, so that steep waves stay connected.
        let ends = [height(x as f32 - 0.5), height(x as f32 + 0.5)];
        let (top, bottom) = (ends[0].min(ends[1]) - 0.9, ends[0].max(ends[1]) + 0.9);
        for y in top.floor() as i64..=bottom.ceil() as i64 {
            let covered =
                ((y as f32 + 0.5).min(bottom) - (y as f32 - 0.5).max(top)).clamp(0.0, 1.0);
            darken(page, left as i64 + x as i64, y, covered);
        }
    }
    write(
        page,
        name,
        left as i64 + 6,
        (base - 0.55 * ROW_MM * PX_PER_MM) as i64,
    );
}

/// The lead's voltage in mV.
fn voltage(amplitudes: &[f32; 5], time: f32) -> f32 {
    let period = 60.0 / RATE_PER_MINUTE;
    // The first R peak stands 0.4 s into the record.
    let first = ((time - 0.4) / period).round() as i32;
    (first - 1..=first + 1)
        .flat_map(|beat| {
            let since = time - 0.4 - beat as f32 * period;
            WAVES
                .iter()
                .zip(amplitudes)
                .map(move |((delay, width), amplitude)| {
                    amplitude * (-((since - delay) / width).powi(2) / 2.0).exp()
                })
        })
        .sum()
}

fn darken(page: &mut RgbImage, x: i64, y: i64, share: f32) {
    let inside =
        (0..i64::from(page.width())).contains(&x) && (0..i64::from(page.height())).contains(&y);
    if inside {
        let pixel = page.get_pixel_mut(x as u32, y as u32);
        for value in &mut pixel.0 {
            *value = (f32::from(*value) * (1.0 - share) + 25.0 * share) as u8;
        }
    }
}

/// The letters that lead names need, five rows of three dots each.
fn glyph(letter: char) -> [u8; 5] {
    match letter {
        'I' => [0b111, 0b010, 0b010, 0b010, 0b111],
        'V' => [0b101, 0b101, 0b101, 0b101, 0b010],
        'R' => [0b110, 0b101, 0b110, 0b101, 0b101],
        'L' => [0b100, 0b100, 0b100, 0b100, 0b111],
        'F' => [0b111, 0b100, 0b110, 0b100, 0b100],
        'a' => [0b000, 0b011, 0b101, 0b101, 0b011],
        '1' => [0b010, 0b110, 0b010, 0b010, 0b111],
        '2' => [0b110, 0b001, 0b010, 0b100, 0b111],
        '3' => [0b110, 0b001, 0b010, 0b001, 0b110],
        '4' => [0b101, 0b101, 0b111, 0b001, 0b001],
        '5' => [0b111, 0b100, 0b110, 0b001, 0b110],
        '6' => [0b011, 0b100, 0b110, 0b101, 0b010],
        _ => [0; 5],
    }
}

fn write(page: &mut RgbImage, text: &str, x: i64, y: i64) {
    const DOT: i64 = 3;
    for (index, letter) in text.chars().enumerate() {
        for (row, bits) in glyph(letter).iter().enumerate() {
            for column in (0..3).filter(|column| bits >> (2 - column) & 1 == 1) {
                for (dx, dy) in (0..DOT * DOT).map(|dot| (dot % DOT, dot / DOT)) {
                    let left = x + index as i64 * 4 * DOT + column * DOT;
                    darken(page, left + dx, y + row as i64 * DOT + dy, 1.0);
                }
            }
        }
    }
}
