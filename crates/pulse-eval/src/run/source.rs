//! The benchmark that is asked.

use std::path::{Path, PathBuf};

use pulse_data::bench::BenchConfig;
use pulse_llm::hub::{HubError, HubOptions, ModelSource, NamePattern, fetch_dataset};

use super::error::RunError;
use crate::task::Task;

/// ECGBench on the Hub.
const ECGBENCH: &str = "PULSE-ECG/ECGBench";

/// The folder of a benchmark: `bench` itself, or for `hub` or the id of a data set the snapshot in the cache,
/// downloaded if it is not there. Only the files of `tasks` are fetched.
///
/// # Errors
/// [`RunError::NoBench`] if it is neither, [`RunError::Hub`] or [`RunError::NeitherFolderNorHub`] if it
/// cannot be downloaded.
pub fn find_bench(bench: &str, tasks: &[Task], options: &HubOptions) -> Result<PathBuf, RunError> {
    if Path::new(bench).is_dir() {
        return Ok(PathBuf::from(bench));
    }
    let id = match bench {
        "hub" => ECGBENCH.to_owned(),
        _ => match ModelSource::parse(bench) {
            Ok(ModelSource::Hub(id)) => id,
            Ok(ModelSource::Folder(folder)) => return Ok(folder),
            Err(HubError::UnknownModel { found }) => return Err(RunError::NoBench { found }),
            Err(error) => return Err(error.into()),
        },
    };
    let patterns: Vec<NamePattern> = tasks
        .iter()
        .map(|task| NamePattern::new(format!("{task}/*")))
        .collect();
    match fetch_dataset(&id, &patterns, options) {
        Ok(fetched) => Ok(fetched.folder),
        Err(source) if bench != "hub" => Err(RunError::NeitherFolderNorHub {
            found: bench.to_owned(),
            source,
        }),
        Err(error) => Err(error.into()),
    }
}

/// The data crate's name for a task.
pub(crate) fn config_of(task: Task) -> BenchConfig {
    match task {
        Task::MmmuEcg => BenchConfig::MmmuEcg,
        Task::PtbTest => BenchConfig::PtbTest,
        Task::CpscTest => BenchConfig::CpscTest,
        Task::CsnTestNoCot => BenchConfig::CsnTest,
        Task::G12TestNoCot => BenchConfig::G12Test,
        Task::EcgqaTest => BenchConfig::EcgqaTest,
        Task::Code15Test => BenchConfig::Code15Test,
        Task::PtbTestReport => BenchConfig::PtbTestReport,
        Task::Arena => BenchConfig::Arena,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn tasks_and_configurations_have_one_name() {
        for task in Task::ALL {
            assert_eq!(config_of(task).name(), task.name());
            assert_eq!(config_of(task).labels(), task.labels());
        }
    }

    #[test]
    fn what_is_no_benchmark_is_refused() {
        let options = HubOptions {
            offline: true,
            cache: "/nowhere".into(),
            ..HubOptions::from_env()
        };
        let found = find_bench("/no such folder", &[Task::Arena], &options).unwrap_err();
        assert!(matches!(found, RunError::NoBench { .. }), "{found}");
        let found = find_bench("hub", &[Task::Arena], &options).unwrap_err();
        assert!(found.to_string().contains("PULSE-ECG/ECGBench"), "{found}");
        let found = find_bench("typo/folder", &[Task::Arena], &options).unwrap_err();
        let text = found.to_string();
        assert!(
            matches!(found, RunError::NeitherFolderNorHub { .. }),
            "{text}"
        );
        assert!(
            text.starts_with("there is no folder typo/folder here"),
            "{text}"
        );
        assert!(text.contains("Hub"), "{text}");
    }
}
