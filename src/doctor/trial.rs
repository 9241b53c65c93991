//! What is tried: the calls of a rollout, with real ids of the account, that AWS can be asked about without
//! making them. Only those that accounts.toml needs.

use std::collections::BTreeSet;

use super::Looked;
use crate::ids::{SecurityGroupId, VpcId};
use crate::model::endpoint::{EndpointKind, EndpointState, OWNER_TAG, Tags};
use crate::model::network::{Peer, Rule, SecurityGroup};
use crate::model::observed::{Endpoint, Observed};
use crate::model::service::short_name;
use crate::model::spec::Settings;
use crate::plan::action::{DesiredEndpoint, DesiredGroup, EndpointChange, SecurityGroupRef, Verb};

/// What a permission is needed for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// `apply`.
    Change,
    /// Deleting for good, and replacing.
    Deletion,
}

/// A call to be tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trial {
    /// The permission, and what it is tried for: `ec2:CreateVpcEndpoint (interface: logs)`.
    pub permission: String,
    /// What to try. Of a modified security group only one side is filled.
    pub verb: Option<Verb>,
    /// What stands in for a thing that is not there yet.
    pub stand_in: Option<&'static str>,
    /// What has to be there before it can be tried, where it cannot.
    pub why_not: Option<&'static str>,
    /// What it is needed for.
    pub need: Need,
}

const DEFAULT_GROUP: &str = "the VPC's default security group";

impl Trial {
    fn of(permission: impl Into<String>, need: Need, verb: Verb) -> Self {
        let (permission, verb) = (permission.into(), Some(verb));
        Self { permission, verb, stand_in: None, why_not: None, need }
    }

    fn not_yet(permission: impl Into<String>, need: Need, why_not: &'static str) -> Self {
        let permission = permission.into();
        Self { permission, verb: None, stand_in: None, why_not: Some(why_not), need }
    }

    /// A read that deleting needs, and that is made by itself.
    pub fn read(permission: impl Into<String>) -> Self {
        let (permission, need) = (permission.into(), Need::Deletion);
        Self { permission, verb: None, stand_in: None, why_not: None, need }
    }

    fn on_stand_in(self, is_stand_in: bool) -> Self {
        Self { stand_in: is_stand_in.then_some(DEFAULT_GROUP), ..self }
    }
}

/// The calls to try in a target.
pub fn trials(settings: &Settings, looked: &Looked) -> Vec<Trial> {
    if settings.endpoints.is_empty() {
        return Vec::new();
    }
    let mut trials = creations(settings, looked);
    let groups = groups(settings, looked);
    let tagged = ours(settings, looked).next().map(|one| (one.id.to_string(), &one.key.vpc));
    let tagged = tagged.or_else(|| {
        let (vpc, group) = our_group(settings, looked)?;
        Some((group.id.to_string(), vpc))
    });
    trials.extend(groups);
    let set: Tags = [(OWNER_TAG.to_owned(), settings.deployment.clone())].into();
    trials.push(match tagged {
        Some((resource, vpc)) => {
            let verb = Verb::Tag { resource, vpc: vpc.clone(), set };
            Trial::of("ec2:CreateTags", Need::Change, verb)
        }
        None => Trial::not_yet("ec2:CreateTags", Need::Change, NOTHING_OURS),
    });
    trials.extend(endpoints(settings, looked));
    let mut planned = looked.plan.actions.iter().chain(&looked.fresh.actions);
    if planned.any(|action| matches!(action.verb, Verb::EnableVpcDns { .. })) {
        trials.push(Trial::not_yet("ec2:ModifyVpcAttribute", Need::Change, NO_DRY_RUN));
    }
    trials
}

const NOTHING_OURS: &str = "something of the deployment is there";
const NO_DRY_RUN: &str = "it is sent: the call has no dry run";
const NO_VPC: &str = "a VPC with subnets is there to try it in";

/// One endpoint of each type, exactly as it would be made.
fn creations(settings: &Settings, looked: &Looked) -> Vec<Trial> {
    let kinds = [EndpointKind::Interface, EndpointKind::Gateway, EndpointKind::GatewayLoadBalancer];
    let mut trials: Vec<Trial> =
        kinds.into_iter().filter_map(|kind| creation(settings, looked, &kind)).collect();
    if trials.is_empty() {
        trials.push(Trial::not_yet("ec2:CreateVpcEndpoint", Need::Change, NO_VPC));
    }
    trials
}

