//! Event files of TensorBoard.
//!
//! A file is a sequence of records: length, masked CRC-32C of the length, a protocol buffer `Event`,
//! masked CRC-32C of it (`tensorflow/core/lib/io/record_writer.h`, `event.proto`, `summary.proto`).

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use prost::Message;

use super::event::{Event, Watcher, now};
use crate::error::TrainError;

/// `Event` of TensorBoard, what of it is used.
#[derive(Clone, PartialEq, Message)]
struct Record {
    #[prost(double, tag = "1")]
    wall_time: f64,
    #[prost(int64, tag = "2")]
    step: i64,
    #[prost(string, optional, tag = "3")]
    file_version: Option<String>,
    #[prost(message, optional, tag = "5")]
    summary: Option<Summary>,
    #[prost(message, optional, tag = "7")]
    session_log: Option<SessionLog>,
}

#[derive(Clone, PartialEq, Message)]
struct Summary {
    #[prost(message, repeated, tag = "1")]
    value: Vec<SummaryValue>,
}

#[derive(Clone, PartialEq, Message)]
struct SummaryValue {
    #[prost(string, tag = "1")]
    tag: String,
    #[prost(float, tag = "2")]
    simple_value: f32,
}

/// Start of a session: curves behind its step are of an interrupted run and are not drawn.
#[derive(Clone, PartialEq, Message)]
struct SessionLog {
    #[prost(int32, tag = "1")]
    status: i32,
}

/// Writes scalars to a new event file of a folder.
pub struct TensorBoard {
    path: PathBuf,
    file: File,
}

impl TensorBoard {
    /// Starts a file for a run that goes on behind `step`.
    ///
    /// # Errors
    /// [`TrainError::File`] if it cannot be made.
    pub fn create(folder: &Path, step: u64) -> Result<Self, TrainError> {
        let time = now();
        let name = format!(
            "events.out.tfevents.{:010}.pulse-train.{}",
            time as u64, step
        );
        let path = folder.join(name);
        let failed = |source| TrainError::File {
            path: path.clone(),
            source,
        };
        std::fs::create_dir_all(folder).map_err(failed)?;
        let file = File::create(&path).map_err(failed)?;
        let mut board = Self {
            path: path.clone(),
            file,
        };
        board.write(&Record {
            wall_time: time,
            file_version: Some("brain.Event:2".to_owned()),
            ..Record::default()
        })?;
        if step > 0 {
            board.write(&Record {
                wall_time: time,
                step: step as i64 + 1,
                session_log: Some(SessionLog { status: 1 }),
                ..Record::default()
            })?;
        }
        Ok(board)
    }

    fn scalars(&mut self, step: u64, scalars: &[(&str, f64)]) -> Result<(), TrainError> {
        let value = scalars
            .iter()
            .map(|(tag, value)| SummaryValue {
                tag: (*tag).to_owned(),
                simple_value: *value as f32,
            })
            .collect();
        self.write(&Record {
            wall_time: now(),
            step: step as i64,
            summary: Some(Summary { value }),
            ..Record::default()
        })
    }

    fn write(&mut self, record: &Record) -> Result<(), TrainError> {
        let written = self.file.write_all(&frame(&record.encode_to_vec()));
        written.map_err(|source| TrainError::File {
            path: self.path.clone(),
            source,
        })
    }
}

impl Watcher for TensorBoard {
    fn take(&mut self, event: &Event) -> Result<(), TrainError> {
        match event {
            Event::Step(report) => self.scalars(
                report.step,
                &[
                    ("train/loss", report.loss),
                    ("train/smoothed_loss", report.smoothed_loss),
                    ("train/gradient_norm", report.gradient_norm),
                    ("train/learning_rate", report.learning_rate),
                    ("speed/tokens_per_s", report.tokens_per_s),
                    ("speed/samples_per_s", report.samples_per_s),
                    ("speed/utilisation", report.utilisation),
                    ("seconds/data", report.seconds.data),
                    ("seconds/forward", report.seconds.forward),
                    ("seconds/backward", report.seconds.backward),
                    ("seconds/optimiser", report.seconds.optimiser),
                    ("seconds/checkpoint", report.seconds.checkpoint),
                    (
                        "memory/resident_bytes",
                        report.resident_bytes.unwrap_or(0) as f64,
                    ),
                    ("data/masked", report.masked as f64),
                    ("data/dropped", report.dropped as f64),
                ],
            ),
            Event::Validation { step, loss, .. } => {
                self.scalars(*step, &[("validation/loss", *loss)])
            }
            _ => Ok(()),
        }
    }
}

/// A record with its length and checksums.
fn frame(record: &[u8]) -> Vec<u8> {
    let length = (record.len() as u64).to_le_bytes();
    let mut out = Vec::with_capacity(record.len() + 16);
    out.extend(length);
    out.extend(masked(&length).to_le_bytes());
    out.extend(record);
    out.extend(masked(record).to_le_bytes());
    out
}

/// CRC-32C, rotated and shifted as the format wants.
fn masked(bytes: &[u8]) -> u32 {
    crc32c(bytes).rotate_right(15).wrapping_add(0xa282_ead8)
}

/// CRC-32C (Castagnoli), reflected polynomial 0x82f63b78, bit by bit: records are a few hundred bytes.
fn crc32c(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc: u32, _| {
            let carry = (crc & 1).wrapping_neg();
            (crc >> 1) ^ (0x82f6_3b78 & carry)
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 3720, B.4, and the check value of the CRC catalogue.
    #[test]
    fn checksums_are_castagnolis() {
        assert_eq!(crc32c(b"123456789"), 0xe306_9283);
        assert_eq!(crc32c(&[0; 32]), 0x8a91_36aa);
        assert_eq!(crc32c(&[0xff; 32]), 0x62a8_ab43);
    }

    #[test]
    fn a_record_is_framed_by_lengths_and_checksums() {
        let framed = frame(b"abc");
        assert_eq!(framed.len(), 8 + 4 + 3 + 4);
        assert_eq!(framed[..8], 3u64.to_le_bytes());
        assert_eq!(framed[12..15], *b"abc");
        assert_eq!(framed[15..], masked(b"abc").to_le_bytes());
    }
}
