//! From an item of the benchmark to a question with tiles, in threads of their own.

use std::time::Instant;

use pulse_data::bench::{ArenaTurn, BenchConversation, BenchError, BenchItem};
use pulse_llm::PulseError;
use pulse_vision::{PageImage, Preprocessor, TilePixels};

use super::failures::FailedQuestion;
use crate::task::Task;

/// A question that only the model is missing to.
pub(super) struct Job {
    pub(super) task: Task,
    pub(super) id: String,
    pub(super) index: u64,
    pub(super) asked: Asked,
    /// See [`asked_digest`].
    pub(super) digest: String,
    pub(super) tiles: TilePixels,
    pub(super) preprocess_s: f64,
}

/// What is asked.
pub(super) enum Asked {
    One(String),
    Turns(Vec<ArenaTurn>),
}

/// Why there is no item to ask.
pub(super) enum WorkError {
    /// One item is unsound; those behind it can be asked.
    Item(FailedQuestion),
    /// The benchmark cannot be read any further.
    Bench(BenchError),
}

impl WorkError {
    /// What an error says that came in the place of the item at `index`.
    pub(super) fn of(task: Task, index: u64, error: BenchError) -> Self {
        if !error.is_of_an_item() {
            return Self::Bench(error);
        }
        let id = match &error {
            BenchError::Path { id, .. } | BenchError::Picture { id, .. } => Some(id.clone()),
            BenchError::Item { id, .. } => id.clone(),
            _ => None,
        };
        Self::Item(FailedQuestion {
            task,
            question_id: id.unwrap_or_else(|| format!("(item {})", index + 1)),
            index,
            reason: error.to_string(),
        })
    }
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
    let asked = asked(&work.item.conversation)?;
    Ok(Job {
        task: work.task,
        id: item_id(&work.item).to_owned(),
        index: work.index,
        digest: digest_of(&bytes, &asked),
        asked,
        tiles,
        preprocess_s: start.elapsed().as_secs_f64(),
    })
}

/// A short name of what a line holds for: the bytes of the picture and the questions, in the arena the reference
/// answers beside them, which a line repeats. Each line carries it, so that a run that goes on sees when the item
/// with an id is another one.
pub(super) fn asked_digest(item: &BenchItem) -> Result<String, String> {
    let bytes = item.picture_bytes().map_err(|error| error.to_string())?;
    Ok(digest_of(&bytes, &asked(&item.conversation)?))
}

fn digest_of(picture: &[u8], asked: &Asked) -> String {
    let mut hasher = blake3::Hasher::new();
    // Each part stands behind its length, so that no two lists of parts have the same bytes.
    let mut add = |part: &[u8]| {
        hasher
            .update(&(part.len() as u64).to_le_bytes())
            .update(part);
    };
    add(picture);
    match asked {
        Asked::One(question) => add(question.as_bytes()),
        // A line of an arena item has the reference answers in it.
        Asked::Turns(turns) => {
            for turn in turns {
                add(turn.question.as_bytes());
                add(turn.answer.as_bytes());
            }
        }
    }
    hasher.finalize().to_hex()[..32].to_owned()
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
