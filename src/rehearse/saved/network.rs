//! What a target has, in a saved world: VPCs with all that is in them, and endpoints.

use ipnet::IpNet;
use serde_json::{Map, Value, json};

use super::organization::salt_of;
use crate::ids::{ServiceName, TargetId};
use crate::model::endpoint::{EndpointKind, EndpointState, Tags};
use crate::model::network::{Peer, Route, RouteTable, Rule, SecurityGroup, Subnet, Vpc};
use crate::model::observed::{Endpoint, Observed};
use crate::model::service::Catalogue;

/// Things by their id, and the tags of all of them.
#[derive(Default)]
struct Region {
    vpcs: Map<String, Value>,
    subnets: Map<String, Value>,
    tables: Map<String, Value>,
    groups: Map<String, Value>,
    endpoints: Map<String, Value>,
    tags: Map<String, Value>,
}

/// What a target has. Offers tell which names endpoints answer for.
pub(super) fn region<'a>(
    target: &TargetId,
    observed: &Observed,
    offers: Option<&'a std::sync::Arc<Catalogue>>,
) -> Value {
    let account = target.account.as_str();
    let mut all = Region::default();
    for one in observed.vpcs.values() {
        all.tag(one.id.as_str(), &one.tags);
        all.vpcs.insert(one.id.to_string(), vpc(one));
        for subnet in one.subnets.values() {
            // The sandbox has no subnets without IPv4.
            if let Some(described) = self::subnet(one, subnet) {
                all.tag(subnet.id.as_str(), &subnet.tags);
                all.subnets.insert(subnet.id.to_string(), described);
            }
        }
        for table in one.route_tables.values() {
            all.tag(table.id.as_str(), &table.tags);
            all.tables.insert(table.id.to_string(), self::table(one, table));
        }
        for group in one.security_groups.values() {
            all.tag(group.id.as_str(), &group.tags);
            all.groups.insert(group.id.to_string(), self::group(one, group));
        }
    }
    let names = |service: &ServiceName| -> Vec<&'a str> {
        let offers = offers.iter().flat_map(|offers| &offers.offers);
        let of = offers.filter(|offer| offer.name == *service);
        of.flat_map(|offer| &offer.private_dns_names).map(String::as_str).collect()
    };
    for one in observed.endpoints.values() {
        if let Some(described) = endpoint(account, one, &names(&one.key.service)) {
            all.tag(one.id.as_str(), &one.tags);
            all.endpoints.insert(one.id.to_string(), described);
        }
    }
    json!({
        "salt": salt_of(account, &target.region), "serial": 0, "vpcs": all.vpcs, "subnets": all.subnets,
        "internet_gateways": {}, "nat_gateways": {}, "addresses": {}, "route_tables": all.tables,
        "security_groups": all.groups, "endpoints": all.endpoints, "interfaces": {},
        "tags": all.tags, "hidden": {}, "tokens": {},
    })
}

impl Region {
    fn tag(&mut self, id: &str, tags: &Tags) {
        if !tags.is_empty() {
            self.tags.insert(id.to_owned(), json!(tags));
        }
    }
}

fn vpc(vpc: &Vpc) -> Value {
    let blocks = |is_wanted: fn(&IpNet) -> bool| -> Vec<Value> {
        let wanted = vpc.cidrs.iter().enumerate().filter(|(_, cidr)| is_wanted(cidr));
        wanted
            .map(|(number, cidr)| {
                json!({ "association": format!("vpc-cidr-assoc-{number}"), "cidr": cidr })
            })
            .collect()
    };
    json!({
        "id": vpc.id, "cidrs": blocks(|cidr| matches!(cidr, IpNet::V4(_))),
        "ipv6": blocks(|cidr| matches!(cidr, IpNet::V6(_))), "owner": vpc.owner,
        "is_default": vpc.is_default, "dns_support": vpc.dns_support,
        "dns_hostnames": vpc.dns_hostnames, "usage_metrics": false, "tenancy": "default",
        "dhcp_options": "dopt-00000000000000000", "hosted_zones": [],
    })
}

fn subnet(vpc: &Vpc, subnet: &Subnet) -> Option<Value> {
    let Some(IpNet::V4(cidr)) = subnet.ipv4 else { return None };
    // AWS keeps five addresses of each subnet.
    let size = (1_u64 << (32 - cidr.prefix_len())).saturating_sub(5);
    let association = format!("subnet-cidr-assoc-{}", subnet.id);
    let ipv6 = subnet.ipv6.map(|cidr| json!({ "association": association, "cidr": cidr }));
    Some(json!({
        "id": subnet.id, "vpc": vpc.id, "cidr": cidr, "ipv6": ipv6, "zone": subnet.zone,
        "owner": subnet.owner, "default_for_zone": false, "public_addresses": false,
        "ipv6_addresses": false, "taken": size.saturating_sub(subnet.free_addresses.into()),
    }))
}