/// Its security group is the deployment's own where that is there, and else the VPC's default one.
fn creation(settings: &Settings, looked: &Looked, kind: &EndpointKind) -> Option<Trial> {
    let mut desired = wanted(looked).find(|desired| desired.key.kind == *kind)?.clone();
    let short = short_name(&desired.key.service, looked.region);
    let permission = format!("ec2:CreateVpcEndpoint ({kind}: {short})");
    let is_made = |group: &SecurityGroupRef| matches!(group, SecurityGroupRef::MadeBy(_));
    let mut stands_in = false;
    if desired.security_groups.iter().any(is_made) {
        let vpc = &desired.key.vpc;
        let own = our_group(settings, looked).filter(|(place, _)| *place == vpc);
        stands_in = own.is_none();
        let group = own.map(|(_, group)| group).or_else(|| default_group(looked, vpc));
        let Some(group) = group else {
            return Some(Trial::not_yet(permission, Need::Change, NOTHING_OURS));
        };
        desired.security_groups.retain(|group| !is_made(group));
        desired.security_groups.insert(SecurityGroupRef::Id(group.id.clone()));
    }
    Some(Trial::of(permission, Need::Change, Verb::CreateEndpoint(desired)).on_stand_in(stands_in))
}

/// Endpoints as they would be made: those that are missing first.
fn wanted<'a>(looked: &'a Looked) -> impl Iterator<Item = &'a DesiredEndpoint> {
    let actions = looked.plan.actions.iter().chain(&looked.fresh.actions);
    actions.filter_map(|action| match &action.verb {
        Verb::CreateEndpoint(desired) => Some(desired),
        _ => None,
    })
}

/// What the deployment's own security group needs, where an interface endpoint wants it.
fn groups(settings: &Settings, looked: &Looked) -> Vec<Trial> {
    let desired = looked.plan.actions.iter().chain(&looked.fresh.actions);
    let desired = desired.into_iter().find_map(|action| match &action.verb {
        Verb::CreateSecurityGroup(group) => Some(group),
        _ => None,
    });
    let Some(desired) = desired else { return Vec::new() };
    let create = Verb::CreateSecurityGroup(desired.clone());
    let mut trials = vec![Trial::of("ec2:CreateSecurityGroup", Need::Change, create)];
    let our = our_group(settings, looked);
    let stands_in = our.is_none();
    let group = our.map(|(_, group)| group).or_else(|| default_group(looked, &desired.vpc));
    let rules = [
        ("ec2:AuthorizeSecurityGroupIngress", group.map(|group| opened(desired, group, stands_in))),
        ("ec2:RevokeSecurityGroupIngress", group.and_then(|group| closed(desired, group))),
    ];
    trials.extend(rules.map(|(name, verb)| match verb {
        Some(verb) => Trial::of(name, Need::Change, verb).on_stand_in(stands_in),
        None => Trial::not_yet(name, Need::Change, NOTHING_OURS),
    }));
    trials.push(match our {
        Some((vpc, group)) => {
            let verb = Verb::DeleteSecurityGroup { id: group.id.clone(), vpc: vpc.clone() };
            Trial::of("ec2:DeleteSecurityGroup", Need::Deletion, verb)
        }
        None => Trial::not_yet("ec2:DeleteSecurityGroup", Need::Deletion, NOTHING_OURS),
    });
    trials
}

/// The planned rules; on a group that has them already, one from addresses that nobody has (RFC 5737).
fn opened(desired: &DesiredGroup, group: &SecurityGroup, stands_in: bool) -> Verb {
    let nobody = "192.0.2.0/24".parse().ok().map(Peer::Cidr);
    let authorize: BTreeSet<Rule> = match nobody {
        Some(nobody) if !stands_in => [Rule::https_from(nobody)].into(),
        _ => desired.ingress.clone(),
    };
    modified(&group.id, &desired.vpc, authorize, BTreeSet::new())
}

