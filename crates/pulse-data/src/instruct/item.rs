//! One item of the array: from JSON to a sample, and what the index keeps of it.

use std::borrow::Cow;
use std::path::PathBuf;

use serde::Deserialize;

use super::index::Record;
use super::scan::ItemRange;
use crate::sample::{Message, Sample};

/// An item as files spell it; texts without escapes are borrowed.
#[derive(Deserialize)]
#[serde(expecting = "a conversation {id, image, conversations}")]
struct RawItem<'a> {
    #[serde(borrow)]
    id: RawId<'a>,
    #[serde(default, borrow)]
    image: Option<Cow<'a, str>>,
    #[serde(default, borrow)]
    conversations: Option<Vec<RawMessage<'a>>>,
    /// The name in the list of reports that comes with the original code.
    #[serde(default, borrow)]
    conversation: Option<Vec<RawMessage<'a>>>,
}

#[derive(Deserialize)]
#[serde(expecting = "a message {from, value}")]
struct RawMessage<'a> {
    #[serde(borrow)]
    from: Cow<'a, str>,
    #[serde(borrow)]
    value: Cow<'a, str>,
}

impl<'a> RawItem<'a> {
    fn messages(&self) -> Option<&[RawMessage<'a>]> {
        let messages = self.conversations.as_ref().or(self.conversation.as_ref());
        messages.map(Vec::as_slice)
    }

    /// The name of a speaker. Lists of reports have `user` and `assistant`; elsewhere those are unknown
    /// roles, which consumers report.
    fn role(&self, from: &str) -> String {
        let is_report = self.conversations.is_none();
        match from {
            "user" if is_report => "human",
            "assistant" if is_report => "gpt",
            other => other,
        }
        .to_owned()
    }
}

/// What is said of an item without them.
const NO_MESSAGES: &str = "missing field `conversations`, the list of messages {from, value}";

/// Ids are texts or whole numbers.
#[derive(Deserialize)]
#[serde(untagged, expecting = "an id that is a text or a whole number")]
enum RawId<'a> {
    Text(#[serde(borrow)] Cow<'a, str>),
    Positive(u64),
    Negative(i64),
}

impl<'a> RawId<'a> {
    fn text(&self) -> Cow<'_, str> {
        match self {
            Self::Text(text) => Cow::Borrowed(text),
            Self::Positive(number) => Cow::Owned(number.to_string()),
            Self::Negative(number) => Cow::Owned(number.to_string()),
        }
    }
}

/// What is wrong with an item.
pub(super) enum ItemError {
    /// It is no JSON; the byte counts from the item's beginning.
    Syntax { at: u64, reason: String },
    /// It is JSON of another shape; reading the item says what is wrong.
    Shape,
}

/// One conversation from the bytes of its JSON object, of the LLaVA format or of the list of reports that comes
/// with the original code (`conversation`, whose `user` and `assistant` become `human` and `gpt`).
///
/// # Errors
/// What is missing or of another type, or where the JSON is unsound, in a sentence with the byte of the item.
pub fn parse_sample(text: &str) -> Result<Sample, String> {
    let item: RawItem<'_> =
        serde_json::from_str(text).map_err(|error| describe_error(text, &error))?;
    let messages = item.messages().ok_or(NO_MESSAGES)?;
    Ok(Sample {
        id: item.id.text().into_owned(),
        image: item.image.as_ref().map(|path| PathBuf::from(path.as_ref())),
        conversations: messages
            .iter()
            .map(|message| Message {
                from: item.role(&message.from),
                value: message.value.as_ref().to_owned(),
            })
            .collect(),
    })
}

/// Whether an item is one of a list of reports: it has `conversation` and no `conversations`.
pub(crate) fn is_report_item(text: &str) -> bool {
    serde_json::from_str(text)
        .is_ok_and(|item: RawItem<'_>| item.conversations.is_none() && item.conversation.is_some())
}

/// What the index keeps of an item.
pub(super) fn measure(text: &str, range: ItemRange) -> Result<Record, ItemError> {
    let item: RawItem<'_> = serde_json::from_str(text).map_err(|_| judge(text))?;
    let messages = item.messages().ok_or(ItemError::Shape)?;
    let words: usize = messages
        .iter()
        .map(|message| count_words(&message.value))
        .sum();
    Ok(Record {
        offset: range.start,
        length: u32::try_from(range.end - range.start).unwrap_or(u32::MAX),
        words: u32::try_from(words).unwrap_or(Record::DEFECTIVE - 1),
        id: name_hash(&item.id.text()),
        image: item.image.as_ref().map_or(Record::NO_IMAGE, |path| {
            name_hash(path).max(Record::NO_IMAGE + 1)
        }),
    })
}

/// Tells unsound JSON from sound JSON of another shape.
fn judge(text: &str) -> ItemError {
    match serde_json::from_str::<serde::de::IgnoredAny>(text) {
        Ok(_) => ItemError::Shape,
        Err(error) => ItemError::Syntax {
            at: byte_of(text, error.line(), error.column()),
            reason: strip_place(&error),
        },
    }
}

/// What the parser said of an item, with the byte of the item instead of a line.
pub(crate) fn describe_error(text: &str, error: &serde_json::Error) -> String {
    let at = byte_of(text, error.line(), error.column());
    format!("{} at its byte {at}", strip_place(error))
}

/// The parser's sentence without its line and column, which count from the item's beginning.
fn strip_place(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.rfind(" at line ") {
        Some(at) => text[..at].to_owned(),
        None => text,
    }
}

/// The byte of a line and column, both counted from 1.
fn byte_of(text: &str, line: usize, column: usize) -> u64 {
    let before: usize = text
        .split_inclusive('\n')
        .take(line.saturating_sub(1))
        .map(str::len)
        .sum();
    (before + column.saturating_sub(1)).min(text.len()) as u64
}

/// Words between white space, counted as Python's `str.split()` counts them: the length that the
/// original's length-grouped sampler sorts by.
pub(super) fn count_words(text: &str) -> usize {
    if !text.is_ascii() {
        let is_space = |c: char| c.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&c);
        return text.split(is_space).filter(|word| !word.is_empty()).count();
    }
    let bytes = text.as_bytes();
    let Some((first, rest)) = bytes.split_first() else {
        return 0;
    };
    let mut words = usize::from(!is_ascii_space(*first));
    // A word starts where space ends. Sums of bytes over short stretches are what compilers vectorise:
    // a loop that carries a flag was half of the time of indexing.
    for (before, after) in bytes.chunks(STRETCH).zip(rest.chunks(STRETCH)) {
        let starts = before.iter().zip(after).fold(0u8, |sum, (before, after)| {
            sum.wrapping_add(u8::from(is_ascii_space(*before) & !is_ascii_space(*after)))
        });
        words += usize::from(starts);
    }
    words
}

