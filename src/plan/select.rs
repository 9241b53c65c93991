//! Selectors of accounts.toml against what a VPC has.

use std::collections::BTreeMap;

use crate::ids::RouteTableId;
use crate::model::endpoint::Tags;
use crate::model::network::{RouteTable, Subnet, Vpc};
use crate::model::spec::{Glob, RouteTableSelector, SubnetSelector, VpcSelector};

fn has_tags(tags: &Tags, wanted: &BTreeMap<String, Glob>) -> bool {
    wanted.iter().all(|(key, glob)| tags.get(key).is_some_and(|value| glob.matches(value)))
}

/// Whether a VPC is one of those that get endpoints.
pub fn matches_vpc(selector: &VpcSelector, vpc: &Vpc) -> bool {
    match selector {
        VpcSelector::All => true,
        VpcSelector::Default => vpc.is_default,
        VpcSelector::NonDefault => !vpc.is_default,
        VpcSelector::Ids(ids) => ids.contains(&vpc.id),
        VpcSelector::Tags(tags) => has_tags(&vpc.tags, tags),
    }
}

pub(super) fn subnets<'a>(selector: &SubnetSelector, vpc: &'a Vpc) -> Vec<&'a Subnet> {
    let matches = |subnet: &Subnet| match selector {
        SubnetSelector::Private => vpc.is_private(&subnet.id),
        SubnetSelector::All => true,
        SubnetSelector::Ids(ids) => ids.contains(&subnet.id),
        SubnetSelector::Tags(tags) => has_tags(&subnet.tags, tags),
    };
    vpc.subnets.values().filter(|subnet| matches(subnet)).collect()
}

pub(super) fn route_tables<'a>(selector: &RouteTableSelector, vpc: &'a Vpc) -> Vec<&'a RouteTable> {
    let used_privately = |id: &RouteTableId| {
        vpc.subnets.keys().any(|subnet| {
            vpc.is_private(subnet)
                && vpc.effective_route_table(subnet).is_some_and(|table| &table.id == id)
        })
    };
    let matches = |table: &RouteTable| match selector {
        RouteTableSelector::Private => used_privately(&table.id),
        RouteTableSelector::All => true,
        RouteTableSelector::Main => table.main,
        RouteTableSelector::Ids(ids) => ids.contains(&table.id),
        RouteTableSelector::Tags(tags) => has_tags(&table.tags, tags),
    };
    vpc.route_tables.values().filter(|table| matches(table)).collect()
}

/// A list for people: `a, b, c`.
pub(super) fn list<T: ToString>(items: impl IntoIterator<Item = T>) -> String {
    items.into_iter().map(|item| item.to_string()).collect::<Vec<_>>().join(", ")
}

/// The first of a list that may be long.
pub(super) fn some<T: ToString>(items: impl ExactSizeIterator<Item = T>) -> String {
    const SHOWN: usize = 6;
    let more = items.len().saturating_sub(SHOWN);
    let shown = list(items.take(SHOWN));
    if more == 0 { shown } else { format!("{shown} and {more} more") }
}

fn tagged(tags: &BTreeMap<String, Glob>) -> String {
    format!("tagged {}", list(tags.iter().map(|(key, glob)| format!("{key}={glob}"))))
}

/// `vpcs` as a person would say it.
pub(super) fn vpcs_in_words(selector: &VpcSelector) -> String {
    match selector {
        VpcSelector::All => "every VPC".to_owned(),
        VpcSelector::Default => "the default VPC".to_owned(),
        VpcSelector::NonDefault => "every VPC but the default one".to_owned(),
        VpcSelector::Ids(ids) => list(ids),
        VpcSelector::Tags(tags) => format!("VPCs {}", tagged(tags)),
    }
}

/// `subnets` as a person would say it.
pub(super) fn subnets_in_words(selector: &SubnetSelector) -> String {
    match selector {
        SubnetSelector::Private => "private subnets".to_owned(),
        SubnetSelector::All => "every subnet".to_owned(),
        SubnetSelector::Ids(ids) => list(ids),
        SubnetSelector::Tags(tags) => format!("subnets {}", tagged(tags)),
    }
}

/// `route_tables` as a person would say it.
pub(super) fn route_tables_in_words(selector: &RouteTableSelector) -> String {
    match selector {
        RouteTableSelector::Private => "route tables of private subnets".to_owned(),
        RouteTableSelector::All => "every route table".to_owned(),
        RouteTableSelector::Main => "the main route table".to_owned(),
        RouteTableSelector::Ids(ids) => list(ids),
        RouteTableSelector::Tags(tags) => format!("route tables {}", tagged(tags)),
    }
}
