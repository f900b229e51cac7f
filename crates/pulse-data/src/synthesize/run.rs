//! Everything to files.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Instant;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use pulse_ecg::patients::Mixture;
use rayon::prelude::*;

use super::array_file::ArrayFile;
use super::bench::{make_item, make_statements_item};
use super::bench_case::bench_id;
use super::case::Case;
use super::cast::{Part, Split, cast};
use super::decoy::{is_decoy, write_decoy};
use super::error::SynthesizeError;
use super::look::{Look, draw_page, draw_wear, extension};
use super::options::{SynthesizeOptions, SynthesizeReport};
use super::questions::converse;
use super::random::generator;
use super::statements;
use super::truth::{PageTruth, TRUTH_FILE};
use super::wording::Wording;
use crate::bench::{BenchConfig, BenchItem, BenchPicture, JsonItem};
use crate::files::write_whole;
use crate::run_lock::RunLock;
use crate::sample::Sample;

/// Items made between two writes of the JSON files.
const CHUNK: usize = 64;
/// Fewest items of a benchmark configuration.
const LEAST: u64 = 4;
/// What a run holds.
const LOCK: &str = ".pulse-synthesize.lock";
/// Settings of the set in a folder.
const SETTINGS: &str = "settings.txt";

/// Makes a data set:
///
/// ```text
/// OUT/train.json valid.json test.json   conversations of the LLaVA format
/// OUT/truth.json                        findings and measurements of all their pages
/// OUT/images/synthetic/pNNNNNNNN/*.png  their pages
/// OUT/bench/<config>.json               configurations as ECGBench's: nine, of statements one
/// OUT/bench/images/…                    their pages
/// OUT/settings.txt                      what it was made with
/// ```
///
/// All patients are different between the sets; a set without any gets no file. A run that was killed is continued by the same call: pages
/// that are there are kept.
///
/// # Errors
/// [`SynthesizeError`] for settings outside their range, a folder with other things in it or with another run in
/// it, or files that cannot be written.
pub fn synthesize(options: &SynthesizeOptions) -> Result<SynthesizeReport, SynthesizeError> {
    let began = Instant::now();
    check(options)?;
    let _lock = lock(&options.out)?;
    prepare(options)?;
    let parts = cast(
        options.seed,
        options.count,
        options.valid_share,
        options.test_share,
    );
    let bench_items = options
        .bench_items
        .unwrap_or((options.count / 100).max(LEAST));
    let configs = configs(options.wording);
    let bench_total = bench_items * configs.len() as u64;
    let bar = progress(options.count + bench_total, options.progress);
    let [train, valid, test] = write_sets(options, &parts, &bar)?;
    for &config in configs {
        write_bench(options, config, bench_items, &bar)?;
    }
    bar.finish_and_clear();
    Ok(SynthesizeReport {
        out: options.out.clone(),
        train,
        valid,
        test,
        patients: parts.last().map_or(0, |part| part.patient + 1),
        bench: bench_total,
        pages: options.count + bench_total,
        seconds: began.elapsed().as_secs_f64(),
    })
}

/// The configurations of the benchmark.
fn configs(wording: Wording) -> &'static [BenchConfig] {
    match wording {
        Wording::Clinical => &BenchConfig::ALL,
        Wording::Statements => &[BenchConfig::PtbTestReport],
    }
}

fn check(options: &SynthesizeOptions) -> Result<(), SynthesizeError> {
    let setting = |name, found: String, expected| {
        Err(SynthesizeError::Setting {
            name,
            found,
            expected,
        })
    };
    for (name, share) in [
        ("the share of the validation set", options.valid_share),
        ("the share of the test set", options.test_share),
        ("the share of decoys", options.decoy_share),
    ] {
        if !(0.0..=0.5).contains(&share) {
            return setting(name, share.to_string(), "a number from 0 to 0.5");
        }
    }
    if options.decoy_share > 0.0 && options.wording == Wording::Clinical {
        return setting(
            "the share of decoys",
            options.decoy_share.to_string(),
            "0 with clinical wording, which has no answer to them; use --wording statements",
        );
    }
    let (low, high) = options.dpi;
    if !(low >= 30.0 && low <= high && high <= 600.0) {
        return setting(
            "the resolution",
            format!("{low} to {high}"),
            "30 to 600 dpi, the smaller first",
        );
    }
    if options.count == 0 || options.count > 40_000_000 {
        return setting("the count", options.count.to_string(), "1 to 40000000");
    }
    if let Some(items) = options.bench_items.filter(|items| *items > 1_000_000) {
        return setting(
            "the items of each benchmark",
            items.to_string(),
            "0 to 1000000",
        );
    }
    Ok(())
}

