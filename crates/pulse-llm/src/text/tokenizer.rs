//! The tokenizer of Llama models.

use std::path::Path;
use std::sync::Arc;

use serde::Deserialize;
use tokenizers::Model;
use tokenizers::models::bpe::BPE;

use super::error::TokenizerError;
use super::{sentencepiece, tokenizer_json};

/// The space of SentencePiece.
pub(super) const SPACE: char = '\u{2581}';

/// What `tokenizer_config.json` says beside the vocabulary.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct TokenizerSettings {
    /// Whether the text behind a control token gets a space of its own, the behaviour of old
    /// versions of the original library. It decides the ids after every `</s>`.
    #[serde(deserialize_with = "legacy_or_default")]
    pub legacy: bool,
}

/// Null means the library's default, as if the field were absent.
fn legacy_or_default<'de, D: serde::Deserializer<'de>>(json: D) -> Result<bool, D::Error> {
    let legacy = Option::<bool>::deserialize(json)?;
    Ok(legacy.unwrap_or(TokenizerSettings::default().legacy))
}

impl Default for TokenizerSettings {
    /// The library's default where the file says nothing: legacy. PULSE's says false.
    fn default() -> Self {
        Self { legacy: true }
    }
}

/// Byte-pair encoding with byte fallback and the three control tokens of Llama. Cheap to clone,
/// usable from several threads.
#[derive(Debug, Clone)]
pub struct Tokenizer {
    pub(super) shared: Arc<Shared>,
}

#[derive(Debug)]
pub(super) struct Shared {
    pub(super) model: BPE,
    pub(super) legacy: bool,
    pub(super) pieces: Vec<Piece>,
    pub(super) unknown: u32,
    pub(super) begin: u32,
    pub(super) end: u32,
    /// The id of a lone space, if the vocabulary has one.
    pub(super) space: Option<u32>,
}

/// What an id stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Piece {
    /// Text, spaces already written as spaces.
    Text(String),
    /// One byte of a character that has no piece of its own.
    Byte(u8),
    /// A control token, with the text it has in a file.
    Control(&'static str),
}

/// The literal texts of the control tokens.
pub(super) const UNKNOWN: &str = "<unk>";
pub(super) const BEGIN: &str = "<s>";
pub(super) const END: &str = "</s>";

impl Tokenizer {
    /// Reads the tokenizer of a checkpoint folder: `tokenizer.model`, else `tokenizer.json`, with
    /// the settings of `tokenizer_config.json`.
    ///
    /// # Errors
    /// [`TokenizerError`] if there is none, it is damaged or of another kind, or the two files
    /// disagree.
    pub fn from_folder(folder: &Path) -> Result<Self, TokenizerError> {
        let config = folder.join("tokenizer_config.json");
        let settings = match read_if_there(&config)? {
            Some(bytes) => {
                serde_json::from_slice(&bytes).map_err(|error| TokenizerError::Malformed {
                    file: "tokenizer_config.json",
                    reason: error.to_string(),
                })?
            }
            None => TokenizerSettings::default(),
        };
        let model = read_if_there(&folder.join("tokenizer.model"))?
            .map(|bytes| Self::from_sentencepiece(&bytes, settings))
            .transpose()?;
        // The JSON file is read only if it is needed: it is large and slow to parse.
        match model {
            Some(model) => Ok(model),
            None => match read_if_there(&folder.join("tokenizer.json"))? {
                Some(bytes) => Self::from_json(&bytes, settings),
                None => Err(TokenizerError::Missing {
                    folder: folder.to_owned(),
                }),
            },
        }
    }

    /// Builds the tokenizer from the bytes of a `tokenizer.model`.
    ///
    /// # Errors
    /// [`TokenizerError`] if they are damaged or of another kind of model.
    pub fn from_sentencepiece(
        bytes: &[u8],
        settings: TokenizerSettings,
    ) -> Result<Self, TokenizerError> {
        Self::new(sentencepiece::read(bytes)?, settings, "tokenizer.model")
    }

    /// Builds the tokenizer from the bytes of a `tokenizer.json`.
    ///
    /// # Errors
    /// [`TokenizerError`] if they are damaged or of another kind of model.
    pub fn from_json(bytes: &[u8], settings: TokenizerSettings) -> Result<Self, TokenizerError> {
        Self::new(tokenizer_json::read(bytes)?, settings, "tokenizer.json")
    }

    fn new(
        model: BPE,
        settings: TokenizerSettings,
        file: &'static str,
    ) -> Result<Self, TokenizerError> {
        let malformed = |reason: String| TokenizerError::Malformed { file, reason };
        let id_of = |token: &str| {
            model
                .token_to_id(token)
                .ok_or_else(|| malformed(format!("it has no token {token}")))
        };
        let (unknown, begin, end) = (id_of(UNKNOWN)?, id_of(BEGIN)?, id_of(END)?);
        let count = model.get_vocab_size();
        let pieces = (0..count as u32)
            .map(|id| {
                let text = model
                    .id_to_token(id)
                    .ok_or_else(|| malformed(format!("ids have a gap at {id} of {count}")))?;
                Ok(Piece::new(text))
            })
            .collect::<Result<Vec<_>, TokenizerError>>()?;
        let space = model.token_to_id(SPACE.encode_utf8(&mut [0; 4]));
        let legacy = settings.legacy;
        let shared = Shared {
            model,
            legacy,
            pieces,
            unknown,
            begin,
            end,
            space,
        };
        Ok(Self {
            shared: Arc::new(shared),
        })
    }

    /// Number of ids.
    pub fn vocab_size(&self) -> usize {
        self.shared.pieces.len()
    }

    /// The id that begins a sequence, `<s>`.
    pub fn bos_id(&self) -> u32 {
        self.shared.begin
    }

    /// The id that ends an answer, `</s>`.
    pub fn eos_id(&self) -> u32 {
        self.shared.end
    }

    /// The id of what has no other, `<unk>`; the original also pads with it.
    pub fn unk_id(&self) -> u32 {
        self.shared.unknown
    }

    /// Whether texts behind control tokens get a space of their own.
    pub fn is_legacy(&self) -> bool {
        self.shared.legacy
    }

    /// The id of a piece.
    pub fn token_to_id(&self, token: &str) -> Option<u32> {
        self.shared.model.token_to_id(token)
    }

    /// The piece of an id, as it stands in the vocabulary.
    pub fn id_to_token(&self, id: u32) -> Option<String> {
        self.shared.model.id_to_token(id)
    }
}

impl Piece {
    fn new(text: String) -> Self {
        if let Some(control) = [UNKNOWN, BEGIN, END]
            .into_iter()
            .find(|control| *control == text)
        {
            return Self::Control(control);
        }
        let byte = text
            .strip_prefix("<0x")
            .and_then(|rest| rest.strip_suffix('>'))
            .filter(|digits| digits.len() == 2)
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match byte {
            Some(byte) => Self::Byte(byte),
            None => Self::Text(text.replace(SPACE, " ")),
        }
    }
}

fn read_if_there(path: &Path) -> Result<Option<Vec<u8>>, TokenizerError> {
    match std::fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(TokenizerError::Unreadable {
            path: path.to_owned(),
            source,
        }),
    }
}
