//! Supervised training of the vision tower on findings and measurements.
//!
//! A head of learned queries reads the features of all tiles of a page and says which rhythm it shows, which of the
//! other findings, and how large rate, intervals and axis are; what is true comes with synthetic pages
//! ([`PageTruth`](pulse_data::synthesize::PageTruth)). A small tower learns this in a fraction of the time that it takes
//! through the words of a decoder that knows nothing either. The head is no part of the model: it is kept in the folder
//! `findings` of a checkpoint, and no answer depends on it.
//!
//! | step | item |
//! | --- | --- |
//! | what is true of a page | [`Target`] |
//! | where each statement lies among the outputs | [`Outputs`] |
//! | features to outputs | [`FindingsHead`] |
//! | loss and gradient of outputs | [`loss`] |
//! | F1 scores and errors | [`Scores`] |

mod file;
mod head;
mod loss;
mod outputs;
mod pass;
mod scores;
mod target;
mod task;

pub(crate) use file::{HEAD_FILE, head_tensors, is_of_head, load_head, places};
pub use head::{FindingsHead, HeadShape};
pub use loss::loss;
pub use outputs::{Measure, Outputs, RHYTHMS, others};
pub(crate) use pass::{Supervised, Supervision, forward_backward, outputs_of, pixels, supervise};
pub use scores::Scores;
pub use target::Target;
pub use task::FindingsTask;
