//! Phase one, for one target: read it and plan it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;

use super::fleet::{Turn, each};
use super::journal::Intent;
use super::{Run, THROTTLED_REST, Target, usage};
use crate::aws::Ec2;
use crate::ids::{ServiceName, TargetId};
use crate::model::failure::{ErrorClass, Failure};
use crate::model::observed::Observed;
use crate::model::service::Catalogue;
use crate::model::spec::{ServiceRef, Settings};
use crate::plan::aim::Aim;
use crate::plan::artifact::{self, SavedPlan};
use crate::plan::outcome::{Held, HeldCode};
use crate::plan::remains::remains;
use crate::plan::{self, Plan, Planned, TargetPlan};
use crate::report::event::{EventKind, Phase, Step};
use crate::shutdown::Level;

/// Targets being read at one time. Reading is cheap for AWS and bound by the round trip.
pub(super) const READERS: usize = 100;

/// Rests between looks for what was sent and not answered: reads lag behind writes
/// (<https://docs.aws.amazon.com/ec2/latest/devguide/eventual-consistency.html>).
const LOOKS: [Duration; 4] = [
    Duration::from_secs(2),
    Duration::from_secs(4),
    Duration::from_secs(8),
    Duration::from_secs(16),
];

/// What a saved plan came to for the targets as they are now.
#[derive(Debug, Default)]
pub struct Revisited {
    /// What to carry out: saved actions that still hold, and for the others what planning comes to now.
    pub plan: Plan,
    /// Targets for which the saved plan does not hold any more, and why.
    pub moved: BTreeMap<TargetId, Held>,
}

/// Reads and plans every target. One whose turn did not come before the run was asked to stop is not in
/// the plan.
pub async fn observe(run: &Arc<Run>, targets: &[Arc<Target>]) -> Plan {
    look(run, targets, &Basis::Fresh).await.plan
}

/// Reads every target again and looks whether what was saved for it still holds.
pub async fn revisit(run: &Arc<Run>, targets: &[Arc<Target>], saved: &Arc<SavedPlan>) -> Revisited {
    look(run, targets, &Basis::Whole(Arc::clone(saved))).await
}

/// Reads every target again and works out what is left of what was saved for it, by a run that was killed or
/// interrupted while it carried that out.
pub async fn resume(
    run: &Arc<Run>,
    targets: &[Arc<Target>],
    saved: &Arc<SavedPlan>,
    unanswered: Vec<Intent>,
) -> Revisited {
    look(run, targets, &Basis::Rest(Arc::clone(saved), Arc::new(unanswered))).await
}

/// What a plan has to come to.
#[derive(Clone)]
enum Basis {
    /// Anything.
    Fresh,
    /// All that was saved.
    Whole(Arc<SavedPlan>),
    /// What is left of what was saved; and what was sent and has no answer.
    Rest(Arc<SavedPlan>, Arc<Vec<Intent>>),
}

async fn look(run: &Arc<Run>, targets: &[Arc<Target>], basis: &Basis) -> Revisited {
    run.events.send(EventKind::PhaseStarted { phase: Phase::Observe, targets: targets.len() });
    let work = |target: Arc<Target>| {
        let (run, basis) = (Arc::clone(run), basis.clone());
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
                planned = observe_one(&run, &target, &basis) => Some(planned),
            };
            if let Some((Planned::Ready(plan), _)) = &planned {
                run.events.send(planned_event(&target, plan));
            }
            planned
        }
    };
    let mut revisited = Revisited::default();
    for (target, turn) in each(targets.to_vec(), READERS, &run.shutdown, work).await {
        let (planned, moved) = match turn {
            Turn::Done(Some(one)) => one,
            Turn::Panicked(failure) => (Planned::Unreachable { failure }, None),
            Turn::Done(None) | Turn::NotStarted(_) => continue,
        };
        revisited.plan.targets.insert(target.id.clone(), planned);
        revisited.moved.extend(moved.map(|held| (target.id.clone(), held)));
    }
    run.events.send(EventKind::PhaseFinished { phase: Phase::Observe });
    revisited
}

