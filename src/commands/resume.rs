//! `apply --resume`: what is left of a run's plan, as [`super::apply`] carries out a fresh one.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::ledger::Resumed;
use super::plan::{NoPlan, Prepared, discovered};
use super::scope;
use crate::cli::Scope;
use crate::config::Config;
use crate::ids::{AccountId, TargetId};
use crate::model::failure::{ErrorClass, Failure};
use crate::plan::artifact::SavedPlan;
use crate::plan::outcome::{ActionFailure, Outcome};
use crate::report::event::EventKind;
use crate::report::words;
use crate::run::{Run, Target, discover, observe_left};

/// Parts of accounts.toml that decide how a plan is carried out, and not what it is: they may be mended
/// before it is gone on with.
const MAY_CHANGE: [&str; 2] = ["[rollout]", "[guard]"];

/// The saved plan is of another accounts.toml. Known before anything is asked of AWS.
pub(super) fn check_config(saved: &SavedPlan, config: &Config) -> Result<(), String> {
    let now = config.digests();
    let differs = |part: &&String| {
        !MAY_CHANGE.contains(&part.as_str()) && saved.origin.config.get(*part) != now.get(*part)
    };
    let parts: Vec<&str> = now.keys().filter(differs).map(String::as_str).collect();
    if parts.is_empty() {
        return Ok(());
    }
    Err(format!(
        "accounts.toml has changed since run {} was planned: {}; put it back to go on with that run, or \
         begin a new one with `linkwalk apply`",
        saved.origin.run,
        parts.join(", ")
    ))
}

/// Discovers, observes what had not ended well, and works out what is left.
pub(super) async fn prepare(run: &Arc<Run>, resumed: &Resumed) -> Result<Prepared, NoPlan> {
    let Resumed { past, saved, .. } = resumed;
    run.sessions.caller().await.map_err(NoPlan::Failed)?;
    let walk = discover(run).await.map_err(NoPlan::Failed)?;
    check_organization(saved, walk.management.as_ref()).map_err(NoPlan::Usage)?;
    let consumers = scope::targets(&run.config, &walk, &Scope::default()).map_err(NoPlan::Usage)?;
    let (targets, mut known) = in_scope(consumers, &past.scope);
    run.events.send(discovered(&walk, &targets));
    for (target, outcome) in &known {
        let name = past.scope.get(target).cloned().unwrap_or_default();
        let (target, outcome) = (target.clone(), outcome.clone());
        run.events.send(EventKind::TargetFinished { target, name, outcome });
    }
    run.journal.scope(&targets);
    let ended = past.ended_well();
    let open: Vec<Arc<Target>> =
        targets.iter().filter(|target| !ended.contains_key(&target.id)).cloned().collect();
    let text = format!(
        "going on with run {}: {} ended well before, {} left",
        run.id,
        words::count(targets.len() - open.len(), "target"),
        open.len()
    );
    run.events.send(EventKind::Notice { text });
    let left = observe_left(run, &open, &saved.plan, past).await;
    let mut plan = left.plan;
    plan.targets.retain(|target, _| !left.moved.contains_key(target));
    known.extend(ended);
    known.extend(left.moved.into_iter().map(|(target, why)| (target, stale(&why))));
    Ok(Prepared { plan, targets, management: walk.management, known })
}

/// The targets of the earlier walk that there still are, and the outcome of those that are gone.
fn in_scope(
    consumers: Vec<Arc<Target>>,
    before: &BTreeMap<TargetId, String>,
) -> (Vec<Arc<Target>>, BTreeMap<TargetId, Outcome>) {
    let targets: Vec<Arc<Target>> =
        consumers.into_iter().filter(|target| before.contains_key(&target.id)).collect();
    let reason = "it is no consumer any more: `linkwalk accounts` says why".to_owned();
    let gone = before.keys().filter(|id| !targets.iter().any(|target| target.id == **id));
    let gone = gone.map(|id| (id.clone(), Outcome::Skipped { reason: reason.clone() })).collect();
    (targets, gone)
}

fn check_organization(saved: &SavedPlan, management: Option<&AccountId>) -> Result<(), String> {
    match (&saved.origin.management, management) {
        (Some(then), Some(now)) if then != now => Err(format!(
            "run {} was of the organization of management account {then}, and these credentials lead to \
             that of {now}",
            saved.origin.run
        )),
        _ => Ok(()),
    }
}

/// The outcome of a target that has moved since it was planned.
fn stale(why: &[String]) -> Outcome {
    let message = format!("the target has moved since it was planned: {}", why.join("; "));
    let mut failure = Failure::local("resume", ErrorClass::Invalid, message);
    failure.hint = Some("begin a new run for it: `linkwalk apply`".to_owned());
    let what = "plan".to_owned();
    Outcome::Failed { failed: vec![ActionFailure { action: None, what, failure }] }
}
