//! An organization as it was observed, in the form in which the sandbox keeps worlds. Nothing secret is in
//! it: no credentials, no external ids, and addresses of email only where selectors need them.

mod network;
mod organization;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use crate::ids::{AccountId, Region, TargetId};
use crate::model::account::Member;
use crate::model::endpoint::IpAddressType;
use crate::model::failure::Failure;
use crate::model::observed::Observed;
use crate::model::service::{Catalogue, Offer};

/// The version of the sandbox's worlds.
const FORMAT: u32 = 1;

/// What was seen of an organization.
#[derive(Debug)]
pub struct Seen<'a> {
    /// The account that asks.
    pub caller: &'a str,
    /// The management account, where there is an organization.
    pub management: Option<&'a AccountId>,
    /// Everybody.
    pub members: &'a [Member],
    /// What each target has.
    pub observed: &'a BTreeMap<TargetId, Observed>,
    /// What each region offers.
    pub offers: &'a BTreeMap<Region, Arc<Catalogue>>,
    /// Targets that could not be observed, and why.
    pub unreachable: BTreeMap<&'a TargetId, &'a Failure>,
    /// The role in the members, with its path.
    pub role: &'a str,
    /// Roles that are assumed before it.
    pub via: &'a [String],
    /// Where STS and Organizations are called.
    pub home: &'a Region,
    /// Whether to write addresses of email down.
    pub with_emails: bool,
}

/// The organization as a world of the sandbox.
pub fn world(seen: &Seen<'_>) -> Value {
    json!({
        "format": FORMAT,
        "seed": 1,
        "home": seen.home,
        "operator": seen.caller,
        "sim": 0,
        "wall": 0,
        "serial": 0,
        "organization": organization::organization(seen),
        "accounts": organization::accounts(seen),
        "zone_support": zone_support(seen),
        "faults": faults(seen),
        "services": services(seen),
    })
}

/// Zones of every service that has zones.
fn zone_support(seen: &Seen<'_>) -> Value {
    let offers = seen.offers.values().flat_map(|catalogue| &catalogue.offers);
    let zoned = offers.filter(|offer| !offer.zones.is_empty());
    zoned.map(|offer| (offer.name.to_string(), json!(offer.zones))).collect::<Map<_, _>>().into()
}

/// What each region offers, by region.
fn services(seen: &Seen<'_>) -> Value {
    let of = |(region, catalogue): (&Region, &Arc<Catalogue>)| {
        let services: Vec<_> = catalogue.offers.iter().filter_map(service).collect();
        (region.to_string(), Value::from(services))
    };
    seen.offers.iter().map(of).collect::<Map<_, _>>().into()
}

fn service(offer: &Offer) -> Option<Value> {
    let types = offer.ip_address_types.iter().filter(|kind| **kind != IpAddressType::Dualstack);
    Some(json!({
        "name": offer.name,
        "kind": network::kind(&offer.kind)?,
        "private_dns": offer.private_dns_names,
        "policy": offer.policy_supported,
        "ip_types": types.map(|kind| kind.as_str()).collect::<Vec<_>>(),
    }))
}

/// A target that AWS did not let us read: there it refuses the same call with the same code. Its words are
/// left out. Whoever could not assume the role meets an account without it instead.
fn faults(seen: &Seen<'_>) -> Vec<Value> {
    let is_refused =
        |failure: &Failure| !is_locked_out(failure) && failure.code.as_deref() != Some(REGION_OFF);
    let refused = seen.unreachable.iter().filter(|(_, failure)| is_refused(failure));
    refused
        .map(|(target, failure)| {
            let effect = match &failure.code {
                Some(code) => json!({ "reject": { "code": code, "message": "as observed" } }),
                None => json!("reset"),
            };
            json!({
                "action": failure.operation, "account": target.account, "region": target.region,
                "nth": 1, "times": 0, "share": 1.0, "effect": effect,
            })
        })
        .collect()
}

/// EC2's code in a region that the account has not enabled.
const REGION_OFF: &str = "AuthFailure";

fn is_locked_out(failure: &Failure) -> bool {
    failure.operation == "AssumeRole"
}

/// A number of its own for each thing that has none, the same every time.
fn salt(parts: &[&str]) -> u64 {
    let digest = Sha256::digest(parts.join("/").as_bytes());
    digest.iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte))
}
