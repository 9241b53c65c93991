//! Phase one, for one target: read it and plan it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::fleet::{Turn, fleet};
use super::{Run, Target, usage};
use crate::aws::Ec2;
use crate::ids::{ServiceName, TargetId};
use crate::model::failure::{ErrorClass, Failure};
use crate::model::observed::Observed;
use crate::model::service::Catalogue;
use crate::model::spec::{ServiceRef, Settings};
use crate::plan::{self, Plan, Planned, TargetPlan};
use crate::report::event::{EventKind, Phase, Step};
use crate::shutdown::Level;

/// Targets being read at one time. Reading is cheap for AWS and bound by the round trip.
const READERS: usize = 100;

/// Reads and plans every target. One whose turn did not come before the run was asked to stop is not in
/// the plan.
pub async fn observe(run: &Arc<Run>, targets: &[Arc<Target>]) -> Plan {
    run.events.send(EventKind::PhaseStarted { phase: Phase::Observe, targets: targets.len() });
    let work = |target: Arc<Target>, _slot| {
        let run = Arc::clone(run);
        async move {
            run.events.send(EventKind::TargetStarted {
                target: target.id.clone(),
                name: target.name.clone(),
            });
            run.events
                .send(EventKind::TargetStep { target: target.id.clone(), step: Step::Observing });
            // A reading that is given up changes nothing and is not counted as one.
            let planned = tokio::select! {
                biased;
                () = run.shutdown.at_least(Level::Abort) => None,
                planned = observe_one(&run, &target) => Some(planned),
            };
            if let Some(Planned::Ready(plan)) = &planned {
                run.events.send(planned_event(&target, plan));
            }
            planned
        }
    };
    let mut planned = BTreeMap::new();
    for (target, turn) in fleet(targets.to_vec(), READERS, &run.shutdown, work).await {
        match turn {
            Turn::Done(Some(one)) => drop(planned.insert(target.id.clone(), one)),
            Turn::Panicked(failure) => {
                planned.insert(target.id.clone(), Planned::Unreachable { failure });
            }
            Turn::Done(None) | Turn::NotStarted => {}
        }
    }
    run.events.send(EventKind::PhaseFinished { phase: Phase::Observe });
    Plan { targets: planned }
}

fn planned_event(target: &Target, plan: &TargetPlan) -> EventKind {
    let counts = plan.counts();
    EventKind::TargetPlanned {
        target: target.id.clone(),
        name: target.name.clone(),
        create: counts.create,
        modify: counts.modify + counts.adopt,
        delete: counts.delete,
        blocked: plan.blocked.len(),
    }
}

async fn observe_one(run: &Run, target: &Target) -> Planned {
    let ec2 = run.ec2(&target.id);
    match plan_one(run, target, &ec2).await {
        Ok(plan) => Planned::Ready(plan),
        Err(failure) => Planned::Unreachable { failure },
    }
}

/// Reads the target and plans it. Also the second reading, after its changes.
pub(super) async fn plan_one(run: &Run, target: &Target, ec2: &Ec2) -> Result<TargetPlan, Failure> {
    let Target { id, settings, .. } = target;
    let observed = ec2
        .observe(|vpc| vpc.owner == id.account && plan::selects_vpc(&settings.vpcs, vpc))
        .await?;
    let catalogue = catalogue(run, target, ec2).await?;
    let plan = |usage| plan::plan_for(&run.aim, id, settings, &observed, &catalogue, usage);
    let first = plan(None);
    let plan = match usage::of(run, target, ec2, &first).await? {
        None => first,
        Some(usage) => plan(Some(&usage)),
    };
    checked(run, id, plan, &observed, settings, &catalogue)
}

/// A plan that breaks an invariant is never shown nor executed: it is a bug, and it is said.
fn checked(
    run: &Run,
    id: &TargetId,
    plan: TargetPlan,
    observed: &Observed,
    settings: &Settings,
    catalogue: &Catalogue,
) -> Result<TargetPlan, Failure> {
    let violations = plan::violations_for(&run.aim, id, settings, observed, catalogue, &plan);
    if violations.is_empty() {
        return Ok(plan);
    }
    let mut failure = Failure::local(
        "check the plan",
        ErrorClass::Bug,
        format!("the plan of {id} breaks its invariants: {}", violations.join("; ")),
    );
    failure.hint = Some("this is a bug in linkwalk; please report it".to_owned());
    Err(failure)
}

/// The region's services, and the partner services that the account is allowed to see: these differ
/// from account to account.
async fn catalogue(run: &Run, target: &Target, ec2: &Ec2) -> Result<Arc<Catalogue>, Failure> {
    let common = run.catalogues.of(&target.id.region, ec2).await?;
    let missing: BTreeSet<ServiceName> = target
        .settings
        .endpoints
        .iter()
        .filter_map(|spec| match &spec.service {
            ServiceRef::Full(name) => Some(name),
            ServiceRef::Short(_) => None,
        })
        .filter(|name| common.named(name).next().is_none())
        .cloned()
        .collect();
    if missing.is_empty() {
        return Ok(common);
    }
    let mut offers = common.offers.clone();
    offers.extend(ec2.catalogue(Some(&missing)).await?.offers);
    Ok(Arc::new(Catalogue { offers }))
}
