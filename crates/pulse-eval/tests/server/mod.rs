//! A chat-completion server on loopback that does what a test tells it.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What the server does with one request.
pub(crate) enum Reply {
    /// A completion with this text.
    Content(String),
    /// Status 200 with this body.
    Raw(String),
    /// Another status, with `Retry-After` in seconds.
    Status(u16, Option<u64>),
    /// A good completion, too late.
    Slow(Duration),
    /// The connection is closed without an answer.
    Hangup,
}

struct Request {
    path: String,
    key: String,
    is_json: bool,
}

/// The server; it ends with the test's process.
pub(crate) struct Server {
    address: String,
    requests: Arc<Mutex<Vec<Request>>>,
}

impl Server {
    /// Starts a server. `answer` gets the prompt, how often it was asked before, and how many calls there were
    /// before.
    pub(crate) fn start(
        answer: impl Fn(&str, usize, usize) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let requests: Arc<Mutex<Vec<Request>>> = Arc::default();
        let (answer, log) = (Arc::new(answer), requests.clone());
        let asked: Arc<Mutex<HashMap<String, usize>>> = Arc::default();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (answer, log, asked) = (answer.clone(), log.clone(), asked.clone());
                std::thread::spawn(move || {
                    let Some((request, prompt)) = read(&stream) else {
                        return;
                    };
                    let call = {
                        let mut log = log.lock().unwrap();
                        log.push(request);
                        log.len() - 1
                    };
                    let attempt = {
                        let mut asked = asked.lock().unwrap();
                        let count = asked.entry(prompt.clone()).or_default();
                        *count += 1;
                        *count - 1
                    };
                    respond(stream, answer(&prompt, attempt, call));
                });
            }
        });
        Self { address, requests }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    pub(crate) fn calls(&self) -> usize {
        self.requests.lock().unwrap().len()
    }

    pub(crate) fn paths(&self) -> Vec<String> {
        self.requests
            .lock()
            .unwrap()
            .iter()
            .map(|request| request.path.clone())
            .collect()
    }

    pub(crate) fn all_had_key(&self, key: &str) -> bool {
        self.requests
            .lock()
            .unwrap()
            .iter()
            .all(|request| request.key == key)
    }

    pub(crate) fn all_asked_for_json(&self) -> bool {
        self.requests
            .lock()
            .unwrap()
            .iter()
            .all(|request| request.is_json)
    }
}

fn read(stream: &TcpStream) -> Option<(Request, String)> {
    let mut reader = BufReader::new(stream);
    let mut first = String::new();
    reader.read_line(&mut first).ok()?;
    let path = first.split(' ').nth(1)?.to_owned();
    let (mut length, mut key) = (0, String::new());
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim().split_once(": ") else {
            break;
        };
        match name.to_lowercase().as_str() {
            "content-length" => length = value.parse().ok()?,
            "authorization" | "api-key" => key = value.to_owned(),
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let body: serde_json::Value = serde_json::from_slice(&body).ok()?;
    let prompt = body["messages"][0]["content"].as_str()?.to_owned();
    let is_json = body["response_format"]["type"] == "json_object" && body["temperature"] == 0;
    Some((Request { path, key, is_json }, prompt))
}

fn respond(mut stream: TcpStream, reply: Reply) {
    let completion = |text: &str| {
        serde_json::json!({"choices": [{"message": {"content": text}}],
            "usage": {"prompt_tokens": 100, "completion_tokens": 10}})
        .to_string()
    };
    let (status, extra, body) = match reply {
        Reply::Content(text) => (200, String::new(), completion(&text)),
        Reply::Raw(body) => (200, String::new(), body),
        Reply::Status(status, wait) => {
            let extra = wait.map_or(String::new(), |seconds| {
                format!("Retry-After: {seconds}\r\n")
            });
            (status, extra, "{\"error\":\"no\"}".to_owned())
        }
        Reply::Slow(wait) => {
            std::thread::sleep(wait);
            (200, String::new(), completion("{}"))
        }
        Reply::Hangup => return,
    };
    let _ = write!(
        stream,
        "HTTP/1.1 {status} Status\r\nContent-Type: application/json\r\n{extra}Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    );
}
