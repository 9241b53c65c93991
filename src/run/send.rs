//! Sending one action: the calls it stands for, and nothing decided. A mutating call is never dropped
//! half-way: its future is always awaited to the end, because its answer may be the only record of
//! what was made.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use sha2::{Digest, Sha256};
use tokio::time::{Instant, sleep};

use super::THROTTLED_REST;
use crate::aws::{Ec2, EndpointModification, Mutation, NewEndpoint, Pace, Urgency};
use crate::ids::{EndpointId, SecurityGroupId, VpcId};
use crate::model::endpoint::{EndpointState, OWNER_TAG};
use crate::model::failure::{ErrorClass, Failure};
use crate::model::network::{DnsAttribute, Rule};
use crate::model::observed::Endpoint;
use crate::plan::action::{
    Action, ActionId, DesiredEndpoint, DesiredGroup, EndpointChange, SecurityGroupRef, Verb,
};

/// How long AWS may take to see what it has just made, or to end a change that is under way.
const PATIENCE: Duration = Duration::from_mins(2);

/// What a sent action left behind.
#[derive(Debug, Clone)]
pub(super) enum Sent {
    /// A security group, made by this action.
    Group(SecurityGroupId),
    /// An endpoint on its way to `available`, with its state where the answer tells it.
    Coming(EndpointId, Option<EndpointState>),
    /// An endpoint on its way out.
    Leaving(EndpointId),
    /// This resource is as it should be; nothing has to be waited for.
    Settled(String),
    /// Nothing that has to be waited for.
    Nothing,
}

/// The pace EC2 keeps for this action, if it keeps a slow one.
pub(super) fn mutation(verb: &Verb) -> Option<Mutation> {
    match verb {
        Verb::CreateEndpoint(_) => Some(Mutation::CreateEndpoint),
        Verb::ModifyEndpoint { .. } => Some(Mutation::ModifyEndpoint),
        Verb::DeleteEndpoint { .. } => Some(Mutation::DeleteEndpoint),
        Verb::CreateSecurityGroup(_)
        | Verb::ModifySecurityGroup { .. }
        | Verb::DeleteSecurityGroup { .. }
        | Verb::EnableVpcDns { .. }
        | Verb::Adopt { .. }
        | Verb::Tag { .. } => None,
    }
}

/// The API action of the first call that this action stands for.
pub(super) fn operation(verb: &Verb) -> &'static str {
    match verb {
        Verb::CreateSecurityGroup(_) => "CreateSecurityGroup",
        Verb::ModifySecurityGroup { authorize, .. } if authorize.is_empty() => {
            "RevokeSecurityGroupIngress"
        }
        Verb::ModifySecurityGroup { .. } => "AuthorizeSecurityGroupIngress",
        Verb::CreateEndpoint(_) => "CreateVpcEndpoint",
        Verb::ModifyEndpoint { .. } => "ModifyVpcEndpoint",
        Verb::DeleteEndpoint { .. } => "DeleteVpcEndpoints",
        Verb::DeleteSecurityGroup { .. } => "DeleteSecurityGroup",
        Verb::EnableVpcDns { .. } => "ModifyVpcAttribute",
        Verb::Adopt { .. } | Verb::Tag { .. } => "CreateTags",
    }
}

/// The id of what an action made or changed, where it has one.
pub(super) fn resource(sent: &Sent) -> Option<String> {
    match sent {
        Sent::Group(id) => Some(id.to_string()),
        Sent::Coming(id, _) | Sent::Leaving(id) => Some(id.to_string()),
        Sent::Settled(resource) => Some(resource.clone()),
        Sent::Nothing => None,
    }
}

/// The client token of an action that takes one.
pub(super) fn token(
    run_id: &str,
    verb: &Verb,
    groups: &BTreeMap<ActionId, SecurityGroupId>,
) -> Option<String> {
    let Verb::CreateEndpoint(desired) = verb else { return None };
    let security_groups = resolve(&desired.security_groups, groups).ok()?;
    Some(client_token(run_id, desired, &security_groups))
}

