//! From the SDK's types, in which everything is optional, to the model's. Total: an answer that lacks
//! what identifies a thing is dropped by the caller, anything else has a meaning.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_ec2::types as sdk;
use ipnet::IpNet;

use crate::ids::{
    AccountId, EndpointId, RouteTableId, SecurityGroupId, ServiceName, SubnetId, VpcId, ZoneId,
};
use crate::model::endpoint::{
    DnsOptions, EndpointKey, EndpointKind, EndpointState, IpAddressType, Tags,
};
use crate::model::network::{Peer, Route, RouteTable, Rule, SecurityGroup, Subnet, Vpc};
use crate::model::observed::Endpoint;
use crate::model::policy::PolicyDocument;
use crate::model::service::Offer;

/// Tags as a map; AWS never answers a key twice.
pub(super) fn tags(tags: Option<Vec<sdk::Tag>>) -> Tags {
    tags.unwrap_or_default()
        .into_iter()
        .filter_map(|tag| Some((tag.key?, tag.value.unwrap_or_default())))
        .collect()
}

/// The owner AWS names; where it names none, the account that was asked.
fn owner(named: Option<&str>, asked: &AccountId) -> AccountId {
    named.and_then(|id| id.parse().ok()).unwrap_or_else(|| asked.clone())
}

fn net(text: Option<&str>) -> Option<IpNet> {
    text.and_then(|text| text.parse().ok())
}

/// Whether a network interface is a VPC endpoint's.
pub(super) fn is_of_endpoint(interface: &sdk::NetworkInterface) -> bool {
    let kind = interface.interface_type.as_ref().map_or("", |kind| kind.as_str());
    let description = interface.description.as_deref().unwrap_or_default();
    kind.eq_ignore_ascii_case("vpc_endpoint") || description.starts_with("VPC Endpoint Interface")
}

/// A network interface and what it is: `eni-... (lambda)`.
pub(super) fn interface_in_words(interface: &sdk::NetworkInterface) -> String {
    let id = interface.network_interface_id.as_deref().unwrap_or("a network interface");
    let instance =
        interface.attachment.as_ref().and_then(|attached| attached.instance_id.as_deref());
    let kind =
        interface.interface_type.as_ref().map(aws_sdk_ec2::types::NetworkInterfaceType::as_str);
    match instance.or(kind) {
        Some(what) => format!("{id} ({what})"),
        None => id.to_owned(),
    }
}

/// A VPC without its contents and DNS attributes, which other calls answer.
pub(super) fn vpc(vpc: sdk::Vpc, asked: &AccountId) -> Option<Vpc> {
    let mut cidrs: Vec<IpNet> = net(vpc.cidr_block.as_deref()).into_iter().collect();
    for block in vpc.cidr_block_association_set.unwrap_or_default() {
        let live = block.cidr_block_state.and_then(|s| s.state).is_none_or(|state| {
            !matches!(state.as_str(), "disassociating" | "disassociated" | "failing" | "failed")
        });
        cidrs.extend(net(block.cidr_block.as_deref()).filter(|_| live));
    }
    for block in vpc.ipv6_cidr_block_association_set.unwrap_or_default() {
        let live = block.ipv6_cidr_block_state.and_then(|s| s.state).is_none_or(|state| {
            !matches!(state.as_str(), "disassociating" | "disassociated" | "failing" | "failed")
        });
        cidrs.extend(net(block.ipv6_cidr_block.as_deref()).filter(|_| live));
    }
    let mut seen = BTreeSet::new();
    cidrs.retain(|cidr| seen.insert(*cidr));
    Some(Vpc {
        id: VpcId::new(vpc.vpc_id?),
        owner: owner(vpc.owner_id.as_deref(), asked),
        is_default: vpc.is_default.unwrap_or(false),
        cidrs,
        dns_support: false,
        dns_hostnames: false,
        tags: tags(vpc.tags),
        subnets: BTreeMap::new(),
        route_tables: BTreeMap::new(),
        security_groups: BTreeMap::new(),
    })
}