fn closed(desired: &DesiredGroup, group: &SecurityGroup) -> Option<Verb> {
    let revoke = group.ingress.first()?.clone();
    Some(modified(&group.id, &desired.vpc, BTreeSet::new(), [revoke].into()))
}

fn modified(
    id: &SecurityGroupId,
    vpc: &VpcId,
    authorize: BTreeSet<Rule>,
    revoke: BTreeSet<Rule>,
) -> Verb {
    Verb::ModifySecurityGroup { id: id.clone(), vpc: vpc.clone(), authorize, revoke }
}

/// Modifying and deleting what is ours already.
fn endpoints(settings: &Settings, looked: &Looked) -> Vec<Trial> {
    let there = ours(settings, looked).find(|one| one.state == EndpointState::Available);
    let Some(there) = there else {
        return vec![
            Trial::not_yet("ec2:ModifyVpcEndpoint", Need::Change, NOTHING_OURS),
            Trial::not_yet("ec2:DeleteVpcEndpoints", Need::Deletion, NOTHING_OURS),
        ];
    };
    let delete = Verb::DeleteEndpoint { id: there.id.clone(), key: there.key.clone() };
    vec![
        Trial::of("ec2:ModifyVpcEndpoint", Need::Change, modification(looked, there)),
        Trial::of("ec2:DeleteVpcEndpoints", Need::Deletion, delete),
    ]
}

/// A planned modification, best one that needs its neighbours too; else what is there is asked to be what it is.
fn modification(looked: &Looked, there: &Endpoint) -> Verb {
    let planned = looked.plan.actions.iter().filter_map(|action| match &action.verb {
        Verb::ModifyEndpoint { change, .. } => Some((change, &action.verb)),
        _ => None,
    });
    let planned = planned.max_by_key(|(change, _)| {
        change.add_subnets.len() + change.add_security_groups.len() + change.add_route_tables.len()
    });
    if let Some((_, verb)) = planned {
        return verb.clone();
    }
    let same = match there.key.kind {
        EndpointKind::Interface => {
            EndpointChange { private_dns: Some(there.private_dns), ..EndpointChange::default() }
        }
        _ => EndpointChange { policy: there.policy.clone(), ..EndpointChange::default() },
    };
    Verb::ModifyEndpoint { id: there.id.clone(), key: there.key.clone(), change: same }
}

fn is_ours(settings: &Settings, tags: &Tags) -> bool {
    tags.get(OWNER_TAG) == Some(&settings.deployment)
}

fn ours<'a>(settings: &'a Settings, looked: &'a Looked) -> impl Iterator<Item = &'a Endpoint> {
    let all = looked.observed.endpoints.values();
    all.filter(|one| is_ours(settings, &one.tags) && !one.requester_managed)
}

fn our_group<'a>(
    settings: &'a Settings,
    looked: &'a Looked,
) -> Option<(&'a VpcId, &'a SecurityGroup)> {
    looked.observed.vpcs.values().find_map(|vpc| {
        let mut groups = vpc.security_groups.values();
        Some((&vpc.id, groups.find(|group| is_ours(settings, &group.tags))?))
    })
}

fn default_group<'a>(looked: &'a Looked, vpc: &VpcId) -> Option<&'a SecurityGroup> {
    let mut groups = looked.observed.vpcs.get(vpc)?.security_groups.values();
    groups.find(|group| group.name == "default")
}

/// The same place without anything of the deployment: what would be made there shows what a rollout needs.
pub fn as_if_fresh(settings: &Settings, observed: &Observed) -> Observed {
    let mut fresh = observed.clone();
    let gone: BTreeSet<String> = observed
        .endpoints
        .values()
        .filter(|one| is_ours(settings, &one.tags))
        .map(|one| one.id.to_string())
        .collect();
    fresh.endpoints.retain(|id, _| !gone.contains(id.as_str()));
    for vpc in fresh.vpcs.values_mut() {
        vpc.security_groups.retain(|_, group| !is_ours(settings, &group.tags));
        for table in vpc.route_tables.values_mut() {
            table.routes.retain(|route| !gone.contains(&route.target));
        }
    }
    fresh
}
