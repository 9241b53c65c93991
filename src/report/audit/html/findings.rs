//! Findings as cards that open.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::audit::{Audit, Finding, FindingKind, Ignored};
use crate::report::audit::shown;
use crate::report::safe;

/// One finding.
pub(super) struct Card {
    pub(super) id: String,
    pub(super) kind: &'static str,
    pub(super) severity: &'static str,
    pub(super) is_new: bool,
    pub(super) title: String,
    pub(super) account: String,
    pub(super) name: String,
    pub(super) region: String,
    pub(super) reason: String,
    /// What it is about, name by name.
    pub(super) facts: Vec<(&'static str, String)>,
    pub(super) drift: Vec<Change>,
    pub(super) repair: String,
    pub(super) command: Option<String>,
    /// The ignore rule's end and reason.
    pub(super) ignored: Option<(String, String)>,
}

/// One attribute before and after.
pub(super) struct Change {
    pub(super) field: String,
    pub(super) was: String,
    pub(super) should_be: String,
}

impl Card {
    /// The finding, every text of it safe to show.
    pub(super) fn of(audit: &Audit, finding: &Finding, ignored: Option<&Ignored>) -> Self {
        let since = audit.since.as_ref();
        let mut facts = Vec::new();
        facts.extend(finding.resource.as_ref().map(|id| ("Resource", safe::text(id))));
        facts.extend(finding.vpc.as_ref().map(|vpc| ("VPC", safe::text(vpc.as_str()))));
        if let Some(table) = &finding.asked_by {
            let line = finding.line.map(|line| format!(", line {line}")).unwrap_or_default();
            let place = format!("[{table}] of {}{line}", audit.config);
            facts.push(("Asked for by", safe::text(&place)));
        }
        Self {
            id: safe::text(&finding.id),
            kind: finding.kind.code(),
            severity: finding.severity.as_str(),
            is_new: since.is_some_and(|since| since.new.contains(&finding.id)),
            title: safe::text(&finding.title),
            account: finding.account.to_string(),
            name: safe::text(&finding.account_name),
            region: finding.region.as_ref().map(|r| safe::text(r.as_str())).unwrap_or_default(),
            reason: safe::text(&finding.reason),
            facts,
            drift: finding.drift.iter().map(Change::of).collect(),
            repair: safe::text(&finding.repair),
            command: finding.command.as_deref().map(safe::text),
            ignored: ignored.map(|rule| (safe::text(&rule.until), safe::text(&rule.because))),
        }
    }
}

impl Change {
    fn of(drift: &crate::plan::action::Drift) -> Self {
        Self {
            field: safe::text(&drift.field),
            was: lines(&drift.was),
            should_be: lines(&drift.should_be),
        }
    }
}

/// Policies and rules on lines of their own, the rest as people say it.
fn lines(value: &Value) -> String {
    let has_parts = match value {
        Value::Object(_) => true,
        Value::Array(items) => items.iter().any(|item| item.is_object() || item.is_array()),
        _ => false,
    };
    let text = if has_parts {
        // A value is JSON already.
        serde_json::to_string_pretty(value).unwrap_or_default()
    } else if let Value::Array(items) = value
        && !items.is_empty()
    {
        items.iter().map(shown).collect::<Vec<_>>().join("\n")
    } else {
        shown(value)
    };
    // White space at the start of a line is indentation here.
    let safe_line = |line: &str| {
        let body = line.trim_start_matches(' ');
        " ".repeat(line.len() - body.len()) + &safe::text(body)
    };
    text.lines().map(safe_line).collect::<Vec<_>>().join("\n")
}

/// A kind of finding that there is.
pub(super) struct Kind {
    pub(super) code: &'static str,
    pub(super) meaning: &'static str,
    pub(super) findings: usize,
}

/// The kinds that there are, the most frequent first.
pub(super) fn kinds(audit: &Audit) -> Vec<Kind> {
    let mut counts: BTreeMap<FindingKind, usize> = BTreeMap::new();
    for finding in &audit.findings {
        *counts.entry(finding.kind).or_default() += 1;
    }
    let mut kinds: Vec<Kind> = counts
        .into_iter()
        .map(|(kind, findings)| Kind { code: kind.code(), meaning: kind.meaning(), findings })
        .collect();
    kinds.sort_by_key(|kind| std::cmp::Reverse(kind.findings));
    kinds
}
