//! Downloads from a server that behaves like the Hub, and misbehaves like the network.

#![allow(clippy::unwrap_used, unreachable_pub)]

mod hub_server;

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use hub_server::{COMMIT, Faults, HubServer};
use pulse_llm::hub::{
    HubError, HubOptions, ModelSource, fetch_model, fetch_model_config, fetch_picture,
};

const LARGE: usize = 300_000;

fn files() -> Vec<(&'static str, Vec<u8>)> {
    let weights = (0..LARGE).map(|i| (i * 31 % 251) as u8).collect();
    vec![
        ("config.json", b"{}".to_vec()),
        ("model.safetensors", weights),
        ("tokenizer.model", vec![7; 500]),
        ("vision_tower/config.json", b"{\"a\":1}".to_vec()),
        ("README.md", b"not needed".to_vec()),
        ("pytorch_model.bin", vec![1; 10]),
    ]
}

fn options(server: &HubServer, cache: &Path) -> HubOptions {
    HubOptions {
        revision: "main".to_owned(),
        endpoint: server.endpoint.clone(),
        cache: cache.to_owned(),
        token: None,
        offline: false,
        progress: false,
        connections: 1,
        retries: 3,
        retry_pause: Duration::from_millis(1),
        timeout: Duration::from_secs(5),
    }
}

fn weights_are_whole(folder: &Path) -> bool {
    std::fs::read(folder.join("model.safetensors")).unwrap() == files()[1].1
}

#[test]
fn a_model_arrives_whole_and_only_once() {
    let server = HubServer::start(&files(), Faults::default());
    let cache = tempfile::tempdir().unwrap();
    let snapshot = fetch_model("owner/model", &options(&server, cache.path())).unwrap();
    assert_eq!(snapshot.revision, COMMIT);
    assert!(weights_are_whole(&snapshot.folder));
    assert!(snapshot.folder.join("vision_tower/config.json").is_file());
    for unneeded in ["README.md", "pytorch_model.bin"] {
        assert!(!snapshot.folder.join(unneeded).exists(), "{unneeded}");
    }
    // The layout of Python's cache.
    let root = cache.path().join("models--owner--model");
    assert_eq!(
        std::fs::read_to_string(root.join("refs/main")).unwrap(),
        COMMIT
    );
    assert_eq!(snapshot.folder, root.join("snapshots").join(COMMIT));
    let before = server.transfers().len();
    assert_eq!(before, 4);
    fetch_model("owner/model", &options(&server, cache.path())).unwrap();
    assert_eq!(
        server.transfers().len(),
        before,
        "the second time nothing is transferred"
    );
}

#[test]
fn a_cut_connection_continues_where_it_stopped() {
    let faults = Faults {
        cut_after: Some(100_000),
        cuts: 2,
        ..Faults::default()
    };
    let server = HubServer::start(&files(), faults);
    let cache = tempfile::tempdir().unwrap();
    let snapshot = fetch_model("owner/model", &options(&server, cache.path())).unwrap();
    assert!(weights_are_whole(&snapshot.folder));
    let starts: Vec<Option<u64>> = server
        .transfers()
        .into_iter()
        .filter(|(name, _)| name == "model.safetensors")
        .map(|(_, start)| start)
        .collect();
    assert_eq!(starts, [None, Some(100_000), Some(200_000)]);
}

#[test]
fn what_a_killed_process_left_is_continued() {
    let server = HubServer::start(&files(), Faults::default());
    let cache = tempfile::tempdir().unwrap();
    // As after a kill: the first part under the temporary name, nothing else.
    let once = fetch_model("owner/model", &options(&server, cache.path())).unwrap();
    let blob = once
        .folder
        .join("model.safetensors")
        .canonicalize()
        .unwrap();
    std::fs::write(
        blob.with_extension("pulse-incomplete"),
        &files()[1].1[..1234],
    )
    .unwrap();
    std::fs::remove_file(&blob).unwrap();
    let again = fetch_model("owner/model", &options(&server, cache.path())).unwrap();
    assert!(weights_are_whole(&again.folder));
    assert_eq!(
        server.transfers().last().unwrap(),
        &("model.safetensors".to_owned(), Some(1234))
    );
}

