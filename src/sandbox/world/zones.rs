//! Regions and availability zones. Zone ids are the same for everybody; which name a zone has differs from
//! account to account ("AWS maps the physical availability zones randomly to the zone names for each
//! account": AWS RAM user guide, "Availability Zone IDs for your AWS resources").

use crate::sandbox::dice::Dice;

/// A region of the partition.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RegionFacts {
    /// `eu-west-1`.
    pub(crate) name: &'static str,
    /// `euw1`: how its zone ids begin.
    pub(crate) prefix: &'static str,
    /// The numbers in its zone ids.
    pub(crate) zones: &'static [u8],
    /// True if an account must opt in before it can use the region.
    pub(crate) opt_in: bool,
}

const fn region(
    name: &'static str,
    prefix: &'static str,
    zones: &'static [u8],
    opt_in: bool,
) -> RegionFacts {
    RegionFacts { name, prefix, zones, opt_in }
}

/// The regions of the `aws` partition with their zones and opt-in status (AWS Global Infrastructure,
/// "Regions and Availability Zones").
pub(crate) const REGIONS: &[RegionFacts] = &[
    region("af-south-1", "afs1", &[1, 2, 3], true),
    region("ap-east-1", "ape1", &[1, 2, 3], true),
    region("ap-east-2", "ape2", &[1, 2, 3], true),
    region("ap-northeast-1", "apne1", &[1, 2, 4], false),
    region("ap-northeast-2", "apne2", &[1, 2, 3, 4], false),
    region("ap-northeast-3", "apne3", &[1, 2, 3], false),
    region("ap-south-1", "aps1", &[1, 2, 3], false),
    region("ap-south-2", "aps2", &[1, 2, 3], true),
    region("ap-southeast-1", "apse1", &[1, 2, 3], false),
    region("ap-southeast-2", "apse2", &[1, 2, 3], false),
    region("ap-southeast-3", "apse3", &[1, 2, 3], true),
    region("ap-southeast-4", "apse4", &[1, 2, 3], true),
    region("ap-southeast-5", "apse5", &[1, 2, 3], true),
    region("ap-southeast-6", "apse6", &[1, 2, 3], true),
    region("ap-southeast-7", "apse7", &[1, 2, 3], true),
    region("ca-central-1", "cac1", &[1, 2, 4], false),
    region("ca-west-1", "caw1", &[1, 2, 3], true),
    region("eu-central-1", "euc1", &[1, 2, 3], false),
    region("eu-central-2", "euc2", &[1, 2, 3], true),
    region("eu-north-1", "eun1", &[1, 2, 3], false),
    region("eu-south-1", "eus1", &[1, 2, 3], true),
    region("eu-south-2", "eus2", &[1, 2, 3], true),
    region("eu-west-1", "euw1", &[1, 2, 3], false),
    region("eu-west-2", "euw2", &[1, 2, 3], false),
    region("eu-west-3", "euw3", &[1, 2, 3], false),
    region("il-central-1", "ilc1", &[1, 2, 3], true),
    region("me-central-1", "mec1", &[1, 2, 3], true),
    region("me-south-1", "mes1", &[1, 2, 3], true),
    region("mx-central-1", "mxc1", &[1, 2, 3], true),
    region("sa-east-1", "sae1", &[1, 2, 3], false),
    region("us-east-1", "use1", &[1, 2, 3, 4, 5, 6], false),
    region("us-east-2", "use2", &[1, 2, 3], false),
    region("us-west-1", "usw1", &[1, 3], false),
    region("us-west-2", "usw2", &[1, 2, 3, 4], false),
];

/// What is known about a region.
pub(crate) fn facts(name: &str) -> Option<&'static RegionFacts> {
    REGIONS.iter().find(|region| region.name == name)
}

/// An availability zone as one account sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Zone {
    /// `eu-west-1a`: another zone in another account.
    pub(crate) name: String,
    /// `euw1-az2`: the same zone in every account.
    pub(crate) id: String,
}

/// The zones of a region as `account` sees them, in order of their names.
pub(crate) fn zones(seed: u64, account: &str, region: &str) -> Vec<Zone> {
    let Some(facts) = facts(region) else {
        return Vec::new();
    };
    let mut ids = zone_ids(facts);
    Dice::new(seed, &["zones", account, region]).shuffle(&mut ids);
    ids.into_iter()
        .zip('a'..='z')
        .map(|(id, letter)| Zone { name: format!("{region}{letter}"), id })
        .collect()
}

/// The ids of a region's zones.
pub(crate) fn zone_ids(facts: &RegionFacts) -> Vec<String> {
    facts.zones.iter().map(|number| format!("{}-az{number}", facts.prefix)).collect()
}
