//! What a JSON reader says, without its own idea of the place.

/// Byte order mark of UTF-8.
const MARK: &[u8] = b"\xef\xbb\xbf";

/// The reason why `bytes` are no JSON. The reader counts lines and columns in what it is given, which may be one line
/// of a file, so its position is left out: callers say where it is in the file.
pub(crate) fn json_reason(error: &serde_json::Error, bytes: &[u8]) -> String {
    if bytes.starts_with(MARK) {
        return "it begins with a byte order mark, which JSON does not have; save the file as UTF-8 without one"
            .to_owned();
    }
    let text = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    text.strip_suffix(&place).unwrap_or(&text).to_owned()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn reasons_have_no_place() {
        let reason = |bytes: &[u8]| {
            let error = serde_json::from_slice::<Vec<u8>>(bytes).unwrap_err();
            json_reason(&error, bytes)
        };
        assert_eq!(reason(b"[1,"), "EOF while parsing a value");
        assert_eq!(reason(b"[1,\n :]"), "expected value");
        assert!(reason(b"\xef\xbb\xbf[1]").contains("byte order mark"));
    }
}