/// Stretches whose word starts fit a byte.
const STRETCH: usize = 128;

/// White space of Python among the ASCII characters.
fn is_ascii_space(byte: u8) -> bool {
    (byte == b' ') | (byte.wrapping_sub(9) < 5) | (byte.wrapping_sub(28) < 4)
}

/// First eight bytes of a text's BLAKE3: enough to look a name up, never trusted alone.
pub(super) fn name_hash(text: &str) -> u64 {
    let hash = blake3::hash(text.as_bytes());
    let [a, b, c, d, e, f, g, h, ..] = *hash.as_bytes();
    u64::from_le_bytes([a, b, c, d, e, f, g, h])
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_texts_or_whole_numbers() {
        let item = |id: &str| format!(r#"{{"id":{id},"conversations":[]}}"#);
        for (id, text) in [
            ("\"a\"", "a"),
            ("7", "7"),
            ("-3", "-3"),
            ("18446744073709551615", "18446744073709551615"),
        ] {
            assert_eq!(parse_sample(&item(id)).unwrap().id, text);
        }
        for id in ["null", "true", "[1]", "1.5", "{}"] {
            let error = parse_sample(&item(id)).unwrap_err();
            assert!(error.contains("text or a whole number"), "{id}: {error}");
        }
    }

    #[test]
    fn defects_are_told_in_the_words_of_the_format() {
        for (text, words) in [
            (r#"{"id":1}"#, "missing field `conversations`"),
            (r#"{"id":1,"conversations":null}"#, "missing field"),
            (
                r#"{"id":1,"conversations":["hello"]}"#,
                "expected a message {from, value} at its byte 31",
            ),
            (
                r#"{"id":1,"conversations":[7]}"#,
                "expected a message {from, value}",
            ),
            (
                r#"{"id":1,"conversations":[{"from":"human"}]}"#,
                "missing field `value`",
            ),
            (
                r#"{"id":1,"conversations":[{"from":"human","value":5}]}"#,
                "integer `5`",
            ),
            ("7", "a conversation {id, image, conversations}"),
        ] {
            let error = parse_sample(text).unwrap_err();
            assert!(error.contains(words), "{text}: {error}");
            assert!(
                !error.contains("struct") && !error.contains("Raw"),
                "{error}"
            );
        }
    }

    #[test]
    fn items_of_a_list_of_reports_are_conversations() {
        let text = r#"{"id":"r","image":"ptb/1_hr-0.png","conversation":[
            {"from":"user","value":"Report?"},{"from":"assistant","value":"Sinus rhythm."}]}"#;
        let sample = parse_sample(text).unwrap();
        let roles: Vec<&str> = sample
            .conversations
            .iter()
            .map(|turn| turn.from.as_str())
            .collect();
        assert_eq!(roles, ["human", "gpt"]);
        assert!(is_report_item(text));
        let record = measure(
            text,
            ItemRange {
                start: 0,
                end: text.len() as u64,
            },
        )
        .ok()
        .unwrap();
        assert_eq!(record.words, 3);
        // Elsewhere these roles are unknown and stay for the consumers to report.
        let other = text.replace("\"conversation\"", "\"conversations\"");
        assert!(!is_report_item(&other));
        assert_eq!(parse_sample(&other).unwrap().conversations[0].from, "user");
    }

    #[test]
    fn missing_conversations_are_a_matter_of_shape_and_bad_escapes_of_syntax() {
        let range = ItemRange { start: 10, end: 20 };
        assert!(matches!(
            measure(r#"{"id":1}"#, range),
            Err(ItemError::Shape)
        ));
        let text = "{\"id\":1,\n\"x\": tru}";
        let Err(ItemError::Syntax { at, .. }) = measure(text, range) else {
            unreachable!()
        };
        assert!((text.find("tru").unwrap() as u64..=text.len() as u64).contains(&at));
    }

    #[test]
    fn words_are_those_of_python() {
        for (text, words) in [
            ("", 0),
            (" a  b\n", 2),
            ("a\u{1c}b", 2),
            ("ä\u{a0}b\u{1f}c", 3),
            ("\u{200b}", 1),
        ] {
            assert_eq!(count_words(text), words, "{text:?}");
        }
        for words in [1, 63, 64, 65, 127, 128, 129, 1000] {
            assert_eq!(count_words(&"a ".repeat(words)), words);
            assert_eq!(count_words(&" \tab".repeat(words)), words);
        }
    }
}
