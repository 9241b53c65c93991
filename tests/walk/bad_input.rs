//! What can be wrong before and around a run: a clear message, the right exit code, nothing half done.

use std::fs;

use serde_json::json;

use crate::rig::{ACCOUNTS_TOML, Finished, Rig};

/// Runs `apply --yes` and asserts that the file was refused before any network call.
#[track_caller]
fn refused(rig: &Rig, says: &str) -> Finished {
    let run = rig.run(&["apply", "--yes"]).exits(64).says(says);
    assert_eq!(run.calls.len(), 0, "nothing is asked of AWS before the file is right");
    assert_eq!(run.stdout, "");
    run
}

#[test]
fn a_file_that_is_not_there() {
    let rig = Rig::of(&[]);
    fs::remove_file(rig.file("accounts.toml")).unwrap();
    refused(&rig, "accounts.toml");
}

#[test]
fn an_empty_file() {
    let rig = Rig::of(&[]);
    rig.write("");
    refused(&rig, "deployment");
}

#[test]
fn a_binary_file() {
    let rig = Rig::of(&[]);
    fs::write(rig.file("accounts.toml"), [0x7f, b'E', b'L', b'F', 0xff, 0xfe, 0, 1, 2]).unwrap();
    let run = refused(&rig, "accounts.toml");
    assert!(!run.stderr.contains('\u{7f}') && !run.stderr.contains('\0'));
}

#[test]
fn a_directory() {
    let rig = Rig::of(&[]);
    fs::remove_file(rig.file("accounts.toml")).unwrap();
    fs::create_dir(rig.file("accounts.toml")).unwrap();
    refused(&rig, "directory");
}

#[cfg(unix)]
#[test]
fn a_file_that_may_not_be_read() {
    use std::os::unix::fs::PermissionsExt;
    let rig = Rig::of(&[]);
    let file = rig.file("accounts.toml");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o000)).unwrap();
    // The superuser may read everything.
    if fs::read(&file).is_err() {
        refused(&rig, "ermission denied");
    }
}

#[test]
fn every_problem_of_a_file_is_said_at_once_each_with_its_line() {
    let rig = Rig::of(&[]);
    rig.write(
        r#"deployment = "privatelink"
[organisation]
regions = ["eu-west-1"]
[accounts]
exclude = ["ou:Workloads"]
[network]
subnets = "privat"
[endpoints.ecr]
privat_dns = true
"#,
    );
    let run = refused(&rig, "organization");
    for line in [2, 5, 7, 9] {
        assert!(run.stderr.contains(&format!("accounts.toml:{line}:")), "{line}:\n{}", run.stderr);
    }
    assert!(run.stderr.contains("private_dns"), "the nearest key is named:\n{}", run.stderr);
}

#[test]
fn a_region_that_does_not_exist() {
    let rig = Rig::of(&[]);
    rig.write(&ACCOUNTS_TOML.replace("eu-west-1", "eu-west1"));
    refused(&rig, "eu-west-1");
}

#[test]
fn an_account_id_without_quotes() {
    let rig = Rig::of(&[]);
    rig.add("[accounts]\nexclude = [123456789012]");
    refused(&rig, "\"123456789012\"");
}

#[test]
fn an_account_id_that_is_not_twelve_digits() {
    let rig = Rig::of(&[]);
    rig.add("[accounts]\nexclude = [\"12345678901\"]");
    refused(&rig, "12");
}

#[test]
fn an_unknown_option_and_a_missing_command() {
    let rig = Rig::of(&[]);
    rig.run(&["apply", "--yess"]).exits(64).says("--yes");
    rig.run(&["plan", "--account", "12345"]).exits(64).says("12 digits");
    rig.run(&["aply"]).exits(64).says("apply");
    rig.run(&[]).exits(64);
}

#[test]
fn help_and_version_are_data_and_not_errors() {
    let rig = Rig::of(&[]);
    for arguments in [&["--help"][..], &["--version"], &["apply", "--help"]] {
        let run = rig.run(arguments).exits(0);
        assert!(!run.stdout.is_empty() && run.stderr.is_empty());
    }
}

#[test]
fn an_unknown_service_is_named_with_the_nearest_known_one() {
    let rig = Rig::of(&["one"]);
    rig.write(&ACCOUNTS_TOML.replace("[endpoints.logs]", "[endpoints.log]"));
    let run = rig.apply();
    assert!([Some(1), Some(64)].contains(&run.code), "{run:?}");
    let text = format!("{}{}", run.stdout, run.stderr);
    assert!(text.contains("`logs`") || text.contains("\"logs\""), "{text}");
}

