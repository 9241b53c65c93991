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
    if let Some(asked) = wanted.spec.ip_address_type {
        family_offered(wanted, asked)?;
    }
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
    // Zones of the subnets an endpoint would leave, too.
    let left = kept.into_iter().flat_map(|kept| &kept.subnets);
    for subnet in chosen.values().chain(left).filter_map(|id| site.vpc.subnets.get(id)) {
        draft.zone(&subnet.id, &subnet.zone);
    }
    Ok(chosen)
}

type Dropped = Vec<(&'static str, String)>;

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
                select::some(vpc.subnets.values().map(|s| subnet_in_words(site, s)))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::spec::{Glob, SubnetSelector};
    use crate::plan::action::Verb;
    use crate::plan::testing::{World, account, check_blocked, subnets, world};

    fn chosen(world: &World) -> Vec<String> {
        let plan = world.plan();
        let made = plan.actions.iter().find_map(|action| match &action.verb {
            Verb::CreateEndpoint(made) => Some(made.subnets.iter().map(ToString::to_string)),
            _ => None,
        });
        made.unwrap().collect()
    }

    fn with_second_subnet_in_zone_1() -> World {
        world().want(["logs"]).but(|w| {
            let mut twin = w.subnet("subnet-a").clone();
            twin.id = "subnet-a-twin".into();
            w.vpc().subnets.insert(twin.id.clone(), twin);
        })
    }

    #[test]
    fn one_subnet_per_zone_is_chosen() {
        assert_eq!(chosen(&world().want(["logs"])), ["subnet-a", "subnet-b", "subnet-c"]);
        let all = world().want_with("logs", |spec| spec.subnets = SubnetSelector::All);
        assert_eq!(chosen(&all).len(), 3);
    }

    #[test]
    fn of_several_in_a_zone_the_one_in_use_then_the_roomiest_then_the_first_is_taken() {
        let world = with_second_subnet_in_zone_1();
        assert_eq!(chosen(&world)[0], "subnet-a");
        let roomier = world.clone().but(|w| w.subnet("subnet-a-twin").free_addresses = 201);
        assert_eq!(chosen(&roomier)[0], "subnet-a-twin");
        // Once an endpoint is there, more room elsewhere moves neither it nor the next one.
        let used = world.applied().but(|w| w.subnet("subnet-a").free_addresses = 0);
        assert!(used.plan().actions.is_empty());
        let next = roomier.applied().but(|w| w.subnet("subnet-a").free_addresses = 250);
        assert_eq!(chosen(&next.want(["kms"]))[0], "subnet-a-twin");
    }

    #[test]
    fn zones_without_the_service_or_without_room_are_left_out_and_said() {
        let world = world().want(["email-smtp"]).but(|w| w.subnet("subnet-b").free_addresses = 0);
        assert_eq!(chosen(&world), ["subnet-a"]);
        let codes: Vec<_> = world.plan().notes.into_iter().map(|note| note.code).collect();
        assert_eq!(codes, ["subnet-full", "zone-not-supported"]);
    }

    #[test]
    fn addresses_are_not_promised_twice() {
        let world = world().want(["logs", "kms"]).but(|w| {
            for letter in ["a", "b", "c"] {
                w.subnet(&format!("subnet-{letter}")).free_addresses = 1;
            }
        });
        check_blocked([("subnet-full", world, "subnet-a, subnet-b, subnet-c")]);
    }

    #[test]
    fn a_catalogue_without_zones_restricts_nothing() {
        let world = world().want(["email-smtp"]).but(|w| {
            w.catalogue.offers.iter_mut().for_each(|offer| offer.zones.clear());
        });
        assert_eq!(chosen(&world).len(), 3);
    }

    #[test]
    fn where_no_subnet_will_do_the_reason_says_why() {
        let tags = [("tier".to_owned(), Glob::new("endpoint").unwrap())];
        let dual = |spec: &mut crate::model::spec::EndpointSpec| {
            spec.ip_address_type = Some(IpAddressType::Dualstack);
        };
        check_blocked([
            (
                "no-subnet-matches",
                world().want_with("logs", |s| s.subnets = SubnetSelector::Tags(tags.into())),
                "selects subnets tagged tier=endpoint, and the VPC has subnet-a (euw1-az1, private), ",
            ),
            (
                "no-subnet-matches",
                world().want(["logs"]).but(|w| w.vpc().subnets.clear()),
                "the VPC has no subnets",
            ),
            (
                "no-subnet-matches",
                world()
                    .want_with("logs", |s| s.subnets = SubnetSelector::Ids(subnets(["a"])))
                    .but(|w| w.subnet("subnet-a").owner = account("999988887777")),
                "shared by another account",
            ),
            (
                "no-zone-supported",
                world()
                    .want_with("email-smtp", |s| s.subnets = SubnetSelector::Ids(subnets(["c"]))),
                "offered in euw1-az1, euw1-az2, and the selected subnets are in euw1-az3",
            ),
            (
                "ip-address-type-not-supported",
                world().want_with("logs", |s| s.ip_address_type = Some(IpAddressType::Ipv6)),
                "cannot be reached by ipv6, only by ipv4, dualstack",
            ),
            (
                "ip-address-type-not-supported",
                world().want_with("logs", dual),
                "needs subnets with an IPv4 and an IPv6 range",
            ),
        ]);
    }

    #[test]
    fn a_dualstack_endpoint_goes_into_the_dualstack_subnets() {
        let world = world()
            .want_with("logs", |spec| spec.ip_address_type = Some(IpAddressType::Dualstack))
            .but(|w| w.subnet("subnet-b").ipv6 = Some("2001:db8::/64".parse().unwrap()));
        assert_eq!(chosen(&world), ["subnet-b"]);
    }

    #[test]
    fn the_zones_of_the_subnets_in_the_plan_are_told() {
        let plan = world().want(["logs"]).plan();
        let zones: Vec<_> = plan.zones.values().map(ZoneId::as_str).collect();
        assert_eq!(zones, ["euw1-az1", "euw1-az2", "euw1-az3"]);
    }
}
