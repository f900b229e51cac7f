//! What a judge looks at.

use serde::{Deserialize, Serialize};

use crate::Task;

/// The two kinds of judging.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JudgeKind {
    /// A generated report against the reference report.
    Report,
    /// Two answers against the reference answers.
    Arena,
}

impl JudgeKind {
    /// The kind for a task; `None` if the task needs no judge.
    pub fn of(task: Task) -> Option<Self> {
        match task {
            Task::PtbTestReport => Some(Self::Report),
            Task::Arena => Some(Self::Arena),
            _ => None,
        }
    }

    /// The aspects scored from 0 to 10, as the keys of a reply.
    pub fn criteria(self) -> [&'static str; 3] {
        match self {
            Self::Report => ["Diagnosis", "Waveform", "Rhythm"],
            Self::Arena => ["Accuracy", "Completeness", "Instruction Adherence"],
        }
    }

    /// Other keys under which judges return an aspect. The original's prompt calls the second aspect of reports
    /// `Waveform` in one place and `form` in another.
    pub(super) fn aliases(self, criterion: &str) -> &'static [&'static str] {
        match (self, criterion) {
            (Self::Report, "Waveform") => &["Form"],
            (Self::Arena, "Instruction Adherence") => {
                &["InstructionAdherence", "Instruction_Adherence"]
            }
            _ => &[],
        }
    }
}
