//! Finding a task's answer files.
//!
//! The original walks `ROOT/TASK` in the order of the operating system, so its random letters depend on the
//! machine. Here the order is defined: the files of a folder by name, then its sub-folders by name.

use std::path::{Path, PathBuf};

use super::error::AnswerError;
use crate::task::Task;

/// All `*.jsonl` files below `answers/TASK`, in the defined order. None if there is no such folder.
///
/// As in the original, files of `ptb-test` whose path below `answers` contains `report` are left out.
///
/// # Errors
/// [`AnswerError::Unreadable`] if `answers` is no folder or a folder cannot be listed.
pub fn find_answer_files(answers: &Path, task: Task) -> Result<Vec<PathBuf>, AnswerError> {
    if !answers.is_dir() {
        return Err(AnswerError::Unreadable {
            path: answers.to_owned(),
            source: std::io::Error::new(
                std::io::ErrorKind::NotFound,
                "no such folder; expected one with a folder per task that holds its JSONL files",
            ),
        });
    }
    let mut files = Vec::new();
    let root = answers.join(task.name());
    if root.is_dir() {
        walk(&root, &mut files)?;
    }
    if task == Task::PtbTest {
        files.retain(|path| {
            let below = path.strip_prefix(answers).unwrap_or(path);
            !below.to_string_lossy().contains("report")
        });
    }
    Ok(files)
}

fn walk(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), AnswerError> {
    let unreadable = |source| AnswerError::Unreadable {
        path: folder.to_owned(),
        source,
    };
    let mut entries = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        entries.push(entry.map_err(unreadable)?.path());
    }
    entries.sort();
    let (folders, here): (Vec<PathBuf>, Vec<PathBuf>) =
        entries.into_iter().partition(|path| path.is_dir());
    files.extend(
        here.into_iter()
            .filter(|path| path.extension().is_some_and(|ending| ending == "jsonl")),
    );
    for folder in folders {
        walk(&folder, files)?;
    }
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn files_come_before_folders_and_by_name() {
        let root = tempfile::tempdir().unwrap();
        let names = [
            "b.jsonl",
            "a.jsonl",
            "c/a.jsonl",
            "a/z.jsonl",
            "a/report.jsonl",
            "a.json",
        ];
        for name in names {
            let path = root.path().join("ptb-test").join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "").unwrap();
        }
        let found = find_answer_files(root.path(), Task::PtbTest).unwrap();
        let found: Vec<_> = found
            .iter()
            .map(|path| {
                path.strip_prefix(root.path().join("ptb-test"))
                    .unwrap()
                    .to_str()
                    .unwrap()
            })
            .collect();
        assert_eq!(found, ["a.jsonl", "b.jsonl", "a/z.jsonl", "c/a.jsonl"]);
        assert!(
            find_answer_files(root.path(), Task::Arena)
                .unwrap()
                .is_empty()
        );
        let error = find_answer_files(Path::new("/nowhere"), Task::Arena).unwrap_err();
        assert!(error.to_string().contains("a folder per task"), "{error}");
    }
}
