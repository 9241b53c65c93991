//! Which units hold workloads: the tree of those with accounts in it, and what of it `include` names.

use std::collections::BTreeMap;

use super::{Seen, count, naming};
use crate::config::Selector;
use crate::model::account::Account;
use crate::report::safe;

/// A unit with usable accounts in it or below it.
#[derive(Debug)]
pub(super) struct Unit<'a> {
    id: &'a str,
    /// `None` where the path does not tell: a name may contain a slash.
    pub(super) name: Option<&'a str>,
    /// Its path, for people.
    path: String,
    /// Directly in it.
    pub(super) accounts: Vec<&'a Account>,
    /// By name.
    pub(super) below: Vec<Unit<'a>>,
    depth: usize,
}

/// A unit that is included.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pick<'t, 'a> {
    pub(super) unit: &'t Unit<'a>,
    /// With everything below it.
    pub(super) whole: bool,
}

/// What is included, and what is not and why.
#[derive(Debug, Default)]
pub(super) struct Choice<'t, 'a> {
    pub(super) picks: Vec<Pick<'t, 'a>>,
    pub(super) left_out: Vec<String>,
}

/// The root with all that is below it.
pub(super) fn tree(seen: &Seen) -> Unit<'_> {
    unit(0, seen.members().filter(|account| !account.ou_ids.is_empty()).collect())
}

/// The unit in which all these accounts are, so many steps below the root.
fn unit(depth: usize, inside: Vec<&Account>) -> Unit<'_> {
    let id = inside.first().map_or("", |account| account.ou_ids[depth].as_str());
    let names = inside.iter().find_map(|account| names(account));
    let path = match &names {
        Some(names) => format!("/{}", names[..depth].join("/")),
        None => id.to_owned(),
    };
    let name = names.and_then(|names| names[..depth].last().copied());
    let mut accounts = Vec::new();
    let mut below: BTreeMap<&str, Vec<&Account>> = BTreeMap::new();
    for account in inside {
        match account.ou_ids.get(depth + 1) {
            None => accounts.push(account),
            Some(id) => below.entry(id).or_default().push(account),
        }
    }
    let mut below: Vec<_> = below.into_values().map(|inside| unit(depth + 1, inside)).collect();
    below.sort_by(|a, b| (a.name, a.id).cmp(&(b.name, b.id)));
    Unit { id, name, path, accounts, below, depth }
}

/// The names of the units from below the root down.
fn names(account: &Account) -> Option<Vec<&str>> {
    let names: Vec<_> = account.ou_path.split('/').filter(|name| !name.is_empty()).collect();
    (names.len() + 1 == account.ou_ids.len()).then_some(names)
}

