//! Where the items of a JSON array begin and end, found in a stream.
//!
//! The scanner knows strings, escapes and brackets and nothing else: it cuts the array into the bytes of
//! its items, in blocks of any size, and leaves their content to a JSON parser. Inside strings, which are
//! nearly all of a conversation file, it jumps from quote to quote.

use memchr::memchr2;

/// Where an item lies in the stream: bytes `start..end`, counted from the beginning of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ItemRange {
    /// First byte, the `{`.
    pub start: u64,
    /// Behind the last byte, the `}`.
    pub end: u64,
}

/// Why the bytes are no array of objects.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScanError {
    /// Something else than the grammar allows between items.
    #[error("byte {offset}, before item {item}: found {found}, expected {expected}")]
    Unexpected {
        /// Position in the file.
        offset: u64,
        /// Number of the item that would come next, from 0.
        item: u64,
        /// What is there.
        found: String,
        /// What could be there.
        expected: &'static str,
    },
    /// The first byte is that of another kind of file.
    #[error("the file {what}; {advice}")]
    Kind {
        /// What the file is.
        what: &'static str,
        /// How to make JSON of it.
        advice: &'static str,
    },
    /// The stream ends before the array does.
    #[error("byte {offset}, item {item}: the file ends before the array does")]
    Truncated {
        /// Length of the stream.
        offset: u64,
        /// Number of the item that is cut off or missing, from 0.
        item: u64,
    },
}

impl ScanError {
    /// What else to say to somebody whose file it is.
    pub(super) fn advice(&self) -> &'static str {
        match self {
            Self::Kind { .. } => "",
            _ => {
                "; expected one JSON array of conversations. If the file should be whole, get it again"
            }
        }
    }
}

const EXPECTED: &str = "[, the beginning of an array of conversations";

