//! What every command begins and ends with: a run, someone who watches it, and Ctrl-C.

use std::sync::Arc;

use jiff::Timestamp;
use tokio::task::JoinHandle;

use super::kept::Kept;
use super::out;
use super::screen::Screen;
use crate::aws::{Access, Sessions};
use crate::config::Config;
use crate::exit::Exit;
use crate::model::failure::Failure;
use crate::plan::aim::Aim;
use crate::report;
use crate::report::event::{EventKind, Events, FORMAT};
use crate::report::progress::Progress;
use crate::run::Run;
use crate::shutdown::Shutdown;

/// A run and its audience.
pub(super) struct Stage {
    pub(super) run: Arc<Run>,
    pub(super) screen: Screen,
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
    ) -> Result<Self, Failure> {
        let sessions = match &kept {
            None => Sessions::from_environment(access(&config)).await?,
            Some(kept) => kept.sessions(access(&config)),
        };
        let (events, receiver) = Events::channel();
        let shutdown = Shutdown::new();
        if let Err(error) = shutdown.listen(&events) {
            out::error(&format!("Ctrl-C will end this run at once: {error}"));
        }
        let audience = report::spawn(receiver, screen.reporter(), shutdown.clone());
        let now = Timestamp::now();
        events.send(EventKind::RunStarted {
            format: FORMAT,
            version: env!("CARGO_PKG_VERSION"),
            command: command.to_owned(),
            deployment: config.deployment.clone(),
            started_at: now.to_string(),
            sandbox: kept.is_some(),
        });
        // Two runs never share an id: the time to the nanosecond, and the process.
        let id = format!("{}-{}", now.as_nanosecond(), std::process::id());
        let run = Arc::new(Run::new(config, sessions, events, shutdown, id).aiming(aim));
        Ok(Self { run, screen, audience, kept })
    }

    /// Ends the run and answers what was counted.
    pub(super) async fn close(self, exit: Exit) -> Progress {
        self.run.events.send(EventKind::RunFinished { exit_code: exit.code() });
        drop(self.run);
        let progress = self.audience.await.unwrap_or_default();
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

fn access(config: &Config) -> Access {
    let organization = &config.organization;
    Access {
        partition: config.partition(),
        home_region: organization.regions[0].clone(),
        role: organization.role.clone(),
        external_id: organization.external_id.clone(),
        session_name: organization.session_name.clone(),
        session_tags: organization.session_tags.clone(),
        source_identity: organization.source_identity.clone(),
        via: organization.via.clone(),
    }
}
