//! The walk itself: who gets endpoints, who is left alone, and why.

use schemars::{JsonSchema, Schema};
use serde::Serialize;
use serde_json::Value;

use crate::model::account::{Member, Standing};
use crate::report::contract;
use crate::report::paint::{Line, Tone};
use crate::report::{safe, words};

/// Version of the JSON document.
pub const FORMAT: &str = "1.1";

/// By organizational unit, then by name.
fn sorted(members: &[Member]) -> Vec<&Member> {
    let mut sorted: Vec<_> = members.iter().collect();
    sorted.sort_by_key(|m| (&m.account.ou_path, &m.account.name, &m.account.id));
    sorted
}

/// The members as a table, with a summary as its last line.
pub fn text(members: &[Member], color: bool) -> String {
    let members = sorted(members);
    let widest = |heading: &str, cell: fn(&Member) -> &str| {
        let cells = members.iter().map(|member| safe::width(&safe::text(cell(member))));
        cells.max().unwrap_or(0).max(heading.len())
    };
    let path = widest("OU", |member| &member.account.ou_path);
    let name = widest("NAME", |member| &member.account.name);
    let heading = format!("{:path$}  {:12}  {:name$}  STANDING", "OU", "ACCOUNT", "NAME");
    let mut table = Line::new().tone(Tone::Faint, &heading).paint(color) + "\n";
    for Member { account, standing } in &members {
        let (tone, word, why) = match standing {
            Standing::Consumer { rule } => (Tone::Good, "consumer", rule),
            Standing::Skipped { reason } => (Tone::Faint, "skipped", reason),
        };
        let row = Line::new()
            .plain(&format!("{}  {}  ", safe::pad(&account.ou_path, path), account.id))
            .plain(&format!("{}  ", safe::pad(&account.name, name)))
            .tone(tone, &format!("{word:8}"))
            .plain(&format!("  {why}"));
        table += &(row.paint(color) + "\n");
    }
    let (consumers, skipped) = tally(&members);
    table + &format!("{}, {skipped} skipped\n", words::count(consumers, "consumer"))
}

/// The walk: what `accounts -o json` writes.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Accounts")]
struct Document<'a> {
    /// Version of this document, MAJOR.MINOR.
    format: &'static str,
    /// Always `accounts`.
    kind: &'static str,
    /// Accounts that get endpoints.
    consumers: usize,
    /// Accounts that are left alone.
    skipped: usize,
    /// Everybody, by organizational unit and name.
    accounts: Vec<&'a Member>,
    /// Whether the organization is the sandbox's.
    #[serde(skip_serializing_if = "Option::is_none")]
    sandbox: Option<bool>,
}

/// The JSON Schema of the document.
pub fn schema() -> Schema {
    contract::of::<Document<'_>>()
}

/// The members as a versioned JSON document.
pub fn document(members: &[Member]) -> Value {
    let accounts = sorted(members);
    let (consumers, skipped) = tally(&accounts);
    let kind = "accounts";
    let document = Document { format: FORMAT, kind, consumers, skipped, accounts, sandbox: None };
    // Plain structs with text keys always serialise.
    serde_json::to_value(document).unwrap_or_default()
}

fn tally(members: &[&Member]) -> (usize, usize) {
    let consumers = members.iter().filter(|member| member.is_consumer()).count();
    (consumers, members.len() - consumers)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::account::{Account, AccountState};

    fn member(id: &str, name: &str, ou_path: &str, standing: Standing) -> Member {
        let account = Account {
            id: id.parse().unwrap(),
            name: name.to_owned(),
            email: format!("{id}@example.com"),
            ou_path: ou_path.to_owned(),
            ou_ids: vec!["r-exam".to_owned()],
            tags: None,
            state: AccountState::Active,
        };
        Member { account, standing }
    }

    fn consumer() -> Standing {
        Standing::Consumer { rule: "ou:/Workloads/**".to_owned() }
    }

    fn skipped(reason: &str) -> Standing {
        Standing::Skipped { reason: reason.to_owned() }
    }

    fn walk() -> Vec<Member> {
        vec![
            member("444455556666", "staging-02", "/Workloads/Staging", consumer()),
            member("111122223333", "staging-01", "/Workloads/Staging", consumer()),
            member("999999999999", "root", "/", skipped("shared root: management account")),
            member("222233334444", "東京", "/Workloads/Production", consumer()),
            member("333344445555", "evil\u{1b}[2J\n\u{202e}", "/Sandbox", skipped("SUSPENDED")),
        ]
    }

    #[test]
    fn the_walk_is_a_table_in_the_order_of_the_organization() {
        insta::assert_snapshot!(text(&walk(), false), @r#"
        OU                     ACCOUNT       NAME                    STANDING
        /                      999999999999  root                    skipped   shared root: management account
        /Sandbox               333344445555  evil\u{1b}[2J \u{202e}  skipped   SUSPENDED
        /Workloads/Production  222233334444  東京                    consumer  ou:/Workloads/**
        /Workloads/Staging     111122223333  staging-01              consumer  ou:/Workloads/**
        /Workloads/Staging     444455556666  staging-02              consumer  ou:/Workloads/**
        3 consumers, 2 skipped
        "#);
    }

    #[test]
    fn colours_change_nothing_but_colours() {
        let colored = text(&walk(), true);
        assert!(colored.contains("\u{1b}["));
        assert_eq!(anstream::adapter::strip_str(&colored).to_string(), text(&walk(), false));
    }

    #[test]
    fn an_organization_without_members_is_a_table_without_rows() {
        insta::assert_snapshot!(text(&[], false), @r#"
        OU  ACCOUNT       NAME  STANDING
        0 consumers, 0 skipped
        "#);
    }

    #[test]
    fn the_document_has_a_version_and_the_exact_names() {
        let document = document(&walk());
        assert_eq!(document["format"], FORMAT);
        assert_eq!((&document["consumers"], &document["skipped"]), (&3.into(), &2.into()));
        assert_eq!(document["accounts"][1]["name"], "evil\u{1b}[2J\n\u{202e}");
        assert_eq!(document["accounts"][1]["standing"], "skipped");
        let text = safe::json_pretty(&super::document(&walk())).unwrap();
        assert!(!text.contains('\u{1b}'));
    }
}
