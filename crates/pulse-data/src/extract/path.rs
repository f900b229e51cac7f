//! Names in archives and data sets to paths below a folder.

use std::path::PathBuf;

/// The folder of the journals in an image root; archives must not write there.
pub(super) const JOURNALS: &str = ".pulse-extract";

/// Longest name in bytes; more than any file system takes.
const LONGEST: usize = 4096;

/// Why a name is no path below a folder.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the path {name:?} {reason}; expected a path that stays below the image folder")]
pub struct PathRefusal {
    /// The name, with bytes that are no text replaced.
    pub name: String,
    /// What is wrong with it.
    pub reason: &'static str,
}

/// The relative path that a name stands for: `./` and double slashes are dropped, everything that could
/// lead out of the folder or mean something else on another system is refused.
///
/// # Errors
/// [`PathRefusal`] for absolute names, `..`, drive letters, backslashes, control characters, names that
/// are not UTF-8, empty or longer than 4096 bytes, and the folder of the journals.
pub fn safe_path(name: &[u8]) -> Result<PathBuf, PathRefusal> {
    let refused = |reason| PathRefusal {
        name: String::from_utf8_lossy(&name[..name.len().min(LONGEST)]).into_owned(),
        reason,
    };
    if name.len() > LONGEST {
        return Err(refused("is longer than 4096 bytes"));
    }
    let text = std::str::from_utf8(name).map_err(|_| refused("is not UTF-8"))?;
    if text.starts_with('/') {
        return Err(refused("is absolute"));
    }
    if text.contains('\\') {
        return Err(refused("has a backslash"));
    }
    if text.chars().any(char::is_control) {
        return Err(refused("has control characters"));
    }
    let mut path = PathBuf::new();
    for part in text.split('/') {
        match part {
            "" | "." => {}
            ".." => return Err(refused("has .. in it")),
            JOURNALS => return Err(refused("is that of the journals")),
            part if part.as_bytes().get(1) == Some(&b':') => {
                return Err(refused("begins with a drive letter"));
            }
            part => path.push(part),
        }
    }
    if path.as_os_str().is_empty() {
        return Err(refused("is empty"));
    }
    Ok(path)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::path::{Component, Path};

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn plain_names_become_paths() {
        for (name, path) in [
            ("a.png", "a.png"),
            ("./mimic/files//p10/x-0.png", "mimic/files/p10/x-0.png"),
            ("ä/ö..png", "ä/ö..png"),
            ("a/", "a"),
        ] {
            assert_eq!(safe_path(name.as_bytes()).unwrap(), Path::new(path));
        }
    }

    #[test]
    fn names_that_lead_elsewhere_are_refused() {
        for name in [
            "",
            ".",
            "/",
            "/etc/passwd",
            "..",
            "../a",
            "a/../../b",
            "a/..",
            "a\\b",
            "C:/a",
            "a\0b",
            ".pulse-extract/x",
            "a/.pulse-extract",
        ] {
            assert!(safe_path(name.as_bytes()).is_err(), "{name:?}");
        }
        assert!(safe_path(b"a\xff").is_err());
        assert!(safe_path(&[b'a'; 5000]).is_err());
    }

    proptest! {
        #[test]
        fn what_is_accepted_stays_below(name in prop::collection::vec(
            prop::sample::select(b"./\\:aC\x00\xc3\xa4".to_vec()), 0..40)
        ) {
            if let Ok(path) = safe_path(&name) {
                prop_assert!(path.components().all(|part| matches!(part, Component::Normal(_))));
            }
        }
    }
}
