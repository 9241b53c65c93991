//! The shared root's repositories for a terminal: a table, and what to add where consumers may not pull.

use std::collections::BTreeMap;

use serde_json::Value;

use super::text::Options;
use crate::doctor::Status;
use crate::doctor::shared_root::{Registry, Repository, SharedRoot};
use crate::model::failure::Failure;
use crate::plan::similar::many;
use crate::report::plan_text::page::{Ink, Page};

/// Columns of the table.
const NAME: usize = 9;
const LONGEST_NAME: usize = 40;

/// The report.
pub fn write(found: &SharedRoot, options: Options) -> String {
    let mut page = Page::new(options.color, options.width);
    for registry in &found.registries {
        table(registry, &mut page);
    }
    for registry in &found.registries {
        remedies(registry, &mut page);
    }
    for text in &found.left_out {
        page.words(Ink::Dim, 0, text).end();
    }
    let counts = found.counts;
    let mut said = vec![
        many(counts.problems, "problem"),
        format!("{} unknown", counts.unknown),
        format!("{} ok", counts.ok),
    ];
    if counts.unreadable > 0 {
        said.push(format!("{} could not be read", many(counts.unreadable, "registry")));
    }
    let consumers = many(found.consumers, "consumer");
    page.put(Ink::Bold, &format!("Repositories: {}. Looked at for {consumers}.", said.join(", ")));
    page.end();
    page.finish()
}

fn table(registry: &Registry, page: &mut Page) {
    let Registry { account, name, region, failure, repositories } = registry;
    let name = if name.is_empty() { String::new() } else { format!(" {name}") };
    page.put(Ink::Bold, &format!("{account}{name}, {region}")).end();
    if let Some(failure) = failure {
        page.put(Ink::Red, "problem").tab(NAME);
        page.words(Ink::Plain, NAME, &format!("its repositories could not be read: {failure}"))
            .end();
        help(failure, NAME, page);
    } else if repositories.is_empty() {
        page.tab(NAME).put(Ink::Dim, "no repositories").end();
    }
    let widest = repositories.iter().map(|one| one.name.chars().count()).max().unwrap_or(0);
    let text = NAME + widest.min(LONGEST_NAME) + 2;
    for Repository { name, status, text: why, failure, .. } in repositories {
        let ink = match status {
            Status::Problem => Ink::Red,
            Status::Warning => Ink::Yellow,
            Status::Unknown => Ink::Dim,
            Status::Ok => Ink::Green,
        };
        page.put(ink, status.as_str()).tab(NAME).put(Ink::Plain, name).tab(text);
        page.words(Ink::Plain, text, why).end();
        if let Some(failure) = failure {
            help(failure, text, page);
        }
    }
    page.end();
}

/// What to do about what could not be read.
fn help(failure: &Failure, column: usize, page: &mut Page) {
    if let Some(hint) = &failure.hint {
        page.tab(column).words(Ink::Dim, column, &format!("help: {hint}")).end();
    }
}

/// What to add, once for all the repositories that need the same.
fn remedies(registry: &Registry, page: &mut Page) {
    let mut alike: BTreeMap<(bool, String), Vec<&Repository>> = BTreeMap::new();
    for one in &registry.repositories {
        for (whole, remedy) in [(false, &one.statement), (true, &one.policy)] {
            if let Some(remedy) = remedy {
                alike.entry((whole, pretty(remedy))).or_default().push(one);
            }
        }
    }
    for ((whole, remedy), repositories) in alike {
        let names: Vec<&str> = repositories.iter().map(|one| one.name.as_str()).collect();
        let names = names.join(", ");
        let say = if whole {
            format!("Set this as the policy of {names} in {}:", registry.account)
        } else {
            format!("Add this statement to the policy of {names} in {}:", registry.account)
        };
        page.words(Ink::Plain, 0, &say).end();
        for line in remedy.lines() {
            page.put(Ink::Plain, line).end();
        }
        page.end();
    }
}

fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default()
}
