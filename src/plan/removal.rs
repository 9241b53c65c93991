//! Deleting what is ours for good: endpoints first, then the security groups that nobody uses then.
//! What is protected, in use or used by others stays, and is said.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::ids::{EndpointId, SecurityGroupId, TargetId};
use crate::model::endpoint::{EndpointKind, Tags};
use crate::model::network::{Peer, RouteTable, SecurityGroup, Vpc};
use crate::model::observed::{Endpoint, Observed};
use crate::model::service::short_name;
use crate::plan::action::{Action, ActionId, Verb};
use crate::plan::aim::{Carried, Deletions, Usage};
use crate::plan::draft::{Draft, Rank, Refusal};
use crate::plan::select;

/// What deletions are decided by.
#[derive(Debug, Clone, Copy)]
pub(super) struct Removal<'a> {
    pub(super) target: &'a TargetId,
    pub(super) observed: &'a Observed,
    pub(super) deletions: &'a Deletions,
    /// `None`: not asked yet, and taken for no use at all.
    pub(super) usage: Option<&'a Usage>,
}

impl Removal<'_> {
    /// Plans the deletion of an endpoint, or says why it stays.
    pub(super) fn endpoint(&self, endpoint: &Endpoint, draft: &mut Draft) {
        let vpc = Some(&endpoint.key.vpc);
        let short = short_name(&endpoint.key.service, &self.target.region);
        if let Some(tag) =
            self.protection(&endpoint.tags, self.observed.vpcs.get(&endpoint.key.vpc))
        {
            let text = format!("{} is protected by {tag}; left as it is", endpoint.id);
            return draft.note(vpc, short, "protected", text);
        }
        if let Err(refusal) = self.is_unused(endpoint) {
            return draft.block(vpc, short, refusal);
        }
        if endpoint.key.kind == EndpointKind::Gateway {
            self.note_route_loss(endpoint, short, draft);
        }
        let verb = Verb::DeleteEndpoint { id: endpoint.id.clone(), key: endpoint.key.clone() };
        draft.act(Rank::Remove, short, verb, Vec::new(), BTreeSet::new());
    }

    /// Plans the deletion of a security group, or says why it stays. Comes after all endpoints.
    pub(super) fn group(&self, vpc: &Vpc, group: &SecurityGroup, draft: &mut Draft) {
        let left = |draft: &mut Draft, code, why: String| {
            let text = format!("{} {why}; left as it is", group.id);
            draft.note(Some(&vpc.id), &group.name, code, text);
        };
        if let Some(tag) = self.protection(&group.tags, Some(vpc)) {
            return left(draft, "protected", format!("is protected by {tag}"));
        }
        if group.name == "default" {
            return left(draft, "group-in-use", "is the VPC's default group".to_owned());
        }
        match self.users(vpc, group, draft) {
            Ok(after) => {
                let verb = Verb::DeleteSecurityGroup { id: group.id.clone(), vpc: vpc.id.clone() };
                draft.act(Rank::RemoveGroup, &group.name, verb, Vec::new(), after);
            }
            Err(users) => {
                left(draft, "group-in-use", format!("is still used by {}", select::list(users)));
            }
        }
    }

    fn protection(&self, tags: &Tags, vpc: Option<&Vpc>) -> Option<String> {
        let of_vpc = || {
            let vpc = vpc?;
            let tag = self.deletions.protection(&vpc.tags)?;
            Some(format!("the tag {tag} of {}", vpc.id))
        };
        self.deletions.protection(tags).map(|tag| format!("its tag {tag}")).or_else(of_vpc)
    }

    /// Gateways have no metrics, and what failed or was refused carries nothing.
    fn is_unused(&self, endpoint: &Endpoint) -> Result<(), Refusal> {
        let Some(usage) = self.usage.filter(|_| !self.deletions.force) else { return Ok(()) };
        let (id, lately) = (&endpoint.id, in_words(self.deletions.unused_for));
        match usage.traffic.get(id) {
            None | Some(Carried::Bytes(0)) => Ok(()),
            Some(Carried::Bytes(bytes)) => Err(Refusal::new(
                "endpoint-in-use",
                format!(
                    "{id} carried {} in the last {lately}: find out who uses it, or delete it all \
                     the same with --force",
                    size(*bytes)
                ),
            )),
            Some(Carried::Unknown(failure)) => Err(Refusal::new(
                "traffic-unknown",
                format!(
                    "cannot tell whether {id} carried traffic in the last {lately} ({failure}): \
                     {}; or delete it all the same with --force",
                    failure.hint.as_deref().unwrap_or("allow cloudwatch:GetMetricData")
                ),
            )),
        }
    }

    /// The actions that end the group's use; or who else uses it.
    fn users(
        &self,
        vpc: &Vpc,
        group: &SecurityGroup,
        draft: &Draft,
    ) -> Result<BTreeSet<ActionId>, BTreeSet<String>> {
        let mut freed: BTreeMap<&EndpointId, ActionId> = BTreeMap::new();
        let mut after = BTreeSet::new();
        let mut users = BTreeSet::new();
        for action in draft.actions() {
            match frees(action, &group.id) {
                Some(endpoint) => drop(freed.insert(endpoint, action.id)),
                None if takes(action, &group.id) => drop(users.insert(action.what.clone())),
                None => {}
            }
        }
        for endpoint in self.observed.endpoints.values() {
            if !endpoint.security_groups.contains(&group.id) || is_leaving(endpoint) {
                continue;
            }
            match freed.get(&endpoint.id) {
                Some(action) => drop(after.insert(*action)),
                None => drop(users.insert(endpoint.id.to_string())),
            }
        }
        let is_me = |peer: &Peer| matches!(peer, Peer::Group(id) if id == group.id.as_str());
        let others = vpc.security_groups.values().filter(|other| other.id != group.id);
        for other in others {
            if other.ingress.iter().chain(&other.egress).any(|rule| is_me(&rule.peer)) {
                users.insert(format!("a rule of {}", other.id));
            }
        }
        users.extend(
            self.usage.and_then(|usage| usage.groups.get(&group.id)).into_iter().flatten().cloned(),
        );
        if users.is_empty() { Ok(after) } else { Err(users) }
    }

    /// What becomes of the traffic that a gateway's routes lead now.
    fn note_route_loss(&self, gateway: &Endpoint, short: &str, draft: &mut Draft) {
        let Some(vpc) = self.observed.vpcs.get(&gateway.key.vpc) else { return };
        let mut ways: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for table in vpc.route_tables.values() {
            let leads = |target: &str| target == gateway.id.as_str();
            if gateway.route_tables.contains(&table.id)
                || table.routes.iter().any(|route| leads(&route.target))
            {
                ways.entry(other_way(table)).or_default().push(table.id.as_str());
            }
        }
        for (way, tables) in ways {
            let text = format!(
                "its routes go with it: traffic to {short} from {} {way}",
                tables.join(", ")
            );
            draft.note(Some(&vpc.id), short, "route-loss", text);
        }
    }
}

