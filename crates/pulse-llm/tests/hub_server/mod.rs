//! A server on this machine that behaves like the Hub: file lists, descriptions with redirects to a
//! storage path, ranges, and failures on demand.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use sha2::{Digest, Sha256};

pub const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

/// What the server does wrong.
#[derive(Debug, Clone, Default)]
pub struct Faults {
    /// The first transfers of a large file end after this many bytes.
    pub cut_after: Option<usize>,
    /// How many transfers are cut.
    pub cuts: usize,
    /// Transfers of a large file stop after this many bytes without ending.
    pub stall_after: Option<usize>,
    /// How many transfers stop so; 0 is every one.
    pub stalls: usize,
    /// Ranges are ignored: the whole file comes every time.
    pub no_ranges: bool,
    /// Contents differ from what was announced.
    pub corrupt: bool,
    /// Every request is answered with this status.
    pub status: Option<u16>,
    /// So many requests of each kind (list, description, transfer) are answered with 429 first.
    pub busy: usize,
    /// `Retry-After` of those answers, in seconds.
    pub retry_after: Option<u64>,
    /// File descriptions redirect to themselves.
    pub circle: bool,
    /// A file name in the list.
    pub extra_name: Option<String>,
    /// Requests must carry this token.
    pub token: Option<String>,
    /// Files that are named by their git object id as small files of the Hub are, not by SHA-256.
    pub git_ids: BTreeMap<String, String>,
}

#[derive(Default)]
struct State {
    files: BTreeMap<String, Vec<u8>>,
    faults: Faults,
    transfers: Vec<(String, Option<u64>)>,
    storage_saw_token: bool,
    /// Requests that were answered with 429, by method and path.
    turned_away: BTreeMap<String, usize>,
}

/// The running server; it ends with the test process.
pub struct HubServer {
    pub endpoint: String,
    state: Arc<Mutex<State>>,
}

impl HubServer {
    pub fn start(files: &[(&str, Vec<u8>)], faults: Faults) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let files = files
            .iter()
            .map(|(name, data)| ((*name).to_owned(), data.clone()))
            .collect();
        let state = Arc::new(Mutex::new(State {
            files,
            faults,
            ..State::default()
        }));
        let shared = state.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let state = shared.clone();
                std::thread::spawn(move || {
                    let _ = serve(stream, &state);
                });
            }
        });
        Self { endpoint, state }
    }

    /// Files whose content was sent, with the first byte asked for.
    pub fn transfers(&self) -> Vec<(String, Option<u64>)> {
        self.state.lock().unwrap().transfers.clone()
    }

    pub fn set_faults(&self, faults: Faults) {
        self.state.lock().unwrap().faults = faults;
    }

    /// Requests that were turned away with 429.
    pub fn turned_away(&self) -> usize {
        self.state.lock().unwrap().turned_away.values().sum()
    }

    /// Whether a token was carried to the storage, where it does not belong.
    pub fn storage_saw_token(&self) -> bool {
        self.state.lock().unwrap().storage_saw_token
    }
}

fn serve(stream: TcpStream, state: &Mutex<State>) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut request = String::new();
    reader.read_line(&mut request)?;
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 || line.trim().is_empty() {
            break;
        }
        if let Some((name, value)) = line.split_once(':') {
            headers.insert(name.to_lowercase(), value.trim().to_owned());
        }
    }
    let mut parts = request.split_whitespace();
    let method = parts.next().unwrap_or_default().to_owned();
    let path = parts.next().unwrap_or_default().to_owned();
    answer(stream, &method, &path, &headers, state)
}

