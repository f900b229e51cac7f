//! Conversations to ids and labels.

use pulse_data::labels::{LabelOptions, LabelPolicy, Labelled, Labeller, SampleDefect};
use pulse_data::{Message, Sample};
use pulse_llm::text::{ConversationTemplate, Tokenizer};
use serde::Deserialize;
use serde_json::Value;

use super::tokenizer::load;
use crate::check::Check;
use crate::golden::{Golden, GoldenError};
use crate::models::Models;

#[derive(Deserialize)]
struct Fixture {
    model_max_length: usize,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    version: String,
    has_image: bool,
    conversations: Vec<Message>,
    nonlegacy: Labels,
    /// The same where it differs, else the word "same".
    legacy: Value,
}

#[derive(Deserialize)]
struct Labels {
    input_ids: Vec<i32>,
    labels: Vec<i32>,
    mismatch_warning: bool,
    supervised: usize,
}

pub(super) fn run(golden: &Golden, _: &Models<'_>) -> Result<Vec<Check>, GoldenError> {
    let fixture: Fixture = golden.json("text/labels.json")?;
    let mut checks = Vec::new();
    for legacy in [false, true] {
        let tokenizer = load(golden, legacy, false)?;
        let behaviour = if legacy { "legacy on" } else { "legacy off" };
        let mut reference = Check::exact(format!("ids and labels, policy reference, {behaviour}"));
        let mut own = Check::exact(format!("ids and labels, policy truncate, {behaviour}"));
        let mut rescued = Check::exact(format!(
            "samples that the original masks: learnt or reported here, {behaviour}"
        ));
        for case in &fixture.cases {
            let other =
                (legacy && case.legacy != "same").then(|| Labels::deserialize(&case.legacy));
            let other = other.transpose().map_err(|error| GoldenError::Fixture {
                path: golden.path("text/labels.json"),
                reason: error.to_string(),
            })?;
            let theirs = other.as_ref().unwrap_or(&case.nonlegacy);
            let label = |policy| label(case, policy, &tokenizer, fixture.model_max_length);
            compare_reference(case, &label(LabelPolicy::Reference), theirs, &mut reference);
            let ours = label(LabelPolicy::Truncate);
            if theirs.mismatch_warning {
                rescued.equal(&case.name, &is_sound(&ours), &true);
            } else {
                compare_own(case, &ours, theirs, &mut own);
            }
        }
        checks.extend([reference, own, rescued]);
    }
    Ok(checks)
}

fn label(
    case: &Case,
    policy: LabelPolicy,
    tokenizer: &Tokenizer,
    max_length: usize,
) -> Result<Labelled, String> {
    let template = ConversationTemplate::named(&case.version).map_err(|error| error.to_string())?;
    let options = LabelOptions {
        template,
        policy,
        max_length,
    };
    let labeller = Labeller::new(tokenizer.clone(), options).map_err(|error| error.to_string())?;
    let sample = Sample {
        id: case.name.clone(),
        image: case.has_image.then(|| "picture.png".into()),
        conversations: case.conversations.clone(),
    };
    let labelled = labeller.label(&sample).map_err(|error| error.to_string())?;
    match labelled {
        // Text alone is cut at the longest sequence here too; the original does not cut samples
        // with a picture at this stage.
        Labelled::Kept(tokenized) if !case.has_image => labeller
            .fit(&sample, tokenized, 0)
            .map_err(|error| error.to_string()),
        other => Ok(other),
    }
}

fn compare_reference(
    case: &Case,
    ours: &Result<Labelled, String>,
    theirs: &Labels,
    check: &mut Check,
) {
    let Ok(Labelled::Kept(ours)) = ours else {
        check.equal(&case.name, &format!("{ours:?}"), &"ids".to_owned());
        return;
    };
    let is_mismatch =
        |defect: &SampleDefect| matches!(defect, SampleDefect::TokenizationMismatch { .. });
    check.equal(&case.name, &ours.input_ids, &theirs.input_ids);
    check.equal(&case.name, &ours.labels, &theirs.labels);
    check.equal(&case.name, &ours.supervised(), &theirs.supervised);
    check.equal(
        &case.name,
        &ours.defects.iter().any(is_mismatch),
        &theirs.mismatch_warning,
    );
}

fn compare_own(case: &Case, ours: &Result<Labelled, String>, theirs: &Labels, check: &mut Check) {
    match ours {
        Ok(Labelled::Kept(ours)) => {
            check.equal(&case.name, &ours.input_ids, &theirs.input_ids);
            check.equal(&case.name, &ours.labels, &theirs.labels);
        }
        // The original leaves a first answer without question out in silence.
        Ok(Labelled::Dropped(SampleDefect::NotAlternating { message: 0, .. })) => {}
        // The original looks for none of its marks in questions about no picture.
        other => check.equal(&case.name, &format!("{other:?}"), &"ids".to_owned()),
    }
}

/// Whether there is something to learn, or the reason why not is one of the sample's own.
fn is_sound(ours: &Result<Labelled, String>) -> bool {
    match ours {
        Ok(Labelled::Kept(tokenized)) => tokenized.supervised() > 0,
        Ok(Labelled::Dropped(defect)) => matches!(defect, SampleDefect::EmptyAnswer { .. }),
        Err(_) => false,
    }
}
