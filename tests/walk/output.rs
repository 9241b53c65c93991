//! What people and machines read.

use std::process::Stdio;

use serde_json::{Value, json};

use crate::rig::{ENDPOINTS, Rig};

#[test]
fn jsonl_is_one_event_per_line_from_the_start_of_the_run_to_its_end() {
    let rig = Rig::of(&["one", "two"]);
    let run = rig.run(&["apply", "--yes", "-o", "jsonl"]).exits(0);
    let events = run.json_lines();
    let named =
        |name: &str| -> Vec<&Value> { events.iter().filter(|e| e["event"] == name).collect() };

    let (first, last) = (&events[0], events.last().unwrap());
    assert_eq!((&first["event"], &first["format"]), (&json!("run-started"), &json!("1.1")));
    assert_eq!((&last["event"], &last["exit_code"]), (&json!("run-finished"), &json!(0)));
    let times: Vec<u64> = events.iter().map(|e| e["elapsed_ms"].as_u64().unwrap()).collect();
    assert!(times.is_sorted());
    assert_eq!(named("target-finished").len(), 2);
    assert_eq!(named("action-started").len(), 2 * (ENDPOINTS + 1));
    assert_eq!(named("action-finished").len(), 2 * (ENDPOINTS + 1));
    assert_eq!(named("phase-started").len(), named("phase-finished").len());
    for event in named("target-finished") {
        assert_eq!(event["outcome"], "changed");
    }
}

#[test]
fn the_json_of_a_plan_is_versioned_and_names_every_target() {
    let rig = Rig::of(&["one", "two"]);
    let document = rig.run(&["plan", "-o", "json"]).exits(0).json();
    assert_eq!(document["format"], "1.0");
    let targets = document["targets"].as_array().unwrap();
    let targets: Vec<&str> = targets.iter().map(|t| t["target"].as_str().unwrap()).collect();
    let mut expected: Vec<String> =
        rig.members().into_iter().map(|id| format!("{id}/eu-west-1")).collect();
    expected.sort();
    assert_eq!(targets, expected);
}

#[test]
fn the_counts_of_an_apply_add_up_to_its_targets() {
    let rig = Rig::of(&["one", "two", "three"]);
    rig.change_role(rig.account("two"), &json!({ "delete": true }));
    let document = rig.apply().exits(1).json();
    assert_eq!(document["format"], "1.0");
    let counts = document["counts"].as_object().unwrap();
    let sum: u64 = counts.values().map(|count| count.as_u64().unwrap()).sum();
    assert_eq!(sum, 3, "{counts:?}");
}

#[test]
fn stdout_is_data_and_stderr_is_progress() {
    let rig = Rig::of(&["one"]);
    let run = rig.run(&["apply", "--yes", "-o", "json"]).exits(0);
    run.json();
    assert!(run.stderr.contains("one"), "a line per finished account:\n{}", run.stderr);
    let run = rig.run(&["apply", "--yes", "-q", "-o", "json"]).exits(0);
    assert_eq!(run.stderr, "");
}

#[test]
fn a_pipe_gets_no_colours_and_a_line_per_account() {
    let rig = Rig::of(&["one", "two", "three"]);
    let run = rig.run(&["apply", "--yes"]).exits(0);
    assert!(!run.stdout.contains('\u{1b}') && !run.stderr.contains('\u{1b}'));
    for account in rig.members() {
        assert!(run.stderr.lines().any(|line| line.contains(account)), "{}", run.stderr);
    }
}

#[test]
fn colours_can_be_had_on_a_pipe() {
    let rig = Rig::of(&["one"]);
    let run = rig.run(&["plan", "--color", "always"]).exits(0);
    assert!(run.stdout.contains('\u{1b}'), "{}", run.stdout);
}

/// Escapes that clear the screen or set its title, a line break, a mark that turns the text around.
const EVIL: &str = "evil\u{1b}[2J\u{1b}]0;pwned\u{7}\r\nnext\u{202e}line\u{9b}31m";

#[test]
fn names_from_aws_cannot_write_to_the_terminal_or_break_a_line() {
    let vpc = json!({ "tags": { "purpose": "workload", "Name": EVIL } });
    let rig = Rig::new(&json!({ "accounts": [
        { "name": EVIL, "ou": "/Workloads", "vpcs": [vpc] }, { "name": "good" }
    ] }));
    let before = rig.run(&["accounts"]).exits(0).stdout.lines().count();
    let tame = Rig::of(&["tame", "good"]).run(&["accounts"]).exits(0).stdout.lines().count();
    assert_eq!(before, tame, "a row is a line");

    rig.change_role(rig.account(EVIL), &json!({ "delete": true }));
    for arguments in [
        &["accounts"][..],
        &["accounts", "-o", "json"],
        &["plan"],
        &["apply", "--yes", "-v"],
        &["apply", "--yes", "-o", "jsonl"],
    ] {
        let run = rig.run(arguments);
        let text = format!("{}{}", run.stdout, run.stderr);
        assert!(text.contains("evil"), "{text}");
        let raw = ['\u{1b}', '\u{7}', '\r', '\u{202e}', '\u{9b}'];
        assert!(!text.contains(raw), "{arguments:?}: {}", text.escape_debug());
    }
}

#[test]
fn a_reader_that_goes_away_is_no_crash() {
    let rig = Rig::of(&["one", "two"]);
    for arguments in
        [&["plan"][..], &["accounts"], &["plan", "-o", "json"], &["apply", "--yes", "-o", "jsonl"]]
    {
        let mut command = rig.command(arguments);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(!stderr.contains("panicked"), "{arguments:?}: {stderr}");
        assert!(output.status.code().is_some(), "{arguments:?}: {}", output.status);
    }
    // However it ended, nothing is left in doubt.
    rig.apply().exits(0);
    for account in rig.members() {
        assert_eq!(rig.endpoints(account).len(), ENDPOINTS);
    }
}

#[test]
fn secrets_are_never_shown() {
    let rig = Rig::of(&["one"]);
    let run = rig.finish(rig.command(&["apply", "--yes", "-v"]).env("RUST_LOG", "trace")).exits(0);
    assert_eq!(run.count("AssumeRole"), 1, "there was a session token to show");
    let text = format!("{}{}", run.stdout, run.stderr);
    let secret = rig.secret_access_key();
    assert!(!text.contains(secret));
    assert!(!text.contains("FQoGZXIvYXdz"), "session tokens begin like this");
}
