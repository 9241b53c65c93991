//! From a service as the file names it to one offer of the region's catalogue.

use std::collections::BTreeMap;

use crate::ids::{Region, ServiceName};
use crate::model::endpoint::EndpointKind;
use crate::model::service::{Catalogue, Offer, short_name};
use crate::model::spec::{EndpointSpec, ServiceRef};
use crate::plan::draft::Refusal;
use crate::plan::select::list;

/// An endpoint wanted in every selected VPC, with the offer it leads to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted<'a> {
    pub(super) spec: &'a EndpointSpec,
    pub(super) offer: &'a Offer,
    /// The service's short name: what people call it.
    pub(super) short: &'a str,
}

/// The service as the file names it, for messages.
pub(super) fn named(service: &ServiceRef) -> &str {
    match service {
        ServiceRef::Short(short) => short,
        ServiceRef::Full(name) => name.as_str(),
    }
}

/// Finds the one offer that is meant: by name, then by type, then by the usual prefix.
pub(super) fn resolve<'a>(
    spec: &'a EndpointSpec,
    region: &'a Region,
    catalogue: &'a Catalogue,
) -> Result<Wanted<'a>, Refusal> {
    let hits: Vec<&Offer> = match &spec.service {
        ServiceRef::Short(short) => catalogue.short(region, short).collect(),
        ServiceRef::Full(name) => catalogue.named(name).collect(),
    };
    if hits.is_empty() {
        return Err(not_offered(&spec.service, region, catalogue));
    }
    let kind = spec.kind.clone().unwrap_or_else(|| usual_kind(&hits));
    let of_kind: BTreeMap<&ServiceName, &Offer> =
        hits.iter().filter(|offer| offer.kind == kind).map(|offer| (&offer.name, *offer)).collect();
    let offer = match of_kind.len() {
        0 => return Err(type_not_offered(spec, &kind, &hits, region)),
        1 => of_kind.into_values().next(),
        _ => one_with_usual_prefix(of_kind.values().copied(), region),
    };
    let offer = offer.ok_or_else(|| {
        let names = list(hits.iter().filter(|offer| offer.kind == kind).map(|offer| &offer.name));
        let service = named(&spec.service);
        Refusal::new(
            "service-ambiguous",
            format!("`{service}` is the short name of several services ({names}): give the full name as `service`"),
        )
    })?;
    Ok(Wanted { spec, offer, short: short_name(&offer.name, region) })
}

/// The one type the service has, and Gateway, which is free of charge, where it has both.
fn usual_kind(hits: &[&Offer]) -> EndpointKind {
    [EndpointKind::Gateway, EndpointKind::Interface, EndpointKind::GatewayLoadBalancer]
        .into_iter()
        .find(|kind| hits.iter().any(|offer| &offer.kind == kind))
        .unwrap_or(EndpointKind::Interface)
}

/// Partitions other than `aws` mix prefixes (`cn.com.amazonaws.`, `gov.ic.c2s.`); where a name exists
/// under several, the one ending in `amazonaws` is meant.
fn one_with_usual_prefix<'a>(
    offers: impl Iterator<Item = &'a Offer>,
    region: &Region,
) -> Option<&'a Offer> {
    let label = format!(".{region}.");
    let mut usual = offers.filter(|offer| {
        let prefix = offer.name.as_str().split(&label).next().unwrap_or_default();
        prefix.ends_with("amazonaws") || prefix.starts_with("com.amazonaws.")
    });
    let first = usual.next();
    if usual.next().is_some() { None } else { first }
}

fn type_not_offered(
    spec: &EndpointSpec,
    kind: &EndpointKind,
    hits: &[&Offer],
    region: &Region,
) -> Refusal {
    let mut kinds: Vec<_> = hits.iter().map(|offer| offer.kind.to_string()).collect();
    kinds.sort();
    kinds.dedup();
    let service = named(&spec.service);
    let kinds = kinds.join(" and ");
    Refusal::new(
        "type-not-offered",
        format!("`{service}` has no {kind} endpoints in {region}, only {kinds}"),
    )
}

fn not_offered(service: &ServiceRef, region: &Region, catalogue: &Catalogue) -> Refusal {
    let wanted = named(service);
    if wanted.contains(".vpce.") {
        return Refusal::new(
            "service-not-offered",
            format!(
                "`{wanted}` is not visible in {region}: its owner must allow this account as a principal"
            ),
        );
    }
    let full = matches!(service, ServiceRef::Full(_));
    let nearest = catalogue
        .offers
        .iter()
        .map(|offer| if full { offer.name.as_str() } else { short_name(&offer.name, region) })
        .map(|name| (strsim::jaro_winkler(wanted, name), name))
        .filter(|(likeness, _)| *likeness > 0.75)
        .max_by(|one, other| one.0.total_cmp(&other.0).then(other.1.cmp(one.1)));
    let hint =
        nearest.map(|(_, name)| format!("; the nearest name is `{name}`")).unwrap_or_default();
    Refusal::new(
        "service-not-offered",
        format!("no endpoint service `{wanted}` is offered in {region}{hint}"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::testing::{PARTNER, check_blocked, spec, world};

    #[test]
    fn what_is_not_offered_is_blocked_with_the_nearest_name() {
        let interface_only = |spec: &mut EndpointSpec| spec.kind = Some(EndpointKind::Gateway);
        check_blocked([
            ("service-not-offered", world().want(["ecr.dk"]), "the nearest name is `ecr.dkr`"),
            (
                "service-not-offered",
                world().want(["com.amazonaws.vpce.eu-west-1.vpce-svc-0c"]),
                "must allow this account",
            ),
            ("type-not-offered", world().want_with("logs", interface_only), "only interface"),
        ]);
        let plan = world().want(["quite-different"]).plan();
        assert!(!plan.blocked[0].reason.contains("nearest"), "{}", plan.blocked[0].reason);
    }

    #[test]
    fn the_type_is_gateway_where_there_are_both_and_the_only_one_otherwise() {
        let world = world();
        for (service, kind) in [
            ("s3", EndpointKind::Gateway),
            ("logs", EndpointKind::Interface),
            (PARTNER, EndpointKind::Interface),
        ] {
            let spec = spec(service);
            let wanted = resolve(&spec, &world.target.region, &world.catalogue).unwrap();
            assert_eq!(wanted.offer.kind, kind, "{service}");
        }
    }

    #[test]
    fn of_several_prefixes_the_usual_one_is_meant_and_else_the_file_must_say() {
        let region = Region::from("us-iso-east-1");
        let offer = |name: &str| Offer { name: name.into(), ..world().catalogue.offers[0].clone() };
        let usual = offer("com.amazonaws.us-iso-east-1.ec2");
        let odd = offer("gov.ic.c2s.us-iso-east-1.ec2");
        let china = offer("cn.com.amazonaws.us-iso-east-1.ec2");
        let spec = spec("ec2");
        let found = |offers: &[&Offer]| {
            let catalogue = Catalogue { offers: offers.iter().copied().cloned().collect() };
            resolve(&spec, &region, &catalogue)
                .map(|wanted| wanted.offer.name.to_string())
                .map_err(|refusal| refusal.code)
        };
        assert_eq!(found(&[&odd]), Ok(odd.name.to_string()));
        assert_eq!(found(&[&odd, &usual]), Ok(usual.name.to_string()));
        assert_eq!(found(&[&usual, &usual]), Ok(usual.name.to_string()));
        assert_eq!(found(&[&usual, &china]), Err("service-ambiguous"));
    }
}
