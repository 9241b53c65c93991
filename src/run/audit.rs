//! The audit's walk: every target is read, planned and looked at, one after the other let go again, so that
//! memory holds findings and not organizations.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use super::fleet::{Turn, each};
use super::observe::{READERS, Seen, plan_seen, planned_event};
use super::{Run, Target, Walk};
use crate::audit::{self, Audited, Beyond, Finding, Frame, Rule, SharedRoot, Subject, Who};
use crate::config::{Config, Ignore};
use crate::ids::{AccountId, TargetId};
use crate::model::account::{AccountState, Member, Standing};
use crate::model::failure::Failure;
use crate::plan::outcome::{Held, Outcome};
use crate::report::event::{EventKind, Phase, Step};
use crate::shutdown::Level;

/// What the walk came to.
#[derive(Debug, Clone, Default)]
pub struct Audits {
    /// Every target in scope, in the order of the walk.
    pub targets: Vec<Audited>,
    /// What differs.
    pub findings: Vec<Finding>,
    /// Every target that was looked at, those out of scope too.
    pub looked: BTreeSet<TargetId>,
}

/// A place out of scope that is looked at for what the deployment has left there.
#[derive(Debug, Clone)]
pub struct Elsewhere {
    /// The place.
    pub target: Arc<Target>,
    /// Whether it is of the shared root.
    pub shared_root: bool,
    /// The rule that keeps its account out.
    pub reason: String,
}

/// Looks at every target and at the places out of scope. `units` are the accounts' organizational units.
pub async fn audit(
    run: &Arc<Run>,
    targets: &[Arc<Target>],
    elsewhere: &[Elsewhere],
    units: &Arc<BTreeMap<AccountId, String>>,
    frame: &Arc<Frame>,
) -> Audits {
    let mut audits = look_at_targets(run, targets, units, frame).await;
    look_elsewhere(run, elsewhere, units, &mut audits).await;
    audits
}

type Looked = Result<(Audited, Vec<Finding>), Failure>;

async fn look_at_targets(
    run: &Arc<Run>,
    targets: &[Arc<Target>],
    units: &Arc<BTreeMap<AccountId, String>>,
    frame: &Arc<Frame>,
) -> Audits {
    run.events.send(EventKind::PhaseStarted { phase: Phase::Observe, targets: targets.len() });
    let visits = Visits::to(targets);
    let work = |target: Arc<Target>| {
        let (run, units, frame) = (Arc::clone(run), Arc::clone(units), Arc::clone(frame));
        let visits = Arc::clone(&visits);
        async move {
            let (id, name) = (target.id.clone(), target.name.clone());
            run.events.send(EventKind::TargetStarted { target: id.clone(), name });
            run.events.send(EventKind::TargetStep { target: id, step: Step::Observing });
            let looked = tokio::select! {
                biased;
                () = run.shutdown.at_least(Level::Abort) => None,
                looked = look(&run, &target, &units, &frame) => Some(looked),
            };
            visits.one_less(&run, &target.id.account);
            looked
        }
    };
    let mut looked = BTreeMap::new();
    for (target, turn) in each(targets.to_vec(), READERS, &run.shutdown, work).await {
        let turn: Option<Looked> = match turn {
            Turn::Done(looked) => looked,
            Turn::Panicked(failure) => Some(Err(failure)),
            Turn::NotStarted(_) => None,
        };
        looked.insert(target.id.clone(), turn);
    }
    run.events.send(EventKind::PhaseFinished { phase: Phase::Observe });
    let mut audits = Audits::default();
    for target in targets {
        let who = who(target, units);
        let (audited, findings) = match looked.remove(&target.id).flatten() {
            None => {
                run.finish(target, Outcome::NotStarted { held: Held::interrupted() });
                (audit::not_started(who), Vec::new())
            }
            Some(Err(failure)) => {
                run.finish(target, Outcome::Unreachable { failure: failure.clone() });
                let (audited, finding) = audit::unreachable(who, &failure);
                (audited, vec![finding])
            }
            Some(Ok(looked)) => {
                audits.looked.insert(target.id.clone());
                looked
            }
        };
        audits.targets.push(audited);
        audits.findings.extend(findings);
    }
    audits
}

async fn look(
    run: &Run,
    target: &Target,
    units: &BTreeMap<AccountId, String>,
    frame: &Frame,
) -> Looked {
    let ec2 = run.ec2(&target.id);
    let (Seen { observed, catalogue }, plan) = plan_seen(run, target, &ec2).await?;
    run.events.send(planned_event(target, &plan));
    let outcome = if !plan.actions.is_empty() {
        Outcome::WouldChange
    } else if plan.blocked.is_empty() {
        Outcome::InSync
    } else {
        Outcome::Diverged { blocked: plan.blocked.clone(), left: Vec::new() }
    };
    run.finish(target, outcome);
    Ok(audit::look(&Subject {
        who: who(target, units),
        settings: &target.settings,
        observed: &observed,
        catalogue: &catalogue,
        plan: &plan,
        frame,
    }))
}