#[test]
fn no_credentials() {
    let rig = Rig::of(&["one"]);
    let mut command = rig.command(&["apply", "--yes"]);
    command.env_remove("AWS_ACCESS_KEY_ID").env_remove("AWS_SECRET_ACCESS_KEY");
    let run = rig.finish(&mut command).exits(1).says("credentials");
    assert_eq!(run.calls.len(), 0);
}

#[test]
fn wrong_credentials() {
    let mut rig = Rig::of(&["one"]);
    rig.log_in_with("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY");
    let run = rig.run(&["apply", "--yes"]).exits(1).says("security token");
    assert!(!run.stderr.contains("wJalrXUtnFEMI"), "secrets are never shown");
}

#[test]
fn expired_credentials() {
    let rig = Rig::of(&["one"]);
    let management = rig.management();
    let message = "The security token included in the request is expired";
    rig.refuse(management, "AssumeRole", "ExpiredToken", message);
    rig.refuse(management, "GetCallerIdentity", "ExpiredToken", message);
    rig.refuse(management, "DescribeOrganization", "ExpiredTokenException", message);
    rig.refuse(management, "List*", "ExpiredTokenException", message);
    let run = rig.run(&["apply", "--yes"]).exits(1).says("expired");
    assert_eq!(run.mutations(), Vec::<&str>::new());
}

#[test]
fn an_account_that_is_in_no_organization() {
    let mut rig = Rig::of(&["one"]);
    rig.log_in_as("999999999999");
    rig.run(&["apply", "--yes"]).exits(1).says("[[account]]");
}

#[test]
fn a_member_that_may_not_list_the_accounts() {
    let mut rig = Rig::of(&["one"]);
    let one = rig.account("one").to_owned();
    rig.log_in_as(&one);
    let run = rig.run(&["apply", "--yes"]).exits(1).says("delegated administrator");
    assert_eq!(run.mutations(), Vec::<&str>::new());
}

#[test]
fn an_address_that_refuses_connections() {
    let rig = Rig::of(&["one"]);
    let mut command = rig.command(&["apply", "--yes"]);
    // Port 1 is reserved, and nothing listens there.
    command.env("AWS_ENDPOINT_URL", "http://127.0.0.1:1");
    rig.finish(&mut command).exits(1).says("AWS_ENDPOINT_URL");
}

#[test]
fn a_service_that_is_in_none_of_the_subnets_zones_is_blocked_and_the_others_are_made() {
    let rig = Rig::of(&["one"]);
    // It is in zone a only.
    rig.add("[endpoints.\"airflow.api\"]\nsubnets = { tags = { Name = \"private-b\" } }");
    let run = rig.apply().exits(1);
    assert_eq!(run.outcome(rig.account("one")), "diverged");
    assert!(run.stdout.contains("airflow.api"), "{}", run.stdout);
    assert_eq!(rig.endpoints(rig.account("one")).len(), crate::rig::ENDPOINTS);
    assert_eq!(rig.apply().exits(1).mutations(), Vec::<&str>::new());
}

#[test]
fn a_vpc_without_matching_subnets_is_said_and_gets_its_gateway() {
    let vpc = json!({ "private": 0 });
    let rig = Rig::new(&json!({ "accounts": [{ "name": "one", "vpcs": [vpc] }] }));
    let run = rig.apply().exits(1);
    assert_eq!(run.outcome(rig.account("one")), "diverged");
    assert!(run.stdout.contains("subnet"), "{}", run.stdout);
    assert_eq!(run.count("CreateSecurityGroup"), 0, "there is nothing to protect");
}

#[test]
fn a_vpc_selector_that_matches_nothing_is_said() {
    let rig = Rig::of(&["one"]);
    rig.write(&ACCOUNTS_TOML.replace("workload", "workloads"));
    let plan = rig.run(&["plan", "--account", rig.account("one")]);
    assert!(plan.stdout.contains("VPC"), "{}", plan.stdout);
    assert_eq!(rig.apply().mutations(), Vec::<&str>::new());
}

#[test]
fn a_selection_that_leaves_nobody_is_said() {
    let rig = Rig::of(&["one"]);
    rig.add("[accounts]\ninclude = [\"ou:/Nowhere\"]");
    let run = rig.run(&["apply", "--yes"]);
    assert!([Some(1), Some(64)].contains(&run.code), "{run:?}");
    assert_eq!(run.mutations(), Vec::<&str>::new());
}

#[test]
fn apply_without_a_terminal_and_without_yes_is_refused_before_anything_is_asked() {
    let rig = Rig::of(&["one"]);
    let run = rig.run(&["apply"]).exits(64).says("--yes");
    assert_eq!(run.calls.len(), 0);
}
