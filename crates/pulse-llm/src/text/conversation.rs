//! A conversation and its prompt.

use super::error::{PromptError, TokenizerError};
use super::prompt::{IMAGE_MARK, PromptIds, PromptPart, split_marks};
use super::template::{ConversationTemplate, Style};
use super::tokenizer::Tokenizer;

const USER: usize = 0;
const ASSISTANT: usize = 1;

/// One message; an assistant's without text is the place of the answer to come.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Message {
    role: usize,
    text: Option<String>,
}

impl Message {
    /// Only a question can hold pictures: what a model writes is text, whatever it looks like.
    fn parts(&self, text: &str) -> Vec<PromptPart> {
        if self.role == USER {
            split_marks(text, PromptPart::Content)
        } else {
            vec![PromptPart::Content(text.to_owned())]
        }
    }
}

/// Turns of user and assistant under a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conversation {
    template: &'static ConversationTemplate,
    messages: Vec<Message>,
    is_arena: bool,
}

impl Conversation {
    /// A conversation without turns.
    pub fn new(template: &'static ConversationTemplate) -> Self {
        Self {
            template,
            messages: Vec::new(),
            is_arena: false,
        }
    }

    /// Builds the history as the original's arena script does: answers are appended behind the
    /// empty place instead of filling it, which shifts every later separator. The published Arena
    /// numbers come from such prompts; for nothing else is this right.
    pub fn use_arena_history(&mut self) {
        self.is_arena = true;
    }

