//! Endpoints that are not ours under a key that is wanted: one that does the job is enough, one that
//! does not may be in the way, and none is ever touched.

use std::collections::{BTreeMap, BTreeSet};

use crate::ids::{SubnetId, ZoneId};
use crate::model::endpoint::EndpointState;
use crate::model::network::Rule;
use crate::model::observed::Endpoint;
use crate::plan::action::DesiredEndpoint;
use crate::plan::draft::{Draft, Refusal};
use crate::plan::service::Wanted;
use crate::plan::target::Site;
use crate::plan::{dns, ingress, policy, select};

/// What others' endpoints mean for one of ours that is not there yet.
pub(super) enum Others {
    /// They do the job; nothing is made.
    Satisfy,
    /// Ours can be made.
    Leave,
}

/// Looks at others' endpoints under the key of an interface endpoint. Where none does the job, ours
/// is made beside it, unless AWS would refuse.
pub(super) fn interface(
    site: &Site,
    wanted: &Wanted,
    desired: &DesiredEndpoint,
    zones: &BTreeMap<ZoneId, SubnetId>,
    clients: &BTreeSet<Rule>,
    others: &[&Endpoint],
    draft: &mut Draft,
) -> Result<Others, Refusal> {
    let vpc = Some(&site.vpc.id);
    let mut lacking = Vec::new();
    for other in others {
        let lacks = interface_lacks(site, desired, zones, clients, other);
        if lacks.is_empty() {
            note_satisfied(site, wanted, other, "", draft);
            return Ok(Others::Satisfy);
        }
        lacking.push((*other, lacks));
    }
    for (other, lacks) in &lacking {
        if desired.private_dns && dns::holds_private_dns(other) {
            return Err(in_the_way(other, lacks));
        }
    }
    for (other, lacks) in lacking {
        if other.state != EndpointState::Deleting {
            let text =
                format!("made beside {} ({}), which {}", other.id, whose(other), lacks.join(", "));
            draft.note(vpc, wanted.short, "foreign-alongside", text);
        }
    }
    Ok(Others::Leave)
}

/// Says that an endpoint which is not ours does the job.
pub(super) fn note_satisfied(
    site: &Site,
    wanted: &Wanted,
    other: &Endpoint,
    where_: &str,
    draft: &mut Draft,
) {
    let code = if other.requester_managed { "requester-managed" } else { "satisfied-by-foreign" };
    let text = format!("satisfied by {} ({}){where_}", other.id, whose(other));
    draft.note(Some(&site.vpc.id), wanted.short, code, text);
}

/// The refusal where an endpoint that is not ours keeps ours from being made.
pub(super) fn in_the_way(other: &Endpoint, lacks: &[String]) -> Refusal {
    let id = &other.id;
    if other.state == EndpointState::Deleting {
        return Refusal::new(
            "still-deleting",
            format!("{id} ({}) is being deleted: run again when it is gone", whose(other)),
        );
    }
    let lacks = lacks.join(", ");
    if other.requester_managed {
        let reason =
            format!("{id} is managed by an AWS service and cannot be replaced, but {lacks}");
        return Refusal::new("requester-managed", reason);
    }
    Refusal::new(
        "foreign-in-the-way",
        format!("{id} (foreign) is in the way and {lacks}: adopt it or remove it"),
    )
}

fn whose(other: &Endpoint) -> &'static str {
    if other.requester_managed { "managed by an AWS service" } else { "foreign" }
}

/// What keeps an endpoint in this state from doing a job.
pub(super) fn state_lacks(other: &Endpoint) -> Option<String> {
    (!matches!(other.state, EndpointState::Available | EndpointState::Pending))
        .then(|| format!("is {}", other.state))
}

/// What keeps an endpoint's policy from being the one that is wanted.
pub(super) fn policy_lacks(desired: &DesiredEndpoint, other: &Endpoint) -> Option<String> {
    (!policy::same(desired.policy.as_ref(), other.policy.as_ref()))
        .then(|| "has another policy".to_owned())
}

fn interface_lacks(
    site: &Site,
    desired: &DesiredEndpoint,
    zones: &BTreeMap<ZoneId, SubnetId>,
    clients: &BTreeSet<Rule>,
    other: &Endpoint,
) -> Vec<String> {
    let mut lacks = Vec::new();
    lacks.extend(state_lacks(other));
    if other.private_dns != desired.private_dns {
        let state = if other.private_dns { "on" } else { "off" };
        lacks.push(format!("has private DNS {state}"));
    }
    lacks.extend(missing_zones(site, zones, other));
    lacks.extend(keeps_out(site, clients, other));
    if desired.ip_address_type.is_some() && desired.ip_address_type != other.ip_address_type {
        lacks.push("has another IP address type".to_owned());
    }
    lacks.extend(policy_lacks(desired, other));
    lacks
}

/// Zones that are wanted and that an endpoint has no subnet in. A subnet that cannot be seen may be
/// in any of them, so it is taken for none.
pub(super) fn missing_zones(
    site: &Site,
    zones: &BTreeMap<ZoneId, SubnetId>,
    other: &Endpoint,
) -> Option<String> {
    let covered: BTreeSet<&ZoneId> = other
        .subnets
        .iter()
        .filter_map(|id| site.vpc.subnets.get(id))
        .map(|subnet| &subnet.zone)
        .collect();
    let missing: Vec<_> = zones.keys().filter(|zone| !covered.contains(zone)).collect();
    (!missing.is_empty()).then(|| format!("has no subnet in {}", select::list(missing)))
}

fn keeps_out(site: &Site, clients: &BTreeSet<Rule>, other: &Endpoint) -> Option<String> {
    let groups = &site.vpc.security_groups;
    let visible = other.security_groups.iter().all(|id| groups.contains_key(id));
    if !visible {
        return None;
    }
    let rules: Vec<&Rule> = other
        .security_groups
        .iter()
        .filter_map(|id| groups.get(id))
        .flat_map(|g| &g.ingress)
        .collect();
    let out = ingress::kept_out(clients, &rules);
    (!out.is_empty()).then(|| format!("does not let 443/tcp in from {}", select::list(out)))
}
