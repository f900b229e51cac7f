//! Values that settings may have.

use super::settings::RunConfig;
use crate::step::Accumulation;

/// What the types do not say.
pub(super) fn check(config: &RunConfig) -> Result<(), String> {
    let train = &config.train;
    let positive = |name: &str, value: f64| {
        if value > 0.0 && value.is_finite() {
            Ok(())
        } else {
            Err(format!("{name} is {value}, expected a number above 0"))
        }
    };
    let share = |name: &str, value: f64| {
        if (0.0..=1.0).contains(&value) {
            Ok(())
        } else {
            Err(format!("{name} is {value}, expected a share from 0 to 1"))
        }
    };
    let at_least_one = |name: &str, value: usize| {
        if value > 0 {
            Ok(())
        } else {
            Err(format!("{name} is 0, expected 1 or more"))
        }
    };
    positive("train.epochs", train.epochs)?;
    positive("train.learning_rate", train.learning_rate)?;
    positive("train.epsilon", train.epsilon)?;
    for (index, beta) in train.betas.iter().enumerate() {
        if !(0.0..1.0).contains(beta) {
            return Err(format!(
                "train.betas[{index}] is {beta}, expected 0 or more and below 1"
            ));
        }
    }
    if let Some(rate) = train.projector_learning_rate {
        positive("train.projector_learning_rate", rate)?;
    }
    if let Some(rate) = train.encoder_learning_rate {
        positive("train.encoder_learning_rate", rate)?;
    }
    if let Some(findings) = &config.findings {
        positive("findings.weight", findings.weight)?;
        at_least_one("findings.queries", findings.queries)?;
        at_least_one("findings.hidden", findings.hidden)?;
        if train.average != Accumulation::Mean {
            return Err("train.average is tokens, [findings] needs mean".to_owned());
        }
    }
    if !(train.weight_decay >= 0.0 && train.weight_decay.is_finite()) {
        let found = train.weight_decay;
        return Err(format!("train.weight_decay is {found}, expected 0 or more"));
    }
    share("train.warmup_ratio", train.warmup_ratio)?;
    share("checkpoint.every_share", config.checkpoint.every_share)?;
    at_least_one("train.batch_size", train.batch_size)?;
    at_least_one("train.accumulation", train.accumulation)?;
    at_least_one("data.workers", config.data.workers)?;
    at_least_one("checkpoint.keep_last", config.checkpoint.keep_last)?;
    if config.model.base.is_empty() {
        return Err("model.base is missing: the folder or Hub id to start from".to_owned());
    }
    match (&config.data.conversations, &config.data.synthetic) {
        (None, None) => Err(
            "data.conversations is missing: a JSON file in the LLaVA format, or a \
             section [data.synthetic]"
                .to_owned(),
        ),
        (Some(_), Some(_)) => {
            Err("data.conversations and data.synthetic exclude each other".into())
        }
        _ => Ok(()),
    }
}
