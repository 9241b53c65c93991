//! Exactly the printed policies are enough for every command, and each action of them is needed: shown in
//! the sandbox, which judges documents as AWS documents it, with resources and conditions, and on the
//! independent emulator by actions alone.

mod caller;
mod documented;
mod emulated;
mod examined;
mod judges;
mod place;

use std::collections::BTreeSet;
use std::path::Path;

use linkwalk::config::{self, Config};
use linkwalk::model::permissions::{Guard, MEMBER, Permission, Use};
use linkwalk::plan::Planned;
use linkwalk::plan::aim::{Adoption, Aim, Changes, Mode, Purpose};
use linkwalk::role::{self, Organization, Wish};
use linkwalk::sandbox::World;
use serde_json::{Value, json};

use crate::rehearsal::{Ended, Mishap, Rehearsal};

/// A member in which every kind of change is to be made: things to make, a group with a rule too many and one
/// too few, an endpoint a zone short and without its name, one that AWS has failed, one that is wanted no
/// more, one by hand and one under a group of its own.
const MEMBER_ACCOUNT: &str = r#"
format = 1
seed = 7
[organization]
[[account]]
name = "alpha"
id = "222233334444"
ROLE
[[account.vpc]]
name = "one"
cidrs = ["10.0.0.0/16"]
group = [
  { name = "linkwalk-endpoints", tags = { "linkwalk:deployment" = "privatelink" }, https_from = ["0.0.0.0/0"] },
  { name = "old", tags = { "linkwalk:deployment" = "privatelink" }, https_from = ["10.0.0.0/16"] },
]
endpoint = [
  { service = "logs", group = "linkwalk-endpoints", places = 2, tags = { "linkwalk:deployment" = "privatelink" } },
  { service = "kms", group = "linkwalk-endpoints", state = "failed", tags = { Name = "kms-endpoint", "linkwalk:deployment" = "privatelink" } },
  { service = "ssm", group = "old", tags = { Name = "ssm-endpoint", "linkwalk:deployment" = "privatelink" } },
]
[[account.vpc]]
name = "two"
cidrs = ["10.1.0.0/16"]
FOREIGN
"#;

/// What somebody made by hand, for adoption.
const FOREIGN: &str = r#"
group = [{ name = "linkwalk-endpoints", description = "by hand", https_from = ["10.1.0.0/16", "0.0.0.0/0"] }]
endpoint = [{ service = "logs", group = "linkwalk-endpoints", places = 2, tags = { Name = "by-hand" } }]
[[account.vpc]]
name = "three"
cidrs = ["10.2.0.0/16"]
"#;

const ACCOUNTS: &str = r#"
deployment = "privatelink"
[organization]
role = "platform/linkwalk"
regions = ["eu-west-1"]
external_id = "a-secret:1"
[endpoints.logs]
[endpoints.kms]
[endpoints.s3]
"#;

fn config(accounts_toml: &str) -> Config {
    let parsed = config::parse("test".to_owned(), accounts_toml.to_owned(), Path::new(""));
    parsed.unwrap_or_else(|wrong| panic!("{}", wrong.render(false)))
}

/// The role as it is printed, for one use.
fn printed(of: Use) -> role::Printed {
    printed_for(&[of])
}

fn printed_for(uses: &[Use]) -> role::Printed {
    let wish = Wish {
        uses: uses.iter().copied().collect(),
        trusted: Some("arn:aws:iam::111122223333:user/operator".parse().unwrap()),
        organization: Organization::Id(organization_id()),
    };
    role::member(&config(ACCOUNTS), &wish).unwrap()
}

/// The organization of [`MEMBER_ACCOUNT`], whose id is drawn from its seed.
fn organization_id() -> String {
    let world = MEMBER_ACCOUNT.replace("ROLE", "").replace("FOREIGN", "");
    let world = serde_json::to_value(World::from_scenario(&world).unwrap()).unwrap();
    world["organization"]["id"].as_str().unwrap().to_owned()
}

fn without(documents: &[Value], row: &Permission) -> Vec<Value> {
    let twins = MEMBER
        .iter()
        .filter(|other| (other.action, other.on, other.guard) == (row.action, row.on, row.guard));
    let sids: BTreeSet<&str> = twins.map(|twin| twin.sid).collect();
    let kept = |statement: &Value| {
        let mut statement = statement.clone();
        if !sids.contains(statement["Sid"].as_str().unwrap()) {
            return Some(statement);
        }
        let actions = match &statement["Action"] {
            Value::Array(list) => list.clone(),
            one => vec![one.clone()],
        };
        let left: Vec<Value> = actions.into_iter().filter(|it| *it != row.action).collect();
        statement["Action"] = left.clone().into();
        (!left.is_empty()).then_some(statement)
    };
    let mut cut = Vec::new();
    for document in documents {
        let statements = document["Statement"].as_array().unwrap();
        let left: Vec<Value> = statements.iter().filter_map(kept).collect();
        cut.push(json!({ "Version": "2012-10-17", "Statement": left }));
    }
    assert_ne!(cut, documents, "{} is not in the policies", row.action);
    cut
}

