//! Which sets a path holds, and their items.

use std::path::{Path, PathBuf};

use super::options::{LintError, LintOptions};
use super::rule::Rule;
use super::turns::Marks;
use crate::bench::{BenchConfig, BenchError, BenchFolder, BenchPicture};
use crate::instruct::{IndexOptions, InstructError, InstructFile, is_report_item, open_or_index};
use crate::sample::Sample;
use crate::synthesize::TRUTH_FILE;

/// One set.
pub(super) struct LintSet {
    /// Its name in reports: the file's or the configuration's.
    pub(super) name: String,
    /// Whether its recordings must not be in training sets.
    pub(super) is_test: bool,
    pub(super) contents: Contents,
}

/// Where the items are.
pub(super) enum Contents {
    /// A JSON array, with the folder of its pictures.
    Json { path: PathBuf, images: PathBuf },
    /// A configuration of ECGBench.
    Bench {
        folder: BenchFolder,
        config: BenchConfig,
    },
    /// Something that is named as a set and is none, and why.
    Broken(String),
}

/// One item on its way through the rules.
pub(super) struct LintItem {
    /// Id, or its number as `#n` if it has none.
    pub(super) name: String,
    /// The conversation, or the rule it broke by being none and how.
    pub(super) sample: Result<Sample, (Rule, String)>,
    pub(super) picture: Option<BenchPicture>,
}

/// The sets of a path and of the test sets beside it.
pub(super) fn find_sets(path: &Path, options: &LintOptions) -> Result<Vec<LintSet>, LintError> {
    let mut sets = sets_of(path, options.images.as_deref())?;
    for test in &options.tests {
        for set in sets_of(test, None)? {
            sets.push(LintSet {
                is_test: true,
                ..set
            });
        }
    }
    Ok(sets)
}

fn sets_of(path: &Path, images: Option<&Path>) -> Result<Vec<LintSet>, LintError> {
    if path.is_file() {
        return Ok(vec![json_set(path, images)]);
    }
    let failed = |source| LintError::File {
        path: path.to_owned(),
        source,
    };
    let (mut files, mut unread) = (Vec::new(), Vec::new());
    for entry in std::fs::read_dir(path).map_err(failed)? {
        let file = entry.map_err(failed)?.path();
        match kind_of(&file) {
            Kind::Set => files.push(file),
            Kind::Unread(reason) => unread.push(broken(
                &file.file_name().unwrap_or_default().to_string_lossy(),
                format!("{}: {reason}", file.display()),
            )),
            Kind::Other => {}
        }
    }
    files.sort();
    unread.sort_by(|a, b| a.name.cmp(&b.name));
    let mut sets: Vec<LintSet> = files.iter().map(|file| json_set(file, images)).collect();
    sets.extend(unread);
    let inner = path.join("bench");
    bench_sets(path, images, &mut sets);
    let before = sets.len();
    bench_sets(&inner, images, &mut sets);
    if sets.len() == before && before > 0 && inner.symlink_metadata().is_ok() {
        let folder = inner.clone();
        sets.push(broken("bench", BenchError::NoBench { folder }.to_string()));
    }
    if sets.is_empty() {
        return Err(LintError::NoDataSet {
            path: path.to_owned(),
        });
    }
    Ok(sets)
}

/// The configurations of a benchmark's folder, those that cannot be opened among them.
fn bench_sets(root: &Path, images: Option<&Path>, sets: &mut Vec<LintSet>) {
    let (folder, errors) = BenchFolder::survey(root);
    let folder = match images {
        Some(images) => folder.with_images(images),
        None => folder,
    };
    for config in folder.configs() {
        sets.push(LintSet {
            name: config.name().to_owned(),
            is_test: true,
            contents: Contents::Bench {
                folder: folder.clone(),
                config,
            },
        });
    }
    for (config, error) in errors {
        sets.push(broken(config.name(), error.to_string()));
    }
}

fn broken(name: &str, reason: String) -> LintSet {
    LintSet {
        name: name.to_owned(),
        is_test: true,
        contents: Contents::Broken(reason),
    }
}

