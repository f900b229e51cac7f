//! How sure a figure is, and whether two differ.

mod agreement;
mod bootstrap;
mod mcnemar;

pub use agreement::krippendorff_alpha;
pub use bootstrap::{BootstrapOptions, Interval, percentile_bootstrap};
pub use mcnemar::{McNemar, mcnemar_exact};
