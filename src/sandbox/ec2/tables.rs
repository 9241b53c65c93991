//! Route tables and their associations.

use super::context::Ec2;
use super::ids::Noun;
use super::tags;
use crate::sandbox::wire::refusal::Refusal;
use crate::sandbox::wire::xml::Xml;
use crate::sandbox::world::network::{Destination, Route, RouteTable};

const FILTERS: &[&str] = &[
    "association.route-table-association-id",
    "association.route-table-id",
    "association.subnet-id",
    "association.main",
    "owner-id",
    "route-table-id",
    "route.destination-cidr-block",
    "route.destination-ipv6-cidr-block",
    "route.destination-prefix-list-id",
    "route.gateway-id",
    "route.nat-gateway-id",
    "route.origin",
    "route.state",
    "vpc-id",
];

/// `DescribeRouteTables`.
pub(crate) fn describe(ec2: &mut Ec2) -> Result<Xml, Refusal> {
    let wanted = ec2.wanted("RouteTableId", Noun::RouteTable)?;
    let filters = ec2.filters(FILTERS, true)?;
    let page = ec2.page("DescribeRouteTables", 5..=100)?;
    ec2.ready()?;
    ec2.must_exist(Noun::RouteTable, &wanted)?;
    let all = ec2.state.route_tables.values().filter(|table| {
        (wanted.is_empty() || wanted.contains(&table.id))
            && ec2.state.seen(&table.id)
            && filters.hold(ec2.tags_of(&table.id), |name| field(table, name))
    });
    let (items, next) = page.cut(all, |table| table.id.clone());
    let mut xml = Xml::new();
    xml.set("routeTableSet", items, |xml, table| write(xml, ec2, table));
    xml.maybe("nextToken", next);
    Ok(xml)
}

fn field(table: &RouteTable, name: &str) -> Vec<String> {
    let targets = |wanted: &str| {
        let members = table.routes.iter().map(|route| route.target.member());
        members.filter(|(member, _)| *member == wanted).map(|(_, id)| id.to_owned()).collect()
    };
    let kind = |route: &&Route| match route.destination {
        Destination::V4(_) => name == "route.destination-cidr-block",
        Destination::V6(_) => name == "route.destination-ipv6-cidr-block",
        Destination::PrefixList(_) => name == "route.destination-prefix-list-id",
    };
    match name {
        "association.route-table-association-id" => table.associations.keys().cloned().collect(),
        "association.route-table-id" => {
            table.associations.keys().map(|_| table.id.clone()).collect()
        }
        "association.subnet-id" => table.associations.values().flatten().cloned().collect(),
        "association.main" => {
            table.associations.values().map(|subnet| subnet.is_none().to_string()).collect()
        }
        "owner-id" => vec![table.owner.clone()],
        "route-table-id" => vec![table.id.clone()],
        "route.gateway-id" => targets("gatewayId"),
        "route.nat-gateway-id" => targets("natGatewayId"),
        "route.origin" => table.routes.iter().map(|route| origin(route).to_owned()).collect(),
        "route.state" => vec!["active".to_owned()],
        "vpc-id" => vec![table.vpc.clone()],
        _ => table.routes.iter().filter(kind).map(|route| route.destination.to_string()).collect(),
    }
}

fn origin(route: &Route) -> &'static str {
    if route.original { "CreateRouteTable" } else { "CreateRoute" }
}

fn write(xml: &mut Xml, ec2: &Ec2, table: &RouteTable) {
    xml.leaf("routeTableId", &table.id);
    xml.leaf("vpcId", &table.vpc).leaf("ownerId", &table.owner);
    xml.set("routeSet", &table.routes, |xml, route| {
        let member = match route.destination {
            Destination::V4(_) => "destinationCidrBlock",
            Destination::V6(_) => "destinationIpv6CidrBlock",
            Destination::PrefixList(_) => "destinationPrefixListId",
        };
        xml.leaf(member, &route.destination);
        let (member, id) = route.target.member();
        xml.leaf(member, id).leaf("state", "active").leaf("origin", origin(route));
    });
    xml.set("associationSet", &table.associations, |xml, (id, subnet)| {
        xml.leaf("routeTableAssociationId", id).leaf("routeTableId", &table.id);
        xml.maybe("subnetId", subnet.as_deref());
        xml.leaf("main", subnet.is_none());
        xml.element("associationState", |xml| {
            xml.leaf("state", "associated");
        });
    });
    xml.element("propagatingVgwSet", |_| ());
    tags::write(xml, ec2.tags_of(&table.id));
}

/// `CreateRouteTable`.
pub(crate) fn create(ec2: &mut Ec2) -> Result<Xml, Refusal> {
    let vpc = ec2.id("VpcId", Noun::Vpc)?;
    let tags = tags::specified(ec2, &[Noun::RouteTable])?;
    let token = ec2.params.text("ClientToken");
    ec2.ready()?;
    ec2.must_exist(Noun::Vpc, [&vpc])?;
    let key = token.as_ref().map(|token| format!("CreateRouteTable {token}"));
    let print = ec2.params.fingerprint(&[]);
    let earlier = key.as_ref().and_then(|key| ec2.state.tokens.get(key)).cloned();
    let id = match earlier {
        Some((before, _)) if before != print => {
            let message = "The client token you specified was used before with other parameters.";
            return Err(Refusal::new("IdempotentParameterMismatch", message));
        }
        Some((_, id)) => id,
        None => {
            let tables = ec2.state.route_tables.values().filter(|table| table.vpc == vpc);
            if tables.count() >= ec2.quotas.route_tables_per_vpc {
                let message =
                    format!("The maximum number of route tables for vpc '{vpc}' has been reached.");
                return Err(Refusal::new("RouteTableLimitExceeded", message));
            }
            let id = ec2.state.add_route_table(ec2.account, &vpc);
            ec2.state.tags.insert(id.clone(), tags);
            ec2.hide(&id);
            id
        }
    };
    if let Some(key) = key {
        ec2.state.tokens.insert(key, (print, id.clone()));
    }
    let table = ec2.state.route_tables.get(&id).ok_or_else(|| Noun::RouteTable.unknown(&id))?;
    let mut xml = Xml::new();
    xml.element("routeTable", |xml| write(xml, ec2, table));
    xml.maybe("clientToken", token);
    Ok(xml)
}

