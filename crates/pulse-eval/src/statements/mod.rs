//! Scoring reports in statements ([`StatementReport`](pulse_ecg::patients::StatementReport)): no judge, no guessing.
//!
//! A benchmark whose true reports have that form (`pulse-data synthesize --wording statements`) is scored by reading
//! the answers back. An answer that leaves the form is not well-formed: it counts as naming nothing and no rate.
//! A finding that the truth calls not assessable is not there; to name it is wrong.

mod figures;
mod markdown;
mod rows;
mod score;

pub use markdown::statements_markdown;
pub use rows::StatementRow;
pub use score::{FindingScore, StatementScores, StatementsError, score_statements};
