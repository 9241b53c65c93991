//! An audit for a terminal: what is alike is said once for all accounts, the worst first, and what to do
//! about it.

use std::collections::{BTreeMap, BTreeSet};

use crate::audit::{Audit, Finding, Ignored, Severity, Standing};
use crate::ids::{AccountId, Region};
use crate::plan::similar::{many, thousands, without_ids};
use crate::report::audit::shown;
use crate::report::audit::verdict::{Tone, Verdict};
use crate::report::plan_text::page::{Ink, Page};
use crate::report::words;

/// How the text is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// With ANSI colours.
    pub color: bool,
    /// Columns to wrap at; 0 never wraps.
    pub width: usize,
    /// Every finding by itself, with all that is known of it.
    pub in_full: bool,
}

/// Findings that read alike, in several places.
struct Group<'a> {
    findings: Vec<&'a Finding>,
}

/// The report without colours, for a file.
pub(super) fn render(audit: &Audit) -> String {
    write(audit, Options { color: false, width: 100, in_full: false })
}

/// The report.
pub fn write(audit: &Audit, options: Options) -> String {
    let mut report = Text {
        audit,
        in_full: options.in_full,
        new: audit.since.iter().flat_map(|since| &since.new).map(String::as_str).collect(),
        page: Page::new(options.color, options.width),
    };
    report.head();
    for severity in Severity::ALL {
        report.severity(severity);
    }
    report.not_started();
    report.ignored();
    report.since();
    report.next();
    report.page.finish()
}

struct Text<'a> {
    audit: &'a Audit,
    in_full: bool,
    /// Ids of findings that were not there before.
    new: BTreeSet<&'a str>,
    page: Page,
}

impl<'a> Text<'a> {
    fn head(&mut self) {
        if self.audit.sandbox {
            self.page.put(Ink::Yellow, words::SANDBOX).end();
        }
        let verdict = Verdict::of(self.audit);
        let ink = match verdict.tone {
            Tone::Clean => Ink::Green,
            Tone::Drift => Ink::Bold,
            Tone::Unknown => Ink::Red,
        };
        self.page.words(ink, 2, &format!("{}.", verdict.headline)).end().end();
    }

    fn severity(&mut self, severity: Severity) {
        let findings = self.audit.findings.iter().filter(|one| one.severity == severity);
        let mut groups: BTreeMap<_, Group> = BTreeMap::new();
        for finding in findings {
            let alone = if self.in_full { finding.id.as_str() } else { "" };
            let key = (finding.kind, finding.title.as_str(), alone);
            groups
                .entry(key)
                .or_insert_with(|| Group { findings: Vec::new() })
                .findings
                .push(finding);
        }
        if groups.is_empty() {
            return;
        }
        let mut groups = if self.in_full {
            groups.into_values().collect()
        } else {
            united(groups.into_values())
        };
        groups.sort_by_key(|group| std::cmp::Reverse(group.findings.len()));
        let title = match severity {
            Severity::High => "High",
            Severity::Medium => "Medium",
            Severity::Low => "Low",
            Severity::Info => "Worth knowing",
        };
        self.page.put(Ink::Bold, title).end();
        for group in &groups {
            self.group(group, severity);
        }
        self.page.end();
    }

    fn group(&mut self, group: &Group, severity: Severity) {
        let Some(first) = group.findings.first() else { return };
        let (symbol, ink) = match severity {
            Severity::High => ("!", Ink::Red),
            Severity::Medium | Severity::Low => ("~", Ink::Yellow),
            Severity::Info => (".", Ink::Plain),
        };
        self.page.tab(2).put(ink, symbol).put(Ink::Plain, " ");
        let title = in_place_of(&first.title, &first.what, &list(&group.whats()));
        self.page.words(ink, 4, &title).words(Ink::Dim, 4, &format!("({})", first.kind));
        let new = group.findings.iter().filter(|one| self.new.contains(one.id.as_str())).count();
        match (new, group.findings.len()) {
            (0, _) => {}
            (1, 1) => drop(self.page.words(Ink::Bold, 4, "new")),
            (new, _) => drop(self.page.words(Ink::Bold, 4, &format!("{new} new"))),
        }
        self.page.end();
        self.places(group);
        for reason in said(group, |one| &one.reason) {
            self.page.tab(6).words(Ink::Plain, 6, &reason).end();
        }
        if group.findings.iter().all(|one| one.drift == first.drift) {
            for drift in &first.drift {
                let (was, should_be) = (shown(&drift.was), shown(&drift.should_be));
                self.page.tab(6).words(Ink::Dim, 8, &format!("{}:", drift.field));
                self.page.words(Ink::Plain, 8, &format!("{was} -> {should_be}")).end();
            }
        }
        for repair in said(group, |one| &one.repair) {
            self.page.tab(6).words(Ink::Dim, 8, "repair:");
            self.page.words(Ink::Plain, 8, &repair).end();
        }
        if let Some(command) = command(group) {
            // A command is copied: it is never broken.
            self.page.tab(6).put(Ink::Dim, "$ ").put(Ink::Plain, &command).end();
        }
    }

