//! A diagnosis for a terminal: each cause once, the worst first, with what to do about it; or one account
//! with every check.

use std::collections::BTreeMap;

use crate::doctor::{Cause, Check, Diagnosis, Examined, Proof, Status, Topic};
use crate::ids::{AccountId, TargetId};
use crate::plan::similar::{many, thousands};
use crate::report::plan_text::page::{Ink, Page};

/// Accounts that are named of a cause.
const NAMED: usize = 4;

/// How the text is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// With ANSI colours.
    pub color: bool,
    /// Columns to wrap at; 0 never wraps.
    pub width: usize,
    /// Every check of every target by itself.
    pub in_full: bool,
}

/// The report.
pub fn write(diagnosis: &Diagnosis, options: Options) -> String {
    let mut report = Text {
        names: diagnosis
            .targets
            .iter()
            .map(|one| (&one.target.account, one.name.as_str()))
            .collect(),
        page: Page::new(options.color, options.width),
        diagnosis,
    };
    if options.in_full {
        report.in_full();
    } else {
        report.by_cause();
    }
    report.last();
    report.page.finish()
}

struct Text<'a> {
    diagnosis: &'a Diagnosis,
    names: BTreeMap<&'a AccountId, &'a str>,
    page: Page,
}

fn mark(status: Status) -> (Ink, &'static str) {
    match status {
        Status::Problem => (Ink::Red, "problem"),
        Status::Warning => (Ink::Yellow, "warning"),
        Status::Unknown => (Ink::Dim, "unknown"),
        Status::Ok => (Ink::Green, "ok"),
    }
}

/// Where everything after the status begins.
const HANG: usize = 9;

