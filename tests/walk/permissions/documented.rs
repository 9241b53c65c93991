//! The tables of docs/permissions.md are written from the list that the policies come from.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::fs;

use linkwalk::model::permissions::{CALLER, MEMBER, Use};

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/permissions.md");

fn member() -> String {
    let mut rows: BTreeMap<&str, (BTreeSet<Use>, BTreeSet<&str>)> = BTreeMap::new();
    for row in MEMBER {
        let (uses, when) = rows.entry(row.action).or_default();
        uses.extend(row.uses);
        when.extend(row.when);
    }
    // Said only where it holds for all of an action.
    let always = |action: &str| MEMBER.iter().any(|row| row.action == action && row.when.is_none());
    let mut table = "| permission | needed by | when |\n|---|---|---|\n".to_owned();
    for (action, (uses, when)) in rows {
        let uses: Vec<String> = uses.iter().map(|of| format!("`{}`", of.command())).collect();
        let when = if always(action) { String::new() } else { Vec::from_iter(when).join("; ") };
        writeln!(table, "| `{action}` | {} | {when} |", uses.join(", ")).unwrap();
    }
    table
}

fn caller() -> String {
    let rows = CALLER.iter().map(|row| format!("| `{}` | {} |\n", row.action, row.need.as_str()));
    "| permission | when |\n|---|---|\n".to_owned() + &rows.collect::<String>()
}

fn with(page: &str, name: &str, table: &str) -> String {
    let start = format!("<!-- {name} -->\n");
    let (before, rest) = page.split_once(&start).unwrap();
    let (_, after) = rest.split_once("<!-- end -->").unwrap();
    format!("{before}{start}{table}<!-- end -->{after}")
}

#[test]
fn the_documented_permissions_are_those_that_are_printed() {
    let page = fs::read_to_string(PAGE).unwrap();
    let actual = with(&with(&page, "member", &member()), "caller", &caller());
    if page != actual && std::env::var_os("LINKWALK_ACCEPT").is_some() {
        fs::write(PAGE, &actual).unwrap();
    }
    assert!(
        fs::read_to_string(PAGE).is_ok_and(|now| now == actual),
        "docs/permissions.md is out of date: LINKWALK_ACCEPT=1 scripts/test --test walk \
         the_documented_permissions writes it"
    );
}
