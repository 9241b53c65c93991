//! Routes: create, replace, delete.

use super::context::Ec2;
use super::ids::Noun;
use super::vpcs::block;
use crate::sandbox::wire::refusal::{Refusal, bad_value, missing};
use crate::sandbox::wire::xml::Xml;
use crate::sandbox::world::endpoint::Kind;
use crate::sandbox::world::network::{Destination, Route, Target};

/// `CreateRoute`.
pub(crate) fn create(ec2: &mut Ec2) -> Result<Xml, Refusal> {
    put(ec2, false)
}

/// `ReplaceRoute`.
pub(crate) fn replace(ec2: &mut Ec2) -> Result<Xml, Refusal> {
    put(ec2, true)
}

fn put(ec2: &mut Ec2, replace: bool) -> Result<Xml, Refusal> {
    let id = ec2.id("RouteTableId", Noun::RouteTable)?;
    let destination = destination(ec2)?;
    let target = target(ec2)?;
    ec2.ready()?;
    ec2.must_exist(Noun::RouteTable, [&id])?;
    check_target(ec2, &id, &target)?;
    let most = ec2.quotas.routes_per_table;
    let unknown = || Noun::RouteTable.unknown(&id);
    let table = ec2.state.route_tables.get_mut(&id).ok_or_else(unknown)?;
    let full = table.routes.len() >= most;
    let held = table.routes.iter_mut().find(|route| route.destination == destination);
    match held {
        Some(route) if replace => route.target = target,
        Some(_) => {
            let message = format!("The route identified by {destination} already exists.");
            return Err(Refusal::new("RouteAlreadyExists", message));
        }
        None if replace => return Err(no_route(&destination, &id)),
        None if full => {
            let message =
                format!("The maximum number of routes has been reached for the route table {id}.");
            return Err(Refusal::new("RouteLimitExceeded", message));
        }
        None => table.routes.push(Route { destination, target, original: false }),
    }
    Ok(Xml::done())
}

/// `DeleteRoute`.
pub(crate) fn delete(ec2: &mut Ec2) -> Result<Xml, Refusal> {
    let id = ec2.id("RouteTableId", Noun::RouteTable)?;
    let destination = destination(ec2)?;
    ec2.ready()?;
    ec2.must_exist(Noun::RouteTable, [&id])?;
    let unknown = || Noun::RouteTable.unknown(&id);
    let table = ec2.state.route_tables.get_mut(&id).ok_or_else(unknown)?;
    let at = table.routes.iter().position(|route| route.destination == destination);
    let at = at.ok_or_else(|| no_route(&destination, &id))?;
    let message = match &table.routes[at].target {
        Target::Local => format!("cannot remove local route {destination} in route table {id}"),
        Target::Gateway(gateway) if gateway.starts_with("vpce-") => {
            format!("cannot remove VPC endpoint route {destination} in route table {id}")
        }
        Target::Gateway(_) | Target::Nat(_) | Target::Endpoint(_) | Target::Other(..) => {
            table.routes.remove(at);
            return Ok(Xml::done());
        }
    };
    Err(Refusal::new("InvalidParameterValue", message))
}

fn no_route(destination: &Destination, table: &str) -> Refusal {
    let member = match destination {
        Destination::V4(_) => "destination-cidr-block",
        Destination::V6(_) => "destination-ipv6-cidr-block",
        Destination::PrefixList(_) => "destination-prefix-list-id",
    };
    let message = format!("no route with {member} {destination} in route table {table}");
    Refusal::new("InvalidRoute.NotFound", message)
}

fn destination(ec2: &Ec2) -> Result<Destination, Refusal> {
    if let Some(text) = ec2.params.get("DestinationCidrBlock") {
        return block("destinationCidrBlock", text).map(Destination::V4);
    }
    if let Some(text) = ec2.params.get("DestinationIpv6CidrBlock") {
        let net: ipnet::Ipv6Net =
            text.parse().map_err(|_| bad_value("destinationIpv6CidrBlock", text))?;
        return Ok(Destination::V6(net.trunc()));
    }
    if let Some(id) = ec2.params.get("DestinationPrefixListId") {
        return Ok(Destination::PrefixList(id.to_owned()));
    }
    Err(missing("destinationCidrBlock"))
}

fn target(ec2: &Ec2) -> Result<Target, Refusal> {
    let others = [
        ("TransitGatewayId", "transitGatewayId"),
        ("VpcPeeringConnectionId", "vpcPeeringConnectionId"),
        ("NetworkInterfaceId", "networkInterfaceId"),
        ("EgressOnlyInternetGatewayId", "egressOnlyInternetGatewayId"),
        ("InstanceId", "instanceId"),
    ];
    let text = |name| ec2.params.text(name);
    let mut targets: Vec<_> = others
        .into_iter()
        .filter_map(|(name, member)| Some(Target::Other(member.to_owned(), text(name)?)))
        .collect();
    targets.extend(text("GatewayId").map(Target::Gateway));
    targets.extend(text("NatGatewayId").map(Target::Nat));
    targets.extend(text("VpcEndpointId").map(Target::Endpoint));
    match (targets.pop(), targets.is_empty()) {
        (Some(target), true) => Ok(target),
        (Some(_), false) => {
            let message = "Only one target may be given for a route";
            Err(Refusal::new("InvalidParameterCombination", message))
        }
        (None, _) => Err(missing("gatewayId")),
    }
}

fn check_target(ec2: &Ec2, table: &str, target: &Target) -> Result<(), Refusal> {
    let vpc = ec2.state.route_tables.get(table).map(|table| table.vpc.clone());
    let elsewhere = |id: &str| {
        let message =
            format!("route table {table} and network gateway {id} belong to different networks");
        Err(Refusal::new("InvalidParameterValue", message))
    };
    match target {
        Target::Gateway(id) if id.starts_with("igw-") => {
            ec2.must_exist(Noun::InternetGateway, [id])?;
            let held = ec2.state.internet_gateways.get(id).and_then(|gateway| gateway.vpc.clone());
            if held == vpc { Ok(()) } else { elsewhere(id) }
        }
        Target::Nat(id) => ec2.must_exist(Noun::NatGateway, [id]),
        Target::Endpoint(id) => {
            ec2.must_exist(Noun::Endpoint, [id])?;
            let kind = ec2.state.endpoints.get(id).map(|endpoint| endpoint.kind);
            if kind == Some(Kind::GatewayLoadBalancer) { Ok(()) } else { elsewhere(id) }
        }
        Target::Gateway(id) if id == "local" || id.starts_with("vgw-") => Ok(()),
        Target::Gateway(id) => {
            let message = format!("The gateway ID '{id}' does not exist");
            Err(Refusal::new("InvalidGatewayID.NotFound", message))
        }
        Target::Local | Target::Other(..) => Ok(()),
    }
}