impl Text<'_> {
    fn by_cause(&mut self) {
        let causes = &self.diagnosis.causes;
        for cause in causes.iter().filter(|cause| cause.status != Status::Ok) {
            self.cause(cause);
        }
        for cause in causes.iter().filter(|cause| cause.status == Status::Ok) {
            self.sound(cause);
        }
        self.not_started();
    }

    fn cause(&mut self, cause: &Cause) {
        let (ink, word) = mark(cause.status);
        self.page.put(ink, word).tab(HANG);
        if cause.subjects.is_empty() {
            self.page.words(Ink::Bold, HANG, &cause.text);
        } else {
            let subjects = format!("{}:", some(&cause.subjects));
            self.page.words(Ink::Bold, HANG, &subjects).words(Ink::Plain, HANG, &cause.text);
        }
        let code = cause.cause.as_deref().unwrap_or(cause.topic.code());
        self.page.words(Ink::Dim, HANG, &format!("({code}, {})", cause.proof.as_str())).end();
        self.places(&cause.targets);
        if let Some(detail) = &cause.detail {
            let first = if cause.details_differ { "the first: " } else { "" };
            self.page.tab(HANG).words(Ink::Dim, HANG, &format!("{first}{detail}")).end();
        }
        self.next(cause.next.as_deref());
        self.page.end();
    }

    fn next(&mut self, next: Option<&str>) {
        let Some(next) = next else { return };
        self.page.tab(HANG).put(Ink::Dim, "next: ");
        if next.starts_with("aws ") {
            // A command is copied: it is never broken.
            self.page.put(Ink::Plain, next).end();
        } else {
            self.page.words(Ink::Plain, HANG + 2, next).end();
        }
    }

    fn places(&mut self, targets: &[TargetId]) {
        if targets.is_empty() {
            return;
        }
        let mut accounts: Vec<&AccountId> = targets.iter().map(|target| &target.account).collect();
        accounts.dedup();
        let all = many(accounts.len(), "account");
        let label = |id: &&AccountId| {
            let name = self.names.get(*id).copied().unwrap_or_default();
            format!("{name} ({id})")
        };
        let mut named: Vec<String> = accounts.iter().take(NAMED).map(label).collect();
        let more = accounts.len().saturating_sub(NAMED);
        if more > 0 {
            named.push(format!("and {} more", thousands(more)));
        }
        let mut regions: Vec<&str> = targets.iter().map(|target| target.region.as_str()).collect();
        regions.sort_unstable();
        regions.dedup();
        let text = format!("{all} in {}: {}", regions.join(", "), named.join(", "));
        self.page.tab(HANG).words(Ink::Plain, HANG, &text).end();
    }

    /// What is well needs one line.
    fn sound(&mut self, cause: &Cause) {
        let (ink, word) = mark(cause.status);
        self.page.put(ink, word).tab(HANG).words(
            Ink::Plain,
            HANG,
            cause.text.trim_end_matches('.'),
        );
        let mut facts = vec![cause.proof.as_str().to_owned()];
        if !cause.targets.is_empty() {
            facts.push(many(cause.targets.len(), "target"));
        }
        if matches!(cause.topic, Topic::Permission | Topic::DeletePermission | Topic::Organization)
        {
            facts.push(cause.subjects.join(", "));
        }
        self.page.words(Ink::Dim, HANG, &format!("({})", facts.join("; "))).end();
    }

    fn not_started(&mut self) {
        let left = self.diagnosis.targets.iter().filter(|one| one.status.is_none()).count();
        if left > 0 {
            let text =
                format!("Not looked at before the run was stopped: {}", many(left, "target"));
            self.page.put(Ink::Red, &text).end();
        }
    }

    fn in_full(&mut self) {
        let diagnosis = self.diagnosis;
        self.checks("Everywhere", &diagnosis.general);
        for Examined { target, name, checks, .. } in &diagnosis.targets {
            self.checks(&format!("{name} ({}) in {}", target.account, target.region), checks);
        }
        self.not_started();
    }

    fn checks(&mut self, title: &str, checks: &[Check]) {
        if checks.is_empty() {
            return;
        }
        self.page.put(Ink::Bold, title).end();
        for check in checks {
            let (ink, word) = mark(check.status);
            self.page.tab(2).put(ink, word).tab(HANG + 2);
            let topic = match check.subject.as_str() {
                "" => check.topic.code().to_owned(),
                subject => format!("{} {subject}", check.topic),
            };
            self.page.words(Ink::Bold, HANG + 2, &format!("{topic}:"));
            self.page.words(Ink::Plain, HANG + 2, check.text.trim_end_matches('.'));
            let proof = match (&check.cause, check.proof) {
                (Some(cause), proof) => format!("({cause}, {})", proof.as_str()),
                (None, Proof::Proven) => String::new(),
                (None, proof) => format!("({})", proof.as_str()),
            };
            self.page.words(Ink::Dim, HANG + 2, &proof).end();
            if let Some(detail) = &check.detail {
                self.page.tab(HANG + 2).words(Ink::Dim, HANG + 2, detail).end();
            }
            if let Some(failure) = &check.failure {
                self.page.tab(HANG + 2).words(Ink::Dim, HANG + 2, &format!("AWS: {failure}")).end();
            }
            if let Some(next) = &check.next {
                self.page.tab(HANG + 2).put(Ink::Dim, "next: ");
                if next.starts_with("aws ") {
                    self.page.put(Ink::Plain, next).end();
                } else {
                    self.page.words(Ink::Plain, HANG + 4, next).end();
                }
            }
        }
        self.page.end();
    }

    fn last(&mut self) {
        let counts = self.diagnosis.counts;
        let text = format!(
            "Doctor: {}, {}, {} unknown, {} ok; {} of {} without a problem.",
            many(counts.problems, "problem"),
            many(counts.warnings, "warning"),
            thousands(counts.unknown),
            thousands(counts.ok),
            thousands(counts.targets_without_problem),
            many(counts.targets, "target"),
        );
        self.page.words(Ink::Bold, 2, &text).end();
    }
}

/// The first of many.
fn some(subjects: &[String]) -> String {
    const SHOWN: usize = 6;
    let mut shown: Vec<String> = subjects.iter().take(SHOWN).cloned().collect();
    if subjects.len() > SHOWN {
        shown.push(format!("and {} more", thousands(subjects.len() - SHOWN)));
    }
    shown.join(", ")
}
