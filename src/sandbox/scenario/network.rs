//! VPCs of a scenario, with subnets, gateways, route tables and security groups.

use std::collections::BTreeMap;

use ipnet::Ipv4Net;

use super::build::{account_id, known_region};
use super::file::{Group, Vpc};
use super::{ScenarioError, endpoint};
use crate::sandbox::world::network::{Block, Destination, Route, Target};
use crate::sandbox::world::region::Region;
use crate::sandbox::world::security_group::{Peer, Rule};
use crate::sandbox::world::zones::{self, Zone};
use crate::sandbox::world::{Tags, World};

type Done<T = ()> = Result<T, ScenarioError>;

/// A VPC that is being built.
pub(super) struct Site<'a> {
    pub(super) account: &'a str,
    pub(super) region: &'a str,
    pub(super) vpc: String,
    /// Who owns VPC and subnets: another account if they are shared.
    owner: String,
    zones: Vec<Zone>,
    pub(super) private: Vec<String>,
    pub(super) private_tables: Vec<String>,
}

/// Adds a VPC to an account.
pub(super) fn add_vpc(
    world: &mut World,
    account: &str,
    described: &Vpc,
    ids: &BTreeMap<String, String>,
) -> Done {
    let region = described.region.clone().unwrap_or_else(|| world.home.clone());
    known_region(&region)?;
    let owner = described.owner.as_ref().map(|name| account_id(ids, name)).transpose()?;
    let mut cidrs =
        described.cidrs.iter().map(|text| cidr(described, text)).collect::<Done<Vec<_>>>()?;
    if cidrs.is_empty() {
        return Err(problem(described, "it has no block of addresses"));
    }
    let primary = cidrs.remove(0);
    let mut zones = zones::zones(world.seed, account, &region);
    if let Some(wanted) = &described.zones {
        if let Some(zone) = wanted.iter().find(|id| zones.iter().all(|zone| zone.id != **id)) {
            return Err(problem(described, &format!("there is no zone `{zone}` in {region}")));
        }
        zones.retain(|zone| wanted.contains(&zone.id));
    }
    let support = world.zone_support.clone();
    let seed = world.seed;
    let Some(state) = world.region_mut(account, &region) else {
        return Ok(());
    };
    let vpc = state.add_vpc(account, primary, described.is_default);
    let mut site = Site {
        account,
        region: &region,
        owner: owner.unwrap_or_else(|| account.to_owned()),
        vpc,
        zones,
        private: Vec::new(),
        private_tables: Vec::new(),
    };
    dress(state, &site, described, &cidrs);
    subnets(state, &mut site, described, primary)?;
    for group in &described.group {
        add_group(state, &site, group, described)?;
    }
    for endpoint in &described.endpoint {
        endpoint::add(state, &site, endpoint, &support, seed)
            .map_err(|why| problem(described, &why))?;
    }
    Ok(())
}

fn problem(described: &Vpc, why: &str) -> ScenarioError {
    ScenarioError::new(format!("vpc `{}`: {why}", described.name))
}

fn cidr(described: &Vpc, text: &str) -> Done<Ipv4Net> {
    let net: Option<Ipv4Net> = text.parse().ok();
    let net = net.filter(|net| (16..=28).contains(&net.prefix_len()) && net.trunc() == *net);
    net.ok_or_else(|| {
        problem(described, &format!("`{text}` is not a block of addresses for a VPC"))
    })
}

fn named(name: &str, tags: &Tags) -> Tags {
    let mut tags = tags.clone();
    tags.entry("Name".to_owned()).or_insert_with(|| name.to_owned());
    tags
}

/// Attributes, tags and further blocks of the VPC.
fn dress(state: &mut Region, site: &Site, described: &Vpc, more: &[Ipv4Net]) {
    for cidr in more {
        let block = Block { association: state.id("vpc-cidr-assoc"), cidr: *cidr };
        if let Some(vpc) = state.vpcs.get_mut(&site.vpc) {
            vpc.cidrs.push(block);
        }
        state.local_route(&site.vpc, &Destination::V4(*cidr));
    }
    if described.ipv6 {
        state.add_ipv6(&site.vpc);
    }
    if let Some(vpc) = state.vpcs.get_mut(&site.vpc) {
        vpc.dns_support = described.dns_support;
        vpc.dns_hostnames = described.dns_hostnames;
        vpc.owner.clone_from(&site.owner);
        vpc.hosted_zones.clone_from(&described.hosted_zones);
    }
    state.tags.insert(site.vpc.clone(), named(&described.name, &described.tags));
}

