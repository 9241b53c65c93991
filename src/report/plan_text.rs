//! A plan for people: what is alike is said once for all accounts, and one account can be shown in
//! full.

mod account;
pub(super) mod page;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use unicode_width::UnicodeWidthStr;

use crate::ids::{AccountId, Region, TargetId};
use crate::plan::similar::{
    Change, Group, Saying, blocked_by_reason, group_by_change, many, notes_by_text, thousands,
    unreachable_by_failure,
};
use crate::plan::{Plan, Planned};
use page::{Ink, Page};

/// How a plan is shown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PlanTextOptions {
    /// With ANSI colours.
    pub color: bool,
    /// Columns to wrap at; 0 never wraps.
    pub width: usize,
    /// This account alone, in full.
    pub account: Option<AccountId>,
    /// It is a plan of `destroy`.
    pub destroy: bool,
}

/// The plan as text, ending in a line that sums it up.
pub fn render(
    plan: &Plan,
    names: &BTreeMap<AccountId, String>,
    options: &PlanTextOptions,
) -> String {
    let page = Page::new(options.color, options.width);
    match &options.account {
        None => Overview::new(plan, names, page, options.destroy).write(),
        Some(account) => {
            let targets = plan.targets.iter().filter(|(target, _)| &target.account == account);
            let only = Plan { targets: targets.map(|(t, p)| (t.clone(), p.clone())).collect() };
            if only.targets.is_empty() {
                return format!("Account {account} is not in this plan.\n");
            }
            let mut page = account::write(&only, names, page);
            page.put(Ink::Bold, &summary(&only, options.destroy)).end();
            page.finish()
        }
    }
}

struct Overview<'a> {
    plan: &'a Plan,
    names: &'a BTreeMap<AccountId, String>,
    several_regions: bool,
    page: Page,
    destroy: bool,
}

impl<'a> Overview<'a> {
    fn new(
        plan: &'a Plan,
        names: &'a BTreeMap<AccountId, String>,
        page: Page,
        destroy: bool,
    ) -> Self {
        let regions: BTreeSet<&Region> = plan.targets.keys().map(|target| &target.region).collect();
        Self { plan, names, several_regions: regions.len() > 1, page, destroy }
    }

    fn write(mut self) -> String {
        self.groups();
        self.sayings("Worth knowing", '.', &notes_by_text(self.plan));
        let blocked = blocked_by_reason(self.plan);
        let accounts = count_accounts(blocked.iter().flat_map(|saying| &saying.targets));
        self.sayings(&format!("Blocked in {}", many(accounts, "account")), '!', &blocked);
        self.unreachable();
        self.page.put(Ink::Bold, &summary(self.plan, self.destroy)).end();
        self.page.finish()
    }

    fn groups(&mut self) {
        let groups = group_by_change(self.plan);
        let mut told = BTreeSet::new();
        for group in &groups {
            let all = groups.iter().filter(|other| other.region == group.region);
            let differ = all.map(|other| other.targets.len()).sum::<usize>() - group.targets.len();
            let first = told.insert(&group.region);
            self.headline(group, if first { differ } else { 0 });
            let widths = Columns::of(&group.changes);
            for change in &group.changes {
                self.change(change, widths, group.vpcs);
            }
            self.accounts(&group.targets, 4);
            self.page.end();
        }
    }

    fn headline(&mut self, group: &Group, differ: usize) {
        let accounts = many(group.targets.len(), "account");
        let vpcs = match group.vpcs {
            0 | 1 => String::new(),
            several => format!(" in {several} VPCs"),
        };
        let differ = match differ {
            0 => String::new(),
            1 => "; 1 differs".to_owned(),
            several => format!("; {} differ", thousands(several)),
        };
        let text = format!("{accounts} in {}: {}{vpcs}{differ}", group.region, group.headline);
        self.page.words(Ink::Bold, 2, &text).end();
    }

