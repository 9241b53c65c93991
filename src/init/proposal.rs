//! The proposal as a whole: every value with what it rests on.

use std::collections::BTreeSet;

use super::subnets::{self, Subnets};
use super::units::{self, Choice, Pick};
use super::vpcs::{self, Vpcs};
use super::{Seen, USUAL_ROLES, called, count, places, services, shared, some, stages};
use crate::ids::{AccountId, Region};
use crate::model::account::Account;
use crate::model::failure::Failure;

/// A value, and in sentences what it is and rests on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said<T> {
    /// The value.
    pub value: T,
    /// For people; untrusted text.
    pub why: Vec<String>,
}

impl<T> Said<T> {
    pub(super) fn silent(value: T) -> Self {
        Self { value, why: Vec::new() }
    }
}

/// A table of `[endpoints]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// Its name.
    pub name: String,
    /// What it leads to, and what it rests on.
    pub why: String,
    /// Whether it is proposed, and not only suggested.
    pub active: bool,
}

/// A wave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wave {
    /// Its name.
    pub name: &'static str,
    /// Selectors.
    pub accounts: Vec<String>,
    /// How many accounts they name.
    pub members: usize,
}

/// What an accounts.toml should say.
#[derive(Debug, Clone)]
pub struct Proposal {
    /// What the file rests on as a whole, in sentences.
    pub head: Vec<String>,
    /// `deployment`
    pub deployment: Said<String>,
    /// `organization.role`
    pub role: Said<String>,
    /// `organization.external_id`
    pub external_id: Option<String>,
    /// `organization.shared_root`, besides the management account.
    pub shared_root: Said<Vec<AccountId>>,
    /// `organization.regions`
    pub regions: Said<Vec<Region>>,
    /// `accounts.include`, each with what it rests on; empty: every member.
    pub include: Vec<(String, String)>,
    /// Units that are not included, and why.
    pub left_out: Vec<String>,
    /// What `accounts.exclude` could be, each with the reason; only suggested.
    pub exclude: Vec<(String, String)>,
    /// `[[account]]`, where Organizations was not asked.
    pub roster: Vec<Account>,
    /// `network.vpcs`
    pub vpcs: Said<Vpcs>,
    /// `network.subnets`
    pub subnets: Said<Subnets>,
    /// `network.route_tables`
    pub route_tables: Said<&'static str>,
    /// `[endpoints]`
    pub endpoints: Said<Vec<Table>>,
    /// `rollout.waves`
    pub waves: Vec<Wave>,
    /// Whether every section that is not used is explained as well.
    pub explains_all: bool,
}

/// What accounts.toml should say of this organization.
pub fn propose(seen: &Seen) -> Proposal {
    let root = units::tree(seen);
    let choice = units::choose(&root, seen);
    let shared_root = shared::shared_root(seen, &choice);
    let kept_out: BTreeSet<_> = shared_root.value.iter().collect();
    let mut consumers: Vec<&Account> = if seen.listed {
        seen.members().collect()
    } else {
        choice.picks.iter().flat_map(Pick::accounts).collect()
    };
    consumers.retain(|account| !kept_out.contains(&account.id));
    let found = vpcs::found(seen, &consumers);
    let vpcs = vpcs::vpcs(seen, &found);
    let selected = vpcs::selected(&vpcs.value, &found);
    let regions = places::regions(seen, &consumers, &selected);
    let selected: Vec<_> =
        selected.into_iter().filter(|found| regions.value.contains(found.region)).collect();
    let (subnets, route_tables) = subnets::subnets(&selected);
    Proposal {
        head: head(seen),
        deployment: services::deployment(&selected),
        role: role(seen),
        external_id: seen.external_id.clone(),
        include: include(seen, &choice),
        exclude: shared::exclude(&choice, &consumers),
        waves: stages::waves(&choice.picks, &kept_out),
        roster: if seen.listed { seen.accounts.clone() } else { Vec::new() },
        endpoints: services::endpoints(&selected),
        left_out: choice.left_out,
        shared_root,
        regions,
        vpcs,
        subnets,
        route_tables,
        explains_all: false,
    }
}

fn head(seen: &Seen) -> Vec<String> {
    let whose = if seen.sandbox { "the sandbox's organization" } else { "the organization" };
    let members = seen.members().count();
    let looked = format!(
        "Proposed by `linkwalk init` from {whose}: {} of {} looked at. Read it through: above each value \
         stands what it rests on.",
        seen.opened(),
        count(members, "usable member account")
    );
    let more = (seen.looks.len() < members)
        .then(|| "`linkwalk init --all` looks at every account.".to_owned());
    [looked].into_iter().chain(more).collect()
}

