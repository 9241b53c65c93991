//! In which regions: where the workloads are.

use std::collections::{BTreeMap, BTreeSet};

use super::vpcs::Found;
use super::{Said, Seen, count};
use crate::ids::{AccountId, Region};
use crate::model::region;

/// A region with fewer VPCs than this share is only told of.
const LEAST_PERCENT: usize = 20;

/// `organization.regions`: the one with most VPCs first.
pub(super) fn regions(seen: &Seen, selected: &[&Found<'_>]) -> Said<Vec<Region>> {
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
    let told = |(region, (vpcs, accounts)): &(&Region, (usize, BTreeSet<&AccountId>))| {
        format!("{region} has {} in {}", count(*vpcs, "VPC"), count(accounts.len(), "account"))
    };
    let partition = regions.first().and_then(|(region, _)| region::partition_of(region));
    let is_usual = |(region, (vpcs, _)): &&(&Region, (usize, BTreeSet<&AccountId>))| {
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
    let value: Vec<_> = usual.iter().map(|(region, _)| (*region).clone()).collect();
    if value.is_empty() {
        return Said { value: vec![seen.home.clone()], why };
    }
    Said { value, why }
}
