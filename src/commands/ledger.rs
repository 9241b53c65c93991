//! The record of a run that changes something: its folder, its journal, its lock; and the run that is gone on
//! with, where one is.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::Value;

use super::{out, resume};
use crate::aws::Sessions;
use crate::config::Config;
use crate::plan::artifact::SavedPlan;
use crate::report::event::{EventKind, Events};
use crate::report::safe;
use crate::run::journal::{
    Before, End, FORMAT, Journal, Opening, Past, RunFolder, State, fresh_id,
};
use crate::run::lock::{self, Lock, Owner};
use crate::shutdown::Shutdown;

/// A run about to be recorded.
pub(super) struct Ledger {
    state: State,
    resumed: Option<Resumed>,
}

/// A run that is gone on with.
pub(super) struct Resumed {
    folder: RunFolder,
    pub(super) past: Past,
    pub(super) saved: Arc<SavedPlan>,
}

/// A run being recorded.
pub(super) struct Record {
    pub(super) journal: Journal,
    pub(super) resumed: Option<Resumed>,
    folder: RunFolder,
    lock: Lock,
}

/// Where runs are kept. The sandbox has its own place: its runs are nothing to go by.
pub(super) fn state(dir: &Path, sandbox: bool) -> State {
    let root = if sandbox { dir.join("sandbox") } else { PathBuf::from(dir) };
    State::at(root)
}

impl Ledger {
    /// A record of a new run, or with `resume` of the one of that id, or (where that is empty) of the last
    /// one that has not come to its end. The error is for people.
    pub(super) fn new(state: State, resume: Option<&str>, config: &Config) -> Result<Self, String> {
        let resumed = resume.map(|asked| find(&state, asked, config)).transpose()?;
        Ok(Self { state, resumed })
    }

    /// The run's id.
    pub(super) fn id(&self, now: Timestamp) -> String {
        match &self.resumed {
            Some(resumed) => resumed.folder.id.clone(),
            None => fresh_id(now),
        }
    }

    /// Takes the lock, then opens the journal: from here on what happens is recorded. The error is for
    /// people; nothing was changed.
    pub(super) async fn open(
        self,
        (command, id, now): (&str, &str, Timestamp),
        config: &Config,
        sessions: &Sessions,
        (events, shutdown): (&Events, &Shutdown),
        sandbox: bool,
    ) -> Result<Record, String> {
        let owner = Owner::new(&config.deployment, id, command, now);
        let (by, pid) = (owner.by(), owner.pid);
        let taken =
            lock::take(self.state.root(), config, owner, sessions, (events, shutdown)).await;
        let lock = taken.map_err(|refused| refused.in_words(now))?;
        let opening = Opening {
            format: FORMAT.to_owned(),
            kind: "journal".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            run: id.to_owned(),
            command: command.to_owned(),
            deployment: config.deployment.clone(),
            at: now.to_string(),
            by,
            pid,
            resumed: self.resumed.is_some(),
            sandbox,
        };
        match journal(&self.state, self.resumed.as_ref(), id, (events, shutdown), opening).await {
            Ok((folder, journal)) => {
                for text in &lock.notes {
                    events.send(EventKind::Notice { text: text.clone() });
                }
                Ok(Record { journal, resumed: self.resumed, folder, lock })
            }
            Err(wrong) => {
                if let Err(also) = lock.release().await {
                    out::error(&also);
                }
                Err(wrong)
            }
        }
    }
}

async fn journal(
    state: &State,
    resumed: Option<&Resumed>,
    id: &str,
    (events, shutdown): (&Events, &Shutdown),
    opening: Opening,
) -> Result<(RunFolder, Journal), String> {
    let (folder, file, before) = match resumed {
        Some(Resumed { folder, past, .. }) => {
            (folder.clone(), folder.old_journal(past)?, past.before())
        }
        None => {
            let folder = state.create(id)?;
            let file = folder.new_journal()?;
            (folder, file, Before::default())
        }
    };
    let cannot = |why: &dyn std::fmt::Display| {
        format!("cannot write the journal in {}: {why}", folder.path().display())
    };
    let journal = Journal::in_thread(Box::new(file), before, events, shutdown)
        .map_err(|error| cannot(&error))?;
    journal.open(opening).await.map_err(|why| cannot(&why))?;
    Ok((folder, journal))
}

