//! The services one can make endpoints for, as data with its source and date.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::dice::Dice;
use super::world::endpoint::Kind;

/// The list of services that ships with the sandbox.
const EMBEDDED: &str = include_str!("../../data/catalogue.json");

/// All services.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Catalogue {
    services: Vec<Entry>,
    /// The services of the regions that were asked for, in order of name and type.
    #[serde(skip)]
    regions: Mutex<BTreeMap<String, Arc<Vec<Detail>>>>,
}

#[derive(Debug, Deserialize)]
struct Entry {
    /// The name, with `{region}` in it.
    name: String,
    types: Vec<Kind>,
    #[serde(default)]
    private_dns: Vec<String>,
    #[serde(default = "yes")]
    policy: bool,
    #[serde(default = "ipv4")]
    ip_types: Vec<String>,
    #[serde(default)]
    regions: Regions,
}

/// Where a service is.
#[derive(Debug, Default, Deserialize)]
#[serde(untagged)]
enum Regions {
    /// `"all"`.
    Everywhere(#[expect(dead_code, reason = "says all, and nothing else")] String),
    Some(Vec<String>),
    #[default]
    Unsaid,
}

fn yes() -> bool {
    true
}

fn ipv4() -> Vec<String> {
    vec!["ipv4".to_owned()]
}

/// A service of one type in one region.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Detail {
    pub(crate) name: String,
    pub(crate) kind: Kind,
    pub(crate) private_dns: Vec<String>,
    pub(crate) policy: bool,
    pub(crate) ip_types: Vec<String>,
}

impl Detail {
    /// `logs` of `com.amazonaws.eu-west-1.logs`.
    pub(crate) fn short(&self, region: &str) -> String {
        let after = self.name.split_once(&format!(".{region}.")).map(|(_, rest)| rest);
        after.unwrap_or_else(|| self.name.rsplit('.').next().unwrap_or_default()).to_owned()
    }

    /// `vpce-svc-…`.
    pub(crate) fn id(&self) -> String {
        format!(
            "vpce-svc-0{}",
            Dice::new(0, &["service", &self.name, &self.kind.to_string()]).hex(16)
        )
    }
}

/// A prefix list that AWS manages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PrefixList {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) cidrs: Vec<String>,
}

impl Catalogue {
    /// The list that ships with the sandbox.
    pub(crate) fn embedded() -> &'static Self {
        static PARSED: OnceLock<Catalogue> = OnceLock::new();
        // That the file parses is a test; without it the catalogue would be empty.
        PARSED.get_or_init(|| serde_json::from_str(EMBEDDED).unwrap_or_default())
    }

    /// A list of which these regions are known to be otherwise.
    pub(crate) fn of(regions: &BTreeMap<String, Vec<Detail>>) -> Self {
        let own = regions.iter().map(|(region, details)| {
            let mut details = details.clone();
            details.sort_by(|one, other| (&one.name, one.kind).cmp(&(&other.name, other.kind)));
            (region.clone(), Arc::new(details))
        });
        let regions = Mutex::new(own.collect());
        let embedded: Self = serde_json::from_str(EMBEDDED).unwrap_or_default();
        Self { services: embedded.services, regions }
    }

    /// All services of a region, one per type, in order of name and type.
    pub(crate) fn details(&self, region: &str) -> Arc<Vec<Detail>> {
        let mut regions = self.regions.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = regions.get(region) {
            return Arc::clone(known);
        }
        let here = self.services.iter().filter(|entry| match &entry.regions {
            Regions::Everywhere(_) | Regions::Unsaid => true,
            Regions::Some(list) => list.iter().any(|name| name == region),
        });
        let mut all: Vec<_> = here.flat_map(|entry| entry.details(region)).collect();
        all.sort_by(|one, other| (&one.name, one.kind).cmp(&(&other.name, other.kind)));
        let all = Arc::new(all);
        regions.insert(region.to_owned(), Arc::clone(&all));
        all
    }

    /// The types of the service with this name.
    pub(crate) fn named(&self, region: &str, name: &str) -> Vec<Detail> {
        self.details(region).iter().filter(|detail| detail.name == name).cloned().collect()
    }

    /// The full name of a service from its short one.
    pub(crate) fn full_name(&self, region: &str, short: &str) -> Option<String> {
        let long = format!("com.amazonaws.{region}.{short}");
        let details = self.details(region);
        let mut names = details.iter().map(|detail| &detail.name);
        names.find(|name| *name == short || **name == long).cloned()
    }

    /// AWS's prefix lists of a region: one for each gateway service.
    pub(crate) fn prefix_lists(&self, region: &str) -> Vec<PrefixList> {
        let details = self.details(region);
        let gateways = details.iter().filter(|detail| detail.kind == Kind::Gateway);
        let mut lists: Vec<_> =
            gateways.map(|detail| prefix_list_of(&detail.name, region)).collect();
        lists.sort_by(|one, other| one.id.cmp(&other.id));
        lists
    }

    /// The prefix list with this id.
    pub(crate) fn prefix_list(&self, region: &str, id: &str) -> Option<PrefixList> {
        self.prefix_lists(region).into_iter().find(|list| list.id == id)
    }
}

