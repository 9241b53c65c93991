//! `linkwalk audit` as a program: exit codes, reports, earlier reports, rules, wrong usage.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// Two accounts whose VPC needs one gateway, which is available at once.
const SCENARIO: &str = r#"
format = 1
[organization]
[[account]]
name = "alpha"
id = "222200000001"
vpc = [{ name = "main", cidrs = ["10.0.0.0/16"] }]
[[account]]
name = "beta"
id = "222200000002"
vpc = [{ name = "main", cidrs = ["10.1.0.0/16"] }]
"#;

const ACCOUNTS: &str = r#"deployment = "privatelink"
[organization]
regions = ["eu-west-1"]
[endpoints.s3]
"#;

struct Run {
    stdout: String,
    stderr: String,
}

/// A folder with a world in which all is applied.
struct Scene(TempDir);

impl Scene {
    fn empty() -> Self {
        let scene = Self(TempDir::new().unwrap());
        fs::write(scene.path().join("world.toml"), SCENARIO).unwrap();
        scene.write(ACCOUNTS);
        scene
    }

    fn applied() -> Self {
        let scene = Self::empty();
        scene.exits(&["apply", "--yes", "-q"], 0);
        scene
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn write(&self, accounts_toml: &str) {
        fs::write(self.path().join("accounts.toml"), accounts_toml).unwrap();
    }

    fn spoil(&self, way: &str) {
        self.exits(&["sandbox", "break", way, "--seed", "1"], 0);
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path().join(name)).unwrap()
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_linkwalk"));
        command
            .current_dir(self.path())
            .arg("--sandbox=world.toml")
            .args(arguments)
            .stdin(Stdio::null())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap());
        command
    }

    #[track_caller]
    fn exits(&self, arguments: &[&str], code: i32) -> Run {
        finish(&mut self.command(arguments), code)
    }
}

#[track_caller]
fn finish(command: &mut Command, code: i32) -> Run {
    let output = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    let run = Run { stdout: text(output.stdout), stderr: text(output.stderr) };
    assert_eq!(output.status.code(), Some(code), "{}\n{}", run.stdout, run.stderr);
    run
}

#[test]
fn clean_is_0_drift_is_2_and_what_cannot_be_looked_at_is_1_whatever_else_is_found() {
    let scene = Scene::empty();
    let fresh = scene.exits(&["audit"], 2).stdout;
    assert!(fresh.contains("(account-not-covered)"), "{fresh}");
    scene.exits(&["apply", "--yes", "-q"], 0);
    let clean = scene.exits(&["audit"], 0).stdout;
    assert!(clean.contains("All 2 accounts are as they should be."), "{clean}");
    scene.spoil("change-tag");
    let drifted = scene.exits(&["audit"], 2).stdout;
    assert!(drifted.contains("tags of the endpoint of s3 differ: Name (tags)"), "{drifted}");
    scene.spoil("lock-out");
    let unknown = scene.exits(&["audit"], 1).stdout;
    assert!(unknown.contains("1 account could not be looked at"), "{unknown}");
}

