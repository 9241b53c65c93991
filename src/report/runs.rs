//! A list of runs, for people and for machines.

use std::time::Duration;

use serde_json::{Map, Value, json};

use crate::report::paint::{Line, Tone};
use crate::report::{safe, words};

/// Version of the document. A new minor adds fields, which readers ignore; a new major may change them.
const FORMAT: &str = "1.0";

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

/// The list as one JSON document.
pub fn document(runs: &[Listed]) -> Value {
    let runs: Vec<Value> = runs
        .iter()
        .map(|listed| match listed {
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
            } => {
                let counts = counts.iter();
                let counts: Map<String, Value> =
                    counts.map(|(label, n)| (label.replace(' ', "-"), (*n).into())).collect();
                json!({
                    "run": run,
                    "started_at": started_at,
                    "command": command,
                    "deployment": deployment,
                    "by": by,
                    "ended": ended.replace(' ', "-"),
                    "elapsed_ms": u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX),
                    "scope": targets,
                    "counts": counts,
                    "resumable": resumable,
                })
            }
            Listed::Unreadable { run, reason } => {
                json!({ "run": run, "ended": "unreadable", "reason": reason })
            }
        })
        .collect();
    json!({ "format": FORMAT, "kind": "runs", "version": env!("CARGO_PKG_VERSION"), "runs": runs })
}
