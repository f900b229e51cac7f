//! Kinds of repositories and where the Hub has them.

use hf_hub::RepoType;

/// What a repository holds. The Hub's addresses and the cache's folders depend on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RepositoryKind {
    /// A model.
    Model,
    /// A data set.
    Dataset,
}

impl RepositoryKind {
    /// The part of an interface's address that names the kind.
    pub(super) fn api(self) -> &'static str {
        match self {
            Self::Model => "models",
            Self::Dataset => "datasets",
        }
    }

    /// What stands before an id in a file's address.
    pub(super) fn address(self) -> &'static str {
        match self {
            Self::Model => "",
            Self::Dataset => "datasets/",
        }
    }

    /// The same in the terms of the crate that names the cache's folders.
    pub(super) fn cached_as(self) -> RepoType {
        match self {
            Self::Model => RepoType::Model,
            Self::Dataset => RepoType::Dataset,
        }
    }
}