#[test]
fn a_server_without_ranges_sends_everything_again() {
    let faults = Faults {
        cut_after: Some(50_000),
        cuts: 1,
        no_ranges: true,
        ..Faults::default()
    };
    let server = HubServer::start(&files(), faults);
    let cache = tempfile::tempdir().unwrap();
    let snapshot = fetch_model("owner/model", &options(&server, cache.path())).unwrap();
    assert!(weights_are_whole(&snapshot.folder));
}

#[test]
fn a_connection_that_never_recovers_is_an_error_and_keeps_what_came() {
    let faults = Faults {
        cut_after: Some(1000),
        cuts: usize::MAX,
        ..Faults::default()
    };
    let server = HubServer::start(&files(), faults);
    let cache = tempfile::tempdir().unwrap();
    let options = HubOptions {
        retries: 0,
        ..options(&server, cache.path())
    };
    // Every transfer brings something, so it goes on; a server that brings nothing ends it.
    server.set_faults(Faults {
        cut_after: Some(0),
        cuts: usize::MAX,
        ..Faults::default()
    });
    let error = fetch_model("owner/model", &options).unwrap_err();
    assert!(matches!(error, HubError::Network { .. }), "{error}");
    server.set_faults(Faults::default());
    assert!(weights_are_whole(
        &fetch_model("owner/model", &options).unwrap().folder
    ));
}

#[test]
fn damaged_contents_never_get_their_name() {
    // As `git hash-object` names it.
    let git_id = "9e26dfeeb6e641a33dae4961196235bdb965b21b".to_owned();
    let git_ids = BTreeMap::from([("config.json".to_owned(), git_id.clone())]);
    for (name, files, git_ids) in [
        ("SHA-256", &files()[1..2], BTreeMap::new()),
        ("git object id", &files()[..2], git_ids.clone()),
    ] {
        let faults = Faults {
            corrupt: true,
            git_ids,
            ..Faults::default()
        };
        let server = HubServer::start(files, faults);
        let cache = tempfile::tempdir().unwrap();
        let error = fetch_model("owner/model", &options(&server, cache.path())).unwrap_err();
        assert!(matches!(error, HubError::Damaged { .. }), "{error}");
        assert!(error.to_string().contains(name), "{error}");
        let blobs = cache.path().join("models--owner--model/blobs");
        let left: Vec<_> = std::fs::read_dir(blobs).unwrap().flatten().collect();
        assert!(left.is_empty(), "{left:?}");
    }
    let faults = Faults {
        git_ids,
        ..Faults::default()
    };
    let server = HubServer::start(&files(), faults);
    let cache = tempfile::tempdir().unwrap();
    fetch_model("owner/model", &options(&server, cache.path())).unwrap();
    let root = cache.path().join("models--owner--model");
    assert_eq!(
        std::fs::read(root.join("blobs").join(&git_id)).unwrap(),
        b"{}"
    );
    // Locks lie where Python has them, not among the contents.
    let lock = format!(".locks/models--owner--model/{git_id}.lock");
    assert!(cache.path().join(lock).is_file());
    for blob in std::fs::read_dir(root.join("blobs")).unwrap().flatten() {
        assert_eq!(blob.path().extension(), None, "{:?}", blob.path());
    }
}

#[test]
fn a_connection_that_goes_silent_is_given_up_and_continued() {
    let faults = Faults {
        stall_after: Some(100_000),
        stalls: 1,
        ..Faults::default()
    };
    let server = HubServer::start(&files(), faults);
    let cache = tempfile::tempdir().unwrap();
    let impatient = HubOptions {
        timeout: Duration::from_secs(1),
        ..options(&server, cache.path())
    };
    let start = Instant::now();
    let snapshot = fetch_model("owner/model", &impatient).unwrap();
    // The server is silent for a minute.
    assert!(start.elapsed() < Duration::from_secs(20));
    assert!(weights_are_whole(&snapshot.folder));
    let starts: Vec<Option<u64>> = server
        .transfers()
        .into_iter()
        .filter(|(name, _)| name == "model.safetensors")
        .map(|(_, start)| start)
        .collect();
    assert_eq!(starts, [None, Some(100_000)]);
}

