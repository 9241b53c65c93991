//! `linkwalk apply`: plan, confirm, execute, wait, verify.

use std::collections::BTreeMap;
use std::io::{self, BufRead, IsTerminal};
use std::sync::Arc;

use tokio::sync::oneshot;

use super::course::course;
use super::plan::{Prepared, give_up, prepare, text, with_part, without_actions};
use super::resume;
use super::stage::Stage;
use super::{caps, out, saved};
use crate::cli::{Apply, Output, Scope};
use crate::config::{Config, Guard};
use crate::exit::Exit;
use crate::plan::Planned;
use crate::plan::artifact::SavedPlan;
use crate::plan::outcome::{Held, Outcome};
use crate::report::event::EventKind;
use crate::report::plan_waves::Course;
use crate::report::{outcomes, progress, safe, summary};
use crate::run::{Ask, Run, roll_out};
use crate::shutdown::{Level, Shutdown};

/// Whether somebody is asked: a saved plan was looked at before, so far as it is not planned anew.
fn asks(asked: &Apply) -> bool {
    !asked.yes && (asked.plan.is_none() || asked.replan)
}

/// `apply` asks before it changes anything, so it needs someone to ask, or to be told not to.
pub(super) fn check_can_confirm(asked: &Apply) -> Result<(), String> {
    if io::stdin().is_terminal() {
        return Ok(());
    }
    if asked.ask_between_waves {
        return Err(
            "--ask-between-waves needs a terminal to ask on; `rollout.gate` in accounts.toml \
                    runs a command there instead"
                .to_owned(),
        );
    }
    if !asks(asked) {
        return Ok(());
    }
    Err("apply asks before it changes anything, and there is no terminal to ask on; look at `linkwalk \
         plan`, then run `linkwalk apply --yes`"
        .to_owned())
}

/// Runs the command. `saved` is the plan that it names, read and checked.
pub(super) async fn run(stage: Stage, asked: &Apply, saved: Option<SavedPlan>) -> Exit {
    let resumed = stage.record.as_ref().and_then(|record| record.resumed.as_ref());
    let prepared = match (resumed, saved) {
        (Some(resumed), _) => resume::prepare(&stage.run, resumed).await,
        (None, None) => prepare(&stage.run, &asked.scope).await,
        (None, Some(saved)) => {
            saved::prepare(&stage.run, &asked.scope, &Arc::new(saved), asked.replan).await
        }
    };
    let prepared = match prepared {
        Ok(prepared) => prepared,
        Err(why) => return give_up(stage, why).await,
    };
    stage.run.events.flush().await;
    let course = course(&prepared, &stage.run.config, &asked.scope);
    if stage.screen.output == Output::Text {
        let aim = &stage.run.aim;
        stage.screen.text(&text(&prepared, stage.screen, &asked.scope, &course, aim));
    }
    let beyond = caps::beyond(&prepared.plan, &asked.caps(&stage.run.config), prepared.everyone);
    for refusal in &beyond {
        out::error(refusal);
    }
    let go = has_work(&prepared)
        && beyond.is_empty()
        && (!asks(asked) || confirm(&stage.run, &prepared, stage.screen.sandbox).await);
    let between = asked.ask_between_waves.then(|| between_waves(&stage.run));
    let not_done = "Not applied: nothing was changed.\n";
    finish(stage, &prepared, (&asked.scope, &course), (go, between.as_deref()), not_done).await
}

