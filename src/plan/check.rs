//! A second reader of a finished plan. It shares no code with the planner: a plan that breaks one of
//! these invariants is a bug, and is not executed.

mod removal;
#[cfg(test)]
mod tests;
mod vpc;

use std::collections::{BTreeMap, BTreeSet};

use crate::ids::{EndpointId, SecurityGroupId, SubnetId, TargetId, ZoneId};
use crate::model::endpoint::{EndpointKey, EndpointKind, OWNER_TAG, Tags};
use crate::model::network::Vpc;
use crate::model::observed::{Endpoint, Observed};
use crate::model::policy::{MAX_POLICY_CHARS, PolicyDocument};
use crate::model::service::Catalogue;
use crate::model::spec::Settings;
use crate::plan::TargetPlan;
use crate::plan::action::{Action, DesiredEndpoint, EndpointChange, SecurityGroupRef, Verb};
use crate::plan::aim::Aim;

/// Every way in which `plan` breaks what must always hold; empty for a plan that may be executed.
pub fn violations(
    target: &TargetId,
    settings: &Settings,
    observed: &Observed,
    catalogue: &Catalogue,
    plan: &TargetPlan,
) -> Vec<String> {
    violations_for(&Aim::default(), target, settings, observed, catalogue, plan)
}

/// The same for a plan of any aim.
pub fn violations_for(
    aim: &Aim,
    target: &TargetId,
    settings: &Settings,
    observed: &Observed,
    catalogue: &Catalogue,
    plan: &TargetPlan,
) -> Vec<String> {
    let reader = Reader { aim, target, settings, observed, catalogue, plan };
    let mut found = Vec::new();
    for (index, action) in plan.actions.iter().enumerate() {
        let broken = out_of_order(index, action).into_iter().chain(reader.action(action));
        found.extend(broken.map(|text| format!("action {} ({}): {text}", action.id, action.what)));
    }
    found.extend(reader.nothing_twice());
    found.extend(reader.one_holder_of_each_name_and_route());
    found
}

struct Reader<'a> {
    aim: &'a Aim,
    target: &'a TargetId,
    settings: &'a Settings,
    observed: &'a Observed,
    catalogue: &'a Catalogue,
    plan: &'a TargetPlan,
}

impl<'a> Reader<'a> {
    fn action(&self, action: &Action) -> Vec<String> {
        let Some(vpc) = self.observed.vpcs.get(action.verb.vpc()) else {
            return vec![format!("is in {}, which was not observed", action.verb.vpc())];
        };
        if vpc.owner != self.target.account {
            return vec![format!("is in {}, which account {} owns", vpc.id, vpc.owner)];
        }
        let mut broken = self.beyond_the_aim(action);
        broken.extend(self.by_verb(action, vpc));
        broken
    }

    fn by_verb(&self, action: &Action, vpc: &Vpc) -> Vec<String> {
        match &action.verb {
            Verb::CreateSecurityGroup(group) => {
                let taken = vpc.security_groups.values().any(|there| there.name == group.name);
                let taken = taken.then(|| format!("the name {} is taken", group.name));
                taken.into_iter().chain(self.unowned(&group.tags)).collect()
            }
            Verb::ModifySecurityGroup { id, revoke, .. } => {
                self.group_change(action, vpc, id, |there| {
                    revoke
                        .difference(&there)
                        .map(|rule| format!("revokes `{rule}`, which is not there"))
                        .collect()
                })
            }
            Verb::EnableVpcDns { attribute, .. } => self.vpc_dns(action, vpc, *attribute),
            Verb::Tag { resource, set, .. } => self.tagging(action, vpc, resource, set),
            Verb::Adopt { resource, set, .. } => self.adoption(vpc, resource, set),
            Verb::CreateEndpoint(desired) => self.creation(action, vpc, desired),
            Verb::ModifyEndpoint { id, key, change } => match self.ours(action, id, key) {
                Ok(there) => self.modification(action, vpc, there, change),
                Err(broken) => vec![broken],
            },
            Verb::DeleteEndpoint { id, key } => match self.ours(action, id, key) {
                Ok(there) => self.deletion(there),
                Err(broken) => vec![broken],
            },
            Verb::DeleteSecurityGroup { id, .. } => self.group_deletion(action, vpc, id),
        }
    }

    fn is_ours(&self, tags: &Tags) -> bool {
        tags.get(OWNER_TAG).is_some_and(|owner| owner == &self.settings.deployment)
    }

