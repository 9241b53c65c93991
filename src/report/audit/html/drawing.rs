//! The architecture as it was found: the shared root, the services, and the consumer accounts with their
//! VPCs and endpoints.

use std::collections::BTreeMap;

use crate::audit::{Audit, Audited, CoverageState, FindingKind, Standing};
use crate::report::audit::html::{standing_words, state_words};
use crate::report::safe;
use crate::report::words::count;

/// Accounts that are drawn one by one, the ones with drift first; the rest are one card per
/// organizational unit.
const DRAWN: usize = 18;

/// The whole drawing.
pub(super) struct Drawing {
    pub(super) roots: Vec<Root>,
    pub(super) services: Vec<Service>,
    pub(super) units: Vec<Unit>,
    /// Said when not every account is drawn.
    pub(super) left_out: Option<String>,
}

/// An account of the shared root.
pub(super) struct Root {
    pub(super) name: String,
    pub(super) account: String,
    pub(super) management: bool,
    /// Endpoints that should not be there.
    pub(super) wrong: usize,
}

/// A service, and how many of its endpoints are as they should be.
pub(super) struct Service {
    pub(super) name: String,
    pub(super) is_gateway: bool,
    pub(super) well: usize,
    pub(super) all: usize,
}

/// An organizational unit.
pub(super) struct Unit {
    pub(super) ou: String,
    pub(super) accounts: Vec<Account>,
    /// `195 more, all in sync`
    pub(super) more: Option<String>,
}

/// A consumer account in one region.
pub(super) struct Account {
    pub(super) name: String,
    pub(super) id: String,
    pub(super) region: String,
    pub(super) standing: (&'static str, &'static str),
    pub(super) vpcs: Vec<Vpc>,
}

/// A VPC.
pub(super) struct Vpc {
    pub(super) name: String,
    pub(super) id: String,
    pub(super) chips: Vec<Chip>,
}

/// An endpoint, or the place where one should be.
pub(super) struct Chip {
    pub(super) service: String,
    pub(super) class: &'static str,
    pub(super) word: &'static str,
    pub(super) is_gateway: bool,
    pub(super) zones: String,
}

impl Drawing {
    /// The drawing of an audit.
    pub(super) fn of(audit: &Audit) -> Self {
        let mut order: Vec<&Audited> = audit.targets.iter().collect();
        // Stable: the order of the walk within those that matter alike.
        order.sort_by_key(|audited| match audited.standing {
            Standing::Drifted => 0,
            Standing::Unreachable => 1,
            Standing::NotStarted => 2,
            Standing::InSync => 3,
        });
        let mut units: Vec<(&str, Vec<Account>, Vec<&Audited>)> = Vec::new();
        let mut by_ou: BTreeMap<&str, usize> = BTreeMap::new();
        for (n, audited) in order.iter().enumerate() {
            let at = *by_ou.entry(&audited.ou).or_insert_with(|| {
                units.push((&audited.ou, Vec::new(), Vec::new()));
                units.len() - 1
            });
            if n < DRAWN {
                units[at].1.push(Account::of(audited));
            } else {
                units[at].2.push(audited);
            }
        }
        units.sort_by_key(|(ou, ..)| *ou);
        let left_out = audit.targets.len().saturating_sub(DRAWN);
        Self {
            roots: roots(audit),
            services: services(audit),
            units: units
                .into_iter()
                .map(|(ou, accounts, rest)| {
                    let more = more(&rest, !accounts.is_empty());
                    Unit { ou: safe::text(ou), accounts, more }
                })
                .collect(),
            left_out: (left_out > 0).then(|| {
                format!("Drawn one by one are {DRAWN} of {}, those with drift first. The matrix shows all.", audit.targets.len())
            }),
        }
    }
}

fn roots(audit: &Audit) -> Vec<Root> {
    let wrong = |account| {
        let here = audit.findings.iter().filter(|finding| finding.account == account);
        here.filter(|finding| finding.kind == FindingKind::SharedRoot).count()
    };
    let root = |root: &crate::audit::SharedRoot| Root {
        name: safe::text(&root.name),
        account: root.account.to_string(),
        management: root.management,
        wrong: wrong(root.account.clone()),
    };
    audit.shared_root.iter().map(root).collect()
}

fn services(audit: &Audit) -> Vec<Service> {
    let mut services: Vec<Service> = Vec::new();
    let cells = audit.targets.iter().flat_map(|audited| &audited.coverage);
    for cell in cells.filter(|cell| cell.state != CoverageState::Orphaned) {
        let name = safe::text(&cell.service);
        let is_gateway = cell.endpoint_type == "gateway";
        let at = services.iter().position(|known| known.name == name).unwrap_or_else(|| {
            services.push(Service { name, is_gateway, well: 0, all: 0 });
            services.len() - 1
        });
        services[at].all += 1;
        services[at].well += usize::from(cell.state == CoverageState::InSync);
    }
    services
}

fn more(rest: &[&Audited], is_drawn: bool) -> Option<String> {
    let mut standings: BTreeMap<Standing, usize> = BTreeMap::new();
    for audited in rest {
        *standings.entry(audited.standing).or_default() += 1;
    }
    let number =
        if is_drawn { format!("{} more", rest.len()) } else { count(rest.len(), "account") };
    let (first, _) = standings.first_key_value()?;
    if standings.len() == 1 {
        let all = if rest.len() == 1 { "" } else { "all " };
        return Some(format!("{number}, {all}{}", standing_words(*first).1));
    }
    let said: Vec<String> =
        standings.into_iter().map(|(s, n)| format!("{n} {}", standing_words(s).1)).collect();
    Some(format!("{number}: {}", said.join(", ")))
}

impl Account {
    fn of(audited: &Audited) -> Self {
        let mut vpcs: Vec<Vpc> = Vec::new();
        for cell in &audited.coverage {
            let id = cell.vpc.as_ref().map(|vpc| safe::text(vpc.as_str())).unwrap_or_default();
            let at = vpcs.iter().position(|vpc| vpc.id == id).unwrap_or_else(|| {
                let name = cell.vpc_name.as_deref().map(safe::text).unwrap_or_default();
                vpcs.push(Vpc { name, id, chips: Vec::new() });
                vpcs.len() - 1
            });
            let (class, word) = state_words(cell.state);
            let zones = match cell.zones.len() {
                0 => String::new(),
                n => format!(", {}", count(n, "zone")),
            };
            vpcs[at].chips.push(Chip {
                service: safe::text(&cell.service),
                class,
                word,
                is_gateway: cell.endpoint_type == "gateway",
                zones,
            });
        }
        Self {
            name: safe::text(&audited.name),
            id: audited.target.account.to_string(),
            region: safe::text(audited.target.region.as_str()),
            standing: standing_words(audited.standing),
            vpcs,
        }
    }
}
