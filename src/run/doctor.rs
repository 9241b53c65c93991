//! The doctor's questions: everything that can be asked without changing anything, target by target.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::fleet::{Turn, each};
use super::observe::{READERS, Seen, plan_seen};
use super::{Run, Target, Walk, discover};
use crate::aws::{Ec2, EndpointModification, NewEndpoint, Read};
use crate::doctor::{self, Examined, Facts, General, Identity, Looked, Trial};
use crate::ids::{Region, SecurityGroupId, TargetId};
use crate::model::failure::{ErrorClass, Failure};
use crate::plan::action::{DesiredEndpoint, EndpointChange, SecurityGroupRef, Verb};
use crate::plan::outcome::{Held, Outcome};
use crate::plan::{self, TargetPlan};
use crate::report::event::{EventKind, Phase, Step};
use crate::shutdown::Level;

/// What was found out before any target was looked at.
#[derive(Debug, Default)]
pub struct Surveyed {
    /// What concerns every target.
    pub general: General,
    /// Who is in the organization; `None` where nobody can tell, or no account can be entered.
    pub walk: Option<Walk>,
}

/// Who asks, how the clock stands, whether the chain of roles holds, and who is in the organization. Each
/// question rests on those before it.
pub async fn survey(run: &Run) -> Surveyed {
    let general = General { identity: identity(run), ..General::default() };
    let mut surveyed = Surveyed { general, walk: None };
    let general = &mut surveyed.general;
    let caller = run.sessions.caller().await;
    general.skew_seconds = run.sessions.skew_seconds();
    let is_taken = caller.is_ok();
    general.caller = Some(caller.map(|caller| caller.arn));
    if !is_taken {
        return surveyed;
    }
    if !general.identity.via.is_empty() {
        let end = run.sessions.end_of_chain().await;
        let holds = end.is_ok();
        general.chain = Some(end.map(|caller| caller.arn));
        if !holds {
            return surveyed;
        }
    }
    general.listed = !run.config.roster.is_empty();
    match discover(run).await {
        Ok(walk) => {
            general.organization = reads_of(run, &walk);
            surveyed.walk = Some(walk);
        }
        Err(failure) => {
            let organizations = run.sessions.organizations(Arc::new(|_| {}));
            let mut reads = organizations.reads().await;
            // What failed is told even where it is none of these, or has recovered since.
            if reads.iter().all(|(_, answer)| answer.is_ok()) {
                reads.push(("ListTagsForResource", Err(failure)));
            }
            general.organization = reads;
        }
    }
    surveyed
}

/// The reads that a walk that came to its end has proven.
fn reads_of(run: &Run, walk: &Walk) -> Vec<(&'static str, Result<(), Failure>)> {
    let mut reads = Vec::new();
    if walk.management.is_some() {
        reads.push(("DescribeOrganization", Ok(())));
    } else {
        let message = "the management account could not be asked for";
        let failure = Failure::local("DescribeOrganization", ErrorClass::Denied, message);
        reads.push(("DescribeOrganization", Err(failure)));
    }
    if run.config.roster.is_empty() {
        let walked = ["ListRoots", "ListOrganizationalUnitsForParent", "ListAccountsForParent"];
        reads.extend(walked.map(|action| (action, Ok(()))));
        if run.config.needs_tags() {
            reads.push(("ListTagsForResource", Ok(())));
        }
    }
    reads
}

fn identity(run: &Run) -> Identity {
    let organization = &run.config.organization;
    Identity {
        role: organization.role.clone(),
        external_id: organization.external_id.is_some(),
        session_tags: organization.session_tags.keys().cloned().collect(),
        source_identity: organization.source_identity.clone(),
        via: organization.via.clone(),
    }
}

/// Examines every target. Answers them in their order.
pub async fn examine(run: &Arc<Run>, targets: &[Arc<Target>]) -> Vec<Examined> {
    run.events.send(EventKind::PhaseStarted { phase: Phase::Observe, targets: targets.len() });
    let identity = Arc::new(identity(run));
    let work = |target: Arc<Target>| {
        let (run, identity) = (Arc::clone(run), Arc::clone(&identity));
        async move {
            let (id, name) = (target.id.clone(), target.name.clone());
            run.events.send(EventKind::TargetStarted { target: id.clone(), name });
            run.events.send(EventKind::TargetStep { target: id, step: Step::Observing });
            // Nothing is changed, so it may be given up at any time.
            tokio::select! {
                biased;
                () = run.shutdown.at_least(Level::Abort) => None,
                (examined, outcome) = one(&run, &target, &identity) => {
                    Some(tell(&run, &target, examined, outcome))
                }
            }
        }
    };
    let mut turns = BTreeMap::new();
    for (target, turn) in each(targets.to_vec(), READERS, &run.shutdown, work).await {
        turns.insert(target.id.clone(), turn);
    }
    let ended = |target: &Arc<Target>| match turns.remove(&target.id) {
        Some(Turn::Done(Some(examined))) => examined,
        Some(Turn::Panicked(failure)) => {
            let examined = Asked::of(Err(failure.clone())).examined(target, &identity);
            tell(run, target, examined, Outcome::Unreachable { failure })
        }
        _ => {
            let held = Held::interrupted();
            let examined = doctor::not_started(&target.id, &target.name);
            tell(run, target, examined, Outcome::NotStarted { held })
        }
    };
    let examined = targets.iter().map(ended).collect();
    run.events.send(EventKind::PhaseFinished { phase: Phase::Observe });
    examined
}

