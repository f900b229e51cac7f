//! A share of a benchmark.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Share `number` of `count`: every `count`-th item of each task. Items of neighbouring shares alternate, so
/// that shares are equally hard and equally long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Shard {
    number: u64,
    count: u64,
}

impl Shard {
    /// Which share, from 1.
    pub fn number(self) -> u64 {
        self.number
    }

    /// How many there are.
    pub fn count(self) -> u64 {
        self.count
    }

    /// Whether the item at `index`, from 0, belongs to it.
    pub fn has(self, index: u64) -> bool {
        index % self.count == self.number - 1
    }

    /// How many of the first `items` items belong to it.
    pub fn share_of(self, items: u64) -> u64 {
        items / self.count + u64::from(self.number <= items % self.count)
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}/{}", self.number, self.count)
    }
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parsed = text.split_once('/').and_then(|(number, count)| {
            let (number, count) = (number.parse::<u64>().ok()?, count.parse::<u64>().ok()?);
            (1 <= number && number <= count).then_some(Self { number, count })
        });
        parsed.ok_or_else(|| {
            format!("{text:?} is no share; expected i/n with i from 1 to n, for example 2/4")
        })
    }
}

impl From<Shard> for String {
    fn from(shard: Shard) -> Self {
        shard.to_string()
    }
}

impl TryFrom<String> for Shard {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn shares_cover_everything_once() {
        for (count, items) in [(1, 5), (3, 10), (4, 3), (7, 7)] {
            let shards: Vec<Shard> = (1..=count)
                .map(|number| format!("{number}/{count}").parse().unwrap())
                .collect();
            for index in 0..items {
                assert_eq!(shards.iter().filter(|shard| shard.has(index)).count(), 1);
            }
            for shard in &shards {
                let has = (0..items).filter(|index| shard.has(*index)).count() as u64;
                assert_eq!(shard.share_of(items), has, "{shard} of {items}");
            }
        }
        for text in ["", "0/2", "3/2", "1", "a/b", "1/0", "-1/2"] {
            assert!(text.parse::<Shard>().is_err(), "{text}");
        }
    }
}