    /// Where: all of a few, the first of many.
    fn places(&mut self, group: &Group) {
        const SHOWN: usize = 6;
        let several_regions = self.audit.regions.len() > 1;
        let label = |finding: &&&Finding| {
            let region = finding.region.as_ref().filter(|_| several_regions);
            let resource = finding.resource.as_ref().filter(|_| self.in_full || group.is_one());
            let region = region.map(|region| format!(" {region}")).unwrap_or_default();
            let resource = resource.map(|resource| format!(": {resource}")).unwrap_or_default();
            format!("{} ({}){region}{resource}", finding.account_name, finding.account)
        };
        let mut told = BTreeSet::new();
        let mut labels: Vec<String> = group.findings.iter().map(|one| label(&one)).collect();
        labels.retain(|label| told.insert(label.clone()));
        let more = labels.len().saturating_sub(SHOWN);
        labels.truncate(SHOWN);
        let last = labels.len().saturating_sub(1);
        let mut pieces: Vec<String> = labels
            .into_iter()
            .enumerate()
            .map(|(at, label)| if at < last || more > 0 { format!("{label},") } else { label })
            .collect();
        if more > 0 {
            pieces.push(format!("and {} more", thousands(more)));
        }
        self.page.tab(6).pieces(Ink::Dim, 6, pieces.iter().map(String::as_str)).end();
    }

    fn not_started(&mut self) {
        let left: BTreeSet<&AccountId> = self
            .audit
            .targets
            .iter()
            .filter(|one| one.standing == Standing::NotStarted)
            .map(|one| &one.target.account)
            .collect();
        if !left.is_empty() {
            let text = format!(
                "Not looked at before the run was stopped: {}",
                many(left.len(), "account")
            );
            self.page.put(Ink::Red, &text).end().end();
        }
    }

    fn ignored(&mut self) {
        if self.audit.ignored.is_empty() {
            return;
        }
        let mut rules: BTreeMap<(&str, &str), Vec<&Ignored>> = BTreeMap::new();
        for ignored in &self.audit.ignored {
            rules.entry((&ignored.until, &ignored.because)).or_default().push(ignored);
        }
        let all = many(self.audit.ignored.len(), "finding");
        self.page.put(Ink::Bold, &format!("Ignored by rules of accounts.toml: {all}")).end();
        for ((until, because), ignored) in rules {
            let kinds: BTreeSet<String> =
                ignored.iter().map(|one| one.finding.kind.to_string()).collect();
            let kinds = kinds.into_iter().collect::<Vec<_>>().join(", ");
            let text = format!("until {until}: {because} ({kinds}, {})", ignored.len());
            self.page.tab(2).words(Ink::Plain, 4, &text).end();
        }
        self.page.end();
    }

    fn since(&mut self) {
        let Some(since) = &self.audit.since else { return };
        let counts = [
            (since.new.len(), "new"),
            (since.fixed.len(), "fixed"),
            (since.remaining.len(), "left"),
            (since.unknown.len(), "not known, for their accounts were not looked at"),
        ];
        let said: Vec<String> = counts
            .into_iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, word)| format!("{} {word}", thousands(count)))
            .collect();
        let said =
            if said.is_empty() { "nothing then, nothing now".to_owned() } else { said.join(", ") };
        let text = format!("Since {}: {said}", since.created_at);
        self.page.words(Ink::Bold, 2, &text).end();
        for (word, ink, findings) in
            [("fixed", Ink::Green, &since.fixed), ("not known", Ink::Yellow, &since.unknown)]
        {
            self.gone(word, ink, findings);
        }
        self.page.end();
    }

    fn gone(&mut self, word: &str, ink: Ink, findings: &'a [Finding]) {
        const SHOWN: usize = 20;
        for finding in findings.iter().take(SHOWN) {
            self.page.tab(2).words(ink, 4, &format!("{word}:"));
            let place = format!("{} ({})", finding.account_name, finding.account);
            self.page.words(Ink::Plain, 4, &format!("{} in {place}", finding.title)).end();
        }
        if findings.len() > SHOWN {
            let more = format!("and {} more", thousands(findings.len() - SHOWN));
            self.page.tab(2).words(Ink::Dim, 4, &more).end();
        }
    }

    fn next(&mut self) {
        let drift = self.audit.findings.iter().filter(|finding| finding.is_drift());
        let by_apply = |finding: &&Finding| {
            // What needs a mode is not repaired by an apply alone.
            finding
                .command
                .as_ref()
                .is_some_and(|one| one.starts_with("linkwalk apply") && !one.contains("--mode"))
        };
        if drift.filter(by_apply).count() > 0 {
            let text =
                "Next: `linkwalk plan` shows what would be changed, `linkwalk apply` repairs it.";
            self.page.words(Ink::Plain, 2, text).end();
        }
        if !self.audit.findings.is_empty() {
            let text = "`linkwalk explain CODE`, with a code in brackets, says why it happens and what to do.";
            self.page.words(Ink::Dim, 2, text).end();
        }
        let counts: Vec<String> = self
            .audit
            .by_severity()
            .into_iter()
            .filter(|(_, count)| *count > 0)
            .map(|(severity, count)| format!("{} {severity}", thousands(count)))
            .collect();
        let found = if counts.is_empty() { "nothing found".to_owned() } else { counts.join(", ") };
        let standing = self.audit.by_standing();
        let in_sync = standing.get(&Standing::InSync).copied().unwrap_or_default();
        let all = many(self.audit.targets.len(), "target");
        let text = format!("Audit: {found}; {} of {all} in sync.", thousands(in_sync));
        self.page.words(Ink::Bold, 2, &text).end();
    }
}

