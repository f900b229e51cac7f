//! Asks a question about an ECG picture.
//!
//! ```sh
//! cargo run --example infer -- --model PULSE-ECG/PULSE-7B --image ecg.png \
//!     --query "What are the main features in this ECG image?"
//! ```
//!
//! The answer streams to standard output, everything else goes to standard error. Without `--model`
//! a model of random weights answers, which shows that everything works and means nothing.

mod common;

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;
use common::{DEMO_NOTE, Format, ModelArguments, demo_image, open_picture};
use pulse_llm::Answer;

/// Ask a question about an ECG picture.
#[derive(Parser)]
#[command(version, about = "Ask a question about an ECG picture")]
struct Arguments {
    #[command(flatten)]
    model: ModelArguments,
    /// Picture: a file (PNG, JPEG, WebP, BMP, TIFF, GIF) or an http(s) address. Default: a page
    /// of this repository
    #[arg(long)]
    image: Option<String>,
    /// The question
    #[arg(long, default_value = "What are the main features in this ECG image?")]
    query: String,
    #[command(flatten)]
    generation: common::GenerationArguments,
    /// text streams the answer; json prints one object with answer, usage, timings and provenance
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

fn main() -> ExitCode {
    common::start_logging();
    common::finish(run(Arguments::parse()))
}

fn run(arguments: Arguments) -> Result<(), common::Failure> {
    let options = arguments.generation.options();
    // The picture is cheap to read: a wrong path shows before the model is loaded.
    let image = match &arguments.image {
        Some(image) => open_picture(image)?,
        None => open_picture(&demo_image())?,
    };
    let is_demo = arguments.model.is_demo();
    let pulse = arguments.model.load()?;
    if is_demo {
        eprintln!("{DEMO_NOTE}");
    }
    let answer = match arguments.format {
        Format::Json => {
            let answer = pulse.ask(&image, &arguments.query, options)?;
            let json = serde_json::to_string(&answer)?;
            writeln!(std::io::stdout(), "{json}")?;
            answer
        }
        Format::Text => {
            let mut output = std::io::stdout();
            let answer = pulse.ask_streaming(&image, &arguments.query, options, |piece| {
                // A closed pipe ends the program's output, not the program.
                let _ = write!(output, "{piece}").and_then(|()| output.flush());
            })?;
            let _ = writeln!(output);
            answer
        }
    };
    summarise(&answer);
    Ok(())
}

fn summarise(answer: &Answer) {
    let (usage, timings) = (&answer.usage, &answer.timings);
    eprintln!(
        "{} prompt tokens ({} of pictures), {} new, finished: {}",
        usage.prompt_tokens, usage.image_tokens, usage.completion_tokens, answer.finish_reason
    );
    eprintln!(
        "load {:.2} s, preprocess {:.3} s, vision {:.2} s, prefill {:.2} s, decode {:.2} s \
         ({:.1} tokens/s)",
        timings.load_s,
        timings.preprocess_s,
        timings.vision_s,
        timings.prefill_s,
        timings.decode_s,
        usage.completion_tokens.saturating_sub(1) as f64 / timings.decode_s.max(1e-9),
    );
}
