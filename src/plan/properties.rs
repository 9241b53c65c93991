//! What holds in every world: the plan is sound, leads where it says, and touches nothing of others.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::action::Verb;
use super::aim::{Adoption, Aim, Changes, Kind, Mode, Purpose};
use super::sparing;
use super::testing::{APPLIANCE, PARTNER, World, account, restrictive, world};
use crate::ids::{EndpointId, RouteTableId, SubnetId};
use crate::model::endpoint::{EndpointKind, EndpointState, IpAddressType, OWNER_TAG, Tags};
use crate::model::network::{Peer, Rule};
use crate::model::observed::Endpoint;
use crate::model::spec::{GroupRef, IngressSource, RouteTableSelector, SubnetSelector};

const SERVICES: [(&str, EndpointKind); 10] = [
    ("logs", EndpointKind::Interface),
    ("kms", EndpointKind::Interface),
    ("email-smtp", EndpointKind::Interface),
    ("transfer.server", EndpointKind::Interface),
    ("s3", EndpointKind::Gateway),
    ("s3", EndpointKind::Interface),
    ("dynamodb", EndpointKind::Gateway),
    ("dynamodb", EndpointKind::Interface),
    (PARTNER, EndpointKind::Interface),
    (APPLIANCE, EndpointKind::GatewayLoadBalancer),
];

/// One entry of accounts.toml.
#[derive(Debug, Clone)]
struct Entry {
    service: usize,
    private_dns: Option<bool>,
    ip_address_type: Option<IpAddressType>,
    subnets: u8,
    tables: u8,
    restrictive: bool,
    open_group: bool,
}

/// One endpoint that is there.
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
#[derive(Debug, Clone)]
struct There {
    service: usize,
    ours: bool,
    requester_managed: bool,
    state: u8,
    places: u8,
    private_dns: bool,
    restrictive: bool,
    named: bool,
    created: i64,
}

/// What the account is like.
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
#[derive(Debug, Clone)]
struct Surroundings {
    dns_support: bool,
    dns_hostnames: bool,
    fix_vpc_dns: bool,
    shared_subnet: bool,
    full: u8,
    ipv6: u8,
    wide_ingress: bool,
    group: u8,
    second_vpc: bool,
}

fn entry() -> impl Strategy<Value = Entry> {
    let family = prop::sample::select(vec![
        None,
        None,
        Some(IpAddressType::Ipv4),
        Some(IpAddressType::Dualstack),
    ]);
    (
        0..SERVICES.len(),
        any::<Option<bool>>(),
        family,
        0..4_u8,
        0..4_u8,
        prop::bool::weighted(0.2),
        prop::bool::weighted(0.2),
    )
        .prop_map(
            |(service, private_dns, ip_address_type, subnets, tables, restrictive, open_group)| {
                Entry {
                    service,
                    private_dns,
                    ip_address_type,
                    subnets,
                    tables,
                    restrictive,
                    open_group,
                }
            },
        )
}

fn there() -> impl Strategy<Value = There> {
    (
        (0..SERVICES.len(), any::<bool>(), prop::bool::weighted(0.1)),
        (0..16_u8, any::<u8>(), any::<bool>()),
        (prop::bool::weighted(0.2), any::<bool>(), 0..5_i64),
    )
        .prop_map(
            |(
                (service, ours, requester_managed),
                (state, places, private_dns),
                (restrictive, named, created),
            )| There {
                service,
                ours,
                requester_managed,
                state,
                places,
                private_dns,
                restrictive,
                named,
                created,
            },
        )
}

fn surroundings() -> impl Strategy<Value = Surroundings> {
    (
        (prop::bool::weighted(0.9), prop::bool::weighted(0.9), prop::bool::weighted(0.2)),
        (any::<u8>(), any::<u8>(), any::<bool>(), 0..4_u8, prop::bool::weighted(0.2)),
        any::<bool>(),
    )
        .prop_map(
            |(
                (dns_support, dns_hostnames, shared_subnet),
                (full, ipv6, wide_ingress, group, second_vpc),
                fix_vpc_dns,
            )| Surroundings {
                dns_support,
                dns_hostnames,
                fix_vpc_dns,
                shared_subnet,
                full,
                ipv6,
                wide_ingress,
                group,
                second_vpc,
            },
        )
}

