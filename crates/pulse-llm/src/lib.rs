//! PULSE in Rust: a multimodal language model that reads pictures of electrocardiograms.
//!
//! The architecture is LLaVA-1.6 (Liu et al. 2024): a CLIP vision transformer, a projector and a
//! Vicuna decoder. Checkpoints of the original code (`PULSE-ECG/PULSE-7B`) and of Hugging Face's
//! `LlavaNext` load as they are and give the original's answers; nothing here needs Python.
//!
//! ```no_run
//! use pulse_llm::{GenerateOptions, LoadOptions, Pulse};
//!
//! let pulse = Pulse::load("PULSE-ECG/PULSE-7B", LoadOptions::default())?;
//! let image = pulse_llm::open_image("ecg.png")?;
//! let question = "What are the main features in this ECG image?";
//! let answer = pulse.ask(&image, question, GenerateOptions::default())?;
//! println!("{}", answer.text);
//!
//! let mut chat = pulse.chat();
//! chat.attach(&image)?;
//! chat.ask_streaming("Is the rhythm regular?", GenerateOptions::default(), |piece| {
//!     print!("{piece}");
//! })?;
//! # Ok::<(), pulse_llm::PulseError>(())
//! ```
//!
//! | capability | item |
//! | --- | --- |
//! | load a model and ask | [`Pulse`], [`LoadOptions`], [`GenerateOptions`], [`Answer`] |
//! | several turns about the same picture | [`Chat`] |
//! | how likely given answers are | [`Pulse::answer_batch`], [`Candidate`] |
//! | models of the Hub | [`hub`] |
//! | tokenizer, templates, prompts | [`text`] |
//! | checkpoints to modules | [`checkpoint`], [`ModelConfig`], [`LoadedModel`] |
//! | the decoder alone | [`decoder`] |
//! | sampling and beam search on ids | [`generation`] |
//! | encoder, projector and decoder composed | [`MultimodalModel`] |

pub mod checkpoint;
pub mod decoder;
pub mod generation;
pub mod hub;
pub mod text;

mod answer;
mod batch;
mod candidate_ids;
mod chat;
mod config;
mod device;
mod error;
mod likelihood;
mod load;
mod multimodal;
mod pulse;

pub use answer::{Answer, Provenance, Sampling, Timings, Usage};
pub use batch::{BatchQuestion, pad_left};
pub use chat::Chat;
pub use config::{ConfigError, ConfigLayout, ModelConfig};
pub use device::{DeviceError, DeviceName};
pub use error::PulseError;
pub use generation::{CancelToken, FinishReason, GenerateOptions};
pub use likelihood::{Candidate, Likelihood, ScoredAnswer};
pub use load::{EncodedPicture, LoadOptions, LoadedModel};
pub use multimodal::{MultimodalModel, PulseModel, SpliceError};
pub use pulse::Pulse;
pub use pulse_vision::{MergeType, PageImage};

/// Opens a picture file: PNG, JPEG, WebP, BMP, TIFF or GIF, told by its content.
///
/// # Errors
/// [`PulseError::Picture`] if it cannot be read or is no sound picture.
pub fn open_image(path: impl AsRef<std::path::Path>) -> Result<PageImage, PulseError> {
    Ok(PageImage::open(path)?)
}
