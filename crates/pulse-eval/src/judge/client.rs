//! One call of an OpenAI-compatible chat completion.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::error::CallError;

/// Where the judge is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Endpoint {
    /// `BASE/chat/completions` with a bearer key: OpenAI, vLLM, llama.cpp, Ollama and others.
    OpenAi {
        /// The base, such as `https://api.openai.com/v1`.
        base_url: String,
    },
    /// `BASE/openai/deployments/MODEL/chat/completions?api-version=...` with an `api-key` header.
    Azure {
        /// The resource, such as `https://NAME.openai.azure.com`.
        base_url: String,
        /// The version; the original used `2024-08-01-preview`.
        api_version: String,
    },
}

/// Checks the base of an address.
///
/// # Errors
/// What is wrong: it does not begin with `http://` or `https://`, or has no host.
pub fn check_base_url(base_url: &str) -> Result<(), String> {
    let lower = base_url.to_ascii_lowercase();
    let rest = ["https://", "http://"]
        .iter()
        .find_map(|scheme| lower.strip_prefix(scheme));
    match rest {
        Some(rest) if !rest.is_empty() && !rest.starts_with(['/', ':', '?']) => Ok(()),
        Some(_) => Err("no host stands behind the scheme".to_owned()),
        None => Err(
            "expected http:// or https:// at the beginning, for example http://localhost:8000/v1"
                .to_owned(),
        ),
    }
}

impl Endpoint {
    /// The address for a model (on Azure: a deployment).
    pub fn url(&self, model: &str) -> String {
        match self {
            Self::OpenAi { base_url } => {
                format!("{}/chat/completions", base_url.trim_end_matches('/'))
            }
            Self::Azure {
                base_url,
                api_version,
            } => format!(
                "{}/openai/deployments/{model}/chat/completions?api-version={api_version}",
                base_url.trim_end_matches('/')
            ),
        }
    }
}

/// Tokens as the server counts them.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenUsage {
    /// Tokens of the prompt.
    #[serde(default)]
    pub prompt_tokens: u64,
    /// Tokens of the reply.
    #[serde(default)]
    pub completion_tokens: u64,
}

impl TokenUsage {
    /// The sum of both.
    pub(super) fn plus(self, other: Self) -> Self {
        Self {
            prompt_tokens: self.prompt_tokens + other.prompt_tokens,
            completion_tokens: self.completion_tokens + other.completion_tokens,
        }
    }
}

/// A reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Completion {
    /// The text.
    pub text: String,
    /// The tokens it took, none if the server does not say.
    pub usage: Option<TokenUsage>,
}

/// A judge that can be called from several threads.
#[derive(Debug, Clone)]
pub struct JudgeClient {
    agent: ureq::Agent,
    endpoint: Endpoint,
    model: String,
    key: String,
}

#[derive(Deserialize)]
struct RawCompletion {
    choices: Vec<RawChoice>,
    #[serde(default)]
    usage: Option<RawUsage>,
}

/// Servers that count nothing leave it out, send `null` or leave it empty.
#[derive(Deserialize)]
struct RawUsage {
    #[serde(default)]
    prompt_tokens: Option<u64>,
    #[serde(default)]
    completion_tokens: Option<u64>,
}

impl RawUsage {
    fn whole(self) -> Option<TokenUsage> {
        let Self {
            prompt_tokens,
            completion_tokens,
        } = self;
        Some(TokenUsage {
            prompt_tokens: prompt_tokens?,
            completion_tokens: completion_tokens?,
        })
    }
}

#[derive(Deserialize)]
struct RawChoice {
    message: RawMessage,
}

#[derive(Deserialize)]
struct RawMessage {
    content: Option<String>,
}

impl JudgeClient {
    /// A client. `timeout` bounds each call as a whole.
    pub fn new(endpoint: Endpoint, model: String, key: String, timeout: Duration) -> Self {
        let agent = ureq::Agent::config_builder()
            .timeout_global(Some(timeout))
            .http_status_as_error(false)
            .build()
            .new_agent();
        Self {
            agent,
            endpoint,
            model,
            key,
        }
    }

    /// The model's name.
    pub fn model(&self) -> &str {
        &self.model
    }

    /// The address calls go to.
    pub fn url(&self) -> String {
        self.endpoint.url(&self.model)
    }

    /// Asks once: one user message, temperature 0, `response_format` JSON object, as the original.
    ///
    /// # Errors
    /// [`CallError`] if nobody answers, the server refuses, or the answer is no chat completion.
    pub fn ask(&self, prompt: &str) -> Result<Completion, CallError> {
        let url = self.url();
        let unreachable = |error: ureq::Error| CallError::Unreachable {
            url: url.clone(),
            reason: error.to_string(),
        };
        let request = self.agent.post(&url);
        let request = match self.endpoint {
            Endpoint::OpenAi { .. } => {
                request.header("Authorization", format!("Bearer {}", self.key))
            }
            Endpoint::Azure { .. } => request.header("api-key", &self.key),
        };
        let body = json!({
            "model": self.model,
            "messages": [{"role": "user", "content": prompt}],
            "temperature": 0,
            "response_format": {"type": "json_object"},
        });
        let mut response = request.send_json(&body).map_err(unreachable)?;
        let status = response.status().as_u16();
        let retry_after = response
            .headers()
            .get("retry-after")
            .and_then(|value| value.to_str().ok()?.trim().parse::<f64>().ok())
            .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
        let text = response.body_mut().read_to_string().map_err(unreachable)?;
        if status != 200 {
            return Err(CallError::Status {
                url,
                status,
                retry_after,
                body: text.chars().take(300).collect(),
            });
        }
        let no_completion = |reason: String| CallError::NoCompletion {
            url: url.clone(),
            reason,
        };
        let raw: RawCompletion =
            serde_json::from_str(&text).map_err(|error| no_completion(error.to_string()))?;
        let first = raw.choices.into_iter().next();
        let text = first
            .and_then(|choice| choice.message.content)
            .ok_or_else(|| no_completion("it has no choice with a content".to_owned()))?;
        Ok(Completion {
            text,
            usage: raw.usage.and_then(RawUsage::whole),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bases_have_a_scheme_and_a_host() {
        for base in ["http://localhost:8000/v1", "HTTPS://api.openai.com/v1"] {
            assert_eq!(check_base_url(base), Ok(()));
        }
        for base in [
            "",
            "localhost:8000/v1",
            "ftp://host",
            "https://",
            "http:///v1",
        ] {
            assert!(check_base_url(base).is_err(), "{base}");
        }
    }

    #[test]
    fn addresses_have_the_servers_forms() {
        let open = Endpoint::OpenAi {
            base_url: "http://localhost:8000/v1/".into(),
        };
        assert_eq!(open.url("m"), "http://localhost:8000/v1/chat/completions");
        let azure = Endpoint::Azure {
            base_url: "https://name.openai.azure.com".into(),
            api_version: "2024-08-01-preview".into(),
        };
        assert_eq!(
            azure.url("gpt-4o"),
            "https://name.openai.azure.com/openai/deployments/gpt-4o/chat/completions?api-version=2024-08-01-preview"
        );
    }
}
