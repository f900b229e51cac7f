//! A conversation about an ECG picture in the terminal.
//!
//! ```sh
//! cargo run --example chat -- --model PULSE-ECG/PULSE-7B --image ecg.png
//! ```
//!
//! Answers stream; what was read once (the picture, earlier turns) is not read again. Ctrl-C ends
//! an answer, an empty line or the end of input ends the conversation.

mod common;

use std::io::{BufRead, IsTerminal, Write};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use clap::Parser;
use common::{DEMO_NOTE, Failure, ModelArguments, demo_image, open_picture};
use pulse_llm::{CancelToken, GenerateOptions};

/// Talk about an ECG picture.
#[derive(Parser)]
#[command(version, about = "Talk about an ECG picture")]
struct Arguments {
    #[command(flatten)]
    model: ModelArguments,
    /// Picture: a file or an http(s) address. Default: a page of this repository
    #[arg(long)]
    image: Option<String>,
    #[command(flatten)]
    generation: common::GenerationArguments,
}

fn main() -> ExitCode {
    common::start_logging();
    common::finish(run(&Arguments::parse()))
}

fn run(arguments: &Arguments) -> Result<(), Failure> {
    let options = arguments.generation.options();
    let picture = open_picture(&arguments.image.clone().unwrap_or_else(demo_image))?;
    let is_demo = arguments.model.is_demo();
    let pulse = arguments.model.load()?;
    if is_demo {
        eprintln!("{DEMO_NOTE}");
    }
    let interrupt = Interrupt::install()?;
    let mut chat = pulse.chat();
    chat.attach(&picture)?;
    let mut lines = std::io::stdin().lock().lines();
    let is_terminal = std::io::stdin().is_terminal();
    loop {
        if is_terminal {
            eprint!("> ");
        }
        let Some(question) = lines.next().transpose()? else {
            return Ok(());
        };
        if question.trim().is_empty() {
            return Ok(());
        }
        let options = GenerateOptions {
            cancel: Some(interrupt.for_this_answer()),
            ..options.clone()
        };
        let mut output = std::io::stdout();
        let answer = chat.ask_streaming(&question, options, |piece| {
            // A closed pipe ends the program's output, not the program.
            let _ = write!(output, "{piece}").and_then(|()| output.flush());
        });
        interrupt.answer_is_over();
        writeln!(output)?;
        match answer {
            Ok(answer) => eprintln!(
                "[{} tokens of the prompt, {} from the cache; first token after {:.2} s; {}]",
                answer.usage.prompt_tokens,
                answer.usage.cached_tokens,
                answer.timings.first_token_s,
                answer.finish_reason
            ),
            // The conversation is as before; a shorter question may do.
            Err(error) => eprintln!("error: {error}"),
        }
    }
}

/// Ctrl-C: ends the answer that is being given, or the program between answers.
struct Interrupt {
    current: Arc<std::sync::Mutex<CancelToken>>,
    is_answering: Arc<AtomicBool>,
}

impl Interrupt {
    fn install() -> Result<Self, Failure> {
        let current = Arc::new(std::sync::Mutex::new(CancelToken::new()));
        let is_answering = Arc::new(AtomicBool::new(false));
        let (token, answering) = (current.clone(), is_answering.clone());
        ctrlc::set_handler(move || {
            if !answering.load(Ordering::Relaxed) {
                std::process::exit(0);
            }
            if let Ok(token) = token.lock() {
                token.cancel();
            }
        })?;
        Ok(Self {
            current,
            is_answering,
        })
    }

    fn for_this_answer(&self) -> CancelToken {
        let token = CancelToken::new();
        if let Ok(mut current) = self.current.lock() {
            *current = token.clone();
        }
        self.is_answering.store(true, Ordering::Relaxed);
        token
    }

    fn answer_is_over(&self) {
        self.is_answering.store(false, Ordering::Relaxed);
    }
}
