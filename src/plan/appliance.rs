//! Gateway Load Balancer endpoints: one subnet that can never be changed, no security group, no
//! private DNS, no policy
//! (<https://docs.aws.amazon.com/vpc/latest/privatelink/gateway-load-balancer-endpoints.html>).

use std::collections::{BTreeMap, BTreeSet};

use crate::ids::{SubnetId, ZoneId};
use crate::model::endpoint::DnsOptions;
use crate::model::observed::Endpoint;
use crate::plan::action::DesiredEndpoint;
use crate::plan::draft::{Draft, Rank, Refusal};
use crate::plan::service::Wanted;
use crate::plan::standing::Standing;
use crate::plan::target::{Site, Vicinity};
use crate::plan::{adopt, diff, foreign, placing, policy, select, tags};

/// Plans one Gateway Load Balancer endpoint in one VPC.
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
    if wanted.spec.private_dns == Some(true) {
        return Err(Refusal::new(
            "no-private-dns-name",
            "a Gateway Load Balancer endpoint has no private DNS: set private_dns = false",
        ));
    }
    let zones = placing::choose(site, wanted, standing.kept, vicinity, draft)?;
    let (zone, subnet) = the_one(&zones, standing.kept)?;
    if standing.kept.is_none() {
        if let Some(other) = standing.others.iter().find(|other| is_in_zone(site, other, &zone)) {
            return already_there(site, wanted, other, &standing, draft);
        }
        if zones.len() > 1 {
            let text = format!(
                "has one subnet only: {subnet} in {zone} of {}",
                select::list(zones.keys())
            );
            draft.note(Some(&site.vpc.id), wanted.short, "one-subnet", text);
        }
        vicinity.free.entry(subnet.clone()).and_modify(|free| *free = free.saturating_sub(1));
    }
    let desired = DesiredEndpoint {
        key,
        subnets: BTreeSet::from([subnet]),
        security_groups: BTreeSet::new(),
        route_tables: BTreeSet::new(),
        private_dns: false,
        ip_address_type: wanted.spec.ip_address_type,
        dns: DnsOptions::default(),
        policy,
        tags: tags::of_endpoint(site, wanted),
    };
    let none = BTreeSet::new();
    diff::settle(site, wanted, desired, &standing, Rank::Interface, none, draft)?;
    Ok(())
}

/// The subnet in use, where there is one; else that of the first zone.
fn the_one(
    zones: &BTreeMap<ZoneId, SubnetId>,
    kept: Option<&Endpoint>,
) -> Result<(ZoneId, SubnetId), Refusal> {
    let in_use = |id: &SubnetId| kept.is_none_or(|kept| kept.subnets.contains(id));
    let found = zones.iter().find(|(_, subnet)| in_use(subnet));
    found.map(|(zone, subnet)| (zone.clone(), subnet.clone())).ok_or_else(|| {
        let (id, there) = kept.map_or_else(Default::default, |kept| {
            (kept.id.to_string(), select::list(&kept.subnets))
        });
        Refusal::new(
            "cannot-change-in-place",
            format!(
                "{id} is in {there}, which is not among the selected subnets, and its subnet can never be changed: delete it to have it made anew"
            ),
        )
    })
}

fn is_in_zone(site: &Site, other: &Endpoint, zone: &ZoneId) -> bool {
    other.subnets.iter().filter_map(|id| site.vpc.subnets.get(id)).any(|s| &s.zone == zone)
}

/// AWS allows one endpoint per zone and service, so another's is either good enough or in the way.
fn already_there(
    site: &Site,
    wanted: &Wanted,
    other: &Endpoint,
    standing: &Standing,
    draft: &mut Draft,
) -> Result<(), Refusal> {
    if let Some(lack) = foreign::state_lacks(other) {
        return Err(foreign::in_the_way(other, &[lack]));
    }
    foreign::note_satisfied(site, wanted, other, "", draft);
    standing.delete_spare(wanted.short, draft);
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::model::endpoint::{EndpointKind, EndpointState};
    use crate::model::spec::SubnetSelector;
    use crate::plan::action::Verb;
    use crate::plan::testing::{
        APPLIANCE, World, check_blocked, gist, restrictive, subnets, world,
    };

    fn codes(world: &World) -> Vec<String> {
        gist(&world.plan()).iter().map(|line| line.replace(APPLIANCE, "gwlb")).collect()
    }

    #[test]
    fn it_has_one_subnet_and_nothing_else() {
        let plan = world().want([APPLIANCE]).plan();
        let Verb::CreateEndpoint(made) = &plan.actions[0].verb else { panic!("{plan:?}") };
        assert_eq!(made.subnets, subnets(["a"]));
        assert!(made.security_groups.is_empty() && !made.private_dns && made.policy.is_none());
        assert!(world().want([APPLIANCE]).applied().plan().is_in_sync());
    }

    #[test]
    fn its_subnet_stays_and_cannot_be_changed() {
        let there = world().want([APPLIANCE]).applied();
        let stays = there.clone().but(|w| w.endpoint(APPLIANCE).subnets = subnets(["b"]));
        assert!(stays.plan().is_in_sync());
        let elsewhere = there.but(|w| {
            w.settings.endpoints[0].subnets = SubnetSelector::Ids(subnets(["c"]));
        });
        check_blocked([("cannot-change-in-place", elsewhere, "can never be changed")]);
    }

    #[test]
    fn it_takes_no_policy_and_no_private_dns() {
        check_blocked([
            (
                "policy-not-supported",
                world().want_with(APPLIANCE, |spec| spec.policy = restrictive().into()),
                "leave `policy` out",
            ),
            (
                "no-private-dns-name",
                world().want_with(APPLIANCE, |spec| spec.private_dns = Some(true)),
                "private_dns = false",
            ),
        ]);
    }

    #[test]
    fn anothers_in_the_same_zone_is_enough_or_in_the_way() {
        let with = |zone: &'static str, state: EndpointState| {
            world().want([APPLIANCE]).but(|w| {
                let other = w.add_foreign(APPLIANCE, EndpointKind::GatewayLoadBalancer);
                other.subnets = subnets([zone]);
                other.state = state;
            })
        };
        assert_eq!(codes(&with("a", EndpointState::Available)), [". gwlb: satisfied-by-foreign"]);
        assert_eq!(codes(&with("a", EndpointState::Rejected)), ["! gwlb: foreign-in-the-way"]);
        assert_eq!(codes(&with("b", EndpointState::Available))[0], "+ gwlb");
    }
}
