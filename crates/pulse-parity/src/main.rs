//! `pulse-parity GOLDEN_DIR`: runs every stage against reference values and prints a table.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, ValueEnum};
use pulse_llm::DeviceName;
use pulse_parity::{Check, Golden, Section, SectionReport, Status, run};

/// Compare every stage with the values of the original implementation.
///
/// Exit code 0 only if everything holds; sections without code or without fixtures count as
/// failures unless --only leaves them out.
#[derive(Parser)]
#[command(version, about)]
struct Arguments {
    /// Folder of reference values (format: docs/fidelity.md)
    golden: PathBuf,
    /// Sections to run, comma-separated. Default: all
    #[arg(long, value_delimiter = ',')]
    only: Vec<Section>,
    /// Where the models run: cpu, cuda:N, vulkan:N, metal, rocm:N or cubecl-cpu
    #[arg(long, default_value = "cpu")]
    device: DeviceName,
    /// text prints a table, json one object
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    Json,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match compare(&arguments) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn compare(arguments: &Arguments) -> Result<bool, Box<dyn std::error::Error>> {
    let golden = Golden::open(&arguments.golden)?;
    let sections = if arguments.only.is_empty() {
        Section::all()
    } else {
        arguments.only.clone()
    };
    let reports = run(&golden, &sections, arguments.device);
    let holds = reports.iter().all(SectionReport::holds);
    let mut output = std::io::stdout().lock();
    match arguments.format {
        Format::Json => {
            let json = serde_json::json!({
                "holds": holds,
                "device": arguments.device,
                "version": env!("CARGO_PKG_VERSION"),
                "sections": reports,
            });
            writeln!(output, "{json}")?;
        }
        Format::Text => write_table(&mut output, &reports, holds)?,
    }
    Ok(holds)
}

fn write_check(output: &mut impl Write, section: &str, check: &Check) -> std::io::Result<()> {
    let Check {
        quantity,
        cases,
        largest,
        tolerance,
        ..
    } = check;
    // Exact as it is written in the code: 2.5e-1, not 2e-1.
    let allowed = match tolerance {
        0.0 => "equal".to_owned(),
        tolerance => format!("{tolerance:e}"),
    };
    if check.is_empty() {
        return writeln!(
            output,
            "| {section} | {quantity} | 0 | | {allowed} | not in this folder |"
        );
    }
    let verdict = if check.holds() { "holds" } else { "FAILS" };
    writeln!(
        output,
        "| {section} | {quantity} | {cases} | {largest:.1e} | {allowed} | {verdict} |"
    )
}

fn write_table(
    output: &mut impl Write,
    reports: &[SectionReport],
    holds: bool,
) -> std::io::Result<()> {
    writeln!(
        output,
        "| section | quantity | cases | largest difference | allowed | |"
    )?;
    writeln!(output, "| --- | --- | ---: | ---: | ---: | --- |")?;
    for report in reports {
        let name = &report.section;
        match report.status {
            Status::Missing => writeln!(output, "| {name} | not built yet | | | | missing |")?,
            Status::NoFixtures => writeln!(output, "| {name} | no fixtures | | | | missing |")?,
            Status::Error => writeln!(output, "| {name} | cannot be compared | | | | FAILS |")?,
            Status::Holds | Status::Fails => {
                for check in &report.checks {
                    write_check(output, name, check)?;
                }
            }
        }
    }
    for report in reports {
        if let Some(message) = &report.message {
            writeln!(output, "\n{}: {message}", report.section)?;
        }
    }
    for check in reports.iter().flat_map(|report| &report.checks) {
        if let Some(failure) = &check.failure {
            writeln!(output, "\n{}: {failure}", check.quantity)?;
        }
    }
    writeln!(
        output,
        "\n{}",
        if holds {
            "everything holds"
        } else {
            "NOT everything holds"
        }
    )
}
