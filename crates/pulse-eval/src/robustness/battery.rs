//! Drawing, asking and scoring every variation.

use std::path::{Path, PathBuf};

use pulse_data::bench::BenchConversation;
use pulse_data::synthesize::{BenchCase, SynthesizeError, bench_case};
use pulse_ecg::page::{PageRenderer, PageSettings};
use pulse_llm::{GenerateOptions, Pulse};
use rayon::prelude::*;
use serde::Serialize;

use super::error::BatteryError;
use super::repeat::{ItemReading, Repeatability, repeatability, same_share};
use super::variation::Variation;
use crate::run::{RunError, RunOptions, RunSettings, config_of, last_answered, run};
use crate::statistics::BootstrapOptions;
use crate::strict::{Figure, ScoredItem, StrictOptions, score_strict};
use crate::task::{Task, TaskKind};

/// What the battery does.
#[derive(Debug, Clone)]
pub struct BatteryOptions {
    /// Folder for answers and results. The same call goes on with what is open.
    pub out: PathBuf,
    /// The task whose questions are asked; one that is scored without a judge.
    pub task: Task,
    /// Patients.
    pub items: u64,
    /// Seed of patients and wear.
    pub seed: u64,
    /// Resolution of the pages.
    pub dpi: f64,
    /// The changes; the clean page is always asked, too.
    pub variations: Vec<Variation>,
    /// How tokens are chosen.
    pub generate: GenerateOptions,
    /// Seeds for the repeatability of sampled answers; below 2 it is left out.
    pub repeats: u64,
    /// Temperature for them.
    pub temperature: f32,
    /// Questions answered together on a device.
    pub batch: usize,
    /// How intervals are made.
    pub bootstrap: BootstrapOptions,
}

impl BatteryOptions {
    /// The whole battery at strengths 0.25, 0.5, 0.75 and 1 over 200 patients with the questions of ptb-test.
    pub fn new(out: impl Into<PathBuf>) -> Self {
        Self {
            out: out.into(),
            task: Task::PtbTest,
            items: 200,
            seed: 0,
            dpi: 200.0,
            variations: Variation::battery(&[0.25, 0.5, 0.75, 1.0]),
            generate: GenerateOptions::greedy(),
            repeats: 5,
            temperature: 0.2,
            batch: 1,
            bootstrap: BootstrapOptions::default(),
        }
    }

    /// Checks every setting.
    ///
    /// # Errors
    /// [`BatteryError`] names the first one out of range.
    pub fn validate(&self) -> Result<(), BatteryError> {
        let fail = |name, found: String, expected| {
            Err(BatteryError::Setting {
                name,
                found,
                expected,
            })
        };
        if matches!(self.task.kind(), TaskKind::Report | TaskKind::Arena) {
            return Err(BatteryError::Judged { task: self.task });
        }
        if self.items == 0 || self.items > 100_000 {
            return fail("the number of items", self.items.to_string(), "1 to 100000");
        }
        let strengths = self.variations.iter().filter_map(Variation::strength);
        let mut outside = strengths.filter(|strength| !(*strength > 0.0 && *strength <= 1.0));
        if let Some(strength) = outside.next() {
            return fail(
                "a strength of wear",
                strength.to_string(),
                "above 0, at most 1",
            );
        }
        if self.repeats > 1 && !(self.temperature > 0.0 && self.temperature.is_finite()) {
            return fail(
                "the temperature of the repeats",
                self.temperature.to_string(),
                "above 0: at 0 every seed gives the same answer",
            );
        }
        self.generate
            .validate()
            .map_err(|error| RunError::from(pulse_llm::PulseError::from(error)))?;
        // Also says what is wrong with the resolution.
        let page = PageSettings {
            dpi: self.dpi,
            ..PageSettings::default()
        };
        PageRenderer::new(page).map_err(SynthesizeError::from)?;
        Ok(())
    }
}

/// What the battery found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BatteryReport {
    /// The model and how it was asked.
    pub settings: RunSettings,
    /// The task.
    pub task: Task,
    /// Patients.
    pub items: u64,
    /// Seed of patients and wear.
    pub seed: u64,
    /// Resolution of the pages.
    pub dpi: f64,
    /// One entry per variation, the clean page first.
    pub results: Vec<VariationResult>,
    /// Whether sampled answers repeat, on the clean page.
    pub repeatability: Option<Repeatability>,
}

/// What one variation did.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct VariationResult {
    /// Its name.
    pub variation: String,
    /// The kind of change.
    pub axis: &'static str,
    /// Its strength, for graded ones.
    pub strength: Option<f32>,
    /// The task's figures.
    pub figures: Vec<Figure>,
    /// Share of the items that are read as on the clean page, rightly or wrongly; none if no answer to one of the
    /// two could be read.
    pub same_as_clean: Option<f64>,
}

