//! VPCs.

use ipnet::Ipv4Net;

use super::context::Ec2;
use super::ids::Noun;
use super::tags;
use crate::sandbox::wire::refusal::{Refusal, bad_value, missing};
use crate::sandbox::wire::xml::Xml;
use crate::sandbox::world::network::{Block, Destination, Target, Vpc};

const FILTERS: &[&str] = &[
    "cidr",
    "cidr-block-association.cidr-block",
    "cidr-block-association.association-id",
    "cidr-block-association.state",
    "dhcp-options-id",
    "ipv6-cidr-block-association.ipv6-cidr-block",
    "ipv6-cidr-block-association.association-id",
    "is-default",
    "isDefault",
    "owner-id",
    "state",
    "vpc-id",
];

/// `DescribeVpcs`.
pub(crate) fn describe(ec2: &mut Ec2) -> Result<Xml, Refusal> {
    let wanted = ec2.wanted("VpcId", Noun::Vpc)?;
    let filters = ec2.filters(FILTERS, true)?;
    let page = ec2.page("DescribeVpcs", 5..=1000)?;
    ec2.ready()?;
    ec2.must_exist(Noun::Vpc, &wanted)?;
    let all = ec2.state.vpcs.values().filter(|vpc| {
        (wanted.is_empty() || wanted.contains(&vpc.id))
            && ec2.state.seen(&vpc.id)
            && filters.hold(ec2.tags_of(&vpc.id), |name| field(vpc, name))
    });
    let (items, next) = page.cut(all, |vpc| vpc.id.clone());
    let mut xml = Xml::new();
    xml.set("vpcSet", items, |xml, vpc| {
        write(xml, ec2, vpc, "available");
    });
    xml.maybe("nextToken", next);
    Ok(xml)
}

fn field(vpc: &Vpc, name: &str) -> Vec<String> {
    let primary = vpc.cidrs.first().map(|block| block.cidr.to_string());
    match name {
        "cidr" => primary.into_iter().collect(),
        "cidr-block-association.cidr-block" => {
            vpc.cidrs.iter().map(|block| block.cidr.to_string()).collect()
        }
        "cidr-block-association.association-id" => {
            vpc.cidrs.iter().map(|block| block.association.clone()).collect()
        }
        "cidr-block-association.state" => vec!["associated".to_owned()],
        "dhcp-options-id" => vec![vpc.dhcp_options.clone()],
        "ipv6-cidr-block-association.ipv6-cidr-block" => {
            vpc.ipv6.iter().map(|block| block.cidr.to_string()).collect()
        }
        "ipv6-cidr-block-association.association-id" => {
            vpc.ipv6.iter().map(|block| block.association.clone()).collect()
        }
        "is-default" | "isDefault" => vec![vpc.is_default.to_string()],
        "owner-id" => vec![vpc.owner.clone()],
        "state" => vec!["available".to_owned()],
        _ => vec![vpc.id.clone()],
    }
}

fn write(xml: &mut Xml, ec2: &Ec2, vpc: &Vpc, state: &str) {
    xml.leaf("vpcId", &vpc.id);
    xml.leaf("ownerId", &vpc.owner);
    xml.leaf("state", state);
    xml.maybe("cidrBlock", vpc.cidrs.first().map(|block| block.cidr));
    xml.set("cidrBlockAssociationSet", &vpc.cidrs, |xml, block| {
        write_v4(xml, block, "associated");
    });
    // `CreateVpc` answers with the set even where it is empty.
    if !vpc.ipv6.is_empty() || state == "pending" {
        xml.set("ipv6CidrBlockAssociationSet", &vpc.ipv6, |xml, block| {
            write_v6(xml, block, "associated", ec2.region);
        });
    }
    xml.leaf("dhcpOptionsId", &vpc.dhcp_options);
    xml.leaf("instanceTenancy", &vpc.tenancy);
    xml.leaf("isDefault", vpc.is_default);
    tags::write(xml, ec2.tags_of(&vpc.id));
}

fn write_v4(xml: &mut Xml, block: &Block<Ipv4Net>, state: &str) {
    xml.leaf("associationId", &block.association);
    xml.leaf("cidrBlock", block.cidr);
    xml.element("cidrBlockState", |xml| {
        xml.leaf("state", state);
    });
}

fn write_v6(xml: &mut Xml, block: &Block<ipnet::Ipv6Net>, state: &str, region: &str) {
    xml.leaf("associationId", &block.association);
    xml.leaf("ipv6CidrBlock", block.cidr);
    xml.element("ipv6CidrBlockState", |xml| {
        xml.leaf("state", state);
    });
    xml.leaf("networkBorderGroup", region).leaf("ipv6Pool", "Amazon");
}

/// A block of addresses in its canonical form; AWS does the same: `100.68.0.18/18` becomes `100.68.0.0/18`.
pub(crate) fn block(name: &str, text: &str) -> Result<Ipv4Net, Refusal> {
    let net: Ipv4Net = text.parse().map_err(|_| {
        let message = format!(
            "Value ({text}) for parameter {name} is invalid. This is not a valid CIDR block."
        );
        Refusal::new("InvalidParameterValue", message)
    })?;
    Ok(net.trunc())
}

