//! What is alike across targets: the same change, the same reason, said once for all of them. Ids
//! differ in every account, so they are left out of what is compared.

mod change;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use crate::ids::{AccountId, Region, TargetId, VpcId};
use crate::model::failure::Failure;
use crate::plan::action::Verb;
use crate::plan::counts::Counts;
use crate::plan::{Plan, Planned, TargetPlan};

pub use change::Change;
pub(crate) use change::plain;

use change::changes;

/// Targets of one region that would see the same change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// The region.
    pub region: Region,
    /// The targets, in order.
    pub targets: Vec<TargetId>,
    /// In how many VPCs of each target.
    pub vpcs: usize,
    /// The change, in the order in which it would be made.
    pub changes: Vec<Change>,
    /// How much it is in each target.
    pub counts: Counts,
    /// The same by kind of resource: `+6 endpoints, +1 security group`.
    pub headline: String,
}

/// Something said of several targets at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Saying {
    /// The stable code.
    pub code: String,
    /// What it is said of: services, mostly.
    pub what: BTreeSet<String>,
    /// The text; ids in it are shortened where they differ between the targets.
    pub text: String,
    /// The targets, in order.
    pub targets: BTreeSet<TargetId>,
}

/// Targets that could not be observed for the same reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreachable {
    /// The failure of the first of them.
    pub failure: Failure,
    /// The message, with the account's id left out where there are several.
    pub message: String,
    /// What to do next, in the same way.
    pub hint: Option<String>,
    /// The targets, in order.
    pub targets: BTreeSet<TargetId>,
}

/// Groups targets by identical change, the biggest group first. Targets without actions are in none.
pub fn group_by_change(plan: &Plan) -> Vec<Group> {
    let mut groups: BTreeMap<_, Vec<(&TargetId, &TargetPlan)>> = BTreeMap::new();
    for (target, ready) in plan.ready().filter(|(_, ready)| !ready.actions.is_empty()) {
        let vpcs: BTreeSet<&VpcId> = ready.actions.iter().map(|action| action.verb.vpc()).collect();
        let key = (target.region.clone(), changes(ready), vpcs.len());
        groups.entry(key).or_default().push((target, ready));
    }
    let mut groups: Vec<Group> = groups
        .into_iter()
        .filter_map(|((region, changes, vpcs), targets)| {
            let (_, first) = targets.first()?;
            let (counts, headline) = (first.counts(), headline(first));
            let targets = targets.into_iter().map(|(target, _)| target.clone()).collect();
            Some(Group { region, targets, vpcs, changes, counts, headline })
        })
        .collect();
    groups.sort_by_key(|group| Reverse(group.targets.len()));
    groups
}

/// Groups what is blocked by its reason, the one with the most targets first.
pub fn blocked_by_reason(plan: &Plan) -> Vec<Saying> {
    sayings(plan, |ready| {
        ready
            .blocked
            .iter()
            .map(|b| (b.code.as_str(), b.what.as_str(), b.reason.as_str()))
            .collect()
    })
}

/// Groups notes by what they say, the one with the most targets first.
pub fn notes_by_text(plan: &Plan) -> Vec<Saying> {
    sayings(plan, |ready| {
        ready.notes.iter().map(|n| (n.code.as_str(), n.what.as_str(), n.text.as_str())).collect()
    })
}

/// Groups targets that could not be observed by failure, the most frequent first.
pub fn unreachable_by_failure(plan: &Plan) -> Vec<Unreachable> {
    let mut groups: BTreeMap<_, Vec<(&TargetId, &Failure)>> = BTreeMap::new();
    for (target, planned) in &plan.targets {
        if let Planned::Unreachable { failure } = planned {
            let without = |text: &String| without_ids(text, &target.account);
            let key = (
                failure.operation.clone(),
                failure.code.clone(),
                without(&failure.message),
                failure.hint.as_ref().map(without),
            );
            groups.entry(key).or_default().push((target, failure));
        }
    }
    let mut groups: Vec<Unreachable> = groups
        .into_iter()
        .filter_map(|((_, _, message, hint), members)| {
            let (_, first) = members.first()?;
            let same =
                members.iter().all(|(_, f)| f.message == first.message && f.hint == first.hint);
            let (message, hint) =
                if same { (first.message.clone(), first.hint.clone()) } else { (message, hint) };
            let targets = members.iter().map(|(target, _)| (*target).clone()).collect();
            Some(Unreachable { failure: (*first).clone(), message, hint, targets })
        })
        .collect();
    groups.sort_by_key(|group| Reverse(group.targets.len()));
    groups
}

