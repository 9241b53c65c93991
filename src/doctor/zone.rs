//! Private hosted zones of the customer that take names endpoints need.

use std::collections::{BTreeMap, BTreeSet};

use super::{Check, Facts, Looked, Topic};
use crate::ids::VpcId;
use crate::model::denial::Denial;
use crate::model::endpoint::EndpointKey;
use crate::model::failure::{ErrorClass, Failure};
use crate::model::hosted_zone::HostedZone;
use crate::model::service::short_name;
use crate::plan::action::Verb;

/// Private DNS names that the plan has made in each VPC, without a star in front, and for which services.
pub type Wanted = BTreeMap<VpcId, BTreeMap<String, BTreeSet<String>>>;

/// What owns the zones of endpoints: those are the planner's business.
const ENDPOINTS: &str = "vpce.amazonaws.com";

/// The private DNS names of endpoints that the plan makes, or turns private DNS on for.
pub fn names_to_be(looked: &Looked) -> Wanted {
    let mut wanted = Wanted::new();
    for action in &looked.plan.actions {
        let key: &EndpointKey = match &action.verb {
            Verb::CreateEndpoint(desired) if desired.private_dns => &desired.key,
            Verb::ModifyEndpoint { key, change, .. } if change.private_dns == Some(true) => key,
            _ => continue,
        };
        let offers = looked.catalogue.named(&key.service).filter(|offer| offer.kind == key.kind);
        for name in offers.flat_map(|offer| &offer.private_dns_names) {
            let name = name.trim_start_matches("*.").trim_end_matches('.').to_ascii_lowercase();
            let service = short_name(&key.service, looked.region).to_owned();
            wanted.entry(key.vpc.clone()).or_default().entry(name).or_default().insert(service);
        }
    }
    wanted
}

pub(super) fn checks(facts: &Facts) -> Vec<Check> {
    let Some(Ok(looked)) = &facts.looked else { return Vec::new() };
    let wanted = names_to_be(looked);
    let mut checks = Vec::new();
    for (vpc, zones) in &facts.zones {
        let Some(names) = wanted.get(vpc) else { continue };
        match zones {
            Err(failure) => checks.push(unread(failure)),
            Ok(zones) => {
                let theirs = zones.iter().filter(|zone| zone.service.as_deref() != Some(ENDPOINTS));
                let found: Vec<Check> =
                    theirs.flat_map(|zone| against(facts, vpc, zone, names)).collect();
                if found.is_empty() {
                    let text = Topic::HostedZones.meaning();
                    let names = names.keys().cloned().collect::<Vec<_>>().join(", ");
                    let check = Check::ok(Topic::HostedZones, "", text);
                    checks.push(check.detail(format!("{vpc}: {names}")));
                }
                checks.extend(found);
            }
        }
    }
    checks
}

/// A zone of the very name keeps AWS from making the endpoint. One above it does not: the resolver takes
/// the longest name that fits. One below it goes on answering for its own names
/// (<https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/hosted-zone-private-considerations.html>).
fn against(
    facts: &Facts,
    vpc: &VpcId,
    zone: &HostedZone,
    names: &BTreeMap<String, BTreeSet<String>>,
) -> Vec<Check> {
    let (id, domain) = (&zone.id, &zone.name);
    let owner = zone.account.as_deref().unwrap_or("another account");
    let place = format!("{id} of {owner}, associated with {vpc}");
    let region = &facts.target.region;
    let list =
        |services: &BTreeSet<String>| services.iter().cloned().collect::<Vec<_>>().join(", ");
    names
        .iter()
        .filter_map(|(name, services)| {
            let services = list(services);
            if name == domain {
                let text = format!(
                    "a private hosted zone has the name {name}, so AWS refuses the endpoint"
                );
                let next = format!(
                    "aws route53 disassociate-vpc-from-hosted-zone --hosted-zone-id {id} --vpc \
                     VPCRegion={region},VPCId={vpc}   # after moving its records; or `private_dns = false` \
                     for the service there"
                );
                let check = Check::problem(Topic::HostedZones, "hosted-zone-conflict", text);
                return Some(check.about(services).detail(place.clone()).next(next));
            }
            let below = domain.strip_suffix(name.as_str()).is_some_and(|rest| rest.ends_with('.'));
            below.then(|| {
                let text = format!(
                    "the private hosted zone {domain} is below {name}: its names do not lead to the \
                     endpoint"
                );
                let check = Check::warning(Topic::HostedZones, "hosted-zone-below", text);
                check.about(services).detail(place.clone())
            })
        })
        .collect()
}

fn unread(failure: &Failure) -> Check {
    let text = "the VPC's hosted zones could not be read: one with the name of a service would keep AWS from \
                making its endpoint";
    let check = Check::unknown(Topic::HostedZones, "hosted-zones-not-read", text);
    let next = (failure.class == ErrorClass::Denied).then(|| {
        let denial = Denial::read(&failure.message);
        let action =
            denial.action.clone().unwrap_or_else(|| "route53:ListHostedZonesByVPC".to_owned());
        Denial { action: Some(action), ..denial }.next_for_member()
    });
    Check { next, ..check }.because(failure)
}
