//! A JSON array that is written item by item.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use super::error::SynthesizeError;

/// An array that gets its name when it is whole.
pub(super) struct ArrayFile {
    path: PathBuf,
    temporary: PathBuf,
    output: BufWriter<File>,
    items: u64,
}

impl ArrayFile {
    pub(super) fn create(path: PathBuf) -> Result<Self, SynthesizeError> {
        let temporary = path.with_extension("json.new");
        let open = || -> io::Result<BufWriter<File>> {
            let mut output = BufWriter::new(File::create(&temporary)?);
            output.write_all(b"[")?;
            Ok(output)
        };
        let output = open().map_err(|source| failed(&path, source))?;
        Ok(Self {
            path,
            temporary,
            output,
            items: 0,
        })
    }

    pub(super) fn push(&mut self, item: &impl serde::Serialize) -> Result<(), SynthesizeError> {
        let write = |output: &mut BufWriter<File>, is_first: bool| -> io::Result<()> {
            output.write_all(if is_first { b"\n" } else { b",\n" })?;
            serde_json::to_writer(output, item)?;
            Ok(())
        };
        write(&mut self.output, self.items == 0).map_err(|source| failed(&self.path, source))?;
        self.items += 1;
        Ok(())
    }

    /// Closes the array and returns the number of items. An array without items gets no file.
    pub(super) fn finish(mut self) -> Result<u64, SynthesizeError> {
        if self.items == 0 {
            std::fs::remove_file(&self.temporary).map_err(|source| failed(&self.path, source))?;
            return Ok(0);
        }
        let finish = |output: &mut BufWriter<File>| -> io::Result<()> {
            output.write_all(b"\n]\n")?;
            output.flush()?;
            output.get_ref().sync_all()
        };
        finish(&mut self.output)
            .and_then(|()| std::fs::rename(&self.temporary, &self.path))
            .map_err(|source| failed(&self.path, source))?;
        Ok(self.items)
    }
}

fn failed(path: &Path, source: io::Error) -> SynthesizeError {
    SynthesizeError::File {
        path: path.to_owned(),
        source,
    }
}
