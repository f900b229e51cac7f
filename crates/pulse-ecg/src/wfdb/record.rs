//! A record with its digital values.

use super::clock::{BaseDate, BaseTime};
use super::error::WfdbError;
use super::format::SignalFormat;
use super::options::Discrepancy;
use super::patient;
use super::signal_line::is_plausible_gain;
use super::units::VoltageUnit;
use crate::lead::Lead;
use crate::number::Short;
use crate::recording::{LeadSignal, Patient, Recording, SAMPLING_RATES_HZ};
use crate::resample::resample_samples;

/// Value of a sample that the record does not have, whatever its file's format calls it.
pub const MISSING_SAMPLE: i32 = i32::MIN;

/// One signal of a record: digital values and how to read them.
#[derive(Debug, Clone, PartialEq)]
pub struct WfdbSignal {
    /// What the signal is, in the record's own spelling.
    pub description: String,
    /// Format of the file it came from.
    pub format: SignalFormat,
    /// Samples in each frame.
    pub samples_per_frame: u32,
    /// Digital units per physical unit; none for uncalibrated signals.
    pub gain: Option<f64>,
    /// Digital value of 0 physical units.
    pub baseline: i32,
    /// Physical unit.
    pub units: String,
    /// Resolution of the converter in bits; 0 where unknown.
    pub adc_resolution: u32,
    /// Digital value in the middle of the converter's range.
    pub adc_zero: i32,
    /// Digital values, [`MISSING_SAMPLE`] where there is none.
    pub samples: Vec<i32>,
}

impl WfdbSignal {
    /// The digital value in physical units; NaN for missing samples and uncalibrated signals.
    pub fn physical(&self, sample: i32) -> f64 {
        match self.gain {
            Some(gain) if sample != MISSING_SAMPLE => {
                (f64::from(sample) - f64::from(self.baseline)) / gain
            }
            _ => f64::NAN,
        }
    }

    /// The unit as a voltage, if it is one.
    pub fn voltage_unit(&self) -> Option<VoltageUnit> {
        VoltageUnit::parse(&self.units)
    }
}

/// A WFDB record: digital values of every signal, and what its header says.
#[derive(Debug, Clone, PartialEq)]
pub struct WfdbRecord {
    /// Name of the record.
    pub name: String,
    /// Frames per second.
    pub sampling_rate_hz: f64,
    /// Ticks per second of the counter, where it is not the sampling rate.
    pub counter_rate_hz: Option<f64>,
    /// Counter at frame 0.
    pub base_counter: Option<f64>,
    /// Time of day of frame 0.
    pub base_time: Option<BaseTime>,
    /// Date of frame 0.
    pub base_date: Option<BaseDate>,
    /// Number of frames.
    pub frames: usize,
    /// The signals in the header's order; each has `frames * samples_per_frame` samples.
    pub signals: Vec<WfdbSignal>,
    /// Comments of the header in order, without lines that give a name.
    pub comments: Vec<String>,
    /// What did not fit and was let pass because the caller asked to read on. Empty for sound records.
    pub discrepancies: Vec<Discrepancy>,
}

impl WfdbRecord {
    /// What the comments say about the patient.
    pub fn patient(&self) -> Patient {
        patient::from_comments(&self.comments)
    }

    /// Signals that are no voltage (pressure, respiration), which a [`Recording`] leaves out.
    pub fn other_signals(&self) -> impl Iterator<Item = &WfdbSignal> {
        self.signals
            .iter()
            .filter(|signal| signal.voltage_unit().is_none())
    }

