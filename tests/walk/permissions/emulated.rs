//! The same on the independent emulator, which enforces policies by their actions: resources and conditions
//! it does not judge, so they are taken off here.

use std::collections::BTreeSet;

use linkwalk::model::permissions::Use;
use serde_json::{Value, json};

use super::policies;
use crate::rig::{Finished, Rig};

/// One policy that allows these actions on everything.
fn allowing<'a>(actions: impl IntoIterator<Item = &'a str>) -> Value {
    let actions: Vec<&str> = actions.into_iter().collect();
    let statement = json!({ "Effect": "Allow", "Action": actions, "Resource": "*" });
    json!({ "policy": { "Version": "2012-10-17", "Statement": [statement] } })
}

/// Every action in the printed policies.
fn actions(of: Use) -> BTreeSet<String> {
    let documents = policies(of);
    let statements = documents.iter().flat_map(|it| it["Statement"].as_array().unwrap());
    let of_one = |statement: &Value| match &statement["Action"] {
        Value::Array(list) => list.clone(),
        one => vec![one.clone()],
    };
    let all = statements.flat_map(of_one);
    all.map(|action| action.as_str().unwrap().to_owned()).collect()
}

/// Fails the test unless a run without this action says so.
#[track_caller]
fn fails(run: &Finished, action: &str) {
    let told = format!("{}{}", run.stdout, run.stderr);
    let flat = told.split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(run.code, Some(1), "{action}: {told}");
    for says in [format!("the member role lacks {action}"), "`linkwalk role --for ".to_owned()] {
        assert!(flat.contains(&says), "{action}: {told}");
    }
}

/// What needs drift or something failed is shown in the sandbox, and the emulator does not ask for the
/// permission to tag where tags come with the call that creates.
const ELSEWHERE: [&str; 5] = [
    "ec2:CreateTags",
    "ec2:DeleteVpcEndpoints",
    "ec2:DescribeAvailabilityZones",
    "ec2:ModifyVpcEndpoint",
    "ec2:RevokeSecurityGroupIngress",
];

/// Runs a command in an account of its own for each action that the command needs beyond `known`, without
/// that action; and once with all.
fn each_is_needed(of: Use, known: &BTreeSet<String>, command: &[&str]) {
    let all = actions(of);
    let judged: Vec<&String> =
        all.difference(known).filter(|action| !ELSEWHERE.contains(&action.as_str())).collect();
    let names: Vec<String> = (0..=judged.len()).map(|number| format!("a{number}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let rig = Rig::of(&names);
    let in_account = |name: &str, allowed: &Value| {
        let account = rig.account(name);
        rig.change_role(account, allowed);
        rig.run(&[command, &["--account", account]].concat())
    };
    for (action, name) in judged.iter().zip(&names) {
        let left = all.iter().filter(|it| it != action).map(String::as_str);
        fails(&in_account(name, &allowing(left)), action);
    }
    in_account(names[judged.len()], &allowing(all.iter().map(String::as_str))).exits(0);
}

#[test]
fn plan_needs_each_of_the_printed_actions_and_no_other() {
    each_is_needed(Use::Plan, &BTreeSet::new(), &["plan"]);
}

#[test]
fn apply_needs_each_of_the_printed_actions_and_no_other() {
    each_is_needed(Use::Apply, &actions(Use::Plan), &["apply", "--yes"]);
}