    fn change(&mut self, change: &Change, columns: Columns, vpcs: usize) {
        let symbol = change.symbol;
        self.page.tab(2).put(Ink::of(symbol), &format!("{symbol} {}", change.what));
        // That nobody wants it any more goes without saying where everything goes.
        let details = if self.destroy { String::new() } else { change.details.join(", ") };
        if self.page.is_narrow() {
            self.page.end().tab(6).words(Ink::Plain, 6, &format!("{}, {details}", change.kind));
        } else {
            self.page.tab(4 + columns.what + 2).put(Ink::Plain, &change.kind);
            let hang = 4 + columns.what + 2 + columns.kind + 2;
            self.page.tab(hang).words(Ink::Plain, hang, &details);
        }
        // Once in each VPC is what the headline says already.
        if change.times != vpcs {
            self.page.words(Ink::Dim, 6, &format!("x{}", change.times));
        }
        self.page.end();
    }

    fn sayings(&mut self, title: &str, symbol: char, sayings: &[Saying]) {
        if sayings.is_empty() {
            return;
        }
        self.page.put(Ink::Bold, title).end();
        for saying in sayings {
            let what = saying.what.iter().cloned().collect::<Vec<_>>().join(", ");
            self.page.tab(2);
            if symbol == '!' {
                self.page.put(Ink::of(symbol), "! ");
            }
            let hang = if symbol == '!' { 4 } else { 2 };
            self.page.words(Ink::of(symbol), hang, &format!("{what}:"));
            self.page.words(Ink::Plain, hang + 2, &saying.text);
            if symbol == '!' {
                self.page.words(Ink::Dim, hang + 2, &format!("({})", saying.code));
            }
            self.page.end();
            self.accounts(&saying.targets, hang + 2);
        }
        self.page.end();
    }

    fn unreachable(&mut self) {
        let groups = unreachable_by_failure(self.plan);
        let accounts = count_accounts(groups.iter().flat_map(|group| &group.targets));
        if groups.is_empty() {
            return;
        }
        self.page.put(Ink::Bold, &format!("Unreachable: {}", many(accounts, "account"))).end();
        for group in &groups {
            let code =
                group.failure.code.as_ref().map(|code| format!(" {code}:")).unwrap_or_default();
            self.page.tab(2).put(Ink::Red, "! ");
            self.page.words(Ink::Red, 4, &format!("{}:{code}", group.failure.operation));
            self.page.words(Ink::Plain, 6, &group.message).end();
            if let Some(hint) = &group.hint {
                self.page.tab(6).words(Ink::Plain, 12, &format!("hint: {hint}")).end();
            }
            self.accounts(&group.targets, 6);
        }
        self.page.end();
    }

    /// Names of the accounts: all of a few, and of many as many as fit on one line.
    fn accounts<'t>(&mut self, targets: impl IntoIterator<Item = &'t TargetId>, indent: usize) {
        const FEW: usize = 6;
        let labels: Vec<String> =
            targets.into_iter().map(|t| label(t, self.names, self.several_regions)).collect();
        self.page.tab(indent);
        if let Some((last, others)) = labels.split_last().filter(|_| labels.len() <= FEW) {
            let mut pieces: Vec<String> = others.iter().map(|label| format!("{label},")).collect();
            pieces.push(last.clone());
            self.page.pieces(Ink::Dim, indent, pieces.iter().map(String::as_str)).end();
            return;
        }
        let room = self.page.room().min(120);
        let more = |shown: usize| format!(" and {} more", thousands(labels.len() - shown));
        let mut line = String::new();
        let mut shown = 0;
        for label in &labels {
            let longer = if line.is_empty() { label.clone() } else { format!("{line}, {label}") };
            if shown > 0 && longer.width() + 1 + more(shown + 1).width() > room {
                break;
            }
            line = longer;
            shown += 1;
        }
        if shown < labels.len() {
            line.push(',');
            line.push_str(&more(shown));
        }
        self.page.words(Ink::Dim, indent, &line).end();
    }
}

