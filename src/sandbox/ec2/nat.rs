//! NAT gateways and the Elastic IP addresses they hold.

use super::context::Ec2;
use super::ids::Noun;
use super::tags;
use crate::sandbox::clock::iso;
use crate::sandbox::load::delay;
use crate::sandbox::wire::refusal::{Refusal, bad_value, missing};
use crate::sandbox::wire::xml::Xml;
use crate::sandbox::world::nat::{Address, NatGateway, NatState};

const FILTERS: &[&str] = &["nat-gateway-id", "state", "subnet-id", "vpc-id"];
const ADDRESS_FILTERS: &[&str] = &["allocation-id", "domain", "public-ip"];

/// `DescribeNatGateways`.
pub(crate) fn describe(ec2: &mut Ec2) -> Result<Xml, Refusal> {
    let wanted = ec2.wanted("NatGatewayId", Noun::NatGateway)?;
    let filters = ec2.filters(FILTERS, true)?;
    let page = ec2.page("DescribeNatGateways", 5..=1000)?;
    ec2.ready()?;
    ec2.must_exist(Noun::NatGateway, &wanted)?;
    let all = ec2.state.nat_gateways.values().filter(|nat| {
        (wanted.is_empty() || wanted.contains(&nat.id))
            && ec2.state.seen(&nat.id)
            && filters.hold(ec2.tags_of(&nat.id), |name| {
                vec![match name {
                    "nat-gateway-id" => nat.id.clone(),
                    "state" => nat.state.to_string(),
                    "subnet-id" => nat.subnet.clone(),
                    _ => nat.vpc.clone(),
                }]
            })
    });
    let (items, next) = page.cut(all, |nat| nat.id.clone());
    let mut xml = Xml::new();
    xml.set("natGatewaySet", items, |xml, nat| write(xml, ec2, nat));
    xml.maybe("nextToken", next);
    Ok(xml)
}

fn write(xml: &mut Xml, ec2: &Ec2, nat: &NatGateway) {
    let kind = if nat.allocation.is_some() { "public" } else { "private" };
    xml.leaf("natGatewayId", &nat.id);
    xml.leaf("vpcId", &nat.vpc).leaf("subnetId", &nat.subnet);
    xml.leaf("state", nat.state).leaf("connectivityType", kind);
    xml.leaf("createTime", iso(nat.created));
    let address = nat.allocation.as_ref().and_then(|id| ec2.state.addresses.get(id));
    let interface = nat.interface.as_ref().and_then(|id| ec2.state.interfaces.get(id));
    xml.set("natGatewayAddressSet", interface, |xml, interface| {
        xml.maybe("allocationId", address.map(|address| &address.id));
        xml.maybe("publicIp", address.map(|address| address.public));
        xml.leaf("networkInterfaceId", &interface.id).leaf("privateIp", interface.address);
        xml.leaf("isPrimary", true).leaf("status", "succeeded");
    });
    tags::write(xml, ec2.tags_of(&nat.id));
}

/// `CreateNatGateway`.
pub(crate) fn create(ec2: &mut Ec2) -> Result<Xml, Refusal> {
    let subnet = ec2.id("SubnetId", Noun::Subnet)?;
    let allocation = ec2.params.text("AllocationId");
    let public = match ec2.params.get("ConnectivityType") {
        None | Some("public") => true,
        Some("private") => false,
        Some(other) => return Err(bad_value("connectivityType", other)),
    };
    let token = ec2.params.text("ClientToken");
    let tags = tags::specified(ec2, &[Noun::NatGateway])?;
    ec2.ready()?;
    ec2.must_exist(Noun::Subnet, [&subnet])?;
    if public && allocation.is_none() {
        return Err(missing("AllocationId"));
    }
    let key = token.as_ref().map(|token| format!("CreateNatGateway {token}"));
    let print = ec2.params.fingerprint(&[]);
    let earlier = key.as_ref().and_then(|key| ec2.state.tokens.get(key)).cloned();
    let id = match earlier {
        Some((before, _)) if before != print => {
            let message = "The client token you specified was used before with other parameters.";
            return Err(Refusal::new("IdempotentParameterMismatch", message));
        }
        Some((_, id)) => id,
        None => {
            if let Some(id) = &allocation {
                free(ec2, id)?;
            }
            make(ec2, &subnet, allocation)?
        }
    };
    ec2.state.tags.insert(id.clone(), tags);
    if let Some(key) = key {
        ec2.state.tokens.insert(key, (print, id.clone()));
    }
    let nat = ec2.state.nat_gateways.get(&id).ok_or_else(|| Noun::NatGateway.unknown(&id))?;
    let mut xml = Xml::new();
    xml.element("natGateway", |xml| write(xml, ec2, nat));
    xml.maybe("clientToken", token);
    Ok(xml)
}

