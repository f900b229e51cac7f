//! Pictures inside the page.

use std::path::Path;

/// Bytes of a picture that is still put into the page.
const LARGEST: u64 = 4 << 20;

/// A picture as a data URL; `None` if it is not there, too large, or of another type than PNG and JPEG, or if
/// its path leads out of the folder.
pub(super) fn data_url(folder: &Path, image: &Path) -> Option<String> {
    use std::path::Component;
    if !image
        .components()
        .all(|part| matches!(part, Component::Normal(_)))
    {
        return None;
    }
    let path = folder.join(image);
    if std::fs::metadata(&path).ok()?.len() > LARGEST {
        return None;
    }
    let bytes = std::fs::read(path).ok()?;
    let kind = match bytes.as_slice() {
        [0x89, b'P', b'N', b'G', ..] => "png",
        [0xff, 0xd8, ..] => "jpeg",
        _ => return None,
    };
    Some(format!("data:image/{kind};base64,{}", base64(&bytes)))
}

/// Base64 (RFC 4648) with padding.
fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let byte = |at: usize| u32::from(group.get(at).copied().unwrap_or_default());
        let word = byte(0) << 16 | byte(1) << 8 | byte(2);
        for digit in 0..4 {
            let value = word >> (18 - 6 * digit) & 63;
            text.push(if digit <= group.len() {
                char::from(DIGITS[value as usize])
            } else {
                '='
            });
        }
    }
    text
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_that_of_the_rfc() {
        let cases = [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foobar", "Zm9vYmFy"),
        ];
        for (bytes, text) in cases {
            assert_eq!(base64(bytes.as_bytes()), text);
        }
    }

    #[test]
    fn paths_stay_in_the_folder() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a.png"), b"\x89PNGx").unwrap();
        let url = data_url(folder.path(), Path::new("a.png")).unwrap();
        assert!(url.starts_with("data:image/png;base64,iVBOR"));
        assert_eq!(data_url(folder.path(), Path::new("../a.png")), None);
        assert_eq!(data_url(folder.path(), Path::new("/etc/hostname")), None);
        std::fs::write(folder.path().join("b.png"), b"text").unwrap();
        assert_eq!(data_url(folder.path(), Path::new("b.png")), None);
    }
}
