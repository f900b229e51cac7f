//! Files that are whole or not there.

use std::fs::File;
use std::io::{self, BufWriter};
use std::path::Path;

/// Writes a file under a temporary name beside it, syncs it and gives it its name. `failed` makes the
/// caller's error of the operating system's.
pub(crate) fn write_whole<E>(
    path: &Path,
    failed: impl Fn(io::Error) -> E,
    fill: impl FnOnce(&mut BufWriter<File>) -> Result<(), E>,
) -> Result<(), E> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    let temporary = path.with_file_name(name);
    let write = || {
        let mut file = BufWriter::new(File::create(&temporary).map_err(&failed)?);
        fill(&mut file)?;
        let file = file
            .into_inner()
            .map_err(|error| failed(error.into_error()))?;
        file.sync_all().map_err(&failed)?;
        std::fs::rename(&temporary, path).map_err(&failed)
    };
    write().inspect_err(|_| {
        let _ = std::fs::remove_file(&temporary);
    })
}

/// Reads a plain file. Anything else is refused: a named pipe would be waited for, a device would never end.
pub(crate) fn read_plain(path: &Path) -> io::Result<Vec<u8>> {
    if !std::fs::metadata(path)?.is_file() {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "not a plain file",
        ));
    }
    std::fs::read(path)
}
