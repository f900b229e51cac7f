//! Any bytes as tokenizer files: an error, never a panic.
//! `cargo +nightly fuzz run tokenizer`

#![no_main]

use libfuzzer_sys::fuzz_target;
use pulse_llm::text::{Tokenizer, TokenizerSettings};

fuzz_target!(|bytes: &[u8]| {
    let settings = TokenizerSettings::default();
    for tokenizer in
        [Tokenizer::from_sentencepiece(bytes, settings), Tokenizer::from_json(bytes, settings)]
            .into_iter()
            .flatten()
    {
        let _ = tokenizer.encode("a </s> b");
    }
});
