//! `pulse-eval robustness`.

use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use pulse_eval::Task;
use pulse_eval::robustness::{
    BatteryOptions, Variation, battery_html, battery_markdown, robustness,
};
use pulse_llm::GenerateOptions;

use super::model::ModelArguments;
use super::output::{PlainFormat, file, json, text};
use super::{BootstrapArguments, Failure};

#[derive(Args)]
pub(super) struct RobustnessArguments {
    #[command(flatten)]
    model: ModelArguments,
    /// Folder for answers and robustness.html, .md and .json; a run that goes on skips what is answered there
    #[arg(long)]
    out: PathBuf,
    /// The task whose questions are asked; one that is scored without a judge
    #[arg(long, default_value = "ptb-test")]
    task: Task,
    /// Synthetic patients
    #[arg(long, default_value_t = 200)]
    items: u64,
    /// Seed of patients and wear
    #[arg(long, default_value_t = 0)]
    patient_seed: u64,
    /// Resolution of the pages in dots per inch
    #[arg(long, default_value_t = 200.0)]
    dpi: f64,
    /// Strengths of each kind of wear, above 0 to 1
    #[arg(long, default_value = "0.25,0.5,0.75,1", value_delimiter = ',', value_parser = parse_strength)]
    strengths: Vec<f32>,
    /// Only these kinds of change (all wear, rotation, noise, layout, speed, gain, lead swap, ...), separated by
    /// commas. Default: all
    #[arg(long, value_delimiter = ',')]
    axes: Vec<String>,
    /// Seeds for the repeatability of sampled answers; below 2 it is left out
    #[arg(long, default_value_t = 5)]
    repeats: u64,
    /// Temperature for them
    #[arg(long, allow_negative_numbers = true, default_value_t = 0.2)]
    repeat_temperature: f32,
    /// Questions answered together on a device
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1024))]
    batch: u32,
    /// Longest answer in tokens
    #[arg(long, default_value_t = 1024)]
    max_new_tokens: usize,
    /// text for people, json one object
    #[arg(long, value_enum, default_value_t = PlainFormat::Text)]
    format: PlainFormat,
    #[command(flatten)]
    bootstrap: BootstrapArguments,
}

fn parse_strength(text: &str) -> Result<f32, String> {
    let strength = text.trim().parse().ok();
    let strength = strength.filter(|strength: &f32| *strength > 0.0 && *strength <= 1.0);
    strength.ok_or_else(|| {
        "expected a number above 0 and at most 1, 1 is the strongest wear".to_owned()
    })
}

pub(super) fn run(arguments: &RobustnessArguments) -> Result<(), Failure> {
    let mut variations = Variation::battery(&arguments.strengths);
    for axis in &arguments.axes {
        if !variations.iter().any(|one| one.axis() == axis) {
            let mut known: Vec<&str> = variations.iter().map(Variation::axis).collect();
            known.dedup();
            return Err(format!(
                "--axes: no kind of change is called {axis:?}; there are {}",
                known.join(", ")
            )
            .into());
        }
    }
    if !arguments.axes.is_empty() {
        variations.retain(|one| arguments.axes.iter().any(|axis| axis == one.axis()));
    }
    let out = &arguments.out;
    let options = BatteryOptions {
        task: arguments.task,
        items: arguments.items,
        seed: arguments.patient_seed,
        dpi: arguments.dpi,
        variations,
        generate: GenerateOptions {
            max_new_tokens: arguments.max_new_tokens,
            ..GenerateOptions::greedy()
        },
        repeats: arguments.repeats,
        temperature: arguments.repeat_temperature,
        batch: usize::try_from(arguments.batch)?,
        bootstrap: arguments.bootstrap.options(),
        ..BatteryOptions::new(out)
    };
    // Before the model, which takes longer: a wrong setting shows at once.
    options.validate()?;
    let models = arguments.model.load()?;
    let report = robustness(&models, &options, |name, number, all| {
        // Who looks may be gone; the battery goes on.
        let _ = writeln!(std::io::stderr(), "{number} of {all}: {name}");
    })?;
    let markdown = battery_markdown(&report);
    file(
        &out.join("robustness.html"),
        battery_html(&report).as_bytes(),
    )?;
    file(&out.join("robustness.md"), markdown.as_bytes())?;
    file(&out.join("robustness.json"), &serde_json::to_vec(&report)?)?;
    match arguments.format {
        PlainFormat::Json => json(&report),
        PlainFormat::Text => text(&markdown),
    }
}
