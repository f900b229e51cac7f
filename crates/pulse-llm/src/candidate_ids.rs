//! The ids that given answers add to a prompt.
//!
//! They are exactly those by which the prompt with the answer is longer than the prompt without. To encode the
//! whole prompt once for each of dozens of candidates would cost a small model more time than it computes, and is
//! not needed: byte-pair encoding merges neighbours only. If no piece of the vocabulary holds the prompt's last
//! character followed by the answer's first, nothing is ever merged across that place, and both sides have the ids
//! that they have on their own.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::error::PulseError;
use crate::likelihood::Candidate;
use crate::text::{Conversation, PromptError, PromptPart, TextSpan, Tokenizer};

/// Candidates that are remembered.
const MOST_KNOWN: usize = 4096;

/// What is known of the candidates of one tokenizer and template.
#[derive(Debug, Default)]
pub(crate) struct CandidateIds {
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    /// Whether some piece holds the two characters side by side.
    joined: HashMap<(char, char), bool>,
    /// What candidates add to prompts with which they do not merge.
    alone: HashMap<Candidate, Alone>,
}

#[derive(Debug)]
struct Alone {
    /// The first character.
    first: char,
    ids: Vec<u32>,
}

impl CandidateIds {
    /// The ids that each candidate adds to `prompt`, the ids of `conversation`, whose last question is open.
    ///
    /// # Errors
    /// [`PromptError::AnswerBoundary`] for a candidate that adds nothing or changes the ids of the prompt.
    pub(crate) fn of(
        &self,
        candidates: &[Candidate],
        conversation: &Conversation,
        prompt: &[i32],
        tokenizer: &Tokenizer,
    ) -> Result<Vec<Vec<u32>>, PulseError> {
        // A panic in here leaves both maps whole.
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let open = conversation.parts();
        let last = open.last().and_then(|part| last_character(part, tokenizer));
        let mut of = |candidate: &Candidate| match last {
            Some(last) => match known.apart(last, candidate, conversation, &open, tokenizer)? {
                Some(ids) => Ok(ids),
                None => behind(prompt, conversation, tokenizer, candidate),
            },
            None => behind(prompt, conversation, tokenizer, candidate),
        };
        candidates.iter().map(&mut of).collect()
    }
}

impl Known {
    /// The ids of a candidate behind a prompt whose last character is `last`, or `None` where they might merge with
    /// the prompt.
    fn apart(
        &mut self,
        last: char,
        candidate: &Candidate,
        conversation: &Conversation,
        open: &[PromptPart],
        tokenizer: &Tokenizer,
    ) -> Result<Option<Vec<u32>>, PulseError> {
        if !self.alone.contains_key(candidate) {
            let Some(alone) = Alone::new(candidate, conversation, open, tokenizer)? else {
                return Ok(None);
            };
            if self.alone.len() >= MOST_KNOWN {
                self.alone.clear();
            }
            self.alone.insert(candidate.clone(), alone);
        }
        let Some(alone) = self.alone.get(candidate) else {
            return Ok(None);
        };
        let joined = self.joined.entry((last, alone.first));
        let is_joined = *joined.or_insert_with(|| tokenizer.may_join(last, alone.first));
        Ok((!is_joined).then(|| alone.ids.clone()))
    }
}

impl Alone {
    fn new(
        candidate: &Candidate,
        conversation: &Conversation,
        open: &[PromptPart],
        tokenizer: &Tokenizer,
    ) -> Result<Option<Self>, PulseError> {
        let Some(added) = added_parts(conversation, open, candidate) else {
            return Ok(None);
        };
        let first = added.first().and_then(|part| match part {
            PromptPart::Template(text) if tokenizer.has_control(text) => None,
            PromptPart::Template(text) | PromptPart::Content(text) => text.chars().next(),
            PromptPart::Image => None,
        });
        let Some(first) = first else {
            return Ok(None);
        };
        let spans: Vec<TextSpan<'_>> = added
            .iter()
            .filter_map(|part| match part {
                PromptPart::Template(text) => Some(TextSpan::Template(text)),
                PromptPart::Content(text) => Some(TextSpan::Content(text)),
                PromptPart::Image => None,
            })
            .collect();
        let ids = trimmed(tokenizer.encode_behind(&spans)?, candidate, tokenizer)?;
        Ok(Some(Self { first, ids }))
    }
}

/// The last character of a prompt that ends with a text.
fn last_character(part: &PromptPart, tokenizer: &Tokenizer) -> Option<char> {
    match part {
        PromptPart::Template(text) if tokenizer.has_control(text) => None,
        PromptPart::Template(text) | PromptPart::Content(text) => text.chars().last(),
        PromptPart::Image => None,
    }
}

