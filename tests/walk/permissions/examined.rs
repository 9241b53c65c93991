//! The doctor, `fix_vpc_dns` and the shared root, as the compiled program with the printed policies: with
//! exactly these nothing is lacking, and without any one action the program says which.

use std::collections::BTreeSet;

use linkwalk::model::permissions::{Guard, MEMBER, Permission, Use};
use serde_json::Value;

use super::place::{Place, flat, role};
use super::{ACCOUNTS, printed_for, scenario, without};

/// What the doctor proves, where all of it is printed.
const PROVEN: [Use; 4] = [Use::Plan, Use::Doctor, Use::Apply, Use::Destroy];

fn documents(uses: &[Use]) -> Vec<Value> {
    printed_for(uses).policies.into_iter().map(|policy| policy.document).collect()
}

/// A member with something of everything to change, whose role has these policies.
fn member(policies: &[Value]) -> Place {
    let trust = printed_for(&PROVEN).role.unwrap().trust;
    Place::new(&scenario(Use::Doctor, policies, &trust), ACCOUNTS)
}

/// Services of others, zones without ids and a region that is off are not in this world.
fn is_elsewhere(row: &Permission) -> bool {
    row.guard == Guard::NewEndpointOfOthers
        || matches!(row.action, "ec2:DescribeAvailabilityZones" | "ec2:DescribeRegions")
}

/// What a read of EC2 that the whole look rests on is proven by.
const LOOK: &str = "ec2:Describe*";

#[test]
fn the_doctor_proves_every_permission_of_exactly_the_printed_policies() {
    let (_, told) = member(&documents(&PROVEN)).run(&["doctor", "-q", "-o", "json"]);
    let document: Value = serde_json::from_str(&told).unwrap();
    let mut proven = BTreeSet::new();
    for check in document["targets"][0]["checks"].as_array().unwrap() {
        if check["topic"].as_str().unwrap().ends_with("permission") {
            assert_eq!(
                (&check["status"], &check["proof"]),
                (&"ok".into(), &"proven".into()),
                "{check:#}"
            );
            let subject = check["subject"].as_str().unwrap();
            proven.insert(subject.split(' ').next().unwrap().to_owned());
        }
    }
    // What the doctor itself reads is proven by its answers.
    for row in MEMBER.iter().filter(|row| row.uses.iter().any(|of| PROVEN.contains(of))) {
        let is_looked_at = row.action.starts_with("ec2:Describe") && proven.contains(LOOK);
        let is_own = row.uses == [Use::Doctor];
        assert!(is_looked_at || is_own || proven.contains(row.action), "{}", row.action);
    }
}

#[test]
fn without_any_one_action_the_doctor_says_which_and_what_to_do() {
    let all = documents(&PROVEN);
    let mut silent = Vec::new();
    let rows = MEMBER.iter().filter(|row| row.uses.iter().any(|of| PROVEN.contains(of)));
    for row in rows.filter(|row| !is_elsewhere(row)) {
        let (_, told) = member(&without(&all, row)).run(&["doctor", "-q"]);
        let words = flat(&told);
        if !words.contains(row.action) || !words.contains("linkwalk role --for ") {
            silent.push(format!("{} ({}): {told}", row.action, row.sid));
        }
    }
    assert!(silent.is_empty(), "{}", silent.join("\n"));
}

const DARK: &str = r#"
format = 1
seed = 7
[organization]
[[account]]
name = "alpha"
id = "222233334444"
ROLE
[[account.vpc]]
cidrs = ["10.0.0.0/16"]
dns_hostnames = false
"#;

fn dark(policies: &[Value]) -> Place {
    let trust = printed_for(&[Use::Apply]).role.unwrap().trust;
    let world = DARK.replace("ROLE", &role(policies, &trust));
    Place::new(
        &world,
        &ACCOUNTS.replace("[endpoints.logs]", "[network]\nfix_vpc_dns = true\n[endpoints.logs]"),
    )
}

#[test]
fn dns_attributes_are_turned_on_with_exactly_the_printed_policies_and_not_without() {
    let uses = [Use::Apply, Use::FixVpcDns];
    dark(&documents(&uses)).exits(&["apply", "--yes"], 0);
    let told = dark(&documents(&[Use::Apply])).exits(&["apply", "--yes"], 1);
    let words = flat(&told);
    let lacks = "the member role lacks ec2:ModifyVpcAttribute: `linkwalk role --for fix-vpc-dns`";
    assert!(words.contains(lacks), "{told}");
}

const SHARED: &str = r#"
format = 1
seed = 7
[organization]
[[account]]
name = "alpha"
id = "222233334444"
[[account]]
name = "images"
id = "333344445555"
ROLE
[[repository]]
name = "base"
account = "images"
region = "eu-west-1"
policy = '{ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Principal": { "AWS": "arn:aws:iam::222233334444:root" }, "Action": ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer", "ecr:BatchCheckLayerAvailability"] }] }'
"#;

#[test]
fn the_shared_roots_repositories_are_read_with_exactly_the_printed_policies() {
    let shared = |policies: &[Value]| {
        let trust = printed_for(&[Use::SharedRoot]).role.unwrap().trust;
        let world = SHARED.replace("ROLE", &role(policies, &trust));
        let regions = "regions = [\"eu-west-1\"]\nshared_root = [\"333344445555\"]";
        Place::new(&world, &ACCOUNTS.replace("regions = [\"eu-west-1\"]", regions))
    };
    let command = ["doctor", "--shared-root", "--account", "333344445555"];
    let all = documents(&[Use::SharedRoot]);
    shared(&all).exits(&command, 0);
    for row in MEMBER.iter().filter(|row| row.uses.contains(&Use::SharedRoot)) {
        let told = shared(&without(&all, row)).exits(&command, 1);
        let words = flat(&told);
        assert!(words.contains(row.action), "{}: {told}", row.action);
        assert!(words.contains("linkwalk role --for shared-root"), "{}: {told}", row.action);
    }
}
