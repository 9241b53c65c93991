//! `linkwalk doctor --shared-root`: whether the shared root's repositories let the consumers pull. Reads ECR
//! there and changes nothing.

use std::sync::Arc;

use jiff::Timestamp;

use super::stage::Stage;
use super::{out, plan::discovered};
use crate::cli::{Doctor, Output};
use crate::doctor::FORMAT;
use crate::doctor::shared_root::{Repositories, SharedRoot};
use crate::exit::Exit;
use crate::model::failure::Failure;
use crate::report::doctor::shared_root;
use crate::report::doctor::text::Options;
use crate::run::{Run, discover, registry, shared_root_accounts};
use crate::shutdown::Level;

/// Width of the text where stdout is no terminal.
const DEFAULT_WIDTH: usize = 100;

/// Why nothing was looked at.
enum Wrong {
    Failed(Failure),
    Usage(String),
}

/// Runs the command.
pub(super) async fn run(stage: Stage, asked: &Doctor) -> Exit {
    let found = match look(&stage.run, asked, stage.screen.sandbox).await {
        Ok(found) => found,
        Err(Wrong::Failed(failure)) => return stage.fail(&failure).await,
        Err(Wrong::Usage(wrong)) => {
            stage.close(Exit::Usage).await;
            out::error(&wrong);
            return Exit::Usage;
        }
    };
    let exit = if found.is_bad() { Exit::Failed } else { Exit::Ok };
    let interrupted = stage.run.shutdown.level() >= Level::Drain;
    let exit = exit.worst(if interrupted { Exit::Interrupted } else { Exit::Ok });
    let screen = stage.screen;
    stage.close(exit).await;
    match screen.output {
        Output::Text => screen.text(&shared_root::write(
            &found,
            Options {
                color: screen.stdout_color,
                width: screen.columns.unwrap_or(DEFAULT_WIDTH),
                in_full: true,
            },
        )),
        Output::Json => out::json(&found),
        Output::Jsonl => {}
    }
    exit
}

async fn look(run: &Arc<Run>, asked: &Doctor, sandbox: bool) -> Result<SharedRoot, Wrong> {
    let created_at = Timestamp::now().to_string();
    let caller = run.sessions.caller().await.map_err(Wrong::Failed)?;
    let walk = discover(run).await.map_err(Wrong::Failed)?;
    run.events.send(discovered(&walk, 0));
    let accounts = shared_root_accounts(run, &walk, &caller, &asked.scope.accounts);
    let accounts = accounts.map_err(Wrong::Usage)?;
    let mut registries = Vec::new();
    for account in &accounts {
        for region in &run.config.organization.regions {
            if asked.scope.has_region(region) && run.shutdown.level() < Level::Drain {
                registries.push(registry(run, &walk, &caller, account, region).await);
            }
        }
    }
    let unseen = walk
        .management
        .iter()
        .filter(|id| !accounts.contains(*id) && asked.scope.accounts.is_empty());
    let mut found = SharedRoot {
        format: FORMAT.to_owned(),
        kind: "doctor-shared-root".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        deployment: run.config.deployment.clone(),
        created_at,
        sandbox,
        organization: walk.organization.clone(),
        consumers: walk.consumers().count(),
        registries,
        left_out: unseen
            .map(|id| {
                format!(
                    "The management account {id} was not looked at: the caller is in {}. Run as it, or \
                     name it with --account.",
                    caller.account
                )
            })
            .collect(),
        counts: Repositories::default(),
    };
    found.settle();
    Ok(found)
}
