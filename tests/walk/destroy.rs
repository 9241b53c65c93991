//! Adoption and destroy by the program itself, on the independent emulator: what is ours goes, and what
//! is not stays as it is.

use serde_json::{Value, json};

use crate::rig::{ENDPOINTS, Finished, Rig, tag};

const NOTHING: Vec<&str> = Vec::new();

fn organization_id(rig: &Rig) -> String {
    let answer = rig.in_organization("describe_organization", &json!({}));
    answer["Organization"]["Id"].as_str().unwrap().to_owned()
}

/// By force, because the emulator does not speak CloudWatch's protocol and so cannot tell what is used.
fn destroy(rig: &Rig, more: &[&str]) -> Finished {
    let id = organization_id(rig);
    let mut arguments = vec!["destroy", "--yes", "--confirm", &id, "--force", "-o", "json"];
    arguments.extend(more);
    rig.run(&arguments)
}

/// An account with an endpoint for logs that somebody made by hand.
fn with_foreign() -> Rig {
    let vpcs = json!([{ "foreign": ["logs"] }]);
    Rig::new(&json!({ "accounts": [{ "name": "one", "ou": "/Workloads/Staging", "vpcs": vpcs }] }))
}

fn by_hand(rig: &Rig) -> Value {
    let all = rig.endpoints(rig.account("one"));
    let id = &rig.network("one")["foreign"][0];
    all.iter().find(|endpoint| &endpoint["VpcEndpointId"] == id).unwrap().clone()
}

#[test]
fn destroy_takes_what_apply_made_and_leaves_what_others_made() {
    let rig = with_foreign();
    let account = rig.account("one");
    let before = rig.world(account);
    rig.apply().exits(0);
    assert_ne!(rig.world(account), before);

    let run = rig.run(&["destroy", "--plan", "--force", "-o", "json"]).exits(0);
    assert_eq!(run.mutations(), NOTHING);
    let document = run.json();
    assert_eq!(document["aim"], json!({ "purpose": "destroy" }));
    assert_eq!(document["totals"]["delete"], ENDPOINTS);
    let same = rig.run(&["plan", "--destroy", "--force", "-o", "json"]).exits(0).json();
    assert_eq!(same["targets"], document["targets"]);

    assert_eq!(destroy(&rig, &[]).exits(0).outcome(account), "changed");
    assert_eq!(rig.world(account), before);
    let again = destroy(&rig, &[]).exits(0);
    assert_eq!((again.outcome(account).as_str(), again.mutations()), ("in-sync", NOTHING));
    rig.apply().exits(0);
}

#[test]
fn a_wrong_confirmation_or_none_leaves_everything_as_it_is() {
    let rig = Rig::of(&["one"]);
    rig.apply().exits(0);
    let before = rig.world(rig.account("one"));
    let wrong = ["destroy", "--yes", "--confirm", "o-aaaaaaaaaa"];
    let run = rig.run(&wrong).exits(64).says("o-aaaaaaaaaa is not this organization");
    assert_eq!(run.count("AssumeRole"), 0, "no account is looked at");
    for (arguments, says) in [
        (vec!["destroy"], "there is no terminal to ask on"),
        (vec!["destroy", "--yes"], "--confirm <ORG-ID>"),
        (vec!["destroy", "--confirm", "o-aaaaaaaaaa"], "--yes"),
        (vec!["destroy", "--plan", "--yes", "--confirm", "x"], "cannot be used with"),
        (vec!["apply", "--yes", "--mode", "all"], "create-only, repair, sync"),
        (vec!["apply", "--yes", "--only", "orphans"], "--only orphans needs --mode sync"),
        (vec!["apply", "--yes", "--only", "tgs"], "possible values: failed"),
        (vec!["destroy", "--plan", "--only", "tags"], "not by kinds of drift"),
        (vec!["plan", "--mode", "sync", "--out", "p.json"], "--out saves no plan"),
        (vec!["apply", "--yes", "--force"], "which --mode repair does not"),
        (vec!["plan", "--mode", "create-only", "--only", "tags"], "nothing would be done"),
        (vec!["plan", "--mode", "create-only", "--adopt=repair"], "not with --adopt=repair"),
        (vec!["plan", "--destroy", "--unused-for", "3s"], "1h to 455d"),
    ] {
        let run = rig.run(&arguments).exits(64).says(says);
        assert_eq!(run.calls.len(), 0, "{arguments:?}");
    }
    assert_eq!(rig.world(rig.account("one")), before);
}