/// `CreateVpc`.
pub(crate) fn create(ec2: &mut Ec2) -> Result<Xml, Refusal> {
    let text = ec2.params.text("CidrBlock").ok_or_else(|| missing("cidrBlock"))?;
    let cidr = block("cidrBlock", &text)?;
    let ipv6 = ec2.params.flag("AmazonProvidedIpv6CidrBlock")?.unwrap_or(false);
    let tenancy = ec2.params.text("InstanceTenancy").unwrap_or_else(|| "default".to_owned());
    if !matches!(tenancy.as_str(), "default" | "dedicated") {
        return Err(bad_value("instanceTenancy", &tenancy));
    }
    let tags = tags::specified(ec2, &[Noun::Vpc])?;
    ec2.ready()?;
    if !(16..=28).contains(&cidr.prefix_len()) {
        return Err(Refusal::new("InvalidVpc.Range", format!("The CIDR '{text}' is invalid.")));
    }
    if ec2.state.vpcs.len() >= ec2.quotas.vpcs_per_region {
        let message = "The maximum number of VPCs has been reached.";
        return Err(Refusal::new("VpcLimitExceeded", message));
    }
    let id = ec2.state.add_vpc(ec2.account, cidr, false);
    if ipv6 {
        ec2.state.add_ipv6(&id);
    }
    ec2.state.tags.insert(id.clone(), tags);
    ec2.hide(&id);
    let vpc = ec2.state.vpcs.get_mut(&id).ok_or_else(|| Noun::Vpc.unknown(&id))?;
    vpc.tenancy = tenancy;
    let vpc = vpc.clone();
    let mut xml = Xml::new();
    xml.element("vpc", |xml| write(xml, ec2, &vpc, "pending"));
    Ok(xml)
}

/// `DeleteVpc`: its main route table, default security group and their tags go with it.
pub(crate) fn delete(ec2: &mut Ec2) -> Result<Xml, Refusal> {
    let id = ec2.id("VpcId", Noun::Vpc)?;
    ec2.ready()?;
    ec2.must_exist(Noun::Vpc, [&id])?;
    let state = &mut *ec2.state;
    let busy = state.subnets.values().any(|subnet| subnet.vpc == id)
        || state.endpoints.values().any(|endpoint| endpoint.vpc == id)
        || state.internet_gateways.values().any(|gateway| gateway.vpc.as_ref() == Some(&id))
        || state.route_tables.values().any(|table| table.vpc == id && !table.is_main())
        || state.security_groups.values().any(|group| group.vpc == id && group.name != "default");
    if busy {
        let message = format!("The vpc '{id}' has dependencies and cannot be deleted.");
        return Err(Refusal::new("DependencyViolation", message));
    }
    state.route_tables.retain(|_, table| table.vpc != id);
    state.security_groups.retain(|_, group| group.vpc != id);
    state.vpcs.remove(&id);
    state.tags.remove(&id);
    Ok(Xml::done())
}

/// `DescribeVpcAttribute`.
pub(crate) fn describe_attribute(ec2: &mut Ec2) -> Result<Xml, Refusal> {
    let id = ec2.id("VpcId", Noun::Vpc)?;
    let attribute = ec2.params.need("Attribute")?;
    ec2.ready()?;
    ec2.must_exist(Noun::Vpc, [&id])?;
    let vpc = ec2.state.vpcs.get(&id).ok_or_else(|| Noun::Vpc.unknown(&id))?;
    let value = match attribute.as_str() {
        "enableDnsSupport" => vpc.dns_support,
        "enableDnsHostnames" => vpc.dns_hostnames,
        "enableNetworkAddressUsageMetrics" => vpc.usage_metrics,
        other => return Err(bad_value("attribute", other)),
    };
    let mut xml = Xml::new();
    xml.leaf("vpcId", &id);
    xml.element(&attribute, |xml| {
        xml.leaf("value", value);
    });
    Ok(xml)
}

/// `ModifyVpcAttribute`: one attribute at a time.
pub(crate) fn modify_attribute(ec2: &mut Ec2) -> Result<Xml, Refusal> {
    let id = ec2.id("VpcId", Noun::Vpc)?;
    let support = ec2.params.flag("EnableDnsSupport.Value")?;
    let hostnames = ec2.params.flag("EnableDnsHostnames.Value")?;
    let metrics = ec2.params.flag("EnableNetworkAddressUsageMetrics.Value")?;
    ec2.ready()?;
    ec2.must_exist(Noun::Vpc, [&id])?;
    match [support, hostnames, metrics].iter().flatten().count() {
        0 => return Err(missing("attribute")),
        1 => (),
        _ => {
            let message = "Fields for multiple attribute types specified";
            return Err(Refusal::new("InvalidParameterCombination", message));
        }
    }
    if hostnames == Some(true) && ec2.state.vpcs.get(&id).is_some_and(|vpc| !vpc.dns_support) {
        // The rule is documented (API ModifyVpcAttribute, EnableDnsHostnames), its code and words are not.
        let message = "You can only enable DNS hostnames if you've enabled DNS support.";
        return Err(Refusal::new("InvalidParameterCombination", message));
    }
    if let Some(vpc) = ec2.state.vpcs.get_mut(&id) {
        vpc.dns_support = support.unwrap_or(vpc.dns_support);
        vpc.dns_hostnames = hostnames.unwrap_or(vpc.dns_hostnames);
        vpc.usage_metrics = metrics.unwrap_or(vpc.usage_metrics);
    }
    Ok(Xml::done())
}

