//! `linkwalk plan`: apply that stops at the barrier.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use super::course::course;
use super::stage::Stage;
use super::{caps, out, save_world, saved, scope};
use crate::cli::{Output, Scope};
use crate::exit::Exit;
use crate::ids::{AccountId, TargetId};
use crate::model::failure::Failure;
use crate::model::shard::Part;
use crate::plan::aim::{Aim, Purpose};
use crate::plan::artifact::Origin;
use crate::plan::outcome::{Held, Outcome};
use crate::plan::{Plan, Planned, TargetPlan};
use crate::report::event::EventKind;
use crate::report::plan_json::{self, PlanMeta, Spared};
use crate::report::plan_text::{self, PlanTextOptions};
use crate::report::plan_waves::Course;
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
    /// Which part of the whole that is.
    pub(super) part: Option<Part>,
    /// How many targets the organization has, in scope or not.
    pub(super) everyone: usize,
    /// Targets in scope for which a saved plan does not hold any more: left alone, and not in the plan.
    pub(super) held: BTreeMap<TargetId, Held>,
    /// Targets of a saved plan whose account is no consumer any more, with its name.
    pub(super) gone: Vec<(TargetId, String, Held)>,
    /// Targets that were planned anew instead of what was saved, and why.
    pub(super) replanned: BTreeMap<TargetId, String>,
    /// Targets that are not in the plan because what becomes of them is known already.
    pub(super) known: BTreeMap<TargetId, Outcome>,
    /// Who is in the organization.
    pub(super) walk: Walk,
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
    let (targets, part) = scope::split(&run.config, targets);
    run.events.send(discovered(&walk, targets.len() + spared.len()));
    run.journal.scope(&targets);
    let plan = observe(run, &targets).await;
    Ok(Prepared {
        plan,
        targets,
        part,
        everyone: walk.consumers().count() * run.config.organization.regions.len(),
        walk,
        held: BTreeMap::new(),
        known: BTreeMap::new(),
        gone: Vec::new(),
        replanned: BTreeMap::new(),
        spared,
    })
}

pub(super) fn discovered(walk: &Walk, targets: usize) -> EventKind {
    let consumers = walk.consumers().count();
    EventKind::Discovered { consumers, skipped: walk.members.len() - consumers, targets }
}

/// Runs the command.
pub(super) async fn run(
    stage: Stage,
    narrowed: &Scope,
    out: Option<&Path>,
    save_world: Option<&Path>,
    detailed_exitcode: bool,
) -> Exit {
    if save_world.is_some() {
        stage.run.take_notes();
    }
    let prepared = match prepare(&stage.run, narrowed).await {
        Ok(prepared) => prepared,
        Err(why) => return give_up(stage, why).await,
    };
    let mut outcomes = prepared.finish_spared(&stage.run);
    for target in &prepared.targets {
        let outcome = match prepared.plan.targets.get(&target.id) {
            None => Outcome::NotStarted { held: Held::interrupted() },
            Some(planned) => outcome_of(planned),
        };
        stage.run.finish(target, outcome.clone());
        outcomes.push(outcome);
    }
    let mut exit = exit(&outcomes, stage.run.shutdown.level() >= Level::Drain, detailed_exitcode);
    if let Some(file) = save_world {
        exit = exit.worst(save_world::save(&stage.run, &prepared, file).await);
    }
    let (screen, aim) = (stage.screen, stage.run.aim.clone());
    let course = course(&prepared, &stage.run.config, narrowed);
    let document = document(&prepared, &stage.run, screen.sandbox, narrowed, &course);
    let beyond = match aim.purpose {
        // A typed confirmation is a stronger guard than a cap.
        Purpose::Destroy => Vec::new(),
        Purpose::Converge(_) => {
            caps::beyond(&prepared.plan, &stage.run.config.guard, prepared.everyone)
        }
    };
    let saved = out.map(|file| save(file, &prepared, &document));
    if let Some(Err(_)) = saved {
        exit = exit.worst(Exit::Failed);
    }
    stage.close(exit).await;
    if screen.output == Output::Text {
        screen.text(&text(&prepared, screen, narrowed, &course, &aim));
    }
    for refusal in beyond {
        out::stderr(&format!("note: `apply` would refuse this: {refusal}\n"));
    }
    match saved {
        None => {}
        Some(Ok(said)) => out::stderr(&said),
        Some(Err(wrong)) => out::error(&wrong),
    }
    if screen.output == Output::Json {
        screen.json(document);
    }
    exit
}

/// Writes the plan, where it is a whole one.
fn save(file: &Path, prepared: &Prepared, document: &serde_json::Value) -> Result<String, String> {
    let missing = prepared.targets.len() - prepared.plan.targets.len();
    if missing > 0 {
        return Err(format!(
            "the plan was not saved: {missing} targets were not looked at any more"
        ));
    }
    saved::write(file, document)?;
    let shown = file.display();
    Ok(format!("The plan is in {shown}; this does exactly that: linkwalk apply {shown}\n"))
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
    course: &Course,
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
        text.extend([format!("Left alone: {id} {name}: {reason}\n")]);
    }
    if !text.is_empty() {
        text.push('\n');
    }
    let plan = plan_text::render(&prepared.plan, &names(&prepared.targets), &options);
    // The plan ends with the line that sums it up.
    let (body, last) = plan.trim_end().rsplit_once('\n').unwrap_or(("", plan.trim_end()));
    let body = if body.is_empty() { String::new() } else { format!("{body}\n") };
    format!("{text}{body}{}{last}\n{}", course.text(screen.stdout_color), saved::text(prepared))
}

/// Names of the accounts in scope.
pub(super) fn names(targets: &[Arc<Target>]) -> BTreeMap<AccountId, String> {
    targets.iter().map(|target| (target.id.account.clone(), target.name.clone())).collect()
}

/// The document of a shard says so.
pub(super) fn with_part(mut document: serde_json::Value, prepared: &Prepared) -> serde_json::Value {
    if let Some(part) = &prepared.part {
        document["shard"] = serde_json::json!(part);
    }
    document
}

/// The plan for machines.
pub(super) fn document(
    prepared: &Prepared,
    run: &Run,
    sandbox: bool,
    narrowed: &Scope,
    course: &Course,
) -> serde_json::Value {
    let created_at = jiff::Timestamp::now().to_string();
    let origin = Origin {
        run: run.id.clone(),
        sandbox,
        management: prepared.walk.management.clone(),
        config: run.config.digests(),
        scope: narrowed.words(),
    };
    let meta = PlanMeta {
        version: env!("CARGO_PKG_VERSION"),
        deployment: &run.config.deployment,
        created_at: &created_at,
        names: &names(&prepared.targets),
        origin: &origin,
        course,
        aim: &run.aim.purpose,
        spared: prepared
            .spared
            .iter()
            .map(|(target, reason)| Spared { target: &target.id, name: &target.name, reason })
            .collect(),
        shard: prepared.part.as_ref(),
    };
    plan_json::document(&prepared.plan, &meta)
}
