//! An account is never allowed to spoil another, and the shared root is never touched.

use std::collections::BTreeSet;

use serde_json::json;

use crate::rig::{ENDPOINTS, Rig};

/// A role policy that allows all of EC2 but these actions.
fn all_but(actions: &[&str]) -> serde_json::Value {
    json!({ "policy": { "Version": "2012-10-17", "Statement": [
        { "Effect": "Allow", "Action": "*", "Resource": "*" },
        { "Effect": "Deny", "Action": actions, "Resource": "*" }
    ] } })
}

#[test]
fn an_account_that_may_not_be_read_is_unreachable_and_the_others_are_changed() {
    let rig = Rig::of(&["good", "closed-off", "fine"]);
    rig.change_role(rig.account("closed-off"), &all_but(&["ec2:DescribeVpcs"]));

    let run = rig.apply().exits(1);
    assert_eq!(run.outcome(rig.account("closed-off")), "unreachable");
    for name in ["good", "fine"] {
        assert_eq!(run.outcome(rig.account(name)), "changed");
        assert_eq!(rig.endpoints(rig.account(name)).len(), ENDPOINTS);
    }
    assert!(run.stdout.contains("ec2:DescribeVpcs"), "{}", run.stdout);
}

#[test]
fn an_account_that_may_not_be_changed_fails_with_awss_reason_and_the_others_are_changed() {
    let rig = Rig::of(&["good", "read-only"]);
    rig.change_role(
        rig.account("read-only"),
        &all_but(&["ec2:CreateSecurityGroup", "ec2:CreateVpcEndpoint"]),
    );

    let run = rig.apply().exits(1);
    assert_eq!(run.outcome(rig.account("read-only")), "failed");
    assert_eq!(run.outcome(rig.account("good")), "changed");
    assert!(run.stdout.contains("UnauthorizedOperation"), "{}", run.stdout);
    assert!(rig.endpoints(rig.account("read-only")).is_empty());
}

#[test]
fn when_one_endpoint_is_refused_the_others_of_the_account_are_still_made() {
    let rig = Rig::of(&["one"]);
    rig.change_role(rig.account("one"), &all_but(&["ec2:CreateSecurityGroup"]));
    let run = rig.apply().exits(1);
    assert_eq!(run.outcome(rig.account("one")), "partly-changed");
    assert_eq!(rig.endpoints(rig.account("one")).len(), 1, "the gateway needs no security group");

    rig.change_role(
        rig.account("one"),
        &json!({ "policy": { "Version": "2012-10-17", "Statement": [
        { "Effect": "Allow", "Action": "*", "Resource": "*" }
    ] } }),
    );
    rig.apply().exits(0);
    assert_eq!(rig.endpoints(rig.account("one")).len(), ENDPOINTS);
}

#[test]
fn a_missing_role_makes_one_account_unreachable() {
    let rig = Rig::of(&["good", "new"]);
    rig.change_role(rig.account("new"), &json!({ "delete": true }));

    let run = rig.apply().exits(1);
    assert_eq!(run.outcome(rig.account("new")), "unreachable");
    assert_eq!(run.outcome(rig.account("good")), "changed");
    assert!(run.stdout.contains("OrganizationAccountAccessRole"), "{}", run.stdout);
}

#[test]
fn a_role_that_is_missing_everywhere_is_said_for_every_account_and_nothing_is_changed() {
    let rig = Rig::of(&["one", "two", "three"]);
    rig.write(
        &crate::rig::ACCOUNTS_TOML.replace("[organization]", "[organization]\nrole = \"nobody\""),
    );

    let run = rig.apply().exits(1);
    assert_eq!(run.json()["counts"]["unreachable"], 3);
    assert_eq!(run.mutations(), Vec::<&str>::new());
}

#[test]
fn the_external_id_must_be_the_right_one() {
    let rig = Rig::of(&["one"]);
    let trust = json!({ "trust": { "Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Action": "sts:AssumeRole",
        "Principal": { "AWS": format!("arn:aws:iam::{}:root", rig.management()) },
        "Condition": { "StringEquals": { "sts:ExternalId": "right" } }
    }] } });
    rig.change_role(rig.account("one"), &trust);
    let with = |id: &str| {
        let line = format!("[organization]\nexternal_id = \"{id}\"");
        crate::rig::ACCOUNTS_TOML.replace("[organization]", &line)
    };

    rig.write(&with("wrong"));
    let run = rig.apply().exits(1);
    assert_eq!(run.outcome(rig.account("one")), "unreachable");
    rig.write(&with("right"));
    rig.apply().exits(0);
}

#[test]
fn an_account_that_keeps_failing_inside_does_not_hold_the_others_up() {
    let rig = Rig::of(&["good", "broken"]);
    rig.refuse(
        rig.account("broken"),
        "Describe*",
        "InternalError",
        "An internal error has occurred",
    );

    let run = rig.apply().exits(1);
    assert_eq!(run.outcome(rig.account("broken")), "unreachable");
    assert_eq!(run.outcome(rig.account("good")), "changed");
}

#[test]
fn the_shared_root_is_asked_only_who_is_in_the_organization_and_for_sessions() {
    let rig = Rig::of(&["one", "shared-services"]);
    let shared = rig.account("shared-services").to_owned();
    let line = format!("[organization]\nshared_root = [\"management\", \"{shared}\"]");
    rig.write(&crate::rig::ACCOUNTS_TOML.replace("[organization]", &line));
    let roots = [rig.management(), shared.as_str()];
    let before = roots.map(|account| rig.world(account));

    for arguments in [&["accounts"][..], &["plan"], &["apply", "--yes"], &["apply", "--yes"]] {
        let run = rig.run(arguments).exits(0);
        let at_root = run.calls.iter().filter(|call| roots.contains(&call.account.as_str()));
        let services: BTreeSet<&str> = at_root.map(|call| call.service.as_str()).collect();
        assert!(services.is_subset(&BTreeSet::from(["organizations", "sts"])), "{services:?}");
        let assumed = run.calls.iter().filter(|call| call.action == "AssumeRole");
        for call in assumed {
            let role = call.form["RoleArn"].as_str().unwrap();
            assert!(roots.iter().all(|root| !role.contains(root)), "{role}");
        }
    }
    assert_eq!(roots.map(|account| rig.world(account)), before);
    assert_eq!(rig.endpoints(rig.account("one")).len(), ENDPOINTS);
}

#[test]
fn the_management_account_is_shared_root_even_when_the_file_does_not_say_so() {
    let rig = Rig::of(&["one"]);
    rig.add("[accounts]\ninclude = [\"*\"]");
    let run = rig.apply().exits(0);
    assert_eq!(run.json()["targets"].as_array().unwrap().len(), 1);

    let run = rig.run(&["plan", "--account", rig.management()]).exits(64);
    assert_eq!(run.mutations(), Vec::<&str>::new());
}

#[test]
fn each_consumer_account_is_entered_once() {
    let rig = Rig::of(&["one", "two", "three"]);
    let run = rig.apply().exits(0);
    assert_eq!(run.count("AssumeRole"), 3);
}
