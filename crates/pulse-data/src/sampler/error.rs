//! What can be wrong with samplers and cursors.

/// Why an order cannot be made or gone on with.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SamplerError {
    /// There is nothing to sample from.
    #[error("the data set is empty; expected at least one sample")]
    Empty,
    /// A number that must not be zero is.
    #[error("{name} is 0, expected at least 1")]
    Zero {
        /// The option.
        name: &'static str,
    },
    /// A rank that does not exist.
    #[error("rank {rank} of {world}: expected a rank below the number of ranks")]
    Rank {
        /// The rank.
        rank: usize,
        /// Number of ranks.
        world: usize,
    },
    /// A length of zero has no sign to tell the modality by.
    #[error(
        "sample {index} has length 0; grouping by modality needs words in every sample, remove it or \
         choose another order"
    )]
    ZeroLength {
        /// The sample.
        index: usize,
    },
    /// Lengths are missing or too many.
    #[error("{found} lengths for {expected} samples; measure them on this data set")]
    Lengths {
        /// Lengths given.
        found: usize,
        /// Samples.
        expected: usize,
    },
    /// The order groups by length and no lengths were given.
    #[error("the order {order} needs the lengths of the samples; measure them first")]
    NoLengths {
        /// The order's name.
        order: &'static str,
    },
    /// Something that should be a permutation is none.
    #[error("{name} is no permutation of 0..{length}; expected every index once")]
    NoPermutation {
        /// Which one.
        name: &'static str,
        /// How many indices it should have.
        length: usize,
    },
    /// The cursor was made under other conditions.
    #[error(
        "the cursor was made with {name} = {saved}, this run has {current}; use the same or start a \
         new epoch"
    )]
    Cursor {
        /// What differs.
        name: &'static str,
        /// Its value then.
        saved: String,
        /// Its value now.
        current: String,
    },
    /// The cursor points behind the end of its epoch.
    #[error(
        "the cursor is at sample {position} of an epoch of {length}; it belongs to another run"
    )]
    Position {
        /// Where it points.
        position: u64,
        /// Samples of an epoch.
        length: u64,
    },
}