#[derive(Debug, Clone, Copy)]
struct Columns {
    what: usize,
    kind: usize,
}

impl Columns {
    fn of(changes: &[Change]) -> Self {
        let widest = |text: fn(&Change) -> &str| {
            changes.iter().map(|change| text(change).width()).max().unwrap_or(0).min(44)
        };
        Self { what: widest(|change| &change.what), kind: widest(|change| &change.kind) }
    }
}

/// `name (111122223333)`, and the region where there are several.
fn label(target: &TargetId, names: &BTreeMap<AccountId, String>, with_region: bool) -> String {
    let id = &target.account;
    let account = match names.get(id).filter(|name| !name.trim().is_empty()) {
        Some(name) => format!("{} ({id})", name.trim()),
        None => id.to_string(),
    };
    if with_region { format!("{account} {}", target.region) } else { account }
}

fn count_accounts<'t>(targets: impl Iterator<Item = &'t TargetId>) -> usize {
    targets.map(|target| &target.account).collect::<BTreeSet<_>>().len()
}

/// The last line: what the plan comes to.
fn summary(plan: &Plan, destroy: bool) -> String {
    let with = |wanted: fn(&Planned) -> bool| -> BTreeSet<&AccountId> {
        let targets = plan.targets.iter().filter(|(_, planned)| wanted(planned));
        targets.map(|(target, _)| &target.account).collect()
    };
    let changing = with(|p| matches!(p, Planned::Ready(ready) if !ready.actions.is_empty()));
    let blocked = with(|p| matches!(p, Planned::Ready(ready) if !ready.blocked.is_empty()));
    let unreachable = with(|p| matches!(p, Planned::Unreachable { .. }));
    let left_out =
        with(|p| matches!(p, Planned::Ready(ready) if ready.left_out().next().is_some()));
    let counts =
        [("blocked", &blocked), ("unreachable", &unreachable), ("with drift left out", &left_out)];
    let trouble: Vec<String> = counts
        .into_iter()
        .map(|(word, accounts)| (word, accounts.len()))
        .filter(|(_, count)| *count > 0)
        .map(|(word, count)| format!("{} {word}", many(count, "account")))
        .collect();
    let trouble = trouble.join(", ");
    if !changing.is_empty() {
        let counts = plan.counts();
        let [add, change, destroyed] = [counts.create, counts.modify, counts.delete].map(thousands);
        let adopt = match counts.adopt {
            0 => String::new(),
            adopt => format!("{} to adopt, ", thousands(adopt)),
        };
        let accounts = many(changing.len(), "account");
        let more = if trouble.is_empty() { String::new() } else { format!(" {trouble}.") };
        if destroy {
            return format!("Plan: {destroyed} to destroy in {accounts}.{more}");
        }
        return format!(
            "Plan: {adopt}{add} to add, {change} to change, {destroyed} to destroy in {accounts}.{more}"
        );
    }
    let all = with(|_| true).len();
    let other = |account: &&AccountId| {
        [&blocked, &unreachable, &left_out].iter().any(|accounts| accounts.contains(account))
    };
    let as_said = with(|_| true).iter().filter(|account| !other(account)).count();
    match (all, as_said) {
        (0, _) => "No changes. No account is in scope.".to_owned(),
        (_, 0) => format!("No changes. {trouble}."),
        _ if destroy => {
            let more = if trouble.is_empty() { String::new() } else { format!(" {trouble}.") };
            format!("Nothing to destroy in {}.{more}", many(as_said, "account"))
        }
        _ => {
            let be = if as_said == 1 { "is" } else { "are" };
            let accounts = many(as_said, "account");
            let more = if trouble.is_empty() { String::new() } else { format!(" {trouble}.") };
            format!("No changes. {accounts} {be} as accounts.toml says.{more}")
        }
    }
}
