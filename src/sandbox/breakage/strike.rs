//! The rarer ways: states, groups, route tables, whole VPCs and accounts.

use std::net::Ipv4Addr;

use ipnet::Ipv4Net;

use super::Breakage;
use crate::sandbox::catalogue::prefix_list_of;
use crate::sandbox::world::endpoint::{Endpoint, Kind, Settle, State, Then};
use crate::sandbox::world::network::{Destination, Route, Target};
use crate::sandbox::world::region::Region;
use crate::sandbox::world::security_group::{Peer, Rule};
use crate::sandbox::world::{Tags, World};

/// Whether an endpoint can be broken in one of these ways.
pub(super) fn fits(way: Breakage, endpoint: &Endpoint) -> bool {
    let interface = endpoint.kind == Kind::Interface;
    match way {
        Breakage::RemoveRouteTable | Breakage::AddRouteTable | Breakage::NewRouteTable => {
            endpoint.kind == Kind::Gateway
        }
        Breakage::MoveSubnet
        | Breakage::NewZone
        | Breakage::SwapGroup
        | Breakage::DeleteGroup
        | Breakage::RemoveRule
        | Breakage::AddRule
        | Breakage::ChangeIpType
        | Breakage::ChangeDnsOptions
        | Breakage::Hijack
        | Breakage::Stray => interface && !endpoint.groups.is_empty(),
        Breakage::Twin | Breakage::VpcDnsOff | Breakage::Leave => interface && endpoint.private_dns,
        Breakage::ChangeTag => true,
        _ => endpoint.state == State::Available,
    }
}

/// Breaks it; answers with what was done.
pub(super) fn more(state: &mut Region, way: Breakage, id: &str, key: &str) -> Option<String> {
    let service = state.endpoints.get(id)?.service.clone();
    let what = match way {
        Breakage::FailEndpoint
        | Breakage::RejectEndpoint
        | Breakage::ExpireEndpoint
        | Breakage::StartDeleting
        | Breakage::StickPending
        | Breakage::AwaitAcceptance => Some(put_into_state(state.endpoints.get_mut(id)?, way)),
        Breakage::MoveSubnet | Breakage::NewZone => place(state, way, id),
        Breakage::SwapGroup | Breakage::DeleteGroup | Breakage::RemoveRule | Breakage::AddRule => {
            group(state, way, id)
        }
        Breakage::RemoveRouteTable | Breakage::AddRouteTable | Breakage::NewRouteTable => {
            route_table(state, way, id)
        }
        Breakage::ChangeIpType => {
            "dualstack".clone_into(&mut state.endpoints.get_mut(id)?.ip_type);
            Some("changed the IP address type to dualstack".to_owned())
        }
        Breakage::ChangeDnsOptions => {
            let record_type = &mut state.endpoints.get_mut(id)?.dns_record_type;
            "service-defined".clone_into(record_type);
            Some("changed the DNS records to service-defined".to_owned())
        }
        Breakage::ChangeTag => {
            let tags = state.tags.get_mut(id)?;
            tags.insert("Name".to_owned(), "by hand".to_owned());
            Some("changed the tag Name".to_owned())
        }
        Breakage::VpcDnsOff => {
            let vpc = state.endpoints.get(id)?.vpc.clone();
            state.vpcs.get_mut(&vpc)?.dns_hostnames = false;
            Some(format!("turned off DNS host names of {vpc}"))
        }
        Breakage::Hijack => {
            state.tags.get_mut(id)?.remove(key)?;
            let endpoint = state.endpoints.get_mut(id)?;
            endpoint.policy = endpoint.policy.take().map(|held| held.replace("Allow", "Deny"));
            Some(format!("removed the tag {key} and changed the policy to deny"))
        }
        Breakage::Twin => copy(state, id, None),
        Breakage::Leave => {
            let other = service.rsplit_once('.')?.0.split(".ecr").next()?.to_owned() + ".sqs";
            copy(state, id, Some(other))
        }
        Breakage::NewVpc => new_vpc(state, id),
        Breakage::WipeAccount => wipe(state, id, key),
        _ => None,
    }?;
    Some(format!("{what} of {id} ({service})"))
}

fn put_into_state(endpoint: &mut Endpoint, way: Breakage) -> String {
    endpoint.settle = None;
    endpoint.state = match way {
        Breakage::FailEndpoint => {
            let text = "The endpoint could not be created because of an internal error.";
            endpoint.error = Some(("InternalError".to_owned(), text.to_owned()));
            State::Failed
        }
        Breakage::RejectEndpoint => State::Rejected,
        Breakage::ExpireEndpoint => State::Expired,
        Breakage::StartDeleting => {
            // A quarter of an hour after the world next moves.
            endpoint.settle = Some(Settle { at: -900_000, then: Then::Gone });
            State::Deleting
        }
        Breakage::StickPending => {
            endpoint.created = 1_700_000_000_000;
            State::Pending
        }
        _ => State::PendingAcceptance,
    };
    format!("changed the state to {}", endpoint.state)
}

