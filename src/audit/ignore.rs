//! Rules that accept findings for a while.

use std::collections::BTreeSet;

use jiff::civil::Date;

use super::look::identity;
use super::{Audit, Finding, FindingKind, Ignored, Severity};
use crate::ids::{AccountId, Region};

/// One `[[ignore]]` of accounts.toml, its selectors resolved. A part that is `None` or empty says nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// Kinds of finding.
    pub kinds: BTreeSet<FindingKind>,
    /// Accounts that its selectors name; `None` where it has none and so names every one.
    pub accounts: Option<BTreeSet<AccountId>>,
    /// Regions.
    pub regions: Vec<Region>,
    /// Services' short names, and names of security groups.
    pub services: Vec<String>,
    /// Resources' ids.
    pub resources: Vec<String>,
    /// Why the findings are accepted.
    pub reason: String,
    /// The last day on which it counts.
    pub until: Date,
    /// Its line in accounts.toml, from 1.
    pub line: Option<u32>,
}

impl Rule {
    fn accepts(&self, finding: &Finding) -> bool {
        let one_of = |list: &[String], text: Option<&str>| {
            list.is_empty() || text.is_some_and(|text| list.iter().any(|one| one == text))
        };
        let region = finding.region.as_ref();
        self.kinds.contains(&finding.kind)
            && self.accounts.as_ref().is_none_or(|accounts| accounts.contains(&finding.account))
            && (self.regions.is_empty() || region.is_some_and(|one| self.regions.contains(one)))
            && one_of(&self.services, Some(&finding.what))
            && one_of(&self.resources, finding.resource.as_deref())
    }
}

/// Takes what rules in force accept out of the findings. A rule that is past its date and would still
/// accept something is a finding of its own.
pub(super) fn apply(audit: &mut Audit, rules: &[Rule], today: Date) {
    let (in_force, expired): (Vec<&Rule>, Vec<&Rule>) =
        rules.iter().partition(|rule| today <= rule.until);
    let mut counted = Vec::new();
    for finding in std::mem::take(&mut audit.findings) {
        match in_force.iter().find(|rule| rule.accepts(&finding)) {
            Some(rule) => audit.ignored.push(Ignored {
                finding,
                because: rule.reason.clone(),
                until: rule.until.to_string(),
            }),
            None => counted.push(finding),
        }
    }
    let past = expired.into_iter().filter_map(|rule| {
        let accepted = counted.iter().filter(|finding| rule.accepts(finding));
        let (first, more) = (accepted.clone().next()?, accepted.count());
        Some(past_its_date(rule, first, more))
    });
    let past: Vec<Finding> = past.collect();
    audit.findings = counted;
    audit.findings.extend(past);
    audit.ignored.sort_by(|one, other| one.finding.id.cmp(&other.finding.id));
}

/// It stands in the account of the first finding that it no longer accepts.
fn past_its_date(rule: &Rule, first: &Finding, findings: usize) -> Finding {
    let kinds: Vec<&str> = rule.kinds.iter().map(|kind| kind.code()).collect();
    let until = rule.until.to_string();
    let parts = ["ignore-expired", &rule.reason, &until].into_iter().chain(kinds.iter().copied());
    let findings = if findings == 1 {
        "1 finding counts".to_owned()
    } else {
        format!("{findings} findings count")
    };
    Finding {
        id: identity(parts),
        kind: FindingKind::IgnoreExpired,
        severity: Severity::Info,
        account: first.account.clone(),
        account_name: first.account_name.clone(),
        region: first.region.clone(),
        vpc: None,
        what: "ignore".to_owned(),
        resource: None,
        title: format!("an ignore rule for {} ended on {until}", kinds.join(", ")),
        reason: format!("its reason was: {}; {findings} again", rule.reason),
        drift: Vec::new(),
        repair: "repair what it was for and remove the rule, or give it a new date".to_owned(),
        command: None,
        asked_by: Some("ignore".to_owned()),
        line: rule.line,
    }
}
