//! `ModifyVpcEndpoint`.

use super::create::{add_interface, addresses, one_of, record_type};
use super::dns::Wish;
use super::{dns, policy, rules};
use crate::sandbox::catalogue::Detail;
use crate::sandbox::ec2::context::Ec2;
use crate::sandbox::ec2::ids::Noun;
use crate::sandbox::load::delay;
use crate::sandbox::wire::refusal::{Refusal, invalid};
use crate::sandbox::wire::xml::Xml;
use crate::sandbox::world::endpoint::{Endpoint, Kind, Settle, State, Then};

/// What a request asks for.
struct Wanted {
    id: String,
    reset_policy: bool,
    policy: Option<String>,
    add_tables: Vec<String>,
    remove_tables: Vec<String>,
    add_subnets: Vec<String>,
    remove_subnets: Vec<String>,
    add_groups: Vec<String>,
    remove_groups: Vec<String>,
    ip_type: Option<String>,
    record_type: Option<String>,
    inbound_only: Option<bool>,
    private_dns: Option<bool>,
}

/// `ModifyVpcEndpoint`.
pub(crate) fn modify(ec2: &mut Ec2) -> Result<Xml, Refusal> {
    let wanted = read(ec2)?;
    let asked = ec2.wanted("AddSubnetId", Noun::Subnet)?;
    let addresses = addresses(ec2, &asked)?;
    ec2.ready()?;
    ec2.must_exist(Noun::Endpoint, [&wanted.id])?;
    let endpoint = ec2.state.endpoints.get(&wanted.id).cloned();
    let mut endpoint = endpoint.ok_or_else(|| Noun::Endpoint.unknown(&wanted.id))?;
    modifiable(ec2, &endpoint)?;
    let service = rules::service(ec2, &endpoint.service, endpoint.kind)?;
    let before = endpoint.clone();
    let policy = check(ec2, &wanted, &mut endpoint, &service)?;
    if wanted.reset_policy {
        endpoint.policy = Some(policy::full(endpoint.kind));
    }
    endpoint.policy = policy.or(endpoint.policy);
    apply_tables(ec2, &wanted, &mut endpoint);
    apply_interfaces(ec2, &before, &mut endpoint, &addresses);
    settle(ec2, &before, &mut endpoint);
    ec2.state.endpoints.insert(wanted.id, endpoint);
    Ok(Xml::done())
}

fn read(ec2: &Ec2) -> Result<Wanted, Refusal> {
    let params = ec2.params;
    let wanted = Wanted {
        id: ec2.id("VpcEndpointId", Noun::Endpoint)?,
        reset_policy: params.flag("ResetPolicy")?.unwrap_or(false),
        policy: params.text("PolicyDocument"),
        add_tables: ec2.wanted("AddRouteTableId", Noun::RouteTable)?,
        remove_tables: ec2.wanted("RemoveRouteTableId", Noun::RouteTable)?,
        add_subnets: ec2.wanted("AddSubnetId", Noun::Subnet)?,
        remove_subnets: ec2.wanted("RemoveSubnetId", Noun::Subnet)?,
        add_groups: ec2.wanted("AddSecurityGroupId", Noun::SecurityGroup)?,
        remove_groups: ec2.wanted("RemoveSecurityGroupId", Noun::SecurityGroup)?,
        ip_type: one_of(ec2, "IpAddressType", &["ipv4", "dualstack", "ipv6"])?,
        record_type: record_type(ec2)?,
        inbound_only: params.flag("DnsOptions.PrivateDnsOnlyForInboundResolverEndpoint")?,
        private_dns: params.flag("PrivateDnsEnabled")?,
    };
    if wanted.reset_policy && wanted.policy.is_some() {
        let message = "The parameter ResetPolicy cannot be used with the parameter PolicyDocument";
        return Err(Refusal::new("InvalidParameterCombination", message));
    }
    Ok(wanted)
}

/// AWS serialises the modifications of an endpoint.
fn modifiable(ec2: &Ec2, endpoint: &Endpoint) -> Result<(), Refusal> {
    if endpoint.requester_managed {
        let message = format!(
            "Operation is not permitted on the requester-managed VPC endpoint {}.",
            endpoint.id
        );
        return Err(Refusal::new("OperationNotPermitted", message));
    }
    if endpoint.state == State::Deleting {
        return Err(Noun::Endpoint.unknown(&endpoint.id));
    }
    if endpoint.state == State::Pending || endpoint.busy_until > ec2.now.sim {
        return Err(Refusal::new(
            "OperationInProgress",
            "VpcEndpoint modify operation in progress",
        ));
    }
    Ok(())
}

