//! What the archive's reader has taken, and how far it may go.

use std::cell::Cell;
use std::io::{self, Read};
use std::rc::Rc;

/// Bytes taken from an archive, and a position that must not be passed.
#[derive(Debug)]
pub(super) struct Meter {
    taken: Cell<u64>,
    limit: Cell<u64>,
    is_over: Cell<bool>,
}

impl Default for Meter {
    fn default() -> Self {
        Self {
            taken: Cell::new(0),
            limit: Cell::new(u64::MAX),
            is_over: Cell::new(false),
        }
    }
}

impl Meter {
    /// Bytes taken so far.
    pub(super) fn taken(&self) -> u64 {
        self.taken.get()
    }

    /// Lets the reader go up to byte `limit` of the archive.
    pub(super) fn allow(&self, limit: u64) {
        self.limit.set(limit);
    }

    /// Whether the reader wanted to go further.
    pub(super) fn is_over(&self) -> bool {
        self.is_over.get()
    }
}

/// A reader that counts and stops.
pub(super) struct Metered<R> {
    pub(super) reader: R,
    pub(super) meter: Rc<Meter>,
}

impl<R: Read> Read for Metered<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let meter = &self.meter;
        let left = meter.limit.get().saturating_sub(meter.taken.get());
        let wanted = usize::try_from(left).map_or(buffer.len(), |left| buffer.len().min(left));
        if wanted == 0 && !buffer.is_empty() {
            meter.is_over.set(true);
            return Err(io::Error::other("more than may be read here"));
        }
        let count = self.reader.read(&mut buffer[..wanted])?;
        meter.taken.set(meter.taken.get() + count as u64);
        Ok(count)
    }
}