impl Entry {
    fn details(&self, region: &str) -> impl Iterator<Item = Detail> {
        self.types.iter().map(move |kind| {
            let named = self.private_dns.iter().filter(|_| *kind == Kind::Interface);
            Detail {
                name: self.name.replace("{region}", region),
                kind: *kind,
                private_dns: named.map(|name| name.replace("{region}", region)).collect(),
                policy: self.policy,
                ip_types: self.ip_types_on_the_wire(),
            }
        })
    }

    /// AWS answers `ipv4` and `ipv6` only; a dual-stack service has both
    /// (<https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ServiceDetail.html>).
    fn ip_types_on_the_wire(&self) -> Vec<String> {
        let has =
            |kind: &str| self.ip_types.iter().any(|known| known == kind || known == "dualstack");
        ["ipv4", "ipv6"].into_iter().filter(|kind| has(kind)).map(str::to_owned).collect()
    }
}

/// The prefix list that holds the addresses of a gateway service.
pub(crate) fn prefix_list_of(service: &str, region: &str) -> PrefixList {
    // Some of the ids are well known; the others are made up, and stable.
    let id = match service {
        "com.amazonaws.eu-west-1.s3" => "pl-6da54004".to_owned(),
        "com.amazonaws.eu-west-1.dynamodb" => "pl-6fa54006".to_owned(),
        "com.amazonaws.us-east-1.s3" => "pl-63a5400a".to_owned(),
        "com.amazonaws.us-east-1.dynamodb" => "pl-02cd2c6b".to_owned(),
        other => format!("pl-{}", Dice::new(0, &["prefix list", region, other]).hex(8)),
    };
    let mut dice = Dice::new(0, &["prefix list cidrs", service]);
    let cidrs = [22, 21, 20]
        .map(|size| format!("52.{}.{}.0/{size}", 200 + dice.below(20), dice.below(16) * 16));
    PrefixList { id, name: service.to_owned(), cidrs: cidrs.to_vec() }
}

#[cfg(test)]
mod tests {
    use super::{Catalogue, EMBEDDED};
    use crate::sandbox::world::endpoint::Kind;

    #[test]
    fn the_catalogue_parses_and_lists_s3_twice() {
        let catalogue: Catalogue = serde_json::from_str(EMBEDDED).unwrap();
        let s3 = catalogue.named("eu-west-1", "com.amazonaws.eu-west-1.s3");
        let kinds: Vec<_> = s3.iter().map(|detail| detail.kind).collect();
        assert!(kinds.contains(&Kind::Gateway) && kinds.contains(&Kind::Interface));
        for short in ["ecr.api", "ecr.dkr", "logs", "ssm", "ssmmessages", "kms", "dynamodb"] {
            assert!(catalogue.full_name("eu-west-1", short).is_some(), "{short}");
        }
    }

    #[test]
    fn dynamodb_has_no_private_dns_name() {
        let all = Catalogue::embedded().named("eu-west-1", "com.amazonaws.eu-west-1.dynamodb");
        assert!(all.iter().all(|detail| detail.private_dns.is_empty()));
    }
}
