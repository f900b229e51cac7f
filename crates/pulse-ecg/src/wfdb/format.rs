//! The signal formats of signal(5).

/// How samples lie in a signal file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SignalFormat {
    /// 0: no file, every sample is missing.
    Null,
    /// 8: 8-bit first differences.
    Difference8,
    /// 16: two's complement, least significant byte first.
    Int16,
    /// 24: two's complement, least significant byte first.
    Int24,
    /// 32: two's complement, least significant byte first.
    Int32,
    /// 61: 16 bits, most significant byte first.
    Int16Big,
    /// 80: 8 bits, offset binary.
    Offset8,
    /// 160: 16 bits, offset binary, least significant byte first.
    Offset16,
    /// 212: pairs of 12-bit samples in three bytes.
    Packed12,
    /// 310: triples of 10-bit samples in two 16-bit words.
    Packed10,
    /// 311: triples of 10-bit samples in one 32-bit word.
    Packed10Plain,
    /// 508: FLAC, 8 bits.
    Flac8,
    /// 516: FLAC, 16 bits.
    Flac16,
    /// 524: FLAC, 24 bits.
    Flac24,
}

impl SignalFormat {
    /// Every format.
    pub const ALL: [Self; 14] = [
        Self::Null,
        Self::Difference8,
        Self::Int16,
        Self::Int24,
        Self::Int32,
        Self::Int16Big,
        Self::Offset8,
        Self::Offset16,
        Self::Packed12,
        Self::Packed10,
        Self::Packed10Plain,
        Self::Flac8,
        Self::Flac16,
        Self::Flac24,
    ];

    /// Formats that [`crate::WfdbRecord::write`] writes: all that keep every value and need no codec.
    pub const WRITABLE: [Self; 9] = [
        Self::Int16,
        Self::Int24,
        Self::Int32,
        Self::Int16Big,
        Self::Offset8,
        Self::Offset16,
        Self::Packed12,
        Self::Packed10,
        Self::Packed10Plain,
    ];

    /// The number that headers use.
    pub const fn number(self) -> u16 {
        match self {
            Self::Null => 0,
            Self::Difference8 => 8,
            Self::Int16 => 16,
            Self::Int24 => 24,
            Self::Int32 => 32,
            Self::Int16Big => 61,
            Self::Offset8 => 80,
            Self::Offset16 => 160,
            Self::Packed12 => 212,
            Self::Packed10 => 310,
            Self::Packed10Plain => 311,
            Self::Flac8 => 508,
            Self::Flac16 => 516,
            Self::Flac24 => 524,
        }
    }

    /// The format of a header's number, if WFDB has it.
    pub fn from_number(number: u16) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|format| format.number() == number)
    }

    /// Bits of one sample, sign included. 32 for format 8, whose sums have no bound, and format 0.
    pub const fn bits(self) -> u32 {
        match self {
            Self::Offset8 | Self::Flac8 => 8,
            Self::Packed10 | Self::Packed10Plain => 10,
            Self::Packed12 => 12,
            Self::Int16 | Self::Int16Big | Self::Offset16 | Self::Flac16 => 16,
            Self::Int24 | Self::Flac24 => 24,
            Self::Int32 | Self::Difference8 | Self::Null => 32,
        }
    }

    /// The code that means "no sample": the lowest of the format's range. None for format 8.
    ///
    /// Source: `WFDB_INVALID_SAMPLE` of the WFDB library, which maps each format's lowest code to it.
    pub const fn missing_code(self) -> Option<i32> {
        match self {
            Self::Difference8 => None,
            _ => Some(i32::MIN >> (32 - self.bits())),
        }
    }

    /// Lowest and highest value that a sample can have; the code for missing samples is not a value.
    pub const fn range(self) -> (i32, i32) {
        let shift = 32 - self.bits();
        ((i32::MIN >> shift) + 1, i32::MAX >> shift)
    }

    /// Whether files of it are FLAC streams.
    pub const fn is_flac(self) -> bool {
        matches!(self, Self::Flac8 | Self::Flac16 | Self::Flac24)
    }

    /// Whole samples in so many bytes; none for formats without a fixed size.
    pub(crate) const fn samples_in(self, bytes: u64) -> Option<u64> {
        Some(match self {
            Self::Difference8 | Self::Offset8 => bytes,
            Self::Int16 | Self::Int16Big | Self::Offset16 => bytes / 2,
            Self::Int24 => bytes / 3,
            Self::Int32 => bytes / 4,
            // The last sample of an odd number takes two bytes.
            Self::Packed12 => bytes / 3 * 2 + if bytes % 3 == 2 { 1 } else { 0 },
            // A rest of two bytes holds one sample; of format 310, a rest of four would be a triple.
            Self::Packed10 | Self::Packed10Plain => {
                bytes / 4 * 3 + if bytes % 4 >= 2 { 1 } else { 0 }
            }
            Self::Null | Self::Flac8 | Self::Flac16 | Self::Flac24 => return None,
        })
    }

    /// Fewest and most bytes that so many samples take, as packed formats may fill up their last group; none for
    /// formats without a fixed size.
    pub(crate) const fn bytes_of(self, samples: u64) -> Option<(u64, u64)> {
        Some(match self {
            Self::Difference8 | Self::Offset8 => (samples, samples),
            Self::Int16 | Self::Int16Big | Self::Offset16 => whole(samples, 2),
            Self::Int24 => whole(samples, 3),
            Self::Int32 => whole(samples, 4),
            Self::Packed12 => {
                let groups = (samples / 2).saturating_mul(3);
                let rest = samples % 2;
                (
                    groups.saturating_add(2 * rest),
                    groups.saturating_add(3 * rest),
                )
            }
            Self::Packed10 | Self::Packed10Plain => {
                let groups = (samples / 3).saturating_mul(4);
                match samples % 3 {
                    0 => (groups, groups),
                    1 => (groups.saturating_add(2), groups.saturating_add(4)),
                    _ => (groups.saturating_add(4), groups.saturating_add(4)),
                }
            }
            Self::Null | Self::Flac8 | Self::Flac16 | Self::Flac24 => return None,
        })
    }
}

const fn whole(samples: u64, size: u64) -> (u64, u64) {
    let bytes = samples.saturating_mul(size);
    (bytes, bytes)
}
