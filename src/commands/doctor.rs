//! `linkwalk doctor`: everything that a rollout needs, proven before anything is changed.

use jiff::Timestamp;

use super::plan::discovered;
use super::stage::Stage;
use super::{out, scope};
use crate::cli::{Doctor, Output};
use crate::doctor::{self, Check, Diagnosis, FORMAT};
use crate::exit::Exit;
use crate::report::doctor::text::{self, Options};
use crate::run::{Run, Surveyed, examine, survey};
use crate::shutdown::Level;
use std::sync::Arc;

/// Width of the text where stdout is no terminal.
const DEFAULT_WIDTH: usize = 100;

/// Runs the command.
pub(super) async fn run(stage: Stage, asked: &Doctor) -> Exit {
    let diagnosis = match diagnose(&stage.run, asked, stage.screen.sandbox).await {
        Ok(diagnosis) => diagnosis,
        Err(wrong) => {
            stage.close(Exit::Usage).await;
            out::error(&wrong);
            return Exit::Usage;
        }
    };
    let found = if diagnosis.is_bad() { Exit::Failed } else { Exit::Ok };
    let interrupted = stage.run.shutdown.level() >= Level::Drain;
    let exit = found.worst(if interrupted { Exit::Interrupted } else { Exit::Ok });
    let screen = stage.screen;
    stage.close(exit).await;
    match screen.output {
        Output::Text => {
            let options = Options {
                color: screen.stdout_color,
                width: screen.columns.unwrap_or(DEFAULT_WIDTH),
                in_full: asked.scope.accounts.len() == 1,
            };
            screen.text(&text::write(&diagnosis, options));
        }
        Output::Json => out::json(&diagnosis),
        Output::Jsonl => {}
    }
    exit
}

/// The error is wrong usage that shows only in the organization.
async fn diagnose(run: &Arc<Run>, asked: &Doctor, sandbox: bool) -> Result<Diagnosis, String> {
    let created_at = Timestamp::now().to_string();
    let Surveyed { general, walk } = survey(run).await;
    let mut checks: Vec<Check> = doctor::general(&general);
    let (mut targets, mut shard) = (Vec::new(), None);
    if let Some(walk) = &walk {
        let scoped = scope::targets(&run.config, walk, &asked.scope)?;
        let (mine, part) = scope::split(&run.config, scoped);
        if asked.scope.is_everyone() {
            checks.extend(doctor::left_out(walk.members.iter()));
        }
        run.events.send(discovered(walk, mine.len()));
        targets = examine(run, &mine).await;
        shard = part;
    }
    let mut diagnosis = Diagnosis {
        format: FORMAT.to_owned(),
        kind: "doctor".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        deployment: run.config.deployment.clone(),
        created_at,
        sandbox,
        general: checks,
        targets,
        causes: Vec::new(),
        counts: doctor::Counts::default(),
        shard,
    };
    diagnosis.settle();
    Ok(diagnosis)
}
