//! `<config>.json` beside `images/`, as the original's download step writes them.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::array::ItemArray;
use super::error::BenchError;
use super::item::{BenchConversation, BenchItem, BenchPicture, BenchTurn};
use crate::extract::safe_path;
use crate::sample::flexible_id;

/// An item as files spell it.
#[derive(Debug, Serialize, Deserialize)]
#[serde(expecting = "an item {id, image, conversations}")]
pub(crate) struct JsonItem {
    #[serde(
        rename = "No",
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "optional_id"
    )]
    number: Option<String>,
    /// `mmmu-ecg.json` of the original identifies its items by `No` alone.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "optional_id"
    )]
    id: Option<String>,
    #[serde(default, alias = "image_path", skip_serializing_if = "Option::is_none")]
    image: Option<String>,
    conversations: BenchConversation,
}

fn optional_id<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    flexible_id(from).map(Some)
}

impl JsonItem {
    pub(crate) fn of(item: &BenchItem) -> Self {
        Self {
            number: item.number.clone(),
            id: Some(item.id.clone()),
            image: (item.picture != BenchPicture::Absent).then(|| item.image_path.clone()),
            conversations: item.conversation.clone(),
        }
    }
}

/// The items of a JSON file whose pictures lie below `images`, each with what is wrong with it alone.
pub(super) fn read_json(
    path: &Path,
    images: &Path,
) -> Result<Vec<Result<BenchItem, BenchError>>, BenchError> {
    let array = ItemArray::read(path)?;
    let items = array.items(path).map(|place| {
        let item: JsonItem = place.parse()?;
        let Some(id) = item.id.or_else(|| item.number.clone()) else {
            return Err(place.bad("it has neither id nor No".to_owned()));
        };
        let picture = match &item.image {
            None => BenchPicture::Absent,
            Some(image) => match safe_path(image.as_bytes()) {
                Ok(place) => BenchPicture::File(images.join(place)),
                Err(reason) => return Err(BenchError::Path { id, reason }),
            },
        };
        Ok(BenchItem {
            id,
            picture,
            image_path: item.image.unwrap_or_default(),
            conversation: repaired(item.conversations),
            number: item.number,
        })
    });
    Ok(items.collect())
}

/// Texts that went through a `list<string>` column are whole again.
fn repaired(conversation: BenchConversation) -> BenchConversation {
    match conversation {
        BenchConversation::Turns(turns) => BenchConversation::Turns(
            turns
                .into_iter()
                .map(|turn| BenchTurn {
                    from: turn.from,
                    value: turn.value.repaired(),
                })
                .collect(),
        ),
        arena @ BenchConversation::Arena(_) => arena,
    }
}
