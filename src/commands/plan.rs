//! `linkwalk plan`: apply that stops at the barrier.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::stage::Stage;
use super::{out, scope};
use crate::cli::{Output, Scope};
use crate::exit::Exit;
use crate::ids::AccountId;
use crate::model::failure::Failure;
use crate::plan::outcome::Outcome;
use crate::plan::{Plan, Planned, TargetPlan};
use crate::report::event::EventKind;
use crate::report::plan_json::{self, PlanMeta};
use crate::report::plan_text::{self, PlanTextOptions};
use crate::report::progress;
use crate::run::{Run, Target, Walk, discover, observe};
use crate::shutdown::Level;

/// Width of a plan where stdout is no terminal.
const DEFAULT_WIDTH: usize = 100;

/// Everything up to the barrier: one plan for all targets in scope.
pub(super) struct Prepared {
    pub(super) plan: Plan,
    /// Every target in scope, in the order of the walk. One that is not in the plan was not started.
    pub(super) targets: Vec<Arc<Target>>,
}

/// Why there is no plan.
pub(super) enum NoPlan {
    /// AWS, or the way to it, refused.
    Failed(Failure),
    /// What was asked for makes no sense here.
    Usage(String),
}

/// Discovers, observes and plans.
pub(super) async fn prepare(run: &Arc<Run>, narrowed: &Scope) -> Result<Prepared, NoPlan> {
    run.sessions.caller().await.map_err(NoPlan::Failed)?;
    let walk = discover(run).await.map_err(NoPlan::Failed)?;
    let targets = scope::targets(&run.config, &walk, narrowed).map_err(NoPlan::Usage)?;
    run.events.send(discovered(&walk, &targets));
    let plan = observe(run, &targets).await;
    Ok(Prepared { plan, targets })
}

pub(super) fn discovered(walk: &Walk, targets: &[Arc<Target>]) -> EventKind {
    let consumers = walk.consumers().count();
    EventKind::Discovered {
        consumers,
        skipped: walk.members.len() - consumers,
        targets: targets.len(),
    }
}

/// Runs the command.
pub(super) async fn run(stage: Stage, narrowed: &Scope, detailed_exitcode: bool) -> Exit {
    let prepared = match prepare(&stage.run, narrowed).await {
        Ok(prepared) => prepared,
        Err(why) => return give_up(stage, why).await,
    };
    let mut outcomes = Vec::new();
    for target in &prepared.targets {
        let outcome = match prepared.plan.targets.get(&target.id) {
            None => Outcome::NotStarted,
            Some(planned) => outcome_of(planned),
        };
        stage.run.finish(target, outcome.clone());
        outcomes.push(outcome);
    }
    let exit = exit(&outcomes, stage.run.shutdown.level() >= Level::Drain, detailed_exitcode);
    let (screen, deployment) = (stage.screen, stage.run.config.deployment.clone());
    stage.close(exit).await;
    match screen.output {
        Output::Text => screen.text(&text(&prepared, screen, narrowed)),
        Output::Json => screen.json(document(&prepared, &deployment)),
        Output::Jsonl => {}
    }
    exit
}

/// A plan that was not carried out: what is blocked is not a failure of the plan, it is what it says.
fn exit(outcomes: &[Outcome], interrupted: bool, detailed: bool) -> Exit {
    let pending =
        |outcome: &Outcome| matches!(outcome, Outcome::WouldChange | Outcome::Diverged { .. });
    let unreached = outcomes.iter().filter(|outcome| !pending(outcome));
    let exit = progress::exit(unreached, interrupted);
    if detailed && outcomes.iter().any(pending) { exit.worst(Exit::Changes) } else { exit }
}

/// The outcome of a target whose plan is not carried out.
pub(super) fn outcome_of(planned: &Planned) -> Outcome {
    match planned {
        Planned::Unreachable { failure } => Outcome::Unreachable { failure: failure.clone() },
        Planned::Ready(plan) if !plan.actions.is_empty() => Outcome::WouldChange,
        Planned::Ready(plan) => without_actions(plan),
    }
}

/// The outcome of a target in which there is nothing to do.
pub(super) fn without_actions(plan: &TargetPlan) -> Outcome {
    if plan.blocked.is_empty() {
        Outcome::InSync
    } else {
        Outcome::Diverged { blocked: plan.blocked.clone(), left: Vec::new() }
    }
}

/// Ends a run that has no plan.
pub(super) async fn give_up(stage: Stage, why: NoPlan) -> Exit {
    match why {
        NoPlan::Failed(failure) => stage.fail(&failure).await,
        NoPlan::Usage(wrong) => {
            stage.close(Exit::Usage).await;
            out::error(&wrong);
            Exit::Usage
        }
    }
}

/// The plan for people; one account alone is shown in full.
pub(super) fn text(prepared: &Prepared, screen: super::Screen, narrowed: &Scope) -> String {
    let account = match narrowed.accounts.as_slice() {
        [one] => Some(one.clone()),
        _ => None,
    };
    let options = PlanTextOptions {
        color: screen.stdout_color,
        width: screen.columns.unwrap_or(DEFAULT_WIDTH),
        account,
    };
    plan_text::render(&prepared.plan, &names(&prepared.targets), &options)
}

/// Names of the accounts in scope.
pub(super) fn names(targets: &[Arc<Target>]) -> BTreeMap<AccountId, String> {
    targets.iter().map(|target| (target.id.account.clone(), target.name.clone())).collect()
}

/// The plan for machines.
fn document(prepared: &Prepared, deployment: &str) -> serde_json::Value {
    let created_at = jiff::Timestamp::now().to_string();
    let meta = PlanMeta {
        version: env!("CARGO_PKG_VERSION"),
        deployment,
        created_at: &created_at,
        names: &names(&prepared.targets),
    };
    plan_json::document(&prepared.plan, &meta)
}
