//! Regions and partitions: which there are, and what depends on them (role ARNs, DNS names, service
//! names). Regions as in botocore 1.44.5 `partitions.json`; prefixes of service names as in AWS
//! CDK's `getDefaultEndpointPrefix`.

use crate::ids::Region;

/// A part of AWS with its own accounts, identities and names.
#[derive(Debug, PartialEq, Eq)]
pub struct Partition {
    /// `aws`, `aws-cn`, ...: second part of an ARN.
    pub name: &'static str,
    /// What host names end in.
    pub dns_suffix: &'static str,
    /// The region of its global services (Organizations).
    pub home: &'static str,
    /// What names of endpoint services begin with. Where there are several, the service decides.
    pub service_prefixes: &'static [&'static str],
    /// What its regions' names begin with, before the compass word.
    region_prefixes: &'static [&'static str],
    /// The regions known to this version; AWS may have opened others since.
    regions: &'static [&'static str],
}

static PARTITIONS: [Partition; 8] = [
    Partition {
        name: "aws",
        dns_suffix: "amazonaws.com",
        home: "us-east-1",
        service_prefixes: &["com.amazonaws", "aws.api", "api.aws", "aws.sagemaker"],
        region_prefixes: &["us", "eu", "ap", "sa", "ca", "me", "af", "il", "mx"],
        regions: &[
            "af-south-1",
            "ap-east-1",
            "ap-east-2",
            "ap-northeast-1",
            "ap-northeast-2",
            "ap-northeast-3",
            "ap-south-1",
            "ap-south-2",
            "ap-southeast-1",
            "ap-southeast-2",
            "ap-southeast-3",
            "ap-southeast-4",
            "ap-southeast-5",
            "ap-southeast-6",
            "ap-southeast-7",
            "ca-central-1",
            "ca-west-1",
            "eu-central-1",
            "eu-central-2",
            "eu-north-1",
            "eu-south-1",
            "eu-south-2",
            "eu-west-1",
            "eu-west-2",
            "eu-west-3",
            "il-central-1",
            "me-central-1",
            "me-south-1",
            "me-west-1",
            "mx-central-1",
            "sa-east-1",
            "sa-west-1",
            "us-east-1",
            "us-east-2",
            "us-west-1",
            "us-west-2",
        ],
    },
    Partition {
        name: "aws-cn",
        dns_suffix: "amazonaws.com.cn",
        home: "cn-northwest-1",
        service_prefixes: &["com.amazonaws", "cn.com.amazonaws"],
        region_prefixes: &["cn"],
        regions: &["cn-north-1", "cn-northwest-1"],
    },
    Partition {
        name: "aws-us-gov",
        dns_suffix: "amazonaws.com",
        home: "us-gov-west-1",
        service_prefixes: &["com.amazonaws", "aws.api", "aws.sagemaker"],
        region_prefixes: &["us-gov"],
        regions: &["us-gov-east-1", "us-gov-west-1"],
    },
    Partition {
        name: "aws-eusc",
        dns_suffix: "amazonaws.eu",
        home: "eusc-de-east-1",
        service_prefixes: &["com.amazonaws", "eu.amazonaws"],
        region_prefixes: &["eusc-de"],
        regions: &["eusc-de-east-1"],
    },
    Partition {
        name: "aws-iso",
        dns_suffix: "c2s.ic.gov",
        home: "us-iso-east-1",
        service_prefixes: &["com.amazonaws", "gov.ic.c2s"],
        region_prefixes: &["us-iso"],
        regions: &["us-iso-east-1", "us-iso-west-1"],
    },
    Partition {
        name: "aws-iso-b",
        dns_suffix: "sc2s.sgov.gov",
        home: "us-isob-east-1",
        service_prefixes: &["com.amazonaws", "gov.sgov.sc2s"],
        region_prefixes: &["us-isob"],
        regions: &["us-isob-east-1", "us-isob-west-1"],
    },
    Partition {
        name: "aws-iso-e",
        dns_suffix: "cloud.adc-e.uk",
        home: "eu-isoe-west-1",
        service_prefixes: &["com.amazonaws", "uk.adc-e.cloud"],
        region_prefixes: &["eu-isoe"],
        regions: &["eu-isoe-west-1"],
    },
    Partition {
        name: "aws-iso-f",
        dns_suffix: "csp.hci.ic.gov",
        home: "us-isof-south-1",
        service_prefixes: &["com.amazonaws", "gov.ic.hci.csp"],
        region_prefixes: &["us-isof"],
        regions: &["us-isof-east-1", "us-isof-south-1"],
    },
];

