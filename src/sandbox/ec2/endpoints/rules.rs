//! The rules AWS holds endpoints to: subnets, zones, groups, route tables, quotas.

use std::net::Ipv4Addr;

use crate::sandbox::catalogue::{Detail, prefix_list_of};
use crate::sandbox::ec2::context::Ec2;
use crate::sandbox::ec2::ids::Noun;
use crate::sandbox::wire::refusal::{Refusal, invalid};
use crate::sandbox::world::endpoint::{Endpoint, Kind};
use crate::sandbox::world::network::{Destination, Route, Subnet, Target};

/// The service with this name and type.
pub(crate) fn service(ec2: &Ec2, name: &str, kind: Kind) -> Result<Detail, Refusal> {
    let types = ec2.catalogue.named(ec2.region, name);
    if types.is_empty() {
        let message = format!("The Vpc Endpoint Service '{name}' does not exist");
        return Err(Refusal::new("InvalidServiceName", message));
    }
    if let Some(found) = types.iter().find(|detail| detail.kind == kind) {
        return Ok(found.clone());
    }
    let names: Vec<_> = types.iter().map(|detail| detail.kind.to_string()).collect();
    Err(invalid(format!(
        "Endpoint type ({kind}) does not match available service types ([{}]).",
        names.join(", ")
    )))
}

/// The ids of the zones a service supports in this region.
pub(crate) fn zones_of(ec2: &Ec2, service: &str) -> Vec<String> {
    let all = || ec2.zones.iter().map(|zone| zone.id.clone());
    match ec2.zone_support.get(service) {
        Some(some) => all().filter(|id| some.contains(id)).collect(),
        None => all().collect(),
    }
}

/// Refuses members that a type of endpoint does not have.
pub(crate) fn members(
    kind: Kind,
    tables: bool,
    subnets: bool,
    groups: bool,
) -> Result<(), Refusal> {
    if tables && kind != Kind::Gateway {
        return Err(invalid("Route table IDs are only supported for Gateway type VPC Endpoint."));
    }
    if subnets && kind == Kind::Gateway {
        let message = "Subnet IDs are only supported for Interface and GatewayLoadBalancer type VPC Endpoints.";
        return Err(invalid(message));
    }
    if groups && kind != Kind::Interface {
        return Err(invalid(
            "Security group IDs are only supported for Interface type VPC Endpoint.",
        ));
    }
    Ok(())
}

/// Refuses a new endpoint that is one too many.
pub(crate) fn quota(ec2: &Ec2, kind: Kind, vpc: &str) -> Result<(), Refusal> {
    let all = ec2.state.endpoints.values();
    let full = if kind == Kind::Gateway {
        all.filter(|endpoint| endpoint.kind == kind).count()
            >= ec2.quotas.gateway_endpoints_per_region
    } else {
        let here = all.filter(|endpoint| endpoint.kind != Kind::Gateway && endpoint.vpc == vpc);
        here.count() >= ec2.quotas.interface_endpoints_per_vpc
    };
    if full {
        let message = "The maximum number of VPC endpoints has been reached.";
        return Err(Refusal::new("VpcEndpointLimitExceeded", message));
    }
    Ok(())
}

/// Refuses subnets: `held` are those the endpoint keeps, `added` those it shall get.
pub(crate) fn subnets(
    ec2: &Ec2,
    vpc: &str,
    service: &Detail,
    ip_type: &str,
    held: &[String],
    added: &[String],
) -> Result<(), Refusal> {
    ec2.must_exist(Noun::Subnet, added)?;
    let supported = zones_of(ec2, &service.name);
    let subnet = |id: &String| ec2.state.subnets.get(id);
    let mut zones: Vec<_> = held.iter().filter_map(subnet).map(|subnet| &subnet.zone).collect();
    for subnet in added.iter().filter_map(subnet) {
        let id = &subnet.id;
        if subnet.vpc != vpc {
            return Err(invalid(format!("The subnet {id} does not belong to the VPC {vpc}.")));
        }
        if subnet.owner != ec2.account {
            let message = format!("You cannot manage VPC endpoints in the shared subnet {id}.");
            return Err(Refusal::new("OperationNotPermitted", message));
        }
        if !supported.contains(&subnet.zone) {
            return Err(invalid(format!(
                "The VPC endpoint service {} does not support the availability zone of the subnet: {id}.",
                service.name
            )));
        }
        if zones.contains(&&subnet.zone) {
            return Err(Refusal::new(
                "DuplicateSubnetsInSameZone",
                format!(
                    "Found another VPC endpoint subnet in the availability zone of {id}. VPC endpoint subnets \
                     should be in different availability zones supported by the VPC endpoint service."
                ),
            ));
        }
        zones.push(&subnet.zone);
        if ip_type != "ipv4" && subnet.ipv6.is_none() {
            return Err(invalid(format!("The subnet {id} does not have an IPv6 CIDR block.")));
        }
        if ec2.state.free_addresses(subnet) == 0 {
            let message = format!(
                "The subnet {id} does not have enough free addresses to satisfy the request."
            );
            return Err(Refusal::new("InsufficientFreeAddressesInSubnet", message));
        }
    }
    if service.kind == Kind::GatewayLoadBalancer && zones.len() != 1 {
        return Err(invalid("A Gateway Load Balancer endpoint must have exactly one subnet."));
    }
    Ok(())
}

