//! `linkwalk report merge`: the reports of shards as one. Asks AWS nothing and needs no accounts.toml.

use std::fs;

use serde_json::Value;

use super::screen::Screen;
use super::{out, report_file};
use crate::cli::{Merge, Output, Written};
use crate::exit::Exit;
use crate::report::audit::{Format, render, text};
use crate::report::merge::{Joined, Whole, join, names};
use crate::report::summary;

/// Width of the text where stdout is no terminal.
const DEFAULT_WIDTH: usize = 100;

/// Runs the command.
pub(super) fn run(asked: &Merge, written: Written, screen: Screen) -> Exit {
    match joined(asked)
        .and_then(|joined| tell(asked, &joined, written, screen).map(|()| joined.exit))
    {
        Ok(exit) => exit,
        Err(wrong) => {
            out::error(&wrong);
            Exit::Usage
        }
    }
}

fn joined(asked: &Merge) -> Result<Joined, String> {
    let read = |file: &std::path::PathBuf| {
        let shown = file.display().to_string();
        let text =
            fs::read_to_string(file).map_err(|error| format!("cannot read {shown}: {error}"))?;
        let document: Value = serde_json::from_str(&text)
            .map_err(|error| format!("{shown} is not one JSON document: {error}"))?;
        Ok((shown, document))
    };
    let documents = asked.files.iter().map(read).collect::<Result<Vec<_>, String>>()?;
    join(&documents, asked.partial)
}

fn tell(
    asked: &Merge,
    joined: &Joined,
    written: Written,
    mut screen: Screen,
) -> Result<(), String> {
    screen.sandbox = is_sandbox(&joined.whole);
    match (&joined.whole, written) {
        (Whole::Outcomes(..), _) if !asked.reports.is_empty() => {
            return Err("--report is of audits, and these are reports of runs".to_owned());
        }
        (Whole::Outcomes(..), Written::Report(format)) => {
            return Err(format!("-o {format} is of audits, and these are reports of runs"));
        }
        (_, Written::Plain(Output::Jsonl)) => {
            return Err("joined reports have no events: use -o text or -o json".to_owned());
        }
        (Whole::Outcomes(_, progress), Written::Plain(Output::Text)) => {
            screen.text(&summary::render(progress, screen.summary()));
        }
        (Whole::Outcomes(document, _), Written::Plain(Output::Json)) => {
            screen.json(document.clone());
        }
        (Whole::Audit(audit), written) => {
            let files = report_file::open(&asked.reports)?;
            if files.iter().any(report_file::ReportFile::is_stdout)
                && written != Written::Plain(Output::Text)
            {
                return Err(
                    "--report FORMAT=- and -o both write to stdout: leave one out".to_owned()
                );
            }
            let taken = files.iter().any(report_file::ReportFile::is_stdout);
            match written {
                _ if taken => {}
                Written::Report(format) => out::stdout(&render(audit, format)),
                Written::Plain(Output::Json) => out::stdout(&render(audit, Format::Json)),
                Written::Plain(_) => {
                    let width = screen.columns.unwrap_or(DEFAULT_WIDTH);
                    let color = screen.stdout_color;
                    out::stdout(&text::write(
                        audit,
                        text::Options { color, width, in_full: false },
                    ));
                }
            }
            for file in files {
                let report = render(audit, file.format);
                file.write(&report)?;
            }
        }
    }
    if !joined.missing.is_empty() {
        let of = joined.missing.first().map_or(0, |shard| shard.of);
        out::error(&format!(
            "shard {} of {of} is missing: nothing is known of its accounts",
            names(&joined.missing)
        ));
    }
    Ok(())
}

fn is_sandbox(whole: &Whole) -> bool {
    match whole {
        Whole::Outcomes(document, _) => document["sandbox"].as_bool().unwrap_or(false),
        Whole::Audit(audit) => audit.sandbox,
    }
}
