//! The published scores of ECGBench: what is read from answers, and what is computed from it.

use std::collections::BTreeMap;

use pulse_eval::Task;
use pulse_eval::published::{
    PublishedReport, PublishedScores, PythonRandom, extract_letter, score_multilabel,
    score_published,
};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::check::Check;
use crate::golden::{Golden, GoldenError};
use crate::models::Models;

/// The original's figures are stored with all digits, and ours are computed in its order; found equal so far.
const SCORE_ABS: f64 = 1e-12;

/// A stored figure with all its digits. The JSON reader's own way from digits to a float is off by a last
/// digit now and then, which would look like a difference.
#[derive(Deserialize)]
#[serde(try_from = "Box<RawValue>")]
struct Exact(f64);

impl TryFrom<Box<RawValue>> for Exact {
    type Error = String;

    fn try_from(raw: Box<RawValue>) -> Result<Self, Self::Error> {
        let digits = raw.get();
        let parsed = digits.parse();
        parsed
            .map(Self)
            .map_err(|error| format!("{digits} is no number: {error}"))
    }
}

/// What the original found for one task of one set of answers.
#[derive(Deserialize)]
struct Stored {
    stdout: Vec<String>,
    accuracy: Option<Exact>,
    f1: Option<Exact>,
    auc: Option<Exact>,
    hamming: Option<Exact>,
    predicted: Option<Vec<Labels>>,
    extracted: Option<Vec<Option<char>>>,
    fallbacks: Option<usize>,
}

/// One letter or several labels.
#[derive(Deserialize)]
#[serde(untagged)]
enum Labels {
    One(String),
    Many(Vec<String>),
}

#[derive(Deserialize)]
struct Units {
    extract: Vec<(String, Extracted)>,
    f1_auc: Vec<Case>,
    python_random_seed_42: Choices,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Extracted {
    Letter(char),
    Raises { raises: String },
    Nothing(()),
}

#[derive(Deserialize)]
struct Case {
    predicted: Vec<Vec<String>>,
    #[serde(rename = "true")]
    gold: Vec<Vec<String>>,
    f1: Option<Exact>,
    auc: Option<Exact>,
    hamming: Option<Exact>,
}

#[derive(Deserialize)]
struct Choices {
    #[serde(rename = "choice_ABCD")]
    four: Vec<char>,
    #[serde(rename = "then_choice_AH")]
    eight: Vec<char>,
}

pub(super) fn run(golden: &Golden, _: &Models<'_>) -> Result<Vec<Check>, GoldenError> {
    let mut printed = Check::exact("printed lines (tasks that differ)");
    let mut scores = Check::within("accuracy, F1, AUC, Hamming loss: max abs", SCORE_ABS);
    let mut letters = Check::exact("letters read from answers (tasks that differ)");
    let mut predictions = Check::exact("labels and random letters (tasks that differ)");
    let stored: BTreeMap<String, BTreeMap<String, Stored>> = golden.json("eval/scores.json")?;
    for (level, tasks) in &stored {
        let answers = golden.path(&format!("eval/answers/{level}"));
        let report = match score_published(&answers, &golden.path("eval/golden")) {
            Ok(report) => report,
            Err(error) => {
                printed.equal(level, error.to_string().as_str(), "scores");
                continue;
            }
        };
        for (name, theirs) in tasks {
            let case = format!("{level} {name}");
            let Some(ours) = found(&report, name) else {
                printed.equal(&case, "not scored", "scored");
                continue;
            };
            printed.equal(&case, &ours.stdout, &theirs.stdout);
            let Some(file) = ours.files.first() else {
                continue;
            };
            for (figure, ours, theirs) in figures(file.scores.as_ref(), theirs) {
                scores.difference(&format!("{case} {figure}"), distance(ours, theirs));
            }
            if let Some(theirs) = &theirs.extracted {
                letters.equal(&case, &file.extracted, theirs);
            }
            if let Some(theirs) = theirs.fallbacks {
                letters.equal(&case, &file.fallbacks, &theirs);
            }
            if let Some(theirs) = &theirs.predicted {
                let theirs: Vec<Vec<String>> = theirs
                    .iter()
                    .map(|labels| match labels {
                        Labels::One(label) => vec![label.clone()],
                        Labels::Many(labels) => labels.clone(),
                    })
                    .collect();
                // Order within an answer is the original's order of looking for labels.
                predictions.equal(&case, &sorted(&file.predicted), &sorted(&theirs));
            }
        }
    }
    let mut checks = vec![printed, scores, letters, predictions];
    checks.extend(unit_cases(&golden.json("eval/unit_cases.json")?));
    Ok(checks)
}

fn found<'a>(
    report: &'a PublishedReport,
    name: &str,
) -> Option<&'a pulse_eval::published::PublishedTask> {
    let task = match name {
        "mmmu" => Task::MmmuEcg,
        "ptb" => Task::PtbTest,
        "cpsc" => Task::CpscTest,
        "csn" => Task::CsnTestNoCot,
        "g12" => Task::G12TestNoCot,
        "ecgqa" => Task::EcgqaTest,
        "code15" => Task::Code15Test,
        _ => return None,
    };
    report.tasks.iter().find(|one| one.task == task)
}

