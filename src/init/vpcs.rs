//! Which VPCs are workloads': a tag that says so, if there is one, else all but the default ones.

use std::collections::{BTreeMap, BTreeSet};

use super::{Said, Seen, count, some};
use crate::ids::Region;
use crate::model::account::Account;
use crate::model::endpoint::{EndpointState, OWNER_TAG, Tags};
use crate::model::network::Vpc;
use crate::model::observed::Endpoint;
use crate::model::spec::Glob;

use super::sheet::literal;

/// A VPC of a consumer's own, with its surroundings.
#[derive(Debug, Clone)]
pub(super) struct Found<'a> {
    pub(super) account: &'a Account,
    pub(super) region: &'a Region,
    pub(super) vpc: &'a Vpc,
    pub(super) endpoints: Vec<&'a Endpoint>,
}

/// `network.vpcs`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Vpcs {
    /// All but the default ones.
    NonDefault,
    /// Those with this tag, of exactly this value.
    Tagged {
        /// The tag's key.
        key: String,
        /// The tag's value.
        value: String,
    },
}

impl Vpcs {
    fn selects(&self, vpc: &Vpc) -> bool {
        match self {
            Self::NonDefault => !vpc.is_default,
            Self::Tagged { key, value } => vpc.tags.get(key) == Some(value),
        }
    }
}

/// Keys that say what a VPC is for.
const PURPOSE: [&str; 11] = [
    "purpose",
    "usage",
    "use",
    "role",
    "workload",
    "vpctype",
    "type",
    "kind",
    "class",
    "function",
    "networktype",
];

/// Keys that say whose a VPC is, or how it was made: a new one without it would be left out.
const ADMINISTRATIVE: [&str; 28] = [
    "name",
    "owner",
    "team",
    "contact",
    "email",
    "costcenter",
    "costcentre",
    "cost",
    "billing",
    "managedby",
    "createdby",
    "creator",
    "created",
    "createdat",
    "createddate",
    "date",
    "terraform",
    "stack",
    "stackname",
    "repo",
    "repository",
    "version",
    "environment",
    "env",
    "stage",
    "project",
    "department",
    "application",
];

/// The share of VPCs that a tag of purpose must be on: some may be for something else.
const MOST_PERCENT: usize = 80;

/// VPCs that a neutral tag must be on, without exception.
const LEAST: usize = 3;

/// Everything in these accounts that is their own and no default VPC.
pub(super) fn found<'a>(seen: &'a Seen, consumers: &[&'a Account]) -> Vec<Found<'a>> {
    let looks = consumers
        .iter()
        .filter_map(|account| Some((*account, seen.looks.get(&account.id)?.as_ref().ok()?)));
    looks
        .flat_map(|(account, look)| {
            look.regions.iter().map(move |(region, seen)| (account, region, seen))
        })
        .flat_map(|(account, region, seen)| {
            let own = move |vpc: &&Vpc| vpc.owner == account.id && !vpc.is_default;
            seen.vpcs.values().filter(own).map(move |vpc| {
                let inside = |endpoint: &&Endpoint| {
                    endpoint.key.vpc == vpc.id
                        && !endpoint.requester_managed
                        && matches!(
                            endpoint.state,
                            EndpointState::Available | EndpointState::Pending
                        )
                };
                let endpoints = seen.endpoints.values().filter(inside).collect();
                Found { account, region, vpc, endpoints }
            })
        })
        .collect()
}

/// `network.vpcs`.
pub(super) fn vpcs(seen: &Seen, found: &[Found<'_>]) -> Said<Vpcs> {
    let all = found.len();
    let Some(best) = best(seen, found) else {
        let seen = if all == 0 { "none was seen" } else { "no tag sets them apart" };
        let why = vec![format!("{}; {seen}.", count(all, "VPC besides default ones"))];
        return Said { value: Vpcs::NonDefault, why };
    };
    let (key, value) = &best.tag;
    let tag = format!("{key} = {value:?}");
    let value = Vpcs::Tagged { key: key.clone(), value: value.clone() };
    let has = format!(
        "{} of {} besides default ones {} the tag {tag}",
        best.on,
        count(all, "VPC"),
        if all == 1 { "has" } else { "have" }
    );
    if !best.is_usable(all) {
        let why = vec![format!("{has}, too few to go by.")];
        return Said { value: Vpcs::NonDefault, why };
    }
    let others: Vec<String> = found
        .iter()
        .filter(|found| !value.selects(found.vpc))
        .map(|found| format!("{} in {}", vpc_called(found.vpc), found.account.name))
        .collect();
    let why = if others.is_empty() {
        vec![format!("{has}, and no default one has it.")]
    } else {
        vec![format!("{has}, and no default one has it."), format!("Not: {}.", some(others))]
    };
    Said { value, why }
}

/// Those of the VPCs that are selected.
pub(super) fn selected<'f, 'a>(vpcs: &Vpcs, found: &'f [Found<'a>]) -> Vec<&'f Found<'a>> {
    found.iter().filter(|found| vpcs.selects(found.vpc)).collect()
}

fn vpc_called(vpc: &Vpc) -> String {
    match vpc.tags.get("Name") {
        Some(name) => format!("{name} ({})", vpc.id),
        None => vpc.id.to_string(),
    }
}

/// A tag that sets workloads apart.
#[derive(Debug)]
struct Candidate {
    tag: (String, String),
    is_purpose: bool,
    on: usize,
}

impl Candidate {
    fn is_usable(&self, all: usize) -> bool {
        if self.is_purpose {
            self.on * 100 >= all * MOST_PERCENT
        } else {
            self.on == all && all >= LEAST
        }
    }
}

fn best(seen: &Seen, found: &[Found<'_>]) -> Option<Candidate> {
    let mut on: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for (key, value) in found.iter().flat_map(|found| &found.vpc.tags) {
        *on.entry((key, value)).or_default() += 1;
    }
    let on_defaults: BTreeSet<(&str, &str)> = seen
        .looks
        .values()
        .filter_map(|look| look.as_ref().ok())
        .flat_map(|look| look.regions.values().flat_map(|seen| seen.vpcs.values()))
        .filter(|vpc| vpc.is_default)
        .flat_map(|vpc| pairs(&vpc.tags))
        .collect();
    let candidates = on.into_iter().filter(|((key, value), _)| {
        !on_defaults.contains(&(*key, *value)) && !value.is_empty() && is_usable_tag(key, value)
    });
    candidates
        .map(|((key, value), on)| Candidate {
            tag: (key.to_owned(), value.to_owned()),
            is_purpose: PURPOSE.contains(&plain(key).as_str()),
            on,
        })
        // The tags are in order, and of equals the last would win.
        .rev()
        .max_by_key(|candidate| {
            (candidate.is_usable(found.len()), candidate.is_purpose, candidate.on)
        })
}

fn pairs(tags: &Tags) -> impl Iterator<Item = (&str, &str)> {
    tags.iter().map(|(key, value)| (key.as_str(), value.as_str()))
}

fn is_usable_tag(key: &str, value: &str) -> bool {
    !key.starts_with("aws:")
        && key != OWNER_TAG
        && !ADMINISTRATIVE.contains(&plain(key).as_str())
        && Glob::new(&literal(value)).is_ok()
}

/// A key without what people write differently: `Cost-Center` is costcenter.
pub(super) fn plain(key: &str) -> String {
    key.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}
