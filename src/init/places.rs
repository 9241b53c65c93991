//! In which regions: where the workloads are.

use std::collections::{BTreeMap, BTreeSet};

use super::vpcs::Found;
use super::{Said, Seen, called, count, some};
use crate::ids::{AccountId, Region};
use crate::model::account::Account;
use crate::model::region;

/// A region with fewer VPCs than this share is only told of.
const LEAST_PERCENT: usize = 20;

/// `organization.regions`: the one with most VPCs first.
pub(super) fn regions(
    seen: &Seen,
    consumers: &[&Account],
    selected: &[&Found<'_>],
) -> Said<Vec<Region>> {
    let mut by_region: BTreeMap<&Region, (usize, BTreeSet<&AccountId>)> = BTreeMap::new();
    for found in selected {
        let (vpcs, accounts) = by_region.entry(found.region).or_default();
        *vpcs += 1;
        accounts.insert(&found.account.id);
    }
    let mut why = vec![
        "The region(s) of the shared resources: endpoints are made in the same region.".to_owned(),
    ];
    if by_region.is_empty() {
        let value =
            if seen.regions.is_empty() { vec![seen.home.clone()] } else { seen.regions.clone() };
        why.push(
            "No workload's VPC was seen in any region; this is only where init began.".to_owned(),
        );
        return Said { value, why };
    }
    let mut regions: Vec<_> = by_region.into_iter().collect();
    regions.sort_by_key(|(region, (vpcs, _))| (std::cmp::Reverse(*vpcs), *region));
    let told = |(region, (vpcs, accounts)): &Place<'_>| {
        format!("{region} has {} in {}", count(*vpcs, "VPC"), count(accounts.len(), "account"))
    };
    let partition = regions.first().and_then(|(region, _)| region::partition_of(region));
    let is_usual = |(region, (vpcs, _)): &&Place<'_>| {
        *vpcs * 100 >= selected.len() * LEAST_PERCENT
            && partition.is_some()
            && region::partition_of(region) == partition
    };
    let (usual, rare): (Vec<_>, Vec<_>) = regions.iter().partition(is_usual);
    let list = |regions: &[&_]| regions.iter().map(|r| told(r)).collect::<Vec<_>>().join(", ");
    why.push(format!("{}.", list(&usual)));
    if !rare.is_empty() {
        why.push(format!("Left out: {}.", list(&rare)));
    }
    let off = switched_off(seen, consumers, &usual);
    if !off.is_empty() {
        why.push(format!("Not enabled: {}.", some(off)));
    }
    let value: Vec<_> = usual.iter().map(|(region, _)| (*region).clone()).collect();
    if value.is_empty() {
        return Said { value: vec![seen.home.clone()], why };
    }
    Said { value, why }
}

/// A region, with how many VPCs in which accounts.
type Place<'a> = (&'a Region, (usize, BTreeSet<&'a AccountId>));

/// Consumers that were entered and have one of these regions not enabled.
fn switched_off(seen: &Seen, consumers: &[&Account], regions: &[&Place<'_>]) -> Vec<String> {
    let pairs = consumers
        .iter()
        .flat_map(|account| regions.iter().map(move |(region, _)| (*account, *region)));
    pairs
        .filter(|(account, region)| match seen.looks.get(&account.id) {
            Some(Ok(look)) => {
                !look.regions.contains_key(*region) && !look.failures.contains_key(*region)
            }
            _ => false,
        })
        .map(|(account, region)| format!("{region} in {}", called(account)))
        .collect()
}
