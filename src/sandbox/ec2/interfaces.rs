//! `DescribeNetworkInterfaces`: those of endpoints.

use super::context::Ec2;
use super::ids::Noun;
use super::tags;
use crate::sandbox::dice::Dice;
use crate::sandbox::wire::refusal::Refusal;
use crate::sandbox::wire::xml::Xml;
use crate::sandbox::world::network::Interface;

const FILTERS: &[&str] = &[
    "addresses.private-ip-address",
    "availability-zone",
    "availability-zone-id",
    "description",
    "group-id",
    "interface-type",
    "network-interface-id",
    "owner-id",
    "private-ip-address",
    "requester-managed",
    "status",
    "subnet-id",
    "vpc-id",
];

/// `DescribeNetworkInterfaces`.
pub(crate) fn describe(ec2: &mut Ec2) -> Result<Xml, Refusal> {
    let wanted = ec2.wanted("NetworkInterfaceId", Noun::Interface)?;
    let filters = ec2.filters(FILTERS, true)?;
    let page = ec2.page("DescribeNetworkInterfaces", 5..=1000)?;
    ec2.ready()?;
    ec2.must_exist(Noun::Interface, &wanted)?;
    let all = ec2.state.interfaces.values().filter(|interface| {
        (wanted.is_empty() || wanted.contains(&interface.id))
            && filters.hold(ec2.tags_of(&interface.id), |name| field(ec2, interface, name))
    });
    let (items, next) = page.cut(all, |interface| interface.id.clone());
    let mut xml = Xml::new();
    xml.set("networkInterfaceSet", items, |xml, interface| {
        write(xml, ec2, interface);
    });
    xml.maybe("nextToken", next);
    Ok(xml)
}

fn zone(ec2: &Ec2, interface: &Interface) -> String {
    ec2.state.subnets.get(&interface.subnet).map_or_else(String::new, |subnet| subnet.zone.clone())
}

fn description(interface: &Interface) -> String {
    if interface.kind == "nat_gateway" {
        return format!("Interface for NAT Gateway {}", interface.holder);
    }
    format!("VPC Endpoint Interface {}", interface.holder)
}

fn field(ec2: &Ec2, interface: &Interface, name: &str) -> Vec<String> {
    let one = match name {
        "addresses.private-ip-address" | "private-ip-address" => interface.address.to_string(),
        "availability-zone" => ec2.zone_name(&zone(ec2, interface)),
        "availability-zone-id" => zone(ec2, interface),
        "description" => description(interface),
        "group-id" => return interface.groups.clone(),
        "interface-type" => interface.kind.clone(),
        "network-interface-id" => interface.id.clone(),
        "owner-id" => ec2.account.to_owned(),
        "requester-managed" => "true".to_owned(),
        "status" => "in-use".to_owned(),
        "subnet-id" => interface.subnet.clone(),
        _ => interface.vpc.clone(),
    };
    vec![one]
}

fn write(xml: &mut Xml, ec2: &Ec2, interface: &Interface) {
    let zone = zone(ec2, interface);
    xml.leaf("networkInterfaceId", &interface.id);
    xml.leaf("interfaceType", &interface.kind);
    xml.leaf("description", description(interface));
    xml.leaf("subnetId", &interface.subnet).leaf("vpcId", &interface.vpc);
    xml.leaf("availabilityZone", ec2.zone_name(&zone)).leaf("availabilityZoneId", zone);
    xml.leaf("ownerId", ec2.account).leaf("requesterId", "amazon-aws");
    xml.leaf("requesterManaged", true).leaf("status", "in-use");
    let mac = Dice::new(0, &["mac", &interface.id]).hex(8);
    xml.leaf(
        "macAddress",
        format!("06:0a:{}:{}:{}:{}", &mac[..2], &mac[2..4], &mac[4..6], &mac[6..]),
    );
    xml.leaf("privateIpAddress", interface.address).leaf("sourceDestCheck", true);
    xml.set("groupSet", &interface.groups, |xml, id| {
        let name = ec2.state.security_groups.get(id).map_or("", |group| group.name.as_str());
        xml.leaf("groupId", id).leaf("groupName", name);
    });
    xml.element("attachment", |xml| {
        xml.leaf("attachmentId", interface.id.replace("eni-", "ela-attach-"));
        xml.leaf("deleteOnTermination", false).leaf("deviceIndex", 1);
        xml.leaf("instanceOwnerId", "amazon-aws").leaf("status", "attached");
    });
    xml.set("privateIpAddressesSet", [interface.address], |xml, address| {
        xml.leaf("primary", true).leaf("privateIpAddress", address);
    });
    xml.element("ipv6AddressesSet", |_| ());
    tags::write(xml, ec2.tags_of(&interface.id));
}
