//! Accounts by services.

use std::collections::BTreeMap;

use crate::audit::{Audit, Audited, Coverage, CoverageState, Finding, Standing};
use crate::report::audit::html::{standing_words, state_words};
use crate::report::audit::places::{self, Place};
use crate::report::safe;
use crate::report::words::count;

/// The table: a row per account and region, a column per service, grouped by organizational unit.
pub(super) struct Matrix {
    pub(super) services: Vec<String>,
    pub(super) groups: Vec<Group>,
    pub(super) rows: usize,
}

/// The rows of one organizational unit.
pub(super) struct Group {
    pub(super) ou: String,
    pub(super) said: String,
    pub(super) rows: Vec<Row>,
}

/// One account in one region.
pub(super) struct Row {
    pub(super) name: String,
    pub(super) account: String,
    pub(super) region: String,
    /// The class and the words of how it stands.
    pub(super) standing: (&'static str, &'static str),
    /// Why nothing is known of it.
    pub(super) unseen: Option<String>,
    pub(super) cells: Vec<Cell>,
    pub(super) findings: usize,
    /// Whether something differs or is not known.
    pub(super) matters: bool,
}

/// A service in an account.
pub(super) struct Cell {
    pub(super) class: &'static str,
    pub(super) said: String,
    /// The finding that tells of it.
    pub(super) finding: Option<String>,
}

impl Matrix {
    /// The table of an audit.
    pub(super) fn of(audit: &Audit) -> Self {
        let services = services(audit);
        let mut groups: Vec<Group> = Vec::new();
        let mut by_ou: BTreeMap<&str, usize> = BTreeMap::new();
        let places = places::of(audit);
        for (place, audited) in places.iter().filter_map(|place| Some((place, place.audited?))) {
            let at = *by_ou.entry(&audited.ou).or_insert_with(|| {
                let ou = safe::text(&audited.ou);
                groups.push(Group { ou, said: String::new(), rows: Vec::new() });
                groups.len() - 1
            });
            groups[at].rows.push(Row::of(place, audited, &services));
        }
        for group in &mut groups {
            let is_well = |row: &&Row| row.standing == standing_words(Standing::InSync);
            let well = group.rows.iter().filter(is_well).count();
            group.said = format!("{well} of {} in sync", group.rows.len());
        }
        Self {
            services: services.into_iter().map(safe::text).collect(),
            groups,
            rows: audit.targets.len(),
        }
    }
}

/// All services, in the order in which the walk met them.
fn services(audit: &Audit) -> Vec<&str> {
    let mut services: Vec<&str> = Vec::new();
    for cell in audit.targets.iter().flat_map(|audited| &audited.coverage) {
        if !services.contains(&cell.service.as_str()) {
            services.push(&cell.service);
        }
    }
    services
}

impl Row {
    fn of(place: &Place, audited: &Audited, services: &[&str]) -> Self {
        let unseen = match (audited.standing, &audited.failure) {
            (Standing::InSync | Standing::Drifted, _) => None,
            (_, Some(failure)) => Some(safe::text(&failure.to_string())),
            (_, None) => Some("The run was asked to stop before its turn.".to_owned()),
        };
        let cells = match unseen {
            Some(_) => Vec::new(),
            None => services.iter().map(|service| Cell::of(place, audited, service)).collect(),
        };
        Self {
            name: safe::text(&audited.name),
            account: audited.target.account.to_string(),
            region: safe::text(audited.target.region.as_str()),
            standing: standing_words(audited.standing),
            unseen,
            cells,
            findings: place.findings.len(),
            matters: audited.standing != Standing::InSync || !place.findings.is_empty(),
        }
    }
}

impl Cell {
    fn of(place: &Place, audited: &Audited, service: &str) -> Self {
        let here: Vec<&Coverage> =
            audited.coverage.iter().filter(|cell| cell.service == service).collect();
        // A cell has one colour: the worst of its VPCs.
        let Some(worst) = here.iter().map(|cell| cell.state).max() else {
            return Self { class: "none", said: "not wanted".to_owned(), finding: None };
        };
        let (class, word) = state_words(worst);
        let alike = here.iter().filter(|cell| cell.state == worst).count();
        let said = if here.len() == 1 || (worst == CoverageState::InSync) {
            word.to_owned()
        } else {
            format!("{word} in {alike} of {}", count(here.len(), "VPC"))
        };
        let tells = |finding: &&&Finding| finding.what == service;
        let finding = place.findings.iter().find(tells).map(|finding| safe::text(&finding.id));
        Self { class, said, finding }
    }
}