fn state(number: u8) -> EndpointState {
    match number {
        0 => EndpointState::PendingAcceptance,
        1 | 2 => EndpointState::Pending,
        3 => EndpointState::Deleting,
        4 => EndpointState::Failed,
        5 => EndpointState::Rejected,
        6 => EndpointState::Unknown("odd".into()),
        _ => EndpointState::Available,
    }
}

fn build(entries: &[Entry], endpoints: &[There], around: &Surroundings) -> World {
    let mut world = world();
    lay_out(&mut world, around);
    let mut told = BTreeSet::new();
    for entry in entries.iter().filter(|entry| told.insert(entry.service)) {
        let (service, kind) = &SERVICES[entry.service];
        world = world.want_with(service, |spec| {
            spec.kind = Some(kind.clone());
            spec.private_dns = entry.private_dns;
            spec.ip_address_type = entry.ip_address_type;
            if entry.restrictive {
                spec.policy = restrictive().into();
            }
            if entry.open_group {
                spec.security_groups = vec![GroupRef::Name("open".into())];
            }
            spec.subnets = match entry.subnets {
                0 => SubnetSelector::All,
                1 => SubnetSelector::Ids(["subnet-a".into(), "subnet-public-b".into()].into()),
                _ => SubnetSelector::Private,
            };
            spec.route_tables = match entry.tables {
                0 => RouteTableSelector::All,
                1 => RouteTableSelector::Main,
                _ => RouteTableSelector::Private,
            };
        });
    }
    for there in endpoints {
        place(&mut world, there);
    }
    world
}

fn lay_out(world: &mut World, around: &Surroundings) {
    world.add_foreign("ecr.api", EndpointKind::Interface);
    world.settings.fix_vpc_dns = around.fix_vpc_dns;
    world.settings.tags.insert("team".into(), "net".into());
    if around.wide_ingress {
        let wide = IngressSource::Cidr("10.0.0.0/8".parse().unwrap());
        world.settings.security_group.ingress.push(wide);
    }
    if around.group > 0 {
        let mut group = world.vpc().security_groups[&"sg-open".into()].clone();
        group.id = "sg-found".into();
        group.name = "linkwalk-endpoints".into();
        if around.group > 1 {
            group.tags.insert(OWNER_TAG.into(), "privatelink".into());
        }
        group.ingress.insert(Rule::https_from(Peer::PrefixList("pl-1".into())));
        world.vpc().security_groups.insert(group.id.clone(), group);
    }
    let vpc = world.vpc();
    (vpc.dns_support, vpc.dns_hostnames) = (around.dns_support, around.dns_hostnames);
    for (at, subnet) in vpc.subnets.values_mut().enumerate() {
        if around.full & (1 << at) != 0 {
            subnet.free_addresses = u32::try_from(at % 3).unwrap();
        }
        if around.ipv6 & (1 << at) != 0 {
            subnet.ipv6 = Some("2001:db8::/64".parse().unwrap());
        }
    }
    if around.shared_subnet {
        world.subnet("subnet-b").owner = account("999988887777");
    }
    if around.second_vpc {
        world.add_vpc("vpc-2");
        world.vpc().owner = account("999988887777");
    }
}

