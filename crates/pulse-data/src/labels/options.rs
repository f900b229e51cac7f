//! What decides the labels of a sample.

use std::str::FromStr;

use pulse_llm::text::{ConversationTemplate, Style};
use serde::{Deserialize, Serialize};

use super::defect::LabelError;

/// What to do with a sample that has a defect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LabelPolicy {
    /// Stop at the first.
    #[default]
    Error,
    /// Leave it out, and count it with its reason.
    Drop,
    /// Leave off what is too much (the end of a sample that is too long, a last question without
    /// answer), and count that; other defects drop the sample.
    Truncate,
    /// Do what the original does: samples whose token sums disagree are kept with all labels masked,
    /// text-only samples are cut at the longest sequence, samples with a picture are not, literals
    /// of control tokens are control tokens. Where the original raises an exception this is an error.
    Reference,
}

impl LabelPolicy {
    /// Whether samples that cannot be mended are left out instead of ending the run.
    pub fn drops(self) -> bool {
        matches!(self, Self::Drop | Self::Truncate)
    }
}

impl FromStr for LabelPolicy {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        match name {
            "error" => Ok(Self::Error),
            "drop" => Ok(Self::Drop),
            "truncate" => Ok(Self::Truncate),
            "reference" => Ok(Self::Reference),
            other => Err(format!(
                "unknown policy {other:?}; expected error, drop, truncate or reference"
            )),
        }
    }
}

/// The names of templates that labels can be made for.
const SUPPORTED: &str = "llava_v1, v1, vicuna_v1, plain, v0_plain";

/// Template, policy and length.
#[derive(Debug, Clone, Copy)]
pub struct LabelOptions {
    /// How conversations are written down.
    pub template: &'static ConversationTemplate,
    /// What to do with defects.
    pub policy: LabelPolicy,
    /// The longest sequence in tokens, pictures expanded (`tokenizer_model_max_length`, 4096 for
    /// PULSE-7B).
    pub max_length: usize,
}

impl LabelOptions {
    /// The options of PULSE's training: template `llava_v1`, 4096 tokens.
    ///
    /// # Errors
    /// [`LabelError::Template`] never in practice; the template is built in.
    pub fn pulse(policy: LabelPolicy) -> Result<Self, LabelError> {
        Ok(Self {
            template: ConversationTemplate::named("llava_v1")?,
            policy,
            max_length: 4096,
        })
    }

    pub(super) fn validate(&self) -> Result<(), LabelError> {
        // The tag variant wraps pictures in text of its own, which nobody trains PULSE with.
        let is_supported = match self.template.style {
            Style::Two => self.template.name != "v1_mmtag",
            Style::Plain => true,
            Style::Single | Style::Llama2 => false,
        };
        if !is_supported {
            return Err(LabelError::UnsupportedTemplate {
                found: self.template.name.to_owned(),
                known: SUPPORTED,
            });
        }
        if self.max_length < 2 {
            return Err(LabelError::MaxLength {
                found: self.max_length,
            });
        }
        Ok(())
    }
}