/// Our figures beside the stored ones. A skipped file has none, and neither has the original.
fn figures<'a>(
    ours: Option<&PublishedScores>,
    theirs: &'a Stored,
) -> Vec<(&'static str, Option<f64>, &'a Option<Exact>)> {
    match ours {
        None => vec![
            ("accuracy", None, &theirs.accuracy),
            ("f1", None, &theirs.f1),
        ],
        Some(PublishedScores::Accuracy { accuracy }) => {
            vec![("accuracy", Some(*accuracy), &theirs.accuracy)]
        }
        Some(PublishedScores::Multilabel(scores)) => vec![
            ("f1", Some(scores.f1), &theirs.f1),
            ("auc", Some(scores.auc), &theirs.auc),
            ("hamming", Some(scores.hamming), &theirs.hamming),
        ],
    }
}

/// Stored null is NaN or absent.
fn distance(ours: Option<f64>, theirs: &Option<Exact>) -> f64 {
    match (ours.filter(|value| !value.is_nan()), theirs) {
        (None, None) => 0.0,
        (Some(ours), Some(Exact(theirs))) => (ours - theirs).abs(),
        _ => f64::INFINITY,
    }
}

fn sorted(rows: &[Vec<String>]) -> Vec<Vec<String>> {
    let sort = |row: &Vec<String>| {
        let mut row = row.clone();
        row.sort();
        row
    };
    rows.iter().map(sort).collect()
}

fn unit_cases(units: &Units) -> Vec<Check> {
    let mut letters = Check::exact("hand-made answers: letters");
    for (answer, theirs) in &units.extract {
        let ours = extract_letter(answer);
        let is_equal = match theirs {
            Extracted::Letter(letter) => ours == Ok(Some(*letter)),
            Extracted::Nothing(()) => ours == Ok(None),
            Extracted::Raises { raises } => ours.is_err() && raises == "IndexError",
        };
        letters.equal(&format!("{answer:?} gives {ours:?}"), &is_equal, &true);
    }
    let mut scores = Check::within("hand-made label sets: max abs", SCORE_ABS);
    for (index, case) in units.f1_auc.iter().enumerate() {
        let ours = score_multilabel(&case.gold, &case.predicted).ok();
        let pairs = [
            ("f1", ours.as_ref().map(|ours| ours.f1), &case.f1),
            ("auc", ours.as_ref().map(|ours| ours.auc), &case.auc),
            (
                "hamming",
                ours.as_ref().map(|ours| ours.hamming),
                &case.hamming,
            ),
        ];
        for (figure, ours, theirs) in pairs {
            scores.difference(&format!("case {index} {figure}"), distance(ours, theirs));
        }
    }
    let mut choices = Check::exact("Python's random.choice after seed(42)");
    let mut random = PythonRandom::new(42);
    let drawn = |length: u32, theirs: &[char], random: &mut PythonRandom| -> Vec<char> {
        theirs
            .iter()
            .filter_map(|_| char::from_u32(u32::from('A') + random.choice(length)))
            .collect()
    };
    let theirs = &units.python_random_seed_42;
    let four = drawn(4, &theirs.four, &mut random);
    choices.equal("of four", &four, &theirs.four);
    let eight = drawn(8, &theirs.eight, &mut random);
    choices.equal("then of eight", &eight, &theirs.eight);
    vec![letters, scores, choices]
}
