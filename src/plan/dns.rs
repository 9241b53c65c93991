//! Private DNS: whether an endpoint takes over the service's names in its VPC, and what that needs.

use crate::ids::{EndpointId, ServiceName};
use crate::model::endpoint::{DnsOptions, EndpointKind, EndpointState, IpAddressType};
use crate::model::observed::Endpoint;
use crate::model::service::{Catalogue, Offer, short_name};
use crate::plan::action::ActionId;
use crate::plan::aim::Mode;
use crate::plan::draft::{Draft, Refusal};
use crate::plan::service::Wanted;
use crate::plan::target::{Site, Vicinity};
use crate::plan::vpc_dns;

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

pub(super) fn existing_s3_gateway(site: &Site, wanted: &[Wanted]) -> Option<S3Gateway> {
    // One that is about to be deleted is nothing to lean on.
    let is_wanted =
        |endpoint: &Endpoint| wanted.iter().any(|wanted| site.key(wanted) == endpoint.key);
    let goes = |endpoint: &Endpoint| {
        site.changes.mode == Mode::Sync && site.is_ours(&endpoint.tags) && !is_wanted(endpoint)
    };
    site.endpoints()
        .filter(|endpoint| endpoint.key.kind == EndpointKind::Gateway)
        .filter(|endpoint| short_name(&endpoint.key.service, &site.target.region) == "s3")
        .find(|endpoint| {
            matches!(endpoint.state, EndpointState::Available | EndpointState::Pending)
                && !goes(endpoint)
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
    if !site.settings.fix_vpc_dns {
        vpc_dns::attributes_on(site)?;
    }
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
        )
        .for_the_sake_of(id.as_str());
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
    .for_the_sake_of(id.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::spec::EndpointSpec;
    use crate::plan::action::{DesiredEndpoint, Verb};
    use crate::plan::testing::{World, check, check_blocked, world};

    fn made(world: &World, kind: &EndpointKind) -> DesiredEndpoint {
        let plan = world.plan();
        let made = plan.actions.into_iter().find_map(|action| match action.verb {
            Verb::CreateEndpoint(made) if made.key.kind == *kind => Some(made),
            _ => None,
        });
        made.unwrap()
    }

    fn interface(spec: &mut EndpointSpec) {
        spec.kind = Some(EndpointKind::Interface);
    }

    fn interface_with_private_dns(spec: &mut EndpointSpec) {
        interface(spec);
        spec.private_dns = Some(true);
    }

    #[test]
    fn private_dns_is_on_by_default_where_the_service_has_names() {
        let interface = EndpointKind::Interface;
        assert!(made(&world().want(["logs"]), &interface).private_dns);
        assert!(!made(&world().want_with("dynamodb", self::interface), &interface).private_dns);
        let off = world().want_with("logs", |spec| spec.private_dns = Some(false));
        assert!(!made(&off, &interface).private_dns);
    }

    #[test]
    fn s3_confines_its_private_dns_to_the_resolver_beside_a_gateway() {
        let both = world().want_with("s3", interface).want(["s3"]);
        let made_s3 = made(&both, &EndpointKind::Interface);
        assert!(made_s3.private_dns);
        assert_eq!(made_s3.dns.private_dns_only_for_inbound_resolver, Some(true));
        // The gateway comes first and is waited for.
        let plan = both.plan();
        let whats: Vec<_> = plan.actions.iter().map(|action| action.what.as_str()).collect();
        assert_eq!(whats, ["linkwalk-endpoints", "s3", "s3"]);
        assert_eq!(plan.actions[2].after, [0, 1].into());
    }

    #[test]
    fn s3_without_a_gateway_has_no_private_dns_unless_all_of_it_is_asked_for() {
        let alone = world().want_with("s3", interface);
        assert!(!made(&alone, &EndpointKind::Interface).private_dns);
        assert_eq!(alone.plan().notes[0].code, "s3-private-dns-off");
        let whole = world().want_with("s3", |spec| {
            interface(spec);
            spec.dns.private_dns_only_for_inbound_resolver = Some(false);
        });
        let whole = made(&whole, &EndpointKind::Interface);
        assert!(whole.private_dns);
        assert_eq!(whole.dns.private_dns_only_for_inbound_resolver, Some(false));
    }

    #[test]
    fn a_gateway_of_others_is_as_good_for_s3() {
        let world = world().want_with("s3", interface_with_private_dns).but(|w| {
            w.add_foreign("s3", EndpointKind::Gateway);
        });
        assert!(made(&world, &EndpointKind::Interface).private_dns);
    }

    #[test]
    fn what_private_dns_needs_and_does_not_have_blocks_the_endpoint() {
        check_blocked([
            (
                "dns-attributes-off",
                world().want(["logs"]).but(|w| w.vpc().dns_hostnames = false),
                "needs enableDnsHostnames of vpc-1",
            ),
            (
                "dns-attributes-off",
                world().want(["logs"]).but(|w| {
                    w.vpc().dns_hostnames = false;
                    w.vpc().dns_support = false;
                }),
                "enableDnsSupport and enableDnsHostnames",
            ),
            (
                "no-private-dns-name",
                world().want_with("dynamodb", interface_with_private_dns),
                "set private_dns = false",
            ),
            (
                "s3-interface-needs-gateway",
                world().want_with("s3", interface_with_private_dns),
                "needs an S3 gateway endpoint in vpc-1",
            ),
            (
                "dns-option-not-supported",
                world().want_with("logs", |spec| {
                    spec.dns.private_dns_only_for_inbound_resolver = Some(true);
                }),
                "only S3",
            ),
            (
                "dns-record-type-not-supported",
                world().want_with("logs", |spec| spec.dns.record_ip_type = Some("ipv6".into())),
                "ipv4 addresses cannot have DNS records of type ipv6",
            ),
            (
                "dns-record-type-conflict",
                world().want_with("s3", interface_with_private_dns).want_with("s3", |spec| {
                    spec.dns.record_ip_type = Some("ipv6".into());
                }),
                "must be the same",
            ),
        ]);
    }

    #[test]
    fn names_that_another_endpoint_holds_block_the_endpoint() {
        // `logs` and `kms` get a name in common.
        let shared = world().but(|w| {
            for offer in &mut w.catalogue.offers {
                if offer.name.as_str() == "com.amazonaws.eu-west-1.kms" {
                    offer.private_dns_names.push("logs.eu-west-1.amazonaws.com".into());
                }
            }
        });
        let held = |state| {
            shared.clone().want(["logs"]).but(|w| {
                w.add_foreign("kms", EndpointKind::Interface).state = state;
            })
        };
        check_blocked([
            ("private-dns-conflict", held(EndpointState::Available), "(kms, foreign) already has"),
            ("still-deleting", held(EndpointState::Deleting), "run again"),
            ("private-dns-conflict", shared.clone().want(["logs", "kms"]), "`logs` takes"),
        ]);
        assert!(held(EndpointState::Failed).plan().blocked.is_empty());
    }

    #[test]
    fn private_dns_that_cannot_be_switched_on_does_not_keep_the_rest_from_being_repaired() {
        let base = world().want(["logs"]).applied().but(|w| {
            w.endpoint("logs").private_dns = false;
            w.endpoint("logs").policy = Some(crate::plan::testing::restrictive());
        });
        check([
            ("it can", base.clone(), vec!["~ logs: private_dns policy"]),
            (
                "the VPC's attributes are off",
                base.clone().but(|w| w.vpc().dns_support = false),
                vec!["~ logs: policy", "! logs: dns-attributes-off"],
            ),
            (
                "another holds the name",
                base.but(|w| {
                    w.add_foreign("logs", EndpointKind::Interface);
                }),
                vec!["~ logs: policy", "! logs: private-dns-conflict"],
            ),
        ]);
    }
}
