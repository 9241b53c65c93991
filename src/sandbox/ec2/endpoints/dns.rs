//! DNS names of endpoints, and when private ones may be had.

use crate::sandbox::catalogue::Detail;
use crate::sandbox::dice::Dice;
use crate::sandbox::ec2::context::Ec2;
use crate::sandbox::wire::refusal::{Refusal, invalid};
use crate::sandbox::world::endpoint::{Endpoint, Kind, State};

/// A DNS name of an endpoint and the hosted zone it is in.
pub(crate) struct DnsEntry {
    pub(crate) name: String,
    pub(crate) zone: String,
}

/// The names of an interface endpoint: regional, one per zone, then the private ones (AWS `PrivateLink`
/// guide, "Access an AWS service using an interface VPC endpoint", DNS hostnames).
pub(crate) fn entries(ec2: &Ec2, endpoint: &Endpoint) -> Vec<DnsEntry> {
    if endpoint.kind != Kind::Interface {
        return Vec::new();
    }
    let short = endpoint
        .service
        .split_once(&format!(".{}.", ec2.region))
        .map_or_else(|| endpoint.service.rsplit('.').next().unwrap_or_default(), |(_, rest)| rest);
    // `ecr.api` is `api.ecr` in DNS.
    let labels: Vec<_> = short.rsplit('.').collect();
    let domain = format!("{}.{}.vpce.amazonaws.com", labels.join("."), ec2.region);
    let zone = "Z38GZ743OKFT7T".to_owned();
    let star = if short == "s3" { "*." } else { "" };
    let (id, label) = (&endpoint.id, &endpoint.label);
    let mut all =
        vec![DnsEntry { name: format!("{star}{id}-{label}.{domain}"), zone: zone.clone() }];
    for subnet in &endpoint.subnets {
        let Some(subnet) = ec2.state.subnets.get(subnet) else {
            continue;
        };
        let name = format!("{star}{id}-{label}-{}.{domain}", ec2.zone_name(&subnet.zone));
        all.push(DnsEntry { name, zone: zone.clone() });
    }
    if endpoint.private_dns {
        let letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
        for name in &endpoint.private_names {
            let zone = Dice::new(0, &["zone", &endpoint.vpc, id, name]).text(letters, 19);
            all.push(DnsEntry { name: name.clone(), zone: format!("Z0{zone}") });
        }
    }
    all
}

/// What an endpoint wants of DNS.
pub(crate) struct Wish<'a> {
    /// The endpoint itself, when it exists already.
    pub(crate) own: Option<&'a str>,
    pub(crate) vpc: &'a str,
    pub(crate) service: &'a Detail,
    /// S3's option, as given.
    pub(crate) inbound_only: Option<bool>,
}

/// Refuses private DNS where AWS does; answers with the resulting inbound-only option.
pub(crate) fn check(ec2: &Ec2, wish: &Wish) -> Result<Option<bool>, Refusal> {
    let Wish { own, vpc, service, inbound_only } = wish;
    if service.private_dns.is_empty() {
        return Err(invalid(format!(
            "Private DNS can't be enabled because the service {} does not provide a private DNS name.",
            service.name
        )));
    }
    let found = ec2.state.vpcs.get(*vpc);
    if found.is_some_and(|vpc| !(vpc.dns_support && vpc.dns_hostnames)) {
        return Err(invalid(format!(
            "Enabling private DNS requires both enableDnsSupport and enableDnsHostnames VPC attributes set to true for {vpc}"
        )));
    }
    if let Some(name) = conflict(ec2, *own, vpc, &service.private_dns) {
        return Err(invalid(format!(
            "private-dns-enabled cannot be set because there is already a conflicting DNS domain for {name} in the VPC {vpc}"
        )));
    }
    if service.short(ec2.region) != "s3" {
        return Ok(*inbound_only);
    }
    // For S3 the option is on unless it is said to be off.
    let inbound_only = inbound_only.unwrap_or(true);
    let gateway = ec2.state.endpoints.values().any(|endpoint| {
        endpoint.vpc == *vpc
            && endpoint.kind == Kind::Gateway
            && endpoint.service == service.name
            && endpoint.state == State::Available
    });
    if inbound_only && !gateway {
        return Err(invalid(format!(
            "To set PrivateDnsOnlyForInboundResolverEndpoint to true, the VPC {vpc} must have a Gateway endpoint for the service."
        )));
    }
    Ok(Some(inbound_only))
}

/// The first of `names` that another endpoint (also one still deleting) or a customer's hosted zone has
/// in this VPC.
fn conflict(ec2: &Ec2, own: Option<&str>, vpc: &str, names: &[String]) -> Option<String> {
    let bare =
        |name: &str| name.trim_start_matches("*.").trim_end_matches('.').to_ascii_lowercase();
    let others = ec2.state.endpoints.values().filter(|endpoint| {
        endpoint.vpc == vpc && endpoint.private_dns && Some(endpoint.id.as_str()) != own
    });
    let held = others.flat_map(|endpoint| &endpoint.private_names);
    let zones = ec2.state.vpcs.get(vpc).into_iter().flat_map(|vpc| &vpc.hosted_zones);
    let held: Vec<_> = held.chain(zones).map(|name| bare(name)).collect();
    names.iter().map(|name| bare(name)).find(|name| held.contains(name))
}