/// Makes the folder and keeps other runs out of it.
fn lock(out: &Path) -> Result<RunLock, SynthesizeError> {
    let path = out.join(LOCK);
    let failed = |source| SynthesizeError::File {
        path: path.clone(),
        source,
    };
    std::fs::create_dir_all(out).map_err(failed)?;
    RunLock::take(&path)
        .map_err(failed)?
        .ok_or_else(|| SynthesizeError::Busy {
            path: out.to_owned(),
        })
}

/// Checks that the folder is empty, or that an earlier run with the same settings made it.
fn prepare(options: &SynthesizeOptions) -> Result<(), SynthesizeError> {
    let failed = |path: &Path, source| SynthesizeError::File {
        path: path.to_owned(),
        source,
    };
    let out = &options.out;
    let SynthesizeOptions {
        count,
        seed,
        valid_share,
        test_share,
        bench_items,
        dpi: (low, high),
        mixture,
        look,
        wording,
        decoy_share,
        ..
    } = options;
    let version = env!("CARGO_PKG_VERSION");
    let bench = bench_items.map_or("default".to_owned(), |items| items.to_string());
    // Named only where it is not the usual one, so that folders made before there were two stay valid.
    let mixture = match mixture {
        Mixture::Ward => String::new(),
        other => format!(", mixture {}", other.name()),
    };
    let look = match look {
        Look::Varied => String::new(),
        other => format!(", look {}", other.name()),
    };
    let wording = match wording {
        Wording::Clinical => String::new(),
        other => format!(", wording {}", other.name()),
    };
    let decoys = match *decoy_share > 0.0 {
        true => format!(", decoys {decoy_share}"),
        false => String::new(),
    };
    let settings = format!(
        "pulse-data synthesize {version}: count {count}, seed {seed}, valid {valid_share}, test {test_share}, \
         bench items {bench}, dpi {low} to {high}{mixture}{look}{wording}{decoys}\n"
    );
    let path = out.join(SETTINGS);
    match std::fs::read_to_string(&path) {
        Ok(found) if found == settings => return Ok(()),
        Ok(_) => return Err(SynthesizeError::Occupied { path: out.clone() }),
        Err(_) => {}
    }
    for entry in std::fs::read_dir(out).map_err(|source| failed(out, source))? {
        let entry = entry.map_err(|source| failed(out, source))?;
        if entry.file_name() != LOCK {
            return Err(SynthesizeError::Occupied { path: out.clone() });
        }
    }
    let failed = |source| failed(&path, source);
    write_whole(&path, failed, |file| {
        file.write_all(settings.as_bytes()).map_err(failed)
    })
}

fn progress(pages: u64, is_shown: bool) -> ProgressBar {
    let bar = ProgressBar::new(pages);
    if !is_shown {
        bar.set_draw_target(ProgressDrawTarget::hidden());
    }
    if let Ok(style) =
        ProgressStyle::with_template("making pages {wide_bar} {pos}/{len} {per_sec} {eta}")
    {
        bar.set_style(style);
    }
    bar
}

