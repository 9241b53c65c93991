//! Private DNS: whether an endpoint takes over the service's names in its VPC, and what that needs.

use crate::ids::{EndpointId, ServiceName};
use crate::model::endpoint::{DnsOptions, EndpointKind, EndpointState, IpAddressType};
use crate::model::observed::Endpoint;
use crate::model::service::{Catalogue, Offer, short_name};
use crate::plan::action::ActionId;
use crate::plan::draft::{Draft, Refusal};
use crate::plan::service::Wanted;
use crate::plan::target::{Site, Vicinity};

/// A gateway endpoint for S3, without which the S3 interface endpoint cannot confine its private DNS
/// to the inbound resolver.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct S3Gateway {
    /// The action that makes it; `None` where it is there.
    pub(super) made_by: Option<ActionId>,
    /// Its DNS record type, where it is known.
    pub(super) record_ip_type: Option<String>,
}

/// Private DNS of a desired endpoint.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct PrivateDns {
    pub(super) on: bool,
    pub(super) options: DnsOptions,
    /// The gateway that must be there first.
    pub(super) after: Option<ActionId>,
}

pub(super) fn existing_s3_gateway(site: &Site) -> Option<S3Gateway> {
    site.endpoints()
        .filter(|endpoint| endpoint.key.kind == EndpointKind::Gateway)
        .filter(|endpoint| short_name(&endpoint.key.service, &site.target.region) == "s3")
        .find(|endpoint| {
            matches!(endpoint.state, EndpointState::Available | EndpointState::Pending)
        })
        .map(|endpoint| S3Gateway {
            made_by: None,
            record_ip_type: endpoint.dns.record_ip_type.clone(),
        })
}

/// Names an endpoint of this offer takes over. `DynamoDB` has none for interface endpoints
/// (<https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/privatelink-interface-endpoints.html>).
fn names<'a>(offer: &'a Offer, short: &str) -> &'a [String] {
    if short == "dynamodb" { &[] } else { &offer.private_dns_names }
}

/// What the endpoint's private DNS should be. Where the file does not say, it is on if the service
/// has private names. For S3 it is on only beside a gateway endpoint and then for the inbound
/// resolver alone, so that traffic from inside the VPC keeps the gateway's free way; without a
/// gateway it is off, because on would move all of the VPC's S3 traffic onto the endpoint.
pub(super) fn desired(
    site: &Site,
    wanted: &Wanted,
    vicinity: &Vicinity,
    draft: &mut Draft,
) -> Result<PrivateDns, Refusal> {
    let spec = wanted.spec;
    let names = names(wanted.offer, wanted.short);
    let is_s3 = wanted.short == "s3";
    let inbound_said = spec.dns.private_dns_only_for_inbound_resolver;
    let safe = !is_s3 || vicinity.s3_gateway.is_some() || inbound_said.is_some();
    if spec.private_dns.is_none() && !names.is_empty() && !safe {
        draft.note(
            Some(&site.vpc.id),
            wanted.short,
            "s3-private-dns-off",
            "private DNS stays off: the VPC has no S3 gateway endpoint to keep its own traffic on",
        );
    }
    let on = spec.private_dns.unwrap_or(!names.is_empty() && safe);
    let mut options =
        DnsOptions { record_ip_type: spec.dns.record_ip_type.clone(), ..DnsOptions::default() };
    record_type_fits(spec.ip_address_type, options.record_ip_type.as_deref())?;
    if !on {
        return Ok(PrivateDns { on, options, after: None });
    }
    if names.is_empty() {
        return Err(Refusal::new(
            "no-private-dns-name",
            format!("`{}` has no private DNS name: set private_dns = false", wanted.short),
        ));
    }
    attributes_on(site)?;
    let inbound = inbound_said.unwrap_or(is_s3);
    if inbound && !is_s3 {
        return Err(Refusal::new(
            "dns-option-not-supported",
            "only S3 can confine private DNS to the inbound resolver",
        ));
    }
    let mut after = None;
    if inbound {
        after = leans_on(site, wanted, vicinity)?.made_by;
    }
    // For S3 the option is always said: AWS takes a missing one for `true`.
    options.private_dns_only_for_inbound_resolver = is_s3.then_some(inbound);
    Ok(PrivateDns { on, options, after })
}

pub(super) fn attributes_on(site: &Site) -> Result<(), Refusal> {
    let off: Vec<_> = [
        ("enableDnsSupport", site.vpc.dns_support),
        ("enableDnsHostnames", site.vpc.dns_hostnames),
    ]
    .into_iter()
    .filter_map(|(name, on)| (!on).then_some(name))
    .collect();
    if off.is_empty() {
        return Ok(());
    }
    Err(Refusal::new(
        "dns-attributes-off",
        format!("private DNS needs {} of {} to be on", off.join(" and "), site.vpc.id),
    ))
}

