//! What an audit found, by place: one per account and region.

use std::collections::BTreeMap;

use crate::audit::{Audit, Audited, Finding, Ignored};
use crate::ids::{AccountId, Region};

/// One account in one region, with all that is said of it.
pub(super) struct Place<'a> {
    /// Which account.
    pub(super) account: &'a AccountId,
    /// Its name; untrusted text.
    pub(super) name: &'a str,
    /// Which region; `None` where only the account as a whole is meant.
    pub(super) region: Option<&'a Region>,
    /// How it stands; `None` where it is no target, as the shared root is none.
    pub(super) audited: Option<&'a Audited>,
    /// What differs there.
    pub(super) findings: Vec<&'a Finding>,
    /// What differs there and is accepted for a while.
    pub(super) ignored: Vec<&'a Ignored>,
}

/// Every target, in the order of the walk, and after them the places that only findings name.
pub(super) fn of(audit: &Audit) -> Vec<Place<'_>> {
    let mut places = Places::default();
    for audited in &audit.targets {
        let (account, region) = (&audited.target.account, Some(&audited.target.region));
        let at = places.at(account, region, &audited.name);
        places.all[at].audited = Some(audited);
    }
    for finding in &audit.findings {
        let at = places.of(finding);
        places.all[at].findings.push(finding);
    }
    for ignored in &audit.ignored {
        let at = places.of(&ignored.finding);
        places.all[at].ignored.push(ignored);
    }
    places.all
}

#[derive(Default)]
struct Places<'a> {
    all: Vec<Place<'a>>,
    by_region: BTreeMap<(&'a AccountId, Option<&'a Region>), usize>,
    /// An account's first place, where what is about the account as a whole is told.
    by_account: BTreeMap<&'a AccountId, usize>,
}

impl<'a> Places<'a> {
    fn of(&mut self, finding: &'a Finding) -> usize {
        match (&finding.region, self.by_account.get(&finding.account)) {
            (None, Some(first)) => *first,
            (region, _) => self.at(&finding.account, region.as_ref(), &finding.account_name),
        }
    }

    fn at(&mut self, account: &'a AccountId, region: Option<&'a Region>, name: &'a str) -> usize {
        if let Some(known) = self.by_region.get(&(account, region)) {
            return *known;
        }
        let at = self.all.len();
        let (findings, ignored) = (Vec::new(), Vec::new());
        self.all.push(Place { account, name, region, audited: None, findings, ignored });
        self.by_region.insert((account, region), at);
        self.by_account.entry(account).or_insert(at);
        at
    }
}
