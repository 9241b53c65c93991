//! Interface endpoints: network interfaces, one per zone, behind security groups.

use std::collections::BTreeSet;

use crate::ids::SubnetId;
use crate::model::endpoint::DnsOptions;
use crate::model::network::{Rule, SecurityGroup};
use crate::model::spec::{GroupRef, IngressSource};
use crate::plan::action::{ActionId, DesiredEndpoint, SecurityGroupRef};
use crate::plan::aim::Adoption;
use crate::plan::dns::PrivateDns;
use crate::plan::draft::{Draft, Rank, Refusal};
use crate::plan::foreign::Others;
use crate::plan::service::Wanted;
use crate::plan::standing::Standing;
use crate::plan::target::{Site, Vicinity, uses_managed_group};
use crate::plan::{adopt, diff, dns, foreign, ingress, placing, policy, select, tags, vpc_dns};

/// Security groups of one network interface
/// (<https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html>).
const MAX_GROUPS: usize = 5;

/// Plans one interface endpoint in one VPC.
pub(super) fn plan(site: &Site, wanted: &Wanted, vicinity: &mut Vicinity, draft: &mut Draft) {
    if let Err(refusal) = try_plan(site, wanted, vicinity, draft) {
        draft.block(Some(&site.vpc.id), wanted.short, refusal);
    }
}

fn try_plan(
    site: &Site,
    wanted: &Wanted,
    vicinity: &mut Vicinity,
    draft: &mut Draft,
) -> Result<(), Refusal> {
    let key = site.key(wanted);
    let standing = adopt::standing(site, wanted.short, &key, draft)?;
    let policy = policy::desired(site, wanted)?;
    let zones = placing::choose(site, wanted, standing.kept, vicinity, draft)?;
    let private_dns = private_dns(site, wanted, &standing, vicinity, draft)?;
    let mut desired = DesiredEndpoint {
        key,
        subnets: zones.values().cloned().collect(),
        security_groups: BTreeSet::new(),
        route_tables: BTreeSet::new(),
        private_dns: private_dns.on,
        ip_address_type: wanted.spec.ip_address_type,
        dns: private_dns.options,
        policy,
        tags: tags::of_endpoint(site, wanted),
    };
    if standing.kept.is_none() {
        let clients = clients(site, wanted, vicinity);
        let others = &standing.others;
        match foreign::interface(site, wanted, &desired, &zones, &clients, others, draft)? {
            Others::Satisfy => {
                standing.delete_spare(wanted.short, draft);
                return Ok(());
            }
            Others::Leave if desired.private_dns => {
                dns::names_are_free(site, wanted, &standing.ours(), vicinity)?;
            }
            Others::Leave => {}
        }
    }
    // A refusal must leave no trace, so the tags are looked at before a group is made for nothing.
    tags::acceptable(&desired.tags, standing.kept.map(|kept| &kept.tags))?;
    let will_use = !standing.adopted || site.changes.adopt == Adoption::Repair;
    desired.security_groups = security_groups(site, wanted, will_use, vicinity, draft)?;
    if desired.private_dns {
        dns::claim(wanted, vicinity);
    }
    let there = standing.kept.map(|kept| &kept.subnets);
    let is_new = |id: &&SubnetId| will_use && !there.is_some_and(|there| there.contains(*id));
    for subnet in desired.subnets.iter().filter(is_new) {
        vicinity.free.entry(subnet.clone()).and_modify(|free| *free = free.saturating_sub(1));
    }
    if let Some(gateway) = private_dns.after {
        draft.needed(gateway);
    }
    let mut after: BTreeSet<ActionId> = private_dns.after.into_iter().collect();
    if desired.private_dns && will_use && site.settings.fix_vpc_dns {
        let turned_on = vpc_dns::turn_on(site, vicinity, draft);
        // What has private DNS already and differs otherwise need not wait.
        if !standing.kept.is_some_and(|kept| kept.private_dns) {
            after.extend(turned_on);
        }
    }
    diff::settle(site, wanted, desired, &standing, Rank::Interface, after, draft)?;
    Ok(())
}

