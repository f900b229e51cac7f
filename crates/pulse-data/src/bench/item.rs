//! One item of ECGBench.

use std::path::PathBuf;

use pulse_vision::PageImage;
use serde::{Deserialize, Serialize};

use super::error::BenchError;
use super::text::TurnValue;
use crate::sample::{Message, Sample};

/// One question of ECGBench with its picture and its right answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BenchItem {
    /// The item's id, unique in its configuration.
    pub id: String,
    /// The picture's path relative to `images/`, with `/` as separator.
    pub image_path: String,
    /// The picture.
    pub picture: BenchPicture,
    /// Question and right answer.
    pub conversation: BenchConversation,
    /// The field `No` that `mmmu-ecg.json` of the original has and the Parquet files have not.
    pub number: Option<String>,
}

/// Where an item's picture is.
#[derive(Clone, PartialEq, Eq)]
pub enum BenchPicture {
    /// The bytes of a picture file.
    Bytes(Vec<u8>),
    /// A file.
    File(PathBuf),
    /// The item names none.
    Absent,
}

impl std::fmt::Debug for BenchPicture {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Bytes(bytes) => write!(out, "Bytes({})", bytes.len()),
            Self::File(path) => write!(out, "File({})", path.display()),
            Self::Absent => out.write_str("Absent"),
        }
    }
}

/// The turns of an item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    untagged,
    expecting = "turns of {from, value} or of {question, answer}"
)]
pub enum BenchConversation {
    /// Messages in turn, as in eight of the configurations.
    Turns(Vec<BenchTurn>),
    /// Questions with their answers, as in `arena`.
    Arena(Vec<ArenaTurn>),
}

/// One message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(expecting = "a message {from, value}")]
pub struct BenchTurn {
    /// `human` or `gpt`.
    pub from: String,
    /// What is said.
    pub value: TurnValue,
}

/// One question of `arena`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArenaTurn {
    /// The question.
    pub question: String,
    /// The reference answer.
    pub answer: String,
}

impl BenchItem {
    /// The bytes of the picture file.
    ///
    /// # Errors
    /// [`BenchError::NoPicture`] if it is not there, [`BenchError::File`] if it cannot be read.
    pub fn picture_bytes(&self) -> Result<Vec<u8>, BenchError> {
        let path = match &self.picture {
            BenchPicture::Bytes(bytes) => return Ok(bytes.clone()),
            BenchPicture::File(path) => path,
            BenchPicture::Absent => {
                return Err(BenchError::NoPicture {
                    id: self.id.clone(),
                    path: PathBuf::new(),
                });
            }
        };
        crate::files::read_plain(path).map_err(|source| match source.kind() {
            std::io::ErrorKind::NotFound => BenchError::NoPicture {
                id: self.id.clone(),
                path: path.clone(),
            },
            _ => BenchError::File {
                path: path.clone(),
                source,
            },
        })
    }

    /// The decoded picture.
    ///
    /// # Errors
    /// As [`picture_bytes`](Self::picture_bytes), and [`BenchError::Picture`] if it is broken.
    pub fn open_picture(&self) -> Result<PageImage, BenchError> {
        PageImage::decode(&self.picture_bytes()?).map_err(|source| BenchError::Picture {
            id: self.id.clone(),
            source,
        })
    }

    /// The item as a conversation of the LLaVA format: answers that are a list are joined by commas,
    /// the questions of `arena` become `human` and the answers `gpt`.
    pub fn sample(&self) -> Sample {
        let message = |from: &str, value: String| Message {
            from: from.to_owned(),
            value,
        };
        let conversations = match &self.conversation {
            BenchConversation::Turns(turns) => turns
                .iter()
                .map(|turn| message(&turn.from, turn.value.joined()))
                .collect(),
            BenchConversation::Arena(turns) => turns
                .iter()
                .flat_map(|turn| {
                    [
                        message("human", turn.question.clone()),
                        message("gpt", turn.answer.clone()),
                    ]
                })
                .collect(),
        };
        Sample {
            id: self.id.clone(),
            image: (self.picture != BenchPicture::Absent).then(|| PathBuf::from(&self.image_path)),
            conversations,
        }
    }
}