/// What the answer adds to the parts of the prompt; `None` if that is not simply something behind them.
fn added_parts(
    conversation: &Conversation,
    open: &[PromptPart],
    candidate: &Candidate,
) -> Option<Vec<PromptPart>> {
    let mut answered = conversation.clone();
    answered.push_answer(&candidate.text);
    let mut parts = answered.parts();
    let (last, before) = open.split_last()?;
    let mut added = parts.split_off(open.len().min(parts.len()));
    let same = parts.pop().filter(|_| parts == before)?;
    match (last, &same) {
        (PromptPart::Template(last), PromptPart::Template(longer)) => {
            let more = longer.strip_prefix(last.as_str())?;
            if !more.is_empty() {
                added.insert(0, PromptPart::Template(more.to_owned()));
            }
        }
        _ if *last == same => {}
        _ => return None,
    }
    Some(added)
}

/// The ids from the whole of prompt and answer.
fn behind(
    prompt: &[i32],
    conversation: &Conversation,
    tokenizer: &Tokenizer,
    candidate: &Candidate,
) -> Result<Vec<u32>, PulseError> {
    let mut answered = conversation.clone();
    answered.push_answer(&candidate.text);
    let whole = answered.prompt_ids(tokenizer)?.to_raw();
    let added = whole
        .strip_prefix(prompt)
        .ok_or_else(|| boundary(candidate))?;
    let ids = added.iter().map(|id| id.unsigned_abs()).collect();
    trimmed(ids, candidate, tokenizer)
}

/// Without the end of the answer where the candidate is only a beginning.
fn trimmed(
    mut ids: Vec<u32>,
    candidate: &Candidate,
    tokenizer: &Tokenizer,
) -> Result<Vec<u32>, PulseError> {
    if !candidate.is_whole && ids.last() == Some(&tokenizer.eos_id()) {
        ids.pop();
    }
    if ids.is_empty() {
        return Err(boundary(candidate).into());
    }
    Ok(ids)
}

fn boundary(candidate: &Candidate) -> PromptError {
    PromptError::AnswerBoundary {
        answer: candidate.text.clone(),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::text::ConversationTemplate;

    fn candidates(is_whole: bool) -> Vec<Candidate> {
        let texts = [
            "NORM",
            "MI, STTC",
            "A",
            "A.",
            "A)",
            "atrial fibrillation",
            " leading",
            "\n",
            ": ",
            "µ\u{1f493}",
            "<s> x </s> y",
            "</s>",
            "\u{2581}",
            "1",
        ];
        let one = |text: &&str| Candidate {
            text: (*text).to_owned(),
            is_whole,
        };
        texts.iter().map(one).collect()
    }

    /// In all templates, with questions that end like the beginnings of pieces.
    #[test]
    fn ids_are_those_of_the_whole_prompt_with_the_answer() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../datasets/pulse-random");
        let tokenizer = Tokenizer::from_folder(&folder).unwrap();
        let mut short = 0;
        for name in ConversationTemplate::names() {
            let template = ConversationTemplate::named(name).unwrap();
            let known = CandidateIds::default();
            for question in [
                "Which labels apply?",
                "NOR",
                "the heart rat",
                "x ",
                "</s>",
                "a\n",
            ] {
                for pictures in [0, 1] {
                    let mut conversation = Conversation::new(template);
                    conversation.push_question(question, pictures).unwrap();
                    let prompt = conversation.prompt_ids(&tokenizer).unwrap().to_raw();
                    for candidate in [true, false].into_iter().flat_map(candidates) {
                        let expected = behind(&prompt, &conversation, &tokenizer, &candidate);
                        let one = std::slice::from_ref(&candidate);
                        let found = known.of(one, &conversation, &prompt, &tokenizer);
                        match expected {
                            Ok(expected) => {
                                assert_eq!(found.unwrap(), [expected], "{name} {candidate:?}")
                            }
                            Err(_) => assert!(found.is_err(), "{name} {question:?} {candidate:?}"),
                        }
                        let known = known.known.lock().unwrap();
                        short += usize::from(known.alone.contains_key(&candidate));
                    }
                }
            }
        }
        assert!(short > 200, "only {short} were encoded on their own");
    }

    /// No template ends like the beginning of one of this vocabulary's pieces, so that the guard is asked itself.
    #[test]
    fn an_answer_that_could_merge_with_the_prompt_is_not_encoded_alone() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../datasets/pulse-random");
        let tokenizer = Tokenizer::from_folder(&folder).unwrap();
        let template = ConversationTemplate::named("llava_v1").unwrap();
        let mut conversation = Conversation::new(template);
        conversation.push_question("Rhythm?", 0).unwrap();
        let open = conversation.parts();
        let candidate = Candidate {
            text: "NORM".to_owned(),
            is_whole: true,
        };
        let mut known = Known::default();
        let alone = Alone {
            first: 'h',
            ids: vec![5],
        };
        known.alone.insert(candidate.clone(), alone);
        let mut apart = |last| {
            let found = known.apart(last, &candidate, &conversation, &open, &tokenizer);
            found.unwrap()
        };
        // "rhythm" is in the vocabulary, a heart before an h is not.
        assert_eq!(apart('r'), None);
        assert_eq!(apart('\u{1f493}'), Some(vec![5]));
        assert!(tokenizer.may_join('r', 'h') && !tokenizer.may_join('\u{1f493}', 'h'));
    }
}
