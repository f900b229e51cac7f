//! Measurements of an ECG: R peaks, rate, PR, QRS, QT, QTc, axis, RR statistics.
//!
//! Plain signal processing on all leads together, documented step by step in the submodules, for labels and
//! for checking the synthesiser; not a diagnostic device. What is not found, or cannot be known, is `None` with its
//! reason in [`Reasons`], never a default: PR, QT and axis in flutter, QT where P lies in T, the axis where it
//! depends on a shifted ST segment. `docs/measurements.md` has figures.
//!
//! ```
//! use pulse_ecg::{measure::measure, patients::{Finding, PatientPlan}};
//! use rand::SeedableRng;
//!
//! let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(1);
//! let ecg = PatientPlan::with_finding(Finding::SinusRhythm, &mut rng).synthesize(&mut rng)?;
//! let measured = measure(&ecg.recording)?;
//! assert!((measured.rate_bpm - ecg.truth.rate_bpm).abs() < 2.0);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod average;
mod axis;
mod choose;
mod delineate;
mod error;
mod events;
mod filter;
mod flutter;
mod measurements;
mod peaks;
mod prepare;
mod qrs;
mod unmeasured;

pub use error::MeasureError;
pub use measurements::{BeatMarks, Measurements, measure};
pub use peaks::RPeaks;
pub use unmeasured::{Reasons, Unmeasured};