/// Puts an endpoint there, as far as AWS would have let it come about.
fn place(world: &mut World, there: &There) {
    let (service, kind) = &SERVICES[there.service];
    let alive = |e: &Endpoint| !matches!(e.state, EndpointState::Failed | EndpointState::Rejected);
    let id = EndpointId::new(format!("vpce-there{}", world.observed.endpoints.len()));
    let mut endpoint = world.add_foreign(service, kind.clone()).clone();
    world.observed.endpoints.remove(&endpoint.id);
    endpoint.id = id;
    endpoint.state = state(there.state);
    endpoint.requester_managed = there.requester_managed;
    endpoint.created = there.created;
    let others: Vec<Endpoint> = world.observed.endpoints.values().cloned().collect();
    let of_service = |other: &&Endpoint| other.key.service == endpoint.key.service && alive(other);
    let has_names = *kind == EndpointKind::Interface && !matches!(*service, "dynamodb" | PARTNER);
    let dns =
        has_names && there.private_dns && !others.iter().filter(of_service).any(|o| o.private_dns);
    let held: BTreeSet<RouteTableId> =
        others.iter().filter(of_service).flat_map(|other| other.route_tables.clone()).collect();
    endpoint.private_dns = dns;
    endpoint.route_tables.retain(|table| !held.contains(table));
    let mut zones = BTreeSet::new();
    let vpc = world.vpc();
    let own: Vec<SubnetId> = vpc
        .subnets
        .values()
        .enumerate()
        .filter(|(at, subnet)| there.places & (1 << at) != 0 && subnet.owner == vpc.owner)
        .filter(|(_, subnet)| zones.insert(subnet.zone.clone()))
        .map(|(_, subnet)| subnet.id.clone())
        .collect();
    if *kind != EndpointKind::Gateway {
        endpoint.subnets = own.into_iter().collect();
    }
    if *kind == EndpointKind::GatewayLoadBalancer {
        endpoint.subnets = endpoint.subnets.into_iter().take(1).collect();
    }
    if there.restrictive {
        endpoint.policy = Some(restrictive());
    }
    if there.ours {
        endpoint.tags.insert(OWNER_TAG.into(), "privatelink".into());
    }
    if there.named {
        endpoint.tags.insert("Name".into(), "something".into());
    }
    world.observed.endpoints.insert(endpoint.id.clone(), endpoint);
}

/// Any world: entries of the file, what is there, what the account is like.
pub(crate) fn any_world() -> impl Strategy<Value = World> {
    let entries = prop::collection::vec(entry(), 0..8);
    let endpoints = prop::collection::vec(there(), 0..8);
    (entries, endpoints, surroundings())
        .prop_map(|(entries, endpoints, around)| build(&entries, &endpoints, &around))
}

/// What no action may name: others' endpoints and what is shared.
fn untouchable(world: &World) -> Vec<String> {
    let target = &world.target.account;
    let foreign = world
        .observed
        .endpoints
        .values()
        .filter(|e| e.requester_managed || !e.tags.contains_key(OWNER_TAG))
        .map(|endpoint| endpoint.id.to_string());
    let vpcs = world.observed.vpcs.values();
    let shared = vpcs.clone().filter(|vpc| &vpc.owner != target).map(|vpc| vpc.id.to_string());
    let subnets = vpcs
        .flat_map(|vpc| vpc.subnets.values())
        .filter(|subnet| &subnet.owner != target)
        .map(|subnet| subnet.id.to_string());
    foreign.chain(shared).chain(subnets).collect()
}