fn sayings<'a>(
    plan: &'a Plan,
    of: impl Fn(&'a TargetPlan) -> Vec<(&'a str, &'a str, &'a str)>,
) -> Vec<Saying> {
    let mut groups: BTreeMap<_, (BTreeSet<&str>, BTreeSet<TargetId>)> = BTreeMap::new();
    for (target, ready) in plan.ready() {
        let mut said: BTreeMap<_, (BTreeSet<&str>, BTreeSet<&str>)> = BTreeMap::new();
        for (code, what, text) in of(ready) {
            let (whats, texts) =
                said.entry((code, without_ids(text, &target.account))).or_default();
            whats.insert(what);
            texts.insert(text);
        }
        for ((code, text), (whats, texts)) in said {
            let group = groups.entry((code, text, whats)).or_default();
            group.0.extend(texts);
            group.1.insert(target.clone());
        }
    }
    let mut sayings: Vec<Saying> = groups
        .into_iter()
        .map(|((code, general, what), (texts, targets))| Saying {
            code: code.to_owned(),
            what: what.into_iter().map(|what| without_ids_alone(what, texts.len())).collect(),
            text: match texts.first() {
                Some(only) if texts.len() == 1 => (*only).to_owned(),
                _ => general,
            },
            targets,
        })
        .collect();
    sayings.sort_by_key(|saying| Reverse(saying.targets.len()));
    sayings
}

/// A subject that is an id is only worth its kind where there are several.
fn without_ids_alone(what: &str, texts: usize) -> String {
    if texts > 1 { shortened(what) } else { what.to_owned() }
}

/// The text with the account's own id and all resource ids left out: `vpc-0abc` becomes `vpc-*`.
pub fn without_ids(text: &str, account: &AccountId) -> String {
    shortened(&text.replace(account.as_str(), "<account>"))
}

fn shortened(text: &str) -> String {
    const KINDS: [&str; 6] = ["vpc", "vpce", "subnet", "rtb", "sg", "pl"];
    let is_id_char = |c: char| c.is_ascii_alphanumeric() || c == '-';
    let mut short = String::new();
    for piece in text.split_inclusive(|c| !is_id_char(c)) {
        let word = piece.trim_end_matches(|c| !is_id_char(c));
        match word.split_once('-') {
            Some((kind, id)) if KINDS.contains(&kind) && !id.is_empty() => {
                short.push_str(kind);
                short.push_str("-*");
                short.push_str(&piece[word.len()..]);
            }
            _ => short.push_str(piece),
        }
    }
    // A list of ids of one kind is worth its kind once.
    for kind in KINDS {
        let twice = format!("{kind}-*, {kind}-*");
        while short.contains(&twice) {
            short = short.replace(&twice, &format!("{kind}-*"));
        }
    }
    short
}

/// `+6 endpoints, +1 security group`: resources by symbol and kind.
fn headline(plan: &TargetPlan) -> String {
    let mut seen = BTreeSet::new();
    let mut tally: Vec<(char, &str, usize)> = ['=', '+', '~', '-']
        .into_iter()
        .flat_map(|symbol| ["endpoint", "security group", "VPC"].map(|noun| (symbol, noun, 0)))
        .collect();
    for action in &plan.actions {
        let (noun, resource) = match &action.verb {
            Verb::CreateSecurityGroup(_) => ("security group", None),
            Verb::ModifySecurityGroup { id, .. } | Verb::DeleteSecurityGroup { id, .. } => {
                ("security group", Some(id.as_str()))
            }
            Verb::EnableVpcDns { vpc, .. } => ("VPC", Some(vpc.as_str())),
            Verb::CreateEndpoint(_) => ("endpoint", None),
            Verb::ModifyEndpoint { id, .. } | Verb::DeleteEndpoint { id, .. } => {
                ("endpoint", Some(id.as_str()))
            }
            Verb::Tag { resource, .. } | Verb::Adopt { resource, .. }
                if resource.starts_with("sg-") =>
            {
                ("security group", Some(resource.as_str()))
            }
            Verb::Tag { resource, .. } | Verb::Adopt { resource, .. } => {
                ("endpoint", Some(resource.as_str()))
            }
        };
        if resource.is_none_or(|resource| seen.insert(resource)) {
            let symbol = action.verb.symbol();
            for (_, _, count) in tally.iter_mut().filter(|(s, n, _)| *s == symbol && *n == noun) {
                *count += 1;
            }
        }
    }
    let said = tally.into_iter().filter(|(_, _, count)| *count > 0);
    said.map(|(symbol, noun, count)| format!("{symbol}{}", many(count, noun)))
        .collect::<Vec<_>>()
        .join(", ")
}

/// `1 zone`, `3 zones`.
pub(crate) fn many(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{} {noun}s", thousands(count)) }
}

