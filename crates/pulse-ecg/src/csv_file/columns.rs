//! What the columns of a CSV file are, from their names.

use csv::StringRecord;

use super::error::CsvError;
use crate::lead::Lead;
use crate::wfdb::VoltageUnit;

/// What one column holds.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Column {
    /// Time; so many seconds a unit.
    Time { seconds: f64 },
    /// Number of the sample.
    Counter,
    /// A lead in a unit.
    Lead { lead: Lead, unit: VoltageUnit },
}

pub(super) fn parse(names: &StringRecord, default: VoltageUnit) -> Result<Vec<Column>, CsvError> {
    let mut columns: Vec<Column> = Vec::with_capacity(names.len());
    for (index, name) in names.iter().enumerate() {
        let column = column(index, name.trim_start_matches('\u{feff}').trim(), default)?;
        let same = |other: &Column| match (other, &column) {
            (Column::Lead { lead: a, .. }, Column::Lead { lead: b, .. }) => a == b,
            (Column::Lead { .. }, _) | (_, Column::Lead { .. }) => false,
            (Column::Counter, other) | (other, Column::Counter) => *other == Column::Counter,
            _ => true,
        };
        if let Some(first) = columns.iter().position(same) {
            let name = name.trim().to_owned();
            return Err(CsvError::Duplicate {
                first: first + 1,
                second: index + 1,
                name,
            });
        }
        columns.push(column);
    }
    let lead = |column: &Column| matches!(column, Column::Lead { .. });
    if columns.iter().any(lead) {
        Ok(columns)
    } else {
        Err(CsvError::NoLeads)
    }
}

fn column(index: usize, name: &str, default: VoltageUnit) -> Result<Column, CsvError> {
    let number = index + 1;
    let (bare, unit) = split_unit(name);
    match bare.to_ascii_lowercase().as_str() {
        "" if index == 0 && unit.is_none() => return Ok(Column::Counter),
        "" => return Err(CsvError::Unnamed { column: number }),
        "sample" | "samples" | "index" => return Ok(Column::Counter),
        "time_ms" | "t_ms" => return Ok(Column::Time { seconds: 1e-3 }),
        "time" | "t" | "time_s" | "t_s" | "seconds" => {
            let seconds = match unit {
                None | Some("s" | "sec" | "seconds") => 1.0,
                Some("ms") => 1e-3,
                Some(unit) => {
                    return Err(CsvError::Unit {
                        column: number,
                        unit: unit.to_owned(),
                    });
                }
            };
            return Ok(Column::Time { seconds });
        }
        _ => {}
    }
    if name.parse::<f64>().is_ok() {
        return Err(CsvError::NumberAsName {
            column: number,
            name: name.to_owned(),
        });
    }
    let unit = match unit {
        None => default,
        Some(text) => VoltageUnit::parse(text).ok_or_else(|| CsvError::Unit {
            column: number,
            unit: text.to_owned(),
        })?,
    };
    Ok(Column::Lead {
        lead: Lead::parse(bare),
        unit,
    })
}

/// `V1 (uV)` or `V1 [uV]` as name and unit.
fn split_unit(name: &str) -> (&str, Option<&str>) {
    for (open, close) in [('(', ')'), ('[', ']')] {
        if let Some((bare, rest)) = name.split_once(open)
            && let Some(unit) = rest.strip_suffix(close)
        {
            return (bare.trim(), Some(unit.trim()));
        }
    }
    (name, None)
}
