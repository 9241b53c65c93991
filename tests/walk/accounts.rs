//! `linkwalk accounts`: the walk itself.

use serde_json::{Value, json};

use crate::rig::{ACCOUNTS_TOML, Rig};

fn organization() -> Rig {
    Rig::new(&json!({ "accounts": [
        { "name": "orders-staging", "ou": "/Workloads/Staging" },
        { "name": "orders-production", "ou": "/Workloads/Production" },
        { "name": "orders-legacy", "ou": "/Workloads/Production" },
        { "name": "opted-out", "ou": "/Workloads/Staging", "tags": { "linkwalk": "off" } },
        { "name": "playground", "ou": "/Sandbox" },
        { "name": "retired", "ou": "/Suspended", "closed": true },
        { "name": "rootling" }
    ] }))
}

const SELECTION: &str = r#"
[accounts]
include = ["ou:/Workloads/**"]
exclude = ["name:*-legacy", "tag:linkwalk=off"]
"#;

fn standing<'a>(document: &'a Value, name: &str) -> &'a Value {
    let accounts = document["accounts"].as_array().unwrap();
    accounts.iter().find(|account| account["name"] == name).unwrap()
}

#[test]
fn every_member_is_shown_with_its_place_and_the_reason() {
    let rig = organization();
    rig.add(SELECTION);
    let run = rig.run(&["accounts", "-o", "json"]).exits(0);
    let document = run.json();
    assert_eq!(document["accounts"].as_array().unwrap().len(), 8);
    for (name, unit, expected) in [
        ("orders-staging", "/Workloads/Staging", "consumer"),
        ("orders-production", "/Workloads/Production", "consumer"),
        ("orders-legacy", "/Workloads/Production", "skipped"),
        ("opted-out", "/Workloads/Staging", "skipped"),
        ("playground", "/Sandbox", "skipped"),
        ("retired", "/Suspended", "skipped"),
        ("rootling", "/", "skipped"),
    ] {
        let account = standing(&document, name);
        assert_eq!((&account["ou_path"], &account["standing"]), (&json!(unit), &json!(expected)));
    }
    for (name, reason) in
        [("orders-legacy", "*-legacy"), ("opted-out", "linkwalk=off"), ("retired", "SUSPENDED")]
    {
        let text = standing(&document, name)["reason"].as_str().unwrap();
        assert!(text.contains(reason), "{text}");
    }
}

#[test]
fn the_walk_changes_nothing_and_enters_no_account() {
    let rig = organization();
    let run = rig.run(&["accounts"]).exits(0);
    assert_eq!(run.mutations(), Vec::<&str>::new());
    assert_eq!(run.count("AssumeRole"), 0);
    assert_ne!(run.count("DescribeOrganization"), 0);
    assert!(run.calls.iter().all(|call| call.account == rig.management()));
}

#[test]
fn tags_are_read_only_when_a_selector_needs_them() {
    let rig = organization();
    assert_eq!(rig.run(&["accounts"]).exits(0).count("ListTagsForResource"), 0);
    rig.add(SELECTION);
    assert_ne!(rig.run(&["accounts"]).exits(0).count("ListTagsForResource"), 0);
}

#[test]
fn the_text_names_each_account_once_and_its_reason() {
    let rig = organization();
    rig.add(SELECTION);
    let run = rig.run(&["accounts"]).exits(0);
    for account in rig.members() {
        assert_eq!(run.stdout.matches(account).count(), 1, "{}", run.stdout);
    }
    assert!(run.stdout.contains("/Workloads/Staging"), "{}", run.stdout);
}

#[test]
fn explain_names_the_rule_that_decided() {
    let rig = organization();
    rig.add(SELECTION);
    for (name, rule) in [
        ("orders-staging", "ou:/Workloads/**"),
        ("orders-legacy", "name:*-legacy"),
        ("opted-out", "tag:linkwalk=off"),
    ] {
        let run = rig.run(&["accounts", "--explain", rig.account(name)]).exits(0);
        assert!(run.stdout.contains(rule), "{}", run.stdout);
    }
    let run = rig.run(&["accounts", "--explain", rig.management()]).exits(0);
    assert!(run.stdout.contains("shared root"), "{}", run.stdout);
}

#[test]
fn a_large_organization_is_read_page_by_page() {
    let accounts: Vec<Value> = (0..70)
        .map(|n| json!({ "name": format!("a{n}"), "ou": format!("/Wide/U{}", n % 25), "vpcs": [] }))
        .collect();
    let rig = Rig::new(&json!({ "accounts": accounts }));
    let document = rig.run(&["accounts", "-o", "json"]).exits(0).json();
    assert_eq!(document["accounts"].as_array().unwrap().len(), 71);
    assert_eq!(standing(&document, "a24")["ou_path"], "/Wide/U24");
}

#[test]
fn a_unit_can_be_named_by_its_id() {
    let rig = organization();
    rig.add(&format!("[accounts]\ninclude = [\"ou:{}\"]", rig.unit("/Sandbox")));
    let document = rig.run(&["accounts", "-o", "json"]).exits(0).json();
    assert_eq!(standing(&document, "playground")["standing"], "consumer");
    assert_eq!(standing(&document, "orders-staging")["standing"], "skipped");
}

#[test]
fn a_delegated_administrator_can_do_all_of_it() {
    let mut rig = Rig::of(&["one", "hub"]);
    let hub = rig.account("hub").to_owned();
    let register = json!({ "AccountId": hub, "ServicePrincipal": "ssm.amazonaws.com" });
    rig.in_organization("register_delegated_administrator", &register);
    let trust = json!({ "trust": { "Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Action": "sts:AssumeRole",
        "Principal": { "AWS": format!("arn:aws:iam::{hub}:root") }
    }] } });
    rig.change_role(rig.account("one"), &trust);
    let line = format!("[organization]\nshared_root = [\"management\", \"{hub}\"]");
    rig.write(&ACCOUNTS_TOML.replace("[organization]", &line));
    rig.log_in_as(&hub);

    let run = rig.apply().exits(0);
    assert_eq!(run.outcome(rig.account("one")), "changed");
    assert!(run.calls.iter().all(|call| call.account != rig.management()));
    assert_eq!(rig.apply().exits(0).mutations(), Vec::<&str>::new());
}

#[test]
fn accounts_listed_in_the_file_stand_in_for_discovery() {
    let rig = Rig::of(&["one", "two"]);
    let one = rig.account("one");
    rig.add(&format!("[[account]]\nid = \"{one}\"\nname = \"one\"\nou = \"/Workloads/Staging\""));
    rig.refuse(rig.management(), "DescribeOrganization", "AccessDeniedException", "no");
    rig.refuse(rig.management(), "List*", "AccessDeniedException", "no");
    let run = rig.apply().exits(0);
    // Who the management account is may be asked by any member, and it must not be touched.
    let mut asked = run.calls.iter().filter(|call| call.service == "organizations");
    assert!(asked.all(|call| call.action == "DescribeOrganization"), "{:?}", run.calls);
    assert_eq!(run.outcome(one), "changed");
    assert!(rig.endpoints(rig.account("two")).is_empty());
}