impl Record {
    /// Keeps the plan that is about to be carried out. The error is for people; nothing was changed.
    pub(super) async fn keep_plan(&self, document: &Value) -> Result<(), String> {
        let cannot = |why: String| format!("{why}; nothing was changed");
        self.journal.settle().await.map_err(|why| {
            cannot(format!("cannot write the journal in {}: {why}", self.folder.path().display()))
        })?;
        let text = safe::json_pretty(document).unwrap_or_default() + "\n";
        self.folder.write("plan.json", &text).map_err(cannot)
    }

    /// Ends the record: the journal is durable, the report beside it, the lock given back. What goes wrong
    /// here changes no outcome, and is said.
    pub(super) async fn close(self, report: &Value) {
        let text = safe::json_pretty(report).unwrap_or_default() + "\n";
        let path = self.folder.path().display().to_string();
        let settled = self.journal.settle().await;
        let settled = settled.map_err(|why| format!("the journal in {path} is not whole: {why}"));
        let written = self.folder.write("report.json", &text);
        for ended in [settled, written, self.lock.release().await] {
            if let Err(wrong) = ended {
                out::error(&wrong);
            }
        }
    }
}

/// The run to go on with.
fn find(state: &State, asked: &str, config: &Config) -> Result<Resumed, String> {
    let folder =
        if asked.is_empty() { last_unfinished(state, config)? } else { state.find(Some(asked))? };
    if folder.is_running() {
        return Err(format!("run {} is running; wait for it, or stop it with Ctrl-C", folder.id));
    }
    let past = folder.past()?;
    let (id, opening) = (&folder.id, past.opening());
    if opening.deployment != config.deployment {
        let (theirs, ours) = (&opening.deployment, &config.deployment);
        return Err(format!("run {id} is of deployment {theirs}, and accounts.toml is of {ours}"));
    }
    let Some(text) = folder.read("plan.json")? else {
        return Err(format!(
            "run {id} ended before its plan was confirmed: nothing of it was changed, and there is nothing \
             to go on with; run `linkwalk {}`",
            opening.command
        ));
    };
    if past.end() == End::Converged {
        return Err(format!("run {id} has converged: there is nothing to go on with"));
    }
    let saved = SavedPlan::read(&text)
        .map_err(|wrong| format!("{} {wrong}", folder.path().join("plan.json").display()))?;
    resume::check_config(&saved, config)?;
    Ok(Resumed { folder, past, saved: Arc::new(saved) })
}

/// The newest run of the deployment that was killed or interrupted.
fn last_unfinished(state: &State, config: &Config) -> Result<RunFolder, String> {
    let shown = state.root().join("runs");
    let runs = state.runs().map_err(|error| format!("cannot read {}: {error}", shown.display()))?;
    let mut last = None;
    for folder in runs {
        let past = folder.past()?;
        if past.opening().deployment != config.deployment || folder.read("plan.json")?.is_none() {
            continue;
        }
        if matches!(past.end(), End::Killed | End::Interrupted) {
            return Ok(folder);
        }
        last = last.or(Some((folder.id, past.end())));
    }
    Err(match last {
        Some((id, end)) => format!(
            "there is nothing to go on with: the last run, {id}, has come to its end ({}); `apply --resume \
             {id}` takes up a run that failed",
            end.label()
        ),
        None => format!(
            "there is nothing to go on with: no run of deployment {} in {} has a plan",
            config.deployment,
            shown.display()
        ),
    })
}