/// Groups that say the same of several services in the same places are one.
fn united<'a>(groups: impl Iterator<Item = Group<'a>>) -> Vec<Group<'a>> {
    let mut united: BTreeMap<_, Group<'a>> = BTreeMap::new();
    for group in groups {
        let Some(first) = group.findings.first() else { continue };
        let title = in_place_of(&first.title, &first.what, "*");
        let key = (first.kind, title, group.accounts());
        united
            .entry(key)
            .or_insert_with(|| Group { findings: Vec::new() })
            .findings
            .extend(group.findings);
    }
    united.into_values().collect()
}

impl<'a> Group<'a> {
    fn whats(&self) -> BTreeSet<&'a str> {
        self.findings.iter().map(|finding| finding.what.as_str()).collect()
    }

    /// Where it is found, for the question whether two groups are one.
    fn accounts(&self) -> BTreeSet<(&'a AccountId, Option<&'a Region>)> {
        self.findings.iter().map(|one| (&one.account, one.region.as_ref())).collect()
    }

    fn is_one(&self) -> bool {
        self.findings.len() == 1
    }
}

/// What is said of all findings of a group: once where it is the same but for ids and services, and else
/// the first few things, each by itself.
fn said(group: &Group, text: fn(&Finding) -> &str) -> Vec<String> {
    const SHOWN: usize = 3;
    let of = |finding: &Finding| {
        let text = text(finding);
        if group.is_one() { text.to_owned() } else { without_ids(text, &finding.account) }
    };
    let whats = list(&group.whats());
    let mut said: Vec<String> = Vec::new();
    for finding in &group.findings {
        let text = in_place_of(&of(finding), &finding.what, &whats);
        if !said.contains(&text) {
            said.push(text);
        }
    }
    let more = said.len().saturating_sub(SHOWN);
    said.truncate(SHOWN);
    if more > 0 {
        said.push(format!("and {} other reasons; -o json has them all", thousands(more)));
    }
    said
}

/// The text with one word in place of another.
fn in_place_of(text: &str, word: &str, other: &str) -> String {
    if word == other || word.is_empty() {
        return text.to_owned();
    }
    let is_word = |piece: &str| piece.trim_end_matches([',', ';', ':', '.']) == word;
    let pieces = text.split(' ').map(|piece| {
        if is_word(piece) { piece.replacen(word, other, 1) } else { piece.to_owned() }
    });
    pieces.collect::<Vec<_>>().join(" ")
}

fn list(items: &BTreeSet<&str>) -> String {
    items.iter().copied().collect::<Vec<_>>().join(", ")
}

/// The command that repairs all of a group, where one does.
fn command(group: &Group) -> Option<String> {
    const NAMED: usize = 3;
    let first = group.findings.first()?;
    let command = first.command.clone()?;
    let accounts: BTreeSet<&AccountId> = group.findings.iter().map(|one| &one.account).collect();
    let own = format!(" --account {}", first.account);
    if accounts.len() == 1 || !command.contains(&own) {
        return Some(command);
    }
    let named: String = match accounts.len() {
        2..=NAMED => accounts.iter().flat_map(|one| [" --account ", one.as_str()]).collect(),
        _ if command.starts_with("linkwalk apply") => String::new(),
        _ => return Some(format!("{command}   # and so in each account")),
    };
    let command = command.replace(&own, &named);
    let regions: BTreeSet<_> =
        group.findings.iter().filter_map(|one| one.region.as_ref()).collect();
    match (regions.len(), first.region.as_ref()) {
        (2.., Some(region)) => Some(command.replace(&format!(" --region {region}"), "")),
        _ => Some(command),
    }
}
