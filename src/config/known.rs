//! What is known of AWS's own services without asking AWS: their names, the types of their
//! endpoints, whether they take a policy; and the bundles, services that only work together.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use serde::Deserialize;

use crate::ids::{Region, ServiceName};
use crate::model::endpoint::EndpointKind;
use crate::model::region;
use crate::model::service::short_name;

/// A service AWS is known to offer, all its types together.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// The types of its endpoints, Gateway before Interface.
    pub(super) kinds: Vec<EndpointKind>,
    /// Whether endpoints take a policy.
    pub(super) policy: bool,
}

/// Services that are wanted together.
#[derive(Debug)]
pub(super) struct Bundle {
    /// The name of its table.
    pub(super) name: &'static str,
    /// Short names; each of its default type.
    pub(super) members: &'static [&'static str],
}

/// Members as AWS's guides for private networks list them. `eks` leaves out what only some clusters
/// need (`ssm`, `autoscaling`, `elasticloadbalancing`, `xray`, `oidc-eks`, `route53`): each is one
/// more table.
static BUNDLES: [Bundle; 4] = [
    // Image layers are stored in S3.
    // https://docs.aws.amazon.com/AmazonECR/latest/userguide/vpc-endpoints.html
    Bundle { name: "ecr", members: &["ecr.api", "ecr.dkr", "s3"] },
    // https://docs.aws.amazon.com/AmazonECS/latest/developerguide/vpc-endpoints.html
    Bundle { name: "ecs", members: &["ecs-agent", "ecs-telemetry", "ecs"] },
    // https://docs.aws.amazon.com/eks/latest/userguide/private-clusters.html
    Bundle {
        name: "eks",
        members: &["eks", "eks-auth", "ec2", "ecr.api", "ecr.dkr", "s3", "sts", "logs"],
    },
    // `ec2messages` has no use for agents since 3.3.40.0.
    // https://docs.aws.amazon.com/systems-manager/latest/userguide/setup-create-vpc.html
    Bundle { name: "ssm", members: &["ssm", "ssmmessages"] },
];

/// Services documented to have no private DNS name. For others the catalogue's silence proves
/// nothing, and the region's own catalogue decides at plan time.
const WITHOUT_PRIVATE_DNS: [&str; 4] =
    ["dynamodb", "dynamodb-fips", "dynamodb-streams", "iot.data"];

/// The bundle of this name.
pub(super) fn bundle(name: &str) -> Option<&'static Bundle> {
    BUNDLES.iter().find(|bundle| bundle.name == name)
}

/// The service of this short name.
pub(super) fn service(short: &str) -> Option<&'static Known> {
    SERVICES.get(short)
}

/// The type of endpoint that a table of this service's short name asks for; `None` for a name that no table can
/// have by itself.
pub fn usual_kind(short: &str) -> Option<EndpointKind> {
    service(short)?.kinds.first().cloned()
}

/// Every name a table can have by itself: services and bundles.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    SERVICES.keys().map(String::as_str).chain(BUNDLES.iter().map(|bundle| bundle.name))
}

/// Whether the service is documented to have no private DNS name.
pub(super) fn lacks_private_dns(short: &str) -> bool {
    WITHOUT_PRIVATE_DNS.contains(&short)
}

/// The region a full name is bound to: `{region}`, a region, or none (`com.amazonaws.iam`).
pub(super) fn region_label(full: &str) -> Option<&str> {
    full.split('.')
        .find(|label| *label == "{region}" || region::is_plausible(&Region::from(*label)))
}

/// The short form of a full name; a partner's service keeps its whole name.
pub(super) fn short_of(full: &str) -> String {
    let region = Region::from(region_label(full).unwrap_or_default());
    short_name(&ServiceName::from(full), &region).to_owned()
}

/// Whether the word is what remains of a full name without quotes: TOML takes its dots for tables.
pub(super) fn begins_full_names(word: &str) -> bool {
    region::service_prefixes().any(|prefix| prefix.split('.').next() == Some(word))
}

/// Whether the text has the form of a full name, and not of a short one.
pub(super) fn is_full_name(text: &str) -> bool {
    region::service_prefixes()
        .any(|prefix| text.strip_prefix(prefix).is_some_and(|rest| rest.starts_with('.')))
}

static SERVICES: LazyLock<BTreeMap<String, Known>> = LazyLock::new(|| {
    let catalogue: Catalogue = serde_json::from_str(include_str!("../../data/catalogue.json"))
        .expect("the embedded catalogue is checked by a test");
    let mut services = BTreeMap::<String, Known>::new();
    for entry in catalogue.services {
        let known = services.entry(short_of(&entry.name)).or_default();
        known.policy |= entry.policy;
        let kinds: BTreeSet<_> = entry.types.into_iter().chain(known.kinds.drain(..)).collect();
        known.kinds = kinds.into_iter().rev().collect();
    }
    services
});

#[derive(Deserialize)]
struct Catalogue {
    services: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    name: String,
    types: Vec<EndpointKind>,
    policy: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_catalogue_knows_services_by_their_short_names() {
        use EndpointKind::{Gateway, Interface};
        for (short, kinds) in [
            ("ecr.api", vec![Interface]),
            ("s3", vec![Gateway, Interface]),
            ("dynamodb", vec![Gateway, Interface]),
            ("s3express", vec![Gateway]),
            ("iam", vec![Interface]),
            ("notebook", vec![Interface]),
            ("pricingplanmanager", vec![Interface]),
        ] {
            assert_eq!(service(short).unwrap().kinds, kinds, "{short}");
        }
        assert!(service("ecr").is_none());
        assert!(!service("email-smtp").unwrap().policy);
    }

    #[test]
    fn every_member_of_a_bundle_is_a_known_service_with_a_policy() {
        for bundle in &BUNDLES {
            for member in bundle.members {
                assert!(service(member).is_some_and(|known| known.policy), "{member}");
            }
        }
    }

    #[test]
    fn full_names_are_told_from_short_ones() {
        for (text, full) in [
            ("com.amazonaws.eu-west-1.logs", true),
            ("com.amazonaws.vpce.eu-west-1.vpce-svc-0a", true),
            ("cn.com.amazonaws.cn-north-1.ecr.api", true),
            ("aws.sagemaker.eu-west-1.notebook", true),
            ("ecr.api", false),
            ("com.amazonaws", false),
            ("com", false),
        ] {
            assert_eq!(is_full_name(text), full, "{text}");
        }
    }

    #[test]
    fn a_full_name_tells_its_region_and_its_short_name() {
        for (full, region, short) in [
            ("com.amazonaws.eu-west-1.ecr.api", Some("eu-west-1"), "ecr.api"),
            ("com.amazonaws.{region}.logs", Some("{region}"), "logs"),
            ("com.amazonaws.iam", None, "iam"),
        ] {
            assert_eq!((region_label(full), short_of(full).as_str()), (region, short));
        }
    }
}
