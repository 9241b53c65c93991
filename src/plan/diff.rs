//! A desired endpoint against the one that is kept: create it, change what differs in one request, or
//! do nothing. Only what accounts.toml says is compared; the rest is AWS's to choose.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::model::endpoint::{DnsOptions, EndpointState};
use crate::model::observed::Endpoint;
use crate::plan::action::{
    ActionId, DesiredEndpoint, Drift, EndpointChange, SecurityGroupRef, Verb,
};
use crate::plan::aim::Adoption;
use crate::plan::draft::{Draft, Rank, Refusal};
use crate::plan::service::Wanted;
use crate::plan::standing::Standing;
use crate::plan::target::Site;
use crate::plan::{adopt, policy, tags};

/// Plans what makes `desired` true, after `after`. Returns the creating action, if there is one.
pub(super) fn settle(
    site: &Site,
    wanted: &Wanted,
    desired: DesiredEndpoint,
    standing: &Standing,
    rank: Rank,
    mut after: BTreeSet<ActionId>,
    draft: &mut Draft,
) -> Result<Option<ActionId>, Refusal> {
    tags::acceptable(&desired.tags, standing.kept.map(|kept| &kept.tags))?;
    after.extend(standing.delete_spare(wanted.short, draft));
    let Some(kept) = standing.kept else {
        after.extend(desired.security_groups.iter().filter_map(made_by));
        if wanted.offer.acceptance_required {
            let text = "its owner must accept the connection by hand";
            draft.note(Some(&site.vpc.id), wanted.short, "acceptance-required", text);
        }
        let verb = Verb::CreateEndpoint(desired);
        return Ok(Some(draft.act(rank, wanted.short, verb, Vec::new(), after)));
    };
    if kept.state == EndpointState::PendingAcceptance {
        let text = format!("{} waits for the service's owner to accept it", kept.id);
        draft.note(Some(&site.vpc.id), wanted.short, "awaiting-acceptance", text);
    }
    let (change, differences) = difference(site, &desired, kept);
    let (mut set, tag_drift) = tags::missing(&desired.tags, &kept.tags);
    if standing.adopted {
        let (id, there) = (kept.id.as_str(), &kept.tags);
        let action = adopt::take(site, wanted.short, id, there, &desired.tags, &differences, draft);
        if site.changes.adopt == Adoption::Tag {
            return Ok(None);
        }
        after.insert(action);
        set.clear();
    }
    let (changed, untagged) = (!differences.is_empty(), !set.is_empty());
    if changed {
        after.extend(change.add_security_groups.iter().filter_map(made_by));
        let verb = Verb::ModifyEndpoint { id: kept.id.clone(), key: kept.key.clone(), change };
        draft.act(rank, wanted.short, verb, differences, after);
    } else if kept.state == EndpointState::Pending {
        draft.pending(&kept.id);
    }
    if untagged {
        let verb = Verb::Tag { resource: kept.id.to_string(), vpc: site.vpc.id.clone(), set };
        draft.act(Rank::Tag, wanted.short, verb, tag_drift, BTreeSet::new());
    }
    if !changed && !untagged && !standing.adopted {
        draft.in_sync(&kept.id);
    }
    Ok(None)
}

fn made_by(group: &SecurityGroupRef) -> Option<ActionId> {
    match group {
        SecurityGroupRef::MadeBy(action) => Some(*action),
        SecurityGroupRef::Id(_) => None,
    }
}

