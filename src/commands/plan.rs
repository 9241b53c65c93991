//! `linkwalk plan`: apply that stops at the barrier.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::stage::Stage;
use super::{out, scope};
use crate::cli::{Output, Scope};
use crate::exit::Exit;
use crate::ids::AccountId;
use crate::model::failure::Failure;
use serde_json::json;

use crate::plan::aim::{Aim, Purpose};
use crate::plan::outcome::Outcome;
use crate::plan::{Plan, Planned, TargetPlan};
use crate::report::event::EventKind;
use crate::report::plan_json::{self, PlanMeta};
use crate::report::plan_text::{self, PlanTextOptions};
use crate::report::{progress, safe};
use crate::run::{Run, Target, Walk, discover, observe};
use crate::shutdown::Level;

/// Width of a plan where stdout is no terminal.
const DEFAULT_WIDTH: usize = 100;

/// Everything up to the barrier: one plan for all targets in scope.
pub(super) struct Prepared {
    pub(super) plan: Plan,
    /// Every target in scope, in the order of the walk. One that is not in the plan was not started.
    pub(super) targets: Vec<Arc<Target>>,
    /// Targets in scope that are left alone, and why.
    pub(super) spared: Vec<(Arc<Target>, String)>,
}

impl Prepared {
    /// Ends the targets that are left alone.
    pub(super) fn finish_spared(&self, run: &Run) -> Vec<Outcome> {
        let skipped = |(target, reason): &(Arc<Target>, String)| {
            let outcome = Outcome::Skipped { reason: reason.clone() };
            run.finish(target, outcome.clone());
            outcome
        };
        self.spared.iter().map(skipped).collect()
    }
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
    let scope = match run.aim.purpose {
        Purpose::Destroy => scope::doomed(&run.config, &walk, narrowed),
        Purpose::Converge(_) => {
            scope::targets(&run.config, &walk, narrowed).map(|targets| (targets, Vec::new()))
        }
    };
    let (targets, spared) = scope.map_err(NoPlan::Usage)?;
    run.events.send(discovered(&walk, targets.len() + spared.len()));
    let plan = observe(run, &targets).await;
    Ok(Prepared { plan, targets, spared })
}

fn discovered(walk: &Walk, targets: usize) -> EventKind {
    let consumers = walk.consumers().count();
    EventKind::Discovered { consumers, skipped: walk.members.len() - consumers, targets }
}

/// Runs the command.
pub(super) async fn run(stage: Stage, narrowed: &Scope, detailed_exitcode: bool) -> Exit {
    let prepared = match prepare(&stage.run, narrowed).await {
        Ok(prepared) => prepared,
        Err(why) => return give_up(stage, why).await,
    };
    let mut outcomes = prepared.finish_spared(&stage.run);
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
    let aim = stage.run.aim.clone();
    stage.close(exit).await;
    match screen.output {
        Output::Text => screen.text(&text(&prepared, screen, narrowed, &aim)),
        Output::Json => screen.json(document(&prepared, &deployment, &aim)),
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
    let left_out: Vec<String> = plan.left_out().collect();
    match (plan.blocked.is_empty(), left_out.is_empty()) {
        (false, _) => Outcome::Diverged { blocked: plan.blocked.clone(), left: Vec::new() },
        // It is not what accounts.toml says, and that is as it was asked for.
        (true, false) => Outcome::Skipped { reason: left_out.join("; ") },
        (true, true) => Outcome::InSync,
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
pub(super) fn text(
    prepared: &Prepared,
    screen: super::Screen,
    narrowed: &Scope,
    aim: &Aim,
) -> String {
    let account = match narrowed.accounts.as_slice() {
        [one] => Some(one.clone()),
        _ => None,
    };
    let options = PlanTextOptions {
        color: screen.stdout_color,
        width: screen.columns.unwrap_or(DEFAULT_WIDTH),
        account,
        destroy: aim.purpose == Purpose::Destroy,
    };
    let mut text = String::new();
    for (target, reason) in &prepared.spared {
        let (id, name) = (&target.id, safe::text(&target.name));
        text.push_str(&format!("Left alone: {id} {name}: {reason}\n"));
    }
    if !text.is_empty() {
        text.push('\n');
    }
    text + &plan_text::render(&prepared.plan, &names(&prepared.targets), &options)
}

/// Names of the accounts in scope.
pub(super) fn names(targets: &[Arc<Target>]) -> BTreeMap<AccountId, String> {
    targets.iter().map(|target| (target.id.account.clone(), target.name.clone())).collect()
}

/// The plan for machines.
fn document(prepared: &Prepared, deployment: &str, aim: &Aim) -> serde_json::Value {
    let created_at = jiff::Timestamp::now().to_string();
    let meta = PlanMeta {
        version: env!("CARGO_PKG_VERSION"),
        deployment,
        created_at: &created_at,
        names: &names(&prepared.targets),
    };
    let mut document = plan_json::document(&prepared.plan, &meta);
    document["aim"] = json!(aim.purpose);
    document["spared"] = prepared
        .spared
        .iter()
        .map(|(target, reason)| json!({ "target": target.id, "name": target.name, "reason": reason }))
        .collect();
    document
}
