//! Endpoint services: what a region offers.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::ids::{Region, ServiceName, ZoneId};
use crate::model::endpoint::{EndpointKind, IpAddressType};

/// One service of one type, as `DescribeVpcEndpointServices` details it. `s3` and `dynamodb` are
/// two offers each: Gateway and Interface.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    /// The full name.
    pub name: ServiceName,
    /// The type of endpoint that leads to it.
    pub kind: EndpointKind,
    /// Zones it can be reached in, by id. Empty for Gateway services, which have no zones.
    pub zones: BTreeSet<ZoneId>,
    /// DNS names an endpoint with private DNS takes over in its VPC; empty where the service has none.
    pub private_dns_names: Vec<String>,
    /// Whether endpoints take a policy.
    pub policy_supported: bool,
    /// Whether the service's owner accepts each connection by hand.
    pub acceptance_required: bool,
    /// Types an endpoint may have: `dualstack` where the service supports both of the others. Empty
    /// where AWS names none.
    pub ip_address_types: BTreeSet<IpAddressType>,
}

/// What a region offers. One value serves every account: zone ids and names of AWS's own services
/// are the same everywhere. Partner services are visible per account and are asked for apart.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Catalogue {
    /// Every offer, in the order of their names.
    pub offers: Vec<Offer>,
}

impl Catalogue {
    /// Offers of exactly this full name.
    pub fn named<'a>(&'a self, name: &'a ServiceName) -> impl Iterator<Item = &'a Offer> {
        self.offers.iter().filter(move |offer| &offer.name == name)
    }

    /// Offers of this short name (`ecr.api`), whatever prefix the partition gives them.
    pub fn short<'a>(
        &'a self,
        region: &'a Region,
        short: &'a str,
    ) -> impl Iterator<Item = &'a Offer> {
        self.offers.iter().filter(move |offer| short_name(&offer.name, region) == short)
    }
}

/// The short form of a service name: what follows `.REGION.`, or `com.amazonaws.` where the service
/// has no region. In China some names end in `.cn` as well. Partner services keep their whole name.
pub fn short_name<'a>(name: &'a ServiceName, region: &Region) -> &'a str {
    let full = name.as_str();
    if full.contains(".vpce.") {
        return full;
    }
    let label = format!(".{region}.");
    let rest = match full.find(&label) {
        Some(at) => &full[at + label.len()..],
        None => full.strip_prefix("com.amazonaws.").unwrap_or(full),
    };
    if region.as_str().starts_with("cn-") { rest.strip_suffix(".cn").unwrap_or(rest) } else { rest }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_names_follow_the_partitions_prefixes() {
        for (full, region, short) in [
            ("com.amazonaws.eu-west-1.ecr.api", "eu-west-1", "ecr.api"),
            ("cn.com.amazonaws.cn-north-1.ecr.api", "cn-north-1", "ecr.api"),
            ("cn.com.amazonaws.cn-north-1.transcribe.cn", "cn-north-1", "transcribe"),
            ("com.amazonaws.cn-north-1.logs", "cn-north-1", "logs"),
            ("aws.sagemaker.eu-west-1.notebook", "eu-west-1", "notebook"),
            ("com.amazonaws.iam", "us-east-1", "iam"),
            (
                "com.amazonaws.vpce.eu-west-1.vpce-svc-0a",
                "eu-west-1",
                "com.amazonaws.vpce.eu-west-1.vpce-svc-0a",
            ),
        ] {
            assert_eq!(short_name(&ServiceName::from(full), &Region::from(region)), short);
        }
    }
}
