//! The program in the sandbox: no AWS account, no emulator, no environment.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// One account whose VPC needs one gateway, which is available at once.
const SCENARIO: &str = r#"
format = 1
[organization]
[[account]]
name = "alpha"
vpc = [{ name = "main", cidrs = ["10.0.0.0/16"] }]
"#;

const ACCOUNTS: &str = r#"
deployment = "privatelink"
[organization]
regions = ["eu-west-1"]
[endpoints.s3]
"#;

/// An empty folder with surroundings that lead nowhere: whoever read them could not go on.
fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_linkwalk"));
    command
        .current_dir(folder)
        .args(arguments)
        .stdin(Stdio::null())
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap())
        .env("AWS_PROFILE", "nobody")
        .env("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
        .env("AWS_CA_BUNDLE", "/nowhere")
        .env("AWS_ACCESS_KEY_ID", "AKIAREAL");
    command
}

fn run(folder: &Path, arguments: &[&str]) -> Output {
    command(folder, arguments).output().unwrap()
}

#[track_caller]
fn exits(folder: &Path, arguments: &[&str], code: i32) -> (String, String) {
    let output = run(folder, arguments);
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    let (stdout, stderr) = (text(output.stdout), text(output.stderr));
    assert_eq!(output.status.code(), Some(code), "{arguments:?}\n{stdout}\n{stderr}");
    (stdout, stderr)
}

fn folder() -> TempDir {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("world.toml"), SCENARIO).unwrap();
    fs::write(folder.path().join("accounts.toml"), ACCOUNTS).unwrap();
    folder
}

#[test]
fn the_demo_needs_no_file_no_account_and_no_network_and_everything_says_sandbox() {
    let folder = TempDir::new().unwrap();
    let (table, stderr) = exits(folder.path(), &["--sandbox", "accounts"], 0);
    assert!(table.starts_with("SANDBOX") && stderr.starts_with("SANDBOX"), "{table}{stderr}");
    assert!(table.ends_with("12 consumers, 3 skipped\n"), "{table}");
    // Some accounts of the demo cannot be reached, which is what they teach.
    let (plan, _) = exits(folder.path(), &["plan", "--sandbox"], 1);
    assert!(plan.starts_with("SANDBOX") && plan.contains("shop-staging"), "{plan}");
    for arguments in [["--sandbox", "accounts", "-o", "json"], ["--sandbox", "plan", "-o", "json"]]
    {
        let stdout = run(folder.path(), &arguments).stdout;
        assert_eq!(serde_json::from_slice::<Value>(&stdout).unwrap()["sandbox"], true);
    }
    let (events, _) = exits(folder.path(), &["--sandbox", "accounts", "-o", "jsonl"], 0);
    let first: Value = serde_json::from_str(events.lines().next().unwrap()).unwrap();
    assert_eq!((&first["event"], &first["sandbox"]), (&"run-started".into(), &true.into()));
}

#[test]
fn what_was_applied_is_still_there_can_be_broken_and_is_mended() {
    let folder = folder();
    let folder = folder.path();
    let world = "--sandbox=world.toml";
    let (summary, _) = exits(folder, &[world, "apply", "--yes"], 0);
    assert!(summary.contains("\nSANDBOX") && summary.contains("1 changed"), "{summary}");
    exits(folder, &[world, "plan", "--detailed-exitcode"], 0);
    let (broken, _) =
        exits(folder, &[world, "sandbox", "break", "delete-endpoint", "--seed", "1"], 0);
    assert!(broken.starts_with("SANDBOX") && broken.contains("(alpha)"), "{broken}");
    exits(folder, &[world, "plan", "--detailed-exitcode"], 2);
    exits(folder, &[world, "apply", "--yes"], 0);
    exits(folder, &[world, "plan", "--detailed-exitcode"], 0);
    exits(folder, &["sandbox", "reset"], 0);
    exits(folder, &[world, "plan", "--detailed-exitcode"], 2);
}

#[test]
fn apply_asks_in_the_sandbox_too() {
    let folder = folder();
    let (_, stderr) = exits(folder.path(), &["--sandbox", "apply"], 64);
    assert!(stderr.contains("apply --yes"), "{stderr}");
}

#[test]
fn a_broken_scenario_a_missing_one_and_a_world_of_another_version_are_told() {
    let folder = folder();
    let folder = folder.path();
    fs::write(folder.join("broken.toml"), "format = 1\nsed = 2\n").unwrap();
    let (_, stderr) = exits(folder, &["--sandbox=broken.toml", "plan"], 64);
    assert!(stderr.contains("broken.toml") && stderr.contains("line 2"), "{stderr}");
    let (_, stderr) = exits(folder, &["--sandbox=missing.toml", "plan"], 64);
    assert!(stderr.contains("missing.toml"), "{stderr}");
    exits(folder, &["--sandbox=world.toml", "accounts"], 0);
    let kept = fs::read_dir(folder.join(".linkwalk/sandbox")).unwrap();
    let kept = kept.map(|entry| entry.unwrap().path());
    let kept = kept.into_iter().find(|path| path.extension().is_some()).unwrap();
    fs::write(&kept, r#"{"format": 99}"#).unwrap();
    let (_, stderr) = exits(folder, &["--sandbox=world.toml", "accounts"], 64);
    assert!(stderr.contains("format 99"), "{stderr}");
}

#[test]
fn a_port_in_use_is_told() {
    let folder = folder();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let (_, stderr) = exits(folder.path(), &["sandbox", "serve", "--port", &port], 64);
    assert!(stderr.contains(&port) && stderr.contains("--port"), "{stderr}");
}

#[test]
fn another_client_works_with_what_serve_prints_and_what_it_did_is_kept() {
    let folder = folder();
    let folder = folder.path();
    let mut server = command(folder, &["sandbox", "serve", "--world", "world.toml", "--port", "0"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut exports = BufReader::new(server.stdout.take().unwrap());
    let mut client = command(folder, &["apply", "--yes"]);
    client.env_clear().env("HOME", folder);
    for _ in 0..6 {
        let mut line = String::new();
        exports.read_line(&mut line).unwrap();
        let (name, value) =
            line.trim().strip_prefix("export ").and_then(|rest| rest.split_once('=')).unwrap();
        client.env(name, value);
    }
    // Who opens the same worlds meanwhile is told so.
    let (_, stderr) = exits(folder, &["--sandbox=world.toml", "plan"], 64);
    assert!(stderr.contains("in use"), "{stderr}");
    let applied = client.output().unwrap();
    assert_eq!(applied.status.code(), Some(0), "{}", String::from_utf8_lossy(&applied.stderr));
    let stop = Command::new("kill").args(["-INT", &server.id().to_string()]).status().unwrap();
    assert!(stop.success() && server.wait().unwrap().success());
    exits(folder, &["--sandbox=world.toml", "plan", "--detailed-exitcode"], 0);
}
