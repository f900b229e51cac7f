//! What probabilities of labels cost beside a greedy answer: interleaved pairs, medians.
//!
//! `cargo bench --workspace --bench likelihood --profile dev -- [MODEL] [PICTURE]`; without arguments the bundled random model
//! and page. A random model never ends an answer, so each length of answer is measured on its own.

#![allow(missing_docs, clippy::print_stdout)]

use std::hint::black_box;
use std::time::Instant;

use pulse_eval::Task;
use pulse_eval::run::label_candidates;
use pulse_llm::{BatchQuestion, Candidate, GenerateOptions, LoadOptions, Pulse, open_image};

/// Pairs of each measurement.
const PAIRS: usize = 15;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../../datasets");
    let mut arguments = std::env::args()
        .skip(1)
        .filter(|one| !one.starts_with("--"));
    let model = arguments.next().unwrap_or(format!("{root}/pulse-random"));
    let picture = arguments
        .next()
        .unwrap_or(format!("{root}/pages/sinus-rhythm.png"));
    let pulse = Pulse::load(&model, LoadOptions::default())?;
    let page = open_image(&picture)?;
    println!("model {model}, {PAIRS} interleaved pairs, medians in ms");
    println!(
        "| task | candidates | answer tokens | greedy | labels alone | share | both | share |"
    );
    println!("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
    for task in [
        Task::MmmuEcg,
        Task::CsnTestNoCot,
        Task::PtbTest,
        Task::Code15Test,
        Task::CpscTest,
    ] {
        let question = format!(
            "Which of these labels apply to this ECG? Choose all that apply: {}.",
            task.labels().join(", ")
        );
        let found = label_candidates(task, &question).ok_or("the task has no labels")?;
        for tokens in [8, 32] {
            let ask =
                |tokens: usize, candidates: &[Candidate]| -> Result<f64, pulse_llm::PulseError> {
                    let options = GenerateOptions {
                        max_new_tokens: tokens,
                        ..GenerateOptions::greedy()
                    };
                    let start = Instant::now();
                    let picture = pulse.model().encode(&page)?;
                    let question = BatchQuestion {
                        picture: Some(&picture),
                        text: &question,
                        candidates,
                    };
                    black_box(pulse.answer_batch(&[question], &options)?);
                    Ok(start.elapsed().as_secs_f64() * 1e3)
                };
            let mut times: [Vec<f64>; 3] = Default::default();
            for _ in 0..PAIRS {
                times[0].push(ask(tokens, &[])?);
                // The one token comes from the prefill, which both need.
                times[1].push(ask(1, found.candidates())?);
                times[2].push(ask(tokens, found.candidates())?);
            }
            let [greedy, labels, both] = times.map(median);
            println!(
                "| {task} | {} | {tokens} | {greedy:.1} | {labels:.1} | {:.2} | {both:.1} | {:.2} |",
                found.candidates().len(),
                labels / greedy,
                both / greedy
            );
        }
    }
    Ok(())
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
