//! A list of runs, for people and for machines.

use std::collections::BTreeMap;
use std::time::Duration;

use schemars::{JsonSchema, Schema};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::report::contract;
use crate::report::paint::{Line, Tone};
use crate::report::{safe, words};

/// Version of the document. A new minor adds fields, which readers ignore; a new major may change them.
pub const FORMAT: &str = "1.0";

/// One run of the list.
#[derive(Debug, Clone)]
pub enum Listed {
    /// Its journal says this.
    Run {
        /// Its id.
        run: String,
        /// When it began, RFC 3339.
        started_at: String,
        /// The verb.
        command: String,
        /// The deployment's name.
        deployment: String,
        /// `user@host`
        by: String,
        /// How it ended, or `running`.
        ended: &'static str,
        /// How long it was worked on.
        elapsed: Duration,
        /// Targets in scope.
        targets: usize,
        /// Targets per outcome, zeros left out.
        counts: Vec<(&'static str, usize)>,
        /// Whether `apply --resume` can take it up.
        resumable: bool,
    },
    /// Its journal cannot be read.
    Unreadable {
        /// Its id.
        run: String,
        /// Why, for people.
        reason: String,
    },
}

/// One line for each run, under a heading.
pub fn text(runs: &[Listed], columns: Option<usize>, color: bool) -> String {
    if runs.is_empty() {
        return "no runs yet: `linkwalk apply` keeps them\n".to_owned();
    }
    let rows: Vec<[String; 6]> = runs.iter().map(row).collect();
    let heading = ["RUN", "COMMAND", "DEPLOYMENT", "ENDED", "TOOK", "TARGETS"].map(str::to_owned);
    let all = std::iter::once(&heading).chain(&rows);
    let mut widths = [0; 5];
    for cells in all {
        for (width, cell) in widths.iter_mut().zip(cells) {
            *width = (*width).max(safe::width(cell));
        }
    }
    let line = |cells: &[String; 6], tone: Tone| {
        let mut line = Line::new();
        for (cell, width) in cells.iter().zip(widths) {
            line = line.tone(tone, &safe::pad(cell, width)).plain("  ");
        }
        line.tone(tone, &cells[5])
    };
    let lines = std::iter::once(line(&heading, Tone::Faint))
        .chain(rows.iter().map(|cells| line(cells, Tone::Plain)))
        .flat_map(|line| line.wrap(columns.unwrap_or(usize::MAX), 6));
    lines.fold(String::new(), |text, line| text + &line.paint(color) + "\n")
}

fn row(listed: &Listed) -> [String; 6] {
    match listed {
        Listed::Run { run, command, deployment, ended, elapsed, counts, resumable, .. } => {
            let resumable = if *resumable { ", can be resumed" } else { "" };
            [
                run.clone(),
                safe::text(command),
                safe::text(deployment),
                format!("{ended}{resumable}"),
                words::duration(*elapsed),
                words::counts(counts.iter().copied()),
            ]
        }
        Listed::Unreadable { run, reason } => {
            let nothing = String::new;
            [
                safe::text(run),
                nothing(),
                nothing(),
                "unreadable".into(),
                nothing(),
                safe::text(reason),
            ]
        }
    }
}

/// The runs: what `runs -o json` writes.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Runs")]
struct Document<'a> {
    /// Version of this document, MAJOR.MINOR.
    format: &'static str,
    /// Always `runs`.
    kind: &'static str,
    /// The program's version.
    version: &'static str,
    /// The newest first.
    runs: Vec<Entry<'a>>,
    /// Whether they are the sandbox's.
    #[serde(skip_serializing_if = "Option::is_none")]
    sandbox: Option<bool>,
}

/// One run.
#[derive(Serialize, JsonSchema)]
#[serde(untagged)]
#[schemars(rename = "Run")]
enum Entry<'a> {
    /// Its journal tells it.
    Told {
        /// Its id.
        run: &'a str,
        /// When it began, RFC 3339.
        started_at: &'a str,
        /// The verb.
        command: &'a str,
        /// The deployment's name.
        deployment: &'a str,
        /// `user@host`
        by: &'a str,
        /// How it ended: `converged`, `failed`, `interrupted`, `killed`, `not-applied`; or `running`.
        ended: String,
        /// How long it was worked on, in milliseconds.
        elapsed_ms: u64,
        /// Targets in scope.
        scope: usize,
        /// Targets per outcome, zeros left out.
        #[schemars(with = "BTreeMap<String, usize>")]
        counts: Map<String, Value>,
        /// Whether `apply --resume` can take it up.
        resumable: bool,
    },
    /// Its journal cannot be read.
    Unreadable {
        /// Its id.
        run: &'a str,
        /// Always `unreadable`.
        ended: &'static str,
        /// Why, for people.
        reason: &'a str,
    },
}

impl<'a> Entry<'a> {
    fn of(listed: &'a Listed) -> Self {
        match listed {
            Listed::Run {
                run,
                started_at,
                command,
                deployment,
                by,
                ended,
                elapsed,
                targets,
                counts,
                resumable,
            } => Self::Told {
                run,
                started_at,
                command,
                deployment,
                by,
                ended: ended.replace(' ', "-"),
                elapsed_ms: u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX),
                scope: *targets,
                counts: counts
                    .iter()
                    .map(|(label, n)| (label.replace(' ', "-"), (*n).into()))
                    .collect(),
                resumable: *resumable,
            },
            Listed::Unreadable { run, reason } => {
                Self::Unreadable { run, ended: "unreadable", reason }
            }
        }
    }
}

/// The JSON Schema of the document.
pub fn schema() -> Schema {
    contract::of::<Document<'_>>()
}

/// The list as one JSON document.
pub fn document(runs: &[Listed]) -> Value {
    let document = Document {
        format: FORMAT,
        kind: "runs",
        version: env!("CARGO_PKG_VERSION"),
        runs: runs.iter().map(Entry::of).collect(),
        sandbox: None,
    };
    // Plain structs with text keys always serialise.
    serde_json::to_value(document).unwrap_or_default()
}
