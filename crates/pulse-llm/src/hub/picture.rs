//! Pictures from the web, for `--image URL`.

use std::io::Read;

use super::client::{Client, check_status, network, reader};
use super::error::HubError;
use super::options::HubOptions;

/// More than any scan of a page needs.
const LIMIT: u64 = 64 << 20;

/// The bytes behind an http or https address, at most 64 MiB.
///
/// # Errors
/// [`HubError`] if the address does not answer, refuses, or sends more.
pub fn fetch_picture(url: &str, options: &HubOptions) -> Result<Vec<u8>, HubError> {
    // Nobody else's server gets the Hub's token.
    let client = Client::new(&HubOptions {
        token: None,
        ..options.clone()
    });
    let response = client.get(url, None)?;
    check_status(url, &response)?;
    let mut bytes = Vec::new();
    reader(response)
        .take(LIMIT + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| network(url, &error))?;
    if bytes.len() as u64 > LIMIT {
        return Err(HubError::TooLarge {
            url: url.to_owned(),
            limit: LIMIT,
        });
    }
    Ok(bytes)
}
