//! Internet gateways.

use super::context::Ec2;
use super::ids::Noun;
use super::tags;
use crate::sandbox::wire::refusal::Refusal;
use crate::sandbox::wire::xml::Xml;
use crate::sandbox::world::nat::NatState;
use crate::sandbox::world::network::{InternetGateway, Target};

const FILTERS: &[&str] =
    &["attachment.state", "attachment.vpc-id", "internet-gateway-id", "owner-id"];

/// `DescribeInternetGateways`.
pub(crate) fn describe(ec2: &mut Ec2) -> Result<Xml, Refusal> {
    let wanted = ec2.wanted("InternetGatewayId", Noun::InternetGateway)?;
    let filters = ec2.filters(FILTERS, true)?;
    let page = ec2.page("DescribeInternetGateways", 5..=1000)?;
    ec2.ready()?;
    ec2.must_exist(Noun::InternetGateway, &wanted)?;
    let all = ec2.state.internet_gateways.values().filter(|gateway| {
        (wanted.is_empty() || wanted.contains(&gateway.id))
            && ec2.state.seen(&gateway.id)
            && filters.hold(ec2.tags_of(&gateway.id), |name| field(gateway, name))
    });
    let (items, next) = page.cut(all, |gateway| gateway.id.clone());
    let mut xml = Xml::new();
    xml.set("internetGatewaySet", items, |xml, gateway| {
        write(xml, ec2, gateway);
    });
    xml.maybe("nextToken", next);
    Ok(xml)
}

fn field(gateway: &InternetGateway, name: &str) -> Vec<String> {
    match name {
        "attachment.state" => gateway.vpc.iter().map(|_| "available".to_owned()).collect(),
        "attachment.vpc-id" => gateway.vpc.iter().cloned().collect(),
        "owner-id" => vec![gateway.owner.clone()],
        _ => vec![gateway.id.clone()],
    }
}

fn write(xml: &mut Xml, ec2: &Ec2, gateway: &InternetGateway) {
    xml.leaf("internetGatewayId", &gateway.id);
    xml.leaf("ownerId", &gateway.owner);
    xml.set("attachmentSet", &gateway.vpc, |xml, vpc| {
        xml.leaf("vpcId", vpc).leaf("state", "available");
    });
    tags::write(xml, ec2.tags_of(&gateway.id));
}

/// `CreateInternetGateway`.
pub(crate) fn create(ec2: &mut Ec2) -> Result<Xml, Refusal> {
    let tags = tags::specified(ec2, &[Noun::InternetGateway])?;
    ec2.ready()?;
    if ec2.state.internet_gateways.len() >= ec2.quotas.internet_gateways_per_region {
        let message = "The maximum number of internet gateways has been reached.";
        return Err(Refusal::new("InternetGatewayLimitExceeded", message));
    }
    let id = ec2.state.id("igw");
    let gateway = InternetGateway { id: id.clone(), vpc: None, owner: ec2.account.to_owned() };
    ec2.state.internet_gateways.insert(id.clone(), gateway.clone());
    ec2.state.tags.insert(id.clone(), tags);
    ec2.hide(&id);
    let mut xml = Xml::new();
    xml.element("internetGateway", |xml| write(xml, ec2, &gateway));
    Ok(xml)
}

/// `AttachInternetGateway`.
pub(crate) fn attach(ec2: &mut Ec2) -> Result<Xml, Refusal> {
    let (id, vpc) = pair(ec2)?;
    let mut gateways = ec2.state.internet_gateways.values();
    if gateways.any(|gateway| gateway.vpc.as_ref() == Some(&vpc) && gateway.id != id) {
        let message = format!("Network {vpc} already has an internet gateway attached");
        return Err(Refusal::new("InvalidParameterValue", message));
    }
    let gateway = ec2.state.internet_gateways.get_mut(&id);
    let gateway = gateway.ok_or_else(|| Noun::InternetGateway.unknown(&id))?;
    if let Some(held) = &gateway.vpc {
        let message = format!("resource {id} is already attached to network {held}");
        return Err(Refusal::new("Resource.AlreadyAssociated", message));
    }
    gateway.vpc = Some(vpc);
    Ok(Xml::done())
}

/// `DetachInternetGateway`.
pub(crate) fn detach(ec2: &mut Ec2) -> Result<Xml, Refusal> {
    let (id, vpc) = pair(ec2)?;
    if ec2.state.nat_gateways.values().any(|nat| nat.vpc == vpc && nat.state != NatState::Deleted) {
        let message = format!(
            "Network {vpc} has some mapped public address(es). Please unmap those public address(es) before detaching the gateway."
        );
        return Err(Refusal::new("DependencyViolation", message));
    }
    let gateway = ec2.state.internet_gateways.get_mut(&id);
    let gateway = gateway.ok_or_else(|| Noun::InternetGateway.unknown(&id))?;
    if gateway.vpc.as_ref() != Some(&vpc) {
        let message = format!("resource {id} is not attached to network {vpc}");
        return Err(Refusal::new("Gateway.NotAttached", message));
    }
    gateway.vpc = None;
    Ok(Xml::done())
}

/// `DeleteInternetGateway`.
pub(crate) fn delete(ec2: &mut Ec2) -> Result<Xml, Refusal> {
    let id = ec2.id("InternetGatewayId", Noun::InternetGateway)?;
    ec2.ready()?;
    ec2.must_exist(Noun::InternetGateway, [&id])?;
    if ec2.state.internet_gateways.get(&id).is_some_and(|gateway| gateway.vpc.is_some()) {
        let message = format!("The internetGateway '{id}' has dependencies and cannot be deleted.");
        return Err(Refusal::new("DependencyViolation", message));
    }
    ec2.state.internet_gateways.remove(&id);
    ec2.state.tags.remove(&id);
    for table in ec2.state.route_tables.values_mut() {
        table.routes.retain(|route| route.target != Target::Gateway(id.clone()));
    }
    Ok(Xml::done())
}

fn pair(ec2: &mut Ec2) -> Result<(String, String), Refusal> {
    let id = ec2.id("InternetGatewayId", Noun::InternetGateway)?;
    let vpc = ec2.id("VpcId", Noun::Vpc)?;
    ec2.ready()?;
    ec2.must_exist(Noun::InternetGateway, [&id])?;
    ec2.must_exist(Noun::Vpc, [&vpc])?;
    Ok((id, vpc))
}