    /// The record in millivolts: every voltage signal as a lead, missing samples as NaN.
    ///
    /// All leads get the rate of the fastest; slower ones are resampled (see [`crate::resample()`]).
    ///
    /// # Errors
    /// A voltage without a gain, no voltage at all, or a rate outside [`SAMPLING_RATES_HZ`].
    pub fn to_recording(&self) -> Result<Recording, WfdbError> {
        let voltages: Vec<(&WfdbSignal, VoltageUnit)> = self
            .signals
            .iter()
            .filter_map(|signal| Some((signal, signal.voltage_unit()?)))
            .collect();
        let Some(fastest) = voltages
            .iter()
            .map(|(signal, _)| signal.samples_per_frame)
            .max()
        else {
            let units = |signal: &WfdbSignal| format!("{} in {}", signal.description, signal.units);
            let found: Vec<String> = self.signals.iter().map(units).collect();
            let found = if found.is_empty() {
                "no signal".to_owned()
            } else {
                found.join(", ")
            };
            return Err(WfdbError::NoVoltage {
                record: self.name.clone(),
                found,
            });
        };
        let sampling_rate_hz = self.sampling_rate_hz * f64::from(fastest);
        if !SAMPLING_RATES_HZ.contains(&sampling_rate_hz) {
            return Err(WfdbError::SamplingRate {
                record: self.name.clone(),
                found: sampling_rate_hz,
                lowest: *SAMPLING_RATES_HZ.start(),
                highest: *SAMPLING_RATES_HZ.end(),
            });
        }
        let mut leads = Vec::with_capacity(voltages.len());
        for (signal, unit) in voltages {
            if signal.gain.is_none() {
                return Err(WfdbError::Uncalibrated {
                    record: self.name.clone(),
                    signal: signal.description.clone(),
                });
            }
            let value = |sample: &i32| unit.to_millivolts(signal.physical(*sample)) as f32;
            let mut millivolts: Vec<f32> = signal.samples.iter().map(value).collect();
            if signal.samples_per_frame != fastest {
                let own = f64::from(signal.samples_per_frame);
                millivolts = resample_samples(&millivolts, own, f64::from(fastest));
            }
            leads.push(LeadSignal {
                lead: Lead::parse(&signal.description),
                millivolts,
            });
        }
        Ok(Recording {
            name: self.name.clone(),
            sampling_rate_hz,
            leads,
            patient: self.patient(),
            comments: self.comments.clone(),
        })
    }

    /// A record that can be written: every lead at `units_per_millivolt`, baseline 0.
    ///
    /// Age, sex and codes of the patient become comments where the comments do not have them.
    ///
    /// # Errors
    /// A gain that is not a positive number, leads of unequal length, a value that is infinite or
    /// needs more than 32 bits, or nothing to write.
    pub fn from_recording(
        recording: &Recording,
        units_per_millivolt: f64,
    ) -> Result<Self, WfdbError> {
        let record = &recording.name;
        if !(units_per_millivolt > 0.0 && is_plausible_gain(units_per_millivolt)) {
            return Err(WfdbError::CannotWrite {
                record: record.clone(),
                what: "gain",
                found: Short(units_per_millivolt).to_string(),
                expected: "1e-9 to 1e12 units per millivolt",
            });
        }
        let frames = recording.samples();
        let mut signals = Vec::with_capacity(recording.leads.len());
        for lead in &recording.leads {
            let description = lead.lead.name().to_owned();
            if lead.millivolts.len() != frames {
                return Err(WfdbError::CannotWrite {
                    record: record.clone(),
                    what: "length of a lead",
                    found: format!("{description}: {}", lead.millivolts.len()),
                    expected: "the length of the first lead",
                });
            }
            let mut samples = Vec::with_capacity(frames);
            for (sample, millivolts) in lead.millivolts.iter().enumerate() {
                let value = libm::rint(f64::from(*millivolts) * units_per_millivolt);
                samples.push(if value.is_nan() {
                    MISSING_SAMPLE
                } else if (-2_147_483_647.0..=2_147_483_647.0).contains(&value) {
                    value as i32
                } else {
                    let (lowest, highest) = SignalFormat::Int32.range();
                    return Err(WfdbError::ValueOutsideFormat {
                        signal: description,
                        sample,
                        value: value as i64,
                        format: SignalFormat::Int32.number(),
                        lowest: lowest.into(),
                        highest: highest.into(),
                    });
                });
            }
            signals.push(WfdbSignal {
                description,
                format: SignalFormat::Int16,
                samples_per_frame: 1,
                gain: Some(units_per_millivolt),
                baseline: 0,
                units: "mV".to_owned(),
                adc_resolution: 16,
                adc_zero: 0,
                samples,
            });
        }
        Ok(Self {
            name: record.clone(),
            sampling_rate_hz: recording.sampling_rate_hz,
            counter_rate_hz: None,
            base_counter: None,
            base_time: None,
            base_date: None,
            frames,
            signals,
            comments: patient::to_comments(&recording.comments, &recording.patient),
            discrepancies: Vec::new(),
        })
    }
}