fn tell(run: &Run, target: &Target, examined: Examined, outcome: Outcome) -> Examined {
    run.finish(target, outcome);
    run.events.send(EventKind::Examined { examined: Box::new(examined.clone()) });
    examined
}

/// What was asked about one target.
struct Asked {
    session: Result<String, Failure>,
    looked: Option<Result<(Seen, TargetPlan, TargetPlan), Failure>>,
    opted_in: Option<bool>,
    reads: Vec<(&'static str, Result<(), Failure>)>,
    trials: Vec<(Trial, Result<(), Failure>)>,
    quotas: doctor::Quotas,
    zones: doctor::Zones,
}

impl Asked {
    /// Before anything else was asked.
    fn of(session: Result<String, Failure>) -> Self {
        Self {
            session,
            looked: None,
            opted_in: None,
            reads: Vec::new(),
            trials: Vec::new(),
            quotas: BTreeMap::new(),
            zones: BTreeMap::new(),
        }
    }

    fn looked<'a>(&'a self, target: &'a Target) -> Option<Result<Looked<'a>, Failure>> {
        let looked = self.looked.as_ref()?.as_ref();
        Some(looked.map_err(Clone::clone).map(|(seen, plan, fresh)| Looked {
            region: &target.id.region,
            observed: &seen.observed,
            catalogue: &seen.catalogue,
            plan,
            fresh,
        }))
    }

