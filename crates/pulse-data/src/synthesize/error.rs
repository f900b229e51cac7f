//! What can go wrong.

use std::path::PathBuf;

use pulse_ecg::decoys::DecoyError;
use pulse_ecg::page::{PageError, PageFileError};
use pulse_ecg::patients::PatientError;
use pulse_ecg::wear::WearError;

/// Why a set cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum SynthesizeError {
    /// A setting is outside its range.
    #[error("{name} is {found}; expected {expected}")]
    Setting {
        /// The setting.
        name: &'static str,
        /// Its value.
        found: String,
        /// Its range.
        expected: &'static str,
    },
    /// The folder has something else in it.
    #[error(
        "{} is there already and was made with other settings or is no synthetic set; choose another folder or \
         delete it", path.display()
    )]
    Occupied {
        /// The folder.
        path: PathBuf,
    },
    /// Another run makes a set in the same folder.
    #[error(
        "another run is making a set in {}; wait until it has ended (run again, it adds nothing then), or choose \
         another folder", path.display()
    )]
    Busy {
        /// The folder.
        path: PathBuf,
    },
    /// A file cannot be written.
    #[error("{}: {source}; check the path, permissions and free space", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// A patient cannot be made.
    #[error(transparent)]
    Patient(#[from] PatientError),
    /// A page cannot be drawn.
    #[error(transparent)]
    Page(#[from] PageError),
    /// A page cannot be encoded.
    #[error(transparent)]
    PageFile(#[from] PageFileError),
    /// A picture that is no page cannot be drawn.
    #[error(transparent)]
    Decoy(#[from] DecoyError),
    /// A page cannot be worn.
    #[error(transparent)]
    Wear(#[from] WearError),
}