/// `AssociateVpcCidrBlock`: a further block of IPv4 addresses, or one of AWS's IPv6 blocks.
pub(crate) fn associate_cidr(ec2: &mut Ec2) -> Result<Xml, Refusal> {
    let id = ec2.id("VpcId", Noun::Vpc)?;
    let text = ec2.params.text("CidrBlock");
    let ipv6 = ec2.params.flag("AmazonProvidedIpv6CidrBlock")?.unwrap_or(false);
    let cidr = text.as_deref().map(|text| block("cidrBlock", text)).transpose()?;
    ec2.ready()?;
    ec2.must_exist(Noun::Vpc, [&id])?;
    let mut xml = Xml::new();
    xml.leaf("vpcId", &id);
    match cidr {
        Some(cidr) => {
            let block = add_block(ec2, &id, cidr)?;
            xml.element("cidrBlockAssociation", |xml| {
                write_v4(xml, &block, "associating");
            });
        }
        None if ipv6 => {
            let block = ec2.state.add_ipv6(&id).ok_or_else(|| Noun::Vpc.unknown(&id))?;
            let region = ec2.region;
            xml.element("ipv6CidrBlockAssociation", |xml| {
                write_v6(xml, &block, "associating", region);
            });
        }
        None => return Err(missing("cidrBlock")),
    }
    Ok(xml)
}

fn add_block(ec2: &mut Ec2, vpc: &str, cidr: Ipv4Net) -> Result<Block<Ipv4Net>, Refusal> {
    let association = ec2.state.id("vpc-cidr-assoc");
    let held = ec2.state.vpcs.get_mut(vpc).ok_or_else(|| Noun::Vpc.unknown(vpc))?;
    let overlaps =
        |block: &Block<Ipv4Net>| block.cidr.contains(&cidr) || cidr.contains(&block.cidr);
    if !(16..=28).contains(&cidr.prefix_len()) || held.cidrs.iter().any(overlaps) {
        return Err(Refusal::new("InvalidVpc.Range", format!("The CIDR '{cidr}' is invalid.")));
    }
    if held.cidrs.len() >= ec2.quotas.cidrs_per_vpc {
        let message =
            format!("The maximum number of CIDR blocks of the vpc '{vpc}' has been reached.");
        return Err(Refusal::new("VpcCidrBlockLimitExceeded", message));
    }
    let block = Block { association, cidr };
    held.cidrs.push(block.clone());
    ec2.state.local_route(vpc, &Destination::V4(cidr));
    Ok(block)
}

/// `DisassociateVpcCidrBlock`.
pub(crate) fn disassociate_cidr(ec2: &mut Ec2) -> Result<Xml, Refusal> {
    let id = ec2.params.need("AssociationId")?;
    ec2.ready()?;
    let unknown = || {
        let message = format!("The vpc CIDR block with association ID '{id}' does not exist");
        Refusal::new("InvalidVpcCidrBlockAssociationID.NotFound", message)
    };
    let holds = |vpc: &&Vpc| vpc.cidrs.iter().any(|block| block.association == id);
    let vpc = ec2.state.vpcs.values().find(holds).map(|vpc| vpc.id.clone()).ok_or_else(unknown)?;
    let held = ec2.state.vpcs.get_mut(&vpc).ok_or_else(unknown)?;
    let at = held.cidrs.iter().position(|block| block.association == id).ok_or_else(unknown)?;
    let cidr = held.cidrs[at].cidr;
    let used =
        ec2.state.subnets.values().any(|subnet| subnet.vpc == vpc && cidr.contains(&subnet.cidr));
    if at == 0 || used {
        let message =
            format!("The vpc CIDR block with association ID '{id}' may not be disassociated.");
        return Err(Refusal::new("OperationNotPermitted", message));
    }
    let block = held.cidrs.remove(at);
    for table in ec2.state.route_tables.values_mut().filter(|table| table.vpc == vpc) {
        let gone = Destination::V4(cidr);
        table.routes.retain(|route| route.target != Target::Local || route.destination != gone);
    }
    let mut xml = Xml::new();
    xml.leaf("vpcId", vpc);
    xml.element("cidrBlockAssociation", |xml| {
        write_v4(xml, &block, "disassociating");
    });
    Ok(xml)
}