/// `12,345`
pub(crate) fn thousands(count: usize) -> String {
    let digits = count.to_string();
    let mut grouped = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::model::failure::ErrorClass;
    use crate::plan::testing::{World, restrictive, world};

    fn plan(worlds: &[World]) -> Plan {
        let target = |n: usize| format!("{n:012}/eu-west-1").parse().unwrap();
        let targets = worlds.iter().enumerate();
        let targets = targets.map(|(n, world)| (target(n), Planned::Ready(world.plan())));
        Plan { targets: targets.collect::<BTreeMap<_, _>>() }
    }

    #[test]
    fn equal_changes_are_one_group_and_the_biggest_comes_first() {
        let (logs, kms) = (world().want(["logs"]), world().want(["kms"]));
        // Other ids, the same change.
        let elsewhere = world().want(["logs"]).but(|w| w.add_vpc("vpc-2")).but(|w| {
            w.observed.vpcs.remove(&"vpc-1".into());
        });
        let settled = logs.clone().applied();
        let groups = group_by_change(&plan(&[kms, logs, elsewhere, settled]));
        let sizes: Vec<_> = groups.iter().map(|group| group.targets.len()).collect();
        assert_eq!(sizes, [2, 1]);
        assert_eq!(groups[0].headline, "+1 endpoint, +1 security group");
        assert_eq!(groups[0].changes[1].details, ["3 zones", "private DNS"]);
        assert_eq!(groups[0].counts, Counts { create: 2, ..Counts::default() });
    }

    #[test]
    fn policies_that_differ_are_different_changes() {
        let other = world().want_with("logs", |spec| spec.policy = restrictive().into());
        let one = plan(&[other.clone(), other.clone()]);
        assert_eq!(group_by_change(&one).len(), 1);
        let another = other.but(|w| {
            let text = restrictive().to_json().replace("GetObject", "PutObject");
            w.settings.endpoints[0].policy =
                crate::model::policy::PolicyDocument::observed(&text).into();
        });
        let both = plan(&[world().want_with("logs", |s| s.policy = restrictive().into()), another]);
        assert_eq!(group_by_change(&both).len(), 2);
    }

    #[test]
    fn a_change_and_its_tags_are_one_resource() {
        let drifted = world().want(["logs"]).applied().but(|w| {
            w.endpoint("logs").private_dns = false;
            w.endpoint("logs").tags.remove("Name");
        });
        let groups = group_by_change(&plan(&[drifted]));
        assert_eq!(groups[0].headline, "~1 endpoint");
        assert_eq!(groups[0].counts, Counts { modify: 1, ..Counts::default() });
        assert_eq!(groups[0].changes[0].details, ["private_dns false -> true"]);
    }

    #[test]
    fn reasons_are_one_where_only_ids_differ_and_keep_them_where_they_do_not() {
        let off = world().want(["logs", "kms"]).but(|w| w.vpc().dns_support = false);
        let other = off.clone().but(|w| {
            w.add_vpc("vpc-2");
            w.observed.vpcs.remove(&"vpc-1".into());
            w.observed.vpcs.values_mut().for_each(|vpc| vpc.dns_support = false);
        });
        let alone = blocked_by_reason(&plan(std::slice::from_ref(&off)));
        assert_eq!(alone.len(), 1);
        assert_eq!(alone[0].what, ["kms", "logs"].map(String::from).into());
        assert_eq!(
            alone[0].text,
            "private DNS needs enableDnsSupport of vpc-1 to be on, or fix_vpc_dns = true"
        );
        let both = blocked_by_reason(&plan(&[off, other]));
        assert_eq!(both.len(), 1);
        assert_eq!(
            both[0].text,
            "private DNS needs enableDnsSupport of vpc-* to be on, or fix_vpc_dns = true"
        );
        assert_eq!(both[0].targets.len(), 2);
    }

    #[test]
    fn failures_are_one_where_only_the_account_differs() {
        let unreachable = |account: &str| {
            let message = format!("no role in {account}");
            let failure = Failure::local("AssumeRole", ErrorClass::Denied, message);
            (format!("{account}/eu-west-1").parse().unwrap(), Planned::Unreachable { failure })
        };
        let one = Plan { targets: [unreachable("111122223333")].into() };
        assert_eq!(unreachable_by_failure(&one)[0].message, "no role in 111122223333");
        let two =
            Plan { targets: [unreachable("111122223333"), unreachable("444455556666")].into() };
        let groups = unreachable_by_failure(&two);
        assert_eq!((groups.len(), groups[0].message.as_str()), (1, "no role in <account>"));
    }

    #[test]
    fn numbers_are_grouped_by_thousands() {
        for (number, text) in [(0, "0"), (999, "999"), (1000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(thousands(number), text);
        }
    }
}