impl<'a> Unit<'a> {
    /// Every account in it and below it.
    pub(super) fn all(&self) -> Vec<&'a Account> {
        let below = self.below.iter().flat_map(Unit::all);
        self.accounts.iter().copied().chain(below).collect()
    }

    /// Selectors of it: the path where that is plain text, else its id; where neither says exactly what is
    /// meant, its accounts.
    pub(super) fn selectors(&self, whole: bool) -> Vec<String> {
        let inside = if whole { self.all() } else { self.accounts.clone() };
        let plain = |path: &str| {
            safe::text(path) == path && !path.contains(['*', '?', '[', ']', '{', '}', '\\', '!'])
        };
        let by_path = (plain(&self.path) && (self.name.is_some() || self.depth == 0)).then(|| {
            let end = if whole { "/**" } else { "" };
            format!("ou:{}{end}", if whole { self.path.trim_end_matches('/') } else { &self.path })
        });
        let by_id = whole.then(|| format!("ou:{}", self.id));
        let names_all = |text: &String| {
            text.parse::<Selector>()
                .is_ok_and(|selector| inside.iter().all(|account| selector.matches(account)))
        };
        match by_path.into_iter().chain(by_id).find(names_all) {
            Some(selector) => vec![selector],
            None => inside.iter().map(|account| account.id.to_string()).collect(),
        }
    }

    pub(super) fn path(&self) -> &str {
        &self.path
    }

    fn name(&self) -> &'a str {
        self.name.unwrap_or_default()
    }

    /// Whether its accounts are on their way out.
    fn is_suspended(&self) -> bool {
        naming::is_suspended(self.name())
    }

    /// Whether it looks, by its name, like what the other units share.
    fn is_shared(&self) -> bool {
        self.depth == 1 && naming::is_shared(self.name())
    }

    fn has_suspended_below(&self) -> bool {
        self.below.iter().any(|unit| unit.is_suspended() || unit.has_suspended_below())
    }

    /// Goes down until everything that is named holds workloads or belongs to what does.
    fn choose<'t>(&'t self, seen: &Seen, choice: &mut Choice<'t, 'a>) {
        let all = self.all();
        let path = &self.path;
        if self.is_suspended() {
            choice.left_out.push(format!("{path}: left out for its name ({})", tally(seen, &all)));
        } else if !holds(seen, &all) {
            choice.left_out.push(format!("{path}: {}", tally(seen, &all)));
        } else if self.is_shared() {
            let selectors = self.selectors(true).join(", ");
            choice.left_out.push(format!(
                "{path}: {}, but by its name it holds what the others share; to include it: \
                 {selectors}",
                tally(seen, &all)
            ));
        } else if self.depth > 0 && !self.has_suspended_below() {
            choice.picks.push(Pick { unit: self, whole: true });
        } else {
            if holds(seen, &self.accounts) {
                choice.picks.push(Pick { unit: self, whole: false });
            } else if !self.accounts.is_empty() {
                choice.left_out.push(format!("{path}: {}", tally(seen, &self.accounts)));
            }
            self.below.iter().for_each(|unit| unit.choose(seen, choice));
        }
    }
}

impl<'a> Pick<'_, 'a> {
    /// The accounts that it names.
    pub(super) fn accounts(&self) -> Vec<&'a Account> {
        if self.whole { self.unit.all() } else { self.unit.accounts.clone() }
    }

    /// What it rests on, for people.
    pub(super) fn why(&self, seen: &Seen) -> String {
        let selectors = self.unit.selectors(self.whole);
        let is_by_path = selectors.first().is_some_and(|first| first.starts_with("ou:/"));
        let path = if is_by_path { String::new() } else { format!("{}: ", self.unit.path) };
        format!("{path}{}", tally(seen, &self.accounts()))
    }
}

/// What `include` names.
pub(super) fn choose<'t, 'a>(root: &'t Unit<'a>, seen: &Seen) -> Choice<'t, 'a> {
    let mut choice = Choice::default();
    if !seen.listed {
        root.choose(seen, &mut choice);
    }
    choice
}

/// Whether there are workloads in one of these accounts. Where no account at all could be looked at, it is
/// taken for granted: then only names tell.
fn holds(seen: &Seen, accounts: &[&Account]) -> bool {
    let blind = seen.opened() == 0;
    accounts.iter().any(|account| blind || seen.has_workloads(&account.id) == Some(true))
}

/// `9 of 10 accounts looked at have VPCs of their own`
fn tally(seen: &Seen, accounts: &[&Account]) -> String {
    let known: Vec<_> = accounts.iter().filter_map(|a| seen.has_workloads(&a.id)).collect();
    let with = known.iter().filter(|has| **has).count();
    let tried = accounts.iter().filter(|account| seen.looks.contains_key(&account.id)).count();
    let accounts = count(accounts.len(), "account");
    match (known.len(), with) {
        (0, _) if tried == 0 => format!("{accounts}, not looked at"),
        (0, _) => format!("{accounts}, none of which could be looked into"),
        (looked, 0) => {
            format!("none of {} looked at has VPCs of its own", count(looked, "account"))
        }
        (1, 1) => "the account looked at has VPCs of its own".to_owned(),
        (looked, 1) => format!("1 of {looked} accounts looked at has VPCs of its own"),
        (looked, with) => format!("{with} of {looked} accounts looked at have VPCs of their own"),
    }
}