/// Where a table's traffic goes that no other route takes.
fn other_way(table: &RouteTable) -> &'static str {
    let mut defaults = table.routes.iter().filter(|route| route.destination == "0.0.0.0/0");
    let target = defaults.next().map_or("", |route| route.target.as_str());
    match target.split_once('-').map_or(target, |(kind, _)| kind) {
        "nat" => "goes through the NAT gateway, which costs by the gigabyte",
        "igw" => "goes through the internet gateway",
        "" => "has no way out any more",
        _ => "takes the default route",
    }
}

fn frees<'a>(action: &'a Action, group: &SecurityGroupId) -> Option<&'a EndpointId> {
    match &action.verb {
        Verb::DeleteEndpoint { id, .. } => Some(id),
        Verb::ModifyEndpoint { id, change, .. }
            if change.remove_security_groups.contains(group) =>
        {
            Some(id)
        }
        _ => None,
    }
}

/// Whether an action begins to use the group.
fn takes(action: &Action, group: &SecurityGroupId) -> bool {
    use crate::plan::action::SecurityGroupRef::Id;
    let used = match &action.verb {
        Verb::CreateEndpoint(desired) => &desired.security_groups,
        Verb::ModifyEndpoint { change, .. } => &change.add_security_groups,
        _ => return false,
    };
    used.contains(&Id(group.clone()))
}

/// Its network interfaces go by themselves, and the group waits for them.
fn is_leaving(endpoint: &Endpoint) -> bool {
    matches!(endpoint.state.as_str(), "deleting" | "deleted")
}

/// `7 days`, `24 hours`, `90 minutes`.
fn in_words(duration: Duration) -> String {
    let minutes = duration.as_secs().div_ceil(60);
    match minutes {
        _ if minutes.is_multiple_of(24 * 60) && minutes > 24 * 60 => {
            format!("{} days", minutes / 24 / 60)
        }
        _ if minutes.is_multiple_of(60) && minutes > 60 => format!("{} hours", minutes / 60),
        _ => format!("{minutes} minutes"),
    }
}

/// `1.2 GB`, in powers of ten, as AWS bills.
fn size(bytes: u64) -> String {
    const UNITS: [(&str, u64); 4] =
        [("TB", 1_000_000_000_000), ("GB", 1_000_000_000), ("MB", 1_000_000), ("kB", 1_000)];
    match UNITS.into_iter().find(|(_, unit)| bytes >= *unit) {
        None => format!("{bytes} bytes"),
        Some((name, unit)) => format!("{}.{} {name}", bytes / unit, bytes % unit * 10 / unit),
    }
}
