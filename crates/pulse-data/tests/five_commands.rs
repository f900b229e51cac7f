//! The commands at the top of `docs/data.md`, as they stand there, on a small data set from a server that
//! behaves like the Hub.

#![cfg(unix)]
#![allow(clippy::unwrap_used, unreachable_pub)]

#[allow(dead_code)] // What only the other users need.
#[path = "../../pulse-llm/tests/hub_server/mod.rs"]
mod hub_server;

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};

use flate2::Compression;
use flate2::write::GzEncoder;
use hub_server::{Faults, HubServer};
use image::{Rgb, RgbImage};

/// The first block of shell commands, with the name of the server's only data set.
fn commands() -> String {
    let text = include_str!("../../../docs/data.md");
    let (_, rest) = text.split_once("```sh\n").unwrap();
    let block = rest.split_once("```").unwrap().0;
    assert_eq!(block.matches("PULSE-ECG/ECGInstruct").count(), 1);
    block.replace("PULSE-ECG/ECGInstruct", "owner/data")
}

/// One training sample and the archive of its picture.
fn files() -> Vec<(&'static str, Vec<u8>)> {
    let page = RgbImage::from_fn(400, 300, |x, y| {
        let trace = 150 + (x * 3 / 7 % 22).abs_diff(11);
        Rgb(if y.abs_diff(trace) < 3 {
            [20; 3]
        } else {
            [250; 3]
        })
    });
    let mut png = std::io::Cursor::new(Vec::new());
    page.write_to(&mut png, image::ImageFormat::Png).unwrap();
    let png = png.into_inner();
    let mut archive = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    let mut header = tar::Header::new_gnu();
    header.set_size(png.len() as u64);
    header.set_mode(0o644);
    let name = "ptb-xl/00001_hr-0.png";
    archive
        .append_data(&mut header, name, png.as_slice())
        .unwrap();
    let archive = archive.into_inner().unwrap().finish().unwrap();
    let samples = serde_json::json!([{ "id": "1", "image": name, "conversations": [
        { "from": "human", "value": "<image>\nRegular?" }, { "from": "gpt", "value": "Yes." }] }]);
    vec![
        ("ECGInstruct.json", samples.to_string().into_bytes()),
        ("shard_0.tar.gz", archive),
        ("shard_1.tar.gz", vec![0; 1000]),
    ]
}

/// Runs the commands in `work` with this program first in the path, and a `cargo` that installs nothing.
fn follow(server: &HubServer, work: &Path) -> Output {
    let bin = work.join("bin");
    std::fs::create_dir_all(&bin).unwrap();
    let cargo = bin.join("cargo");
    std::fs::write(&cargo, "#!/bin/sh\n[ \"$1\" = install ]\n").unwrap();
    std::fs::set_permissions(&cargo, std::fs::Permissions::from_mode(0o755)).unwrap();
    let program = Path::new(env!("CARGO_BIN_EXE_pulse-data"));
    let path = format!(
        "{}:{}:{}",
        bin.display(),
        program.parent().unwrap().display(),
        std::env::var("PATH").unwrap()
    );
    Command::new("sh")
        .args(["-c", &commands()])
        .current_dir(work)
        .env("PATH", path)
        .env("HF_ENDPOINT", &server.endpoint)
        .env("HF_HUB_CACHE", work.join("cache with a space"))
        .env_remove("HF_TOKEN")
        .env_remove("HF_HUB_OFFLINE")
        .output()
        .unwrap()
}

#[test]
fn five_commands_lead_to_a_lint_report() {
    let lines: Vec<String> = commands().lines().map(str::to_owned).collect();
    assert_eq!(lines.len(), 5, "{lines:?}");
    let server = HubServer::start(&files(), Faults::default());
    let work = tempfile::tempdir().unwrap();
    let output = follow(&server, work.path());
    let (text, errors) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    assert_eq!(output.status.code(), Some(0), "{text}{errors}");
    assert!(text.ends_with("clean\n"), "{text}");
    assert!(work.path().join("images/ptb-xl/00001_hr-0.png").is_file());
    let page = std::fs::read_to_string(work.path().join("lint.html")).unwrap();
    assert!(page.contains("Clean."));
    assert!(
        server
            .transfers()
            .iter()
            .all(|(name, _)| name != "shard_1.tar.gz")
    );
}

#[test]
fn a_failed_download_ends_them() {
    let faults = Faults {
        status: Some(404),
        ..Faults::default()
    };
    let server = HubServer::start(&files(), faults);
    let work = tempfile::tempdir().unwrap();
    let output = follow(&server, work.path());
    assert_ne!(output.status.code(), Some(0));
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(errors.matches("error:").count(), 1, "{errors}");
    for name in ["images", "lint.html"] {
        assert!(!work.path().join(name).exists());
    }
}