fn include(seen: &Seen, choice: &Choice<'_, '_>) -> Vec<(String, String)> {
    let picks = choice.picks.iter().flat_map(|pick| {
        let why = pick.why(seen);
        let selectors = pick.unit.selectors(pick.whole).into_iter().enumerate();
        // One comment stands above all selectors of a unit.
        selectors.map(move |(at, selector)| {
            (selector, if at == 0 { why.clone() } else { String::new() })
        })
    });
    picks.collect()
}

fn role(seen: &Seen) -> Said<String> {
    let mut why = vec!["The role assumed in every consumer account.".to_owned()];
    let others = seen.roles.iter().filter(|tried| tried.role != seen.role);
    let others: Vec<_> = others
        .map(|tried| format!("{} opened {} of the first {}", tried.role, tried.opened, tried.tried))
        .collect();
    let others =
        if others.is_empty() { String::new() } else { format!(" ({})", others.join(", ")) };
    if !seen.looks.is_empty() {
        let (opened, tried) = (seen.opened(), count(seen.looks.len(), "account"));
        why.push(match opened {
            0 => format!("It opened none of the {tried} tried{others}: `linkwalk role` shows how to make one."),
            _ => format!("It opened {opened} of the {tried} tried{others}."),
        });
    }
    let closed = seen.looks.iter().filter_map(|(id, look)| {
        let failure = look.as_ref().err()?;
        let account = seen.accounts.iter().find(|account| &account.id == id)?;
        Some(format!("{}: {}", called(account), cause(failure)))
    });
    let closed: Vec<_> = closed.collect();
    if !closed.is_empty() {
        why.push(format!("Not opened: {}.", some(closed)));
    }
    let unread: Vec<_> = seen
        .looks
        .iter()
        .filter_map(|(id, look)| {
            let failures = &look.as_ref().ok()?.failures;
            let account = seen.accounts.iter().find(|account| &account.id == id)?;
            let (region, failure) = failures.iter().next()?;
            Some(format!("{} in {region}: {}", called(account), cause(failure)))
        })
        .collect();
    if !unread.is_empty() {
        why.push(format!("Opened, but not read everywhere: {}.", some(unread)));
    }
    Said { value: seen.role.clone(), why }
}

/// AWS's code, or where there is none its words.
fn cause(failure: &Failure) -> &str {
    failure.code.as_deref().unwrap_or(&failure.message)
}

/// What a first accounts.toml says where nothing was asked: every section explained, and nothing in it that
/// would touch an account by accident.
pub fn starter(regions: &[Region], role: Option<&str>, external_id: Option<&str>) -> Proposal {
    let said = |value: &str, why: &str| Said { value: value.to_owned(), why: vec![why.to_owned()] };
    Proposal {
        head: vec![
            "A starter, written by `linkwalk init` without asking anybody. Set the regions, the units and the \
             tags of your organization; what is commented out shows a default or a possibility."
                .to_owned(),
        ],
        deployment: said(
            "privatelink",
            "Owner of all that linkwalk makes: the value of the tag linkwalk:deployment.",
        ),
        role: said(
            role.unwrap_or(USUAL_ROLES[0]),
            "The role assumed in every consumer account. `linkwalk role` shows how to make one of its own.",
        ),
        external_id: external_id.map(str::to_owned),
        shared_root: Said {
            value: Vec::new(),
            why: vec![
                "Never touched: accounts that own the shared resources. The management account always is one \
                 of them; add the others."
                    .to_owned(),
            ],
        },
        regions: Said {
            value: regions.to_vec(),
            why: vec![
                "The region(s) of the shared resources: endpoints are made in the same region."
                    .to_owned(),
            ],
        },
        include: vec![("ou:/Workloads/**".to_owned(), "your units: `linkwalk accounts` shows them".to_owned())],
        left_out: Vec::new(),
        exclude: vec![
            ("name:*-legacy".to_owned(), String::new()),
            ("tag:linkwalk=off".to_owned(), String::new()),
        ],
        roster: Vec::new(),
        vpcs: Said::silent(Vpcs::NonDefault),
        subnets: Said::silent(Subnets::Private),
        route_tables: Said::silent("private"),
        endpoints: services::endpoints(&[]),
        waves: Vec::new(),
        explains_all: true,
    }
}
