//! `linkwalk apply`: plan, confirm, execute, wait, verify.

use std::collections::BTreeMap;
use std::io::{self, BufRead, IsTerminal};

use tokio::sync::oneshot;

use super::out;
use super::plan::{Prepared, give_up, prepare, text, without_actions};
use super::stage::Stage;
use crate::cli::{Output, Scope};
use crate::exit::Exit;
use crate::plan::Planned;
use crate::plan::outcome::Outcome;
use crate::report::{outcomes, progress, summary};
use crate::run::{Run, execute};
use crate::shutdown::Level;

/// `apply` asks before it changes anything, so it needs someone to ask, or to be told not to.
pub(super) fn check_can_confirm(yes: bool) -> Result<(), String> {
    if yes || io::stdin().is_terminal() {
        return Ok(());
    }
    Err("apply asks before it changes anything, and there is no terminal to ask on; look at `linkwalk \
         plan`, then run `linkwalk apply --yes`"
        .to_owned())
}

/// Runs the command.
pub(super) async fn run(stage: Stage, narrowed: &Scope, yes: bool) -> Exit {
    let prepared = match prepare(&stage.run, narrowed).await {
        Ok(prepared) => prepared,
        Err(why) => return give_up(stage, why).await,
    };
    stage.run.events.flush().await;
    if stage.screen.output == Output::Text {
        stage.screen.text(&text(&prepared, stage.screen, narrowed, &stage.run.aim));
    }
    let go =
        has_work(&prepared) && (yes || confirm(&stage.run, &prepared, stage.screen.sandbox).await);
    finish(stage, &prepared, go, "Not applied: nothing was changed.\n").await
}

/// Carries the plan out, when it is wanted, and tells what came of it.
pub(super) async fn finish(stage: Stage, prepared: &Prepared, go: bool, not_done: &str) -> Exit {
    let mut outcomes = prepared.finish_spared(&stage.run);
    outcomes.extend(carry_out(&stage.run, prepared, go).await);
    let interrupted = stage.run.shutdown.level() >= Level::Drain;
    let stopped = !go && has_work(prepared);
    let exit = progress::exit(&outcomes, interrupted).worst(match (stopped, interrupted) {
        (false, _) => Exit::Ok,
        (true, false) => Exit::Failed,
        (true, true) => Exit::Interrupted,
    });
    let screen = stage.screen;
    let progress = stage.close(exit).await;
    match screen.output {
        Output::Text if stopped => out::stderr(not_done),
        Output::Text => screen.text(&summary::render(&progress, screen.summary())),
        Output::Json => screen.json(outcomes::document(&progress, exit)),
        Output::Jsonl => {}
    }
    exit
}

/// Whether there is anything to send or to wait for.
pub(super) fn has_work(prepared: &Prepared) -> bool {
    prepared.plan.targets.values().any(|planned| match planned {
        Planned::Ready(plan) => !plan.actions.is_empty() || !plan.pending.is_empty(),
        Planned::Unreachable { .. } => false,
    })
}

/// Ends every target: those with work by doing it, when it is wanted; the others at once.
async fn carry_out(run: &std::sync::Arc<Run>, prepared: &Prepared, go: bool) -> Vec<Outcome> {
    let mut work = BTreeMap::new();
    let mut outcomes = Vec::new();
    for target in &prepared.targets {
        let outcome = match prepared.plan.targets.get(&target.id) {
            None => Outcome::NotStarted,
            Some(Planned::Unreachable { failure }) => {
                Outcome::Unreachable { failure: failure.clone() }
            }
            Some(Planned::Ready(plan)) if plan.actions.is_empty() && plan.pending.is_empty() => {
                without_actions(plan)
            }
            Some(Planned::Ready(plan)) if go => {
                work.insert(target.id.clone(), (target.clone(), plan.clone()));
                continue;
            }
            Some(Planned::Ready(_)) => Outcome::WouldChange,
        };
        run.finish(target, outcome.clone());
        outcomes.push(outcome);
    }
    if !work.is_empty() {
        outcomes.extend(execute(run, work).await);
    }
    outcomes
}

/// Asks on the terminal, where there is something to change.
async fn confirm(run: &Run, prepared: &Prepared, sandbox: bool) -> bool {
    let changes = prepared.plan.counts().total();
    if changes == 0 {
        // Only waiting is left to do.
        return true;
    }
    let place = if sandbox { " in the SANDBOX" } else { "" };
    let question =
        format!("\nMake these {changes} changes{place}? Only `yes` is taken for a yes: ");
    ask(run, question, "yes".to_owned()).await
}

/// Asks on the terminal for this answer and no other. Ctrl-C is a no.
pub(super) async fn ask(run: &Run, question: String, wanted: String) -> bool {
    out::stderr(&question);
    let (answer, answered) = oneshot::channel();
    // A thread of its own and not the runtime's: a read from a terminal cannot be cancelled, and the
    // program must be able to end while it waits.
    std::thread::spawn(move || {
        let mut line = String::new();
        let read = io::stdin().lock().read_line(&mut line);
        // Whoever asked may have gone since.
        answer.send(read.is_ok() && line.trim() == wanted).ok();
    });
    tokio::select! {
        answer = answered => answer.unwrap_or(false),
        () = run.shutdown.at_least(Level::Drain) => {
            out::stderr("\n");
            false
        }
    }
}
