//! Subnets.

use ipnet::Ipv6Net;

use super::context::Ec2;
use super::ids::Noun;
use super::tags;
use super::vpcs::block;
use crate::sandbox::wire::refusal::{Refusal, bad_value, missing};
use crate::sandbox::wire::xml::Xml;
use crate::sandbox::world::network::{Block, Subnet};

const FILTERS: &[&str] = &[
    "availability-zone",
    "availabilityZone",
    "availability-zone-id",
    "availabilityZoneId",
    "available-ip-address-count",
    "cidr-block",
    "cidr",
    "cidrBlock",
    "default-for-az",
    "defaultForAz",
    "ipv6-cidr-block-association.ipv6-cidr-block",
    "map-public-ip-on-launch",
    "owner-id",
    "state",
    "subnet-arn",
    "subnet-id",
    "vpc-id",
];

/// `DescribeSubnets`.
pub(crate) fn describe(ec2: &mut Ec2) -> Result<Xml, Refusal> {
    let wanted = ec2.wanted("SubnetId", Noun::Subnet)?;
    let filters = ec2.filters(FILTERS, true)?;
    let page = ec2.page("DescribeSubnets", 5..=1000)?;
    ec2.ready()?;
    ec2.must_exist(Noun::Subnet, &wanted)?;
    let all = ec2.state.subnets.values().filter(|subnet| {
        (wanted.is_empty() || wanted.contains(&subnet.id))
            && ec2.state.seen(&subnet.id)
            && filters.hold(ec2.tags_of(&subnet.id), |name| field(ec2, subnet, name))
    });
    let (items, next) = page.cut(all, |subnet| subnet.id.clone());
    let mut xml = Xml::new();
    xml.set("subnetSet", items, |xml, subnet| {
        write(xml, ec2, subnet, "available");
    });
    xml.maybe("nextToken", next);
    Ok(xml)
}

fn arn(ec2: &Ec2, subnet: &Subnet) -> String {
    format!("arn:aws:ec2:{}:{}:subnet/{}", ec2.region, subnet.owner, subnet.id)
}

fn field(ec2: &Ec2, subnet: &Subnet, name: &str) -> Vec<String> {
    let one = match name {
        "availability-zone" | "availabilityZone" => ec2.zone_name(&subnet.zone),
        "availability-zone-id" | "availabilityZoneId" => subnet.zone.clone(),
        "available-ip-address-count" => ec2.state.free_addresses(subnet).to_string(),
        "cidr-block" | "cidr" | "cidrBlock" => subnet.cidr.to_string(),
        "default-for-az" | "defaultForAz" => subnet.default_for_zone.to_string(),
        "ipv6-cidr-block-association.ipv6-cidr-block" => {
            return subnet.ipv6.iter().map(|block| block.cidr.to_string()).collect();
        }
        "map-public-ip-on-launch" => subnet.public_addresses.to_string(),
        "owner-id" => subnet.owner.clone(),
        "state" => "available".to_owned(),
        "subnet-arn" => arn(ec2, subnet),
        "subnet-id" => subnet.id.clone(),
        _ => subnet.vpc.clone(),
    };
    vec![one]
}

fn write(xml: &mut Xml, ec2: &Ec2, subnet: &Subnet, state: &str) {
    xml.leaf("subnetId", &subnet.id);
    xml.leaf("subnetArn", arn(ec2, subnet));
    xml.leaf("state", state);
    xml.leaf("ownerId", &subnet.owner);
    xml.leaf("vpcId", &subnet.vpc);
    xml.leaf("cidrBlock", subnet.cidr);
    xml.set("ipv6CidrBlockAssociationSet", &subnet.ipv6, |xml, block| {
        xml.leaf("associationId", &block.association).leaf("ipv6CidrBlock", block.cidr);
        xml.element("ipv6CidrBlockState", |xml| {
            xml.leaf("state", "associated");
        });
    });
    xml.leaf("availableIpAddressCount", ec2.state.free_addresses(subnet));
    xml.leaf("availabilityZone", ec2.zone_name(&subnet.zone));
    xml.leaf("availabilityZoneId", &subnet.zone);
    xml.leaf("defaultForAz", subnet.default_for_zone);
    xml.leaf("mapPublicIpOnLaunch", subnet.public_addresses);
    xml.leaf("assignIpv6AddressOnCreation", subnet.ipv6_addresses);
    xml.leaf("mapCustomerOwnedIpOnLaunch", false);
    xml.leaf("enableDns64", false).leaf("ipv6Native", false);
    xml.element("privateDnsNameOptionsOnLaunch", |xml| {
        xml.leaf("hostnameType", "ip-name");
        xml.leaf("enableResourceNameDnsARecord", false);
        xml.leaf("enableResourceNameDnsAAAARecord", false);
    });
    tags::write(xml, ec2.tags_of(&subnet.id));
}

