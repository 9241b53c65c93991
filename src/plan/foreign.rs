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
    draft.note_of(&site.vpc.id, wanted.short, code, other.id.as_str(), text);
}

/// The refusal where an endpoint that is not ours keeps ours from being made.
pub(super) fn in_the_way(other: &Endpoint, lacks: &[String]) -> Refusal {
    let id = &other.id;
    if other.state == EndpointState::Deleting {
        return Refusal::new(
            "still-deleting",
            format!("{id} is being deleted: run again when it is gone"),
        )
        .for_the_sake_of(id.as_str());
    }
    let lacks = lacks.join(", ");
    if other.requester_managed {
        let reason =
            format!("{id} is managed by an AWS service and cannot be replaced, but {lacks}");
        return Refusal::new("requester-managed", reason).for_the_sake_of(id.as_str());
    }
    Refusal::new(
        "foreign-in-the-way",
        format!("{id} (foreign) is in the way and {lacks}: adopt it (apply --adopt) or remove it"),
    )
    .for_the_sake_of(id.as_str())
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

#[cfg(test)]
mod tests {
    use crate::model::endpoint::{EndpointKind, EndpointState, IpAddressType};
    use crate::model::observed::Endpoint;
    use crate::plan::testing::{World, check, gist, restrictive, subnets, world};

    fn with_foreign(change: fn(&mut Endpoint)) -> World {
        world().want(["logs"]).but(|w| change(w.add_foreign("logs", EndpointKind::Interface)))
    }

    #[test]
    fn a_foreign_endpoint_that_does_the_job_is_enough() {
        let enough = vec![". logs: satisfied-by-foreign"];
        check([
            ("available", with_foreign(|_| {}), enough.clone()),
            ("pending", with_foreign(|e| e.state = EndpointState::Pending), enough.clone()),
            (
                "other subnets of the same zones",
                with_foreign(|e| e.subnets = subnets(["public-a", "public-b", "public-c"])),
                enough.clone(),
            ),
            (
                "groups that cannot be seen",
                with_foreign(|e| e.security_groups = ["sg-unseen".into()].into()),
                enough,
            ),
            (
                "managed by an AWS service",
                with_foreign(|e| e.requester_managed = true),
                vec![". logs: requester-managed", ". logs: requester-managed"],
            ),
        ]);
        assert_eq!(
            with_foreign(|_| {}).plan().notes[0].text,
            "satisfied by vpce-foreign0 (foreign)"
        );
    }

    #[test]
    fn one_that_holds_the_name_and_lacks_something_is_in_the_way_and_the_reason_says_what() {
        for (change, lacks) in [
            (
                (|e| e.subnets = subnets(["a"])) as fn(&mut Endpoint),
                "has no subnet in euw1-az2, euw1-az3",
            ),
            (|e| e.security_groups.clear(), "does not let 443/tcp in from 10.0.0.0/16"),
            (|e| e.policy = Some(restrictive()), "has another policy"),
            (|e| e.state = EndpointState::PendingAcceptance, "is pendingAcceptance"),
            (|e| e.state = EndpointState::Unknown("odd".into()), "is odd"),
        ] {
            let plan = with_foreign(change).plan();
            assert_eq!(gist(&plan), ["! logs: foreign-in-the-way"]);
            let reason = &plan.blocked[0].reason;
            assert!(
                reason.contains(lacks) && reason.contains("adopt it (apply --adopt) or remove it"),
                "{reason}"
            );
        }
        let typed = world()
            .want_with("logs", |spec| spec.ip_address_type = Some(IpAddressType::Ipv4))
            .but(|w| {
                w.add_foreign("logs", EndpointKind::Interface).ip_address_type =
                    Some(IpAddressType::Dualstack);
            });
        assert_eq!(gist(&typed.plan()), ["! logs: foreign-in-the-way"]);
    }

    #[test]
    fn a_policy_that_is_asked_for_is_not_satisfied_by_full_access() {
        let world = world().want_with("logs", |spec| spec.policy = restrictive().into()).but(|w| {
            w.add_foreign("logs", EndpointKind::Interface);
        });
        check([("full", world, vec!["! logs: foreign-in-the-way"])]);
    }

    #[test]
    fn others_that_are_not_in_the_way_are_left_beside_ours() {
        let beside = vec!["+ linkwalk-endpoints", "+ logs", ". logs: foreign-alongside"];
        let off = world().want_with("logs", |spec| spec.private_dns = Some(false)).but(|w| {
            w.add_foreign("logs", EndpointKind::Interface);
        });
        check([
            ("its private DNS is off", with_foreign(|e| e.private_dns = false), beside.clone()),
            ("it failed", with_foreign(|e| e.state = EndpointState::Failed), beside.clone()),
            ("ours has no private DNS", off, beside),
            (
                "it goes away and holds no name",
                with_foreign(|e| {
                    e.state = EndpointState::Deleting;
                    e.private_dns = false;
                }),
                vec!["+ linkwalk-endpoints", "+ logs"],
            ),
            (
                "it goes away and holds the name",
                with_foreign(|e| e.state = EndpointState::Deleting),
                vec!["! logs: still-deleting"],
            ),
        ]);
    }

    #[test]
    fn a_failed_endpoint_of_ours_goes_once_another_does_the_job() {
        let world = world().want(["logs"]).applied().but(|w| {
            w.endpoint("logs").state = EndpointState::Failed;
            w.add_foreign("logs", EndpointKind::Interface);
        });
        check([("failed", world, vec!["- logs: state", ". logs: satisfied-by-foreign"])]);
    }
}
