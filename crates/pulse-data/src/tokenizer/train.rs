//! Counting, merging, writing.

use std::collections::BTreeSet;
use std::path::PathBuf;

use pulse_llm::text::{
    Conversation, ConversationTemplate, PromptPart, Tokenizer, TokenizerSettings,
};
use tokenizers::models::bpe::{BPE, BpeTrainer};
use tokenizers::{AddedToken, Trainer};

use super::error::TokenizerTrainError;
use super::file::{self, TOKENIZER_FILE};
use super::words::words;
use crate::instruct::{IndexOptions, open_or_index};
use crate::sample::Sample;

/// `<unk>`, `<s>`, `</s>` and the 256 bytes come before all else, as in Llama's vocabulary.
const SPECIAL: [&str; 3] = ["<unk>", "<s>", "</s>"];
/// The largest vocabulary: what is larger is no small model's, and has tokens that the conversations hardly show.
const MOST: usize = 32_000;

/// Settings of [`train_tokenizer`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenizerOptions {
    /// Conversations in the LLaVA format.
    pub conversations: PathBuf,
    /// Tokens of the vocabulary at most; fewer if the conversations have no pair of tokens left that comes twice.
    pub vocab_size: usize,
    /// Template whose words around the conversations are learnt too.
    pub template: String,
    /// Most conversations read, from the first; a few thousand know all words of a small set.
    pub samples: u64,
    /// Folder for `tokenizer.json` and `tokenizer_config.json`; made if it is not there.
    pub out: PathBuf,
}

/// What was trained.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct TokenizerReport {
    /// The file.
    #[serde(serialize_with = "crate::lossy::path")]
    pub file: PathBuf,
    /// Tokens of the vocabulary.
    pub vocab_size: usize,
    /// Conversations read.
    pub samples: u64,
    /// Mean tokens of what a conversation says, pictures left out.
    pub mean_tokens: f64,
}

/// Trains a tokenizer on conversations and writes it. Equal conversations and settings give equal bytes.
///
/// # Errors
/// [`TokenizerTrainError`] if the conversations cannot be read, the vocabulary is too small for their characters, or
/// a tokenizer is in the folder already.
pub fn train_tokenizer(options: &TokenizerOptions) -> Result<TokenizerReport, TokenizerTrainError> {
    let path = options.out.join(TOKENIZER_FILE);
    if path.exists() {
        return Err(TokenizerTrainError::Occupied { path });
    }
    let template = ConversationTemplate::named(&options.template)?;
    let texts = read(options, template)?;
    let all: Vec<Vec<String>> = texts
        .iter()
        .map(|texts| texts.iter().flat_map(|text| words(text)).collect())
        .collect();
    let characters: BTreeSet<char> = all.iter().flatten().flat_map(|word| word.chars()).collect();
    let low = SPECIAL.len() + 256 + characters.len();
    if !(low..=MOST).contains(&options.vocab_size) {
        return Err(TokenizerTrainError::VocabSize {
            found: options.vocab_size,
            low,
            characters: characters.len(),
            high: MOST,
        });
    }
    let model = merge(&all, options.vocab_size)?;
    let json = file::json(&model)?;
    let tokenizer = Tokenizer::from_json(json.as_bytes(), TokenizerSettings { legacy: false })?;
    let mut tokens = 0;
    for text in texts.iter().flatten() {
        tokens += tokenizer.encode(text)?.len();
    }
    file::write(&options.out, &json)?;
    Ok(TokenizerReport {
        file: path,
        vocab_size: tokenizer.vocab_size(),
        samples: texts.len() as u64,
        mean_tokens: tokens as f64 / texts.len() as f64,
    })
}

/// What each conversation says under the template, picture marks left out.
fn read(
    options: &TokenizerOptions,
    template: &'static ConversationTemplate,
) -> Result<Vec<Vec<String>>, TokenizerTrainError> {
    let (file, _) = open_or_index(&options.conversations, &IndexOptions::default())?;
    let taken = usize::try_from(options.samples).unwrap_or(usize::MAX);
    let texts = file
        .samples()
        .take(taken)
        .map(|sample| said(&sample?, template))
        .collect::<Result<Vec<_>, TokenizerTrainError>>()?;
    match texts.iter().all(Vec::is_empty) {
        true => Err(TokenizerTrainError::Empty {
            path: options.conversations.clone(),
        }),
        false => Ok(texts),
    }
}

fn said(
    sample: &Sample,
    template: &'static ConversationTemplate,
) -> Result<Vec<String>, TokenizerTrainError> {
    let mut conversation = Conversation::new(template);
    for message in &sample.conversations {
        match &*message.from {
            "gpt" => conversation.push_answer(&message.value),
            _ => conversation
                .push_question(&message.value, message.value.matches("<image>").count())
                .map_err(|source| TokenizerTrainError::Prompt {
                    id: sample.id.clone(),
                    source,
                })?,
        }
    }
    let texts = conversation
        .parts()
        .into_iter()
        .filter_map(|part| match part {
            PromptPart::Template(text) | PromptPart::Content(text) => Some(text),
            PromptPart::Image => None,
        });
    Ok(texts.collect())
}

fn merge(all: &[Vec<String>], vocab_size: usize) -> Result<BPE, TokenizerTrainError> {
    let failed = |error: Box<dyn std::error::Error + Send + Sync>| TokenizerTrainError::Merges {
        reason: error.to_string(),
    };
    let bytes = (0..=255u8).map(|byte| format!("<0x{byte:02X}>"));
    let special = SPECIAL.iter().map(|token| (*token).to_owned()).chain(bytes);
    let mut trainer = BpeTrainer::builder()
        .show_progress(false)
        .vocab_size(vocab_size)
        .min_frequency(2)
        .special_tokens(special.map(|token| AddedToken::from(token, true)).collect())
        .build();
    trainer
        .feed(all.iter().flatten(), |word| Ok(vec![word.to_owned()]))
        .map_err(failed)?;
    let mut model = BPE::builder()
        .byte_fallback(true)
        .fuse_unk(true)
        .unk_token(SPECIAL[0].to_owned())
        .build()
        .map_err(failed)?;
    trainer.train(&mut model).map_err(failed)?;
    Ok(model)
}

#[cfg(test)]
mod tests;
