//! How the turns of a conversation are written down.

use super::error::TemplateError;

/// The rules that join system text, roles and messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// Every message ends with the same separator.
    Single,
    /// Questions and answers end with different separators.
    Two,
    /// Llama 2's brackets.
    Llama2,
    /// Messages alone, for captions.
    Plain,
}

/// One way to write a conversation down.
#[derive(Debug, PartialEq, Eq)]
pub struct ConversationTemplate {
    /// Name on the command line (`--conv-mode`).
    pub name: &'static str,
    /// Text in front of everything.
    pub system: &'static str,
    /// Names of user and assistant.
    pub roles: [&'static str; 2],
    /// The rules.
    pub style: Style,
    /// What follows a question.
    pub question_end: &'static str,
    /// What follows an answer.
    pub answer_end: &'static str,
}

const CURIOUS_HUMAN: &str = "A chat between a curious human and an artificial intelligence \
    assistant. The assistant gives helpful, detailed, and polite answers to the human's questions.";
const CURIOUS_USER: &str = "A chat between a curious user and an artificial intelligence \
    assistant. The assistant gives helpful, detailed, and polite answers to the user's questions.";
const TAGGED: &str = "A chat between a curious user and an artificial intelligence assistant. The \
    assistant is able to understand the visual content that the user provides, and assist the user \
    with a variety of tasks using natural language.The visual content will be provided with the \
    following format: <Image>visual content</Image>.";
const LLAMA_2: &str = "You are a helpful, respectful and honest assistant. Always answer as \
    helpfully as possible, while being safe.  Your answers should not include any harmful, \
    unethical, racist, sexist, toxic, dangerous, or illegal content. Please ensure that your \
    responses are socially unbiased and positive in nature.\n\nIf a question does not make any \
    sense, or is not factually coherent, explain why instead of answering something not correct. \
    If you don't know the answer to a question, please don't share false information.";
const LLAVA_LLAMA_2: &str = "You are a helpful language and vision assistant. You are able to \
    understand the visual content that the user provides, and assist the user with a variety of \
    tasks using natural language.";

const fn two(name: &'static str, system: &'static str) -> ConversationTemplate {
    ConversationTemplate {
        name,
        system,
        roles: ["USER", "ASSISTANT"],
        style: Style::Two,
        question_end: " ",
        answer_end: "</s>",
    }
}

const fn single(name: &'static str) -> ConversationTemplate {
    ConversationTemplate {
        name,
        system: CURIOUS_HUMAN,
        roles: ["Human", "Assistant"],
        style: Style::Single,
        question_end: "###",
        answer_end: "###",
    }
}

const fn llama_2(name: &'static str, system: &'static str) -> ConversationTemplate {
    ConversationTemplate {
        name,
        system,
        roles: ["USER", "ASSISTANT"],
        style: Style::Llama2,
        question_end: "<s>",
        answer_end: "</s>",
    }
}

const fn plain(name: &'static str) -> ConversationTemplate {
    ConversationTemplate {
        name,
        system: "",
        roles: ["", ""],
        style: Style::Plain,
        question_end: "\n",
        answer_end: "\n",
    }
}

/// All templates. PULSE was trained and evaluated with `llava_v1`.
static TEMPLATES: [ConversationTemplate; 10] = [
    two("llava_v1", CURIOUS_HUMAN),
    two("v1", CURIOUS_USER),
    two("vicuna_v1", CURIOUS_USER),
    two("v1_mmtag", TAGGED),
    single("v0"),
    single("llava_v0"),
    llama_2("llama_2", LLAMA_2),
    llama_2("llava_llama_2", LLAVA_LLAMA_2),
    plain("plain"),
    plain("v0_plain"),
];

impl ConversationTemplate {
    /// The template of a name.
    ///
    /// # Errors
    /// [`TemplateError`] lists the names there are.
    pub fn named(name: &str) -> Result<&'static Self, TemplateError> {
        TEMPLATES
            .iter()
            .find(|template| template.name == name)
            .ok_or_else(|| TemplateError {
                found: name.to_owned(),
                known: Self::names().collect::<Vec<_>>().join(", "),
            })
    }

    /// The names of all templates.
    pub fn names() -> impl Iterator<Item = &'static str> {
        TEMPLATES.iter().map(|template| template.name)
    }
}