fn place(state: &mut Region, way: Breakage, id: &str) -> Option<String> {
    let endpoint = state.endpoints.get(id)?.clone();
    let held = state.subnets.get(endpoint.subnets.last()?)?.clone();
    if way == Breakage::NewZone {
        // The zone is as new as the subnet, if nobody is in it: all endpoints leave it.
        let in_zone = |state: &Region, id: &String| {
            state.subnets.get(id).is_some_and(|subnet| subnet.zone == held.zone)
        };
        let all: Vec<String> = state.endpoints.keys().cloned().collect();
        for one in all {
            let leaving: Vec<String> = state
                .endpoints
                .get(&one)
                .filter(|other| other.vpc == endpoint.vpc)
                .into_iter()
                .flat_map(|other| &other.subnets)
                .filter(|id| in_zone(state, id))
                .cloned()
                .collect();
            for subnet in leaving {
                leave_subnet(state, &one, &subnet)?;
            }
        }
        return Some(format!("opened the zone {} beside those", held.zone));
    }
    let other = state
        .subnets
        .values()
        .find(|other| other.vpc == held.vpc && other.zone == held.zone && other.id != held.id)?;
    let other = other.id.clone();
    leave_subnet(state, id, &held.id)?;
    let made = state.add_interface(&other, &endpoint.groups, id, "vpc_endpoint", None)?;
    let endpoint = state.endpoints.get_mut(id)?;
    endpoint.subnets.push(other.clone());
    endpoint.interfaces.push(made);
    Some(format!("put {other} in the place of {}", held.id))
}

fn leave_subnet(state: &mut Region, id: &str, subnet: &str) -> Option<()> {
    let endpoint = state.endpoints.get_mut(id)?;
    endpoint.subnets.retain(|held| held != subnet);
    let interfaces = &mut state.interfaces;
    endpoint.interfaces.retain(|held| {
        let there = interfaces.get(held).is_some_and(|interface| interface.subnet == subnet);
        if there {
            interfaces.remove(held);
        }
        !there
    });
    Some(())
}

fn group(state: &mut Region, way: Breakage, id: &str) -> Option<String> {
    let endpoint = state.endpoints.get(id)?.clone();
    let group = endpoint.groups.first()?.clone();
    let default = state
        .security_groups
        .values()
        .find(|group| group.vpc == endpoint.vpc && group.name == "default")?
        .id
        .clone();
    match way {
        Breakage::SwapGroup => {
            state.endpoints.get_mut(id)?.groups = vec![default.clone()];
            Some(format!("put {default} in the place of {group}"))
        }
        Breakage::DeleteGroup => {
            for other in state.endpoints.values_mut().filter(|one| one.groups.contains(&group)) {
                other.groups = vec![default.clone()];
            }
            state.security_groups.remove(&group)?;
            state.tags.remove(&group);
            Some(format!("deleted {group}"))
        }
        Breakage::RemoveRule => {
            state.security_groups.get_mut(&group)?.rules.retain(|_, rule| rule.egress);
            Some(format!("removed the rules of {group}"))
        }
        _ => {
            let rule = Rule {
                egress: false,
                protocol: "tcp".to_owned(),
                from: Some(22),
                to: Some(22),
                peer: Peer::V4("192.0.2.0/24".parse().ok()?),
                description: None,
            };
            let name = state.id("sgr");
            state.security_groups.get_mut(&group)?.rules.insert(name, rule);
            Some(format!("opened {group} to 192.0.2.0/24"))
        }
    }
}

fn route_table(state: &mut Region, way: Breakage, id: &str) -> Option<String> {
    let endpoint = state.endpoints.get(id)?.clone();
    match way {
        Breakage::RemoveRouteTable => {
            let table = endpoint.route_tables.first()?.clone();
            state.endpoints.get_mut(id)?.route_tables.retain(|held| *held != table);
            state.drop_endpoint_routes(id, Some(&table));
            Some(format!("took {table} off the route tables"))
        }
        Breakage::AddRouteTable => {
            let other = state.route_tables.values_mut().find(|table| {
                table.vpc == endpoint.vpc && !endpoint.route_tables.contains(&table.id)
            })?;
            let region = endpoint.service.split('.').nth(2)?;
            other.routes.push(Route {
                destination: Destination::PrefixList(prefix_list_of(&endpoint.service, region).id),
                target: Target::Gateway(id.to_owned()),
                original: false,
            });
            let other = other.id.clone();
            state.endpoints.get_mut(id)?.route_tables.push(other.clone());
            Some(format!("added {other} to the route tables"))
        }
        _ => {
            let zone =
                state.subnets.values().find(|subnet| subnet.vpc == endpoint.vpc)?.zone.clone();
            let block = state.vpcs.get(&endpoint.vpc)?.cidrs.first()?.cidr.network();
            let [a, b, ..] = block.octets();
            let cidr = Ipv4Net::new(Ipv4Addr::new(a, b, 252, 0), 24).ok()?;
            let subnet = state.add_subnet(&endpoint.owner, &endpoint.vpc, &zone, cidr);
            let table = state.add_route_table(&endpoint.owner, &endpoint.vpc);
            let association = state.id("rtbassoc");
            let new = state.route_tables.get_mut(&table)?;
            new.associations.insert(association, Some(subnet.clone()));
            Some(format!(
                "made {subnet} with the route table {table}, which does not lead to the gateway"
            ))
        }
    }
}

