//! `linkwalk runs` and `linkwalk report`: what runs came to, from their journals alone.

use std::time::Duration;

use serde_json::{Value, json};

use super::out;
use super::screen::Screen;
use crate::cli::Output;
use crate::exit::Exit;
use crate::report::runs::{self, Listed};
use crate::report::{outcomes, progress::Progress, summary, words};
use crate::run::journal::{End, Past, RunFolder, State};

/// Lists the runs, the newest first; before that deletes all but the newest `keep`, where that is asked.
pub(super) fn list(state: &State, keep: Option<usize>, screen: Screen) -> Exit {
    let mut folders = match state.runs() {
        Ok(folders) => folders,
        Err(error) => {
            let shown = state.root().join("runs");
            out::error(&format!("cannot read {}: {error}", shown.display()));
            return Exit::Failed;
        }
    };
    if let Some(keep) = keep {
        match prune(&mut folders, keep) {
            Ok(count) => out::stderr(&format!("Deleted {}.\n", words::count(count, "run"))),
            Err(wrong) => {
                out::error(&wrong);
                return Exit::Failed;
            }
        }
    }
    let listed: Vec<Listed> = folders.iter().map(listed).collect();
    match screen.output {
        Output::Text => screen.text(&runs::text(&listed, screen.columns, screen.stdout_color)),
        Output::Json | Output::Jsonl => screen.json(runs::document(&listed)),
    }
    Exit::Ok
}

/// Deletes all but the newest `keep`, and answers how many. A run that can be gone on with stays, and one that
/// cannot be read: nobody knows what it is.
fn prune(folders: &mut Vec<RunFolder>, keep: usize) -> Result<usize, String> {
    let old = folders.split_off(keep.min(folders.len()));
    let mut deleted = 0;
    for folder in old {
        let end = folder.past().map(|past| past.end());
        let can_go_on = matches!(end, Ok(End::Killed | End::Interrupted)) && folder.has_plan();
        if end.is_err() || can_go_on || folder.is_running() {
            folders.push(folder);
        } else {
            folder.delete()?;
            deleted += 1;
        }
    }
    Ok(deleted)
}

fn listed(folder: &RunFolder) -> Listed {
    let id = folder.id.clone();
    match folder.past() {
        Err(wrong) => Listed::Unreadable { run: id, reason: wrong },
        Ok(past) => {
            let (opening, settled) = (past.opening(), past.settled());
            let is_running = folder.is_running();
            let resumable = folder.has_plan() && !is_running && past.end().leaves_work();
            Listed::Run {
                started_at: opening.at.to_string(),
                command: opening.command.clone(),
                deployment: opening.deployment.clone(),
                by: opening.by.clone(),
                ended: if is_running { "running" } else { past.end().label() },
                elapsed: settled.elapsed,
                targets: settled.scope(),
                counts: settled.counts().into_iter().filter(|(_, count)| *count > 0).collect(),
                resumable,
                run: id,
            }
        }
    }
}

/// Tells one run again, the newest without an id.
pub(super) fn report(state: &State, asked: Option<&str>, screen: Screen) -> Exit {
    let read = state.find(asked).and_then(|folder| folder.past().map(|past| (folder, past)));
    let (folder, past) = match read {
        Ok(read) => read,
        Err(wrong) => {
            out::error(&wrong);
            return Exit::Usage;
        }
    };
    match screen.output {
        Output::Text => screen.text(&text(&folder, &past, screen)),
        Output::Json => screen.json(document(&folder, &past)),
        Output::Jsonl => match folder.read("journal.jsonl") {
            Ok(journal) => out::stdout(&journal.unwrap_or_default()),
            Err(wrong) => {
                out::error(&wrong);
                return Exit::Failed;
            }
        },
    }
    Exit::Ok
}

/// The outcome document of a run.
pub(super) fn document(folder: &RunFolder, past: &Past) -> Value {
    let (settled, opening) = (past.settled(), past.opening());
    let mut document = outcomes::document(&settled, settled.exit());
    document["sandbox"] = json!(opening.sandbox);
    document["run"] = json!(folder.id);
    document["started_at"] = json!(opening.at.to_string());
    document["by"] = json!(opening.by);
    document["ended"] = json!(ended(folder, past));
    document["processes"] = json!(past.openings.len());
    if let Some(code) = settled.exit_code {
        document["exit_code"] = json!(code);
    }
    if let Some(shard) = shard(folder) {
        document["shard"] = shard;
    }
    document
}

/// Which part of the whole it was about, as its plan says, or its report where there was nothing to do.
fn shard(folder: &RunFolder) -> Option<Value> {
    ["plan.json", "report.json"].iter().find_map(|name| {
        let document: Value = serde_json::from_str(&folder.read(name).ok()??).ok()?;
        document.get("shard").cloned()
    })
}

fn ended(folder: &RunFolder, past: &Past) -> &'static str {
    if folder.is_running() { "running" } else { past.end().label() }
}

fn text(folder: &RunFolder, past: &Past, screen: Screen) -> String {
    let (opening, settled) = (past.opening(), past.settled());
    let mut text = format!(
        "run {} ({}, deployment {}) by {}, {}: {}{}\n",
        folder.id,
        opening.command,
        opening.deployment,
        opening.by,
        format_args!("{:.0}", opening.at),
        ended(folder, past),
        resumptions(past),
    );
    text.push_str(&told(&settled, screen));
    if !folder.is_running() && past.end().leaves_work() && folder.has_plan() {
        text.push_str("To go on with it: linkwalk apply --resume ");
        text.push_str(&folder.id);
        text.push('\n');
    }
    text
}

fn resumptions(past: &Past) -> String {
    match past.openings.len() {
        0 | 1 => String::new(),
        n => format!(", resumed {}", words::count(n - 1, "time")),
    }
}

fn told(settled: &Progress, screen: Screen) -> String {
    if settled.scope() == 0 && settled.elapsed == Duration::ZERO {
        return "It ended before the organization was walked.\n".to_owned();
    }
    summary::render(settled, screen.summary())
}

impl End {
    /// Whether there may be something to go on with.
    fn leaves_work(self) -> bool {
        match self {
            Self::Killed | Self::Interrupted | Self::Failed => true,
            Self::Converged | Self::NotApplied => false,
        }
    }
}
