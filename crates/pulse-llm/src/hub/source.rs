//! What a model argument means.

use std::path::{Path, PathBuf};

use super::error::HubError;

/// Where a model is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ModelSource {
    /// A folder on this machine.
    Folder(PathBuf),
    /// A repository of the Hub, `owner/name`.
    Hub(String),
}

impl ModelSource {
    /// An existing folder is a folder; otherwise `owner/name` is an id.
    ///
    /// # Errors
    /// [`HubError::UnknownModel`] if it is neither.
    pub fn parse(model: &str) -> Result<Self, HubError> {
        if Path::new(model).is_dir() {
            return Ok(Self::Folder(PathBuf::from(model)));
        }
        if is_id(model) {
            return Ok(Self::Hub(model.to_owned()));
        }
        Err(HubError::UnknownModel {
            found: model.to_owned(),
        })
    }
}

/// Whether a text is `owner/name`.
pub(super) fn is_id(model: &str) -> bool {
    let is_part = |part: &str| {
        !part.is_empty()
            && part.len() <= 96
            && !part.starts_with(['.', '-'])
            && !part.contains("..")
            && part
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
    };
    model
        .split_once('/')
        .is_some_and(|(owner, name)| is_part(owner) && is_part(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_two_plain_parts() {
        for good in [
            "PULSE-ECG/PULSE-7B",
            "llava-hf/llava-v1.6-vicuna-7b-hf",
            "a/b_c",
        ] {
            assert!(is_id(good), "{good}");
        }
        for bad in [
            "", "a", "/a", "a/", "a/b/c", "../a", "a/..", "./a", "a/b c", "-a/b", "a/b\\c",
        ] {
            assert!(!is_id(bad), "{bad}");
        }
    }
}