fn answer(
    mut out: TcpStream,
    method: &str,
    path: &str,
    headers: &BTreeMap<String, String>,
    state: &Mutex<State>,
) -> std::io::Result<()> {
    let mut state = state.lock().unwrap();
    if let Some(status) = state.faults.status {
        return write!(
            out,
            "HTTP/1.1 {status} Refused\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        );
    }
    let busy = state.faults.busy;
    let turned_away = state
        .turned_away
        .entry(format!("{method} {path}"))
        .or_default();
    if *turned_away < busy {
        *turned_away += 1;
        let wait = state.faults.retry_after;
        let wait = wait.map_or(String::new(), |wait| format!("Retry-After: {wait}\r\n"));
        return write!(
            out,
            "HTTP/1.1 429 Busy\r\n{wait}Content-Length: 0\r\nConnection: close\r\n\r\n"
        );
    }
    let authorization = headers.get("authorization").cloned();
    if let Some(token) = state.faults.token.clone() {
        let is_known = authorization.as_deref() == Some(&format!("Bearer {token}"));
        if !is_known && !path.starts_with("/storage/") {
            return write!(
                out,
                "HTTP/1.1 401 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
            );
        }
    }
    let is_list = ["models/owner/model", "datasets/owner/data"]
        .iter()
        .any(|id| path.starts_with(&format!("/api/{id}/revision/")));
    if is_list {
        let mut names: Vec<String> = state.files.keys().cloned().collect();
        names.extend(state.faults.extra_name.clone());
        let siblings: Vec<_> = names
            .iter()
            .map(|name| serde_json::json!({ "rfilename": name }))
            .collect();
        let body = serde_json::json!({ "sha": COMMIT, "siblings": siblings }).to_string();
        return write!(
            out,
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\
             Connection: close\r\n\r\n{body}",
            body.len()
        );
    }
    let resolved = ["/owner/model", "/datasets/owner/data"]
        .iter()
        .find_map(|id| path.strip_prefix(&format!("{id}/resolve/{COMMIT}/")));
    let name = resolved.or_else(|| path.strip_prefix("/storage/"));
    let Some((name, data)) = name.and_then(|name| Some((name, state.files.get(name)?.clone())))
    else {
        return write!(
            out,
            "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        );
    };
    if resolved.is_some() {
        let location = if state.faults.circle {
            path.to_owned()
        } else {
            format!("http://{}/storage/{name}", out.local_addr()?)
        };
        let etag: String = Sha256::digest(&data)
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        let etag = state.faults.git_ids.get(name).cloned().unwrap_or(etag);
        return write!(
            out,
            "HTTP/1.1 302 Found\r\nLocation: {location}\r\nX-Repo-Commit: {COMMIT}\r\n\
             X-Linked-Etag: \"{etag}\"\r\nX-Linked-Size: {}\r\nContent-Length: 0\r\n\
             Connection: close\r\n\r\n",
            data.len()
        );
    }
    state.storage_saw_token |= authorization.is_some();
    if method == "HEAD" {
        return write!(
            out,
            "HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
            data.len()
        );
    }
    let start = headers
        .get("range")
        .filter(|_| !state.faults.no_ranges)
        .and_then(|range| {
            range
                .strip_prefix("bytes=")?
                .strip_suffix('-')?
                .parse::<u64>()
                .ok()
        });
    state.transfers.push((name.to_owned(), start));
    let mut body = data[start.unwrap_or(0) as usize..].to_vec();
    if state.faults.corrupt
        && let Some(byte) = body.first_mut()
    {
        *byte ^= 1;
    }
    match start {
        Some(start) => write!(
            out,
            "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes {start}-{}/{}\r\n",
            data.len() - 1,
            data.len()
        )?,
        None => write!(out, "HTTP/1.1 200 OK\r\n")?,
    }
    write!(
        out,
        "Content-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    )?;
    if let Some(cut) = state.faults.cut_after
        && state.faults.cuts > 0
        && body.len() > cut
    {
        state.faults.cuts -= 1;
        body.truncate(cut);
    }
    let stall = state.faults.stall_after.filter(|limit| body.len() > *limit);
    if stall.is_some() && state.faults.stalls > 0 {
        state.faults.stalls -= 1;
        if state.faults.stalls == 0 {
            state.faults.stall_after = None;
        }
    }
    drop(state);
    if let Some(limit) = stall {
        out.write_all(&body[..limit])?;
        out.flush()?;
        std::thread::sleep(std::time::Duration::from_secs(60));
    }
    out.write_all(&body)
}
