//! Where network interfaces go: one subnet per zone the service supports, sticky to what exists.

use std::collections::BTreeMap;

use crate::ids::{SubnetId, ZoneId};
use crate::model::endpoint::IpAddressType;
use crate::model::network::Subnet;
use crate::model::observed::Endpoint;
use crate::plan::draft::{Draft, Refusal};
use crate::plan::select;
use crate::plan::service::Wanted;
use crate::plan::target::{Site, Vicinity};

/// Chooses the subnets of an endpoint; never none. Of several in one zone the one already in use by
/// this endpoint is taken, then one that our other endpoints use, then the one with the most free
/// addresses, then the first by id: so the next run chooses the same.
pub(super) fn choose(
    site: &Site,
    wanted: &Wanted,
    kept: Option<&Endpoint>,
    vicinity: &Vicinity,
    draft: &mut Draft,
) -> Result<BTreeMap<ZoneId, SubnetId>, Refusal> {
    let family = wanted.spec.ip_address_type.or(kept.and_then(|kept| kept.ip_address_type));
    supports_family(wanted, wanted.spec.ip_address_type)?;
    let matching = matching(site, wanted)?;
    let mut zones: BTreeMap<&ZoneId, Vec<&Subnet>> = BTreeMap::new();
    for subnet in matching {
        zones.entry(&subnet.zone).or_default().push(subnet);
    }
    let mut dropped = Vec::new();
    only_supported_zones(&mut zones, wanted, &mut dropped)?;
    only_of_family(&mut zones, family, &mut dropped)?;
    let chosen = one_per_zone(&zones, kept, family, vicinity, &mut dropped)?;
    for (code, text) in dropped {
        draft.note(Some(&site.vpc.id), wanted.short, code, text);
    }
    for subnets in zones.values().flatten() {
        draft.zone(&subnets.id, &subnets.zone);
    }
    // Zones of subnets that will be left, too.
    for subnet in kept.into_iter().flat_map(|kept| &kept.subnets) {
        if let Some(subnet) = site.vpc.subnets.get(subnet) {
            draft.zone(&subnet.id, &subnet.zone);
        }
    }
    Ok(chosen)
}

type Dropped = Vec<(&'static str, String)>;

fn supports_family(wanted: &Wanted, asked: Option<IpAddressType>) -> Result<(), Refusal> {
    match asked {
        Some(asked) => family_offered(wanted, asked),
        None => Ok(()),
    }
}

/// Whether the service can be reached by this type of address; one of which AWS names no types is
/// reached by IPv4.
pub(super) fn family_offered(wanted: &Wanted, asked: IpAddressType) -> Result<(), Refusal> {
    let types = &wanted.offer.ip_address_types;
    if types.contains(&asked) || (types.is_empty() && asked == IpAddressType::Ipv4) {
        return Ok(());
    }
    let (short, offered) =
        (wanted.short, if types.is_empty() { "ipv4".to_owned() } else { select::list(types) });
    Err(Refusal::new(
        "ip-address-type-not-supported",
        format!("`{short}` cannot be reached by {asked}, only by {offered}"),
    ))
}

fn matching<'a>(site: &Site<'a>, wanted: &Wanted) -> Result<Vec<&'a Subnet>, Refusal> {
    let vpc = site.vpc;
    let words = select::subnets_in_words(&wanted.spec.subnets);
    let all = select::subnets(&wanted.spec.subnets, vpc);
    if all.is_empty() {
        let there = match vpc.subnets.len() {
            0 => "the VPC has no subnets".to_owned(),
            _ => format!(
                "the VPC has {}",
                select::list(vpc.subnets.values().map(|s| subnet_in_words(site, s)))
            ),
        };
        return Err(Refusal::new(
            "no-subnet-matches",
            format!("`subnets` selects {words}, and {there}"),
        ));
    }
    let own: Vec<_> = all.into_iter().filter(|s| s.owner == site.target.account).collect();
    if own.is_empty() {
        return Err(Refusal::new(
            "no-subnet-matches",
            format!(
                "`subnets` selects {words}, and those are shared by another account: no endpoint can be made in them"
            ),
        ));
    }
    Ok(own)
}

fn subnet_in_words(site: &Site, subnet: &Subnet) -> String {
    let kind = if site.vpc.is_private(&subnet.id) { "private" } else { "public" };
    format!("{} ({}, {kind})", subnet.id, subnet.zone)
}

