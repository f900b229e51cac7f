//! A model's answers, as the original's inference scripts and this project's runner write them.

mod error;
mod file;
mod folder;
mod line;
mod origin;

pub use error::AnswerError;
pub use file::AnswerFile;
pub use folder::find_answer_files;
pub use line::{AnswerLine, AnswerTurn};
pub(crate) use origin::add_origins;
pub use origin::{Origin, must_have_one_origin};