/// Refuses a type of addresses that the service does not have.
pub(crate) fn ip_type(service: &Detail, ip_type: &str) -> Result<(), Refusal> {
    let has = |kind: &str| service.ip_types.iter().any(|known| known == kind);
    let fits = match ip_type {
        "dualstack" => has("ipv4") && has("ipv6"),
        one => has(one),
    };
    if fits {
        return Ok(());
    }
    Err(invalid(format!(
        "The IP address type {ip_type} is not supported by the service {}.",
        service.name
    )))
}

/// Refuses an address that a subnet cannot give.
pub(crate) fn address(ec2: &Ec2, subnet: &Subnet, address: Ipv4Addr) -> Result<(), Refusal> {
    if !subnet.cidr.contains(&address) {
        return Err(invalid(format!("Address {address} is not in the subnet {}.", subnet.id)));
    }
    if ec2.state.interfaces_in(&subnet.id).any(|interface| interface.address == address) {
        let message = format!("Address {address} is in use.");
        return Err(Refusal::new("InvalidIPAddress.InUse", message));
    }
    Ok(())
}

/// Refuses security groups that an endpoint in this VPC cannot have.
pub(crate) fn groups(ec2: &Ec2, vpc: &str, groups: &[String]) -> Result<(), Refusal> {
    ec2.must_exist(Noun::SecurityGroup, groups)?;
    let elsewhere =
        |id: &&String| ec2.state.security_groups.get(*id).is_some_and(|group| group.vpc != vpc);
    if let Some(id) = groups.iter().find(elsewhere) {
        return Err(invalid(format!("The security group {id} does not belong to the VPC {vpc}.")));
    }
    if groups.len() > ec2.quotas.security_groups_per_interface {
        let message = "The maximum number of security groups per interface has been reached.";
        return Err(Refusal::new("SecurityGroupsPerInterfaceLimitExceeded", message));
    }
    Ok(())
}

/// Refuses route tables to which the route of a gateway endpoint cannot be added.
pub(crate) fn tables(
    ec2: &Ec2,
    vpc: &str,
    service: &Detail,
    added: &[String],
) -> Result<(), Refusal> {
    ec2.must_exist(Noun::RouteTable, added)?;
    let list = prefix_list_of(&service.name, ec2.region).id;
    for id in added {
        let Some(table) = ec2.state.route_tables.get(id) else {
            continue;
        };
        if table.vpc != vpc {
            return Err(invalid(format!("Route table {id} does not belong to the VPC {vpc}.")));
        }
        let wanted = Destination::PrefixList(list.clone());
        if table.routes.iter().any(|route| route.destination == wanted) {
            let message = format!(
                "route table {id} already has a route with destination-prefix-list-id {list}"
            );
            return Err(Refusal::new("RouteAlreadyExists", message));
        }
        if table.routes.len() >= ec2.quotas.routes_per_table {
            let message =
                format!("The maximum number of routes has been reached for the route table {id}.");
            return Err(Refusal::new("RouteLimitExceeded", message));
        }
    }
    Ok(())
}

/// Adds the routes of a gateway endpoint.
pub(crate) fn add_routes(ec2: &mut Ec2, endpoint: &Endpoint, tables: &[String]) {
    let list = prefix_list_of(&endpoint.service, ec2.region).id;
    for id in tables {
        if let Some(table) = ec2.state.route_tables.get_mut(id) {
            table.routes.push(Route {
                destination: Destination::PrefixList(list.clone()),
                target: Target::Gateway(endpoint.id.clone()),
                original: false,
            });
        }
    }
}
