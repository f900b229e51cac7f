//! The list of 500 reports that comes with the original code: `conversation` in the singular, roles
//! `user` and `assistant`.

use std::path::Path;

use serde::Deserialize;

use super::array::ItemArray;
use super::error::BenchError;
use super::item::{BenchConversation, BenchItem, BenchPicture, BenchTurn};
use super::text::TurnValue;
use crate::extract::safe_path;
use crate::sample::flexible_id;

#[derive(Deserialize)]
#[serde(expecting = "an item {id, image, conversation}")]
struct ReportItem {
    #[serde(deserialize_with = "flexible_id")]
    id: String,
    image: String,
    conversation: Vec<ReportTurn>,
}

#[derive(Deserialize)]
#[serde(expecting = "a message {from, value} or {role, content}")]
struct ReportTurn {
    #[serde(alias = "from")]
    role: String,
    #[serde(alias = "value")]
    content: String,
}

/// Reads `ptb_report_generation_test.json` or a file like it; pictures are looked for below `images`.
/// `user` and `assistant` become `human` and `gpt`; other roles stay, for the consumer to judge.
///
/// # Errors
/// [`BenchError::File`] and [`BenchError::Json`]; [`BenchError::Item`] of the first item of another shape, with its
/// number; [`BenchError::Path`] if a picture's path leads out of
/// the folder.
pub fn read_report_list(path: &Path, images: &Path) -> Result<Vec<BenchItem>, BenchError> {
    let array = ItemArray::read(path)?;
    array
        .items(path)
        .map(|item| {
            let item: ReportItem = item.parse()?;
            let place = safe_path(item.image.as_bytes()).map_err(|reason| BenchError::Path {
                id: item.id.clone(),
                reason,
            })?;
            let turns = item.conversation.into_iter().map(|turn| BenchTurn {
                from: match turn.role.as_str() {
                    "user" => "human".to_owned(),
                    "assistant" => "gpt".to_owned(),
                    _ => turn.role,
                },
                value: TurnValue::Text(turn.content),
            });
            Ok(BenchItem {
                id: item.id,
                picture: BenchPicture::File(images.join(place)),
                conversation: BenchConversation::Turns(turns.collect()),
                image_path: item.image,
                number: None,
            })
        })
        .collect()
}