    fn examined(self, target: &Target, identity: &Identity) -> Examined {
        let looked = self.looked(target);
        doctor::examine(&Facts {
            target: &target.id,
            name: &target.name,
            settings: &target.settings,
            identity,
            session: self.session.clone(),
            looked,
            opted_in: self.opted_in,
            reads: self.reads.clone(),
            trials: self.trials.clone(),
            quotas: self.quotas.clone(),
            zones: self.zones.clone(),
        })
    }
}

async fn one(run: &Run, target: &Target, identity: &Identity) -> (Examined, Outcome) {
    let asked = ask(run, target).await;
    let outcome = match (&asked.session, &asked.looked) {
        (Err(failure), _) | (Ok(_), Some(Err(failure))) => {
            Outcome::Unreachable { failure: failure.clone() }
        }
        (Ok(_), Some(Ok((_, plan, _)))) if !plan.actions.is_empty() => Outcome::WouldChange,
        (Ok(_), Some(Ok((_, plan, _)))) if !plan.blocked.is_empty() => {
            Outcome::Diverged { blocked: plan.blocked.clone(), left: Vec::new() }
        }
        (Ok(_), _) => Outcome::InSync,
    };
    (asked.examined(target, identity), outcome)
}

async fn ask(run: &Run, target: &Target) -> Asked {
    let session = run.sessions.in_target(&target.id).await.map(|caller| caller.arn);
    let mut asked = Asked::of(session);
    if let Err(failure) = &asked.session {
        // A region that is off is told in two ways.
        let is_off = failure.class == ErrorClass::NotEnabled
            || failure.code.as_deref() == Some("InvalidClientTokenId");
        if is_off {
            asked.opted_in = opted_in(run, &target.id).await;
        }
        return asked;
    }
    let ec2 = run.ec2(&target.id);
    let (seen, plan) = match plan_seen(run, target, &ec2).await {
        Ok(looked) => looked,
        Err(failure) => {
            match failure.class {
                ErrorClass::NotEnabled => asked.opted_in = opted_in(run, &target.id).await,
                ErrorClass::Denied => asked.reads = reads(&ec2).await,
                _ => {}
            }
            asked.looked = Some(Err(failure));
            return asked;
        }
    };
    let fresh = doctor::as_if_fresh(&target.settings, &seen.observed);
    let fresh =
        plan::plan_for(&run.aim, &target.id, &target.settings, &fresh, &seen.catalogue, None);
    asked.looked = Some(Ok((seen, plan, fresh)));
    let (trials, needed, vpcs) = match asked.looked(target) {
        Some(Ok(looked)) => (
            doctor::trials(&target.settings, &looked),
            doctor::needed_quotas(&looked),
            doctor::private_names(&looked).into_keys().collect(),
        ),
        _ => (Vec::new(), BTreeSet::new(), Vec::new()),
    };
    for trial in trials {
        let answer = attempt(&ec2, trial.verb.as_ref()).await;
        asked.trials.push((trial, answer));
    }
    asked.trials.extend(before_deleting(run, target, &ec2).await);
    let quotas = run.sessions.quotas(&target.id);
    for kind in needed {
        asked.quotas.insert(kind, quotas.value(kind).await);
    }
    let zones = run.sessions.hosted_zones(&target.id);
    for vpc in vpcs {
        let found = zones.of(&vpc).await;
        asked.zones.insert(vpc, found);
    }
    asked
}

/// Whether the account may use the region, asked in one that every account may use.
async fn opted_in(run: &Run, target: &TargetId) -> Option<bool> {
    let everywhere = match run.config.partition() {
        "aws" => "us-east-1",
        "aws-cn" => "cn-north-1",
        "aws-us-gov" => "us-gov-west-1",
        _ => return None,
    };
    let there = TargetId { account: target.account.clone(), region: Region::from(everywhere) };
    run.ec2(&there).opted_in(target.region.as_str()).await.ok()
}

async fn reads(ec2: &Ec2) -> Vec<(&'static str, Result<(), Failure>)> {
    let mut reads = Vec::new();
    for read in Read::LOOKING {
        reads.push((read.action(), ec2.may_read(read, None).await));
    }
    reads
}

/// Deleting looks for who uses a security group, and for what an endpoint carries.
async fn before_deleting(
    run: &Run,
    target: &Target,
    ec2: &Ec2,
) -> [(Trial, Result<(), Failure>); 2] {
    let traffic = run.sessions.traffic(&target.id, Arc::new(|_| {}));
    let interfaces = format!("ec2:{}", Read::Interfaces.action());
    [
        (Trial::read(interfaces), ec2.may_read(Read::Interfaces, None).await),
        (Trial::read("cloudwatch:GetMetricData"), traffic.may_read().await),
    ]
}

/// Sends the call that an action begins with, as a dry run.
async fn attempt(ec2: &Ec2, verb: Option<&Verb>) -> Result<(), Failure> {
    match verb {
        // The call that turns on a VPC's DNS attributes has no dry run, and no trial is made of it.
        None | Some(Verb::EnableVpcDns { .. }) => Ok(()),
        Some(Verb::CreateSecurityGroup(group)) => {
            let (name, description) = (&group.name, &group.description);
            ec2.may_create_security_group(&group.vpc, name, description, &group.tags).await
        }
        Some(Verb::ModifySecurityGroup { id, authorize, revoke, .. }) => {
            if authorize.is_empty() {
                ec2.may_revoke(id, revoke).await
            } else {
                ec2.may_authorize(id, authorize).await
            }
        }
        Some(Verb::CreateEndpoint(desired)) => create(ec2, desired).await,
        Some(Verb::ModifyEndpoint { id, change, .. }) => {
            ec2.may_modify_endpoint(id, &modification(change)).await
        }
        Some(Verb::DeleteEndpoint { id, .. }) => ec2.may_delete_endpoint(id).await,
        Some(Verb::DeleteSecurityGroup { id, .. }) => ec2.may_delete_security_group(id).await,
        Some(Verb::Adopt { resource, set, .. } | Verb::Tag { resource, set, .. }) => {
            ec2.may_tag(resource, set).await
        }
    }
}

async fn create(ec2: &Ec2, desired: &DesiredEndpoint) -> Result<(), Failure> {
    let security_groups = desired.security_groups.iter().filter_map(there).cloned().collect();
    ec2.may_create_endpoint(&NewEndpoint {
        key: &desired.key,
        subnets: &desired.subnets,
        security_groups: &security_groups,
        route_tables: &desired.route_tables,
        private_dns: desired.private_dns,
        ip_address_type: desired.ip_address_type,
        dns: &desired.dns,
        policy: desired.policy.as_ref(),
        tags: &desired.tags,
        // Nothing is made, so nothing is made twice.
        client_token: "linkwalk-doctor",
    })
    .await
}

/// The change as far as what it names is there.
fn modification(change: &EndpointChange) -> EndpointModification<'_> {
    EndpointModification {
        subnets: (change.add_subnets.iter().collect(), change.remove_subnets.iter().collect()),
        security_groups: (
            change.add_security_groups.iter().filter_map(there).collect(),
            change.remove_security_groups.iter().collect(),
        ),
        route_tables: (
            change.add_route_tables.iter().collect(),
            change.remove_route_tables.iter().collect(),
        ),
        private_dns: change.private_dns,
        ip_address_type: change.ip_address_type,
        dns: change.dns.as_ref(),
        policy: change.policy.as_ref(),
    }
}

fn there(group: &SecurityGroupRef) -> Option<&SecurityGroupId> {
    match group {
        SecurityGroupRef::Id(id) => Some(id),
        SecurityGroupRef::MadeBy(_) => None,
    }
}
