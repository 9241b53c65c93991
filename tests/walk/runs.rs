//! Runs as the program keeps them: killed and resumed, listed and told, locked.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// Two accounts with some seconds of work.
const SCENARIO: &str = r#"
format = 1
[organization]
[[account]]
name = "alpha"
vpc = [{ name = "main", cidrs = ["10.0.0.0/16"] }]
[[account]]
name = "beta"
vpc = [{ name = "main", cidrs = ["10.1.0.0/16"] }]
"#;

const ACCOUNTS: &str = r#"
deployment = "privatelink"
[organization]
regions = ["eu-west-1"]
[endpoints.ecr]
[endpoints.logs]
[endpoints.kms]
"#;

const WORLD: &str = "--sandbox=world.toml";

fn folder() -> TempDir {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("world.toml"), SCENARIO).unwrap();
    fs::write(folder.path().join("accounts.toml"), ACCOUNTS).unwrap();
    folder
}

fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_linkwalk"));
    command
        .current_dir(folder)
        .arg(WORLD)
        .args(arguments)
        .stdin(Stdio::null())
        .env_clear()
        .env("USER", "me")
        .env("PATH", std::env::var_os("PATH").unwrap());
    command
}

#[track_caller]
fn exits(folder: &Path, arguments: &[&str], code: i32) -> (String, String) {
    let Output { status, stdout, stderr } = command(folder, arguments).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    let (stdout, stderr) = (text(stdout), text(stderr));
    assert_eq!(status.code(), Some(code), "{arguments:?}\n{stdout}\n{stderr}");
    (stdout, stderr)
}

fn json(folder: &Path, arguments: &[&str], code: i32) -> Value {
    serde_json::from_str(&exits(folder, arguments, code).0).unwrap()
}

