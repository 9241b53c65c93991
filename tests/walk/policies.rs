//! Endpoint policies, the VPC's DNS attributes and the shared root's repositories, by the program itself: in
//! the sandbox and on the independent emulator.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::rig::{ACCOUNTS_TOML, Rig};

const NOTHING: Vec<&str> = Vec::new();

/// Runs the program where nothing real can be reached.
#[track_caller]
fn offline(folder: &Path, arguments: &[&str], code: i32) -> (String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_linkwalk"))
        .current_dir(folder)
        .args(arguments)
        .stdin(Stdio::null())
        .env_clear()
        .env("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .output()
        .unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    let (stdout, stderr) = (text(output.stdout), text(output.stderr));
    assert_eq!(output.status.code(), Some(code), "{arguments:?}\n{stdout}\n{stderr}");
    (stdout, stderr)
}

fn organization_id(rig: &Rig) -> String {
    let answer = rig.in_organization("describe_organization", &json!({}));
    answer["Organization"]["Id"].as_str().unwrap().to_owned()
}

fn with_key(table: &str, key: &str) -> String {
    ACCOUNTS_TOML.replacen(&format!("[{table}]\n"), &format!("[{table}]\n{key}\n"), 1)
}

fn policy_of(rig: &Rig, service: &str) -> Value {
    let endpoint = rig.endpoint(rig.account("one"), service);
    serde_json::from_str(endpoint["PolicyDocument"].as_str().unwrap()).unwrap()
}

#[test]
fn the_policy_of_a_service_is_shown_without_a_network_and_without_a_file() {
    let folder = TempDir::new().unwrap();
    let said = ["--organization", "o-a1b2c3d4e5", "--region", "cn-north-1"];
    let (stdout, stderr) = offline(folder.path(), &[&["policy", "s3"], &said[..]].concat(), 0);
    let policy: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(policy["Version"], "2012-10-17");
    assert!(stdout.contains("arn:aws-cn:s3:::prod-cn-north-1-starport-layer-bucket/*"), "{stdout}");
    assert_eq!(stderr, "");
    for (arguments, says) in [
        (vec!["policy", "s3", "--organization", "o-1"], "o-a1b2c3d4e5"),
        (vec!["policy", "s3", "--region", "atlantis-1"], "no such region"),
        (vec!["policy", "s3", "--organization", "o-a1b2c3d4e5"], "--region REGION"),
        (
            vec!["policy", "ecr", "--organization", "o-a1b2c3d4e5", "--region", "eu-west-1"],
            "ecr.api, ecr.dkr, s3",
        ),
        (vec!["policy", "email-smtp"], "no accounts.toml"),
    ] {
        let (_, stderr) = offline(folder.path(), &arguments, 64);
        assert!(stderr.contains(says), "{arguments:?}: {stderr}");
    }
}

#[test]
fn what_accounts_toml_gives_a_service_is_shown_as_it_would_be_sent() {
    let folder = TempDir::new().unwrap();
    let own = r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": "*", "Action": "kms:Decrypt", "Resource": "*"}}"#;
    fs::write(folder.path().join("kms.json"), own).unwrap();
    let file = |id: &str| {
        format!(
            "deployment = \"d\"\n[organization]\nregions = [\"eu-west-1\", \"eu-west-2\"]\n{id}\n\
             [endpoints.kms]\npolicy = {{ file = \"kms.json\" }}\n[endpoints.logs]\n\
             [endpoints.email-smtp]\n"
        )
    };
    fs::write(folder.path().join("accounts.toml"), file("id = \"o-a1b2c3d4e5\"")).unwrap();
    let (stdout, _) = offline(folder.path(), &["policy", "kms"], 0);
    assert_eq!(
        serde_json::from_str::<Value>(&stdout).unwrap(),
        serde_json::from_str::<Value>(own).unwrap()
    );
    let (stdout, stderr) = offline(folder.path(), &["policy", "logs"], 0);
    assert!(stdout.contains("\"aws:ResourceOrgID\": \"o-a1b2c3d4e5\""), "{stdout}");
    assert!(stderr.contains("gives `logs` full access"), "{stderr}");
    assert!(stderr.contains("as in eu-west-1"), "{stderr}");
    let (_, stderr) = offline(folder.path(), &["policy", "email-smtp"], 64);
    assert!(stderr.contains("endpoints of `email-smtp` take no policy"), "{stderr}");
    fs::write(folder.path().join("kms.json"), own.replace("\"Principal\": \"*\", ", "")).unwrap();
    let (_, stderr) = offline(folder.path(), &["policy", "kms"], 64);
    assert!(stderr.contains("kms.json, line 1: statement 1 needs a `Principal`"), "{stderr}");
    assert!(stderr.contains("accounts.toml:6:19"), "{stderr}");
}

#[test]
fn the_perimeter_is_sent_kept_and_a_change_of_it_is_a_visible_difference() {
    let rig = Rig::of(&["one"]);
    let account = rig.account("one");
    rig.apply().exits(0);
    rig.write(&with_key("endpoints.ecr", "policy = \"organization\""));
    let plan = rig.run(&["plan", "--account", account]).exits(0);
    assert!(plan.stdout.contains("~ policy:"), "{}", plan.stdout);
    assert!(plan.stdout.contains("- full access"), "{}", plan.stdout);
    assert!(plan.stdout.contains("starport-layer-bucket"), "{}", plan.stdout);

    let changed = rig.apply().exits(0);
    assert_eq!(changed.mutations(), ["ModifyVpcEndpoint"; 3]);
    let id = organization_id(&rig);
    for service in ["ecr.api", "ecr.dkr", "s3"] {
        let shown = rig.run(&["policy", service]).exits(0);
        assert_eq!(policy_of(&rig, service), shown.json(), "{service}");
        assert!(shown.stdout.contains(&id));
    }
    assert_eq!(rig.apply().exits(0).mutations(), NOTHING);
    rig.run(&["audit"]).exits(0);
}

#[test]
fn without_organizations_the_id_must_be_given_and_it_must_be_the_right_one() {
    let mut rig = Rig::of(&["one"]);
    let (account, id) = (rig.account("one").to_owned(), organization_id(&rig));
    rig.write(
        &with_key("endpoints.logs", "policy = \"organization\"").replace(
            "regions = [\"eu-west-1\"]",
            "id = \"o-aaaaaaaaaa\"\nregions = [\"eu-west-1\"]",
        ),
    );
    rig.run(&["plan"]).exits(1).says("organization.id = \"o-aaaaaaaaaa\"").says(&id);

    rig.refuse(&account, "DescribeOrganization", "AccessDeniedException", "not for you");
    let roster = format!("[[account]]\nid = \"{account}\"\n");
    let file = with_key("endpoints.logs", "policy = \"organization\"") + &roster;
    rig.log_in_as(&account);
    rig.write(&file);
    rig.run(&["plan"])
        .exits(1)
        .says("policy = \"organization\" needs the organization's id, which cannot be read")
        .says("id = \"o-...\" in [organization]");
    rig.write(&file.replace("[organization]\n", &format!("[organization]\nid = \"{id}\"\n")));
    // A member may not enter itself by that role; what counts here is that the id was enough.
    let (_, stderr) = {
        let run = rig.run(&["plan", "-o", "json"]);
        (run.stdout.clone(), run.stderr)
    };
    assert!(!stderr.contains("needs the organization's id"), "{stderr}");
    rig.release(&account);
}

/// An account whose VPC has DNS support and no DNS host names.
fn dark() -> Rig {
    let vpcs = json!([{ "dns_hostnames": false }]);
    let rig = Rig::new(
        &json!({ "accounts": [{ "name": "one", "ou": "/Workloads/Staging", "vpcs": vpcs }] }),
    );
    rig.write(&with_key("network", "fix_vpc_dns = true"));
    rig
}

fn host_names(rig: &Rig) -> Value {
    let ask = json!({ "VpcId": rig.network("one")["id"], "Attribute": "enableDnsHostnames" });
    let answer = rig.by_hand(rig.account("one"), "describe_vpc_attribute", &ask);
    answer["EnableDnsHostnames"]["Value"].clone()
}

#[test]
fn dns_attributes_are_turned_on_before_what_needs_them_and_destroy_leaves_them_on() {
    let rig = dark();
    let account = rig.account("one");
    let vpc = rig.network("one")["id"].as_str().unwrap();
    let plan = rig.run(&["plan", "--account", account]).exits(0);
    assert!(
        plan.stdout.contains(&format!("~ {vpc} (DNS hostnames: off -> on)")),
        "{}",
        plan.stdout
    );
    assert!(plan.stdout.contains("destroy does not turn them off again"), "{}", plan.stdout);
    let audit = rig.run(&["audit", "-o", "json"]).exits(2);
    assert_eq!(audit.json()["findings"][0]["kind"], "account-not-covered");

    let only = rig.run(&["apply", "--yes", "--mode", "create-only", "-o", "json"]).exits(0);
    assert_eq!(only.mutations(), ["CreateVpcEndpoint"], "the gateway");
    assert_eq!(host_names(&rig), false);

    let saved = rig.file("plan.json");
    rig.run(&["plan", "--out", saved.to_str().unwrap()]).exits(0);
    let applied = rig.run(&["apply", saved.to_str().unwrap(), "-o", "json"]).exits(0);
    assert_eq!(applied.mutations()[0], "ModifyVpcAttribute");
    assert_eq!(applied.count("ModifyVpcAttribute"), 1);
    assert_eq!(host_names(&rig), true);
    let again = rig.apply().exits(0);
    assert_eq!((again.outcome(account).as_str(), again.mutations()), ("in-sync", NOTHING));

    let off = json!({ "VpcId": vpc, "EnableDnsHostnames": { "Value": false } });
    rig.by_hand(account, "modify_vpc_attribute", &off);
    let audit = rig.run(&["audit", "-o", "json"]).exits(2).json();
    assert_eq!(audit["findings"][0]["kind"], "vpc-dns-attributes");
    assert!(audit["findings"][0]["command"].as_str().unwrap().ends_with("--only private-dns"));
    let repaired = rig.run(&["apply", "--yes", "--only", "private-dns", "-o", "json"]).exits(0);
    assert_eq!(repaired.mutations(), ["ModifyVpcAttribute"]);

    let id = organization_id(&rig);
    let destroy = ["destroy", "--yes", "--confirm", &id, "--force", "-o", "json"];
    assert_eq!(rig.run(&destroy).exits(0).count("ModifyVpcAttribute"), 0);
    assert_eq!(host_names(&rig), true);
}

#[test]
fn a_refused_change_of_the_vpc_fails_what_needs_it_and_says_why() {
    let rig = dark();
    let account = rig.account("one");
    rig.refuse(account, "ModifyVpcAttribute", "UnauthorizedOperation", "not allowed");
    let run = rig.apply().exits(1);
    assert_eq!(run.outcome(account), "partly-changed");
    let failed = run.json()["targets"][0]["failed"].to_string();
    assert!(failed.contains("ModifyVpcAttribute") && failed.contains("which failed"), "{failed}");
    rig.release(account);
    rig.apply().exits(0);
}

#[test]
fn the_shared_roots_repositories_are_read_by_the_callers_own_credentials_or_by_a_narrow_session() {
    let rig = Rig::of(&["one", "shared"]);
    let shared = rig.account("shared");
    rig.write(&with_key("organization", &format!("shared_root = [\"{shared}\"]")));
    let id = organization_id(&rig);
    let pull =
        ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer", "ecr:BatchCheckLayerAvailability"];
    let policy = json!({ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Principal": "*",
        "Action": pull, "Condition": { "StringEquals": { "aws:PrincipalOrgID": id } } }] });
    for (account, name, policy) in [
        (shared, "team/open", Some(&policy)),
        (shared, "team/closed", None),
        (rig.management(), "base", None),
    ] {
        let name = json!({ "repositoryName": name });
        rig.in_account(account, "ecr", "create_repository", &name);
        if let Some(policy) = policy {
            let set = json!({ "repositoryName": name["repositoryName"], "policyText": policy.to_string() });
            rig.in_account(account, "ecr", "set_repository_policy", &set);
        }
    }
    let run = rig.run(&["doctor", "--shared-root", "-o", "json"]).exits(1);
    let found = run.json();
    let statuses: Vec<(&str, &str)> = found["registries"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|registry| registry["repositories"].as_array().unwrap())
        .map(|one| (one["name"].as_str().unwrap(), one["status"].as_str().unwrap()))
        .collect();
    let mut sorted = statuses.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, [("base", "problem"), ("team/closed", "problem"), ("team/open", "ok")]);
    assert_eq!(run.count("AssumeRole"), 1, "the management account is the caller's own");
    let assumed = run.calls.iter().find(|call| call.action == "AssumeRole").unwrap();
    assert!(assumed.form["Policy"].to_string().contains("ecr:GetRepositoryPolicy"), "{assumed:?}");
    let read = |call: &&crate::rig::Call| {
        call.action.starts_with("Describe")
            || call.action.starts_with("Get")
            || call.action.starts_with("List")
    };
    assert!(
        run.calls.iter().all(|call| call.action == "AssumeRole" || read(&call)),
        "{:?}",
        run.calls
    );

    let fixed = found["registries"][0]["repositories"]
        .as_array()
        .unwrap()
        .iter()
        .chain(found["registries"][1]["repositories"].as_array().unwrap());
    for one in fixed.filter(|one| one["status"] == "problem") {
        let account = if one["name"] == "base" { rig.management() } else { shared };
        let set = json!({ "repositoryName": one["name"], "policyText": one["policy"].to_string() });
        rig.in_account(account, "ecr", "set_repository_policy", &set);
    }
    rig.run(&["doctor", "--shared-root"]).exits(0);
    rig.run(&["doctor", "--shared-root", "--account", rig.account("one")])
        .exits(64)
        .says("is not of the shared root");
}

#[test]
fn the_demos_shared_account_has_one_repository_that_nobody_may_pull_from() {
    let folder = TempDir::new().unwrap();
    let (stdout, _) = offline(folder.path(), &["--sandbox", "doctor", "--shared-root", "-q"], 1);
    let organization = stdout.split("\"o-").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
    insta::assert_snapshot!(stdout.replace(organization, "ORGANIZATION"));
}
