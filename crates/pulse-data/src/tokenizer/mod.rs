//! A tokenizer for a small model, trained on the conversations that the model will be trained on.
//!
//! The result has the shape of Llama's: byte-pair merges with byte fall-back, `<unk>`, `<s>` and `</s>` in front, a
//! [`tokenizer.json`](TOKENIZER_FILE) that [`Tokenizer`](pulse_llm::text::Tokenizer) reads as it reads Vicuna's. Merges stay within
//! a word, and every digit is a token of its own, so that a rate of 72 is written as 7 and 2.

mod error;
mod file;
mod train;
mod words;

pub use error::TokenizerTrainError;
pub use file::{SETTINGS_FILE, TOKENIZER_FILE};
pub use train::{TokenizerOptions, TokenizerReport, train_tokenizer};