/// `DeleteRouteTable`. An endpoint's route does not keep a table: it goes with it.
pub(crate) fn delete(ec2: &mut Ec2) -> Result<Xml, Refusal> {
    let id = ec2.id("RouteTableId", Noun::RouteTable)?;
    ec2.ready()?;
    ec2.must_exist(Noun::RouteTable, [&id])?;
    if ec2.state.route_tables.get(&id).is_some_and(|table| !table.associations.is_empty()) {
        let message = format!("The routeTable '{id}' has dependencies and cannot be deleted.");
        return Err(Refusal::new("DependencyViolation", message));
    }
    ec2.state.route_tables.remove(&id);
    ec2.state.tags.remove(&id);
    for endpoint in ec2.state.endpoints.values_mut() {
        endpoint.route_tables.retain(|held| *held != id);
    }
    Ok(Xml::done())
}

/// `AssociateRouteTable`.
pub(crate) fn associate(ec2: &mut Ec2) -> Result<Xml, Refusal> {
    let id = ec2.id("RouteTableId", Noun::RouteTable)?;
    let subnet = ec2.id("SubnetId", Noun::Subnet)?;
    ec2.ready()?;
    ec2.must_exist(Noun::RouteTable, [&id])?;
    ec2.must_exist(Noun::Subnet, [&subnet])?;
    let vpc = ec2.state.subnets.get(&subnet).map(|subnet| subnet.vpc.clone());
    if ec2.state.route_tables.get(&id).map(|table| table.vpc.clone()) != vpc {
        let message = format!("Route table {id} and subnet {subnet} belong to different networks");
        return Err(Refusal::new("InvalidParameterValue", message));
    }
    let mut tables = ec2.state.route_tables.values();
    if tables.any(|table| table.associations.values().flatten().any(|held| *held == subnet)) {
        let message = format!(
            "the specified association for route table {id} conflicts with an existing association"
        );
        return Err(Refusal::new("Resource.AlreadyAssociated", message));
    }
    let association = ec2.state.id("rtbassoc");
    let table = ec2.state.route_tables.get_mut(&id).ok_or_else(|| Noun::RouteTable.unknown(&id))?;
    table.associations.insert(association.clone(), Some(subnet));
    let mut xml = Xml::new();
    xml.leaf("associationId", association);
    state(&mut xml, "associated");
    Ok(xml)
}

fn state(xml: &mut Xml, state: &str) {
    xml.element("associationState", |xml| {
        xml.leaf("state", state);
    });
}

/// The table that holds an association.
fn holder(ec2: &Ec2, association: &str) -> Result<String, Refusal> {
    let mut tables = ec2.state.route_tables.values();
    let found = tables.find(|table| table.associations.contains_key(association));
    found.map(|table| table.id.clone()).ok_or_else(|| {
        let message = format!("The association ID '{association}' does not exist");
        Refusal::new("InvalidAssociationID.NotFound", message)
    })
}

/// `DisassociateRouteTable`.
pub(crate) fn disassociate(ec2: &mut Ec2) -> Result<Xml, Refusal> {
    let association = ec2.params.need("AssociationId")?;
    ec2.ready()?;
    let id = holder(ec2, &association)?;
    let table = ec2.state.route_tables.get_mut(&id).ok_or_else(|| Noun::RouteTable.unknown(&id))?;
    if table.associations.get(&association).is_some_and(Option::is_none) {
        let message = format!("cannot disassociate the main route table association {association}");
        return Err(Refusal::new("InvalidParameterValue", message));
    }
    table.associations.remove(&association);
    Ok(Xml::done())
}

/// `ReplaceRouteTableAssociation`; with the main association it changes the main table.
pub(crate) fn replace_association(ec2: &mut Ec2) -> Result<Xml, Refusal> {
    let association = ec2.params.need("AssociationId")?;
    let id = ec2.id("RouteTableId", Noun::RouteTable)?;
    ec2.ready()?;
    ec2.must_exist(Noun::RouteTable, [&id])?;
    let from = holder(ec2, &association)?;
    let vpc_of = |id: &str| ec2.state.route_tables.get(id).map(|table| table.vpc.clone());
    if vpc_of(&from) != vpc_of(&id) {
        let message = format!("Route table {id} belongs to a different network");
        return Err(Refusal::new("InvalidParameterValue", message));
    }
    let new = ec2.state.id("rtbassoc");
    let unknown = || Noun::RouteTable.unknown(&id);
    let table = ec2.state.route_tables.get_mut(&from).ok_or_else(unknown)?;
    let held = table.associations.remove(&association).flatten();
    let table = ec2.state.route_tables.get_mut(&id).ok_or_else(unknown)?;
    table.associations.insert(new.clone(), held);
    let mut xml = Xml::new();
    xml.leaf("newAssociationId", new);
    state(&mut xml, "associated");
    Ok(xml)
}
