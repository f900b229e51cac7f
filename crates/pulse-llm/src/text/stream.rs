//! Ids to text, as they come.
//!
//! SentencePiece's rules: a leading space of the very first piece is dropped, byte pieces add up to
//! characters, and bytes that add up to none become U+FFFD one by one. Text is handed out as soon as
//! its characters are complete; decoding a finished answer is the same machine run to its end, so
//! stream and answer cannot differ.

use super::error::TokenizerError;
use super::tokenizer::{Piece, Tokenizer};

/// Turns a stream of ids into a stream of whole characters. Control tokens give nothing.
#[derive(Debug)]
pub struct TextStream {
    tokenizer: Tokenizer,
    skip_special: bool,
    is_first: bool,
    bytes: Vec<u8>,
}

impl TextStream {
    /// A stream at its beginning.
    pub fn new(tokenizer: &Tokenizer) -> Self {
        Self {
            tokenizer: tokenizer.clone(),
            skip_special: true,
            is_first: true,
            bytes: Vec::new(),
        }
    }

    /// The text that `id` completes, if any. Ids outside the vocabulary give nothing.
    pub fn push(&mut self, id: u32) -> Option<String> {
        let shared = self.tokenizer.shared.clone();
        let piece = shared.pieces.get(id as usize)?;
        let mut text = String::new();
        match piece {
            Piece::Control(_) if self.skip_special => return None,
            Piece::Control(literal) => {
                self.flush(&mut text);
                text.push_str(literal);
            }
            Piece::Byte(byte) => {
                self.bytes.push(*byte);
                self.complete(&mut text);
            }
            Piece::Text(piece) => {
                self.flush(&mut text);
                let piece = if self.is_first {
                    piece.strip_prefix(' ')
                } else {
                    None
                }
                .unwrap_or(piece);
                text.push_str(piece);
            }
        }
        self.is_first = false;
        (!text.is_empty()).then_some(text)
    }

    /// What is left of an unfinished character.
    pub fn finish(&mut self) -> Option<String> {
        let mut text = String::new();
        self.flush(&mut text);
        (!text.is_empty()).then_some(text)
    }

    /// Moves whole characters and certain errors out of the bytes; what may become a character
    /// stays.
    fn complete(&mut self, text: &mut String) {
        loop {
            match std::str::from_utf8(&self.bytes) {
                Ok(whole) => {
                    text.push_str(whole);
                    self.bytes.clear();
                    return;
                }
                Err(error) => {
                    let valid = error.valid_up_to();
                    text.push_str(&String::from_utf8_lossy(&self.bytes[..valid]));
                    self.bytes.drain(..valid);
                    if error.error_len().is_none() {
                        return;
                    }
                    text.push(char::REPLACEMENT_CHARACTER);
                    self.bytes.remove(0);
                }
            }
        }
    }

    fn flush(&mut self, text: &mut String) {
        self.complete(text);
        text.extend(self.bytes.drain(..).map(|_| char::REPLACEMENT_CHARACTER));
    }
}

impl Tokenizer {
    /// The text of ids. With `skip_special` control tokens give nothing, otherwise their literals.
    ///
    /// # Errors
    /// [`TokenizerError::UnknownId`] for an id outside the vocabulary.
    pub fn decode(&self, ids: &[u32], skip_special: bool) -> Result<String, TokenizerError> {
        let mut stream = TextStream {
            skip_special,
            ..TextStream::new(self)
        };
        let mut text = String::new();
        for id in ids {
            if *id as usize >= self.vocab_size() {
                return Err(TokenizerError::UnknownId {
                    id: *id,
                    vocabulary: self.vocab_size(),
                });
            }
            text.extend(stream.push(*id));
        }
        text.extend(stream.finish());
        Ok(text)
    }
}
