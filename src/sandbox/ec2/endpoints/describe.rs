//! `DescribeVpcEndpoints`, and how an endpoint is written.

use super::dns;
use crate::sandbox::clock::iso;
use crate::sandbox::ec2::context::Ec2;
use crate::sandbox::ec2::ids::Noun;
use crate::sandbox::ec2::tags;
use crate::sandbox::wire::refusal::Refusal;
use crate::sandbox::wire::xml::Xml;
use crate::sandbox::world::endpoint::{Endpoint, Kind};

/// The documented filters.
const FILTERS: &[&str] = &[
    "ip-address-type",
    "service-name",
    "service-region",
    "vpc-id",
    "vpc-endpoint-id",
    "vpc-endpoint-state",
    "vpc-endpoint-type",
];

/// `DescribeVpcEndpoints`.
pub(crate) fn describe(ec2: &mut Ec2) -> Result<Xml, Refusal> {
    let wanted = ec2.wanted("VpcEndpointId", Noun::Endpoint)?;
    let filters = ec2.filters(FILTERS, true)?;
    let page = ec2.page("DescribeVpcEndpoints", 1..=1000)?;
    ec2.ready()?;
    ec2.must_exist(Noun::Endpoint, &wanted)?;
    let all = ec2.state.endpoints.values().filter(|endpoint| {
        let asked = wanted.is_empty() || wanted.contains(&endpoint.id);
        asked
            && ec2.state.seen(&endpoint.id)
            && filters.hold(ec2.tags_of(&endpoint.id), |name| vec![field(ec2, endpoint, name)])
    });
    let (items, next) = page.cut(all, |endpoint| endpoint.id.clone());
    let mut xml = Xml::new();
    xml.set("vpcEndpointSet", items, |xml, endpoint| {
        write(xml, ec2, endpoint);
    });
    // The service sends an empty element on the last page.
    xml.leaf("nextToken", next.unwrap_or_default());
    Ok(xml)
}

fn field(ec2: &Ec2, endpoint: &Endpoint, name: &str) -> String {
    match name {
        "ip-address-type" => endpoint.ip_type.clone(),
        "service-name" => endpoint.service.clone(),
        "service-region" => ec2.region.to_owned(),
        "vpc-id" => endpoint.vpc.clone(),
        "vpc-endpoint-id" => endpoint.id.clone(),
        "vpc-endpoint-state" => endpoint.state.to_string(),
        _ => endpoint.kind.to_string(),
    }
}

/// Writes one endpoint.
pub(crate) fn write(xml: &mut Xml, ec2: &Ec2, endpoint: &Endpoint) {
    xml.leaf("vpcEndpointId", &endpoint.id);
    xml.leaf("vpcEndpointType", endpoint.kind);
    xml.leaf("vpcId", &endpoint.vpc);
    xml.leaf("serviceName", &endpoint.service);
    xml.leaf("serviceRegion", ec2.region);
    xml.leaf("state", endpoint.state);
    xml.maybe("policyDocument", endpoint.policy.as_deref());
    xml.values("routeTableIdSet", &endpoint.route_tables);
    xml.values("subnetIdSet", &endpoint.subnets);
    xml.set("groupSet", &endpoint.groups, |xml, id| {
        let name = ec2.state.security_groups.get(id).map_or("", |group| group.name.as_str());
        xml.leaf("groupId", id).leaf("groupName", name);
    });
    xml.leaf("ipAddressType", &endpoint.ip_type);
    if endpoint.kind != Kind::GatewayLoadBalancer {
        xml.element("dnsOptions", |xml| {
            xml.leaf("dnsRecordIpType", &endpoint.dns_record_type);
            xml.maybe("privateDnsOnlyForInboundResolverEndpoint", endpoint.inbound_only);
        });
    }
    xml.leaf("privateDnsEnabled", endpoint.private_dns);
    xml.leaf("requesterManaged", endpoint.requester_managed);
    xml.values("networkInterfaceIdSet", &endpoint.interfaces);
    xml.set("dnsEntrySet", dns::entries(ec2, endpoint), |xml, entry| {
        xml.leaf("dnsName", entry.name).leaf("hostedZoneId", entry.zone);
    });
    xml.leaf("creationTimestamp", iso(endpoint.created));
    tags::write(xml, ec2.tags_of(&endpoint.id));
    xml.leaf("ownerId", &endpoint.owner);
    if let Some((code, message)) = &endpoint.error {
        xml.element("lastError", |xml| {
            xml.leaf("message", message).leaf("code", code);
        });
        xml.leaf("failureReason", message);
    }
}
