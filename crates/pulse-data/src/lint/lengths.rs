//! How long items are: in tokens of a model with its pictures, or in words.

use pulse_llm::ModelConfig;
use pulse_llm::text::{Conversation, ConversationTemplate, Tokenizer};
use pulse_vision::{PixelSize, TilePlan};

use super::options::{LintError, LintOptions};
use super::turns::IMAGE_MARK;
use crate::sample::Sample;

/// The template that PULSE is trained with.
const TEMPLATE: &str = "llava_v1";

/// How lengths are counted.
pub(super) enum Ruler {
    /// Words of all messages.
    Words,
    /// Positions in a model's context.
    Tokens(Box<TokenRuler>),
}

pub(super) struct TokenRuler {
    tokenizer: Tokenizer,
    config: ModelConfig,
    template: &'static ConversationTemplate,
    context: usize,
}

impl Ruler {
    pub(super) fn new(options: &LintOptions) -> Result<Self, LintError> {
        let Some(folder) = &options.model else {
            return Ok(Self::Words);
        };
        let config = ModelConfig::from_folder(folder)?;
        Ok(Self::Tokens(Box::new(TokenRuler {
            tokenizer: Tokenizer::from_folder(folder)?,
            context: options.context.unwrap_or(config.context),
            config,
            template: ConversationTemplate::named(TEMPLATE)?,
        })))
    }

    pub(super) fn unit(&self) -> &'static str {
        match self {
            Self::Words => "words",
            Self::Tokens(_) => "tokens",
        }
    }

    /// The longest item that fits.
    pub(super) fn limit(&self) -> Option<usize> {
        match self {
            Self::Words => None,
            Self::Tokens(ruler) => Some(ruler.context),
        }
    }

    /// The text of an item; `None` if its turns are too malformed to be counted.
    pub(super) fn text(&self, sample: &Sample) -> Option<usize> {
        match self {
            Self::Words => {
                let turns = sample.conversations.iter();
                Some(
                    turns
                        .map(|turn| turn.value.split_whitespace().count())
                        .sum(),
                )
            }
            Self::Tokens(ruler) => ruler.text(sample),
        }
    }

    /// What a picture of this size adds.
    pub(super) fn picture(&self, size: PixelSize) -> usize {
        match self {
            Self::Words => 0,
            Self::Tokens(ruler) => ruler.picture(size),
        }
    }
}

impl TokenRuler {
    fn text(&self, sample: &Sample) -> Option<usize> {
        let mut conversation = Conversation::new(self.template);
        let mut pictures = usize::from(sample.image.is_some());
        for turn in &sample.conversations {
            if turn.from == "human" {
                let text = turn.value.replace(IMAGE_MARK, "");
                conversation
                    .push_question(text.trim(), std::mem::take(&mut pictures))
                    .ok()?;
            } else {
                conversation.push_answer(&turn.value);
            }
        }
        let ids = conversation.prompt_ids(&self.tokenizer).ok()?;
        Some(ids.text_token_count())
    }

    fn picture(&self, size: PixelSize) -> usize {
        let vision = &self.config.vision;
        let (side, patch) = (vision.image_size, vision.patch_size.max(1));
        let per_side = side / patch;
        let plan = TilePlan::new(
            size,
            &self.config.pinpoints,
            side as u32,
            self.config.convention,
        );
        match plan {
            Ok(plan) => plan.visual_token_count(self.config.merge, per_side),
            Err(_) => per_side * per_side,
        }
    }
}