fn only_supported_zones(
    zones: &mut BTreeMap<&ZoneId, Vec<&Subnet>>,
    wanted: &Wanted,
    dropped: &mut Dropped,
) -> Result<(), Refusal> {
    let offered = &wanted.offer.zones;
    if offered.is_empty() {
        return Ok(());
    }
    let there = select::list(zones.keys());
    for (zone, subnets) in zones.iter().filter(|(zone, _)| !offered.contains(**zone)) {
        let subnets = select::list(subnets.iter().map(|subnet| &subnet.id));
        dropped.push(("zone-not-supported", format!("not offered in {zone}, left out: {subnets}")));
    }
    zones.retain(|zone, _| offered.contains(*zone));
    if zones.is_empty() {
        let offered = select::list(offered);
        return Err(Refusal::new(
            "no-zone-supported",
            format!("offered in {offered}, and the selected subnets are in {there}"),
        ));
    }
    Ok(())
}

/// `ipv4` needs IPv4 in every subnet, `dualstack` both, `ipv6` subnets with IPv6 alone
/// (<https://docs.aws.amazon.com/vpc/latest/privatelink/create-interface-endpoint.html>).
fn only_of_family(
    zones: &mut BTreeMap<&ZoneId, Vec<&Subnet>>,
    family: Option<IpAddressType>,
    dropped: &mut Dropped,
) -> Result<(), Refusal> {
    let family = family.unwrap_or(IpAddressType::Ipv4);
    let fits = |subnet: &Subnet| match family {
        IpAddressType::Ipv4 => subnet.ipv4.is_some(),
        IpAddressType::Dualstack => subnet.ipv4.is_some() && subnet.ipv6.is_some(),
        IpAddressType::Ipv6 => subnet.ipv4.is_none() && subnet.ipv6.is_some(),
    };
    let needs = match family {
        IpAddressType::Ipv4 => "an IPv4 range",
        IpAddressType::Dualstack => "an IPv4 and an IPv6 range",
        IpAddressType::Ipv6 => "an IPv6 range and no IPv4 range",
    };
    for subnets in zones.values_mut() {
        subnets.retain(|subnet| fits(subnet));
    }
    let unfit: Vec<_> = zones.iter().filter(|(_, s)| s.is_empty()).map(|(zone, _)| *zone).collect();
    zones.retain(|_, subnets| !subnets.is_empty());
    if zones.is_empty() {
        return Err(Refusal::new(
            "ip-address-type-not-supported",
            format!("{family} needs subnets with {needs}, and no selected subnet has that"),
        ));
    }
    for zone in unfit {
        let text = format!("{zone} left out: {family} needs a subnet with {needs}");
        dropped.push(("ip-address-type-not-supported", text));
    }
    Ok(())
}

fn one_per_zone(
    zones: &BTreeMap<&ZoneId, Vec<&Subnet>>,
    kept: Option<&Endpoint>,
    family: Option<IpAddressType>,
    vicinity: &Vicinity,
    dropped: &mut Dropped,
) -> Result<BTreeMap<ZoneId, SubnetId>, Refusal> {
    let sticky = |id: &SubnetId| kept.is_some_and(|kept| kept.subnets.contains(id));
    // The count AWS gives is of IPv4 addresses.
    let has_room = |id: &SubnetId| {
        family == Some(IpAddressType::Ipv6) || vicinity.free.get(id).is_some_and(|free| *free > 0)
    };
    let mut chosen = BTreeMap::new();
    let mut full = Vec::new();
    for (zone, subnets) in zones {
        let best = subnets
            .iter()
            .filter(|subnet| sticky(&subnet.id) || has_room(&subnet.id))
            .max_by(|one, other| {
                let rank =
                    |s: &Subnet| (sticky(&s.id), vicinity.in_use.contains(&s.id), s.free_addresses);
                rank(one).cmp(&rank(other)).then(other.id.cmp(&one.id))
            });
        match best {
            Some(subnet) => {
                chosen.insert((*zone).clone(), subnet.id.clone());
            }
            None => full.push((*zone, select::list(subnets.iter().map(|subnet| &subnet.id)))),
        }
    }
    if chosen.is_empty() {
        let full = select::list(full.iter().map(|(_, subnets)| subnets));
        return Err(Refusal::new("subnet-full", format!("no free address is left in {full}")));
    }
    for (zone, subnets) in full {
        dropped.push((
            "subnet-full",
            format!("{zone} left out: no free address is left in {subnets}"),
        ));
    }
    Ok(chosen)
}
