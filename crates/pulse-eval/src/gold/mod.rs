//! The benchmark's questions and true answers.

mod error;
mod item;
mod raw;
mod read;

pub use error::GoldError;
pub(crate) use item::is_characters;
pub use item::{GoldAnswer, GoldItem, GoldTurn};
pub(crate) use raw::RawId;
pub use read::Gold;
