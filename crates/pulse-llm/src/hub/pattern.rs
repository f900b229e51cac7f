//! Which files of a repository are wanted.

use std::fmt;

/// A file name or a folder with `*` for any stretch of characters: `ECGInstruct.json`, `shard_1*`,
/// `arena/*`. A name without `*` also means everything below the folder of that name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamePattern(String);

impl NamePattern {
    /// A pattern.
    pub fn new(pattern: impl Into<String>) -> Self {
        Self(pattern.into())
    }

    /// Whether it means this file, a path in the repository with `/`.
    pub fn matches(&self, name: &str) -> bool {
        let mut parts = self.0.split('*');
        let first = parts.next().unwrap_or_default();
        let Some(mut rest) = name.strip_prefix(first) else {
            return false;
        };
        let mut parts: Vec<&str> = parts.collect();
        let Some(last) = parts.pop() else {
            return rest.is_empty() || first.is_empty() || rest.starts_with('/');
        };
        for part in parts {
            match rest.find(part) {
                Some(at) => rest = &rest[at + part.len()..],
                None => return false,
            }
        }
        rest.ends_with(last)
    }
}

impl fmt::Display for NamePattern {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_stand_for_anything() {
        for (pattern, name, is_match) in [
            ("shard_1*", "shard_10.tar.gz", true),
            ("shard_1*", "shard_2.tar.gz", false),
            ("*.json", "ECGInstruct.json", true),
            ("arena", "arena/test-00000-of-00001.parquet", true),
            ("arena", "arena-2/x", false),
            ("ECGInstruct.json", "ECGInstruct.json", true),
            ("a*b*c", "a--b--c", true),
            ("a*b*c", "a--c--b", false),
            ("*ab", "ab", true),
            ("a*a", "a", false),
            ("*", "anything/at.all", true),
        ] {
            assert_eq!(
                NamePattern::new(pattern).matches(name),
                is_match,
                "{pattern} {name}"
            );
        }
    }
}