/// A private and a public subnet in each zone; each sixteenth of the VPC is one subnet.
fn subnets(state: &mut Region, site: &mut Site, described: &Vpc, primary: Ipv4Net) -> Done {
    let length = (primary.prefix_len() + 4).min(28);
    let mut blocks =
        primary.subnets(length).map_err(|error| problem(described, &error.to_string()))?;
    let mut next =
        || blocks.next().ok_or_else(|| problem(described, "it is too small for its subnets"));
    let gateway = described.public.then(|| state.add_internet_gateway(site.account, &site.vpc));
    if let Some(gateway) = &gateway {
        state.tags.insert(gateway.clone(), named(&described.name, &Tags::new()));
    }
    let mut nat = None;
    for zone in &site.zones.clone() {
        let Some(gateway) = &gateway else { break };
        let subnet = add_subnet(state, site, described, zone, next()?, "public");
        if let Some(subnet) = state.subnets.get_mut(&subnet) {
            subnet.public_addresses = true;
        }
        let table = add_table(state, site, described, &subnet, &format!("public-{}", zone.id));
        route(state, &table, Target::Gateway(gateway.clone()));
        if nat.is_none() && described.nat && described.private {
            nat = add_nat(state, described, &subnet);
        }
    }
    for zone in &site.zones.clone() {
        if !described.private {
            break;
        }
        let subnet = add_subnet(state, site, described, zone, next()?, "private");
        let table = add_table(state, site, described, &subnet, &format!("private-{}", zone.id));
        if let Some(nat) = &nat {
            route(state, &table, Target::Nat(nat.clone()));
        }
        if let (Some(free), Some(subnet)) =
            (described.free_addresses, state.subnets.get_mut(&subnet))
        {
            subnet.taken = subnet.size().saturating_sub(free);
        }
        site.private.push(subnet);
        site.private_tables.push(table);
    }
    Ok(())
}

fn route(state: &mut Region, table: &str, target: Target) {
    if let Some(table) = state.route_tables.get_mut(table) {
        table.routes.push(Route::to_internet(target));
    }
}

fn add_subnet(
    state: &mut Region,
    site: &Site,
    described: &Vpc,
    zone: &Zone,
    cidr: Ipv4Net,
    tier: &str,
) -> String {
    let id = state.add_subnet(&site.owner, &site.vpc, &zone.id, cidr);
    let name = format!("{}-{tier}-{}", described.name, zone.id);
    let tags = Tags::from([("tier".to_owned(), tier.to_owned())]);
    state.tags.insert(id.clone(), named(&name, &tags));
    let number = state.subnets.values().filter(|subnet| subnet.vpc == site.vpc).count();
    let association = state.id("subnet-cidr-assoc");
    let block = state.vpcs.get(&site.vpc).and_then(|vpc| vpc.ipv6.first()).and_then(|block| {
        let cidr = block.cidr.subnets(64).ok()?.nth(number)?;
        Some(Block { association, cidr })
    });
    if let Some(subnet) = state.subnets.get_mut(&id) {
        subnet.ipv6 = block;
    }
    id
}

fn add_table(state: &mut Region, site: &Site, described: &Vpc, subnet: &str, name: &str) -> String {
    let table = state.add_route_table(&site.owner, &site.vpc);
    let association = state.id("rtbassoc");
    if let Some(table) = state.route_tables.get_mut(&table) {
        table.associations.insert(association, Some(subnet.to_owned()));
    }
    let name = format!("{}-{name}", described.name);
    state.tags.insert(table.clone(), named(&name, &Tags::new()));
    table
}

fn add_nat(state: &mut Region, described: &Vpc, subnet: &str) -> Option<String> {
    let address = state.add_address();
    let id = state.add_nat_gateway(subnet, Some(address), None, 1_700_000_000_000)?;
    let tags = named(&described.name, &Tags::new());
    state.tags.insert(id.clone(), tags);
    Some(id)
}

fn add_group(state: &mut Region, site: &Site, group: &Group, described: &Vpc) -> Done {
    let text = if group.description.is_empty() { &group.name } else { &group.description };
    let id = state.add_security_group(site.account, &site.vpc, &group.name, text);
    state.tags.insert(id.clone(), named(&group.name, &group.tags));
    let mut rules = Vec::new();
    for text in &group.https_from {
        let v4 = text.parse().map(Peer::V4).ok();
        let peer = v4.or_else(|| text.parse().map(Peer::V6).ok());
        let peer = peer
            .ok_or_else(|| problem(described, &format!("`{text}` is not a block of addresses")))?;
        let rule = Rule {
            egress: false,
            protocol: "tcp".to_owned(),
            from: Some(443),
            to: Some(443),
            peer,
            description: None,
        };
        rules.push((state.id("sgr"), rule));
    }
    if let Some(held) = state.security_groups.get_mut(&id) {
        held.rules.retain(|_, rule| group.egress || !rule.egress);
        held.rules.extend(rules);
    }
    Ok(())
}
