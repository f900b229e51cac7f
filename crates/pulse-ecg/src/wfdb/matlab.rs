//! MATLAB level 4 files, the `.mat` of the PhysioNet challenges.
//!
//! Such a file is 20 bytes of header, a name and one matrix in column order. With signals as rows a
//! column is a frame, so that WFDB reads the matrix as an ordinary multiplexed file behind a byte
//! offset: `16x1+24`. Source: the MAT-file format document, level 4.

use super::error::{FormatProblem, WfdbError};
use super::format::SignalFormat;

/// Header of a level 4 matrix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MatHeader {
    /// Type of the numbers as the signal format that reads them: 16, 32 or 80.
    pub format: SignalFormat,
    /// Rows: signals.
    pub rows: u32,
    /// Columns: frames.
    pub columns: u32,
    /// Bytes before the first number.
    pub data_offset: u64,
}

/// Name that WFDB programs give the matrix, with its end mark.
const NAME: &[u8] = b"val\0";
/// Bytes of the header's five numbers.
const FIXED: usize = 20;
/// Longest name of a variable that is taken, with its end mark.
const LONGEST_NAME: u32 = 64;

impl MatHeader {
    /// Reads the header and compares the matrix with the bytes that are there.
    ///
    /// # Errors
    /// Anything but one real, full, little-endian matrix of 16-bit, 32-bit or unsigned 8-bit numbers,
    /// or a file that ends within it. `file` is named in errors.
    pub fn parse(bytes: &[u8], file: &str) -> Result<Self, WfdbError> {
        let wrong = |what: &'static str, found: String, expected: &str| WfdbError::Matlab {
            file: file.to_owned(),
            what,
            found,
            expected: expected.to_owned(),
        };
        let fixed = bytes.get(..FIXED).ok_or_else(|| {
            wrong(
                "size",
                format!("{} bytes", bytes.len()),
                "at least 20 bytes",
            )
        })?;
        let mut numbers = [0_u32; 5];
        for (number, word) in numbers.iter_mut().zip(fixed.chunks_exact(4)) {
            *number = word
                .iter()
                .rev()
                .fold(0, |sum, byte| sum << 8 | u32::from(*byte));
        }
        let [kind, rows, columns, imaginary, name_length] = numbers;
        let (format, width) = match kind {
            20 => (SignalFormat::Int32, 4),
            30 => (SignalFormat::Int16, 2),
            50 => (SignalFormat::Offset8, 1),
            _ => {
                let expected = "20, 30 or 50 (level 4, little-endian, 32, 16 or 8 bits); save other \
                                files with `save -v4`";
                return Err(wrong("type", kind.to_string(), expected));
            }
        };
        if imaginary != 0 {
            return Err(wrong("imaginary part", imaginary.to_string(), "0, none"));
        }
        if !(1..=LONGEST_NAME).contains(&name_length) {
            return Err(wrong(
                "length of the name",
                name_length.to_string(),
                "1 to 64",
            ));
        }
        let data_offset = FIXED as u64 + u64::from(name_length);
        let needed = u128::from(rows) * u128::from(columns) * width + u128::from(data_offset);
        if (bytes.len() as u128) < needed {
            let found = format!("{} bytes", bytes.len());
            let expected = format!("{needed} bytes for {rows} x {columns} numbers");
            return Err(wrong("size", found, &expected));
        }
        Ok(Self {
            format,
            rows,
            columns,
            data_offset,
        })
    }

    /// The header of a matrix `val`, 24 bytes.
    pub(super) fn write(
        format: SignalFormat,
        rows: u32,
        columns: u32,
    ) -> Result<Vec<u8>, WfdbError> {
        let kind: u32 = match format {
            SignalFormat::Int32 => 20,
            SignalFormat::Int16 => 30,
            SignalFormat::Offset8 => 50,
            _ => {
                return Err(WfdbError::Format {
                    context: "writing .mat".to_owned(),
                    found: format.number().to_string(),
                    problem: FormatProblem::NotInMatlab,
                });
            }
        };
        let numbers = [kind, rows, columns, 0, NAME.len() as u32];
        let mut bytes: Vec<u8> = numbers
            .iter()
            .flat_map(|number| number.to_le_bytes())
            .collect();
        bytes.extend_from_slice(NAME);
        Ok(bytes)
    }

    /// Refuses a matrix that is not what the record's header says about the file.
    pub(super) fn check(
        &self,
        file: &str,
        format: SignalFormat,
        byte_offset: u64,
        samples_per_frame: u64,
    ) -> Result<(), WfdbError> {
        let pairs = [
            (
                "signal format",
                u64::from(self.format.number()),
                u64::from(format.number()),
            ),
            ("start of the data", self.data_offset, byte_offset),
            ("number of rows", u64::from(self.rows), samples_per_frame),
        ];
        match pairs
            .into_iter()
            .find(|(_, found, expected)| found != expected)
        {
            None => Ok(()),
            Some((what, found, expected)) => Err(WfdbError::Matlab {
                file: file.to_owned(),
                what,
                found: found.to_string(),
                expected: format!("{expected} as the record's header states"),
            }),
        }
    }
}