fn difference(
    site: &Site,
    desired: &DesiredEndpoint,
    kept: &Endpoint,
) -> (EndpointChange, Vec<Drift>) {
    let mut change = EndpointChange::default();
    let mut drift = Vec::new();
    let mut differs = |field: &str, was: Value, should_be: Value| {
        drift.push(Drift { field: field.to_owned(), was, should_be });
    };
    if desired.subnets != kept.subnets {
        change.add_subnets = desired.subnets.difference(&kept.subnets).cloned().collect();
        change.remove_subnets = kept.subnets.difference(&desired.subnets).cloned().collect();
        differs("subnets", texts(&kept.subnets), texts(&desired.subnets));
    }
    let there: BTreeSet<_> =
        kept.security_groups.iter().cloned().map(SecurityGroupRef::Id).collect();
    if desired.security_groups != there {
        change.add_security_groups = desired.security_groups.difference(&there).cloned().collect();
        change.remove_security_groups = kept
            .security_groups
            .iter()
            .filter(|id| !desired.security_groups.contains(&SecurityGroupRef::Id((*id).clone())))
            .cloned()
            .collect();
        let should_be = desired.security_groups.iter().map(|group| in_words(site, group));
        differs("security_groups", texts(&kept.security_groups), texts(should_be));
    }
    if desired.route_tables != kept.route_tables {
        change.add_route_tables =
            desired.route_tables.difference(&kept.route_tables).cloned().collect();
        change.remove_route_tables =
            kept.route_tables.difference(&desired.route_tables).cloned().collect();
        differs("route_tables", texts(&kept.route_tables), texts(&desired.route_tables));
    }
    if desired.private_dns != kept.private_dns {
        change.private_dns = Some(desired.private_dns);
        differs("private_dns", kept.private_dns.into(), desired.private_dns.into());
    }
    if let Some(should_be) = desired.ip_address_type
        && kept.ip_address_type != Some(should_be)
    {
        change.ip_address_type = Some(should_be);
        let was = kept.ip_address_type.map_or(Value::Null, |was| was.as_str().into());
        differs("ip_address_type", was, should_be.as_str().into());
    }
    let dns = dns_difference(&desired.dns, &kept.dns);
    // AWS takes a missing inbound option for `true`, so it is said again whenever private DNS goes on.
    let goes_on = change.private_dns == Some(true);
    if !dns.is_empty() || (goes_on && desired.dns != DnsOptions::default()) {
        change.dns = Some(desired.dns.clone());
    }
    for (field, was, should_be) in dns {
        differs(field, was, should_be);
    }
    if !policy::same(desired.policy.as_ref(), kept.policy.as_ref()) {
        change.policy.clone_from(&desired.policy);
        let should_be = policy::value(desired.policy.as_ref());
        differs("policy", policy::value(kept.policy.as_ref()), should_be);
    }
    (change, drift)
}

fn dns_difference(desired: &DnsOptions, there: &DnsOptions) -> Vec<(&'static str, Value, Value)> {
    let mut differences = Vec::new();
    if let Some(should_be) = &desired.record_ip_type {
        let same = |was: &String| was.eq_ignore_ascii_case(should_be);
        if !there.record_ip_type.as_ref().is_some_and(same) {
            let was = there.record_ip_type.clone().map_or(Value::Null, Value::from);
            differences.push(("dns.record_ip_type", was, should_be.clone().into()));
        }
    }
    if let Some(should_be) = desired.private_dns_only_for_inbound_resolver {
        // An endpoint that does not say is not confined.
        let was = there.private_dns_only_for_inbound_resolver;
        if was.unwrap_or(false) != should_be {
            differences.push((
                "dns.private_dns_only_for_inbound_resolver",
                was.map_or(Value::Null, Value::from),
                should_be.into(),
            ));
        }
    }
    differences
}

fn texts<T: ToString>(items: impl IntoIterator<Item = T>) -> Value {
    items.into_iter().map(|item| item.to_string()).collect::<Vec<_>>().into()
}