    fn unowned(&self, tags: &Tags) -> Option<String> {
        (!self.is_ours(tags)).then(|| "does not carry the ownership tag".to_owned())
    }

    /// Whether an action may take a resource for ours: by its tags, or because an action before it
    /// adopts it.
    fn is_ours_by(&self, action: &Action, id: &str, tags: &Tags) -> bool {
        let adopts = |earlier: &Action| match &earlier.verb {
            Verb::Adopt { resource, .. } => resource == id,
            _ => false,
        };
        self.is_ours(tags) || action.after.iter().filter_map(|id| self.by_id(*id)).any(adopts)
    }

    fn ours(
        &self,
        action: &Action,
        id: &EndpointId,
        key: &EndpointKey,
    ) -> Result<&'a Endpoint, String> {
        let there = self.observed.endpoints.get(id).ok_or(format!("{id} was not observed"))?;
        if there.requester_managed || !self.is_ours_by(action, id.as_str(), &there.tags) {
            return Err(format!("{id} is not ours"));
        }
        if &there.key != key {
            return Err(format!("{id} has another identity"));
        }
        Ok(there)
    }

    fn group_change(
        &self,
        action: &Action,
        vpc: &Vpc,
        id: &SecurityGroupId,
        more: impl Fn(BTreeSet<crate::model::network::Rule>) -> Vec<String>,
    ) -> Vec<String> {
        match vpc.security_groups.get(id) {
            None => vec![format!("{id} is not in {}", vpc.id)],
            Some(there) if !self.is_ours_by(action, id.as_str(), &there.tags) => {
                vec![format!("{id} is not ours")]
            }
            Some(there) => more(there.ingress.clone()),
        }
    }

    fn tagging(&self, action: &Action, vpc: &Vpc, resource: &str, set: &Tags) -> Vec<String> {
        let mut broken = Vec::new();
        if set.get(OWNER_TAG).is_some_and(|owner| owner != &self.settings.deployment) {
            broken.push("gives the resource to another deployment".to_owned());
        }
        let group = SecurityGroupId::new(resource);
        match self.observed.endpoints.get(&EndpointId::new(resource)) {
            Some(there) => broken.extend(self.ours(action, &there.id, &there.key).err()),
            None => broken.extend(self.group_change(action, vpc, &group, |_| Vec::new())),
        }
        broken
    }

    fn creation(&self, action: &Action, vpc: &Vpc, desired: &DesiredEndpoint) -> Vec<String> {
        let mut broken: Vec<String> = self.unowned(&desired.tags).into_iter().collect();
        broken.extend(self.standing_twin(action, &desired.key));
        broken.extend(self.subnets(vpc, &desired.key, &desired.subnets, &desired.subnets));
        broken.extend(self.route_tables(vpc, desired.route_tables.iter()));
        broken.extend(self.groups(action, vpc, &desired.security_groups));
        broken.extend(desired.policy.as_ref().and_then(too_long));
        if desired.private_dns {
            broken.extend(self.without_dns(action, vpc));
        }
        let (subnets, groups) = (desired.subnets.len(), desired.security_groups.len());
        let tables = desired.route_tables.len();
        let shape_is_right = match desired.key.kind {
            EndpointKind::Interface => subnets > 0 && (1..=5).contains(&groups) && tables == 0,
            EndpointKind::Gateway => {
                subnets == 0 && groups == 0 && tables > 0 && !desired.private_dns
            }
            EndpointKind::GatewayLoadBalancer => {
                subnets == 1 && groups == 0 && tables == 0 && !desired.private_dns
            }
            EndpointKind::Other(_) => false,
        };
        if !shape_is_right {
            broken.push(format!(
                "a {} endpoint cannot have {subnets} subnets, {groups} security groups and {tables} route tables",
                desired.key.kind
            ));
        }
        broken
    }

    /// An endpoint of ours under the same key that is not deleted first.
    fn standing_twin(&self, action: &Action, key: &EndpointKey) -> Option<String> {
        let deleted: BTreeSet<&EndpointId> = action
            .after
            .iter()
            .filter_map(|id| self.by_id(*id))
            .filter_map(|action| match &action.verb {
                Verb::DeleteEndpoint { id, .. } => Some(id),
                _ => None,
            })
            .collect();
        let mut twins = self.observed.endpoints.values().filter(|there| {
            &there.key == key
                && there.state.as_str() != "deleted"
                && !there.requester_managed
                && self.is_ours(&there.tags)
        });
        let twin = twins.find(|there| !deleted.contains(&there.id))?;
        Some(format!("{} is ours and is not deleted first", twin.id))
    }

    fn modification(
        &self,
        action: &Action,
        vpc: &Vpc,
        there: &Endpoint,
        change: &EndpointChange,
    ) -> Vec<String> {
        let mut broken = Vec::new();
        if change == &EndpointChange::default() {
            broken.push("changes nothing".to_owned());
        }
        if there.key.kind == EndpointKind::GatewayLoadBalancer
            && !(change.add_subnets.is_empty() && change.remove_subnets.is_empty())
        {
            broken
                .push("a Gateway Load Balancer endpoint's subnet can never be changed".to_owned());
        }
        let after: BTreeSet<SubnetId> = there
            .subnets
            .difference(&change.remove_subnets)
            .chain(&change.add_subnets)
            .cloned()
            .collect();
        broken.extend(self.subnets(vpc, &there.key, &after, &change.add_subnets));
        for subnet in change.remove_subnets.difference(&there.subnets) {
            broken.push(format!("takes {subnet} away, which is not there"));
        }
        let tables = change.add_route_tables.iter().chain(&change.remove_route_tables);
        broken.extend(self.route_tables(vpc, tables));
        broken.extend(self.groups(action, vpc, &change.add_security_groups));
        if change.private_dns == Some(true) {
            broken.extend(self.without_dns(action, vpc));
        }
        broken.extend(change.policy.as_ref().and_then(too_long));
        broken
    }

    /// `all` in different zones, and `new` ours to use in zones the service is offered in.
    fn subnets(
        &self,
        vpc: &Vpc,
        key: &EndpointKey,
        all: &BTreeSet<SubnetId>,
        new: &BTreeSet<SubnetId>,
    ) -> Vec<String> {
        let mut broken = Vec::new();
        let mut zones: BTreeMap<&ZoneId, &SubnetId> = BTreeMap::new();
        for subnet in all.iter().filter_map(|id| vpc.subnets.get(id)) {
            if let Some(other) = zones.insert(&subnet.zone, &subnet.id) {
                broken.push(format!("{other} and {} are both in {}", subnet.id, subnet.zone));
            }
        }
        let mut offers =
            self.catalogue.offers.iter().filter(|o| o.name == key.service && o.kind == key.kind);
        let Some(offer) = offers.next() else {
            broken.push(format!("{} is not offered", key.service));
            return broken;
        };
        for id in new {
            match vpc.subnets.get(id) {
                None => broken.push(format!("{id} is not in {}", vpc.id)),
                Some(subnet) if subnet.owner != self.target.account => {
                    broken.push(format!("{id} is shared by {}", subnet.owner));
                }
                Some(subnet) if !offer.zones.is_empty() && !offer.zones.contains(&subnet.zone) => {
                    broken.push(format!("{id} is in {}, where it is not offered", subnet.zone));
                }
                Some(_) => {}
            }
        }
        broken
    }

    fn route_tables<'b>(
        &self,
        vpc: &Vpc,
        tables: impl Iterator<Item = &'b crate::ids::RouteTableId>,
    ) -> Vec<String> {
        let ours = |id: &crate::ids::RouteTableId| {
            vpc.route_tables.get(id).is_some_and(|table| table.owner == self.target.account)
        };
        tables.filter(|id| !ours(id)).map(|id| format!("{id} is not this account's")).collect()
    }

    fn groups(
        &self,
        action: &Action,
        vpc: &Vpc,
        groups: &BTreeSet<SecurityGroupRef>,
    ) -> Vec<String> {
        let mut broken = Vec::new();
        for group in groups {
            match group {
                SecurityGroupRef::Id(id) if !vpc.security_groups.contains_key(id) => {
                    broken.push(format!("{id} is not in {}", vpc.id));
                }
                SecurityGroupRef::Id(_) => {}
                SecurityGroupRef::MadeBy(id) => {
                    let made = self.by_id(*id).is_some_and(|maker| {
                        matches!(&maker.verb, Verb::CreateSecurityGroup(made) if made.vpc == vpc.id)
                    });
                    if !made || !action.after.contains(id) {
                        broken.push(format!("action {id} does not make its security group first"));
                    }
                }
            }
        }
        broken
    }

    fn by_id(&self, id: u32) -> Option<&'a Action> {
        self.plan.actions.iter().find(|action| action.id == id)
    }

    fn nothing_twice(&self) -> Vec<String> {
        let mut seen = BTreeSet::new();
        self.plan
            .actions
            .iter()
            .map(|action| match &action.verb {
                Verb::CreateSecurityGroup(group) => {
                    format!("makes {} in {} twice", group.name, group.vpc)
                }
                Verb::CreateEndpoint(endpoint) => {
                    let EndpointKey { vpc, service, kind } = &endpoint.key;
                    format!("makes the {kind} endpoint of {service} in {vpc} twice")
                }
                Verb::ModifySecurityGroup { id, .. } => format!("changes {id} twice"),
                Verb::ModifyEndpoint { id, .. } => format!("changes {id} twice"),
                Verb::DeleteEndpoint { id, .. } => format!("deletes {id} twice"),
                Verb::DeleteSecurityGroup { id, .. } => format!("deletes {id} twice"),
                Verb::EnableVpcDns { vpc, attribute } => {
                    format!("turns {} of {vpc} on twice", attribute.as_str())
                }
                Verb::Adopt { resource, .. } => format!("adopts {resource} twice"),
                Verb::Tag { resource, .. } => format!("tags {resource} twice"),
            })
            .filter(|text| !seen.insert(text.clone()))
            .collect()
    }

    /// In the end no two endpoints of one service hold the same VPC's private names or the same
    /// table's route.
    fn one_holder_of_each_name_and_route(&self) -> Vec<String> {
        let mut claims: Vec<(String, String)> = Vec::new();
        let mut claim = |key: &EndpointKey, dns: bool, tables: &BTreeSet<_>, who: &str| {
            if dns {
                claims.push((
                    format!("the private DNS name of {} in {}", key.service, key.vpc),
                    who.to_owned(),
                ));
            }
            for table in tables {
                claims.push((format!("the route to {} in {table}", key.service), who.to_owned()));
            }
        };
        let mut mine = BTreeSet::new();
        for action in &self.plan.actions {
            match &action.verb {
                Verb::CreateEndpoint(made) => {
                    claim(&made.key, made.private_dns, &made.route_tables, &action.what);
                }
                Verb::ModifyEndpoint { id, key, change } => {
                    let dns = change.private_dns == Some(true);
                    claim(key, dns, &change.add_route_tables, id.as_str());
                }
                Verb::DeleteEndpoint { id, .. } => {
                    mine.insert(id);
                }
                Verb::CreateSecurityGroup(_)
                | Verb::ModifySecurityGroup { .. }
                | Verb::DeleteSecurityGroup { .. }
                | Verb::EnableVpcDns { .. }
                | Verb::Adopt { .. }
                | Verb::Tag { .. } => {}
            }
        }
        let new = claims.len();
        let mut claim = |what: String, who: &str| claims.push((what, who.to_owned()));
        for there in self.observed.endpoints.values().filter(|there| !mine.contains(&there.id)) {
            if matches!(there.state.as_str(), "failed" | "rejected" | "expired" | "deleted") {
                continue;
            }
            let EndpointKey { vpc, service, .. } = &there.key;
            if there.private_dns {
                claim(format!("the private DNS name of {service} in {vpc}"), there.id.as_str());
            }
            for table in &there.route_tables {
                claim(format!("the route to {service} in {table}"), there.id.as_str());
            }
        }
        let (new, all) = (&claims[..new], &claims);
        new.iter()
            .enumerate()
            .filter(|(at, (what, _))| {
                all.iter().enumerate().any(|(other, (theirs, _))| other != *at && theirs == what)
            })
            .map(|(_, (what, who))| format!("{who} would take {what}, which is taken"))
            .collect()
    }
}

fn too_long(policy: &PolicyDocument) -> Option<String> {
    let length = policy.to_json().chars().count();
    (length > MAX_POLICY_CHARS).then(|| format!("its policy has {length} characters"))
}

fn out_of_order(index: usize, action: &Action) -> Vec<String> {
    let mut broken = Vec::new();
    if usize::try_from(action.id) != Ok(index) {
        broken.push(format!("stands at place {index}"));
    }
    // Waiting for earlier actions only also means that there is no circle.
    for earlier in action.after.iter().filter(|earlier| **earlier >= action.id) {
        broken.push(format!("waits for {earlier}, which does not come before it"));
    }
    broken
}
