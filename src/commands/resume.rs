//! `apply --resume`: what is left of a run's plan, as [`super::apply`] carries out a fresh one.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::ledger::Resumed;
use super::plan::{NoPlan, Prepared, discovered};
use super::saved::{check_organization, gone};
use super::scope;
use crate::cli::Scope;
use crate::config::Config;
use crate::plan::TargetPlan;
use crate::plan::artifact::SavedPlan;
use crate::plan::outcome::Outcome;
use crate::report::event::EventKind;
use crate::report::words;
use crate::run::{self, Run, Target, discover};

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
    check_organization(saved, &walk).map_err(NoPlan::Usage)?;
    let consumers = scope::targets(&run.config, &walk, &Scope::default()).map_err(NoPlan::Usage)?;
    let (consumers, part) = scope::split(&run.config, consumers);
    let is_in_scope = |target: &Arc<Target>| past.scope.contains_key(&target.id);
    let targets: Vec<Arc<Target>> = consumers.into_iter().filter(is_in_scope).collect();
    let gone = gone(past.scope.iter(), &walk, &targets);
    run.events.send(discovered(&walk, targets.len() + gone.len()));
    run.journal.scope(&targets);
    let mut known = past.ended_well();
    let open: Vec<Arc<Target>> =
        targets.iter().filter(|target| !known.contains_key(&target.id)).cloned().collect();
    let before = words::count(targets.len() - open.len(), "target");
    let text =
        format!("going on with run {}: {before} ended well before, {} left", run.id, open.len());
    run.events.send(EventKind::Notice { text });
    let unanswered = past.unanswered.values().cloned().collect();
    let mut left = run::resume(run, &open, saved, unanswered).await;
    left.plan.targets.retain(|target, _| !left.moved.contains_key(target));
    // What this run has changed before is changed by it, even if nothing is left to do.
    let touched = past.before().changed;
    let is_done = |plan: &TargetPlan| plan.is_in_sync() && plan.pending.is_empty();
    known.extend(left.plan.ready().filter_map(|(target, plan)| {
        let changed = is_done(plan) && touched.contains(target);
        changed.then(|| (target.clone(), Outcome::Changed))
    }));
    left.plan.targets.retain(|target, _| !known.contains_key(target));
    Ok(Prepared {
        plan: left.plan,
        targets,
        part,
        everyone: walk.consumers().count() * run.config.organization.regions.len(),
        walk,
        held: left.moved,
        gone,
        known,
        replanned: BTreeMap::new(),
        spared: Vec::new(),
    })
}
