//! `[[ignore]]`: findings of the audit that are accepted for a while.

use std::collections::BTreeSet;

use jiff::civil::Date;

use crate::ids::Region;
use crate::model::account::Account;
use crate::model::finding::FindingKind;

use super::problem::nearest;
use super::selector::Selector;
use super::tree::{Node, Table};
use super::values;

/// One `[[ignore]]`. What is empty says nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ignore {
    /// Kinds of finding; at least one.
    pub kinds: BTreeSet<FindingKind>,
    /// Which accounts.
    pub accounts: Vec<Selector>,
    /// Which regions.
    pub regions: Vec<Region>,
    /// Services' short names, or names of security groups.
    pub services: Vec<String>,
    /// Resources' ids.
    pub resources: Vec<String>,
    /// Why.
    pub reason: String,
    /// The last day on which it counts, in UTC.
    pub until: Date,
    /// Where it stands in the file, from 1.
    pub line: u32,
}

impl Ignore {
    /// Whether its selectors name this account.
    pub fn names(&self, account: &Account) -> bool {
        self.accounts.is_empty() || self.accounts.iter().any(|selector| selector.matches(account))
    }
}

/// Every entry, in the order of the file. `line_of` gives the line of a place.
pub(super) fn ignores(
    root: &Table<'_>,
    regions: &[Region],
    line_of: impl Fn(usize) -> u32,
) -> Vec<Ignore> {
    let items = root.read("ignore", Node::items).unwrap_or_default();
    let read = |node: &Node<'_>| ignore(&node.table("ignore")?, regions, line_of(node.span.start));
    items.iter().filter_map(read).collect()
}

fn ignore(table: &Table<'_>, regions: &[Region], line: u32) -> Option<Ignore> {
    let kinds = table.require("kind").and_then(|node| kinds(&node));
    let accounts = table.read("accounts", |node| node.some(values::selector));
    let scope = table.read("regions", |node| {
        values::distinct(node, |item| {
            let region = values::region(item)?;
            if !regions.is_empty() && !regions.contains(&region) {
                return item.refuse(
                    format!("{region} is not in `organization.regions`"),
                    "the rule would never apply; add the region there or remove it here",
                );
            }
            Some(region)
        })
    });
    let services = table.read("services", |node| values::distinct(node, text));
    let resources = table.read("resources", |node| values::distinct(node, resource));
    let reason = table.require("reason").and_then(|node| text(&node));
    let until = table.require("until").and_then(|node| date(&node));
    Some(Ignore {
        kinds: kinds?,
        accounts: accounts.unwrap_or_default(),
        regions: scope.unwrap_or_default(),
        services: services.unwrap_or_default(),
        resources: resources.unwrap_or_default(),
        reason: reason?,
        until: until?,
        line,
    })
}

fn kinds(node: &Node<'_>) -> Option<BTreeSet<FindingKind>> {
    if node.is_list() {
        return Some(values::distinct(node, kind)?.into_iter().collect());
    }
    kind(node).map(|kind| BTreeSet::from([kind]))
}

fn kind(node: &Node<'_>) -> Option<FindingKind> {
    let code = node.text()?;
    match FindingKind::of_code(code) {
        Some(FindingKind::Unreachable) => node.refuse(
            "an account that cannot be looked at cannot be ignored",
            "nothing is known about it; take it out with accounts.exclude if it is not to be covered",
        ),
        Some(FindingKind::IgnoreExpired) => node.refuse(
            "an ignore rule cannot ignore that rules have expired",
            "remove the rule that has, or give it a new date",
        ),
        Some(kind) => Some(kind),
        None => {
            let codes = FindingKind::ALL.iter().map(|kind| kind.code());
            let help = match nearest(code, codes) {
                Some(near) => format!("did you mean \"{near}\"?"),
                None => "docs/audit.md lists the kinds, for example \"tags\" or \"foreign\"".to_owned(),
            };
            node.refuse(format!("`{code}` is not a kind of finding"), help)
        }
    }
}

fn text(node: &Node<'_>) -> Option<String> {
    let text = node.text()?;
    if text.trim().is_empty() {
        return node.refuse(
            format!("`{}` is empty", node.path),
            "say something that whoever reads it in a year understands",
        );
    }
    Some(text.to_owned())
}

fn resource(node: &Node<'_>) -> Option<String> {
    let text = node.text()?;
    let is_id = |prefix: &str| text.strip_prefix(prefix).is_some_and(values::is_hex_id);
    if ["vpce-", "sg-", "vpc-"].into_iter().any(is_id) {
        return Some(text.to_owned());
    }
    node.refuse(
        format!("`{text}` is not the id of an endpoint, a security group or a VPC"),
        "write it as AWS shows it: \"vpce-0a1b2c3d4e5f60718\"",
    )
}

fn date(node: &Node<'_>) -> Option<Date> {
    let text = node.date()?;
    let is_plain = text.len() == 10;
    text.parse().ok().filter(|_| is_plain).or_else(|| {
        node.refuse(
            format!("`{text}` is not a date"),
            "write the last day on which the rule counts: \"2027-01-31\"",
        )
    })
}
