//! Where models and data sets come from and go to.

use std::path::PathBuf;
use std::time::Duration;

use hf_hub::Cache;

const PUBLIC_ENDPOINT: &str = "https://huggingface.co";

/// Settings of a download. The default reads the environment variables of `huggingface_hub`.
#[derive(Clone)]
pub struct HubOptions {
    /// Branch, tag or commit.
    pub revision: String,
    /// The server (`HF_ENDPOINT`).
    pub endpoint: String,
    /// The cache (`HF_HUB_CACHE`, else `hub` in `HF_HOME`, else `~/.cache/huggingface/hub`).
    pub cache: PathBuf,
    /// Access token (`HF_TOKEN`, else the token file of a login).
    pub token: Option<String>,
    /// Use the cache only (`HF_HUB_OFFLINE`).
    pub offline: bool,
    /// Show a progress bar on standard error.
    pub progress: bool,
    /// Files transferred at the same time.
    pub connections: usize,
    /// How often a transfer that makes no progress is tried again.
    pub retries: u32,
    /// First pause before trying again; it doubles each time.
    pub retry_pause: Duration,
    /// Longest wait for a connection or the next bytes.
    pub timeout: Duration,
}

/// Without the token, which must not end up in logs.
impl std::fmt::Debug for HubOptions {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("HubOptions")
            .field("revision", &self.revision)
            .field("endpoint", &self.endpoint)
            .field("cache", &self.cache)
            .field("has_token", &self.token.is_some())
            .field("offline", &self.offline)
            .finish_non_exhaustive()
    }
}

impl Default for HubOptions {
    fn default() -> Self {
        Self::from_env()
    }
}

impl HubOptions {
    /// Reads the environment.
    pub fn from_env() -> Self {
        let variable = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
        let home = Cache::from_env();
        let cache = variable("HF_HUB_CACHE").map_or_else(|| home.path().clone(), PathBuf::from);
        let is_set = |value: String| !matches!(value.to_lowercase().as_str(), "0" | "false" | "no");
        Self {
            revision: "main".to_owned(),
            endpoint: variable("HF_ENDPOINT").unwrap_or_else(|| PUBLIC_ENDPOINT.to_owned()),
            cache,
            token: variable("HF_TOKEN").or_else(|| home.token()),
            offline: variable("HF_HUB_OFFLINE").is_some_and(is_set),
            progress: true,
            connections: 4,
            retries: 5,
            retry_pause: Duration::from_millis(500),
            timeout: Duration::from_secs(30),
        }
    }
}
