//! Conversations to token ids and training labels.
//!
//! | step | item |
//! | --- | --- |
//! | choose template, policy and length | [`LabelOptions`], [`LabelPolicy`] |
//! | a sample to ids and labels | [`Labeller`], [`Labelled`], [`TokenizedSample`] |
//! | what can be wrong with a sample | [`SampleDefect`], [`LabelError`] |
//! | what happened to all samples | [`SampleReport`] |
//!
//! A conversation is written down in segments (system text, question, answer ...) that know whether
//! they are to be learnt. The text is encoded as a whole and every id inherits from the segment it
//! begins in, so labels cannot slip against ids, whatever the texts contain. The original counts the
//! tokens of the parts again and masks the whole sample when its sums disagree; the policy
//! [`LabelPolicy::Reference`] does the same.

mod defect;
mod labeller;
mod options;
mod reference;
mod report;
mod segments;
mod tokenized;
mod turns;
mod whitespace;

pub use defect::{LabelError, SampleDefect};
pub use labeller::{Labelled, Labeller};
pub use options::{LabelOptions, LabelPolicy};
pub use report::{ReportedSample, SampleFate, SampleReport};
pub use tokenized::{IGNORE_INDEX, TokenizedSample};

pub(crate) use whitespace::word_count;
