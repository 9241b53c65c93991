//! What an audit comes to, in one sentence.

use std::collections::BTreeSet;

use crate::audit::{Audit, FindingKind, Severity, Standing};
use crate::ids::AccountId;
use crate::report::words::count;

/// The one sentence, and what it means.
pub(super) struct Verdict {
    /// `3 findings in 2 of 40 accounts; 1 account could not be looked at`
    pub(super) headline: String,
    /// How good or bad that is.
    pub(super) tone: Tone,
    /// Accounts in scope.
    accounts: usize,
    /// Accounts in scope where something differs.
    drifted: usize,
    /// Accounts out of scope where something differs.
    beyond: usize,
    /// Accounts of which nothing, or not everything, is known.
    pub(super) unknown: usize,
    /// Whether the run was asked to stop before it had looked at all of them.
    is_cut_short: bool,
    /// Findings that are drift: neither worth knowing only, nor an account that was not reached.
    findings: usize,
}

/// How good or bad a verdict is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tone {
    /// Everything was looked at, and nothing differs.
    Clean,
    /// Something differs.
    Drift,
    /// Not everything is known, whatever else was found.
    Unknown,
}

impl Verdict {
    /// What the audit comes to.
    pub(super) fn of(audit: &Audit) -> Self {
        let accounts: BTreeSet<&AccountId> =
            audit.targets.iter().map(|audited| &audited.target.account).collect();
        let standing = |wanted| {
            let those = audit.targets.iter().filter(move |audited| audited.standing == wanted);
            those.map(|audited| &audited.target.account)
        };
        let unknown: BTreeSet<&AccountId> =
            standing(Standing::Unreachable).chain(standing(Standing::NotStarted)).collect();
        let is_drift =
            |severity, kind| severity != Severity::Info && kind != FindingKind::Unreachable;
        let drift: Vec<_> =
            audit.findings.iter().filter(|found| is_drift(found.severity, found.kind)).collect();
        let (within, beyond): (BTreeSet<&AccountId>, BTreeSet<_>) =
            drift.iter().map(|found| &found.account).partition(|id| accounts.contains(id));
        let mut verdict = Self {
            headline: String::new(),
            tone: Tone::Clean,
            accounts: accounts.len(),
            drifted: within.len(),
            beyond: beyond.len(),
            unknown: unknown.len(),
            is_cut_short: standing(Standing::NotStarted).next().is_some(),
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
        let unknown = match (self.unknown, self.is_cut_short) {
            (0, _) => String::new(),
            (1, true) => "1 account was not looked at".to_owned(),
            (n, true) => format!("{n} accounts were not looked at"),
            (n, false) => format!("{} could not be looked at", count(n, "account")),
        };
        let seen = self.accounts - self.unknown;
        match (self.findings, unknown.is_empty()) {
            (0, true) if self.accounts == 1 => "The account is as it should be".to_owned(),
            (0, true) => format!("All {} accounts are as they should be", self.accounts),
            (0, false) if seen == 0 => unknown,
            (0, false) => format!("{unknown}; nothing differs in the other {seen}"),
            (_, true) => self.drift(),
            (_, false) => format!("{}; {unknown}", self.drift()),
        }
    }

    fn drift(&self) -> String {
        let found = count(self.findings, "finding");
        let within = format!("{} of {}", self.drifted, count(self.accounts, "account"));
        // The shared root, and accounts that are no longer wanted.
        let beyond = format!("{} out of scope", count(self.beyond, "account"));
        match (self.drifted, self.beyond) {
            (_, 0) => format!("{found} in {within}"),
            (0, _) => format!("{found} in {beyond}"),
            _ => format!("{found} in {within} and in {beyond}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_verdict_says_what_is_known_and_what_is_not() {
        let verdict = |accounts, drifted, beyond, unknown, is_cut_short, findings| {
            let (headline, tone) = (String::new(), Tone::Clean);
            Verdict { headline, tone, accounts, drifted, beyond, unknown, is_cut_short, findings }
                .sentence()
        };
        for (said, sentence) in [
            (verdict(0, 0, 0, 0, false, 0), "No account was in scope"),
            (verdict(1, 0, 0, 0, false, 0), "The account is as it should be"),
            (verdict(9, 0, 0, 0, false, 0), "All 9 accounts are as they should be"),
            (verdict(9, 2, 0, 0, false, 3), "3 findings in 2 of 9 accounts"),
            (
                verdict(9, 2, 1, 0, false, 3),
                "3 findings in 2 of 9 accounts and in 1 account out of scope",
            ),
            (verdict(9, 0, 1, 0, false, 1), "1 finding in 1 account out of scope"),
            (
                verdict(9, 0, 0, 1, false, 0),
                "1 account could not be looked at; nothing differs in the other 8",
            ),
            (verdict(9, 0, 0, 9, false, 0), "9 accounts could not be looked at"),
            (
                verdict(9, 1, 0, 2, true, 1),
                "1 finding in 1 of 9 accounts; 2 accounts were not looked at",
            ),
        ] {
            assert_eq!(said, sentence);
        }
    }
}
