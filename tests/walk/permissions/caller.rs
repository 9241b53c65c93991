//! The caller's policy, in the sandbox and as the compiled program: with exactly what is printed everything
//! works, and without any one action the program ends with 1 and says which. And every command once as the
//! program itself, with the member role's policies.

use linkwalk::model::permissions::{CALLER, Use};
use linkwalk::role::{self, Organization, Wish};
use serde_json::{Value, json};

use super::place::{Place, flat, list, role as role_of};
use super::{config, organization_id, policies};

const ACCOUNTS: &str = r#"
deployment = "privatelink"
[organization]
role = "platform/linkwalk"
regions = ["eu-west-1"]
external_id = "a-secret:1"
source_identity = "linkwalk"
session_tags = { team = "net" }
[accounts]
exclude = ["tag:linkwalk=off"]
[endpoints.s3]
[endpoints.logs]
[lock]
bucket = "s3://locks/linkwalk/"
[notify]
sns_topic = "arn:aws:sns:eu-west-1:111122223333:news"
"#;

const SCENARIO: &str = r#"
format = 1
seed = 7
[management]
policies = CALLER
[organization]
[[bucket]]
name = "locks"
[[topic]]
name = "news"
[[account]]
name = "alpha"
id = "222233334444"
ROLE
[[account.vpc]]
cidrs = ["10.0.0.0/16"]
"#;

fn wish(of: Use) -> Wish {
    Wish {
        uses: [of].into(),
        trusted: Some("arn:aws:iam::111122223333:user/operator".parse().unwrap()),
        organization: Organization::Id(organization_id()),
    }
}

fn callers() -> Vec<Value> {
    let printed = role::caller(&config(ACCOUNTS), &wish(Use::Plan)).unwrap();
    printed.policies.into_iter().map(|policy| policy.document).collect()
}

/// The place of a caller and a member with these policies.
fn place(caller: &[Value], member: &[Value]) -> Place {
    let trust = role::member(&config(ACCOUNTS), &wish(Use::Plan)).unwrap().role.unwrap().trust;
    let world = SCENARIO.replace("CALLER", &list(caller)).replace("ROLE", &role_of(member, &trust));
    Place::new(&world, ACCOUNTS)
}

/// The command that makes the call; it fails before it changes anything.
fn command(action: &str) -> &'static [&'static str] {
    match action {
        // Taken at once, let go when all is done.
        "s3:DeleteObject" | "s3:PutObject" => &["apply", "--yes"],
        "s3:GetObject" => &["force-unlock", "20260101T000000Z-aaaa", "--yes"],
        "sns:Publish" => &["audit", "--notify"],
        _ => &["plan"],
    }
}

#[test]
fn every_command_works_for_a_caller_with_exactly_the_printed_policy() {
    let all: Vec<Value> = [Use::Sync].into_iter().flat_map(policies).collect();
    let place = place(&callers(), &all);
    place.exits(&["plan"], 0);
    place.exits(&["audit", "--notify"], 2);
    place.exits(&["apply", "--yes"], 0);
    place.exits(&["audit", "--notify"], 0);
    place.exits(&["apply", "--yes", "--mode", "sync"], 0);
    let organization = organization_id();
    place.exits(&["destroy", "--yes", "--confirm", &organization], 0);
}

#[test]
fn without_any_one_action_of_the_callers_a_command_fails_and_says_which() {
    let member = policies(Use::Apply);
    let documents = callers();
    let mut unneeded = Vec::new();
    for row in CALLER {
        // Whoever may not list a bucket is told of a missing object that it is forbidden: see src/aws/bucket.rs.
        if row.action == "s3:ListBucket" {
            continue;
        }
        let cut: Vec<Value> = documents.iter().map(|it| without(it, row.action)).collect();
        assert_ne!(cut, documents, "{}", row.action);
        let place = place(&cut, &member);
        let (code, told) = place.run(command(row.action));
        let words = flat(&told);
        // The work is done by then; that the lock stays behind is said.
        let is_left_behind = row.action == "s3:DeleteObject";
        if (code == Some(0)) != is_left_behind
            || !words.to_lowercase().contains(&row.action.to_lowercase())
        {
            unneeded.push(format!("{}: {code:?}: {words}", row.action));
            continue;
        }
        if is_left_behind {
            continue;
        }
        // That nobody could be told leaves the audit's verdict as it is.
        let expected = if row.action == "sns:Publish" { 2 } else { 1 };
        assert_eq!(code, Some(expected), "{told}");
        assert!(words.contains("linkwalk role --caller"), "{}: {words}", row.action);
    }
    assert!(unneeded.is_empty(), "{unneeded:#?}");
}

fn without(document: &Value, action: &str) -> Value {
    let cut = |statement: &Value| {
        let mut statement = statement.clone();
        let actions = match &statement["Action"] {
            Value::Array(list) => list.clone(),
            one => vec![one.clone()],
        };
        let left: Vec<Value> = actions.into_iter().filter(|it| *it != action).collect();
        statement["Action"] = left.clone().into();
        (!left.is_empty()).then_some(statement)
    };
    let statements = document["Statement"].as_array().unwrap();
    let left: Vec<Value> = statements.iter().filter_map(cut).collect();
    json!({ "Version": "2012-10-17", "Statement": left })
}

#[test]
fn the_program_ends_with_1_and_names_the_action_that_a_role_lacks() {
    for (action, of, arguments) in [
        ("ec2:DescribeSubnets", Use::Plan, &["plan"][..]),
        ("ec2:DescribeVpcEndpoints", Use::Audit, &["audit"]),
        ("ec2:CreateVpcEndpoint", Use::Apply, &["apply", "--yes"]),
        ("ec2:CreateTags", Use::Apply, &["apply", "--yes"]),
    ] {
        let cut: Vec<Value> = policies(of).iter().map(|it| without(it, action)).collect();
        let place = place(&callers(), &cut);
        let told = place.exits(arguments, 1);
        let words = flat(&told);
        assert!(
            words.contains(&format!("the member role lacks {action}: `linkwalk role --for")),
            "{told}"
        );
    }
}