/// A subnet and its VPC.
pub(super) fn subnet(subnet: sdk::Subnet, asked: &AccountId) -> Option<(VpcId, Subnet)> {
    let ipv6 = subnet
        .ipv6_cidr_block_association_set
        .unwrap_or_default()
        .into_iter()
        .find_map(|block| net(block.ipv6_cidr_block.as_deref()));
    let zone_name = subnet.availability_zone.unwrap_or_default();
    let converted = Subnet {
        id: SubnetId::new(subnet.subnet_id?),
        owner: owner(subnet.owner_id.as_deref(), asked),
        zone: ZoneId::new(subnet.availability_zone_id.unwrap_or_else(|| zone_name.clone())),
        zone_name,
        ipv4: net(subnet.cidr_block.as_deref()),
        ipv6,
        free_addresses: subnet
            .available_ip_address_count
            .and_then(|count| u32::try_from(count).ok())
            .unwrap_or(0),
        tags: tags(subnet.tags),
    };
    Some((VpcId::new(subnet.vpc_id?), converted))
}

/// A route table and its VPC.
pub(super) fn route_table(
    table: sdk::RouteTable,
    asked: &AccountId,
) -> Option<(VpcId, RouteTable)> {
    let associations = table.associations.unwrap_or_default();
    let converted = RouteTable {
        id: RouteTableId::new(table.route_table_id?),
        owner: owner(table.owner_id.as_deref(), asked),
        main: associations.iter().any(|association| association.main == Some(true)),
        subnets: associations.into_iter().filter_map(|a| a.subnet_id).map(SubnetId::new).collect(),
        routes: table.routes.unwrap_or_default().into_iter().filter_map(route).collect(),
        tags: tags(table.tags),
    };
    Some((VpcId::new(table.vpc_id?), converted))
}

fn route(route: sdk::Route) -> Option<Route> {
    let destination = route
        .destination_cidr_block
        .or(route.destination_ipv6_cidr_block)
        .or(route.destination_prefix_list_id)?;
    let target = route
        .gateway_id
        .or(route.nat_gateway_id)
        .or(route.transit_gateway_id)
        .or(route.egress_only_internet_gateway_id)
        .or(route.vpc_peering_connection_id)
        .or(route.network_interface_id)
        .or(route.instance_id)
        .or(route.local_gateway_id)
        .or(route.carrier_gateway_id)
        .or(route.core_network_arn)
        .unwrap_or_default();
    Some(Route { destination, target })
}

/// A security group and its VPC.
pub(super) fn security_group(group: sdk::SecurityGroup) -> Option<(VpcId, SecurityGroup)> {
    let converted = SecurityGroup {
        id: SecurityGroupId::new(group.group_id?),
        name: group.group_name.unwrap_or_default(),
        description: group.description.unwrap_or_default(),
        ingress: rules(group.ip_permissions),
        egress: rules(group.ip_permissions_egress),
        tags: tags(group.tags),
    };
    Some((VpcId::new(group.vpc_id?), converted))
}

fn rules(permissions: Option<Vec<sdk::IpPermission>>) -> BTreeSet<Rule> {
    permissions.unwrap_or_default().into_iter().flat_map(rules_of_one_permission).collect()
}

/// AWS groups peers under one protocol and port range; a rule of ours has exactly one peer.
fn rules_of_one_permission(permission: sdk::IpPermission) -> Vec<Rule> {
    let ipv4 = permission.ip_ranges.unwrap_or_default().into_iter().filter_map(|r| r.cidr_ip);
    let ipv6 = permission.ipv6_ranges.unwrap_or_default().into_iter().filter_map(|r| r.cidr_ipv6);
    let lists = permission.prefix_list_ids.unwrap_or_default().into_iter();
    let groups = permission.user_id_group_pairs.unwrap_or_default().into_iter();
    let protocol = permission.ip_protocol.unwrap_or_default();
    ipv4.chain(ipv6)
        .filter_map(|cidr| cidr.parse().ok())
        .map(Peer::Cidr)
        .chain(lists.filter_map(|list| list.prefix_list_id).map(Peer::PrefixList))
        .chain(groups.filter_map(|group| group.group_id).map(Peer::Group))
        .map(|peer| Rule {
            protocol: protocol.clone(),
            from_port: permission.from_port,
            to_port: permission.to_port,
            peer,
        })
        .collect()
}

/// The rule as EC2 takes it.
pub(super) fn permission(rule: &Rule) -> sdk::IpPermission {
    let permission = sdk::IpPermission::builder()
        .ip_protocol(&rule.protocol)
        .set_from_port(rule.from_port)
        .set_to_port(rule.to_port);
    match &rule.peer {
        Peer::Cidr(IpNet::V4(net)) => {
            permission.ip_ranges(sdk::IpRange::builder().cidr_ip(net.to_string()).build())
        }
        Peer::Cidr(IpNet::V6(net)) => {
            permission.ipv6_ranges(sdk::Ipv6Range::builder().cidr_ipv6(net.to_string()).build())
        }
        Peer::PrefixList(id) => {
            permission.prefix_list_ids(sdk::PrefixListId::builder().prefix_list_id(id).build())
        }
        Peer::Group(id) => {
            permission.user_id_group_pairs(sdk::UserIdGroupPair::builder().group_id(id).build())
        }
    }
    .build()
}

