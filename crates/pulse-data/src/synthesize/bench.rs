//! A benchmark in the shape of ECGBench: the same nine kinds of questions, answered by construction.

use pulse_ecg::patients::{Finding, Mixture, PatientPlan};
use rand::Rng;

use super::case::Case;
use super::error::SynthesizeError;
use super::facts::sentence;
use super::options::SynthesizeOptions;
use super::questions::{letter, options_with};
use super::random::{below, generator, shuffle, unit};
use crate::bench::{ArenaTurn, BenchConfig, BenchConversation, BenchTask, BenchTurn, TurnValue};

/// Patients of the benchmark have numbers of their own, so that none of them is in another set.
const FIRST_PATIENT: u64 = 50_000_000;
/// The question of the report task.
const REPORT: &str = "Please write a clinical report based on this ECG image.";
/// Patients that may be drawn for one item until one fits its question.
const ATTEMPTS: u64 = 64;

/// An item without its page.
pub(super) struct Item {
    pub(super) case: Case,
    pub(super) conversation: BenchConversation,
}

/// Item number `number` of a configuration.
pub(super) fn make_item(
    seed: u64,
    config: BenchConfig,
    number: u64,
) -> Result<Item, SynthesizeError> {
    let place = BenchConfig::ALL
        .iter()
        .position(|other| *other == config)
        .unwrap_or(0) as u64;
    // Configurations lie side by side, so that the number of items of one does not move the others.
    let first = FIRST_PATIENT + (number * BenchConfig::ALL.len() as u64 + place) * ATTEMPTS;
    let mut last = None;
    for patient in first..first + ATTEMPTS {
        let mut rng = generator(seed, config.name(), patient);
        let plan = draw_plan(config, &mut rng);
        let case = Case::of_plan(seed, plan, patient, 0)?;
        if let Some(conversation) = ask(&case, config, &mut rng) {
            return Ok(Item { case, conversation });
        }
        last = Some(case);
    }
    // Every kind fits at least one patient in three, so this is out of reach for any seed that will be met.
    let case = match last {
        Some(case) => case,
        None => Case::make(seed, Mixture::default(), first, 0)?,
    };
    Ok(Item {
        conversation: turns(REPORT, TurnValue::Text(case.ecg.report.clone())),
        case,
    })
}

/// A patient of the hospital's mixture, or one with a finding that the configuration asks for.
fn draw_plan(config: BenchConfig, rng: &mut impl Rng) -> PatientPlan {
    let wanted: Vec<Finding> = match config {
        BenchConfig::CpscTest | BenchConfig::Code15Test => Finding::ALL
            .iter()
            .copied()
            .filter(|finding| short_label(config, *finding).is_some())
            .collect(),
        BenchConfig::CsnTest | BenchConfig::G12Test | BenchConfig::MmmuEcg => Finding::ALL.to_vec(),
        _ => Vec::new(),
    };
    match wanted.is_empty() || unit(rng) < 0.3 {
        true => PatientPlan::draw(rng),
        false => PatientPlan::with_finding(wanted[below(rng, wanted.len())], rng),
    }
}

/// Item number `number` of the benchmark of reports in statements, whose patients are drawn as those of the sets.
pub(super) fn make_statements_item(
    options: &SynthesizeOptions,
    number: u64,
) -> Result<Item, SynthesizeError> {
    let patient = FIRST_PATIENT + number;
    let case = Case::make(options.seed, options.mixture, patient, 0)?;
    let report = TurnValue::Text(case.statements().to_string());
    Ok(Item {
        conversation: turns(REPORT, report),
        case,
    })
}

fn turns(question: &str, answer: TurnValue) -> BenchConversation {
    let turn = |from: &str, value| BenchTurn {
        from: from.to_owned(),
        value,
    };
    BenchConversation::Turns(vec![
        turn("human", TurnValue::Text(format!("<image>\n{question}"))),
        turn("gpt", answer),
    ])
}

/// Question and right answer, `None` if the case has none.
fn ask(case: &Case, config: BenchConfig, rng: &mut impl Rng) -> Option<BenchConversation> {
    match config.task() {
        BenchTask::MultiLabel => multi_label(case, config),
        BenchTask::Report => Some(turns(REPORT, TurnValue::Text(case.ecg.report.clone()))),
        BenchTask::OptionSet => option_set(case, rng),
        BenchTask::EightOptions => lettered(case, 8, true, rng),
        BenchTask::FourOptions => lettered(case, 4, false, rng),
        BenchTask::TwoTurns => Some(BenchConversation::Arena(vec![
            ArenaTurn {
                question: "What are the rhythm and the ventricular rate in this ECG?".to_owned(),
                answer: sentence(&format!("{} at {} bpm", case.rhythm(), case.rate())),
            },
            ArenaTurn {
                question: "Which findings support your overall interpretation?".to_owned(),
                answer: case.ecg.report.clone(),
            },
        ])),
    }
}