/// The scenario of one use, in which the role has these policies.
fn scenario(of: Use, policies: &[Value], trust: &Value) -> String {
    MEMBER_ACCOUNT
        .replace("ROLE", &place::role(policies, trust))
        .replace("FOREIGN", if of == Use::Adopt { FOREIGN } else { "" })
}

fn world(of: Use, policies: &[Value], trust: &Value) -> World {
    World::from_scenario(&scenario(of, policies, trust)).unwrap()
}

fn aim(of: Use) -> Aim {
    let purpose = match of {
        Use::Destroy => Purpose::Destroy,
        Use::Sync => Purpose::Converge(Changes { mode: Mode::Sync, ..Changes::default() }),
        Use::Adopt => Purpose::Converge(Changes { adopt: Adoption::Repair, ..Changes::default() }),
        _ => Purpose::Converge(Changes::default()),
    };
    Aim { purpose, ..Aim::default() }
}

/// One command to its end, as the role with these policies.
async fn run(of: Use, policies: &[Value]) -> (Rehearsal, Ended) {
    fastrand::seed(5);
    let rehearsal =
        Rehearsal::new(world(of, policies, &printed(of).role.unwrap().trust), ACCOUNTS, false)
            .aiming(aim(of));
    let go = !matches!(of, Use::Plan | Use::Audit | Use::Doctor);
    let ended =
        if go { rehearsal.apply(Mishap::default()).await.unwrap() } else { rehearsal.look().await };
    (rehearsal, ended)
}

/// Everything that failed, in words, with what to do about it.
fn complaints(ended: &Ended) -> String {
    let mut told = Vec::new();
    match &ended.walked {
        Err(failure) => told.push(format!("{failure:?}")),
        Ok((_, plan)) => {
            for planned in plan.targets.values() {
                match planned {
                    Planned::Unreachable { failure } => told.push(format!("{failure:?}")),
                    Planned::Ready(plan) => {
                        let denied =
                            plan.blocked.iter().filter(|it| it.reason.contains("to perform"));
                        told.extend(denied.map(|it| format!("{it:?}")));
                    }
                }
            }
        }
    }
    let failed = ended.outcomes.values().flatten().filter(|outcome| outcome.is_failure());
    told.extend(failed.map(|outcome| format!("{outcome:?}")));
    told.join("\n")
}

fn policies(of: Use) -> Vec<Value> {
    printed(of).policies.into_iter().map(|policy| policy.document).collect()
}

#[tokio::test(start_paused = true)]
async fn every_command_works_with_exactly_the_printed_policies() {
    for of in [Use::Plan, Use::Apply, Use::Adopt, Use::Sync, Use::Destroy] {
        let (rehearsal, ended) = run(of, &policies(of)).await;
        assert_eq!(complaints(&ended), "", "{of}");
        if of != Use::Plan {
            let left = rehearsal.plan().await;
            let actions = left.targets.values().map(|planned| match planned {
                Planned::Ready(plan) => plan.actions.len() + plan.blocked.len(),
                Planned::Unreachable { failure } => panic!("{of}: {failure}"),
            });
            assert_eq!(actions.sum::<usize>(), 0, "{of}: {left:#?}");
        }
    }
}

/// Runs a command once for every action that it is said to need, without that one.
async fn each_is_needed(of: Use) {
    let policies = policies(of);
    let mut unneeded = Vec::new();
    for row in MEMBER.iter().filter(|row| row.uses.contains(&of)) {
        // Services of others and zones without ids are not in this world; see the table.
        let is_elsewhere = row.guard == Guard::NewEndpointOfOthers
            || row.action == "ec2:DescribeAvailabilityZones";
        if is_elsewhere {
            continue;
        }
        let (_, ended) = run(of, &without(&policies, row)).await;
        let (told, action) = (complaints(&ended), row.action);
        if told.is_empty() {
            unneeded.push(format!("{action} ({})", row.sid));
            continue;
        }
        assert!(told.contains(&format!("to perform: {action}")), "{action}: {told}");
        assert!(told.contains("`linkwalk role --for "), "{action}: {told}");
    }
    assert!(unneeded.is_empty(), "{of} does without {unneeded:#?}");
}

#[tokio::test(start_paused = true)]
async fn without_any_one_action_plan_fails_and_says_which_and_what_to_do() {
    each_is_needed(Use::Plan).await;
}

#[tokio::test(start_paused = true)]
async fn without_any_one_action_apply_fails_and_says_which_and_what_to_do() {
    each_is_needed(Use::Apply).await;
}

#[tokio::test(start_paused = true)]
async fn without_any_one_action_adoption_fails_and_says_which_and_what_to_do() {
    each_is_needed(Use::Adopt).await;
}

#[tokio::test(start_paused = true)]
async fn without_any_one_action_sync_fails_and_says_which_and_what_to_do() {
    each_is_needed(Use::Sync).await;
}

#[tokio::test(start_paused = true)]
async fn without_any_one_action_destroy_fails_and_says_which_and_what_to_do() {
    each_is_needed(Use::Destroy).await;
}
