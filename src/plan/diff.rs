//! A desired endpoint against the one that is kept: create it, change what differs in one request, or
//! do nothing. Only what accounts.toml says is compared; the rest is AWS's to choose.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::model::endpoint::{DnsOptions, EndpointState};
use crate::model::observed::Endpoint;
use crate::plan::action::{
    ActionId, DesiredEndpoint, Drift, EndpointChange, SecurityGroupRef, Verb,
};
use crate::plan::draft::{Draft, Rank, Refusal};
use crate::plan::service::Wanted;
use crate::plan::standing::Standing;
use crate::plan::target::Site;
use crate::plan::{policy, tags};

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
    let (change, drift) = difference(site, &desired, kept);
    let (set, tag_drift) = tags::missing(&desired.tags, &kept.tags);
    let (changed, untagged) = (!drift.is_empty(), !set.is_empty());
    if changed {
        after.extend(change.add_security_groups.iter().filter_map(made_by));
        let verb = Verb::ModifyEndpoint { id: kept.id.clone(), key: kept.key.clone(), change };
        draft.act(rank, wanted.short, verb, drift, after);
    } else if kept.state == EndpointState::Pending {
        draft.pending(&kept.id);
    }
    if untagged {
        let verb = Verb::Tag { resource: kept.id.to_string(), vpc: site.vpc.id.clone(), set };
        draft.act(Rank::Tag, wanted.short, verb, tag_drift, BTreeSet::new());
    }
    if !changed && !untagged {
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
