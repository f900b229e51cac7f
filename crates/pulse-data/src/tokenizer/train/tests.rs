#![allow(clippy::unwrap_used)]

use super::*;
use crate::synthesize::{SynthesizeOptions, Wording, synthesize};

fn options(folder: &std::path::Path, vocab_size: usize) -> TokenizerOptions {
    TokenizerOptions {
        conversations: folder.join("set/train.json"),
        vocab_size,
        template: "llava_v1".to_owned(),
        samples: 1000,
        out: folder.join("tokenizer"),
    }
}

#[test]
fn a_small_vocabulary_knows_the_words_of_its_set_and_writes_anything_else_in_bytes() {
    let folder = tempfile::tempdir().unwrap();
    synthesize(&SynthesizeOptions {
        count: 40,
        seed: 3,
        out: folder.path().join("set"),
        valid_share: 0.0,
        test_share: 0.0,
        bench_items: Some(0),
        dpi: (30.0, 30.0),
        wording: Wording::Statements,
        progress: false,
        ..SynthesizeOptions::default()
    })
    .unwrap();
    let options = options(folder.path(), 600);
    let report = train_tokenizer(&options).unwrap();
    assert!(report.samples == 40 && report.vocab_size <= 600);
    let tokenizer = Tokenizer::from_folder(&options.out).unwrap();
    let pieces = |text: &str| -> Vec<String> {
        let ids = tokenizer.encode(text).unwrap();
        let name = |id: &u32| tokenizer.id_to_token(*id).unwrap();
        ids[1..].iter().map(name).collect()
    };
    assert_eq!(
        pieces("Rate: 172/min."),
        ["▁Rate", ":", "▁", "1", "7", "2", "/", "min", "."]
    );
    assert_eq!(pieces("\n"), ["▁", "<0x0A>"]);
    let text = "Rhythm: sinus rhythm. Größe 7\n日本";
    let ids = tokenizer.encode(text).unwrap();
    assert_eq!(tokenizer.decode(&ids[1..], true).unwrap(), text);
    assert_eq!(
        (tokenizer.unk_id(), tokenizer.bos_id(), tokenizer.eos_id()),
        (0, 1, 2)
    );

    // A second one in the same place is refused, and the same settings give the same bytes elsewhere.
    assert!(matches!(
        train_tokenizer(&options),
        Err(TokenizerTrainError::Occupied { .. })
    ));
    let again = TokenizerOptions {
        out: folder.path().join("again"),
        ..options.clone()
    };
    train_tokenizer(&again).unwrap();
    let bytes = |folder: &std::path::Path| std::fs::read(folder.join(TOKENIZER_FILE)).unwrap();
    assert_eq!(bytes(&options.out), bytes(&again.out));

    let small = TokenizerOptions {
        vocab_size: 270,
        out: folder.path().join("small"),
        ..options
    };
    let error = train_tokenizer(&small).unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("a vocabulary of 270 tokens: expected 3"),
        "{error}"
    );
    assert!(!small.out.exists());
}
