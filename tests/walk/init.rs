//! `linkwalk init`: the first accounts.toml.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::rig::{Finished, Rig};

/// The program in a folder, with this environment and nothing else.
fn run(folder: &Path, environment: &[(&str, &str)], arguments: &[&str], code: i32) -> Finished {
    let output = Command::new(env!("CARGO_BIN_EXE_linkwalk"))
        .current_dir(folder)
        .args(arguments)
        .stdin(Stdio::null())
        .env_clear()
        .env("HOME", folder)
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .envs(environment.iter().copied())
        .output()
        .unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    let (stdout, stderr) = (text(output.stdout), text(output.stderr));
    Finished { code: output.status.code(), stdout, stderr, calls: Vec::new() }.exits(code)
}

fn in_sandbox(folder: &Path, world: &str, arguments: &[&str], code: i32) -> Finished {
    run(folder, &[], &[&[world], arguments].concat(), code)
}

/// Blocks of accounts that cannot be read or served are the demo's; all VPCs that the plan is about.
fn planned_vpcs(plan: &Value) -> Vec<String> {
    let mut vpcs = Vec::new();
    let mut left = vec![plan];
    while let Some(value) = left.pop() {
        match value {
            Value::Object(map) => {
                vpcs.extend(map.get("vpc").and_then(Value::as_str).map(str::to_owned));
                left.extend(map.values());
            }
            Value::Array(items) => left.extend(items),
            _ => {}
        }
    }
    vpcs.sort();
    vpcs.dedup();
    vpcs
}

#[test]
fn the_demo_organization_leads_to_the_file_that_a_person_would_write() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    let shown = in_sandbox(folder, "--sandbox", &["init", "--to", "-", "--quiet"], 0);
    insta::assert_snapshot!(shown.stdout);
    in_sandbox(folder, "--sandbox", &["init"], 0).says("looking at 13 of 15 accounts");
    let written = fs::read_to_string(folder.join("accounts.toml")).unwrap();
    assert_eq!(written, shown.stdout, "the same organization leads to the same file");
    // Its plan is that of the demo's own accounts.toml, but for the tags: 1 because two accounts cannot be read.
    let proposed = ["-c", "accounts.toml", "plan", "-o", "json"];
    let proposed = in_sandbox(folder, "--sandbox", &proposed, 1).json();
    let own = in_sandbox(folder, "--sandbox", &["plan", "-o", "json"], 1).json();
    assert_eq!(planned_vpcs(&proposed), planned_vpcs(&own));
    assert_eq!(planned_vpcs(&own).len(), 11);
}

/// Enrolled in Control Tower; default VPCs everywhere; two regions, one of them hardly used; no tags.
const TOWER: &str = r#"
format = 1
seed = 3
[organization]

[[account]]
name = "apps"
unit = "/Workloads/NonProd"
default_vpcs = true
roles = [{ name = "AWSControlTowerExecution" }]
vpc = [{ name = "a", cidrs = ["10.1.0.0/16"] }, { name = "b", cidrs = ["10.2.0.0/16"], region = "eu-central-1" }]

[[account]]
name = "apps-prod"
unit = "/Workloads/Prod"
default_vpcs = true
roles = [{ name = "AWSControlTowerExecution" }]
vpc = [{ name = "a", cidrs = ["10.3.0.0/16"] }]

[[account]]
name = "log-archive"
unit = "/Security"
default_vpcs = true
roles = [{ name = "AWSControlTowerExecution" }]
vpc = [{ name = "a", cidrs = ["10.4.0.0/16"] }]

[[account]]
name = "outside"
unit = "/Left"
default_vpcs = true
roles = []
"#;

#[test]
fn the_role_that_opens_most_is_taken_and_default_vpcs_are_left_alone() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    fs::write(folder.join("world.toml"), TOWER).unwrap();
    let world = "--sandbox=world.toml";
    let told = in_sandbox(folder, world, &["init", "-o", "json"], 0).json();
    assert_eq!(told["role"], "AWSControlTowerExecution");
    assert_eq!(told["regions"], json!(["eu-west-1", "eu-central-1"]));
    assert_eq!(told["include"], json!(["ou:/Workloads/**"]));
    assert_eq!(told["looked"]["opened"], 3);
    assert_eq!(told["vpcs"], "non-default");
    let waves: Vec<_> = told["waves"].as_array().unwrap().iter().map(|w| &w["name"]).collect();
    assert_eq!(waves, ["development", "production"]);
    let plan = ["-c", "accounts.toml", "plan", "-o", "json"];
    let plan = in_sandbox(folder, world, &plan, 0).json();
    assert_eq!(planned_vpcs(&plan).len(), 3, "{:?}", planned_vpcs(&plan));
    // One region, every account.
    let one = ["init", "--region", "eu-west-1", "--all", "--to", "one.toml", "-o", "json"];
    let told = in_sandbox(folder, world, &one, 0).json();
    assert_eq!(told["regions"], json!(["eu-west-1"]));
}

#[test]
fn without_a_role_that_opens_anything_the_file_says_so_and_the_exit_code_too() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    let world =
        "format = 1\n[organization]\n[[account]]\nname = \"a\"\nunit = \"/W\"\nroles = []\n";
    fs::write(folder.join("world.toml"), world).unwrap();
    in_sandbox(folder, "--sandbox=world.toml", &["init"], 1)
        .says("no account could be entered")
        .says("linkwalk init --role NAME");
    let written = fs::read_to_string(folder.join("accounts.toml")).unwrap();
    assert!(written.contains("It opened none of the 1 account tried"), "{written}");
    in_sandbox(folder, "--sandbox=world.toml", &["-c", "accounts.toml", "accounts"], 0);
}

