//! Conversations to prompts and their ids.

use std::collections::BTreeMap;

use pulse_llm::text::{Conversation, ConversationTemplate, PromptIds};
use serde::Deserialize;

use super::tokenizer::load;
use crate::check::Check;
use crate::golden::{Golden, GoldenError};
use crate::models::Models;

#[derive(Deserialize)]
struct Prompt {
    script: String,
    question: String,
    prompt: String,
    nonlegacy: Vec<i32>,
    legacy: Vec<i32>,
}

#[derive(Deserialize)]
struct Template {
    system: String,
    roles: [String; 2],
    two_turn_prompt: String,
}

pub(super) fn run(golden: &Golden, _: &Models<'_>) -> Result<Vec<Check>, GoldenError> {
    let mut templates = Check::exact("two-turn prompts of the templates");
    let stored: BTreeMap<String, Template> = golden.json("text/conversation_templates.json")?;
    for (name, theirs) in &stored {
        let Ok(template) = ConversationTemplate::named(name) else {
            templates.difference(&format!("{name} is unknown"), f64::INFINITY);
            continue;
        };
        let mut conversation = Conversation::new(template);
        // The texts of the fixture.
        let is_asked = conversation.push_question("hello", 0).is_ok();
        conversation.push_answer("hi");
        let is_asked = is_asked && conversation.push_question("more?", 0).is_ok();
        templates.equal(name, &is_asked, &true);
        templates.equal(
            name,
            conversation.prompt_text().as_str(),
            theirs.two_turn_prompt.as_str(),
        );
        templates.equal(name, template.system, theirs.system.as_str());
        templates.equal(name, &template.roles.map(str::to_owned), &theirs.roles);
    }
    let mut texts = Check::exact("texts of the evaluation's prompts");
    let mut ids = Check::exact("ids of the evaluation's prompts");
    let prompts: Vec<Prompt> = golden.json("text/inference_prompts.json")?;
    for legacy in [false, true] {
        let tokenizer = load(golden, legacy, false)?;
        for prompt in &prompts {
            let case = format!("{} {:?} legacy {legacy}", prompt.script, prompt.question);
            let theirs = if legacy {
                &prompt.legacy
            } else {
                &prompt.nonlegacy
            };
            let raw = PromptIds::encode_text(&prompt.prompt, &tokenizer);
            ids.equal(
                &case,
                &raw.map(|ids| ids.to_raw()).unwrap_or_default(),
                theirs,
            );
            let Some(ours) = conversation(&prompt.question) else {
                continue;
            };
            if has_control_text(&prompt.question) {
                // Ours are safe from it on purpose: a question cannot end its own turn.
                continue;
            }
            texts.equal(&case, ours.prompt_text().as_str(), prompt.prompt.as_str());
            let parts = ours
                .prompt_ids(&tokenizer)
                .map(|ids| ids.to_raw())
                .unwrap_or_default();
            ids.equal(&case, &parts, theirs);
        }
    }
    Ok(vec![templates, texts, ids])
}

/// The question with one picture, as somebody asks it here.
fn conversation(question: &str) -> Option<Conversation> {
    let mut conversation = Conversation::new(ConversationTemplate::named("llava_v1").ok()?);
    // Questions with marks of their own are cleaned by the original's scripts, not here.
    let marks = question.contains("<image>");
    (!marks && conversation.push_question(question, 1).is_ok()).then_some(conversation)
}

fn has_control_text(question: &str) -> bool {
    ["<s>", "</s>", "<unk>"]
        .iter()
        .any(|control| question.contains(control))
}
