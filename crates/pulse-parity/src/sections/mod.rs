//! One section per stage.

mod anyres;
mod cases;
mod dataset;
mod decoder;
mod end_to_end;
mod evaluation;
mod f16_copy;
mod generation;
mod labels;
mod merge;
mod packed;
mod pillow;
mod precision;
mod preprocess;
mod projector;
mod prompts;
mod samplers;
mod schedules;
mod tokenizer;
mod training;
mod vision;

use std::fmt;
use std::str::FromStr;
use std::time::Instant;

use crate::check::{Check, SectionReport, Status};
use crate::golden::{Golden, GoldenError};
use crate::models::Models;

/// A stage of the project with reference values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Section(&'static Row);

/// Compares one stage with the folder's values.
type Comparison = fn(&Golden, &Models<'_>) -> Result<Vec<Check>, GoldenError>;

#[derive(Debug)]
struct Row {
    name: &'static str,
    /// A fixture without which there is nothing to compare.
    fixture: &'static str,
    /// The comparison; `None` while this version has no such stage.
    run: Option<Comparison>,
}

impl PartialEq for Row {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Row {}

/// All sections in the order of the data's way. Rows without a function are stages to come.
static ROWS: [Row; 20] = [
    Row {
        name: "anyres",
        fixture: "anyres_sizes.json",
        run: Some(anyres::run),
    },
    Row {
        name: "pillow",
        fixture: "pillow.safetensors",
        run: Some(pillow::run),
    },
    Row {
        name: "preprocess",
        fixture: "micro/preprocess.safetensors",
        run: Some(preprocess::run),
    },
    Row {
        name: "vision",
        fixture: "micro/vision.safetensors",
        run: Some(vision::run),
    },
    Row {
        name: "projector",
        fixture: "micro/vision.safetensors",
        run: Some(projector::run),
    },
    Row {
        name: "merge",
        fixture: "micro/merge.safetensors",
        run: Some(merge::run),
    },
    Row {
        name: "decoder",
        fixture: "micro/llm.safetensors",
        run: Some(decoder::run),
    },
    Row {
        name: "generation",
        fixture: "micro/cases.json",
        run: Some(generation::run),
    },
    Row {
        name: "precision",
        fixture: "micro/low_precision.safetensors",
        run: Some(precision::run),
    },
    Row {
        name: "tokenizer",
        fixture: "tokenizer/tokenizer.model",
        run: Some(tokenizer::run),
    },
    Row {
        name: "prompts",
        fixture: "tokenizer/tokenizer.model",
        run: Some(prompts::run),
    },
    Row {
        name: "end-to-end",
        fixture: "models/tiny32k-llava-bf16/tokenizer.model",
        run: Some(end_to_end::run),
    },
    Row {
        name: "labels",
        fixture: "text/labels.json",
        run: Some(labels::run),
    },
    Row {
        name: "dataset",
        fixture: "text/dataset.json",
        run: Some(dataset::run),
    },
    Row {
        name: "samplers",
        fixture: "train/samplers.json",
        run: Some(samplers::run),
    },
    Row {
        name: "schedules",
        fixture: "train/schedules.json",
        run: Some(schedules::run),
    },
    Row {
        name: "training",
        fixture: "train/adamw_runs.json",
        run: Some(training::run),
    },
    Row {
        name: "evaluation",
        fixture: "eval/scores.json",
        run: Some(evaluation::run),
    },
    Row {
        name: "q8",
        fixture: "micro/cases.json",
        run: Some(packed::run_q8),
    },
    Row {
        name: "q4",
        fixture: "micro/cases.json",
        run: Some(packed::run_q4),
    },
];

impl Section {
    /// All sections, those to come included.
    pub fn all() -> Vec<Self> {
        ROWS.iter().map(Self).collect()
    }

    /// Whether this version has the stage.
    pub fn exists(self) -> bool {
        self.0.run.is_some()
    }

    /// The section's name on the command line.
    pub fn name(self) -> &'static str {
        self.0.name
    }

    /// Runs the comparison. A fixture that cannot be read or a model that does not load is
    /// [`Status::Error`] with its message.
    pub fn run(self, golden: &Golden, models: &Models<'_>) -> SectionReport {
        let start = Instant::now();
        let mut message = None;
        let (status, checks) = match self.0.run {
            None => (Status::Missing, Vec::new()),
            Some(_) if !golden.has(self.0.fixture) => (Status::NoFixtures, Vec::new()),
            Some(run) => match run(golden, models) {
                Ok(checks) => (status(&checks), checks),
                Err(error) => {
                    message = Some(error.to_string());
                    (Status::Error, Vec::new())
                }
            },
        };
        let seconds = start.elapsed().as_secs_f64();
        SectionReport {
            section: self.0.name.to_owned(),
            status,
            checks,
            message,
            seconds,
        }
    }
}

fn status(checks: &[Check]) -> Status {
    if checks.iter().all(Check::is_empty) {
        Status::NoFixtures
    } else if checks.iter().all(Check::holds) {
        Status::Holds
    } else {
        Status::Fails
    }
}

impl fmt::Display for Section {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.0.name)
    }
}

impl FromStr for Section {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let known = || {
            ROWS.iter()
                .map(|row| row.name)
                .collect::<Vec<_>>()
                .join(", ")
        };
        ROWS.iter()
            .find(|row| row.name == name)
            .map(Self)
            .ok_or_else(|| format!("unknown section {name:?}; expected one of {}", known()))
    }
}