#[test]
fn several_reports_are_written_at_once_and_stdout_has_one_of_them() {
    let scene = Scene::applied();
    scene.spoil("change-tag");
    let reports = ["text", "json", "markdown", "junit", "sarif", "ocsf", "asff", "csv", "html"];
    let asked: Vec<String> = reports.iter().map(|format| format!("{format}=r.{format}")).collect();
    let mut arguments = vec!["audit", "-q", "-o", "json"];
    arguments.extend(asked.iter().flat_map(|report| ["--report", report]));
    let run = scene.exits(&arguments, 2);
    let audit: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!((&audit["kind"], &audit["sandbox"]), (&"audit".into(), &true.into()));
    let written: Value = serde_json::from_str(&scene.read("r.json")).unwrap();
    assert_eq!(written, audit);
    for format in reports {
        assert!(!scene.read(&format!("r.{format}")).is_empty(), "{format}");
    }
    let csv = scene.exits(&["audit", "-q", "--report", "csv=-"], 2).stdout;
    assert!(csv.lines().count() >= 2 && !csv.contains("SANDBOX"), "{csv}");
    let junit = scene.exits(&["audit", "-q", "-o", "junit"], 2).stdout;
    assert!(junit.starts_with("<?xml"), "{junit}");
    let events = scene.exits(&["audit", "-o", "jsonl"], 2).stdout;
    let found = events.lines().filter(|line| line.contains(r#""event":"finding""#)).count();
    assert_eq!(found, audit["findings"].as_array().unwrap().len());
    assert!(events.lines().last().unwrap().contains("run-finished"), "{events}");
}

#[test]
fn what_is_new_fixed_and_left_since_an_earlier_report_is_said() {
    let scene = Scene::applied();
    scene.spoil("change-tag");
    scene.exits(&["audit", "-q", "--report", "json=before.json"], 2);
    scene.exits(&["apply", "--yes", "-q"], 0);
    scene.spoil("delete-endpoint");
    let run = scene.exits(&["audit", "-q", "--since", "before.json"], 2);
    assert!(run.stdout.contains("1 new, 1 fixed, 1 left"), "{}", run.stdout);
    assert!(run.stdout.contains("fixed: tags of the endpoint of s3 differ: Name in"));
    let again =
        ["audit", "-q", "--since", "before.json", "--account", "222200000001", "-o", "json"];
    let code = scene.command(&again).output().unwrap();
    let audit: Value = serde_json::from_slice(&code.stdout).unwrap();
    assert!(!audit["since"]["unknown"].as_array().unwrap().is_empty(), "{audit:#}");
}

#[test]
fn a_rule_ignores_what_it_names_until_its_day_is_over() {
    let scene = Scene::applied();
    scene.spoil("change-tag");
    let rule = |until: &str| {
        format!(
            "{ACCOUNTS}[[ignore]]\nkind = \"tags\"\nreason = \"the scanner\"\nuntil = {until}\n"
        )
    };
    scene.write(&rule("\"2099-12-31\""));
    let run = scene.exits(&["audit", "-q"], 0);
    assert!(run.stdout.contains("until 2099-12-31: the scanner (tags, 1)"), "{}", run.stdout);
    scene.write(&rule("2020-01-31"));
    let run = scene.exits(&["audit", "-q"], 2);
    assert!(run.stdout.contains("an ignore rule for tags ended on 2020-01-31"), "{}", run.stdout);
    let sarif = scene.exits(&["audit", "-q", "-o", "json"], 2).stdout;
    let audit: Value = serde_json::from_str(&sarif).unwrap();
    let findings = audit["findings"].as_array().unwrap();
    let expired = findings.iter().find(|one| one["kind"] == "ignore-expired").unwrap();
    assert_eq!(expired["line"], 5);
}

#[test]
fn wrong_usage_is_told_before_the_walk_and_leaves_nothing_behind() {
    let scene = Scene::empty();
    fs::write(scene.path().join("plan.json"), r#"{"format":"1.0","kind":"plan"}"#).unwrap();
    let newer = r#"{"format":"2.0","kind":"audit","deployment":"privatelink"}"#;
    fs::write(scene.path().join("newer.json"), newer).unwrap();
    fs::write(scene.path().join("old.html"), "old").unwrap();
    let before = fs::read_dir(scene.path()).unwrap().count();
    for (arguments, says) in [
        (vec!["audit", "--since", "nowhere.json"], "--since nowhere.json: No such file"),
        (vec!["audit", "--since", "plan.json"], "its kind is `plan`"),
        (vec!["audit", "--since", "world.toml"], "it is not an audit"),
        (vec!["audit", "--since", "newer.json"], "its format is 2.0 and this version reads 1.0"),
        (vec!["audit", "--report", "html"], "write FORMAT=PATH"),
        (vec!["audit", "--report", "pdf=x"], "`pdf` is not a report format"),
        (vec!["audit", "--report", "html=nowhere/x"], "there is no folder nowhere"),
        (vec!["audit", "--report", "html=."], "is a folder"),
        (
            vec!["audit", "--report", "html=old.html", "--report", "csv=./old.html"],
            "another report",
        ),
        (vec!["audit", "-o", "json", "--report", "csv=-"], "both write to stdout"),
        (vec!["audit", "--region", "us-east-1"], "not one of organization.regions"),
        (vec!["plan", "-o", "sarif"], "-o sarif is a report of `linkwalk audit`"),
    ] {
        let run = scene.exits(&arguments, 64);
        assert!(run.stderr.contains(says), "{arguments:?}\n{}", run.stderr);
        assert_eq!(run.stdout, "");
    }
    assert_eq!(scene.read("old.html"), "old");
    assert_eq!(fs::read_dir(scene.path()).unwrap().count(), before, "not even a world is kept");
}

#[test]
fn github_gets_its_page_of_the_job() {
    let scene = Scene::applied();
    let page = scene.path().join("summary.md");
    fs::write(&page, "# before\n").unwrap();
    let mut command = scene.command(&["audit", "-q"]);
    finish(command.env("GITHUB_STEP_SUMMARY", &page), 0);
    let text = fs::read_to_string(&page).unwrap();
    assert!(text.starts_with("# before\n## ✅ All 2 accounts are as they should be"), "{text}");
    let mut command = scene.command(&["audit", "-q"]);
    let run = finish(command.env("GITHUB_STEP_SUMMARY", "/nowhere/x"), 0);
    assert!(run.stderr.contains("cannot write GITHUB_STEP_SUMMARY"), "{}", run.stderr);
}
