//! Why a text is no report in statements.

/// Where a text leaves the form.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StatementError {
    /// The text is another one from some place on.
    #[error("found {found:?} at byte {at}, expected {expected}")]
    Unexpected {
        /// Byte of the text, white space around it left out.
        at: usize,
        /// What stands there, cut to 40 characters.
        found: String,
        /// What should.
        expected: String,
    },
    /// Not exactly one finding says what drives the ventricles.
    #[error("{found} of the findings say what drives the ventricles, expected exactly one")]
    Rhythms {
        /// How many do.
        found: usize,
    },
}