/// What a name in a data set's folder stands for.
enum Kind {
    /// A JSON file with conversations.
    Set,
    /// A set by its name, but not in a form that is read.
    Unread(&'static str),
    /// No set, or one of ECGBench.
    Other,
}

fn kind_of(path: &Path) -> Kind {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let name = name.to_ascii_lowercase();
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let is_bench = stem.parse::<BenchConfig>().is_ok();
    let ends = |ends: &[&str]| ends.iter().any(|end| name.ends_with(end));
    if name.starts_with('.') || name == TRUTH_FILE {
        // The truths of a synthetic set are no conversations.
        Kind::Other
    } else if ends(&[".json"]) {
        match (path.extension() == Some("json".as_ref()), is_bench) {
            (true, true) => Kind::Other,
            (true, false) if path.is_file() => Kind::Set,
            (true, false) => Kind::Unread("expected a plain file"),
            (false, _) => Kind::Unread("only names that end in .json are read; rename it"),
        }
    } else if ends(&[".jsonl", ".json.gz", ".jsonl.gz", ".json.zst", ".json.zip"]) {
        Kind::Unread(
            "expected one JSON array, not compressed, in a file that ends in .json; convert it or move it away",
        )
    } else if ends(&[".parquet"]) && !is_bench {
        Kind::Unread("no configuration of ECGBench has this name; rename it or move it away")
    } else {
        Kind::Other
    }
}

/// A set of a JSON file. Names as `valid` and `test` say that it is held out from training.
fn json_set(path: &Path, images: Option<&Path>) -> LintSet {
    let name = path.file_stem().unwrap_or_default().to_string_lossy();
    let folder = path.parent().unwrap_or(Path::new("."));
    let beside = folder.join("images");
    let images = match images {
        Some(images) => images.to_owned(),
        None if beside.is_dir() => beside,
        None => folder.to_owned(),
    };
    LintSet {
        is_test: is_held_out(&name),
        name: name.into_owned(),
        contents: Contents::Json {
            path: path.to_owned(),
            images,
        },
    }
}

/// Whether a file's name says that its set is held out from training: by a word between separators, as in
/// `validation` or `ECGInstruct_test`. A name that says both, as `train_val`, is a training set.
fn is_held_out(name: &str) -> bool {
    const HELD_OUT: [&str; 6] = ["valid", "validation", "val", "dev", "test", "testing"];
    let words = name.split(|c: char| !c.is_alphanumeric());
    let (mut is_held_out, mut is_training) = (false, false);
    for word in words.map(str::to_lowercase) {
        is_held_out |= HELD_OUT.contains(&word.as_str());
        is_training |= ["train", "training"].contains(&word.as_str());
    }
    is_held_out && !is_training
}

/// The items of a set, or why there are no more.
pub(super) type Items<'a> = Box<dyn Iterator<Item = Result<LintItem, String>> + 'a>;

/// A set that can be read.
pub(super) struct Opened<'a> {
    /// Number of items.
    pub(super) count: u64,
    pub(super) items: Items<'a>,
    /// How pictures must be marked.
    pub(super) marks: Marks,
    /// The benchmark that it is one of.
    pub(super) config: Option<BenchConfig>,
    /// What the reader of the report should know.
    pub(super) note: Option<String>,
}

impl Contents {
    /// Opens the set; a JSON file is indexed if it is not.
    pub(super) fn open(&self) -> Result<Opened<'_>, String> {
        match self {
            Self::Broken(reason) => Err(reason.clone()),
            Self::Json { path, images } => {
                let said = |error: InstructError| error.to_string();
                let (file, note) = open_or_index(path, &IndexOptions::default()).map_err(said)?;
                let count = file.len();
                let is_report_list = count > 0 && is_report_item(&file.text(0).map_err(said)?);
                let items = (0..count).map(move |number| json_item(&file, number, images));
                Ok(Opened {
                    count,
                    items: Box::new(items),
                    marks: match is_report_list {
                        true => Marks::AtMostOnce,
                        false => Marks::Once,
                    },
                    config: is_report_list.then_some(BenchConfig::PtbTestReport),
                    note,
                })
            }
            Self::Bench { folder, config } => {
                let count = folder.count(*config).map_err(|error| error.to_string())?;
                let items = folder.items(*config).map_err(|error| error.to_string())?;
                let items = items.zip(0u64..).map(|(item, number)| {
                    let item = match item {
                        Ok(item) => item,
                        Err(error) if error.is_of_an_item() => {
                            return Ok(LintItem {
                                name: format!("#{number}"),
                                sample: Err((rule_of(&error), error.to_string())),
                                picture: None,
                            });
                        }
                        Err(error) => return Err(error.to_string()),
                    };
                    let sample = item.sample();
                    Ok(LintItem {
                        name: item.id,
                        picture: (item.picture != BenchPicture::Absent).then_some(item.picture),
                        sample: Ok(sample),
                    })
                });
                Ok(Opened {
                    count,
                    items: Box::new(items),
                    marks: Marks::AtMostOnce,
                    config: Some(*config),
                    note: None,
                })
            }
        }
    }
}

fn json_item(file: &InstructFile, number: u64, images: &Path) -> Result<LintItem, String> {
    match file.sample(number) {
        Ok(sample) => Ok(LintItem {
            name: sample.id.clone(),
            picture: sample
                .image
                .as_ref()
                .map(|path| BenchPicture::File(images.join(path))),
            sample: Ok(sample),
        }),
        Err(InstructError::Item { defect, .. }) => Ok(LintItem {
            name: format!("#{number}"),
            sample: Err((
                Rule::MalformedItem,
                format!("byte {}: {}", defect.offset, defect.reason),
            )),
            picture: None,
        }),
        Err(error) => Err(error.to_string()),
    }
}

fn rule_of(error: &BenchError) -> Rule {
    match error {
        BenchError::Path { .. } => Rule::UnsafePath,
        _ => Rule::MalformedItem,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_splits_are_whole_words() {
        for name in [
            "test",
            "validation",
            "ECGInstruct_test",
            "ecg-val",
            "my.dev.set",
            "Testing 2",
            "valid",
        ] {
            assert!(is_held_out(name), "{name}");
        }
        for name in [
            "train",
            "ECGInstruct",
            "contest",
            "latest",
            "devices",
            "invalid",
            "train_val",
            "training-test",
        ] {
            assert!(!is_held_out(name), "{name}");
        }
    }
}