#[test]
fn without_a_network_the_cache_serves_what_it_has() {
    let server = HubServer::start(&files(), Faults::default());
    let cache = tempfile::tempdir().unwrap();
    let online = options(&server, cache.path());
    // Nobody listens on the port of a listener that is gone.
    let gone = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", gone.local_addr().unwrap());
    drop(gone);
    let away = HubOptions {
        endpoint,
        ..online.clone()
    };
    let error = fetch_model("owner/model", &away).unwrap_err();
    assert!(matches!(error, HubError::Network { .. }), "{error}");
    let once = fetch_model("owner/model", &online).unwrap();
    assert_eq!(fetch_model("owner/model", &away).unwrap(), once);
    // A server that fails is as good as none; one that refuses has something to say.
    server.set_faults(Faults {
        status: Some(503),
        ..Faults::default()
    });
    assert_eq!(fetch_model("owner/model", &online).unwrap(), once);
    server.set_faults(Faults {
        status: Some(403),
        ..Faults::default()
    });
    let error = fetch_model("owner/model", &online).unwrap_err();
    assert!(
        matches!(error, HubError::Refused { status: 403, .. }),
        "{error}"
    );
    // Incomplete is not enough.
    std::fs::remove_file(once.folder.join("model.safetensors")).unwrap();
    let error = fetch_model("owner/model", &away).unwrap_err();
    assert!(matches!(error, HubError::Network { .. }), "{error}");
}

#[test]
fn only_the_shards_of_the_index_are_fetched() {
    let index = |shards: &[&str]| {
        let map: BTreeMap<String, &str> = shards
            .iter()
            .enumerate()
            .map(|(number, shard)| (format!("tensor{number}"), *shard))
            .collect();
        serde_json::json!({ "metadata": {}, "weight_map": map })
            .to_string()
            .into_bytes()
    };
    let (one, two) = ("model-1.safetensors", "model-2.safetensors");
    let files = |index: Vec<u8>| {
        vec![
            ("config.json", b"{}".to_vec()),
            ("model.safetensors.index.json", index),
            (one, vec![1; 10]),
            (two, vec![2; 10]),
            ("model.safetensors", vec![3; 10]),
            ("adapter.safetensors", vec![4; 10]),
        ]
    };
    let cache = tempfile::tempdir().unwrap();
    let server = HubServer::start(&files(index(&[one, two, one])), Faults::default());
    let online = options(&server, cache.path());
    let folder = fetch_model("owner/model", &online).unwrap().folder;
    for (name, is_wanted) in [
        (one, true),
        (two, true),
        ("model.safetensors", false),
        ("adapter.safetensors", false),
    ] {
        assert_eq!(folder.join(name).is_file(), is_wanted, "{name}");
    }
    // Offline, a shard that is not there is named.
    std::fs::remove_file(folder.join(two)).unwrap();
    let offline = HubOptions {
        offline: true,
        ..online
    };
    let error = fetch_model("owner/model", &offline).unwrap_err();
    assert!(error.to_string().contains(two), "{error}");

    for broken in [index(&["absent.safetensors"]), index(&[]), b"[".to_vec()] {
        let server = HubServer::start(&files(broken), Faults::default());
        let cache = tempfile::tempdir().unwrap();
        let error = fetch_model("owner/model", &options(&server, cache.path())).unwrap_err();
        assert!(matches!(error, HubError::BadIndex { .. }), "{error}");
    }
}