fn multi_label(case: &Case, config: BenchConfig) -> Option<BenchConversation> {
    let labels = gold_labels(case, config);
    if labels.is_empty() {
        return None;
    }
    let question = format!(
        "Which of these labels apply to this ECG? Choose all that apply: {}.",
        config.labels().join(", ")
    );
    Some(turns(&question, TurnValue::Text(labels.join(", "))))
}

/// The labels of a case in the configuration's order.
fn gold_labels(case: &Case, config: BenchConfig) -> Vec<&'static str> {
    let is_normal = case.ecg.findings == [Finding::SinusRhythm];
    let found: Vec<&str> = match config {
        BenchConfig::PtbTest => case
            .ecg
            .superclasses()
            .iter()
            .map(|class| class.code())
            .collect(),
        _ => {
            let findings = case.ecg.findings.iter();
            findings
                .filter_map(|finding| short_label(config, *finding))
                .collect()
        }
    };
    let mut labels: Vec<&str> = config
        .labels()
        .iter()
        .copied()
        .filter(|label| found.contains(label))
        .collect();
    if labels.is_empty() && is_normal {
        labels.push("NORM");
    } else if labels.is_empty() && config == BenchConfig::Code15Test {
        // As the data set: abnormal, but with none of the six abnormalities.
        labels.push("ABNORMAL");
    }
    labels
}

/// The label that CPSC 2018 and CODE-15% have for a finding.
fn short_label(config: BenchConfig, finding: Finding) -> Option<&'static str> {
    let is_cpsc = config == BenchConfig::CpscTest;
    Some(match finding {
        Finding::AtrialFibrillation => "AF",
        Finding::LeftBundleBranchBlock => "LBBB",
        Finding::RightBundleBranchBlock => "RBBB",
        Finding::FirstDegreeAvBlock if is_cpsc => "I-AVB",
        Finding::FirstDegreeAvBlock => "1dAVb",
        Finding::SinusBradycardia if !is_cpsc => "SB",
        Finding::SinusTachycardia if !is_cpsc => "ST",
        Finding::PrematureAtrialContractions if is_cpsc => "PAC",
        Finding::PrematureVentricularContractions if is_cpsc => "PVC",
        other if is_cpsc && other.st_depression().is_some() => "STD",
        other if is_cpsc && other.st_elevation().is_some() => "STE",
        _ => return None,
    })
}

/// As ECG-QA asks: yes or no, or all that apply of a list, with the closing sentence that the scorer expects.
/// Everything is lower case, because the original's scorer compares with lower-cased answers.
fn option_set(case: &Case, rng: &mut impl Rng) -> Option<BenchConversation> {
    let absent = case.absent();
    let shown = case.ecg.findings[below(rng, case.ecg.findings.len())];
    let name = |finding: Finding| finding.name().to_lowercase();
    let (question, options, answers) = if unit(rng) < 0.5 {
        let is_present = absent.is_empty() || unit(rng) < 0.5;
        let asked = if is_present {
            shown
        } else {
            absent[below(rng, absent.len())]
        };
        let answer = if is_present { "yes" } else { "no" };
        (
            format!("Does this ECG show {}?", name(asked)),
            vec!["yes".to_owned(), "no".to_owned()],
            vec![answer.to_owned()],
        )
    } else {
        let mut options: Vec<Finding> = absent.clone();
        if options.len() < 3 {
            return None;
        }
        shuffle(rng, &mut options);
        options.truncate(3);
        let has_answer = unit(rng) < 0.8;
        if has_answer {
            options.extend(case.ecg.findings.iter().copied().take(2));
        }
        shuffle(rng, &mut options);
        let right = options.iter().copied().filter(|option| case.shows(*option));
        let mut answers: Vec<String> = right.map(name).collect();
        if answers.is_empty() {
            answers.push("none".to_owned());
        }
        let mut names: Vec<String> = options.into_iter().map(name).collect();
        names.push("none".to_owned());
        (
            "Which of these findings does this ECG show?".to_owned(),
            names,
            answers,
        )
    };
    let question = format!(
        "{question} Options: {}\nOnly answer based on the given Options without any explanation.",
        options.join(", ")
    );
    Some(turns(&question, TurnValue::Answers(answers)))
}

/// One of lettered options; the answer is the letter, with the option's text if asked.
fn lettered(
    case: &Case,
    number: usize,
    with_text: bool,
    rng: &mut impl Rng,
) -> Option<BenchConversation> {
    let shown = case.ecg.findings[below(rng, case.ecg.findings.len())];
    let options = options_with(case, shown, number, rng)?;
    let place = options.iter().position(|option| *option == shown)?;
    let list: Vec<String> = options
        .iter()
        .enumerate()
        .map(|(place, finding)| format!("{}. {finding}", letter(place)))
        .collect();
    let question = format!(
        "What does this ECG show? Answer with the letter of the right option.\n{}",
        list.join("\n")
    );
    let answer = match with_text {
        true => format!("{}. {shown}", letter(place)),
        false => letter(place).to_string(),
    };
    Some(turns(&question, TurnValue::Text(answer)))
}