/// Checks everything, changes the lists and options in `endpoint`, and answers with the new policy.
fn check(
    ec2: &Ec2,
    wanted: &Wanted,
    endpoint: &mut Endpoint,
    service: &Detail,
) -> Result<Option<String>, Refusal> {
    let vpc = endpoint.vpc.clone();
    let any = |one: &[String], other: &[String]| !(one.is_empty() && other.is_empty());
    rules::members(
        endpoint.kind,
        any(&wanted.add_tables, &wanted.remove_tables),
        any(&wanted.add_subnets, &wanted.remove_subnets),
        any(&wanted.add_groups, &wanted.remove_groups),
    )?;
    let policy = wanted.policy.as_deref().map(|text| policy::check(text, service)).transpose()?;
    if let Some(ip_type) = &wanted.ip_type {
        rules::ip_type(service, ip_type)?;
        endpoint.ip_type.clone_from(ip_type);
    }
    if let Some(record_type) = &wanted.record_type {
        endpoint.dns_record_type.clone_from(record_type);
    }
    endpoint.subnets.retain(|id| !wanted.remove_subnets.contains(id));
    let added = without(&wanted.add_subnets, &endpoint.subnets);
    rules::subnets(ec2, &vpc, service, &endpoint.ip_type, &endpoint.subnets, &added)?;
    endpoint.subnets.extend(added);
    endpoint.groups.retain(|id| !wanted.remove_groups.contains(id));
    endpoint.groups.extend(without(&wanted.add_groups, &endpoint.groups));
    rules::groups(ec2, &vpc, &endpoint.groups)?;
    if endpoint.kind == Kind::Interface && endpoint.groups.is_empty() {
        return Err(invalid(
            "An Interface VPC Endpoint must always have at least one Security Group.",
        ));
    }
    let tables = without(&wanted.add_tables, &endpoint.route_tables);
    rules::tables(ec2, &vpc, service, &tables)?;
    check_dns(ec2, wanted, endpoint, service)?;
    Ok(policy)
}

fn check_dns(
    ec2: &Ec2,
    wanted: &Wanted,
    endpoint: &mut Endpoint,
    service: &Detail,
) -> Result<(), Refusal> {
    let turned_on = wanted.private_dns == Some(true) && !endpoint.private_dns;
    let option = wanted.inbound_only.is_some() && (endpoint.private_dns || turned_on);
    if turned_on || option {
        let inbound_only = wanted.inbound_only.or(endpoint.inbound_only);
        let wish = Wish { own: Some(&endpoint.id), vpc: &endpoint.vpc, service, inbound_only };
        endpoint.inbound_only = dns::check(ec2, &wish)?;
        endpoint.private_names.clone_from(&service.private_dns);
    }
    if let Some(on) = wanted.private_dns {
        if on && endpoint.kind != Kind::Interface {
            return Err(invalid("Private DNS is only supported for Interface type VPC Endpoints."));
        }
        endpoint.private_dns = on;
    }
    Ok(())
}

fn apply_tables(ec2: &mut Ec2, wanted: &Wanted, endpoint: &mut Endpoint) {
    for table in &wanted.remove_tables {
        ec2.state.drop_endpoint_routes(&endpoint.id, Some(table));
    }
    endpoint.route_tables.retain(|id| !wanted.remove_tables.contains(id));
    let added = without(&wanted.add_tables, &endpoint.route_tables);
    rules::add_routes(ec2, endpoint, &added);
    endpoint.route_tables.extend(added);
}

fn apply_interfaces(
    ec2: &mut Ec2,
    before: &Endpoint,
    endpoint: &mut Endpoint,
    addresses: &std::collections::BTreeMap<String, std::net::Ipv4Addr>,
) {
    let kept = &endpoint.subnets;
    let gone = |id: &String| {
        ec2.state.interfaces.get(id).is_some_and(|interface| !kept.contains(&interface.subnet))
    };
    let gone: Vec<_> = before.interfaces.iter().filter(|id| gone(id)).cloned().collect();
    for id in &gone {
        ec2.state.interfaces.remove(id);
    }
    endpoint.interfaces.retain(|id| !gone.contains(id));
    for subnet in without(&endpoint.subnets.clone(), &before.subnets) {
        let address = addresses.get(&subnet).copied();
        add_interface(ec2, endpoint, &subnet, address);
    }
    for id in &endpoint.interfaces {
        if let Some(interface) = ec2.state.interfaces.get_mut(id) {
            interface.groups.clone_from(&endpoint.groups);
        }
    }
}

/// An interface endpoint goes back to pending while it is modified.
fn settle(ec2: &mut Ec2, before: &Endpoint, endpoint: &mut Endpoint) {
    let mut dice = ec2.state.dice("modify");
    let until = ec2.now.sim + delay::modified(&mut dice);
    let moved = before.subnets != endpoint.subnets
        || before.groups != endpoint.groups
        || before.private_dns != endpoint.private_dns
        || before.ip_type != endpoint.ip_type;
    if endpoint.kind == Kind::Interface && moved {
        endpoint.busy_until = until;
        endpoint.state = State::Pending;
        endpoint.settle = Some(Settle { at: until, then: Then::Available });
    }
}

/// The items of `list` that are not in `held`, each once.
fn without(list: &[String], held: &[String]) -> Vec<String> {
    let mut left: Vec<String> = Vec::new();
    for id in list {
        if !held.contains(id) && !left.contains(id) {
            left.push(id.clone());
        }
    }
    left
}