fn in_words(site: &Site, group: &SecurityGroupRef) -> String {
    match group {
        SecurityGroupRef::Id(id) => id.to_string(),
        SecurityGroupRef::MadeBy(_) => format!("{} (new)", site.settings.security_group.name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::endpoint::{EndpointKind, IpAddressType, OWNER_TAG};
    use crate::plan::testing::{PARTNER, World, check, gist, restrictive, subnets, tables, world};

    fn there() -> World {
        world().want(["logs", "s3"]).applied()
    }

    #[test]
    fn each_attribute_is_repaired_by_itself() {
        let logs = |change: fn(&mut Endpoint)| there().but(|w| change(w.endpoint("logs")));
        let s3 = |change: fn(&mut Endpoint)| there().but(|w| change(w.endpoint("s3")));
        check([
            ("a subnet less", logs(|e| e.subnets = subnets(["a", "b"])), vec!["~ logs: subnets"]),
            (
                "a group more",
                logs(|e| {
                    e.security_groups.insert("sg-other".into());
                }),
                vec!["~ logs: security_groups"],
            ),
            ("private DNS off", logs(|e| e.private_dns = false), vec!["~ logs: private_dns"]),
            ("a policy", logs(|e| e.policy = Some(restrictive())), vec!["~ logs: policy"]),
            ("no policy shown", logs(|e| e.policy = None), vec![]),
            ("a table more", s3(|e| e.route_tables = tables(["a"])), vec!["~ s3: route_tables"]),
            (
                "a tag gone",
                logs(|e| {
                    e.tags.remove("Name");
                }),
                vec!["~ logs: tags.Name"],
            ),
            (
                "a tag of others",
                logs(|e| {
                    e.tags.insert("theirs".into(), "kept".into());
                }),
                vec![],
            ),
            ("another address type", logs(|e| e.ip_address_type = None), vec![]),
            ("other records", logs(|e| e.dns.record_ip_type = Some("ipv4".into())), vec![]),
        ]);
    }

    #[test]
    fn what_differs_goes_in_one_request_and_is_told_field_by_field() {
        let mut world = there().but(|w| {
            let logs = w.endpoint("logs");
            logs.subnets = subnets(["a", "public-b"]);
            logs.private_dns = false;
            logs.tags.insert("Name".into(), "other".into());
        });
        let plan = world.plan();
        assert_eq!(gist(&plan), ["~ logs: subnets private_dns", "~ logs: tags.Name"]);
        let Verb::ModifyEndpoint { change, .. } = &plan.actions[0].verb else { panic!("{plan:?}") };
        assert_eq!(change.add_subnets, subnets(["b", "c"]));
        assert_eq!(change.remove_subnets, subnets(["public-b"]));
        assert_eq!(change.private_dns, Some(true));
        let drift = &plan.actions[0].drift;
        assert_eq!(drift[0].was, serde_json::json!(["subnet-a", "subnet-public-b"]));
        assert_eq!(drift[0].should_be, serde_json::json!(["subnet-a", "subnet-b", "subnet-c"]));
        assert_eq!(plan.actions[1].drift[0].was, "other");
        world.apply(&plan);
        assert!(world.plan().is_in_sync());
    }

    #[test]
    fn only_what_is_said_of_addresses_and_records_is_compared() {
        let said = world().want_with("logs", |spec| {
            spec.ip_address_type = Some(IpAddressType::Ipv4);
            spec.dns.record_ip_type = Some("ipv4".into());
        });
        let said = said.applied();
        check([
            ("as said", said.clone(), vec![]),
            (
                "in another case",
                said.clone().but(|w| w.endpoint("logs").dns.record_ip_type = Some("Ipv4".into())),
                vec![],
            ),
            (
                "otherwise",
                said.but(|w| {
                    w.endpoint("logs").dns.record_ip_type = Some("dualstack".into());
                    w.endpoint("logs").ip_address_type = Some(IpAddressType::Dualstack);
                }),
                vec!["~ logs: ip_address_type dns.record_ip_type"],
            ),
        ]);
    }

    #[test]
    fn the_inbound_option_goes_with_private_dns_whenever_it_is_switched_on() {
        let world = world()
            .want(["s3"])
            .want_with("s3", |spec| spec.kind = Some(EndpointKind::Interface))
            .applied()
            .but(|w| {
                let s3 = w.observed.endpoints.values_mut();
                let s3 = s3.filter(|e| e.key.kind == EndpointKind::Interface);
                s3.for_each(|e| e.private_dns = false);
            });
        let plan = world.plan();
        assert_eq!(gist(&plan), ["~ s3: private_dns"]);
        let Verb::ModifyEndpoint { change, .. } = &plan.actions[0].verb else { panic!("{plan:?}") };
        let dns = change.dns.as_ref().unwrap();
        assert_eq!(dns.private_dns_only_for_inbound_resolver, Some(true));
    }

    #[test]
    fn an_endpoint_whose_ownership_tag_went_is_foreign() {
        let world = there().but(|w| {
            w.endpoint("logs").tags.remove(OWNER_TAG);
        });
        check([("it still does the job", world, vec![". logs: satisfied-by-foreign"])]);
    }

    #[test]
    fn a_service_that_accepts_by_hand_is_said() {
        check([(
            "partner",
            world().want([PARTNER]),
            vec![
                "+ linkwalk-endpoints",
                "+ com.amazonaws.vpce.eu-west-1.vpce-svc-0a",
                ". com.amazonaws.vpce.eu-west-1.vpce-svc-0a: acceptance-required",
            ],
        )]);
    }
}