/// Carries the plan out, when it is wanted, and tells what came of it.
pub(super) async fn finish(
    mut stage: Stage,
    prepared: &Prepared,
    (narrowed, course): (&Scope, &Course),
    (go, ask): (bool, Option<&Ask>),
    not_done: &str,
) -> Exit {
    let kept = if go { stage.keep_plan(prepared, narrowed, course).await } else { Ok(()) };
    let go = go && kept.is_ok();
    stage.part.clone_from(&prepared.part);
    let mut outcomes = prepared.finish_spared(&stage.run);
    outcomes.extend(carry_out(&stage.run, prepared, go, ask).await);
    let interrupted = stage.run.shutdown.level() >= Level::Drain;
    let stopped = !go && has_work(prepared);
    let exit = progress::exit(&outcomes, interrupted).worst(match (stopped, interrupted) {
        (false, _) => Exit::Ok,
        (true, false) => Exit::Failed,
        (true, true) => Exit::Interrupted,
    });
    let screen = stage.screen;
    let progress = stage.close(exit).await;
    if let Err(wrong) = kept {
        out::error(&wrong);
    }
    match screen.output {
        Output::Text if stopped => out::stderr(not_done),
        Output::Text => screen.text(&summary::render(&progress, screen.summary())),
        Output::Json => screen.json(with_part(outcomes::document(&progress, exit), prepared)),
        Output::Jsonl => {}
    }
    exit
}

impl Apply {
    /// The caps of this run: what is said on the command line wins.
    fn caps(&self, config: &Config) -> Guard {
        Guard {
            max_deletes: self.max_deletes.or(config.guard.max_deletes),
            max_changes: self.max_changes.or(config.guard.max_changes),
        }
    }
}

/// Whether there is anything to send or to wait for.
pub(super) fn has_work(prepared: &Prepared) -> bool {
    prepared.plan.targets.values().any(|planned| match planned {
        Planned::Ready(plan) => !plan.actions.is_empty() || !plan.pending.is_empty(),
        Planned::Unreachable { .. } => false,
    })
}

/// Ends every target: those with work by doing it, when it is wanted; the others at once.
pub(super) async fn carry_out(
    run: &Arc<Run>,
    prepared: &Prepared,
    go: bool,
    ask: Option<&Ask>,
) -> Vec<Outcome> {
    let mut work = BTreeMap::new();
    let mut ended = Vec::new();
    for target in &prepared.targets {
        if let Some(outcome) = prepared.known.get(&target.id) {
            run.finish(target, outcome.clone());
            ended.push((Arc::clone(target), outcome.clone()));
            continue;
        }
        let held = || prepared.held.get(&target.id).cloned().unwrap_or_else(Held::interrupted);
        let outcome = match prepared.plan.targets.get(&target.id) {
            None => Outcome::NotStarted { held: held() },
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
        ended.push((Arc::clone(target), outcome));
    }
    let done = if work.is_empty() { Vec::new() } else { roll_out(run, work, &ended, ask).await };
    let gone = prepared.gone.iter().map(|(target, name, held)| {
        let (target, name) = (target.clone(), name.clone());
        let outcome = Outcome::NotStarted { held: held.clone() };
        run.events.send(EventKind::TargetFinished { target, name, outcome: outcome.clone() });
        outcome
    });
    let gone: Vec<Outcome> = gone.collect();
    ended.into_iter().map(|(_, outcome)| outcome).chain(done).chain(gone).collect()
}

/// Asks on the terminal, where there is something to change.
async fn confirm(run: &Run, prepared: &Prepared, sandbox: bool) -> bool {
    let changes = prepared.plan.counts().total();
    if changes == 0 {
        // Only waiting is left to do.
        return true;
    }
    let place = if sandbox { " in the SANDBOX" } else { "" };
    question(&run.shutdown, &format!("Make these {changes} changes{place}?")).await
}

/// Asks between two waves.
fn between_waves(run: &Run) -> Box<Ask> {
    let shutdown = run.shutdown.clone();
    Box::new(move |asked| {
        let shutdown = shutdown.clone();
        Box::pin(async move { question(&shutdown, &safe::text(&asked)).await })
    })
}

/// Asks on the terminal. Ctrl-C is a no.
async fn question(shutdown: &Shutdown, asked: &str) -> bool {
    let asked = format!("\n{asked} Only `yes` is taken for a yes: ");
    ask(shutdown, &asked, "yes".to_owned()).await
}

/// Asks on the terminal for this answer and no other. Ctrl-C is a no.
pub(super) async fn ask(shutdown: &Shutdown, question: &str, wanted: String) -> bool {
    out::stderr(question);
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
        () = shutdown.at_least(Level::Drain) => {
            out::stderr("\n");
            false
        }
    }
}
