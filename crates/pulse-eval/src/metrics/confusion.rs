//! Which class was taken for which.

use serde::Serialize;

use super::counts::BinaryCounts;
use super::{mean_of_defined, ratio};

/// A class outside the matrix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "class {class} was found in a matrix of {classes} classes; give a position below {classes}"
)]
pub struct UnknownClass {
    /// The position given.
    pub class: usize,
    /// The number of classes.
    pub classes: usize,
}

/// A confusion matrix with a column for answers that could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ConfusionMatrix {
    /// The classes' names, rows and columns.
    pub classes: Vec<String>,
    /// `cells[true][predicted]`.
    pub cells: Vec<Vec<u64>>,
    /// Per true class, answers without a readable class.
    pub unreadable: Vec<u64>,
}

impl ConfusionMatrix {
    /// An empty matrix.
    pub fn new(classes: Vec<String>) -> Self {
        let count = classes.len();
        Self {
            classes,
            cells: vec![vec![0; count]; count],
            unreadable: vec![0; count],
        }
    }

    /// Counts one item; `predicted` is `None` where nothing could be read.
    ///
    /// # Errors
    /// [`UnknownClass`] if a position is not below the number of classes.
    pub fn add(&mut self, gold: usize, predicted: Option<usize>) -> Result<(), UnknownClass> {
        let classes = self.classes.len();
        if let Some(class) = [Some(gold), predicted]
            .into_iter()
            .flatten()
            .find(|class| *class >= classes)
        {
            return Err(UnknownClass { class, classes });
        }
        match predicted {
            Some(predicted) => self.cells[gold][predicted] += 1,
            None => self.unreadable[gold] += 1,
        }
        Ok(())
    }

    /// Items counted, unreadable ones included.
    pub fn total(&self) -> u64 {
        self.cells.iter().flatten().sum::<u64>() + self.unreadable.iter().sum::<u64>()
    }

    /// Correct items divided by all items; an unreadable answer is not correct.
    pub fn accuracy(&self) -> Option<f64> {
        let correct: u64 = (0..self.classes.len())
            .map(|class| self.cells[class][class])
            .sum();
        ratio(correct as f64, self.total() as f64)
    }

    /// One class against the rest. An unreadable answer is a missed one of its class.
    ///
    /// # Errors
    /// [`UnknownClass`] if there is no such class.
    pub fn counts(&self, class: usize) -> Result<BinaryCounts, UnknownClass> {
        let classes = self.classes.len();
        if class >= classes {
            return Err(UnknownClass { class, classes });
        }
        let true_positives = self.cells[class][class];
        let support: u64 = self.cells[class].iter().sum::<u64>() + self.unreadable[class];
        let predicted: u64 = self.cells.iter().map(|row| row[class]).sum();
        Ok(BinaryCounts {
            true_positives,
            false_positives: predicted - true_positives,
            false_negatives: support - true_positives,
            true_negatives: self.total() + true_positives - support - predicted,
        })
    }

    /// Unweighted mean of F1 over the classes that occur as truth.
    pub fn macro_f1(&self) -> Option<f64> {
        let counts = (0..self.classes.len()).filter_map(|class| self.counts(class).ok());
        mean_of_defined(counts.filter(|one| one.support() > 0).map(|one| one.f1()))
    }
}
