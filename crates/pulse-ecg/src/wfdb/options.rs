//! How a record is read, and what was let pass on the way.

/// What happens when checksum or initial value do not fit, or a signal file ends within a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Verification {
    /// The record is refused.
    #[default]
    Refuse,
    /// The record is read and [`WfdbRecord::discrepancies`](super::WfdbRecord::discrepancies) says what does not fit.
    Report,
}

/// What happens to a signal that states no gain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum GainRule {
    /// It stays uncalibrated: digital values can be read, millivolts not.
    #[default]
    Require,
    /// 200 units per physical unit, as header(5) allows, noted in [`WfdbRecord::discrepancies`](super::WfdbRecord::discrepancies).
    AssumeDefault,
}

/// How to read a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadOptions {
    /// What a wrong checksum or initial value does, and a signal file that ends within a frame.
    pub verification: Verification,
    /// What a missing gain does.
    pub gain_rule: GainRule,
    /// Most samples of all signals together. Bounds memory: four bytes a sample and the file itself.
    pub max_samples: u64,
}

impl Default for ReadOptions {
    fn default() -> Self {
        Self {
            verification: Verification::default(),
            gain_rule: GainRule::default(),
            max_samples: 1 << 28,
        }
    }
}

/// Something in a record that does not fit and was let pass on request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Discrepancy {
    /// Checksum or initial value.
    #[error("signal {signal} of {record}: {what} is {found}, the header states {expected}")]
    Value {
        /// Record or segment.
        record: String,
        /// Description of the signal.
        signal: String,
        /// `checksum` or `initial value`.
        what: &'static str,
        /// What the file has.
        found: i64,
        /// What the header states.
        expected: i64,
    },
    /// A signal file ends within a frame; what is over was left out.
    #[error(
        "{file} of {record} holds {found} bytes of samples, {expected} of them in whole frames"
    )]
    PartialFrame {
        /// Record or segment.
        record: String,
        /// The signal file.
        file: String,
        /// Bytes of samples in the file.
        found: u64,
        /// Bytes of the whole frames.
        expected: u64,
    },
    /// A gain was assumed.
    #[error("signal {signal} of {record} states no gain; 200 units per {units} are assumed")]
    AssumedGain {
        /// Record or segment.
        record: String,
        /// Description of the signal.
        signal: String,
        /// Physical unit.
        units: String,
    },
}
