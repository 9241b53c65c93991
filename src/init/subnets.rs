//! Where in a VPC: private subnets, as routes or else tags tell.

use std::collections::BTreeMap;

use super::vpcs::{Found, plain};
use super::{Said, count};
use crate::model::network::{Subnet, Vpc};

/// `network.subnets`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subnets {
    /// Those without a default route to an internet gateway.
    Private,
    /// Every one.
    All,
    /// Those with this tag, of exactly this value.
    Tagged {
        /// The tag's key.
        key: String,
        /// The tag's value.
        value: String,
    },
}

/// Keys that say which part of a VPC a subnet is.
const TIER: [&str; 9] = [
    "tier",
    "subnettier",
    "type",
    "subnettype",
    "network",
    "layer",
    "visibility",
    "access",
    "kind",
];

/// Their values, best first.
const WITHIN: [&str; 7] =
    ["endpoint", "endpoints", "private", "internal", "app", "application", "intra"];

/// The share of VPCs in which a choice must find a subnet.
const MOST_PERCENT: usize = 80;

/// `network.subnets` and `network.route_tables`.
pub(super) fn subnets(selected: &[&Found<'_>]) -> (Said<Subnets>, Said<&'static str>) {
    let all = selected.len();
    let vpcs = || selected.iter().map(|found| found.vpc);
    let with_private = vpcs().filter(|vpc| own(vpc).any(|s| vpc.is_private(&s.id))).count();
    let tables = if with_private > 0 || all == 0 {
        Said { value: "private", why: Vec::new() }
    } else {
        let why =
            vec!["No route table is without a default route to an internet gateway.".to_owned()];
        Said { value: "all", why }
    };
    if all == 0 {
        return (Said { value: Subnets::Private, why: Vec::new() }, tables);
    }
    let has = format!(
        "{with_private} of {} {} subnets without a default route to an internet gateway",
        count(all, "VPC"),
        if all == 1 { "has" } else { "have" }
    );
    let tagged = tagged(selected).filter(|(_, on)| on * 100 >= all * MOST_PERCENT);
    let said = |value, why: String| Said { value, why: vec![why] };
    let subnets = match tagged {
        _ if with_private * 100 >= all * MOST_PERCENT => said(Subnets::Private, format!("{has}.")),
        Some(((key, value), on)) => {
            let why = format!("Only {has}, but in {on} some have the tag {key} = {value:?}.");
            said(Subnets::Tagged { key, value }, why)
        }
        None if with_private > 0 => said(
            Subnets::Private,
            format!(
                "{has}. Where there are none, the plan says so; \"all\" takes public ones too."
            ),
        ),
        None => said(
            Subnets::All,
            format!(
                "{has}. Interfaces of endpoints have no public address in public subnets either."
            ),
        ),
    };
    (subnets, tables)
}

fn own(vpc: &Vpc) -> impl Iterator<Item = &Subnet> {
    vpc.subnets.values().filter(|subnet| subnet.owner == vpc.owner)
}

/// The tag of private subnets that is in most VPCs, and in how many.
fn tagged(selected: &[&Found<'_>]) -> Option<((String, String), usize)> {
    let mut on: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for found in selected {
        let tags = own(found.vpc).flat_map(|subnet| &subnet.tags);
        let says =
            tags.filter(|(key, value)| TIER.contains(&plain(key).as_str()) && rank(value) > 0);
        let mut says: Vec<_> = says.map(|(key, value)| (key.as_str(), value.as_str())).collect();
        says.sort_unstable();
        says.dedup();
        for tag in says {
            *on.entry(tag).or_default() += 1;
        }
    }
    let best = on.into_iter().rev().max_by_key(|((_, value), on)| (*on, rank(value)));
    best.map(|((key, value), on)| ((key.to_owned(), value.to_owned()), on))
}

/// How well a value says it; zero: not at all.
fn rank(value: &str) -> usize {
    let value = plain(value);
    WITHIN.iter().rev().position(|known| *known == value).map_or(0, |at| at + 1)
}
