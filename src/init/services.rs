//! Which services: those that most workloads have endpoints of already, else what containers need.

use std::collections::{BTreeMap, BTreeSet};

use super::vpcs::Found;
use super::{Said, Table, some};
use crate::config;
use crate::model::endpoint::OWNER_TAG;
use crate::model::service::short_name;

/// The least of a private network for containers, and the services behind each name.
const CLASSIC: [(&str, &[&str], &str); 3] = [
    ("ecr", &["ecr.api", "ecr.dkr"], "a bundle, ecr.api + ecr.dkr + s3 (gateway): pulls of images"),
    ("logs", &["logs"], "CloudWatch Logs"),
    (
        "ssm",
        &["ssm", "ssmmessages"],
        "a bundle, ssm + ssmmessages: Parameter Store, Session Manager",
    ),
];

/// Tables of `[endpoints]`, those that are only suggested among them, and remarks.
pub(super) fn endpoints(selected: &[&Found<'_>]) -> Said<Vec<Table>> {
    let all = selected.len();
    let (by_table, others) = counted(selected);
    let is_usual = |on: usize| all > 0 && on * 2 >= all;
    let usual = by_table.values().any(|on| is_usual(*on));
    let mut tables = Vec::new();
    for (name, _, what) in CLASSIC {
        let on = by_table.get(name).copied().unwrap_or(0);
        let there =
            if on == 0 { String::new() } else { format!("; in {on} of {all} VPCs already") };
        let why = format!("{what}{there}");
        tables.push(Table { name: name.to_owned(), why, active: !usual || is_usual(on) });
    }
    let has_ecr = tables.iter().any(|table| table.name == "ecr" && table.active);
    for (name, on) in by_table {
        let is_classic = CLASSIC.iter().any(|(classic, ..)| *classic == name);
        let comes_along = has_ecr && name == "s3";
        if !(is_classic || comes_along) {
            let why = format!("in {on} of {all} VPCs already");
            tables.push(Table { active: is_usual(on), name, why });
        }
    }
    let why = if usual {
        "Services that at least half of the VPCs have endpoints of already."
    } else {
        "What containers need in a private network."
    };
    let others: Vec<_> = others.into_iter().map(|(what, on)| format!("{what} in {on}")).collect();
    let others = (!others.is_empty())
        .then(|| format!("Also there, each a matter of a table of its own: {}.", some(others)));
    Said { value: tables, why: [why.to_owned()].into_iter().chain(others).collect() }
}

/// In how many VPCs there is an endpoint of each table's; and of what no table's name stands for.
fn counted(selected: &[&Found<'_>]) -> (BTreeMap<String, usize>, BTreeMap<String, usize>) {
    let (mut by_table, mut others) = (BTreeMap::new(), BTreeMap::new());
    for found in selected {
        let mut here = BTreeSet::new();
        for endpoint in &found.endpoints {
            let short = short_name(&endpoint.key.service, found.region);
            let kind = &endpoint.key.kind;
            here.insert(match config::usual_kind(short) {
                Some(usual) if usual == *kind => (true, table(short).to_owned()),
                _ => (false, format!("{short} ({kind})")),
            });
        }
        for (is_table, name) in here {
            *if is_table { &mut by_table } else { &mut others }.entry(name).or_default() += 1;
        }
    }
    (by_table, others)
}

/// The table that leads to a service.
fn table(short: &str) -> &str {
    CLASSIC.iter().find(|(_, members, _)| members.contains(&short)).map_or(short, |(name, ..)| name)
}

/// `deployment`: that of endpoints which an earlier run has made, if there are any.
pub(super) fn deployment(selected: &[&Found<'_>]) -> Said<String> {
    let mut owners: BTreeMap<&str, usize> = BTreeMap::new();
    for endpoint in selected.iter().flat_map(|found| &found.endpoints) {
        if let Some(owner) = endpoint.tags.get(OWNER_TAG).filter(|owner| is_name(owner)) {
            *owners.entry(owner).or_default() += 1;
        }
    }
    let why = format!("Owner of all that linkwalk makes: the value of the tag {OWNER_TAG}.");
    match owners.into_iter().rev().max_by_key(|(_, on)| *on) {
        None => Said { value: "privatelink".to_owned(), why: vec![why] },
        Some((owner, on)) => {
            let there = format!("{} of this one are there already.", super::count(on, "endpoint"));
            Said { value: owner.to_owned(), why: vec![why, there] }
        }
    }
}

/// Whether accounts.toml takes it as a deployment's name.
fn is_name(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
}
