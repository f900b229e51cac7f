use std::path::PathBuf;

use clap::Args;
use pulse_data::tokenizer::{TokenizerOptions, train_tokenizer};

use super::Outcome;
use crate::Output;

/// Train a tokenizer for a small model on conversations: Llama's byte-pair merges, digits apart
#[derive(Args)]
#[command(name = "tokenizer")]
pub(crate) struct TrainTokenizer {
    /// Conversations in the LLaVA format
    conversations: PathBuf,
    /// Tokens of the vocabulary at most
    #[arg(long, default_value_t = 512)]
    vocab_size: usize,
    /// Template whose words around the conversations are learnt too
    #[arg(long, default_value = "llava_v1")]
    template: String,
    /// Most conversations read
    #[arg(long, default_value_t = 5000)]
    samples: u64,
    /// Folder for tokenizer.json and tokenizer_config.json
    #[arg(long)]
    out: PathBuf,
}

impl TrainTokenizer {
    pub(crate) fn run(self, output: &Output) -> Outcome {
        let report = train_tokenizer(&TokenizerOptions {
            conversations: self.conversations,
            vocab_size: self.vocab_size,
            template: self.template,
            samples: self.samples,
            out: self.out,
        })?;
        output.print(&report, |report, out| {
            writeln!(
                out,
                "{}: {} tokens, learnt from {} conversations, which take {:.1} tokens each",
                report.file.display(),
                report.vocab_size,
                report.samples,
                report.mean_tokens
            )
        })?;
        Ok(true)
    }
}
