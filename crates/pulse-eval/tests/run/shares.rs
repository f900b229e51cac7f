//! The work shared between batches, devices and machines.

use std::path::PathBuf;

use pulse_eval::Task;
use pulse_eval::run::{RunError, RunOptions, merge_shards, run};

use crate::bench::{pulse, synthetic};
use crate::{ITEMS, bytes, changed, options};

#[test]
fn batches_devices_and_shards_change_nothing() {
    let tasks = [Task::PtbTest, Task::Arena, Task::CsnTestNoCot];
    let whole = tempfile::tempdir().unwrap();
    let one = pulse();
    run(
        std::slice::from_ref(&one),
        &options(&tasks, whole.path()),
        |_| {},
    )
    .unwrap();

    let many = tempfile::tempdir().unwrap();
    let batched = RunOptions {
        batch: 4,
        workers: 3,
        ..options(&tasks, many.path())
    };
    run(&[one.clone(), pulse()], &batched, |_| {}).unwrap();

    let shares = tempfile::tempdir().unwrap();
    let mut folders = Vec::new();
    for number in 1..=2 {
        let folder = shares.path().join(number.to_string());
        let share = RunOptions {
            shard: Some(format!("{number}/2").parse().unwrap()),
            ..options(&tasks, &folder)
        };
        let report = run(std::slice::from_ref(&one), &share, |_| {}).unwrap();
        assert_eq!(report.tasks[0].items, if number == 1 { 2 } else { 1 });
        folders.push(folder);
    }
    let merged = shares.path().join("merged");
    let missing = merge_shards(&folders[..1], &merged, false)
        .unwrap_err()
        .to_string();
    assert!(missing.contains("share 2/2"), "{missing}");
    let twice = [folders[0].clone(), folders[0].clone()];
    assert!(
        merge_shards(&twice, &merged, false)
            .unwrap_err()
            .to_string()
            .contains("twice")
    );
    let not_one = [whole.path().to_owned()];
    assert!(
        merge_shards(&not_one, &merged, false)
            .unwrap_err()
            .to_string()
            .contains("whole run")
    );
    // A share that lost a task's folder leaves a gap between the answers of the other.
    let lost = folders[1].join(Task::PtbTest.name());
    let aside = shares.path().join("aside");
    std::fs::rename(&lost, &aside).unwrap();
    let error = merge_shards(&folders, &merged, false)
        .unwrap_err()
        .to_string();
    assert!(error.contains("1 questions of ptb-test"), "{error}");
    let partial = merge_shards(&folders, &shares.path().join("partial"), true).unwrap();
    assert_eq!(partial.missing, [(Task::PtbTest, 1)]);
    // One that every share lost is missed as well.
    let other = folders[0].join(Task::PtbTest.name());
    let beside = shares.path().join("beside");
    std::fs::rename(&other, &beside).unwrap();
    let error = merge_shards(&folders, &merged, false)
        .unwrap_err()
        .to_string();
    assert!(error.contains("3 questions of ptb-test"), "{error}");
    std::fs::rename(&beside, &other).unwrap();
    std::fs::rename(&aside, &lost).unwrap();
    let report = merge_shards(&folders, &merged, false).unwrap();
    assert!(report.missing.is_empty());
    assert_eq!(report.tasks.len(), 3);
    for task in tasks {
        let expected = bytes(whole.path(), task);
        assert_eq!(bytes(many.path(), task), expected, "{task}");
        assert_eq!(bytes(&merged, task), expected, "{task}");
    }
    // The whole goes on where the shares ended.
    let again = run(&[one], &options(&tasks, &merged), |_| {}).unwrap();
    assert!(
        again
            .tasks
            .iter()
            .all(|task| task.answered == 0 && task.reused == ITEMS)
    );
}

#[test]
fn a_merge_keeps_what_is_there_and_refuses_shares_of_another_benchmark() {
    let place = tempfile::tempdir().unwrap();
    let pulse = [pulse()];
    let tasks = [Task::PtbTest];
    let share = |number: u64, bench: PathBuf, out: &str| {
        let out = place.path().join(out);
        let share = RunOptions {
            shard: Some(format!("{number}/2").parse().unwrap()),
            limit: Some(2),
            bench,
            ..options(&tasks, &out)
        };
        run(&pulse, &share, |_| {}).unwrap();
        out
    };
    let shares = [
        share(1, synthetic(ITEMS), "1"),
        share(2, synthetic(ITEMS), "2"),
    ];
    let merged = place.path().join("merged");
    assert_eq!(merge_shards(&shares, &merged, false).unwrap().tasks[0].1, 2);
    run(&pulse, &options(&tasks, &merged), |_| {}).unwrap();
    let whole = bytes(&merged, Task::PtbTest);
    assert_eq!(merge_shards(&shares, &merged, false).unwrap().tasks[0].1, 3);
    assert_eq!(bytes(&merged, Task::PtbTest), whole);

    // An item that the second share does not ask tells the benchmarks apart.
    let bench = changed(place.path(), Task::PtbTest, |items| {
        items[0]["conversations"][0]["value"] = "What else does it show?".into();
    });
    let others = [shares[0].clone(), share(2, bench, "other")];
    for out in [&merged, &place.path().join("new")] {
        let error = merge_shards(&others, out, false).unwrap_err().to_string();
        assert!(error.contains("not the same in the benchmarks"), "{error}");
    }
    assert_eq!(bytes(&merged, Task::PtbTest), whole);

    let lock = std::fs::File::create(shares[1].join(".lock")).unwrap();
    lock.lock().unwrap();
    let error = merge_shards(&shares, &merged, false).unwrap_err();
    assert!(matches!(error, RunError::Locked { .. }), "{error}");
}

#[test]
fn shares_that_all_end_at_one_point_are_refused() {
    let place = tempfile::tempdir().unwrap();
    let pulse = [pulse()];
    let mut shares = Vec::new();
    for number in 1..=2 {
        let out = place.path().join(number.to_string());
        let share = RunOptions {
            shard: Some(format!("{number}/2").parse().unwrap()),
            ..options(&[Task::PtbTest], &out)
        };
        run(&pulse, &share, |_| {}).unwrap();
        // A smaller call afterwards takes nothing back.
        let smaller = RunOptions {
            limit: Some(1),
            ..share
        };
        run(&pulse, &smaller, |_| {}).unwrap();
        shares.push(out);
    }
    // The first share as a kill after its first question leaves it: no gap between the answers shows it.
    let path = shares[0].join("ptb-test/step-final.jsonl");
    let text = std::fs::read_to_string(&path).unwrap();
    let first = text.split_inclusive('\n').next().unwrap();
    assert_eq!(text.lines().count(), 2);
    std::fs::write(&path, first).unwrap();
    let merged = place.path().join("merged");
    let error = merge_shards(&shares, &merged, false)
        .unwrap_err()
        .to_string();
    assert!(error.contains("1 questions of ptb-test"), "{error}");
    let partial = merge_shards(&shares, &merged, true).unwrap();
    assert_eq!(partial.missing, [(Task::PtbTest, 1)]);
    assert_eq!(partial.tasks, [(Task::PtbTest, 2)]);
}
