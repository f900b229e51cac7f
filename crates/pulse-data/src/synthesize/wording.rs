//! In which words a set asks and answers.

/// How the conversations of a set are worded.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Wording {
    /// As ECGInstruct: five kinds of questions, answers in clinical wording that varies. The benchmark has the nine
    /// configurations of ECGBench.
    #[default]
    Clinical,
    /// Reports and answers in statements of fixed wording
    /// ([`StatementReport`](pulse_ecg::patients::StatementReport)), and refusals of what no ECG page says: what a
    /// small model can learn and a program can score. The benchmark has the configuration of reports alone.
    Statements,
}

impl Wording {
    /// Name in settings and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Clinical => "clinical",
            Self::Statements => "statements",
        }
    }
}