/// Sends one action. `groups` are the security groups made earlier in the same plan.
pub(super) async fn send(
    (ec2, pace): (&Ec2, &Pace),
    run_id: &str,
    action: &Action,
    groups: &BTreeMap<ActionId, SecurityGroupId>,
) -> Result<Sent, Failure> {
    match &action.verb {
        Verb::CreateSecurityGroup(group) => create_group(ec2, group).await.map(Sent::Group),
        Verb::ModifySecurityGroup { id, authorize, revoke, .. } => {
            // Opening comes first: between the two calls nobody is shut out who should be let in.
            open(ec2, id, authorize).await?;
            close(ec2, id, revoke).await?;
            Ok(Sent::Nothing)
        }
        Verb::CreateEndpoint(desired) => {
            let (id, state) = create_endpoint((ec2, pace), run_id, desired, groups).await?;
            Ok(Sent::Coming(id, state))
        }
        Verb::ModifyEndpoint { id, change, .. } => {
            modify_endpoint((ec2, pace), id, change, groups).await?;
            Ok(Sent::Coming(id.clone(), None))
        }
        Verb::DeleteEndpoint { id, .. } => {
            at_pace(pace, Mutation::DeleteEndpoint, || ec2.delete_endpoint(id)).await?;
            Ok(Sent::Leaving(id.clone()))
        }
        Verb::DeleteSecurityGroup { id, .. } => {
            patiently(|| ec2.delete_security_group(id)).await?;
            Ok(Sent::Settled(id.to_string()))
        }
        Verb::EnableVpcDns { vpc, attribute } => {
            patiently(|| untiring(|| ec2.enable_vpc_dns(vpc, *attribute))).await?;
            until_seen(ec2, vpc, *attribute).await;
            Ok(Sent::Settled(vpc.to_string()))
        }
        Verb::Adopt { resource, set, .. } => {
            patiently(|| ec2.tag(resource, set)).await?;
            Ok(Sent::Settled(resource.clone()))
        }
        Verb::Tag { resource, set, .. } => {
            patiently(|| untiring(|| ec2.tag(resource, set))).await?;
            Ok(Sent::Nothing)
        }
    }
}

/// Tries again what AWS will take in a moment: a resource it has just made and does not see yet, or one
/// that another change still holds.
async fn patiently<T, F>(mut call: impl FnMut() -> F) -> Result<T, Failure>
where
    F: Future<Output = Result<T, Failure>>,
{
    let deadline = Instant::now() + PATIENCE;
    let mut rest = Duration::from_secs(1);
    loop {
        match call().await {
            Err(failure)
                if matches!(failure.class, ErrorClass::NotFound | ErrorClass::Busy)
                    && Instant::now() + rest < deadline =>
            {
                sleep(rest).await;
                rest = (rest * 2).min(Duration::from_secs(10));
            }
            answer => return answer,
        }
    }
}

/// Tries again what AWS throttles for longer than the SDK tries: that is nobody's failure, however long
/// it lasts.
async fn untiring<T, F>(mut call: impl FnMut() -> F) -> Result<T, Failure>
where
    F: Future<Output = Result<T, Failure>>,
{
    loop {
        match call().await {
            Err(failure) if failure.class == ErrorClass::Throttled => sleep(THROTTLED_REST).await,
            answer => return answer,
        }
    }
}

/// Looks until AWS shows an attribute as on: what comes next would be refused by a part of AWS that does not
/// see it yet. After some seconds it goes on anyway, and what comes next tells.
async fn until_seen(ec2: &Ec2, vpc: &VpcId, attribute: DnsAttribute) {
    for rest in [0, 1, 2, 4, 8] {
        sleep(Duration::from_secs(rest)).await;
        if matches!(ec2.dns_attribute(vpc, attribute).await, Ok(true)) {
            return;
        }
    }
}

