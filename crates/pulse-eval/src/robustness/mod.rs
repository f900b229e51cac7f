//! The robustness battery: the same ECGs on worn pages and on pages drawn in other ways.
//!
//! Synthetic patients are drawn once clean and then under each [`Variation`]: every kind of wear at graded
//! strength, other layouts, speeds and gains, exchanged electrodes. Questions and truths stay. For each the
//! battery tells the task's figures and how many items are read as on the clean page; and how often answers
//! repeat when they are sampled with other seeds. Patients are synthetic: this tells how a model reacts to a
//! change of the page, not how well it reads patients.

mod battery;
mod error;
mod repeat;
mod summary;
mod swap;
mod variation;

pub use battery::{BatteryOptions, BatteryReport, VariationResult, robustness};
pub use error::BatteryError;
pub use repeat::{ItemReading, Repeatability, repeatability, same_share};
pub use summary::{battery_html, battery_markdown};
pub use swap::LeadSwap;
pub use variation::Variation;