    /// The template.
    pub fn template(&self) -> &'static ConversationTemplate {
        self.template
    }

    /// Adds a question about `pictures` new pictures. Without `<image>` in it the pictures come
    /// first, each as `<image>` and a line break; with as many `<image>` as pictures they stay
    /// where they are.
    ///
    /// # Errors
    /// [`PromptError`] for an empty question or marks that do not match the pictures.
    pub fn push_question(&mut self, question: &str, pictures: usize) -> Result<(), PromptError> {
        let marks = question.matches(IMAGE_MARK).count();
        if question.replace(IMAGE_MARK, "").trim().is_empty() {
            return Err(PromptError::EmptyQuestion);
        }
        let text = match marks {
            0 => format!("{}{question}", format!("{IMAGE_MARK}\n").repeat(pictures)),
            _ if marks == pictures => question.to_owned(),
            _ => return Err(PromptError::PictureMarks { marks, pictures }),
        };
        self.messages.push(Message {
            role: USER,
            text: Some(text),
        });
        self.messages.push(Message {
            role: ASSISTANT,
            text: None,
        });
        Ok(())
    }

    /// Adds the answer to the last question.
    pub fn push_answer(&mut self, answer: &str) {
        let text = Some(answer.to_owned());
        match self.messages.last_mut() {
            Some(last) if last.text.is_none() && !self.is_arena => last.text = text,
            _ => self.messages.push(Message {
                role: ASSISTANT,
                text,
            }),
        }
    }

    /// Takes the last question back, if it has no answer.
    pub fn pop_question(&mut self) {
        if self.messages.last().is_some_and(|last| last.text.is_none()) {
            self.messages.truncate(self.messages.len() - 2);
        }
    }

    /// The prompt in parts.
    pub fn parts(&self) -> Vec<PromptPart> {
        let mut parts = Vec::new();
        let template = |parts: &mut Vec<PromptPart>, text: String| {
            if !text.is_empty() {
                parts.push(PromptPart::Template(text));
            }
        };
        let ConversationTemplate {
            system,
            roles,
            style,
            question_end,
            answer_end,
            ..
        } = self.template;
        match style {
            Style::Two => template(&mut parts, format!("{system} ")),
            Style::Single => template(&mut parts, format!("{system}{question_end}")),
            Style::Plain => template(&mut parts, (*system).to_owned()),
            Style::Llama2 => {}
        }
        for (index, message) in self.messages.iter().enumerate() {
            // By place, not by role: where the original's history is shifted, so are its ends.
            let end = if index % 2 == 0 {
                question_end
            } else {
                answer_end
            };
            // An empty message counts as none, as in the original.
            let text = message.text.as_deref().filter(|text| !text.is_empty());
            let role = roles[message.role];
            match (style, text) {
                (Style::Two | Style::Single, None) => template(&mut parts, format!("{role}:")),
                (Style::Two | Style::Single, Some(text)) => {
                    template(&mut parts, format!("{role}: "));
                    parts.extend(message.parts(text));
                    template(&mut parts, (*end).to_owned());
                }
                (Style::Plain | Style::Llama2, None) => {}
                (Style::Plain, Some(text)) => {
                    parts.extend(message.parts(text));
                    template(&mut parts, (*end).to_owned());
                }
                (Style::Llama2, Some(text)) if index % 2 == 0 => {
                    let start = match index {
                        0 => format!("[INST] <<SYS>>\n{system}\n<</SYS>>\n\n"),
                        _ => format!("{question_end}[INST] "),
                    };
                    template(&mut parts, start);
                    parts.extend(message.parts(text));
                    template(&mut parts, " [/INST]".to_owned());
                }
                (Style::Llama2, Some(text)) => {
                    template(&mut parts, " ".to_owned());
                    parts.extend(message.parts(text));
                    template(&mut parts, format!(" {answer_end}"));
                }
            }
        }
        parts
    }

    /// The prompt as one text, `<image>` for pictures.
    pub fn prompt_text(&self) -> String {
        self.parts()
            .iter()
            .map(|part| match part {
                PromptPart::Template(text) | PromptPart::Content(text) => text,
                PromptPart::Image => IMAGE_MARK,
            })
            .collect()
    }

    /// The prompt as ids.
    ///
    /// # Errors
    /// [`TokenizerError`] if a text cannot be encoded.
    pub fn prompt_ids(&self, tokenizer: &Tokenizer) -> Result<PromptIds, TokenizerError> {
        PromptIds::encode(&self.parts(), tokenizer)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn two_turns(is_arena: bool) -> Conversation {
        let mut conversation = Conversation::new(ConversationTemplate::named("llava_v1").unwrap());
        if is_arena {
            conversation.use_arena_history();
        }
        conversation.push_question("Q1", 1).unwrap();
        conversation.push_answer("R1");
        conversation.push_question("Q2", 0).unwrap();
        conversation
    }

    fn behind_system(conversation: &Conversation) -> String {
        let text = conversation.prompt_text();
        text.strip_prefix(&format!("{CURIOUS} "))
            .unwrap()
            .to_owned()
    }

    const CURIOUS: &str = "A chat between a curious human and an artificial intelligence \
        assistant. The assistant gives helpful, detailed, and polite answers to the human's \
        questions.";

    #[test]
    fn histories_are_those_of_the_specification() {
        let right = two_turns(false);
        assert_eq!(
            behind_system(&right),
            "USER: <image>\nQ1 ASSISTANT: R1</s>USER: Q2 ASSISTANT:"
        );
        let mut arena = two_turns(true);
        assert_eq!(
            behind_system(&arena),
            "USER: <image>\nQ1 ASSISTANT:ASSISTANT: R1 USER: Q2</s>ASSISTANT:"
        );
        arena.push_answer("R2");
        arena.push_question("Q3", 0).unwrap();
        assert_eq!(
            behind_system(&arena),
            "USER: <image>\nQ1 ASSISTANT:ASSISTANT: R1 USER: Q2</s>ASSISTANT:ASSISTANT: R2</s>\
             USER: Q3 ASSISTANT:"
        );
    }

    #[test]
    fn marks_and_pictures_must_match() {
        let mut conversation = two_turns(false);
        let before = conversation.clone();
        for (question, pictures) in [("a <image>", 0), ("<image><image> a", 1)] {
            assert!(matches!(
                conversation.push_question(question, pictures),
                Err(PromptError::PictureMarks { .. })
            ));
        }
        for empty in ["", "  \n", "<image>"] {
            assert_eq!(
                conversation.push_question(empty, 1),
                Err(PromptError::EmptyQuestion)
            );
        }
        assert_eq!(conversation, before);
        conversation.push_answer("R2");
        conversation
            .push_question("Compare <image> with <image>.", 2)
            .unwrap();
        assert!(
            conversation
                .prompt_text()
                .contains("USER: Compare <image> with <image>. ")
        );
        conversation.pop_question();
        assert!(conversation.prompt_text().ends_with("R2</s>"));
    }
}