/// An endpoint; `None` for one that is deleted, which AWS shows for a while.
pub(super) fn endpoint(endpoint: sdk::VpcEndpoint) -> Option<Endpoint> {
    let state = EndpointState::parse(endpoint.state.as_ref().map_or("", |state| state.as_str()));
    if state == EndpointState::Deleted {
        return None;
    }
    let last_error = endpoint
        .last_error
        .and_then(|error| match (error.code, error.message) {
            (Some(code), Some(message)) => Some(format!("{code}: {message}")),
            (code, message) => code.or(message),
        })
        .or(endpoint.failure_reason);
    Some(Endpoint {
        id: EndpointId::new(endpoint.vpc_endpoint_id?),
        key: EndpointKey {
            vpc: VpcId::new(endpoint.vpc_id?),
            service: ServiceName::new(endpoint.service_name?),
            kind: EndpointKind::parse(
                endpoint.vpc_endpoint_type.as_ref().map_or("", |kind| kind.as_str()),
            ),
        },
        state,
        requester_managed: endpoint.requester_managed.unwrap_or(false),
        subnets: endpoint.subnet_ids.unwrap_or_default().into_iter().map(SubnetId::new).collect(),
        security_groups: endpoint
            .groups
            .unwrap_or_default()
            .into_iter()
            .filter_map(|group| group.group_id)
            .map(SecurityGroupId::new)
            .collect(),
        route_tables: endpoint
            .route_table_ids
            .unwrap_or_default()
            .into_iter()
            .map(RouteTableId::new)
            .collect(),
        private_dns: endpoint.private_dns_enabled.unwrap_or(false),
        ip_address_type: endpoint
            .ip_address_type
            .and_then(|kind| IpAddressType::parse(kind.as_str())),
        dns: endpoint.dns_options.map(dns_options).unwrap_or_default(),
        policy: endpoint
            .policy_document
            .filter(|text| !text.is_empty())
            .map(|text| PolicyDocument::observed(&text)),
        tags: tags(endpoint.tags),
        last_error,
        created: endpoint.creation_timestamp.map_or(0, |at| at.secs()),
    })
}

fn dns_options(options: sdk::DnsOptions) -> DnsOptions {
    DnsOptions {
        record_ip_type: options.dns_record_ip_type.map(|kind| kind.as_str().to_ascii_lowercase()),
        private_dns_only_for_inbound_resolver: options
            .private_dns_only_for_inbound_resolver_endpoint,
    }
}

/// DNS options as EC2 takes them; `None` where nothing is said.
pub(super) fn dns_specification(dns: &DnsOptions) -> Option<sdk::DnsOptionsSpecification> {
    (dns != &DnsOptions::default()).then(|| {
        sdk::DnsOptionsSpecification::builder()
            .set_dns_record_ip_type(dns.record_ip_type.as_deref().map(sdk::DnsRecordIpType::from))
            .set_private_dns_only_for_inbound_resolver_endpoint(
                dns.private_dns_only_for_inbound_resolver,
            )
            .build()
    })
}