fn make(ec2: &mut Ec2, subnet: &str, allocation: Option<String>) -> Result<String, Refusal> {
    let wait = delay::nat_available(&mut ec2.state.dice("nat"));
    let settles = Some(ec2.now.sim + wait);
    let made = ec2.state.add_nat_gateway(subnet, allocation, settles, ec2.now.wall);
    let id = made.ok_or_else(|| Noun::Subnet.unknown(subnet))?;
    ec2.hide(&id);
    Ok(id)
}

/// Refuses an Elastic IP address that there is not, or that something else holds.
fn free<'a>(ec2: &'a Ec2, id: &str) -> Result<&'a Address, Refusal> {
    let address = ec2.state.addresses.get(id).ok_or_else(|| {
        let message = format!("The allocation ID '{id}' does not exist");
        Refusal::new("InvalidAllocationID.NotFound", message)
    })?;
    if address.holder.is_some() {
        let message = format!("resource {id} is already associated");
        return Err(Refusal::new("Resource.AlreadyAssociated", message));
    }
    Ok(address)
}

/// `DeleteNatGateway`.
pub(crate) fn delete(ec2: &mut Ec2) -> Result<Xml, Refusal> {
    let id = ec2.id("NatGatewayId", Noun::NatGateway)?;
    ec2.ready()?;
    ec2.must_exist(Noun::NatGateway, [&id])?;
    let settles = ec2.now.sim + delay::nat_available(&mut ec2.state.dice("nat"));
    if let Some(nat) = ec2.state.nat_gateways.get_mut(&id)
        && nat.state != NatState::Deleted
    {
        nat.state = NatState::Deleting;
        nat.settles = Some(settles);
    }
    let mut xml = Xml::new();
    xml.leaf("natGatewayId", id);
    Ok(xml)
}

/// `AllocateAddress`.
pub(crate) fn allocate(ec2: &mut Ec2) -> Result<Xml, Refusal> {
    let domain = ec2.params.text("Domain").unwrap_or_else(|| "vpc".to_owned());
    let tags = tags::specified(ec2, &[Noun::Address])?;
    ec2.ready()?;
    if domain != "vpc" {
        return Err(bad_value("domain", &domain));
    }
    let id = ec2.state.add_address();
    ec2.state.tags.insert(id.clone(), tags);
    let public = ec2.state.addresses.get(&id).map(|address| address.public);
    let mut xml = Xml::new();
    xml.leaf("allocationId", id).maybe("publicIp", public).leaf("domain", domain);
    xml.leaf("publicIpv4Pool", "amazon").leaf("networkBorderGroup", ec2.region);
    Ok(xml)
}

/// `ReleaseAddress`.
pub(crate) fn release(ec2: &mut Ec2) -> Result<Xml, Refusal> {
    let id = ec2.params.need("AllocationId")?;
    ec2.ready()?;
    free(ec2, &id).map_err(|refusal| {
        if refusal.code != "Resource.AlreadyAssociated" {
            return refusal;
        }
        let message = format!("Address with allocation id {id} is locked.");
        Refusal::new("InvalidIPAddress.InUse", message)
    })?;
    ec2.state.addresses.remove(&id);
    ec2.state.tags.remove(&id);
    Ok(Xml::done())
}

/// `DescribeAddresses`.
pub(crate) fn addresses(ec2: &mut Ec2) -> Result<Xml, Refusal> {
    let wanted = ec2.params.list("AllocationId");
    let filters = ec2.filters(ADDRESS_FILTERS, true)?;
    ec2.ready()?;
    if let Some(id) = wanted.iter().find(|id| !ec2.state.addresses.contains_key(*id)) {
        let message = format!("The allocation ID '{id}' does not exist");
        return Err(Refusal::new("InvalidAllocationID.NotFound", message));
    }
    let all = ec2.state.addresses.values().filter(|address| {
        (wanted.is_empty() || wanted.contains(&address.id))
            && filters.hold(ec2.tags_of(&address.id), |name| {
                vec![match name {
                    "allocation-id" => address.id.clone(),
                    "domain" => "vpc".to_owned(),
                    _ => address.public.to_string(),
                }]
            })
    });
    let mut xml = Xml::new();
    xml.set("addressesSet", all, |xml, address| {
        xml.leaf("allocationId", &address.id).leaf("publicIp", address.public);
        xml.leaf("domain", "vpc").leaf("publicIpv4Pool", "amazon");
        xml.leaf("networkBorderGroup", ec2.region);
        let nat = address.holder.as_ref().and_then(|id| ec2.state.nat_gateways.get(id));
        if let Some(interface) = nat.and_then(|nat| nat.interface.as_ref()) {
            xml.leaf("networkInterfaceId", interface);
            xml.leaf("networkInterfaceOwnerId", ec2.account);
            xml.leaf("associationId", address.id.replace("eipalloc", "eipassoc"));
        }
        tags::write(xml, ec2.tags_of(&address.id));
    });
    Ok(xml)
}