fn changes() -> impl Strategy<Value = Changes> {
    let kinds = prop::sample::subsequence(Kind::ALL.to_vec(), 0..=Kind::ALL.len());
    let adopt = prop::sample::select(vec![Adoption::No, Adoption::Tag, Adoption::Repair]);
    (prop::sample::select(Mode::ALL.to_vec()), prop::option::of(kinds), adopt).prop_map(
        |(mode, only, adopt)| {
            let only = only.unwrap_or_default().into_iter().collect();
            Changes { mode, only, adopt }
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_plan_is_sound_leaves_others_alone_and_leaves_nothing_for_the_next(
        entries in prop::collection::vec(entry(), 0..8),
        endpoints in prop::collection::vec(there(), 0..8),
        around in surroundings(),
    ) {
        let mut world = build(&entries, &endpoints, &around);
        // Making a plan checks its invariants, and that it is the same every time.
        let plan = world.plan();
        let actions = serde_json::to_string(&plan.actions).unwrap();
        for id in untouchable(&world) {
            let quoted = format!("\"{id}\"");
            prop_assert!(!actions.contains(&quoted), "{id} is named: {actions}");
        }
        world.apply(&plan);
        let next = world.plan();
        prop_assert!(next.actions.is_empty(), "left to do: {:#?}\nafter {plan:#?}", next.actions);
    }

    #[test]
    fn whatever_is_allowed_of_a_plan_is_sound_and_leaves_nothing_for_the_same_again(
        entries in prop::collection::vec(entry(), 0..8),
        endpoints in prop::collection::vec(there(), 0..8),
        around in surroundings(),
        changes in changes(),
    ) {
        let mut world = build(&entries, &endpoints, &around);
        let before = world.clone();
        let aim = Aim { purpose: Purpose::Converge(changes.clone()), ..Aim::default() };
        let plan = world.plan_for(&aim, None);
        let adopted: BTreeSet<String> = plan
            .actions
            .iter()
            .filter_map(|action| match &action.verb {
                Verb::Adopt { resource, .. } => Some(resource.clone()),
                _ => None,
            })
            .collect();
        let actions = serde_json::to_string(&plan.actions).unwrap();
        for id in untouchable(&world).iter().filter(|id| !adopted.contains(*id)) {
            let quoted = format!("\"{id}\"");
            prop_assert!(!actions.contains(&quoted), "{id} is named: {actions}");
        }
        world.apply(&plan);
        if changes.adopt == Adoption::Tag {
            for id in adopted.iter().map(|id| EndpointId::new(id.as_str())) {
                if let Some(was) = before.observed.endpoints.get(&id) {
                    let tags = world.observed.endpoints[&id].tags.clone();
                    let tagged = Endpoint { tags, ..was.clone() };
                    prop_assert_eq!(&world.observed.endpoints[&id], &tagged, "only its tags");
                }
            }
        }
        let mut next = sparing(world.plan_for(&aim, None), &adopted);
        if changes.adopt != Adoption::No {
            // What was adopted can make something else unneeded, which only then is seen to be ours.
            world.apply(&next);
            next = sparing(world.plan_for(&aim, None), &adopted);
        }
        prop_assert!(next.actions.is_empty(), "left to do: {:#?}\nafter {plan:#?}", next.actions);
    }

    #[test]
    fn destroy_takes_all_of_ours_and_nothing_else(
        entries in prop::collection::vec(entry(), 0..8),
        endpoints in prop::collection::vec(there(), 0..8),
        around in surroundings(),
    ) {
        let mut world = build(&entries, &endpoints, &around);
        world.apply(&world.plan());
        let before = world.clone();
        let aim = Aim { purpose: Purpose::Destroy, ..Aim::default() };
        let plan = world.plan_for(&aim, None);
        world.apply(&plan);
        prop_assert!(world.plan_for(&aim, None).actions.is_empty());
        let is_ours = |tags: &Tags| tags.contains_key(OWNER_TAG);
        for endpoint in world.observed.endpoints.values() {
            let shared = world.observed.vpcs[&endpoint.key.vpc].owner != world.target.account;
            let leaving = endpoint.state == EndpointState::Deleting;
            let stays = endpoint.requester_managed || leaving || shared;
            prop_assert!(stays || !is_ours(&endpoint.tags), "{endpoint:#?}");
        }
        for (id, endpoint) in &before.observed.endpoints {
            if endpoint.requester_managed || !is_ours(&endpoint.tags) {
                prop_assert_eq!(world.observed.endpoints.get(id), Some(endpoint));
            }
        }
        for (id, vpc) in &before.observed.vpcs {
            let there = &world.observed.vpcs[id];
            for (id, group) in &vpc.security_groups {
                let kept = there.security_groups.get(id);
                prop_assert!(kept == Some(group) || (kept.is_none() && is_ours(&group.tags)));
            }
        }
    }
}
