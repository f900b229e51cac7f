//! From an item of the benchmark to a question with tiles, in threads of their own.

use std::time::Instant;

use pulse_data::bench::{ArenaTurn, BenchConversation, BenchItem};
use pulse_llm::PulseError;
use pulse_vision::{PageImage, Preprocessor, TilePixels};

use crate::task::Task;

/// A question that only the model is missing to.
pub(super) struct Job {
    pub(super) task: Task,
    pub(super) id: String,
    pub(super) index: u64,
    pub(super) asked: Asked,
    pub(super) tiles: TilePixels,
    pub(super) preprocess_s: f64,
}

/// What is asked.
pub(super) enum Asked {
    One(String),
    Turns(Vec<ArenaTurn>),
}

/// An item and where it stands.
pub(super) struct Work {
    pub(super) task: Task,
    pub(super) index: u64,
    pub(super) item: BenchItem,
}

/// The id by which answers are matched: `No`, else `id`, as the scorers do.
pub(super) fn item_id(item: &BenchItem) -> &str {
    item.number.as_deref().unwrap_or(&item.id)
}

/// Opens the picture and cuts it into tiles; the reason if that cannot be done.
pub(super) fn prepare(work: &Work, preprocessor: &Preprocessor) -> Result<Job, String> {
    let start = Instant::now();
    let bytes = work
        .item
        .picture_bytes()
        .map_err(|error| error.to_string())?;
    let picture = PageImage::decode(&bytes).map_err(|error| error.to_string())?;
    let tiles = preprocessor
        .preprocess(&picture)
        .map_err(|error| PulseError::from(error).to_string())?;
    Ok(Job {
        task: work.task,
        id: item_id(&work.item).to_owned(),
        index: work.index,
        asked: asked(&work.item.conversation)?,
        tiles,
        preprocess_s: start.elapsed().as_secs_f64(),
    })
}

fn asked(conversation: &BenchConversation) -> Result<Asked, String> {
    match conversation {
        BenchConversation::Arena(turns) if turns.is_empty() => Err("it asks nothing".to_owned()),
        BenchConversation::Arena(turns) => Ok(Asked::Turns(
            turns
                .iter()
                .map(|turn| ArenaTurn {
                    question: without_marks(&turn.question),
                    answer: turn.answer.clone(),
                })
                .collect(),
        )),
        BenchConversation::Turns(turns) => turns
            .first()
            .map(|turn| Asked::One(without_marks(&turn.value.joined())))
            .ok_or_else(|| "it asks nothing".to_owned()),
    }
}

/// The original's script removes `<image>` with the line break behind it; any other mark would be taken for a
/// second picture.
fn without_marks(question: &str) -> String {
    question.replace("<image>\n", "").replace("<image>", "")
}
