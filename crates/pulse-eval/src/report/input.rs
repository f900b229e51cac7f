//! What a report is made from.

use std::collections::HashMap;
use std::path::PathBuf;

use serde::Serialize;

use crate::judge::JudgeReport;
use crate::published::PublishedReport;
use crate::strict::StrictReport;
use crate::task::Task;

/// Everything a report shows.
#[derive(Debug, Clone, Serialize)]
pub struct ReportInput {
    /// The page's heading.
    pub title: String,
    /// The strict scores.
    pub strict: StrictReport,
    /// The scores of the original scorer; `None` if it stops at these answers.
    pub published: Option<PublishedReport>,
    /// Why the original scorer stops.
    pub published_error: Option<String>,
    /// What judges found.
    pub judges: Vec<JudgeReport>,
    /// The folder of the benchmark's pictures, for the worst cases.
    pub images: Option<PathBuf>,
    /// Pictures that lie in Parquet files, by task and id, for the worst cases; see
    /// [`parquet_pictures`](super::parquet_pictures).
    #[serde(skip)]
    pub pictures: HashMap<(Task, String), Vec<u8>>,
    /// Worst cases per task.
    pub worst: usize,
}