/// A place that cannot be looked at is said to be so, and is no failure: nobody asked for it.
async fn look_elsewhere(
    run: &Arc<Run>,
    elsewhere: &[Elsewhere],
    units: &Arc<BTreeMap<AccountId, String>>,
    audits: &mut Audits,
) {
    let places = elsewhere.iter().map(|place| (place.target.id.clone(), place.clone()));
    let places: Arc<BTreeMap<TargetId, Elsewhere>> = Arc::new(places.collect());
    let targets: Vec<_> = elsewhere.iter().map(|place| Arc::clone(&place.target)).collect();
    let visits = Visits::to(&targets);
    let work = |target: Arc<Target>| {
        let (run, units, places) = (Arc::clone(run), Arc::clone(units), Arc::clone(&places));
        let visits = Arc::clone(&visits);
        async move {
            let place = places.get(&target.id)?;
            let who = who(&target, &units);
            let beyond = Beyond { who, shared_root: place.shared_root, reason: &place.reason };
            let ec2 = run.ec2(&target.id);
            let looked = tokio::select! {
                biased;
                () = run.shutdown.at_least(Level::Abort) => None,
                // The DNS attributes matter nowhere that nothing is made.
                observed = ec2.observe(|_| false) => Some(match observed {
                    Ok(there) => Ok(audit::beyond(&beyond, &run.config.deployment, &there)),
                    Err(failure) => Err(audit::not_looked_at(&beyond, &failure)),
                }),
            };
            visits.one_less(&run, &target.id.account);
            looked
        }
    };
    for (target, turn) in each(targets, READERS, &run.shutdown, work).await {
        match turn {
            Turn::Done(Some(Ok(findings))) => {
                audits.looked.insert(target.id.clone());
                audits.findings.extend(findings);
            }
            Turn::Done(Some(Err(unknown))) => audits.findings.push(unknown),
            Turn::Panicked(failure) => {
                if let Some(place) = places.get(&target.id) {
                    let (who, reason) = (who(&target, units), &place.reason);
                    let beyond = Beyond { who, shared_root: place.shared_root, reason };
                    audits.findings.push(audit::not_looked_at(&beyond, &failure));
                }
            }
            Turn::Done(None) | Turn::NotStarted(_) => {}
        }
    }
}

/// How many targets of each account are still to be looked at. After the last its session is forgotten.
struct Visits(BTreeMap<AccountId, AtomicUsize>);

impl Visits {
    fn to(targets: &[Arc<Target>]) -> Arc<Self> {
        let mut visits: BTreeMap<AccountId, AtomicUsize> = BTreeMap::new();
        for target in targets {
            *visits.entry(target.id.account.clone()).or_default().get_mut() += 1;
        }
        Arc::new(Self(visits))
    }

    fn one_less(&self, run: &Run, account: &AccountId) {
        if self.0.get(account).is_some_and(|visits| visits.fetch_sub(1, Relaxed) == 1) {
            run.sessions.forget(account);
        }
    }
}

fn who<'a>(target: &'a Target, units: &'a BTreeMap<AccountId, String>) -> Who<'a> {
    let ou = units.get(&target.id.account).map_or("/", String::as_str);
    Who { target: &target.id, name: &target.name, ou }
}

/// Usable members that are no consumers, in every region of accounts.toml: nothing of the deployment should
/// be there.
pub fn elsewhere(config: &Config, walk: &Walk) -> Vec<Elsewhere> {
    let others = walk.members.iter().filter(|one| !one.is_consumer());
    let others: BTreeSet<_> = others.map(|one| one.account.id.clone()).collect();
    // Each shard looks at its share of these too.
    let mine = config.shard.map_or_else(|| others.clone(), |shard| shard.pick(&others));
    let (mut places, mut targets) = (Vec::new(), walk.targets(config));
    let members = walk.members.iter().filter(|one| mine.contains(&one.account.id));
    for member in members.filter(|one| one.account.state == AccountState::Active) {
        let Standing::Skipped { reason } = &member.standing else { continue };
        places.extend(config.organization.regions.iter().map(|region| Elsewhere {
            target: targets.of(&member.account, region),
            shared_root: is_shared_root(config, walk, member),
            reason: reason.clone(),
        }));
    }
    places
}

fn is_shared_root(config: &Config, walk: &Walk, member: &Member) -> bool {
    let id = &member.account.id;
    walk.management.as_ref() == Some(id) || config.organization.shared_root.contains(id)
}

/// The accounts of the shared root that are in the walk.
pub fn shared_root(config: &Config, walk: &Walk) -> Vec<SharedRoot> {
    let members = walk.members.iter().filter(|member| is_shared_root(config, walk, member));
    members
        .map(|member| SharedRoot {
            account: member.account.id.clone(),
            name: member.account.name.clone(),
            management: walk.management.as_ref() == Some(&member.account.id),
        })
        .collect()
}

/// The rules of `[[ignore]]`, their selectors resolved to accounts.
pub fn rules(config: &Config, walk: &Walk) -> Vec<Rule> {
    config.ignores.iter().map(|rule| resolved(rule, walk)).collect()
}

fn resolved(rule: &Ignore, walk: &Walk) -> Rule {
    let named = || {
        let members = walk.members.iter().filter(|member| rule.names(&member.account));
        members.map(|member| member.account.id.clone()).collect()
    };
    Rule {
        kinds: rule.kinds.clone(),
        accounts: (!rule.accounts.is_empty()).then(named),
        regions: rule.regions.clone(),
        services: rule.services.clone(),
        resources: rule.resources.clone(),
        reason: rule.reason.clone(),
        until: rule.until,
        line: Some(rule.line),
    }
}