/// Begins `apply` and reads its events up to the nth of this name.
fn apply_until(folder: &Path, event: &str, nth: usize) -> Child {
    let mut child = command(folder, &["apply", "--yes", "-o", "jsonl"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let name = format!("\"event\":\"{event}\"");
    let found = lines.by_ref().filter(|line| line.as_ref().unwrap().contains(&name)).nth(nth - 1);
    assert!(found.is_some(), "the run ended before");
    // Read on, so that the pipe never closes nor fills.
    std::thread::spawn(move || lines.for_each(drop));
    child
}

fn kill(mut child: Child) {
    child.kill().unwrap();
    child.wait().unwrap();
}

fn runs(folder: &Path) -> Vec<PathBuf> {
    let runs = fs::read_dir(folder.join(".linkwalk/sandbox/runs")).unwrap();
    runs.map(|run| run.unwrap().path()).collect()
}

#[test]
fn killed_at_any_moment_the_program_resumes_and_converges() {
    // Side by side, because most of it is waiting.
    std::thread::scope(|scope| {
        for (event, nth) in [
            ("phase-finished", 1),
            ("action-started", 1),
            ("action-started", 6),
            ("action-finished", 9),
            ("endpoint-state", 3),
        ] {
            scope.spawn(move || killed_at(event, nth));
        }
    });
}

fn killed_at(event: &str, nth: usize) {
    let folder = folder();
    let folder = folder.path();
    kill(apply_until(folder, event, nth));
    let listed = json(folder, &["runs", "-o", "json"], 0);
    let run = &listed["runs"][0];
    assert_eq!(run["ended"], "killed", "{listed:#}");
    if run["resumable"] == false {
        // Killed before the plan was kept: nothing was changed.
        let (_, stderr) = exits(folder, &["apply", "--yes", "--resume"], 64);
        assert!(stderr.contains("nothing to go on with"), "{stderr}");
        return;
    }
    let id = run["run"].as_str().unwrap();
    let told = json(folder, &["report", "-o", "json"], 0);
    assert_eq!((&told["run"], &told["scope"]), (&id.into(), &2.into()), "{told:#}");
    let (_, stderr) = exits(folder, &["apply", "--yes", "--resume"], 0);
    assert!(stderr.contains("going on with run") && stderr.contains(id), "{stderr}");
    assert!(stderr.contains("took over the lock of run"), "{stderr}");
    exits(folder, &["plan", "--detailed-exitcode"], 0);
    let listed = json(folder, &["runs", "-o", "json"], 0);
    assert_eq!(listed["runs"].as_array().unwrap().len(), 1);
    assert_eq!(listed["runs"][0]["ended"], "converged");
    let (_, stderr) = exits(folder, &["apply", "--yes", "--resume", id], 64);
    assert!(stderr.contains("has converged"), "{stderr}");
    let told = json(folder, &["report", id, "-o", "json"], 0);
    assert_eq!((&told["processes"], &told["exit_code"]), (&2.into(), &0.into()));
    assert_eq!(told["counts"]["changed"], 2, "{told:#}");
}

#[test]
fn a_run_can_be_told_listed_and_selected_from() {
    let folder = folder();
    let folder = folder.path();
    let (text, _) = exits(folder, &["runs"], 0);
    assert!(text.contains("no runs yet"), "{text}");
    let (_, stderr) = exits(folder, &["report"], 64);
    assert!(stderr.contains("there is no run"), "{stderr}");
    let document = json(folder, &["apply", "--yes", "-o", "json"], 0);
    let (text, _) = exits(folder, &["report"], 0);
    assert!(text.contains("2 changed") && text.contains("by me@"), "{text}");
    let told = json(folder, &["report", "-o", "json"], 0);
    assert_eq!((&told["counts"], &told["targets"]), (&document["counts"], &document["targets"]));
    assert_eq!((&told["kind"], &told["ended"]), (&"outcomes".into(), &"converged".into()));
    let kept = fs::read_to_string(runs(folder)[0].join("report.json")).unwrap();
    assert_eq!(serde_json::from_str::<Value>(&kept).unwrap()["targets"], document["targets"]);
    let (events, _) = exits(folder, &["report", "-o", "jsonl"], 0);
    assert!(events.lines().next().unwrap().contains("journal-opened"), "{events}");
    let id = told["run"].as_str().unwrap();
    let (_, stderr) = exits(folder, &["plan", "--only", "failed", "--from", &id[..12]], 64);
    assert!(stderr.contains("ended as failed: 2 changed"), "{stderr}");
    let (_, stderr) = exits(folder, &["plan", "--only", "failed", "--from", "20200101"], 64);
    assert!(stderr.contains("there is no such file") && stderr.contains("no run"), "{stderr}");
    // What was asked of AWS is in the journal with AWS's own ids, and no secret is.
    let journal = fs::read_to_string(runs(folder)[0].join("journal.jsonl")).unwrap();
    let answers = journal.lines().filter(|line| line.contains("\"event\":\"answer\""));
    assert!(answers.clone().count() >= 10 && answers.clone().all(|a| a.contains("request_id")));
    exits(folder, &["sandbox", "reset"], 0);
    assert!(exits(folder, &["runs"], 0).0.contains("no runs yet"));
}

#[test]
fn old_runs_are_deleted_and_those_that_can_be_gone_on_with_stay() {
    let folder = folder();
    let folder = folder.path();
    kill(apply_until(folder, "action-finished", 1));
    exits(folder, &["apply", "--yes"], 0);
    exits(folder, &["apply", "--yes"], 0);
    let before = runs(folder);
    let ids = |document: &Value| -> Vec<String> {
        let listed = document["runs"].as_array().unwrap().iter();
        listed.map(|run| run["run"].as_str().unwrap().to_owned()).collect()
    };
    let (listed, said) = exits(folder, &["runs", "--prune", "1", "-o", "json"], 0);
    assert!(said.contains("Deleted 1 run."), "{said}");
    let listed = ids(&serde_json::from_str(&listed).unwrap());
    assert_eq!(listed.len(), 2, "the newest and the one that was killed: {listed:?}");
    assert_eq!(before.len(), 3);
    assert!(exits(folder, &["runs", "--prune", "5"], 0).1.contains("Deleted 0 runs."));
    let (_, said) = exits(folder, &["runs", "--prune", "0"], 0);
    assert!(said.contains("Deleted 1 run."), "{said}");
    let left = runs(folder);
    assert!(left.len() == 1 && !left[0].join("report.json").exists());
    exits(folder, &["apply", "--yes", "--resume"], 0);
}

#[test]
fn where_no_journal_can_be_kept_nothing_is_changed() {
    let folder = folder();
    let folder = folder.path();
    fs::write(folder.join("file"), "").unwrap();
    for state in ["file", "/proc/linkwalk"] {
        let (_, stderr) = exits(folder, &["apply", "--yes", "--state-dir", state], 1);
        assert!(stderr.contains("cannot lock") && stderr.contains("--state-dir"), "{stderr}");
    }
    // The folder of the locks is there, and that of the runs cannot be made.
    fs::create_dir_all(folder.join("state/sandbox")).unwrap();
    fs::write(folder.join("state/sandbox/runs"), "").unwrap();
    let (_, stderr) = exits(folder, &["apply", "--yes", "--state-dir", "state"], 1);
    assert!(stderr.contains("cannot keep a journal") && stderr.contains("--state-dir"), "{stderr}");
    exits(folder, &["plan", "--detailed-exitcode"], 2);
    let lock = fs::read_to_string(folder.join("state/sandbox/locks/privatelink.json")).unwrap();
    assert_eq!(lock, "", "the lock was given back");
}

#[test]
fn a_journal_that_cannot_be_read_and_a_plan_that_is_gone_are_told() {
    let folder = folder();
    let folder = folder.path();
    kill(apply_until(folder, "action-finished", 3));
    let run = runs(folder).remove(0);
    let journal = fs::read_to_string(run.join("journal.jsonl")).unwrap();
    let newer = journal.replacen("\"format\":\"1.0\"", "\"format\":\"2.0\"", 1);
    let torn = journal.replacen("{\"event\":\"scope\"", "{\"event\":\"sco\n{", 1);
    for (text, said) in [(newer, "format \"2.0\""), (torn, "is torn, and more lines follow")] {
        fs::write(run.join("journal.jsonl"), text).unwrap();
        let (_, stderr) = exits(folder, &["apply", "--yes", "--resume"], 64);
        assert!(stderr.contains(said) && stderr.contains("journal.jsonl"), "{stderr}");
        assert!(exits(folder, &["runs"], 0).0.contains("unreadable"));
    }
    fs::write(run.join("journal.jsonl"), &journal).unwrap();
    let id = run.file_name().unwrap().to_str().unwrap();
    let accounts = ACCOUNTS.replace("[endpoints.kms]", "[endpoints.sqs]");
    fs::write(folder.join("accounts.toml"), accounts).unwrap();
    let (_, stderr) = exits(folder, &["apply", "--yes", "--resume"], 64);
    assert!(stderr.contains("accounts.toml has changed since run"), "{stderr}");
    fs::write(folder.join("accounts.toml"), ACCOUNTS).unwrap();
    fs::rename(run.join("plan.json"), run.join("elsewhere")).unwrap();
    let (_, stderr) = exits(folder, &["apply", "--yes", "--resume", id], 64);
    assert!(stderr.contains("ended before its plan was confirmed"), "{stderr}");
    fs::rename(run.join("elsewhere"), run.join("plan.json")).unwrap();
    exits(folder, &["apply", "--yes", "--resume", id, "--account", "111122223333"], 64);
    exits(folder, &["apply", "--yes", "--resume", id], 0);
}

#[test]
fn a_lock_left_by_another_machine_refuses_until_it_is_broken() {
    let folder = folder();
    let folder = folder.path();
    kill(apply_until(folder, "action-finished", 3));
    let lock = folder.join(".linkwalk/sandbox/locks/privatelink.json");
    let mut owner: Value = serde_json::from_str(&fs::read_to_string(&lock).unwrap()).unwrap();
    owner["host"] = "runner-7".into();
    fs::write(&lock, owner.to_string()).unwrap();
    let id = owner["run"].as_str().unwrap();
    for resume in [&["apply", "--yes"][..], &["apply", "--yes", "--resume"]] {
        let (_, stderr) = exits(folder, resume, 1);
        assert!(stderr.contains("me@runner-7") && stderr.contains("force-unlock"), "{stderr}");
    }
    exits(folder, &["plan"], 0);
    let (_, stderr) = exits(folder, &["force-unlock", id], 64);
    assert!(stderr.contains("--yes"), "{stderr}");
    let (_, stderr) = exits(folder, &["force-unlock", "20200101T000000Z-0000", "--yes"], 1);
    assert!(stderr.contains("not locked by run") && stderr.contains(id), "{stderr}");
    let (_, stderr) = exits(folder, &["force-unlock", id, "--yes"], 0);
    assert!(stderr.contains("is unlocked"), "{stderr}");
    let (_, stderr) = exits(folder, &["force-unlock", id, "--yes"], 1);
    assert!(stderr.contains("is not locked"), "{stderr}");
    exits(folder, &["apply", "--yes", "--resume"], 0);
}
