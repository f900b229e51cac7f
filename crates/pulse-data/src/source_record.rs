//! From a picture's path to the recording it shows.
//!
//! ECGInstruct and ECGBench say nowhere which recording a picture was made from, but their paths keep the
//! names of the sources. With them a training set can be compared with a test set record by record.

use std::path::Path;

/// A collection of recordings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum RecordSource {
    /// MIMIC-IV-ECG: `mimic/…`, `mimic_v4/…`.
    Mimic,
    /// PTB-XL: `ptb-xl/…`, `ptb_test_v4/…`.
    PtbXl,
    /// CODE-15%: `code15/…`, `code15_v4/…`.
    Code15,
    /// CPSC 2018: `cpsc/…`.
    Cpsc,
    /// Chapman-Shaoxing-Ningbo: `csn/…`.
    Csn,
    /// Georgia 12-lead: `g12/…`.
    G12,
    /// Made by `pulse-data synthesize`: `synthetic/…`.
    Synthetic,
}

/// The recording behind a picture.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
pub struct SourceRecord {
    /// The collection.
    pub source: RecordSource,
    /// The recording's name in it: the file name up to the first `-`, for PTB-XL its number.
    pub record: String,
    /// The patient, where the path tells: MIMIC's `p10000032`, the synthetic patient's folder.
    pub patient: Option<String>,
}

impl RecordSource {
    /// The source that a folder's name means, whatever iteration (`_v4`) it is.
    fn of_folder(name: &str) -> Option<Self> {
        let name = name.to_ascii_lowercase();
        let has = |start: &str| {
            name.strip_prefix(start)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with(['_', '-']))
        };
        if has("mimic") {
            Some(Self::Mimic)
        } else if has("ptb") || has("ptbxl") {
            Some(Self::PtbXl)
        } else if has("code15") || has("code") {
            Some(Self::Code15)
        } else if has("cpsc") || has("cpsc2018") {
            Some(Self::Cpsc)
        } else if has("csn") {
            Some(Self::Csn)
        } else if has("g12") || has("g12ec") {
            Some(Self::G12)
        } else {
            has("synthetic").then_some(Self::Synthetic)
        }
    }
}

impl SourceRecord {
    /// Reads a path such as `mimic_v4/files/p1000/p10000032/s40689238/40689238-0.png`,
    /// `ptb-xl/records500/00000/00001_hr-0.png`, `code15_v4/1169160-0.png`, `cpsc/g1/A0001-0.png`,
    /// `csn/01/010/JS00001-0.png` or `g12/g1/E00001-0.png`. `None` for pictures of other origin: those of
    /// MMMU and ECG Arena come from the web and from papers.
    pub fn parse(path: &Path) -> Option<Self> {
        let parts: Vec<&str> = path
            .iter()
            .map(|part| part.to_str())
            .collect::<Option<_>>()?;
        let (file, folders) = parts.split_last()?;
        let source = folders
            .iter()
            .find_map(|name| RecordSource::of_folder(name))?;
        let stem = file.rsplit_once('.').map_or(*file, |(stem, _)| stem);
        let record = stem.split('-').next()?;
        let record = match source {
            RecordSource::PtbXl => record.trim_end_matches("_hr").trim_end_matches("_lr"),
            _ => record,
        };
        if record.is_empty() {
            return None;
        }
        let is_patient = |name: &&&str| {
            let digits = name.strip_prefix('p').unwrap_or("");
            let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
            match source {
                // The group folder has the first four digits of the patient's eight.
                RecordSource::Mimic => is_number && digits.len() > 4,
                RecordSource::Synthetic => is_number,
                _ => false,
            }
        };
        Some(Self {
            source,
            record: record.to_owned(),
            patient: folders
                .iter()
                .rev()
                .find(is_patient)
                .map(|name| (*name).to_owned()),
        })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn paths_of_all_sources_are_read() {
        use RecordSource::*;
        for (path, source, record, patient) in [
            (
                "mimic/files/p1000/p10000032/s40689238/40689238-0.png",
                Mimic,
                "40689238",
                Some("p10000032"),
            ),
            (
                "mimic_v4/p1000/p10000032/s1/1-12.png",
                Mimic,
                "1",
                Some("p10000032"),
            ),
            (
                "ptb-xl/records500/00000/00001_hr-0.png",
                PtbXl,
                "00001",
                None,
            ),
            (
                "test_images/ptb_test_v4/07190_hr-0.png",
                PtbXl,
                "07190",
                None,
            ),
            ("code15_v4/1169160-3.png", Code15, "1169160", None),
            ("cpsc/g1/A0001-0.png", Cpsc, "A0001", None),
            ("csn/01/010/JS00001-0.png", Csn, "JS00001", None),
            ("g12/g1/E00001-0.jpg", G12, "E00001", None),
            (
                "synthetic/p000017/s3-0.png",
                Synthetic,
                "s3",
                Some("p000017"),
            ),
        ] {
            let found = SourceRecord::parse(Path::new(path)).unwrap();
            assert_eq!(found.source, source, "{path}");
            assert_eq!(found.record, record, "{path}");
            assert_eq!(found.patient.as_deref(), patient, "{path}");
        }
        for path in [
            "mmmu-ecg/1.png",
            "ecg-arena/3-0.png",
            "a.png",
            "mimicry/1-0.png",
            "csn/-0.png",
            "",
        ] {
            assert_eq!(SourceRecord::parse(Path::new(path)), None, "{path}");
        }
    }
}
