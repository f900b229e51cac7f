//! Reading a task's benchmark file.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use pulse_data::bench::{BenchError, BenchFolder};

use super::error::GoldError;
use super::item::GoldItem;
use super::raw::{RawItem, of_bench};
use crate::json_reason::json_reason;
use crate::run::config_of;
use crate::task::Task;

/// The items of one task, in file order and by id.
#[derive(Debug, Clone)]
pub struct Gold {
    path: PathBuf,
    items: Vec<GoldItem>,
    positions: HashMap<String, usize>,
}

impl Gold {
    /// Reads a task's truth from the benchmark's folder, from the file that a run asks where there are several: the
    /// Parquet files of the Hub (`TASK/*.parquet`), whose pictures are not read, else `TASK.json`, for the report
    /// task else `ptb_report_generation_test.json`, the name under which the original repository ships it.
    ///
    /// # Errors
    /// [`GoldError`] if the files are missing, hold no items, or repeat an id.
    pub fn read(bench: &Path, task: Task) -> Result<Self, GoldError> {
        let config = config_of(task);
        if let Ok(folder) = BenchFolder::open(bench)
            && folder.is_parquet(config)
        {
            let items = folder
                .items_without_pictures(config)?
                .map(|item| Ok(of_bench(item?)))
                .collect::<Result<Vec<_>, BenchError>>()?;
            return Self::of_items(bench.join(config.name()), items.into_iter());
        }
        let path = bench.join(format!("{task}.json"));
        let shipped = bench.join("ptb_report_generation_test.json");
        if task == Task::PtbTestReport && !path.exists() && shipped.exists() {
            return Self::read_file(&shipped);
        }
        // If it is not there either, the message says what was expected.
        Self::read_file(&path)
    }

    /// Reads one file.
    ///
    /// # Errors
    /// As [`Gold::read`].
    pub fn read_file(path: &Path) -> Result<Self, GoldError> {
        let bytes = std::fs::read(path).map_err(|source| GoldError::Unreadable {
            path: path.to_owned(),
            source,
        })?;
        let raw: Vec<RawItem> =
            serde_json::from_slice(&bytes).map_err(|error| GoldError::Malformed {
                path: path.to_owned(),
                line: error.line(),
                column: error.column(),
                reason: json_reason(&error, &bytes),
            })?;
        let items = raw.into_iter().map(RawItem::into_item);
        Self::of_items(path.to_owned(), items)
    }

    fn of_items(
        path: PathBuf,
        found: impl Iterator<Item = Result<GoldItem, String>>,
    ) -> Result<Self, GoldError> {
        let mut items: Vec<GoldItem> = Vec::new();
        let mut positions = HashMap::new();
        for (position, item) in found.enumerate() {
            let item = match item {
                Ok(item) => item,
                Err(reason) => {
                    return Err(GoldError::Incomplete {
                        path,
                        position: position + 1,
                        reason,
                    });
                }
            };
            if let Some(first) = positions.insert(item.id.clone(), position) {
                return Err(GoldError::DoubleId {
                    path,
                    id: item.id,
                    first: first + 1,
                    second: position + 1,
                });
            }
            items.push(item);
        }
        Ok(Self {
            path,
            items,
            positions,
        })
    }

    /// The file it came from.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// All items in file order.
    pub fn items(&self) -> &[GoldItem] {
        &self.items
    }

    /// The item with an id.
    pub fn get(&self, id: &str) -> Option<&GoldItem> {
        self.position(id).map(|position| &self.items[position])
    }

    /// The position of the item with an id in [`Gold::items`].
    pub fn position(&self, id: &str) -> Option<usize> {
        self.positions.get(id).copied()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::gold::GoldAnswer;

    fn read(text: &str) -> Result<Gold, GoldError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("arena.json");
        std::fs::write(&path, text).unwrap();
        Gold::read(folder.path(), Task::Arena)
    }

    #[test]
    fn every_export_is_read() {
        let gold = read(
            r#"[
            {"id":7,"image_path":"a/b.png","conversations":[{"from":"human","value":"<image>\nq"},{"from":"gpt","value":["x","y"]}]},
            {"No":"m1","id":"other","conversation":[{"from":"user","value":["w","h","y"]},{"from":"assistant","value":"B"}]},
            {"id":"r_hr-0","conversations":[{"question":"q1","answer":"a1"},{"question":"q2","answer":"a2"}]}]"#,
        )
        .unwrap();
        let first = gold.get("7").unwrap();
        assert_eq!(first.question, "q");
        assert_eq!(first.image.as_deref(), Some(Path::new("a/b.png")));
        assert_eq!(first.answer, GoldAnswer::List(vec!["x".into(), "y".into()]));
        assert_eq!(gold.get("m1").unwrap().question, "why");
        assert!(gold.get("other").is_none());
        assert_eq!(gold.get("r_hr-0").unwrap().turns[1].answer, "a2");
        assert_eq!(gold.position("r_hr-0"), Some(2));
    }

    #[test]
    fn defects_name_their_place() {
        let item = r#"{"id":"a","conversations":[{"value":"q"},{"value":"x"}]}"#;
        let error = read(&format!("[{item},\n {item}]"))
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("\"a\" is there twice (items 1 and 2)"),
            "{error}"
        );
        let error = read("[{\"id\":\"a\",\n \"conversations\": 3}]").unwrap_err();
        assert!(
            matches!(
                error,
                GoldError::Malformed {
                    line: 2,
                    column: 18..,
                    ..
                }
            ),
            "{error}"
        );
        assert!(!error.to_string().contains("at line"), "{error}");
        let error = read("\u{feff}[]").unwrap_err().to_string();
        assert!(error.contains("byte order mark"), "{error}");
        let error = read(r#"[{"conversations":[]}]"#).unwrap_err().to_string();
        assert!(
            error.contains("item 1: it has neither id nor No"),
            "{error}"
        );
        let error = read(r#"[{"id":"a","conversations":[{"value":"q"}]}]"#).unwrap_err();
        assert!(error.to_string().contains("has 1 messages"), "{error}");
        let error = Gold::read(Path::new("/nowhere"), Task::PtbTest).unwrap_err();
        assert!(
            error.to_string().contains("--bench takes the folder"),
            "{error}"
        );
    }
}