/// `CreateSubnet`.
pub(crate) fn create(ec2: &mut Ec2) -> Result<Xml, Refusal> {
    let vpc = ec2.id("VpcId", Noun::Vpc)?;
    let text = ec2.params.text("CidrBlock").ok_or_else(|| missing("cidrBlock"))?;
    let cidr = block("cidrBlock", &text)?;
    let ipv6: Option<Ipv6Net> = ec2.params.number("Ipv6CidrBlock")?;
    let zone = zone(ec2)?;
    let tags = tags::specified(ec2, &[Noun::Subnet])?;
    ec2.ready()?;
    ec2.must_exist(Noun::Vpc, [&vpc])?;
    let held = ec2.state.vpcs.get(&vpc).ok_or_else(|| Noun::Vpc.unknown(&vpc))?;
    let inside = held.cidrs.iter().any(|block| block.cidr.contains(&cidr));
    let inside6 = ipv6.is_none_or(|ipv6| held.ipv6.iter().any(|block| block.cidr.contains(&ipv6)));
    if !(16..=28).contains(&cidr.prefix_len()) || !inside || !inside6 {
        return Err(Refusal::new("InvalidSubnet.Range", format!("The CIDR '{text}' is invalid.")));
    }
    let others = ec2.state.subnets.values().filter(|subnet| subnet.vpc == vpc);
    if others.clone().any(|subnet| subnet.cidr.contains(&cidr) || cidr.contains(&subnet.cidr)) {
        let message = format!("The CIDR '{text}' conflicts with another subnet");
        return Err(Refusal::new("InvalidSubnet.Conflict", message));
    }
    if others.count() >= ec2.quotas.subnets_per_vpc {
        let message = format!("The maximum number of subnets for vpc '{vpc}' has been reached.");
        return Err(Refusal::new("SubnetLimitExceeded", message));
    }
    let id = ec2.state.add_subnet(ec2.account, &vpc, &zone, cidr);
    let association = ec2.state.id("subnet-cidr-assoc");
    if let Some(subnet) = ec2.state.subnets.get_mut(&id) {
        subnet.ipv6 = ipv6.map(|cidr| Block { association, cidr });
    }
    ec2.state.tags.insert(id.clone(), tags);
    ec2.hide(&id);
    let subnet = ec2.state.subnets.get(&id).ok_or_else(|| Noun::Subnet.unknown(&id))?;
    let mut xml = Xml::new();
    xml.element("subnet", |xml| write(xml, ec2, subnet, "available"));
    Ok(xml)
}

/// The id of the zone a request names; without one, the account's first zone.
fn zone(ec2: &Ec2) -> Result<String, Refusal> {
    let (name, id) = (ec2.params.get("AvailabilityZone"), ec2.params.get("AvailabilityZoneId"));
    let mut zones = ec2.zones.iter();
    let found = match (name, id) {
        (Some(name), _) => zones.find(|zone| zone.name == name),
        (None, Some(id)) => zones.find(|zone| zone.id == id),
        (None, None) => zones.next(),
    };
    found.map(|zone| zone.id.clone()).ok_or_else(|| {
        let names: Vec<_> = ec2.zones.iter().map(|zone| zone.name.as_str()).collect();
        let given = name.or(id).unwrap_or_default();
        let message = format!(
            "Value ({given}) for parameter availabilityZone is invalid. Subnets can currently only be created \
             in the following availability zones: {}.",
            names.join(", ")
        );
        Refusal::new("InvalidParameterValue", message)
    })
}

/// `DeleteSubnet`.
pub(crate) fn delete(ec2: &mut Ec2) -> Result<Xml, Refusal> {
    let id = ec2.id("SubnetId", Noun::Subnet)?;
    ec2.ready()?;
    ec2.must_exist(Noun::Subnet, [&id])?;
    let state = &mut *ec2.state;
    if state.interfaces_in(&id).next().is_some() {
        let message = format!("The subnet '{id}' has dependencies and cannot be deleted.");
        return Err(Refusal::new("DependencyViolation", message));
    }
    for table in state.route_tables.values_mut() {
        table.associations.retain(|_, subnet| subnet.as_ref() != Some(&id));
    }
    state.subnets.remove(&id);
    state.tags.remove(&id);
    Ok(Xml::done())
}

/// `ModifySubnetAttribute`.
pub(crate) fn modify_attribute(ec2: &mut Ec2) -> Result<Xml, Refusal> {
    let id = ec2.id("SubnetId", Noun::Subnet)?;
    let public = ec2.params.flag("MapPublicIpOnLaunch.Value")?;
    let ipv6 = ec2.params.flag("AssignIpv6AddressOnCreation.Value")?;
    ec2.ready()?;
    ec2.must_exist(Noun::Subnet, [&id])?;
    let subnet = ec2.state.subnets.get_mut(&id).ok_or_else(|| Noun::Subnet.unknown(&id))?;
    if ipv6 == Some(true) && subnet.ipv6.is_none() {
        return Err(bad_value("assignIpv6AddressOnCreation", "true"));
    }
    subnet.public_addresses = public.unwrap_or(subnet.public_addresses);
    subnet.ipv6_addresses = ipv6.unwrap_or(subnet.ipv6_addresses);
    Ok(Xml::done())
}
