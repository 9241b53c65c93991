//! From a run that was played to what it says about the real one.

use std::collections::{BTreeMap, BTreeSet};

use super::seen::Seen;
use crate::cli::Rehearsal;
use crate::commands::plan::Prepared;
use crate::exit::Exit;
use crate::ids::TargetId;
use crate::plan::outcome::Outcome;
use crate::rehearse::bound::{self, Bucket, Changed, STS};
use crate::report::rehearsal::{Calls, Findings, PhaseFound, Subject};
use crate::sandbox::Sandbox;

/// What was rehearsed on.
pub(super) struct Organization {
    /// A file, or `generated`.
    pub(super) from: String,
    /// Size and refill of the bucket that all accounts share.
    pub(super) bucket: Option<(f64, f64)>,
}

/// Everything that a rehearsal found.
pub(super) fn findings(
    asked: &Rehearsal,
    organization: Organization,
    prepared: &Prepared,
    sandbox: &Sandbox,
    seen: Seen,
    exit: Exit,
) -> Findings {
    let accounts: BTreeSet<_> = prepared.targets.iter().map(|target| &target.id.account).collect();
    let regions: BTreeSet<_> = prepared.targets.iter().map(|target| &target.id.region).collect();
    let calls = calls(sandbox);
    let bucket = organization.bucket.map(|(size, per_second)| Bucket { size, per_second });
    let walking = calls.iter().filter(|calls| calls.service == "organizations").map(|calls| {
        (
            calls.action.as_str(),
            usize::try_from(calls.calls - calls.throttled).unwrap_or(usize::MAX),
        )
    });
    let changing = bound::changing(&changed(prepared, sandbox, &seen), bucket);
    let phases = vec![
        PhaseFound { name: "walk", took: seen.walked, bound: bound::walking(walking) },
        PhaseFound {
            name: "observe",
            took: seen.observed.saturating_sub(seen.walked),
            bound: seen.quickest.observed().max(STS.all_taken(accounts.len())),
        },
        PhaseFound {
            name: "change",
            took: seen.timeline.end().saturating_sub(seen.observed),
            bound: changing + seen.quickest.verified(),
        },
    ];
    let subject = Subject {
        accounts: accounts.len(),
        targets: prepared.targets.len(),
        regions: regions.into_iter().map(ToString::to_string).collect(),
        organization: organization.from,
        faults: asked.faults.name(),
        seed: asked.seed,
        organization_bucket: organization.bucket,
    };
    let outcomes = seen.progress.counts().into();
    Findings { subject, phases, calls, outcomes, timeline: seen.timeline, exit_code: exit.code() }
}

/// The targets in which something was made or changed, with what the simulation drew for each. Of those that
/// did not get to their end only the endpoints count that were made: what failed might have failed at once.
fn changed<'a>(
    prepared: &'a Prepared,
    sandbox: &Sandbox,
    seen: &Seen,
) -> BTreeMap<TargetId, Changed<'a>> {
    let mut drawn = sandbox.drawn();
    let is_changed = |target: &TargetId| {
        let finished = seen.progress.finished.get(target);
        finished.is_some_and(|finished| finished.outcome == Outcome::Changed)
    };
    prepared
        .plan
        .ready()
        .map(|(target, plan)| {
            let place = (target.account.to_string(), target.region.to_string());
            let waits = drawn.remove(&place).unwrap_or_default();
            (target.clone(), Changed { plan: is_changed(target).then_some(plan), waits })
        })
        .collect()
}

fn calls(sandbox: &Sandbox) -> Vec<Calls> {
    let tallies = sandbox.tallies();
    let of = |(service, actions): (String, BTreeMap<String, crate::sandbox::Tally>)| {
        actions.into_iter().map(move |(action, tally)| Calls {
            service: service.clone(),
            action,
            calls: tally.calls,
            throttled: tally.throttled,
            refused: tally.refused,
            unanswered: tally.unanswered,
        })
    };
    tallies.into_iter().flat_map(of).collect()
}