#[test]
fn revisions_that_lead_out_of_the_cache_are_refused() {
    let server = HubServer::start(&files(), Faults::default());
    let cache = tempfile::tempdir().unwrap();
    for revision in ["..", "../../../escaped", "/escaped", ""] {
        for offline in [false, true] {
            let options = HubOptions {
                revision: revision.to_owned(),
                offline,
                ..options(&server, cache.path())
            };
            let error = fetch_model("owner/model", &options).unwrap_err();
            assert!(matches!(error, HubError::BadRevision { .. }), "{error}");
        }
    }
    assert!(server.transfers().is_empty());
    let named = HubOptions {
        revision: "refs/pr/1".to_owned(),
        ..options(&server, cache.path())
    };
    let snapshot = fetch_model("owner/model", &named).unwrap();
    let reference = cache.path().join("models--owner--model/refs/refs/pr/1");
    assert_eq!(std::fs::read_to_string(reference).unwrap(), COMMIT);
    let offline = HubOptions {
        offline: true,
        ..named
    };
    assert_eq!(fetch_model("owner/model", &offline).unwrap(), snapshot);
}

#[test]
fn refusals_say_what_to_do() {
    let cache = tempfile::tempdir().unwrap();
    for (status, advice) in [
        (401, "HF_TOKEN"),
        (403, "ask for it"),
        (404, "check the name"),
    ] {
        let faults = Faults {
            status: Some(status),
            ..Faults::default()
        };
        let server = HubServer::start(&files(), faults);
        let error = fetch_model("owner/model", &options(&server, cache.path())).unwrap_err();
        assert!(error.to_string().contains(advice), "{error}");
    }
}

#[test]
fn a_busy_server_is_asked_again_after_the_time_that_it_names() {
    for retry_after in [None, Some(1)] {
        let faults = Faults {
            busy: 1,
            retry_after,
            ..Faults::default()
        };
        let server = HubServer::start(&files()[1..2], faults);
        let cache = tempfile::tempdir().unwrap();
        let began = Instant::now();
        let snapshot = fetch_model("owner/model", &options(&server, cache.path())).unwrap();
        assert!(weights_are_whole(&snapshot.folder));
        // The list, the description and the transfer, which goes through a redirect.
        let turned_away = server.turned_away();
        assert!(turned_away >= 3, "{turned_away}");
        let asked = Duration::from_secs(retry_after.unwrap_or(0)) * turned_away as u32;
        assert!(began.elapsed() >= asked);
    }
    // One that stays so, or asks for hours, is an error.
    for (busy, retry_after) in [(usize::MAX, None), (1, Some(36_000))] {
        let faults = Faults {
            busy,
            retry_after,
            ..Faults::default()
        };
        let server = HubServer::start(&files(), faults);
        let cache = tempfile::tempdir().unwrap();
        let error = fetch_model("owner/model", &options(&server, cache.path())).unwrap_err();
        assert!(
            matches!(error, HubError::Refused { status: 429, .. }),
            "{error}"
        );
        assert_eq!(
            server.turned_away(),
            if retry_after.is_some() { 1 } else { 4 }
        );
    }
}

#[test]
fn the_token_goes_to_the_hub() {
    let faults = Faults {
        token: Some("secret".to_owned()),
        ..Faults::default()
    };
    let server = HubServer::start(&files(), faults);
    let cache = tempfile::tempdir().unwrap();
    let without = options(&server, cache.path());
    assert!(matches!(
        fetch_model("owner/model", &without),
        Err(HubError::Refused { status: 401, .. })
    ));
    let with = HubOptions {
        token: Some("secret".to_owned()),
        ..without
    };
    fetch_model("owner/model", &with).unwrap();
    assert!(
        !format!("{with:?}").contains("secret"),
        "tokens stay out of logs"
    );
    // Host and port are the same here, so the client may send it; a picture's server never gets it.
    let picture = format!("{}/storage/config.json", server.endpoint);
    let saw_before = server.storage_saw_token();
    let other = HubServer::start(&files(), Faults::default());
    fetch_picture(&picture.replace(&server.endpoint, &other.endpoint), &with).unwrap();
    assert!(!other.storage_saw_token());
    let _ = saw_before;
}