/// The offers of one service detail: one for each type it lists. `zone_id` finds the id of a zone that
/// is given by name only.
pub(super) fn offers(
    detail: sdk::ServiceDetail,
    zone_id: impl Fn(&str) -> Option<ZoneId>,
) -> Vec<Offer> {
    let Some(name) = detail.service_name.map(ServiceName::new) else { return Vec::new() };
    let mut zones: BTreeSet<ZoneId> =
        detail.availability_zone_ids.unwrap_or_default().into_iter().map(ZoneId::new).collect();
    if zones.is_empty() {
        let names = detail.availability_zones.unwrap_or_default();
        zones = names.iter().filter_map(|name| zone_id(name)).collect();
    }
    let mut private_dns_names: Vec<String> = detail
        .private_dns_names
        .unwrap_or_default()
        .into_iter()
        .filter_map(|entry| entry.private_dns_name)
        .chain(detail.private_dns_name)
        .collect();
    private_dns_names.sort();
    private_dns_names.dedup();
    // The service says `ipv4`, `ipv6` or both; with both an endpoint may be dual-stack.
    let mut ip_address_types = detail
        .supported_ip_address_types
        .unwrap_or_default()
        .iter()
        .filter_map(|kind| IpAddressType::parse(kind.as_str()))
        .collect::<BTreeSet<_>>();
    if [IpAddressType::Ipv4, IpAddressType::Ipv6].iter().all(|kind| ip_address_types.contains(kind))
    {
        ip_address_types.insert(IpAddressType::Dualstack);
    }
    detail
        .service_type
        .unwrap_or_default()
        .into_iter()
        .filter_map(|kind| kind.service_type)
        .map(|kind| EndpointKind::parse(kind.as_str()))
        .map(|kind| {
            // Gateways are routes: neither zones nor private DNS.
            let gateway = kind == EndpointKind::Gateway;
            Offer {
                name: name.clone(),
                kind,
                zones: if gateway { BTreeSet::new() } else { zones.clone() },
                private_dns_names: if gateway { Vec::new() } else { private_dns_names.clone() },
                policy_supported: detail.vpc_endpoint_policy_supported.unwrap_or(false),
                acceptance_required: detail.acceptance_required.unwrap_or(false),
                ip_address_types: ip_address_types.clone(),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked() -> AccountId {
        "111122223333".parse().unwrap()
    }

    #[test]
    fn an_endpoint_in_the_services_own_case_is_available() {
        let endpoint = endpoint(
            sdk::VpcEndpoint::builder()
                .vpc_endpoint_id("vpce-1")
                .vpc_id("vpc-1")
                .service_name("com.amazonaws.eu-west-1.logs")
                .vpc_endpoint_type("interface".into())
                .state("available".into())
                .build(),
        )
        .unwrap();
        assert_eq!(endpoint.state, EndpointState::Available);
        assert_eq!(endpoint.key.kind, EndpointKind::Interface);
    }

    #[test]
    fn a_deleted_endpoint_is_not_there() {
        let deleted = sdk::VpcEndpoint::builder()
            .vpc_endpoint_id("vpce-1")
            .vpc_id("vpc-1")
            .service_name("s")
            .state("deleted".into())
            .build();
        assert_eq!(endpoint(deleted), None);
    }

    #[test]
    fn one_permission_with_many_peers_is_many_rules_and_each_goes_back_alone() {
        let permission_in = sdk::IpPermission::builder()
            .ip_protocol("tcp")
            .from_port(443)
            .to_port(443)
            .ip_ranges(sdk::IpRange::builder().cidr_ip("10.0.0.0/16").build())
            .ip_ranges(sdk::IpRange::builder().cidr_ip("10.1.0.0/16").build())
            .ipv6_ranges(sdk::Ipv6Range::builder().cidr_ipv6("2001:db8::/56").build())
            .prefix_list_ids(sdk::PrefixListId::builder().prefix_list_id("pl-1").build())
            .build();
        let rules = rules(Some(vec![permission_in]));
        assert_eq!(rules.len(), 4);
        for rule in &rules {
            assert_eq!(rules_of_one_permission(permission(rule)), vec![rule.clone()]);
        }
    }

    #[test]
    fn every_live_cidr_counts_once_and_a_leaving_one_does_not() {
        let block = |cidr: &str, state: &str| {
            sdk::VpcCidrBlockAssociation::builder()
                .cidr_block(cidr)
                .cidr_block_state(sdk::VpcCidrBlockState::builder().state(state.into()).build())
                .build()
        };
        let vpc = vpc(
            sdk::Vpc::builder()
                .vpc_id("vpc-1")
                .cidr_block("10.0.0.0/16")
                .cidr_block_association_set(block("10.0.0.0/16", "associated"))
                .cidr_block_association_set(block("100.64.0.0/16", "associated"))
                .cidr_block_association_set(block("10.9.0.0/16", "disassociating"))
                .build(),
            &asked(),
        )
        .unwrap();
        let cidrs: Vec<String> = vpc.cidrs.iter().map(ToString::to_string).collect();
        assert_eq!(cidrs, ["10.0.0.0/16", "100.64.0.0/16"]);
    }

    #[test]
    fn zones_given_by_name_only_are_found_by_id() {
        let detail = sdk::ServiceDetail::builder()
            .service_name("com.amazonaws.eu-west-1.logs")
            .availability_zones("eu-west-1a")
            .service_type(
                sdk::ServiceTypeDetail::builder().service_type("Interface".into()).build(),
            )
            .build();
        let offers = offers(detail, |name| (name == "eu-west-1a").then(|| "euw1-az3".into()));
        assert_eq!(offers[0].zones, BTreeSet::from(["euw1-az3".into()]));
    }
}
