//! What every command begins and ends with: a run, someone who watches it, and Ctrl-C.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::json;
use tokio::task::JoinHandle;

use super::kept::Kept;
use super::ledger::{Ledger, Record};
use super::out;
use super::plan::{Prepared, document};
use super::screen::Screen;
use crate::aws::Sessions;
use crate::cli::Scope;
use crate::config::Config;
use crate::exit::Exit;
use crate::model::failure::Failure;
use crate::model::shard::Part;
use crate::plan::aim::Aim;
use crate::report;
use crate::report::event::{EventKind, Events, FORMAT};
use crate::report::outcomes;
use crate::report::plan_waves::Course;
use crate::report::progress::Progress;
use crate::run::Run;
use crate::run::journal::fresh_id;
use crate::shutdown::Shutdown;

pub(super) use crate::run::access;

/// Why there is no stage. Nothing was changed.
pub(super) enum NotOpened {
    /// AWS, or the way to it, refused.
    Failed(Failure),
    /// Another run is under way, or this one cannot be recorded; for people.
    Refused(String),
}

/// A run and its audience.
pub(super) struct Stage {
    pub(super) run: Arc<Run>,
    pub(super) screen: Screen,
    /// Of a run that changes something.
    pub(super) record: Option<Record>,
    /// Which part of the whole it is about, of a shard.
    pub(super) part: Option<Part>,
    audience: JoinHandle<Progress>,
    kept: Option<Kept>,
}

impl Stage {
    /// Sets the stage: sessions from the environment or in the sandbox, events, reporters, signals.
    /// Nothing is asked of AWS yet.
    pub(super) async fn open(
        command: &str,
        config: Config,
        aim: Aim,
        screen: Screen,
        kept: Option<Kept>,
        ledger: Option<Ledger>,
    ) -> Result<Self, NotOpened> {
        let sessions = match &kept {
            None => Sessions::from_environment(access(&config)).await.map_err(NotOpened::Failed)?,
            Some(kept) => kept.sessions(access(&config)),
        };
        let (events, receiver) = Events::channel();
        let shutdown = Shutdown::new();
        let now = Timestamp::now();
        let id = ledger.as_ref().map_or_else(|| fresh_id(now), |ledger| ledger.id(now));
        let record = match ledger {
            None => None,
            Some(ledger) => {
                let heading = (command, id.as_str(), now);
                let opened = ledger
                    .open(heading, &config, &sessions, (&events, &shutdown), kept.is_some())
                    .await;
                Some(opened.map_err(NotOpened::Refused)?)
            }
        };
        let journal = record.as_ref().map(|record| record.journal.clone()).unwrap_or_default();
        let events = events.recorded(journal.recorder());
        if let Err(error) = shutdown.listen(&events) {
            out::error(&format!("Ctrl-C will end this run at once: {error}"));
        }
        let audience = report::spawn(receiver, screen.reporter(), shutdown.clone());
        events.send(EventKind::RunStarted {
            format: FORMAT.into(),
            version: env!("CARGO_PKG_VERSION").into(),
            command: command.to_owned(),
            deployment: config.deployment.clone(),
            started_at: now.to_string(),
            sandbox: kept.is_some(),
        });
        let run =
            Run::new(config, sessions, events, shutdown, id).with_journal(journal).aiming(aim);
        Ok(Self { run: Arc::new(run), screen, record, part: None, audience, kept })
    }

    /// Keeps the plan that is about to be carried out, where this run is recorded and has none yet. The
    /// error is for people; nothing was changed.
    pub(super) async fn keep_plan(
        &self,
        prepared: &Prepared,
        narrowed: &Scope,
        course: &Course,
    ) -> Result<(), String> {
        match &self.record {
            Some(record) if record.resumed.is_none() => {
                let sandbox = self.screen.sandbox;
                record.keep_plan(&document(prepared, &self.run, sandbox, narrowed, course)).await
            }
            _ => Ok(()),
        }
    }

    /// Ends the run and answers what was counted.
    pub(super) async fn close(self, exit: Exit) -> Progress {
        self.run.events.send(EventKind::RunFinished { exit_code: exit.code() });
        let id = self.run.id.clone();
        drop(self.run);
        let progress = self.audience.await.unwrap_or_default();
        if let Some(record) = self.record {
            let mut report = outcomes::document(&progress, exit);
            report["run"] = id.into();
            report["sandbox"] = self.screen.sandbox.into();
            if let Some(part) = self.part {
                report["shard"] = json!(part);
            }
            record.close(&report, &progress).await;
        }
        if let Some(kept) = self.kept {
            kept.close();
        }
        progress
    }

    /// Ends a run that could not walk the organization.
    pub(super) async fn fail(self, failure: &Failure) -> Exit {
        self.close(Exit::Failed).await;
        out::failure("cannot walk the organization", failure);
        Exit::Failed
    }
}
