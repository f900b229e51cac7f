//! From CSV text to a recording.

use std::io::Read;
use std::path::Path;

use csv::StringRecord;

use super::columns::{self, Column};
use super::error::CsvError;
use super::time::Times;
use crate::recording::{LeadSignal, Patient, Recording, SAMPLING_RATES_HZ};
use crate::wfdb::VoltageUnit;

/// How to read a CSV file.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CsvOptions {
    /// Samples per second; needed where there is no time column.
    pub sampling_rate_hz: Option<f64>,
    /// Unit of columns whose name gives none.
    pub unit: VoltageUnit,
    /// What separates cells; by default the comma, semicolon or tab that line 1 has most of.
    pub delimiter: Option<u8>,
}

impl Default for CsvOptions {
    fn default() -> Self {
        Self {
            sampling_rate_hz: None,
            unit: VoltageUnit::Millivolt,
            delimiter: None,
        }
    }
}

impl Recording {
    /// Reads a CSV file; the recording is called after the file.
    ///
    /// # Errors
    /// Everything in [`CsvError`], with line and column.
    pub fn from_csv_file(path: impl AsRef<Path>, options: &CsvOptions) -> Result<Self, CsvError> {
        let path = path.as_ref();
        let failed = |source| CsvError::File {
            path: path.to_owned(),
            source,
        };
        let text = std::fs::read(path).map_err(failed)?;
        let name = path
            .file_stem()
            .map(|name| name.to_string_lossy().into_owned());
        Self::from_csv(text.as_slice(), &name.unwrap_or_default(), options)
    }

    /// Reads CSV text from anywhere.
    ///
    /// # Errors
    /// Everything in [`CsvError`], with line and column.
    pub fn from_csv(
        mut text: impl Read,
        name: &str,
        options: &CsvOptions,
    ) -> Result<Self, CsvError> {
        let mut bytes = Vec::new();
        text.read_to_end(&mut bytes)
            .map_err(|source| CsvError::File {
                path: name.into(),
                source,
            })?;
        let delimiter = options.delimiter.unwrap_or_else(|| delimiter_of(&bytes));
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(delimiter)
            .trim(csv::Trim::All)
            .from_reader(bytes.as_slice());
        let names = reader.headers().map_err(syntax)?.clone();
        let columns = columns::parse(&names, options.unit)?;
        let mut rows = Rows::new(&columns);
        let mut row = StringRecord::new();
        while reader.read_record(&mut row).map_err(syntax)? {
            rows.push(&columns, &names, &row)?;
        }
        rows.finish(columns, name, options)
    }
}

/// Columns as they fill.
struct Rows {
    leads: Vec<Vec<f32>>,
    times: Vec<Times>,
    count: usize,
}

impl Rows {
    fn new(columns: &[Column]) -> Self {
        let each = || columns.iter();
        Self {
            leads: each().map(|_| Vec::new()).collect(),
            times: each().map(|_| Times::default()).collect(),
            count: 0,
        }
    }

    fn push(
        &mut self,
        columns: &[Column],
        names: &StringRecord,
        row: &StringRecord,
    ) -> Result<(), CsvError> {
        let line = row.position().map_or(0, csv::Position::line);
        let targets = self.leads.iter_mut().zip(&mut self.times);
        for (index, ((column, (lead, times)), text)) in
            columns.iter().zip(targets).zip(row).enumerate()
        {
            let number = text.parse::<f64>().ok();
            let cell = || CsvError::Cell {
                line,
                column: index + 1,
                name: names.get(index).unwrap_or_default().to_owned(),
                found: text.to_owned(),
            };
            match column {
                Column::Lead { unit, .. } => {
                    let value = if text.is_empty() {
                        Some(f64::NAN)
                    } else {
                        number
                    };
                    let value = value
                        .filter(|value| !value.is_infinite())
                        .ok_or_else(cell)?;
                    let millivolts = unit.to_millivolts(value) as f32;
                    lead.push(if millivolts.is_infinite() {
                        return Err(cell());
                    } else {
                        millivolts
                    });
                }
                Column::Time { .. } | Column::Counter => {
                    let value = number.filter(|value| value.is_finite()).ok_or_else(cell)?;
                    times.push(line, text, value);
                }
            }
        }
        self.count += 1;
        Ok(())
    }

    fn finish(
        self,
        columns: Vec<Column>,
        name: &str,
        options: &CsvOptions,
    ) -> Result<Recording, CsvError> {
        if self.count == 0 {
            return Err(CsvError::NoSamples);
        }
        let mut leads = Vec::new();
        let mut measured = None;
        for (index, ((column, millivolts), times)) in columns
            .into_iter()
            .zip(self.leads)
            .zip(self.times)
            .enumerate()
        {
            match column {
                Column::Lead { lead, .. } => leads.push(LeadSignal { lead, millivolts }),
                Column::Counter => times.check_counter(index + 1)?,
                Column::Time { seconds } => measured = times.rate_hz(index + 1, seconds)?,
            }
        }
        let sampling_rate_hz = match (measured, options.sampling_rate_hz) {
            (Some(found), Some(stated)) if (found / stated - 1.0).abs() > 1e-3 => {
                return Err(CsvError::RateConflict { found, stated });
            }
            (_, Some(stated)) => stated,
            (Some(found), None) => found,
            (None, None) => return Err(CsvError::NoRate),
        };
        if !SAMPLING_RATES_HZ.contains(&sampling_rate_hz) {
            return Err(CsvError::SamplingRate {
                found: sampling_rate_hz,
                lowest: *SAMPLING_RATES_HZ.start(),
                highest: *SAMPLING_RATES_HZ.end(),
            });
        }
        Ok(Recording {
            name: name.to_owned(),
            sampling_rate_hz,
            leads,
            patient: Patient::default(),
            comments: Vec::new(),
        })
    }
}

fn syntax(error: csv::Error) -> CsvError {
    let line = error.position().map_or(1, csv::Position::line);
    CsvError::Syntax {
        line,
        problem: error.to_string(),
    }
}

/// Of comma, semicolon and tab the one that the first line has most of.
fn delimiter_of(bytes: &[u8]) -> u8 {
    let first = bytes
        .split(|byte| *byte == b'\n')
        .next()
        .unwrap_or_default();
    let count = |mark: u8| first.iter().filter(|byte| **byte == mark).count();
    let mut best = b',';
    for mark in [b';', b'\t'] {
        if count(mark) > count(best) {
            best = mark;
        }
    }
    best
}
