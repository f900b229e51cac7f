//! Texts to token ids and back, and conversations to prompts.
//!
//! | step | item |
//! | --- | --- |
//! | read `tokenizer.model` or `tokenizer.json` | [`Tokenizer`] |
//! | turns to the text of a prompt | [`ConversationTemplate`], [`Conversation`], [`PromptPart`] |
//! | prompt to ids with picture marks | [`PromptIds`] |
//! | generated ids to text, piece by piece | [`TextStream`] |

mod conversation;
mod encode;
mod error;
mod prompt;
mod sentencepiece;
mod stream;
mod template;
mod tokenizer;
mod tokenizer_json;

pub use conversation::Conversation;
pub use encode::{TextSpan, TracedId};
pub use error::{PromptError, TemplateError, TokenizerError};
pub use prompt::{IMAGE_MARK, IMAGE_TOKEN_INDEX, PromptIds, PromptPart, PromptSegment};
pub use stream::TextStream;
pub use template::{ConversationTemplate, Style};
pub use tokenizer::{Tokenizer, TokenizerSettings};