/// An endpoint beside another one, without its private DNS, for which there is one place only.
fn copy(state: &mut Region, id: &str, service: Option<String>) -> Option<String> {
    let mut twin = state.endpoints.get(id)?.clone();
    twin.id = state.id("vpce");
    twin.created += 1_000;
    twin.interfaces.clear();
    twin.service = service.unwrap_or(twin.service);
    twin.private_dns = false;
    for subnet in twin.subnets.clone() {
        let made = state.add_interface(&subnet, &twin.groups, &twin.id, "vpc_endpoint", None);
        twin.interfaces.extend(made);
    }
    let tags = state.tags.get(id).cloned().unwrap_or_default();
    let what = format!("put {} ({}) beside the endpoint", twin.id, twin.service);
    state.tags.insert(twin.id.clone(), tags);
    state.endpoints.insert(twin.id.clone(), twin);
    Some(what)
}

fn new_vpc(state: &mut Region, id: &str) -> Option<String> {
    let endpoint = state.endpoints.get(id)?.clone();
    let like = state.vpcs.get(&endpoint.vpc)?.clone();
    let vpc =
        state.add_vpc(&endpoint.owner, Ipv4Net::new(Ipv4Addr::new(10, 222, 0, 0), 16).ok()?, false);
    let new = state.vpcs.get_mut(&vpc)?;
    (new.dns_support, new.dns_hostnames) = (like.dns_support, like.dns_hostnames);
    let tags: Tags = state.tags_of(&like.id).clone();
    state.tags.insert(vpc.clone(), tags);
    let zones: Vec<String> = state
        .subnets
        .values()
        .filter(|subnet| subnet.vpc == like.id)
        .map(|subnet| subnet.zone.clone())
        .collect();
    for (block, zone) in (0_u8..).zip(zones.iter().take(3)) {
        let cidr = Ipv4Net::new(Ipv4Addr::new(10, 222, block, 0), 24).ok()?;
        state.add_subnet(&endpoint.owner, &vpc, zone, cidr);
    }
    Some(format!("made the VPC {vpc} like the one"))
}

fn wipe(state: &mut Region, id: &str, key: &str) -> Option<String> {
    let value = state.tags_of(id).get(key)?.clone();
    let tagged = |state: &Region, id: &String| state.tags_of(id).get(key) == Some(&value);
    let endpoints: Vec<String> =
        state.endpoints.keys().filter(|id| tagged(state, id)).cloned().collect();
    for endpoint in &endpoints {
        state.remove_endpoint(endpoint);
    }
    let groups: Vec<String> =
        state.security_groups.keys().filter(|id| tagged(state, id)).cloned().collect();
    for group in &groups {
        state.security_groups.remove(group);
        state.tags.remove(group);
    }
    Some(format!("deleted {} endpoints and {} security groups, all", endpoints.len(), groups.len()))
}

pub(super) fn lock_out(world: &mut World, account: &str) -> Option<String> {
    world.accounts.get_mut(account)?.roles.clear();
    Some("deleted the account's roles".to_owned())
}

/// A copy of the endpoint in an account that is not the operator's and has no endpoint.
pub(super) fn stray(world: &mut World, account: &str, region: &str, id: &str) -> Option<String> {
    let held = world.accounts.get(account)?.regions.get(region)?;
    let (mut endpoint, tags) = (held.endpoints.get(id)?.clone(), held.tags_of(id).clone());
    let (place, vpc) = world.accounts.values().find_map(|other| {
        let state = other.regions.get(region)?;
        let vpc = state.vpcs.values().find(|vpc| !vpc.is_default && vpc.owner == other.id)?;
        let fits = other.works()
            && other.id != world.operator
            && !other.roles.is_empty()
            && state.endpoints.is_empty();
        fits.then(|| (other.id.clone(), vpc.id.clone()))
    })?;
    let state = world.region_mut(&place, region)?;
    endpoint.id = state.id("vpce");
    endpoint.owner.clone_from(&place);
    endpoint.groups =
        state.security_groups.values().filter(|g| g.vpc == vpc).map(|g| g.id.clone()).collect();
    endpoint.groups.truncate(1);
    let subnet = state.subnets.values().find(|subnet| subnet.vpc == vpc)?.id.clone();
    let made = state.add_interface(&subnet, &endpoint.groups, &endpoint.id, "vpc_endpoint", None);
    endpoint.interfaces = made.into_iter().collect();
    endpoint.subnets = vec![subnet];
    endpoint.vpc = vpc;
    let what = format!("left {} ({}) in {place}", endpoint.id, endpoint.service);
    state.tags.insert(endpoint.id.clone(), tags);
    state.endpoints.insert(endpoint.id.clone(), endpoint);
    Some(what)
}