#[test]
fn an_account_without_an_organization_is_told_what_to_do() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    fs::write(folder.join("world.toml"), "format = 1\n").unwrap();
    in_sandbox(folder, "--sandbox=world.toml", &["init"], 1)
        .says("AWSOrganizationsNotInUseException")
        .says("linkwalk init --account 111122223333")
        .says("linkwalk init --offline");
    assert!(!folder.join("accounts.toml").exists());
}

#[test]
fn named_accounts_need_no_organization() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    let demo = ["init", "--account", "222200000001"];
    in_sandbox(folder, "--sandbox", &demo, 0).says("looking at 1 of 1 account");
    let plan = in_sandbox(folder, "--sandbox", &["-c", "accounts.toml", "plan", "-o", "json"], 0);
    assert_eq!(planned_vpcs(&plan.json()).len(), 1);
    let management = ["init", "--account", "111122223333", "--to", "m.toml"];
    in_sandbox(folder, "--sandbox", &management, 1).says("never touched");
    assert!(!folder.join("m.toml").exists());
}

#[test]
fn without_credentials_there_is_a_starter_and_with_broken_ones_an_error() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    run(folder, &[], &["init"], 0).says("because there are no AWS credentials");
    let starter = fs::read_to_string(folder.join("accounts.toml")).unwrap();
    assert!(starter.starts_with("#:schema accounts.schema.json\n"), "{starter}");
    // A profile that asks for SSO and has no session; one that is not there; half a key.
    let sso = "[profile sso]\nsso_session = corp\nsso_account_id = 111122223333\nsso_role_name = admin\n\
               [sso-session corp]\nsso_region = eu-west-1\nsso_start_url = https://127.0.0.1:1/start\n";
    fs::write(folder.join("config"), sso).unwrap();
    let config = folder.join("config");
    let config = ("AWS_CONFIG_FILE", config.to_str().unwrap());
    for environment in [
        vec![config, ("AWS_PROFILE", "sso")],
        vec![config, ("AWS_PROFILE", "nobody")],
        vec![("AWS_ACCESS_KEY_ID", "AKIAHALF")],
    ] {
        run(folder, &environment, &["init", "--to", "other.toml"], 1)
            .says("nothing was written")
            .says("aws sso login")
            .says("linkwalk init --offline");
        assert!(!folder.join("other.toml").exists(), "{environment:?}");
    }
}

#[test]
fn offline_asks_nobody_and_what_is_there_is_never_overwritten() {
    let rig = Rig::of(&["orders-staging"]);
    let refused = rig.run(&["init"]).exits(64).says("never overwrites").says("--to FILE");
    assert_eq!(refused.calls.len(), 0);
    let offline = rig.run(&["init", "--offline", "--to", "-", "--region", "eu-central-1"]).exits(0);
    assert_eq!(offline.calls.len(), 0);
    assert!(offline.stdout.contains("regions = [\"eu-central-1\"]"), "{}", offline.stdout);
    for (arguments, says) in [
        (&["init", "--region", "eu-wset-1", "--to", "x"][..], "did you mean `eu-west-1`"),
        (&["init", "--role", "arn:aws:iam::111122223333:role/x", "--to", "x"], "role's name"),
        (&["init", "-c", "accounts.toml"], "--to FILE"),
        (&["init", "-o", "sarif", "--to", "x"], "text or json"),
        (&["init", "--to", "nowhere/x"], "no folder"),
    ] {
        let refused = rig.run(arguments).exits(64).says(says);
        assert_eq!(refused.calls.len(), 0, "{arguments:?}");
        assert!(!rig.file("x").exists());
    }
    fs::remove_file(rig.file("accounts.toml")).unwrap();
    rig.run(&["plan"]).exits(64).says("run `linkwalk init`");
}

#[test]
fn on_the_emulator_it_reads_only_and_its_plan_is_for_the_workloads() {
    let rig = Rig::new(&json!({ "accounts": [
        { "name": "orders-staging", "ou": "/Workloads/Staging" },
        { "name": "orders-production", "ou": "/Workloads/Production" },
        { "name": "odd", "ou": "/Odd [a]*\n" },
        { "name": "empty", "ou": "/Empty", "vpcs": [] },
        { "name": "retired", "ou": "/Suspended", "closed": true }
    ] }));
    fs::remove_file(rig.file("accounts.toml")).unwrap();
    let run = rig.run(&["init", "--region", "eu-west-1", "-o", "json"]).exits(0);
    assert_eq!(run.mutations(), Vec::<&str>::new());
    let told = run.json();
    let odd = format!("ou:{}", rig.unit("/Odd [a]*\n"));
    assert_eq!(told["include"], json!([odd, "ou:/Workloads/**"]));
    assert_eq!(told["vpcs"], json!({ "tags": { "purpose": "workload" } }));
    let plan = rig.plan().exits(2);
    let mut workloads: Vec<_> = ["orders-staging", "orders-production", "odd"]
        .map(|name| rig.network(name)["id"].as_str().unwrap().to_owned())
        .into();
    workloads.sort();
    assert_eq!(planned_vpcs(&plan.json()), workloads);
}