/// Asks every variation.
///
/// `models` are loads of one checkpoint that share the work; `progress` gets the name of each variation before it
/// is asked, its number from 1, and how many there are.
///
/// # Errors
/// [`BatteryError`] for settings out of range, pages that cannot be drawn, and questions that fail.
pub fn robustness(
    models: &[Pulse],
    options: &BatteryOptions,
    mut progress: impl FnMut(&str, usize, usize),
) -> Result<BatteryReport, BatteryError> {
    options.validate()?;
    let cases = (0..options.items)
        .into_par_iter()
        .map(|number| bench_case(options.seed, config_of(options.task), number))
        .collect::<Result<Vec<BenchCase>, _>>()?;
    let mut variations = vec![Variation::Clean];
    let others = options.variations.iter();
    variations.extend(others.filter(|one| **one != Variation::Clean).cloned());
    let repeats = if options.repeats < 2 {
        0
    } else {
        options.repeats
    };
    let all = variations.len() + usize::try_from(repeats).unwrap_or(0);

    let mut results = Vec::new();
    let mut clean: Vec<ItemReading> = Vec::new();
    let mut settings = None;
    for (number, variation) in variations.iter().enumerate() {
        let name = variation.to_string();
        progress(&name, number + 1, all);
        let asked = ask(
            models,
            options,
            &cases,
            variation,
            &variation.folder(),
            &options.generate,
        )?;
        if number == 0 {
            clean.clone_from(&asked.readings);
        }
        results.push(VariationResult {
            same_as_clean: same_share(&clean, &asked.readings),
            variation: name,
            axis: variation.axis(),
            strength: variation.strength(),
            figures: asked.figures,
        });
        settings.get_or_insert(asked.settings);
    }
    let mut readings = Vec::new();
    for seed in 0..repeats {
        let name = format!("seed {seed}");
        progress(&name, readings.len() + 1 + variations.len(), all);
        let generate = GenerateOptions {
            temperature: options.temperature,
            seed,
            ..options.generate.clone()
        };
        let folder = format!("seed-{seed}");
        readings.push(
            ask(
                models,
                options,
                &cases,
                &Variation::Clean,
                &folder,
                &generate,
            )?
            .readings,
        );
    }
    Ok(BatteryReport {
        settings: settings.ok_or(RunError::NoModel)?,
        task: options.task,
        items: options.items,
        seed: options.seed,
        dpi: options.dpi,
        results,
        repeatability: (repeats > 0).then(|| repeatability(&readings, options.temperature)),
    })
}

/// The answers to one variation.
struct Asked {
    settings: RunSettings,
    figures: Vec<Figure>,
    /// What was read, in the order of the items.
    readings: Vec<ItemReading>,
}

fn ask(
    models: &[Pulse],
    options: &BatteryOptions,
    cases: &[BenchCase],
    variation: &Variation,
    name: &str,
    generate: &GenerateOptions,
) -> Result<Asked, BatteryError> {
    let bench = options.out.join("pages").join(name);
    // Answers to other patients or pages are others; each has its own folder.
    let pages = format!("patients-{}-{}dpi", options.seed, options.dpi);
    let answers = options.out.join("answers").join(options.task.name());
    let answers = answers.join(pages).join(name);
    // The scorer would take answers to patients who are not asked about for those of another benchmark.
    let last = last_answered(&answers, options.task)?;
    if let Some(last) = last.filter(|last| *last >= options.items) {
        return Err(BatteryError::MoreAnswers {
            path: answers,
            last,
            items: options.items,
        });
    }
    draw(options, cases, variation, &bench)?;
    let run_options = RunOptions {
        generate: generate.clone(),
        batch: options.batch,
        ..RunOptions::new(&bench, &[options.task], &answers)
    };
    let report = run(models, &run_options, |_| {})?;
    if let Some(first) = report.failures.first() {
        return Err(BatteryError::Unanswered {
            variation: variation.to_string(),
            failed: report.failures.len(),
            reason: first.reason.clone(),
        });
    }
    let strict = StrictOptions {
        bootstrap: options.bootstrap,
        ..StrictOptions::default()
    };
    let scored = score_strict(&answers, &bench, strict)?;
    // The pages of all variations together would be large, and can be drawn again.
    std::fs::remove_dir_all(&bench).map_err(|source| BatteryError::File {
        path: bench,
        source,
    })?;
    let mut asked = Asked {
        settings: report.settings,
        figures: Vec::new(),
        readings: Vec::new(),
    };
    for task in scored.tasks {
        asked.figures = task.figures;
        asked.readings = task.items.into_iter().map(reading).collect();
    }
    Ok(asked)
}

fn reading(item: ScoredItem) -> ItemReading {
    match item.outcome {
        "read" => Ok(item.predicted),
        other => Err(other),
    }
}

/// Writes a benchmark with one task.
fn draw(
    options: &BatteryOptions,
    cases: &[BenchCase],
    variation: &Variation,
    bench: &Path,
) -> Result<(), BatteryError> {
    #[derive(Serialize)]
    struct Item<'a> {
        id: &'a str,
        image: String,
        conversations: &'a BenchConversation,
    }
    let failed = |path: PathBuf| move |source| BatteryError::File { path, source };
    let images = bench.join("images");
    std::fs::create_dir_all(&images).map_err(failed(images.clone()))?;
    let items = cases
        .par_iter()
        .enumerate()
        .map(|(number, case)| {
            // Wear is drawn anew for each patient, but is the same for each strength and run.
            let seed = options
                .seed
                .wrapping_mul(1_000_003)
                .wrapping_add(number as u64);
            let page = variation.draw(&case.recording, options.dpi, seed)?;
            let image = format!("{number}.png");
            let path = images.join(&image);
            std::fs::write(&path, page).map_err(failed(path.clone()))?;
            Ok(Item {
                id: &case.id,
                image,
                conversations: &case.conversation,
            })
        })
        .collect::<Result<Vec<_>, BatteryError>>()?;
    let path = bench.join(format!("{}.json", options.task));
    let json = serde_json::to_vec(&items).map_err(|error| failed(path.clone())(error.into()))?;
    std::fs::write(&path, json).map_err(failed(path.clone()))
}