#[test]
fn offline_uses_the_cache_or_says_what_is_missing() {
    let server = HubServer::start(&files(), Faults::default());
    let cache = tempfile::tempdir().unwrap();
    let offline = HubOptions {
        offline: true,
        ..options(&server, cache.path())
    };
    let error = fetch_model("owner/model", &offline).unwrap_err();
    assert!(matches!(error, HubError::Offline { .. }), "{error}");
    let online = fetch_model("owner/model", &options(&server, cache.path())).unwrap();
    server.set_faults(Faults {
        status: Some(500),
        ..Faults::default()
    });
    assert_eq!(fetch_model("owner/model", &offline).unwrap(), online);
    let by_commit = HubOptions {
        revision: COMMIT.to_owned(),
        ..offline
    };
    assert_eq!(fetch_model("owner/model", &by_commit).unwrap(), online);
}

#[test]
fn a_description_is_fetched_without_weights_and_completed_later() {
    let server = HubServer::start(&files(), Faults::default());
    let cache = tempfile::tempdir().unwrap();
    let offline = HubOptions {
        offline: true,
        ..options(&server, cache.path())
    };
    let error = fetch_model_config("owner/model", &offline).unwrap_err();
    assert!(matches!(error, HubError::Offline { .. }), "{error}");
    let described = fetch_model_config("owner/model", &options(&server, cache.path())).unwrap();
    for present in ["config.json", "tokenizer.model", "vision_tower/config.json"] {
        assert!(described.folder.join(present).is_file(), "{present}");
    }
    assert!(!described.folder.join("model.safetensors").exists());
    assert_eq!(
        fetch_model_config("owner/model", &offline).unwrap(),
        described
    );
    // Without its weights it is no model yet.
    let error = fetch_model("owner/model", &offline).unwrap_err();
    assert!(error.to_string().contains("model.safetensors"), "{error}");
    let whole = fetch_model("owner/model", &options(&server, cache.path())).unwrap();
    assert_eq!(whole, described);
    assert!(weights_are_whole(&whole.folder));
}

#[test]
fn lists_that_lead_outside_and_circles_are_refused() {
    let cache = tempfile::tempdir().unwrap();
    for name in [
        "../outside.safetensors",
        "/etc/x.safetensors",
        "a\\..\\b.safetensors",
    ] {
        let faults = Faults {
            extra_name: Some(name.to_owned()),
            ..Faults::default()
        };
        let server = HubServer::start(&files(), faults);
        let error = fetch_model("owner/model", &options(&server, cache.path())).unwrap_err();
        assert!(
            matches!(error, HubError::Protocol { .. }),
            "{name}: {error}"
        );
    }
    let server = HubServer::start(
        &files(),
        Faults {
            circle: true,
            ..Faults::default()
        },
    );
    let error = fetch_model("owner/model", &options(&server, cache.path())).unwrap_err();
    assert!(error.to_string().contains("circle"), "{error}");
}

#[test]
fn pickles_alone_are_refused() {
    let server = HubServer::start(
        &[("config.json", vec![]), ("pytorch_model.bin", vec![])],
        Faults::default(),
    );
    let cache = tempfile::tempdir().unwrap();
    let error = fetch_model("owner/model", &options(&server, cache.path())).unwrap_err();
    assert!(matches!(error, HubError::NoSafetensors { .. }), "{error}");
}

#[test]
fn a_model_argument_is_a_folder_or_an_id() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_string_lossy().into_owned();
    assert_eq!(
        ModelSource::parse(&path).unwrap(),
        ModelSource::Folder(folder.path().to_owned())
    );
    assert_eq!(
        ModelSource::parse("PULSE-ECG/PULSE-7B").unwrap(),
        ModelSource::Hub("PULSE-ECG/PULSE-7B".to_owned())
    );
    assert!(ModelSource::parse("/no/such/folder").is_err());
}
