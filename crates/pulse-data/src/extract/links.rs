//! Symbolic links that lie in an image folder already.

use std::path::{Path, PathBuf};

use super::error::ExtractError;

/// Refuses a path below `root` if a folder on the way to it is a symbolic link: what is written there would
/// land somewhere else. The root itself may be one. With `whole` the last part must be none either.
pub(super) fn refuse_links(root: &Path, path: &Path, whole: bool) -> Result<(), ExtractError> {
    let folders = if whole { Some(path) } else { path.parent() };
    let mut place: PathBuf = root.to_owned();
    for part in folders.into_iter().flat_map(Path::iter) {
        place.push(part);
        match place.symlink_metadata() {
            Ok(found) if found.is_symlink() => {
                return Err(ExtractError::ThroughLink {
                    link: place,
                    writing: path.to_owned(),
                });
            }
            Ok(_) => {}
            // Nothing is there yet, and so nothing below it.
            Err(_) => return Ok(()),
        }
    }
    Ok(())
}