fn leans_on<'a>(
    site: &Site,
    wanted: &Wanted,
    vicinity: &'a Vicinity,
) -> Result<&'a S3Gateway, Refusal> {
    let gateway = vicinity.s3_gateway.as_ref().ok_or_else(|| {
        Refusal::new(
            "s3-interface-needs-gateway",
            format!(
                "private DNS for the inbound resolver alone needs an S3 gateway endpoint in {}: add one, or set private_dns = false",
                site.vpc.id
            ),
        )
    })?;
    let own = wanted
        .spec
        .dns
        .record_ip_type
        .as_deref()
        .unwrap_or_else(|| wanted.spec.ip_address_type.unwrap_or(IpAddressType::Ipv4).as_str());
    // <https://docs.aws.amazon.com/AmazonS3/latest/userguide/privatelink-interface-endpoints.html>
    match gateway.record_ip_type.as_deref() {
        Some(theirs)
            if !theirs.eq_ignore_ascii_case("service-defined")
                && !theirs.eq_ignore_ascii_case(own) =>
        {
            Err(Refusal::new(
                "dns-record-type-conflict",
                format!(
                    "the S3 gateway endpoint has DNS records of type {theirs} and this one {own}: they must be the same"
                ),
            ))
        }
        _ => Ok(gateway),
    }
}

/// Record types by address type
/// (<https://docs.aws.amazon.com/vpc/latest/privatelink/create-interface-endpoint.html>).
fn record_type_fits(
    addresses: Option<IpAddressType>,
    records: Option<&str>,
) -> Result<(), Refusal> {
    let Some(records) = records else { return Ok(()) };
    let addresses = addresses.unwrap_or(IpAddressType::Ipv4);
    let fits = addresses == IpAddressType::Dualstack || addresses.as_str() == records;
    if fits {
        return Ok(());
    }
    Err(Refusal::new(
        "dns-record-type-not-supported",
        format!("an endpoint with {addresses} addresses cannot have DNS records of type {records}"),
    ))
}

/// Whether the endpoint's private names can be taken over: nothing else in the VPC may hold them,
/// not even an endpoint on its way out, nor another one of this plan.
pub(super) fn names_are_free(
    site: &Site,
    wanted: &Wanted,
    own: &[&Endpoint],
    vicinity: &Vicinity,
) -> Result<(), Refusal> {
    let names = names(wanted.offer, wanted.short);
    let is_own = |id: &EndpointId| own.iter().any(|own| &own.id == id);
    let holder = site.endpoints().find(|other| {
        holds_private_dns(other)
            && !is_own(&other.id)
            && (other.key.service == wanted.offer.name
                || shares_a_name(site.catalogue, &other.key.service, names))
    });
    if let Some(holder) = holder {
        return Err(in_the_way(site, holder));
    }
    match names.iter().find_map(|name| Some((name, vicinity.names.get(name)?))) {
        None => Ok(()),
        Some((name, other)) => Err(Refusal::new(
            "private-dns-conflict",
            format!(
                "`{other}` takes the private DNS name {name} too: set private_dns = false for one"
            ),
        )),
    }
}

/// Remembers that an endpoint of this plan has the service's names.
pub(super) fn claim(wanted: &Wanted, vicinity: &mut Vicinity) {
    for name in names(wanted.offer, wanted.short) {
        vicinity.names.insert(name.clone(), wanted.short.to_owned());
    }
}

/// Whether an endpoint occupies its service's private names in the VPC.
pub(super) fn holds_private_dns(endpoint: &Endpoint) -> bool {
    endpoint.private_dns
        && !matches!(
            endpoint.state,
            EndpointState::Deleted
                | EndpointState::Failed
                | EndpointState::Rejected
                | EndpointState::Expired
        )
}

fn shares_a_name(catalogue: &Catalogue, service: &ServiceName, names: &[String]) -> bool {
    catalogue
        .named(service)
        .filter(|offer| offer.kind == EndpointKind::Interface)
        .flat_map(|offer| &offer.private_dns_names)
        .any(|name| names.contains(name))
}

fn in_the_way(site: &Site, holder: &Endpoint) -> Refusal {
    let id = &holder.id;
    if holder.state == EndpointState::Deleting {
        return Refusal::new(
            "still-deleting",
            format!("{id} still holds the private DNS name and is being deleted: run again"),
        );
    }
    let whose = if holder.requester_managed {
        "managed by an AWS service"
    } else if site.is_ours(&holder.tags) {
        "ours"
    } else {
        "foreign"
    };
    let short = short_name(&holder.key.service, &site.target.region);
    Refusal::new(
        "private-dns-conflict",
        format!("{id} ({short}, {whose}) already has the private DNS name in this VPC"),
    )
}