/// Private DNS as it should be. Where it cannot be so and the endpoint is there, that alone is
/// blocked, and the rest of the endpoint is kept right.
fn private_dns(
    site: &Site,
    wanted: &Wanted,
    standing: &Standing,
    vicinity: &Vicinity,
    draft: &mut Draft,
) -> Result<PrivateDns, Refusal> {
    let desired = dns::desired(site, wanted, vicinity, draft);
    let Some(kept) = standing.kept else { return desired };
    let checked = desired.and_then(|desired| {
        if desired.on && !kept.private_dns {
            dns::names_are_free(site, wanted, &standing.ours(), vicinity)?;
        }
        Ok(desired)
    });
    match checked {
        Ok(desired) => Ok(desired),
        Err(refusal) => {
            draft.block(Some(&site.vpc.id), wanted.short, refusal);
            Ok(PrivateDns { on: kept.private_dns, options: DnsOptions::default(), after: None })
        }
    }
}

/// Who should be able to reach the endpoint.
fn clients(site: &Site, wanted: &Wanted, vicinity: &Vicinity) -> BTreeSet<Rule> {
    if uses_managed_group(wanted.spec) {
        vicinity.group.ingress().clone()
    } else {
        ingress::rules(&[IngressSource::Vpc], site.vpc)
    }
}

/// The groups it should have. The deployment's own is only made where it will be used at once.
fn security_groups(
    site: &Site,
    wanted: &Wanted,
    will_use: bool,
    vicinity: &mut Vicinity,
    draft: &mut Draft,
) -> Result<BTreeSet<SecurityGroupRef>, Refusal> {
    let spec = wanted.spec;
    let named: Vec<&SecurityGroup> = spec
        .security_groups
        .iter()
        .filter_map(|group| find(site, group))
        .collect::<Result<_, _>>()?;
    let mut groups: BTreeSet<_> =
        named.iter().map(|group| SecurityGroupRef::Id(group.id.clone())).collect();
    let managed = usize::from(uses_managed_group(spec));
    if groups.len() + managed > MAX_GROUPS {
        return Err(Refusal::new(
            "too-many-security-groups",
            format!("{} security groups, and AWS allows {MAX_GROUPS}", groups.len() + managed),
        ));
    }
    if managed > 0 {
        let own = if will_use { vicinity.group.reference(draft) } else { vicinity.group.preview() };
        groups.insert(own?);
    } else {
        note_if_closed(site, wanted, &named, draft);
    }
    Ok(groups)
}

/// `None` for the deployment's own group, which is looked after elsewhere.
fn find<'a>(site: &Site<'a>, group: &GroupRef) -> Option<Result<&'a SecurityGroup, Refusal>> {
    let groups = &site.vpc.security_groups;
    let (found, named) = match group {
        GroupRef::Managed => return None,
        GroupRef::Id(id) => (groups.get(id), id.to_string()),
        GroupRef::Name(name) => (groups.values().find(|group| &group.name == name), name.clone()),
    };
    Some(found.ok_or_else(|| {
        let vpc = &site.vpc.id;
        Refusal::new(
            "security-group-not-found",
            format!("there is no security group `{named}` in {vpc}"),
        )
    }))
}

fn note_if_closed(site: &Site, wanted: &Wanted, groups: &[&SecurityGroup], draft: &mut Draft) {
    let clients = ingress::rules(&[IngressSource::Vpc], site.vpc);
    let rules: Vec<&Rule> = groups.iter().flat_map(|group| &group.ingress).collect();
    let out = ingress::kept_out(&clients, &rules);
    if !out.is_empty() {
        let text = format!(
            "{} does not let 443/tcp in from {}",
            select::list(groups.iter().map(|group| &group.id)),
            select::list(out)
        );
        draft.note(Some(&site.vpc.id), wanted.short, "security-group-closed", text);
    }
}