/// The three sets; returns their sizes.
fn write_sets(
    options: &SynthesizeOptions,
    parts: &[Part],
    bar: &ProgressBar,
) -> Result<[u64; 3], SynthesizeError> {
    let images = options.out.join("images");
    let open = |name: &str| ArrayFile::create(options.out.join(name));
    let mut files = [open("train.json")?, open("valid.json")?, open("test.json")?];
    let mut truths = open(TRUTH_FILE)?;
    for chunk in parts.chunks(CHUNK) {
        let samples: Vec<(Sample, PageTruth)> = chunk
            .par_iter()
            .map(|part| {
                let sample = make_sample(options, part, &images);
                bar.inc(1);
                sample
            })
            .collect::<Result<_, _>>()?;
        for (part, (sample, truth)) in chunk.iter().zip(&samples) {
            let file = match part.split {
                Split::Train => 0,
                Split::Valid => 1,
                Split::Test => 2,
            };
            files[file].push(sample)?;
            truths.push(truth)?;
        }
    }
    truths.finish()?;
    let [train, valid, test] = files;
    Ok([train.finish()?, valid.finish()?, test.finish()?])
}

fn make_sample(
    options: &SynthesizeOptions,
    part: &Part,
    images: &Path,
) -> Result<(Sample, PageTruth), SynthesizeError> {
    let case = Case::make(options.seed, options.mixture, part.patient, part.recording)?;
    let mut rng = generator(options.seed, "questions", part.sample);
    if is_decoy(options, part.sample) {
        let id = format!("synthetic-{:08}-decoy", part.sample);
        let sample = Sample {
            id: id.clone(),
            image: Some(PathBuf::from(write_decoy(options, part.sample, images)?)),
            conversations: statements::converse_without_page(&case, &mut rng),
        };
        return Ok((sample, PageTruth::of_decoy(id)));
    }
    let path = write_page(options, &case, images)?;
    let (kind, conversations) = match options.wording {
        Wording::Clinical => {
            let (kind, messages) = converse(&case, &mut rng);
            (kind.name(), messages)
        }
        Wording::Statements => ("statements", statements::converse(&case, &mut rng)),
    };
    let id = format!("synthetic-{:08}-{kind}", part.sample);
    let truth = PageTruth::of(&case, id.clone());
    let sample = Sample {
        id,
        image: Some(PathBuf::from(path)),
        conversations,
    };
    Ok((sample, truth))
}

/// Draws the page unless it is there; returns its path below the image folder.
fn write_page(
    options: &SynthesizeOptions,
    case: &Case,
    images: &Path,
) -> Result<String, SynthesizeError> {
    let purpose = format!("page {}", case.recording);
    let mut rng = generator(options.seed, &purpose, case.patient);
    let wear = draw_wear(options.look, &mut rng);
    let name = case.image_path(extension(&wear));
    let path = images.join(&name);
    if path.is_file() {
        return Ok(name);
    }
    let bytes = draw_page(
        &case.ecg.recording,
        options.dpi,
        options.look,
        &wear,
        &mut rng,
    )?;
    write_picture(&path, &bytes)?;
    Ok(name)
}

/// Writes a picture's file, whole or not at all, and makes its folder.
pub(super) fn write_picture(path: &Path, bytes: &[u8]) -> Result<(), SynthesizeError> {
    let failed = |source| SynthesizeError::File {
        path: path.to_owned(),
        source,
    };
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(failed)?;
    }
    write_whole(path, failed, |file| file.write_all(bytes).map_err(failed))
}

fn write_bench(
    options: &SynthesizeOptions,
    config: BenchConfig,
    count: u64,
    bar: &ProgressBar,
) -> Result<(), SynthesizeError> {
    let root = options.out.join("bench");
    let images = root.join("images");
    std::fs::create_dir_all(&images).map_err(|source| SynthesizeError::File {
        path: images.clone(),
        source,
    })?;
    let items: Vec<BenchItem> = (0..count)
        .into_par_iter()
        .map(|number| {
            let item = match options.wording {
                Wording::Clinical => make_item(options.seed, config, number),
                Wording::Statements => make_statements_item(options, number),
            }?;
            let image_path = write_page(options, &item.case, &images)?;
            bar.inc(1);
            Ok(BenchItem {
                id: bench_id(config, number),
                picture: BenchPicture::File(images.join(&image_path)),
                image_path,
                conversation: item.conversation,
                number: None,
            })
        })
        .collect::<Result<_, SynthesizeError>>()?;
    let mut file = ArrayFile::create(root.join(format!("{config}.json")))?;
    for item in &items {
        file.push(&JsonItem::of(item))?;
    }
    file.finish().map(|_| ())
}