/// The words between a region's prefix and its number.
const COMPASS: [&str; 9] = [
    "north",
    "south",
    "east",
    "west",
    "central",
    "northeast",
    "northwest",
    "southeast",
    "southwest",
];

/// The partition a region belongs to. Regions AWS opened after this version are placed by the
/// grammar of their names (`ap-southeast-9`); `None` for text that is no region's name.
pub fn partition(region: &Region) -> Option<&'static Partition> {
    PARTITIONS.iter().find(|partition| {
        partition.regions.contains(&region.as_str()) || is_plausible_in(partition, region.as_str())
    })
}

/// The name of a region's partition: `aws`, `aws-cn`, `aws-us-gov`, ...
pub fn partition_of(region: &Region) -> Option<&'static str> {
    partition(region).map(|partition| partition.name)
}

/// Whether this is a region: one that is known, or one whose name is built as AWS builds them.
pub fn is_plausible(region: &Region) -> bool {
    partition(region).is_some()
}

/// What names of regions look like, as a regular expression in the dialect of JSON Schema: a region that
/// it matches is plausible.
pub fn pattern() -> String {
    let prefixes =
        PARTITIONS.iter().flat_map(|partition| partition.region_prefixes.iter().copied());
    let prefixes: Vec<&str> = prefixes.collect();
    format!("^({})-({})-[1-9][0-9]?$", prefixes.join("|"), COMPASS.join("|"))
}

/// Every region known to this version.
pub fn known_regions() -> impl Iterator<Item = &'static str> {
    PARTITIONS.iter().flat_map(|partition| partition.regions.iter().copied())
}

/// Every beginning of a service's full name, in any partition.
pub fn service_prefixes() -> impl Iterator<Item = &'static str> {
    PARTITIONS.iter().flat_map(|partition| partition.service_prefixes.iter().copied())
}

/// `prefix-compass-number`
fn is_plausible_in(partition: &Partition, text: &str) -> bool {
    let Some((rest, number)) = text.rsplit_once('-') else { return false };
    let Some((prefix, compass)) = rest.rsplit_once('-') else { return false };
    partition.region_prefixes.contains(&prefix)
        && COMPASS.contains(&compass)
        && matches!(number.as_bytes(), [b'1'..=b'9'] | [b'1'..=b'9', b'0'..=b'9'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_known_region_has_its_partition_and_follows_the_grammar() {
        for partition in &PARTITIONS {
            assert!(partition.regions.contains(&partition.home));
            for region in partition.regions {
                assert_eq!(partition_of(&Region::from(*region)), Some(partition.name), "{region}");
                assert!(is_plausible_in(partition, region), "{region}");
            }
        }
    }

    #[test]
    fn a_region_newer_than_this_version_is_placed_by_its_name() {
        for (region, expected) in [
            ("ap-southeast-9", Some("aws")),
            ("us-gov-central-1", Some("aws-us-gov")),
            ("eusc-de-west-12", Some("aws-eusc")),
            ("cn-east-1", Some("aws-cn")),
        ] {
            assert_eq!(partition_of(&Region::from(region)), expected, "{region}");
        }
    }

    #[test]
    fn what_is_built_otherwise_is_no_region() {
        for text in
            ["", "eu", "eu-west", "eu-wset-1", "eu-west-0", "eu-west-1a", "EU-WEST-1", "xx-west-1"]
        {
            assert_eq!(partition_of(&Region::from(text)), None, "{text}");
        }
    }
}
