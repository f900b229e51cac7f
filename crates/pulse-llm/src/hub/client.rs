//! HTTP as the Hub speaks it.

use std::io::Read;
use std::time::Duration;

use serde::Deserialize;
use ureq::http::{Response, header};
use ureq::{Agent, Body};

use super::error::HubError;
use super::options::HubOptions;
use super::repository::RepositoryKind;

/// Redirects within the server that are followed by hand to find a file's description.
const MAX_REDIRECTS: usize = 5;

/// Longest pause that a server may ask for; the Hub counts requests in windows of five minutes.
const LONGEST_PAUSE: Duration = Duration::from_secs(600);

/// Largest list of files in bytes: a hundred thousand names.
const LIST_LIMIT: u64 = 64 << 20;

/// What the server says about a file before it is transferred.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FileInfo {
    /// Name in the repository.
    pub(super) name: String,
    /// Where to get it.
    pub(super) url: String,
    /// Name of its content: SHA-256 for large files, the git object id for small ones.
    pub(super) etag: String,
    /// Bytes.
    pub(super) size: u64,
}

/// The files of a revision.
#[derive(Debug, Deserialize)]
pub(super) struct RepositoryInfo {
    /// The commit.
    pub(super) sha: String,
    /// All files.
    pub(super) siblings: Vec<Sibling>,
}

/// One file of a repository.
#[derive(Debug, Deserialize)]
pub(super) struct Sibling {
    /// Its path in the repository.
    pub(super) rfilename: String,
}

/// A client for one server.
pub(super) struct Client {
    /// Follows redirects to the storage behind the server, without carrying the token there.
    transfer: Agent,
    /// Stops at redirects, which carry a file's description.
    describe: Agent,
    endpoint: String,
    token: Option<String>,
    retries: u32,
    retry_pause: Duration,
}

impl Client {
    pub(super) fn new(options: &HubOptions) -> Self {
        let agent = |redirects: u32| -> Agent {
            Agent::config_builder()
                .http_status_as_error(false)
                .max_redirects(redirects)
                .max_redirects_will_error(redirects > 0)
                .redirect_auth_headers(ureq::config::RedirectAuthHeaders::SameHost)
                .timeout_connect(Some(options.timeout))
                .timeout_recv_response(Some(options.timeout))
                // Of every read, not of a body as a whole, which may take hours.
                .timeout_per_read(Some(options.timeout))
                .timeout_per_write(Some(options.timeout))
                .user_agent(concat!("pulse-llm/", env!("CARGO_PKG_VERSION")))
                .build()
                .into()
        };
        Self {
            transfer: agent(10),
            describe: agent(0),
            endpoint: options.endpoint.trim_end_matches('/').to_owned(),
            token: options.token.clone(),
            retries: options.retries,
            retry_pause: options.retry_pause,
        }
    }

    /// The files of a revision.
    pub(super) fn repository(
        &self,
        kind: RepositoryKind,
        id: &str,
        revision: &str,
    ) -> Result<RepositoryInfo, HubError> {
        let url = format!(
            "{}/api/{}/{id}/revision/{}",
            self.endpoint,
            kind.api(),
            encode(revision)
        );
        self.patiently(|| {
            let mut response = self.get(&url, None)?;
            check_status(&url, &response)?;
            // A list of files is small, but a data set's can be larger than the reader's own limit.
            response
                .body_mut()
                .with_config()
                .limit(LIST_LIMIT)
                .read_json()
                .map_err(|error| HubError::Protocol {
                    url: url.clone(),
                    reason: error.to_string(),
                })
        })
    }

    /// The text of a small file at a commit.
    pub(super) fn text(
        &self,
        kind: RepositoryKind,
        id: &str,
        commit: &str,
        name: &str,
    ) -> Result<String, HubError> {
        let url = self.file_url(kind, id, commit, name);
        self.patiently(|| {
            let mut response = self.get(&url, None)?;
            check_status(&url, &response)?;
            response
                .body_mut()
                .with_config()
                .limit(LIST_LIMIT)
                .read_to_string()
                .map_err(|error| network(&url, &error))
        })
    }

    fn file_url(&self, kind: RepositoryKind, id: &str, commit: &str, name: &str) -> String {
        let path: Vec<String> = name.split('/').map(encode).collect();
        format!(
            "{}/{}{id}/resolve/{commit}/{}",
            self.endpoint,
            kind.address(),
            path.join("/")
        )
    }

    /// Repeats a short request while the connection or the server fails, or there are too many of them.
    fn patiently<T>(&self, ask: impl Fn() -> Result<T, HubError>) -> Result<T, HubError> {
        let mut attempt = 0;
        loop {
            match ask() {
                Err(error) if error.is_transient() && attempt < self.retries => {
                    let Some(pause) = pause(self.retry_pause, attempt, &error) else {
                        return Err(error);
                    };
                    std::thread::sleep(pause);
                    attempt += 1;
                }
                result => return result,
            }
        }
    }

