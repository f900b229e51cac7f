//! The robustness battery on a few patients.

#![allow(clippy::unwrap_used)]

#[allow(dead_code, reason = "each test file uses a part of it")]
mod bench;

use std::process::Command;

use bench::{model, pulse, short};
use pulse_ecg::page::Layout;
use pulse_eval::Task;
use pulse_eval::robustness::{
    BatteryError, BatteryOptions, LeadSwap, Variation, battery_html, battery_markdown, robustness,
};

#[test]
fn the_battery_covers_wear_and_drawing_and_goes_on() {
    let place = tempfile::tempdir().unwrap();
    let options = BatteryOptions {
        items: 2,
        dpi: 40.0,
        variations: vec![
            Variation::AllWear(1.0),
            Variation::Wear("noise", 0.5),
            Variation::Layout(Layout::SixByTwo),
            Variation::Speed(50.0),
            Variation::Gain(5.0),
            Variation::Swap(LeadSwap::RightLeftArm),
        ],
        generate: short(4),
        repeats: 3,
        temperature: 1.0,
        ..BatteryOptions::new(place.path())
    };
    let models = [pulse()];
    let mut seen = Vec::new();
    let report = robustness(&models, &options, |name, number, all| {
        seen.push(format!("{number}/{all} {name}"));
    })
    .unwrap();
    assert_eq!(seen.first().unwrap(), "1/10 clean");
    assert_eq!(seen.last().unwrap(), "10/10 seed 2");
    assert_eq!(report.results.len(), 7);
    let clean = &report.results[0];
    let invalid = clean
        .figures
        .iter()
        .find(|figure| figure.name == "invalid_rate");
    let is_read = invalid.unwrap().value.unwrap() < 1.0;
    assert_eq!(clean.same_as_clean, is_read.then_some(1.0));
    assert!(
        report
            .results
            .iter()
            .all(|one| one.figures[0].name == "macro_f1" && one.figures[0].n == 2)
    );
    assert_eq!(report.repeatability.as_ref().unwrap().seeds, 3);
    assert!(
        !place.path().join("pages/clean").exists(),
        "pages are drawn again when needed"
    );
    let again = robustness(&models, &options, |_, _, _| {}).unwrap();
    assert_eq!(again, report);
    // Other tasks, patients and pages have answers of their own.
    let other = |change: fn(&mut BatteryOptions)| {
        let mut other = BatteryOptions {
            variations: Vec::new(),
            repeats: 0,
            ..options.clone()
        };
        change(&mut other);
        let found = robustness(&models, &other, |_, _, _| {}).unwrap();
        assert_eq!(found.results[0].figures[0].n, 2);
        let folder = place.path().join("answers").join(other.task.name());
        folder.join(format!("patients-{}-{}dpi/clean", other.seed, other.dpi))
    };
    for folder in [
        other(|_| ()),
        other(|o| o.task = Task::MmmuEcg),
        other(|o| o.seed = 1),
        other(|o| o.dpi = 50.0),
    ] {
        assert!(folder.is_dir(), "{}", folder.display());
    }

    // Answers to patients who are not asked about would count as those of another benchmark.
    let fewer = BatteryOptions {
        items: 1,
        ..options.clone()
    };
    let error = robustness(&models, &fewer, |_, _, _| {}).unwrap_err();
    assert!(
        matches!(
            error,
            BatteryError::MoreAnswers {
                last: 1,
                items: 1,
                ..
            }
        ) && error.to_string().contains("--items 2"),
        "{error}"
    );

    let markdown = battery_markdown(&report);
    for part in [
        "| noise | 0",
        "| layout 6x2 |",
        "| lead swap RA/LA |",
        "temperature 1 with 3 seeds",
    ] {
        assert!(markdown.contains(part), "{part}: {markdown}");
    }
    let page = battery_html(&report);
    assert!(page.starts_with("<!doctype html>") && page.contains("<h3>gain</h3>"));
    assert!(
        page.contains(">5 mm/mV<") && page.contains(">clean<"),
        "{page}"
    );
}

#[test]
fn settings_out_of_range_are_refused() {
    let refused = |change: fn(&mut BatteryOptions)| {
        let mut options = BatteryOptions::new("/nowhere");
        change(&mut options);
        robustness(&[], &options, |_, _, _| {}).unwrap_err()
    };
    assert!(matches!(
        refused(|o| o.task = Task::Arena),
        BatteryError::Judged { .. }
    ));
    assert!(matches!(
        refused(|o| o.items = 0),
        BatteryError::Setting { .. }
    ));
    assert!(matches!(
        refused(|o| o.temperature = 0.0),
        BatteryError::Setting { .. }
    ));
    for strength in [f32::NAN, 0.0, -0.1, 2.0] {
        let options = BatteryOptions {
            variations: Variation::battery(&[0.5, strength]),
            ..BatteryOptions::new("/nowhere")
        };
        let error = options.validate().unwrap_err();
        assert!(matches!(error, BatteryError::Setting { .. }), "{error}");
    }
    assert!(matches!(
        refused(|o| o.dpi = f64::NAN),
        BatteryError::Page(_)
    ));
    assert!(matches!(
        refused(|o| o.generate.max_new_tokens = 0),
        BatteryError::Run(_)
    ));
    let all = Variation::battery(&[0.5, 1.0]);
    assert_eq!(all.len(), 1 + 2 + 24 + 3 + 3 + 3);
}

#[test]
fn the_command_writes_a_page_a_table_and_json() {
    let place = tempfile::tempdir().unwrap();
    let run = |axes: &str| {
        Command::new(env!("CARGO_BIN_EXE_pulse-eval"))
            .args([
                "robustness",
                "--model",
                &model(),
                "--task",
                "mmmu-ecg",
                "--items",
                "1",
            ])
            .args([
                "--dpi",
                "40",
                "--repeats",
                "0",
                "--max-new-tokens",
                "2",
                "--axes",
                axes,
            ])
            .args(["--patient-seed", "4", "--seed", "5", "--out"])
            .arg(place.path())
            .output()
            .unwrap()
    };
    let output = run("gain,all wear");
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(0), "{error}");
    let table = String::from_utf8(output.stdout).unwrap();
    assert!(
        table.contains("| gain 20 mm/mV |") && table.contains("| all wear |"),
        "{table}"
    );
    for file in ["robustness.html", "robustness.md", "robustness.json"] {
        assert!(place.path().join(file).is_file(), "{file}");
    }
    let refused = run("weather");
    assert_eq!(refused.status.code(), Some(1));
    assert!(
        String::from_utf8_lossy(&refused.stderr).contains("\"weather\"; there are clean, all wear")
    );
}
