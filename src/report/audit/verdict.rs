//! What an audit comes to, in one sentence.

use std::collections::BTreeSet;

use crate::audit::{Audit, FindingKind, Severity, Standing};
use crate::ids::AccountId;
use crate::report::words::count;

/// The one sentence, and what it means.
pub(in crate::report) struct Verdict {
    /// `3 findings in 2 of 40 accounts; 1 account could not be looked at`
    pub(in crate::report) headline: String,
    /// How good or bad that is.
    pub(in crate::report) tone: Tone,
    /// Accounts in scope.
    pub(in crate::report) accounts: usize,
    /// Accounts where something differs.
    pub(in crate::report) drifted: usize,
    /// Accounts of which nothing, or not everything, is known.
    pub(in crate::report) unknown: usize,
    /// Findings that are drift: neither worth knowing only, nor an account that was not reached.
    pub(in crate::report) findings: usize,
}

/// How good or bad a verdict is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::report) enum Tone {
    /// Everything was looked at, and nothing differs.
    Clean,
    /// Something differs.
    Drift,
    /// Not everything is known, whatever else was found.
    Unknown,
}

impl Verdict {
    /// What the audit comes to.
    pub(in crate::report) fn of(audit: &Audit) -> Self {
        let accounts: BTreeSet<&AccountId> =
            audit.targets.iter().map(|audited| &audited.target.account).collect();
        let unknown: BTreeSet<&AccountId> = audit
            .targets
            .iter()
            .filter(|audited| {
                matches!(audited.standing, Standing::Unreachable | Standing::NotStarted)
            })
            .map(|audited| &audited.target.account)
            .collect();
        let is_drift =
            |severity, kind| severity != Severity::Info && kind != FindingKind::Unreachable;
        let drift: Vec<_> =
            audit.findings.iter().filter(|found| is_drift(found.severity, found.kind)).collect();
        let drifted: BTreeSet<&AccountId> = drift.iter().map(|found| &found.account).collect();
        let mut verdict = Self {
            headline: String::new(),
            tone: Tone::Clean,
            accounts: accounts.len(),
            drifted: drifted.len(),
            unknown: unknown.len(),
            findings: drift.len(),
        };
        if !drift.is_empty() {
            verdict.tone = Tone::Drift;
        }
        if !unknown.is_empty() {
            verdict.tone = Tone::Unknown;
        }
        verdict.headline = verdict.sentence();
        verdict
    }

    fn sentence(&self) -> String {
        if self.accounts == 0 && self.findings == 0 {
            return "No account was in scope".to_owned();
        }
        let unknown = match self.unknown {
            0 => String::new(),
            n => format!("{} could not be looked at", count(n, "account")),
        };
        let seen = self.accounts - self.unknown;
        match (self.findings, unknown.is_empty()) {
            (0, true) if self.accounts == 1 => "The account is as it should be".to_owned(),
            (0, true) => format!("All {} accounts are as they should be", self.accounts),
            (0, false) if seen == 0 => unknown,
            (0, false) => format!("{unknown}; nothing differs in the other {seen}"),
            (findings, is_whole) => {
                let found = count(findings, "finding");
                let drift =
                    format!("{found} in {} of {}", self.drifted, count(self.accounts, "account"));
                if is_whole { drift } else { format!("{drift}; {unknown}") }
            }
        }
    }
}
