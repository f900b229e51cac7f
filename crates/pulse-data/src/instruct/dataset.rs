//! A conversation file as a data set of Burn.

use burn::data::dataset::{Dataset, DatasetError};

use super::file::InstructFile;
use crate::sample::Sample;

impl Dataset<Sample> for InstructFile {
    fn get(&self, index: usize) -> Result<Sample, DatasetError> {
        self.sample(index as u64).map_err(DatasetError::new)
    }

    fn len(&self) -> usize {
        usize::try_from(InstructFile::len(self)).unwrap_or(usize::MAX)
    }
}
