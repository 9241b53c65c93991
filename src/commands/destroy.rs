//! `linkwalk destroy`: plan the deletions, have the organization's id typed, delete, wait, verify.

use std::io::{self, IsTerminal};
use std::sync::Arc;

use super::apply::{self, ask};
use super::course::course;
use super::plan::{NoPlan, give_up, prepare};
use super::stage::Stage;
use crate::cli::{Output, Scope};
use crate::exit::Exit;
use crate::model::failure::Failure;
use crate::plan::counts::Counts;
use crate::report::words;
use crate::run::Run;

/// `destroy` has the organization's id typed, so it needs someone to type it, or to be told.
pub(super) fn check_can_confirm(confirmed: bool) -> Result<(), String> {
    if confirmed || io::stdin().is_terminal() {
        return Ok(());
    }
    Err("destroy asks for the organization's id before it deletes anything, and there is no terminal \
         to ask on; look at `linkwalk destroy --plan`, then run `linkwalk destroy --yes --confirm \
         ORG-ID`"
        .to_owned())
}

/// Runs the command. `confirm` is the id that was given instead of being typed.
pub(super) async fn run(stage: Stage, narrowed: &Scope, confirm: Option<String>) -> Exit {
    let id = match confirmation(&stage.run).await {
        Ok(id) => id,
        Err(failure) => return stage.fail(&failure).await,
    };
    if let Some(other) = confirm.as_ref().filter(|given| **given != id) {
        let wrong = format!(
            "--confirm {other} is not this organization, which is {id}: nothing was done; look at \
             the credentials and the profile in use"
        );
        return give_up(stage, NoPlan::Usage(wrong)).await;
    }
    let prepared = match prepare(&stage.run, narrowed).await {
        Ok(prepared) => prepared,
        Err(why) => return give_up(stage, why).await,
    };
    stage.run.events.flush().await;
    let course = course(&prepared, &stage.run.config, narrowed);
    if stage.screen.output == Output::Text {
        let aim = &stage.run.aim;
        let text = super::plan::text(&prepared, stage.screen, narrowed, &course, aim);
        stage.screen.text(&text);
    }
    let deletions = Counts { delete: prepared.plan.counts().delete, ..Counts::default() }.total();
    let accounts = prepared.plan.ready().filter(|(_, plan)| !plan.actions.is_empty());
    let question = format!(
        "\nThis deletes {} in {}{} and cannot be undone. Type the organization's id, {id}, to go on: ",
        words::count(deletions, "resource"),
        words::count(accounts.count(), "target"),
        if stage.screen.sandbox { " of the SANDBOX" } else { "" },
    );
    let has_work = apply::has_work(&prepared);
    let go = has_work
        && (deletions == 0 || confirm.is_some() || ask(&stage.run.shutdown, &question, id).await);
    let not_done = "Not destroyed: nothing was changed.\n";
    apply::finish(stage, &prepared, (narrowed, &course), (go, None), not_done).await
}

/// What has to be typed: the organization's id. Where accounts.toml lists the accounts because there is
/// no organization to ask, the deployment's name.
async fn confirmation(run: &Arc<Run>) -> Result<String, Failure> {
    run.sessions.caller().await?;
    match run.sessions.organizations(Arc::new(|_| {})).id().await {
        Ok(id) => Ok(id),
        Err(_) if !run.config.roster.is_empty() => Ok(run.config.deployment.clone()),
        Err(failure) => Err(failure),
    }
}