#[test]
fn what_is_protected_and_the_shared_root_are_refused() {
    let rig = Rig::of(&["one", "two"]);
    rig.apply().exits(0);
    let (one, two) = (rig.account("one"), rig.account("two"));
    rig.add("[protect]\naccounts = [\"name:one\"]\n");
    let run = destroy(&rig, &["--account", one]).exits(64).says("protected by name:one");
    assert_eq!(run.mutations(), NOTHING);
    let run = destroy(&rig, &["--account", rig.management()]).exits(64).says("shared root");
    assert_eq!(run.mutations(), NOTHING);

    let run = destroy(&rig, &[]).exits(0);
    assert_eq!((run.outcome(one).as_str(), run.outcome(two).as_str()), ("skipped", "changed"));
    assert_eq!(rig.endpoints(one).len(), ENDPOINTS);
    assert_eq!(rig.endpoints(two).len(), 0);
}

#[test]
fn an_account_that_is_no_consumer_any_more_is_emptied_by_name_only() {
    let rig = Rig::of(&["one", "two"]);
    rig.apply().exits(0);
    let one = rig.account("one");
    rig.add("[accounts]\nexclude = [\"name:one\"]\n");
    let document = rig.run(&["destroy", "--plan", "--force", "-o", "json"]).exits(0).json();
    assert_eq!(document["targets"].as_array().unwrap().len(), 1);
    destroy(&rig, &["--account", one]).exits(0);
    assert_eq!(rig.endpoints(one).len(), 0);
    assert_eq!(rig.endpoints(rig.account("two")).len(), ENDPOINTS);
}

#[test]
fn adoption_tags_and_the_next_apply_repairs() {
    let rig = with_foreign();
    let account = rig.account("one");
    let before = by_hand(&rig);
    rig.run(&["apply", "--yes", "--adopt", "-o", "json"]).exits(0);
    let adopted = by_hand(&rig);
    assert_eq!(tag(&adopted, "linkwalk:deployment"), Some("privatelink"));
    for untouched in ["SubnetIds", "Groups", "PolicyDocument", "PrivateDnsEnabled"] {
        assert_eq!(adopted[untouched], before[untouched], "{untouched}");
    }
    assert_eq!(rig.endpoints(account).len(), ENDPOINTS, "none is made beside it");

    rig.apply().exits(0);
    assert_eq!(tag(&by_hand(&rig), "CostCenter"), Some("platform"));
    assert_eq!(rig.apply().exits(0).mutations(), NOTHING);
    destroy(&rig, &[]).exits(0);
    assert_eq!(rig.endpoints(account).len(), 0);
}

#[test]
fn what_is_left_out_is_said_and_is_no_failure() {
    let rig = Rig::of(&["one"]);
    rig.apply().exits(0);
    let account = rig.account("one");
    let id = rig.endpoint(account, "logs")["VpcEndpointId"].clone();
    let change = json!({ "VpcEndpointId": id, "PrivateDnsEnabled": false });
    rig.by_hand(account, "modify_vpc_endpoint", &change);

    let run = rig.run(&["apply", "--yes", "--only", "tags", "-o", "json"]).exits(0);
    assert_eq!((run.outcome(account).as_str(), run.mutations()), ("skipped", NOTHING));
    let reason = run.json()["targets"][0]["reason"].to_string();
    assert!(reason.contains("logs: differs in private_dns; left out (--only tags)"), "{reason}");
    let run = rig.run(&["apply", "--yes", "--mode", "create-only", "-o", "json"]).exits(0);
    assert_eq!(run.outcome(account), "skipped");
    let run = rig.run(&["apply", "--yes", "--only", "private-dns", "-o", "json"]).exits(0);
    assert_eq!(
        (run.outcome(account).as_str(), run.mutations()),
        ("changed", vec!["ModifyVpcEndpoint"])
    );
}