pub(super) fn planned_event(target: &Target, plan: &TargetPlan) -> EventKind {
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

async fn observe_one(run: &Run, target: &Target, basis: &Basis) -> (Planned, Option<Held>) {
    let ec2 = run.ec2(&target.id);
    let read = match basis {
        Basis::Fresh | Basis::Whole(_) => plan_seen(run, target, &ec2).await,
        Basis::Rest(_, unanswered) => look_for(run, target, &ec2, unanswered).await,
    };
    let (seen, fresh) = match read {
        Ok(read) => read,
        Err(failure) => return (Planned::Unreachable { failure }, None),
    };
    let (planned, moved) = match basis {
        Basis::Fresh => (Ok(fresh), None),
        Basis::Whole(saved) => seen.held(target, fresh, saved, artifact::hold),
        Basis::Rest(saved, _) => seen.held(target, fresh, saved, remains),
    };
    match planned {
        Ok(plan) => (Planned::Ready(plan), moved),
        Err(failure) => (Planned::Unreachable { failure }, None),
    }
}

/// Reads the target and plans it, and once more for as long as something that was sent and not answered is
/// still to be done by what is seen: it may be there and not show yet.
async fn look_for(
    run: &Run,
    target: &Target,
    ec2: &Ec2,
    unanswered: &[Intent],
) -> Result<(Seen, TargetPlan), Failure> {
    let mut read = plan_seen(run, target, ec2).await?;
    for rest in LOOKS {
        let mine = unanswered.iter().filter(|intent| intent.target == target.id);
        let is_missing = |intent: &Intent| read.1.actions.iter().any(|action| intent.is_of(action));
        if !mine.into_iter().any(is_missing) {
            break;
        }
        sleep(rest).await;
        read = plan_seen(run, target, ec2).await?;
    }
    Ok(read)
}

/// Reads the target and plans it. Also the second reading, after its changes.
pub(super) async fn plan_one(run: &Run, target: &Target, ec2: &Ec2) -> Result<TargetPlan, Failure> {
    plan_seen(run, target, ec2).await.map(|(_, plan)| plan)
}

/// The same with what it rests on. What AWS throttles for longer than the SDK tries is read again: that is no
/// failure, unless someone wants to stop.
pub(super) async fn plan_seen(
    run: &Run,
    target: &Target,
    ec2: &Ec2,
) -> Result<(Seen, TargetPlan), Failure> {
    loop {
        match Seen::read(run, target, ec2).await {
            Err(failure) if failure.class == ErrorClass::Throttled => tokio::select! {
                biased;
                () = run.shutdown.at_least(Level::Drain) => return Err(failure),
                () = sleep(THROTTLED_REST) => {}
            },
            seen => {
                let seen = seen?;
                let plan = seen.plan(run, target, ec2).await?;
                return Ok((seen, plan));
            }
        }
    }
}

/// What of a saved plan can be carried out, or what is in the way, see [`artifact::hold`] and [`remains`].
type Hold = fn(
    &TargetPlan,
    &TargetPlan,
    &TargetId,
    &Settings,
    &Observed,
    &Catalogue,
) -> Result<TargetPlan, Vec<String>>;

/// What a target's plan rests on.
pub(super) struct Seen {
    pub(super) observed: Observed,
    pub(super) catalogue: Arc<Catalogue>,
}

impl Seen {
    pub(super) async fn read(run: &Run, target: &Target, ec2: &Ec2) -> Result<Self, Failure> {
        let Target { id, settings, .. } = target;
        let observed = ec2
            .observe(|vpc| vpc.owner == id.account && plan::selects_vpc(&settings.vpcs, vpc))
            .await?;
        let catalogue = catalogue(run, target, ec2).await?;
        run.notebook.note(id, &observed, &catalogue);
        Ok(Self { observed, catalogue })
    }

    pub(super) async fn plan(
        &self,
        run: &Run,
        target: &Target,
        ec2: &Ec2,
    ) -> Result<TargetPlan, Failure> {
        let Target { id, settings, .. } = target;
        let Self { observed, catalogue } = self;
        let plan = |usage| plan::plan_for(&run.aim, id, settings, observed, catalogue, usage);
        let first = plan(None);
        let plan = match usage::of(run, target, ec2, &first).await? {
            None => first,
            Some(usage) => plan(Some(&usage)),
        };
        checked(&run.aim, id, plan, observed, settings, catalogue)
    }

    /// What was saved for the target, if it still holds; else what planning comes to now, and why not. A
    /// target in which nothing is left to do has come where the saved plan wanted it.
    fn held(
        &self,
        target: &Target,
        fresh: TargetPlan,
        saved: &SavedPlan,
        hold: Hold,
    ) -> (Result<TargetPlan, Failure>, Option<Held>) {
        let Target { id, settings, .. } = target;
        let why = match saved.plan.targets.get(id) {
            _ if fresh.actions.is_empty() => return (Ok(fresh), None),
            None => "the saved plan does not have this target".to_owned(),
            Some(Planned::Unreachable { .. }) => {
                "the saved plan could not reach this target, and now there is something to do"
                    .to_owned()
            }
            Some(Planned::Ready(saved)) => {
                match hold(saved, &fresh, id, settings, &self.observed, &self.catalogue) {
                    Ok(plan) => {
                        let aim = Aim::default();
                        let plan =
                            checked(&aim, id, plan, &self.observed, settings, &self.catalogue);
                        return (plan, None);
                    }
                    Err(differences) => {
                        format!(
                            "it has changed since the plan was saved: {}",
                            differences.join(", ")
                        )
                    }
                }
            }
        };
        (Ok(fresh), Some(Held::new(HeldCode::StalePlan, why)))
    }
}

/// A plan that breaks an invariant is never shown nor executed: it is a bug, and it is said.
fn checked(
    aim: &Aim,
    id: &TargetId,
    plan: TargetPlan,
    observed: &Observed,
    settings: &Settings,
    catalogue: &Catalogue,
) -> Result<TargetPlan, Failure> {
    let violations = plan::violations_for(aim, id, settings, observed, catalogue, &plan);
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