fn table(vpc: &Vpc, table: &RouteTable) -> Value {
    let named = table.subnets.iter().map(|subnet| (format!("rtbassoc-{subnet}"), json!(subnet)));
    let main = table.main.then(|| (format!("rtbassoc-{}", table.id), Value::Null));
    let routes: Vec<_> = table.routes.iter().filter_map(route).collect();
    json!({
        "id": table.id, "vpc": vpc.id, "owner": table.owner,
        "associations": named.chain(main).collect::<Map<_, _>>(), "routes": routes,
    })
}

fn route(route: &Route) -> Option<Value> {
    let destination = match route.destination.parse() {
        Ok(IpNet::V4(net)) => json!({ "V4": net }),
        Ok(IpNet::V6(net)) => json!({ "V6": net }),
        Err(_) if route.destination.starts_with("pl-") => {
            json!({ "PrefixList": route.destination })
        }
        Err(_) => return None,
    };
    let target = route.target.as_str();
    let other = |member: &str| json!({ "Other": [member, target] });
    let target = match target.split_once('-').map_or(target, |(kind, _)| kind) {
        "local" => json!("Local"),
        "igw" | "vgw" | "vpce" => json!({ "Gateway": target }),
        "nat" => json!({ "Nat": target }),
        "tgw" => other("transitGatewayId"),
        "eigw" => other("egressOnlyInternetGatewayId"),
        "pcx" => other("vpcPeeringConnectionId"),
        "eni" => other("networkInterfaceId"),
        "i" => other("instanceId"),
        "lgw" => other("localGatewayId"),
        "cagw" => other("carrierGatewayId"),
        _ => other("coreNetworkArn"),
    };
    let original = target == json!("Local");
    Some(json!({ "destination": destination, "target": target, "original": original }))
}

fn group(vpc: &Vpc, group: &SecurityGroup) -> Value {
    let all = group.ingress.iter().map(|rule| (false, rule));
    let all = all.chain(group.egress.iter().map(|rule| (true, rule)));
    let rules = all.enumerate().map(|(number, (egress, one))| {
        (format!("sgr-{}-{number}", group.id), rule(vpc, egress, one))
    });
    json!({
        "id": group.id, "vpc": vpc.id, "name": group.name, "description": group.description,
        "owner": vpc.owner, "rules": rules.collect::<Map<_, _>>(),
    })
}

fn rule(vpc: &Vpc, egress: bool, rule: &Rule) -> Value {
    let peer = match &rule.peer {
        Peer::Cidr(IpNet::V4(net)) => json!({ "V4": net }),
        Peer::Cidr(IpNet::V6(net)) => json!({ "V6": net }),
        Peer::PrefixList(list) => json!({ "PrefixList": list }),
        Peer::Group(id) => json!({ "Group": [id, vpc.owner] }),
    };
    json!({
        "egress": egress, "protocol": rule.protocol, "from": rule.from_port, "to": rule.to_port,
        "peer": peer, "description": null,
    })
}

/// The sandbox's word for a type it has.
pub(super) fn kind(kind: &EndpointKind) -> Option<&str> {
    Some(kind.as_str())
        .filter(|kind| matches!(*kind, "Interface" | "Gateway" | "GatewayLoadBalancer"))
}

/// An endpoint, if the sandbox has its type. One that is on its way goes on.
fn endpoint(account: &str, one: &Endpoint, private_names: &[&str]) -> Option<Value> {
    use EndpointState::{Available, Deleting, Failed, Partial, Pending, PendingAcceptance};
    let settling = |at: i64, then: &str| json!({ "at": at, "then": then });
    // Negative times count from the moment the world first moves.
    let (state, settle) = match &one.state {
        Available | Partial => ("Available", Value::Null),
        Pending => ("Pending", settling(-60_000, "Available")),
        Deleting => ("Deleting", settling(-120_000, "Gone")),
        Failed => ("Failed", Value::Null),
        PendingAcceptance => ("PendingAcceptance", Value::Null),
        _ => ("Rejected", Value::Null),
    };
    let error = one.last_error.as_deref().map(|text| {
        let (code, message) = text.split_once(": ").unwrap_or(("Unknown", text));
        json!([code, message])
    });
    let is_gateway = one.key.kind == EndpointKind::Gateway;
    let record = if is_gateway { "service-defined" } else { "ipv4" };
    Some(json!({
        "id": one.id, "vpc": one.key.vpc, "service": one.key.service, "kind": kind(&one.key.kind)?,
        "state": state, "settle": settle, "busy_until": 0, "owner": account,
        "policy": one.policy.as_ref().map(crate::model::policy::PolicyDocument::to_json),
        "route_tables": one.route_tables, "subnets": one.subnets, "groups": one.security_groups,
        "interfaces": [], "ip_type": one.ip_address_type.map_or("", |kind| kind.as_str()),
        "dns_record_type": one.dns.record_ip_type.as_deref().unwrap_or(record),
        "inbound_only": one.dns.private_dns_only_for_inbound_resolver,
        "private_dns": one.private_dns, "private_names": private_names,
        "label": one.id.as_str().trim_start_matches("vpce-"),
        "requester_managed": one.requester_managed, "created": one.created.saturating_mul(1000),
        "error": error,
    }))
}