/// What a file is that begins with this byte, and what to do. No JSON text begins with any of them.
fn other_kind(byte: u8) -> Option<(&'static str, &'static str)> {
    match byte {
        0xef => Some((
            "begins with a UTF-8 byte order mark",
            "save it as UTF-8 without one, on Linux with `tail -c +4 FILE > NEW`",
        )),
        0xfe | 0xff => Some((
            "is UTF-16",
            "save it as UTF-8, on Linux with `iconv -f UTF-16 -t UTF-8 FILE > NEW`",
        )),
        0x1f => Some(("is compressed with gzip", "unpack it with `gunzip`")),
        b'P' => Some((
            "is a Parquet file or a zip archive",
            "unpack it, or give the folder of an ECGBench to commands that read one",
        )),
        _ => None,
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Before `[`.
    Start,
    /// Behind `[`: an item or the end.
    First,
    /// Behind a comma: an item.
    Next,
    /// Behind an item: a comma or the end.
    Behind,
    /// In an item, outside strings.
    Inside,
    /// In a string of an item.
    Text,
    /// Behind a backslash in a string.
    Escape,
    /// Behind `]`.
    End,
}

/// An incremental scanner of `[{…}, {…}, …]`.
#[derive(Debug, Clone)]
pub struct ArrayScanner {
    state: State,
    depth: u32,
    offset: u64,
    items: u64,
    item_start: u64,
}

impl Default for ArrayScanner {
    fn default() -> Self {
        Self::new()
    }
}

impl ArrayScanner {
    /// A scanner at the beginning of a file.
    pub fn new() -> Self {
        Self {
            state: State::Start,
            depth: 0,
            offset: 0,
            items: 0,
            item_start: 0,
        }
    }

    /// A scanner that stands at byte `offset`, right behind item number `items - 1`.
    pub fn behind_item(offset: u64, items: u64) -> Self {
        Self {
            state: State::Behind,
            offset,
            items,
            ..Self::new()
        }
    }

    /// Bytes scanned so far.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// Items completed so far.
    pub fn items(&self) -> u64 {
        self.items
    }

    /// First byte of the item that has begun and not ended.
    pub fn open_item(&self) -> Option<u64> {
        matches!(self.state, State::Inside | State::Text | State::Escape).then_some(self.item_start)
    }

    /// Scans the next bytes of the stream and appends the items that end in them to `found`.
    ///
    /// # Errors
    /// [`ScanError::Unexpected`] at the first byte that no array of objects has at this place.
    pub fn scan(&mut self, block: &[u8], found: &mut Vec<ItemRange>) -> Result<(), ScanError> {
        let base = self.offset;
        let mut at = 0;
        while at < block.len() {
            match self.state {
                State::Text => match memchr2(b'"', b'\\', &block[at..]) {
                    None => break,
                    Some(distance) => {
                        at += distance;
                        self.state = match block[at] {
                            b'"' => State::Inside,
                            _ => State::Escape,
                        };
                    }
                },
                State::Escape => self.state = State::Text,
                State::Inside => match block[at] {
                    b'"' => self.state = State::Text,
                    b'{' | b'[' => self.depth += 1,
                    b'}' | b']' => {
                        self.depth -= 1;
                        if self.depth == 0 {
                            self.state = State::Behind;
                            self.items += 1;
                            found.push(ItemRange {
                                start: self.item_start,
                                end: base + at as u64 + 1,
                            });
                        }
                    }
                    _ => {}
                },
                _ => self.between(block[at], base + at as u64)?,
            }
            at += 1;
        }
        self.offset = base + block.len() as u64;
        Ok(())
    }

    /// One byte between items.
    fn between(&mut self, byte: u8, offset: u64) -> Result<(), ScanError> {
        let (next, expected) = match (self.state, byte) {
            (_, b' ' | b'\t' | b'\r' | b'\n') => return Ok(()),
            (State::Start, b'[') => (Some(State::First), ""),
            (State::Start, _) if offset == 0 => {
                if let Some((what, advice)) = other_kind(byte) {
                    return Err(ScanError::Kind { what, advice });
                }
                (None, EXPECTED)
            }
            (State::Start, _) => (None, EXPECTED),
            (State::First | State::Next, b'{') => {
                self.item_start = offset;
                self.depth = 1;
                (Some(State::Inside), "")
            }
            (State::First | State::Behind, b']') => (Some(State::End), ""),
            (State::Behind, b',') => (Some(State::Next), ""),
            (State::First, _) => (None, "{ or ]"),
            (State::Next, _) => (None, "{, the beginning of a conversation"),
            (State::Behind, _) => (None, "a comma or ]"),
            (_, _) => (None, "the end of the file behind the array"),
        };
        match next {
            Some(state) => {
                self.state = state;
                Ok(())
            }
            None => Err(ScanError::Unexpected {
                offset,
                item: self.items,
                found: format!("{:?}", char::from(byte)),
                expected,
            }),
        }
    }

    /// Says that the stream ends here.
    ///
    /// # Errors
    /// [`ScanError::Truncated`] if the array is not closed.
    pub fn finish(&self) -> Result<(), ScanError> {
        if self.state == State::End {
            return Ok(());
        }
        Err(ScanError::Truncated {
            offset: self.offset,
            item: self.items,
        })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn scan_in_blocks(text: &[u8], block: usize) -> Result<Vec<ItemRange>, ScanError> {
        let mut scanner = ArrayScanner::new();
        let mut found = Vec::new();
        for part in text.chunks(block) {
            scanner.scan(part, &mut found)?;
        }
        scanner.finish()?;
        Ok(found)
    }

    const TEXT: &str = r#" [ {"a":"}]\"{","b":[{},[1]]} ,
        {"c":"\\"},{"ä":"\\\""} ] "#;

    #[test]
    fn items_are_the_same_for_every_size_of_block() {
        let whole = scan_in_blocks(TEXT.as_bytes(), TEXT.len()).unwrap();
        let texts: Vec<&str> = whole
            .iter()
            .map(|range| &TEXT[range.start as usize..range.end as usize])
            .collect();
        assert_eq!(
            texts,
            [
                r#"{"a":"}]\"{","b":[{},[1]]}"#,
                r#"{"c":"\\"}"#,
                r#"{"ä":"\\\""}"#
            ]
        );
        for block in 1..TEXT.len() {
            assert_eq!(scan_in_blocks(TEXT.as_bytes(), block).unwrap(), whole);
        }
    }

    #[test]
    fn every_cut_is_truncated_and_names_its_item() {
        let end = TEXT.trim_end().len();
        for length in 0..end {
            let error = scan_in_blocks(&TEXT.as_bytes()[..length], 7).unwrap_err();
            let ScanError::Truncated { offset, item } = error else {
                unreachable!("{error}")
            };
            assert_eq!(offset, length as u64);
            assert!(item <= 3);
        }
    }

    #[test]
    fn what_is_no_array_of_objects_is_named_with_its_place() {
        for (text, at) in [
            ("{}", 0),
            ("[1]", 1),
            ("[{} {}]", 4),
            ("[{},]", 4),
            ("[] x", 3),
            ("[,{}]", 1),
        ] {
            let error = scan_in_blocks(text.as_bytes(), 3).unwrap_err();
            assert!(
                matches!(error, ScanError::Unexpected { offset, .. } if offset == at),
                "{text}: {error}"
            );
        }
    }

    #[test]
    fn files_of_other_kinds_are_told_what_to_do() {
        for (bytes, words) in [
            (&b"\xef\xbb\xbf[]"[..], "byte order mark"),
            (b"\xff\xfe[\0]\0", "UTF-16"),
            (b"\x1f\x8b\x08\0", "gzip"),
            (b"PAR1", "Parquet"),
        ] {
            for block in 1..3 {
                let error = scan_in_blocks(bytes, block).unwrap_err();
                assert!(matches!(error, ScanError::Kind { .. }), "{error}");
                assert!(error.to_string().contains(words), "{error}");
            }
        }
    }

    #[test]
    fn scanning_goes_on_behind_an_item() {
        let first = scan_in_blocks(TEXT.as_bytes(), 64).unwrap();
        let from = first[0].end;
        let mut scanner = ArrayScanner::behind_item(from, 1);
        let mut rest = Vec::new();
        scanner
            .scan(&TEXT.as_bytes()[from as usize..], &mut rest)
            .unwrap();
        scanner.finish().unwrap();
        assert_eq!(rest, first[1..]);
    }
}