/// [`patiently`], for a call that waits for its turn, which the first attempt has already had. When it is
/// throttled, that is told at once: it has to line up again.
async fn at_pace<T, F>(
    pace: &Pace,
    mutation: Mutation,
    mut call: impl FnMut() -> F,
) -> Result<T, Failure>
where
    F: Future<Output = Result<T, Failure>>,
{
    let mut is_first = true;
    patiently(|| {
        let (waits, sending) = (!std::mem::take(&mut is_first), call());
        async move {
            if waits {
                pace.turn(mutation, Urgency::Soon).await;
            }
            sending.await
        }
    })
    .await
}

async fn create_group(ec2: &Ec2, group: &DesiredGroup) -> Result<SecurityGroupId, Failure> {
    let DesiredGroup { vpc, name, description, tags, .. } = group;
    let made = untiring(|| ec2.create_security_group(vpc, name, description, tags)).await;
    let id = match made {
        Ok(id) => id,
        Err(failure) => made_before(&failure, || our_group(ec2, group)).await.ok_or(failure)?,
    };
    open(ec2, &id, &group.ingress).await?;
    Ok(id)
}

/// The group of that name, if it is ours: then an earlier call made it and its answer was lost.
async fn our_group(ec2: &Ec2, group: &DesiredGroup) -> Result<Option<SecurityGroupId>, Failure> {
    let found = ec2.security_group_named(&group.vpc, &group.name).await?;
    let owner = group.tags.get(OWNER_TAG);
    Ok(found.filter(|found| found.tags.get(OWNER_TAG) == owner).map(|found| found.id))
}

/// Adds rules. One that is there already fails the whole call, so then they are added one by one.
async fn open(ec2: &Ec2, id: &SecurityGroupId, rules: &BTreeSet<Rule>) -> Result<(), Failure> {
    if rules.is_empty() {
        return Ok(());
    }
    match patiently(|| untiring(|| ec2.authorize(id, rules))).await {
        Err(failure) if failure.class == ErrorClass::AlreadyExists => {
            for rule in rules {
                let one = BTreeSet::from([rule.clone()]);
                unless(ErrorClass::AlreadyExists, untiring(|| ec2.authorize(id, &one)).await)?;
            }
            Ok(())
        }
        answer => answer,
    }
}

/// Takes rules away, one by one where one of them is gone already.
async fn close(ec2: &Ec2, id: &SecurityGroupId, rules: &BTreeSet<Rule>) -> Result<(), Failure> {
    if rules.is_empty() {
        return Ok(());
    }
    match untiring(|| ec2.revoke(id, rules)).await {
        Err(failure) if failure.class == ErrorClass::NotFound => {
            for rule in rules {
                let one = BTreeSet::from([rule.clone()]);
                unless(ErrorClass::NotFound, untiring(|| ec2.revoke(id, &one)).await)?;
            }
            Ok(())
        }
        answer => answer,
    }
}

/// A failure of this class is the wanted end state.
fn unless(fine: ErrorClass, answer: Result<(), Failure>) -> Result<(), Failure> {
    match answer {
        Err(failure) if failure.class == fine => Ok(()),
        answer => answer,
    }
}

async fn create_endpoint(
    (ec2, pace): (&Ec2, &Pace),
    run_id: &str,
    desired: &DesiredEndpoint,
    groups: &BTreeMap<ActionId, SecurityGroupId>,
) -> Result<(EndpointId, Option<EndpointState>), Failure> {
    let security_groups = resolve(&desired.security_groups, groups)?;
    let client_token = client_token(run_id, desired, &security_groups);
    let new = NewEndpoint {
        key: &desired.key,
        subnets: &desired.subnets,
        security_groups: &security_groups,
        route_tables: &desired.route_tables,
        private_dns: desired.private_dns,
        ip_address_type: desired.ip_address_type,
        dns: &desired.dns,
        policy: desired.policy.as_ref(),
        tags: &desired.tags,
        client_token: &client_token,
    };
    match at_pace(pace, Mutation::CreateEndpoint, || ec2.create_endpoint(&new)).await {
        Ok((id, state)) => Ok((id, Some(state))),
        Err(failure) => {
            let found = made_before(&failure, || our_endpoint(ec2, desired)).await;
            found.map(|id| (id, None)).ok_or(failure)
        }
    }
}