    /// The description of one file at a commit.
    pub(super) fn describe(
        &self,
        kind: RepositoryKind,
        id: &str,
        commit: &str,
        name: &str,
    ) -> Result<FileInfo, HubError> {
        let url = self.file_url(kind, id, commit, name);
        self.patiently(|| self.describe_at(name, &url))
    }

    fn describe_at(&self, name: &str, url: &str) -> Result<FileInfo, HubError> {
        let url = url.to_owned();
        let mut at = url.clone();
        for _ in 0..MAX_REDIRECTS {
            let mut request = self.describe.head(&at);
            if let Some(token) = &self.token {
                request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
            }
            let response = request.call().map_err(|error| network(&at, &error))?;
            let text = |name: &str| {
                response
                    .headers()
                    .get(name)
                    .and_then(|value| value.to_str().ok())
                    .map(str::to_owned)
            };
            if !response.status().is_redirection() {
                check_status(&at, &response)?;
            } else if let Some(location) = text("location").filter(|to| to.starts_with('/')) {
                at = format!("{}{location}", self.endpoint);
                continue;
            }
            let protocol = |reason: &str| HubError::Protocol {
                url: url.clone(),
                reason: reason.to_owned(),
            };
            let etag = text("x-linked-etag").or_else(|| text("etag"));
            let etag = etag.ok_or_else(|| protocol("no etag"))?;
            let etag = etag.trim_start_matches("W/").trim_matches('"').to_owned();
            if etag.is_empty() || etag.len() > 128 || !etag.chars().all(char::is_alphanumeric) {
                return Err(protocol("an etag that is no plain word"));
            }
            let size = text("x-linked-size").or_else(|| text("content-length"));
            let size = size
                .and_then(|size| size.parse().ok())
                .ok_or_else(|| protocol("no size"))?;
            return Ok(FileInfo {
                name: name.to_owned(),
                url,
                etag,
                size,
            });
        }
        Err(HubError::Protocol {
            url,
            reason: "it redirects in a circle".to_owned(),
        })
    }

    /// Starts a transfer, from byte `start` if given.
    pub(super) fn get(&self, url: &str, start: Option<u64>) -> Result<Response<Body>, HubError> {
        let mut request = self.transfer.get(url);
        if let Some(token) = &self.token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        if let Some(start) = start {
            request = request.header(header::RANGE, format!("bytes={start}-"));
        }
        request.call().map_err(|error| network(url, &error))
    }
}

/// The body as a plain reader without a limit of its own.
pub(super) fn reader(response: Response<Body>) -> impl Read {
    response
        .into_body()
        .into_with_config()
        .limit(u64::MAX)
        .reader()
}

pub(super) fn network(url: &str, error: &dyn std::fmt::Display) -> HubError {
    HubError::Network {
        url: url.to_owned(),
        reason: error.to_string(),
    }
}

/// Turns a status that is no success into an error with advice.
pub(super) fn check_status(url: &str, response: &Response<Body>) -> Result<(), HubError> {
    let status = response.status();
    if status.is_success() {
        return Ok(());
    }
    let meaning = match status.as_u16() {
        401 => {
            "not signed in; set HF_TOKEN to a token that may read it (the Hub also says \
                this for names that do not exist)"
        }
        403 => "no access; ask for it on its page, then set HF_TOKEN",
        404 => "no such repository, revision or file; check the name",
        429 => "too many requests; wait a while",
        500.. => "the server failed; try again later",
        _ => "not what was expected; check the name and HF_ENDPOINT",
    };
    Err(HubError::Refused {
        url: url.to_owned(),
        status: status.as_u16(),
        meaning,
        retry_after: retry_after(response),
    })
}

/// The seconds of `Retry-After`. Its other form, a date, is not used by the Hub and not read.
fn retry_after(response: &Response<Body>) -> Option<Duration> {
    let value = response.headers().get(header::RETRY_AFTER)?.to_str().ok()?;
    value.trim().parse().ok().map(Duration::from_secs)
}

/// How long to wait before attempt number `attempt + 1`: doubling from `first`, and at least as long as the server
/// asks for. `None`: it asks for longer than anybody should be kept waiting.
pub(super) fn pause(first: Duration, attempt: u32, error: &HubError) -> Option<Duration> {
    let doubled = first * 2u32.pow(attempt.min(6));
    let asked = error.retry_after().unwrap_or_default();
    (asked <= LONGEST_PAUSE).then(|| doubled.max(asked))
}

/// Percent-encodes one part of a path.
fn encode(part: &str) -> String {
    part.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                char::from(byte).to_string()
            }
            other => format!("%{other:02X}"),
        })
        .collect()
}