/// The endpoint of the same identity, if it is ours and lives.
async fn our_endpoint(ec2: &Ec2, desired: &DesiredEndpoint) -> Result<Option<EndpointId>, Failure> {
    use EndpointState::{Available, Pending, PendingAcceptance};
    let owner = desired.tags.get(OWNER_TAG);
    let is_it = |found: &Endpoint| {
        found.key == desired.key
            && found.tags.get(OWNER_TAG) == owner
            && matches!(found.state, Available | Pending | PendingAcceptance)
    };
    Ok(ec2.endpoints().await?.into_values().find(is_it).map(|found| found.id))
}

/// AWS may refuse to make a thing because an earlier run made it a moment ago, was stopped before it
/// saw it, and reads still lag behind. Then it is there, and it is ours: look for it for some seconds.
async fn made_before<T, F>(refusal: &Failure, mut look: impl FnMut() -> F) -> Option<T>
where
    F: Future<Output = Result<Option<T>, Failure>>,
{
    if !matches!(refusal.class, ErrorClass::AlreadyExists | ErrorClass::Invalid) {
        return None;
    }
    for rest in [0, 1, 2, 4] {
        sleep(Duration::from_secs(rest)).await;
        // Where nothing can be read, the refusal is what there is to tell.
        if let Ok(Some(found)) = look().await {
            return Some(found);
        }
    }
    None
}

async fn modify_endpoint(
    (ec2, pace): (&Ec2, &Pace),
    id: &EndpointId,
    change: &EndpointChange,
    groups: &BTreeMap<ActionId, SecurityGroupId>,
) -> Result<(), Failure> {
    let added_groups = resolve(&change.add_security_groups, groups)?;
    let modification = EndpointModification {
        subnets: (change.add_subnets.iter().collect(), change.remove_subnets.iter().collect()),
        security_groups: (
            added_groups.iter().collect(),
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
    };
    at_pace(pace, Mutation::ModifyEndpoint, || ec2.modify_endpoint(id, &modification)).await
}

fn resolve(
    refs: &BTreeSet<SecurityGroupRef>,
    groups: &BTreeMap<ActionId, SecurityGroupId>,
) -> Result<BTreeSet<SecurityGroupId>, Failure> {
    refs.iter()
        .map(|reference| match reference {
            SecurityGroupRef::Id(id) => Ok(id.clone()),
            SecurityGroupRef::MadeBy(action) => groups.get(action).cloned().ok_or_else(|| {
                let message = format!("action {action} has made no security group");
                Failure::local("CreateVpcEndpoint", ErrorClass::Bug, message)
            }),
        })
        .collect()
}

/// 64 hexadecimal digits, as many as AWS takes: the same for the same request of the same run, however
/// often it is sent, and whether its security group was made by the same plan or by an earlier process.
fn client_token(
    run_id: &str,
    desired: &DesiredEndpoint,
    security_groups: &BTreeSet<SecurityGroupId>,
) -> String {
    let security_groups = security_groups.iter().cloned().map(SecurityGroupRef::Id).collect();
    let resolved = DesiredEndpoint { security_groups, ..desired.clone() };
    let mut digest = Sha256::new();
    digest.update(run_id.as_bytes());
    digest.update(serde_json::to_vec(&resolved).unwrap_or_default());
    hex::encode(digest.finalize())
}
