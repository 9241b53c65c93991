//! Saved plans, caps and narrowing, with the program itself in the sandbox.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

const SCENARIO: &str = r#"
format = 1
[organization]
[[account]]
name = "alpha"
id = "222200000001"
unit = "/Staging"
vpc = [{ name = "main", cidrs = ["10.0.0.0/16"] }]
[[account]]
name = "beta"
id = "222200000002"
unit = "/Staging/Team"
vpc = [{ name = "main", cidrs = ["10.0.0.0/16"] }]
[[account]]
name = "gamma"
id = "222200000003"
unit = "/Production"
vpc = [{ name = "main", cidrs = ["10.0.0.0/16"] }]
"#;

const ACCOUNTS: &str = r#"
deployment = "privatelink"
[organization]
regions = ["eu-west-1"]
[endpoints.s3]
[rollout]
max_in_flight = 9
waves = [{ name = "canary", accounts = ["name:alpha"] }, "name:beta"]
"#;

struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        let folder = Self(TempDir::new().unwrap());
        folder.write("world.toml", SCENARIO);
        folder.write("accounts.toml", ACCOUNTS);
        folder
    }

    fn path(&self, file: &str) -> PathBuf {
        self.0.path().join(file)
    }

    fn write(&self, file: &str, text: &str) {
        fs::write(self.path(file), text).unwrap();
    }

    /// Stdout and stderr of the program in the sandbox.
    #[track_caller]
    fn exits(&self, code: i32, arguments: &[&str]) -> (String, String) {
        self.run(code, &[&["--sandbox=world.toml"], arguments].concat())
    }

    #[track_caller]
    fn run(&self, code: i32, arguments: &[&str]) -> (String, String) {
        let output = Command::new(env!("CARGO_BIN_EXE_linkwalk"))
            .current_dir(self.0.path())
            .args(arguments)
            .stdin(Stdio::null())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap())
            .env("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
            .output()
            .unwrap();
        let [stdout, stderr] =
            [output.stdout, output.stderr].map(|b| String::from_utf8(b).unwrap());
        assert_eq!(output.status.code(), Some(code), "{arguments:?}\n{stdout}\n{stderr}");
        (stdout, stderr)
    }

    /// Wrong usage, told in these words.
    #[track_caller]
    fn refuses(&self, arguments: &[&str], words: &str) {
        let (_, stderr) = self.exits(64, arguments);
        assert!(stderr.contains(words), "{arguments:?}: no `{words}` in {stderr}");
    }

    /// The outcomes of an `apply -o json` by account name.
    #[track_caller]
    fn outcomes(&self, code: i32, arguments: &[&str]) -> Vec<String> {
        let (stdout, _) = self.exits(code, &[arguments, &["-o", "json"]].concat());
        let document: Value = serde_json::from_str(&stdout).unwrap();
        let text = |row: &Value, key: &str| row[key].as_str().unwrap_or_default().to_owned();
        let rows = document["targets"].as_array().unwrap().iter();
        rows.map(|row| {
            format!(
                "{} {}{}",
                text(row, "name"),
                text(row, "outcome"),
                match text(row, "code") {
                    code if code.is_empty() => code,
                    code => format!(" {code}"),
                }
            )
        })
        .collect()
    }
}

#[test]
fn a_saved_plan_is_carried_out_once_and_a_target_that_moved_is_left_alone_until_asked() {
    let folder = Folder::new();
    let (_, said) = folder.exits(0, &["plan", "--out", "plan.json"]);
    assert!(said.contains("linkwalk apply plan.json"), "{said}");
    assert!(!folder.path("plan.json.part").exists());
    // No question and no --yes: the plan was looked at.
    let all = ["alpha changed", "beta changed", "gamma changed"];
    assert_eq!(folder.outcomes(0, &["apply", "plan.json"]), all);
    let done = ["alpha in-sync", "beta in-sync", "gamma in-sync"];
    assert_eq!(folder.outcomes(0, &["apply", "plan.json"]), done);

    // A plan that mends one account, and meanwhile another one breaks too.
    let breaks = ["sandbox", "break", "delete-endpoint", "--seed", "1"];
    folder.exits(0, &breaks);
    let (plan, _) = folder.exits(0, &["plan", "--out", "mend.json"]);
    assert!(plan.contains("1 to add"), "{plan}");
    folder.exits(0, &breaks);
    let outcomes = folder.outcomes(1, &["apply", "mend.json"]);
    let ends: Vec<&str> = ["changed", "in-sync", "not-started stale-plan"]
        .into_iter()
        .filter(|end| outcomes.iter().any(|outcome| outcome.ends_with(end)))
        .collect();
    assert_eq!(ends.len(), 3, "{outcomes:?}");
    folder.refuses(&["apply", "mend.json", "--replan"], "no terminal");
    let (text, _) = folder.exits(0, &["apply", "mend.json", "--replan", "--yes"]);
    let why = "it has changed since the plan was saved: + s3 is new";
    assert!(text.contains("Planned anew") && text.contains(why), "{text}");
    folder.exits(0, &["plan", "--detailed-exitcode"]);
}

#[test]
fn a_plan_of_something_else_is_refused_before_anything_is_asked_of_aws() {
    let folder = Folder::new();
    folder.exits(0, &["plan", "--out", "plan.json"]);
    let plan = fs::read_to_string(folder.path("plan.json")).unwrap();
    folder.write("edited.json", &plan.replace("s3-endpoint", "s4-endpoint"));
    folder.write(
        "other.json",
        &plan.replace("\"deployment\": \"privatelink\"", "\"deployment\": \"other\""),
    );
    folder.write("torn.json", &plan[..plan.len() / 2]);
    for (file, words) in [
        ("none.json", "cannot read none.json"),
        (".", "cannot read ."),
        ("torn.json", "torn.json is not a plan"),
        ("world.toml", "world.toml is not a plan"),
        ("edited.json", "was changed after it was saved"),
        ("other.json", "of the deployment \"other\""),
    ] {
        folder.refuses(&["apply", file], words);
    }
    folder.write(
        "accounts.toml",
        &ACCOUNTS.replace("max_in_flight = 9", "max_in_flight = 8 # fewer"),
    );
    folder.refuses(
        &["apply", "plan.json"],
        "is not what it was when plan.json was made, in: [rollout]",
    );
    folder.write("accounts.toml", &format!("# the same\n{ACCOUNTS}"));
    let (_, real) = folder.run(64, &["apply", "plan.json"]);
    assert!(real.contains("was made in the sandbox"), "{real}");
    folder.refuses(&["plan", "--out", "nowhere/plan.json"], "there is no directory nowhere");
    folder.refuses(&["plan", "--out", "."], "is a directory");
    folder.refuses(&["apply", "--replan", "--yes"], "PLAN");
    // Nothing of this has changed anything.
    assert_eq!(folder.outcomes(0, &["apply", "plan.json"]).len(), 3);
}

#[test]
fn a_plan_beyond_a_cap_is_refused_before_anybody_is_asked_and_can_be_let_through() {
    let folder = Folder::new();
    folder
        .write("accounts.toml", &format!("{ACCOUNTS}[guard]\nmax_changes = 2\nmax_deletes = 0\n"));
    let (_, note) = folder.exits(0, &["plan"]);
    assert!(note.contains("`apply` would refuse this"), "{note}");
    let (_, refusal) = folder.exits(1, &["apply", "--yes"]);
    let words = "this plan changes 3 resources in 3 targets, and `max_changes` allows 2; if that is what \
                 you want, say so: --max-changes 3";
    assert!(refusal.contains(words) && refusal.contains("nothing was changed"), "{refusal}");
    let (_, refusal) = folder.exits(1, &["apply", "--yes", "--max-changes", "50%"]);
    assert!(
        refusal.contains("50%, which is 2 of 3 targets") && refusal.contains("--max-changes 100%"),
        "{refusal}"
    );
    folder.refuses(&["apply", "--yes", "--max-changes", "many"], "neither a count nor a share");
    // A share is of the whole organization: one account by hand is not all of it.
    let one = ["apply", "--yes", "--max-changes", "34%", "--account", "222200000003"];
    assert_eq!(folder.outcomes(0, &one), ["gamma changed"]);
    assert_eq!(folder.outcomes(0, &["apply", "--yes", "--max-changes", "2"]).len(), 3);
}

#[test]
fn a_command_is_narrowed_by_unit_wave_and_the_outcomes_of_an_earlier_run() {
    let folder = Folder::new();
    let names = |arguments: &[&str]| -> String {
        let (plan, _) = folder.exits(0, &[&["plan", "-o", "json"], arguments].concat());
        let plan: Value = serde_json::from_str(&plan).unwrap();
        let names = plan["targets"]
            .as_array()
            .unwrap()
            .iter()
            .map(|t| t["name"].as_str().unwrap().to_owned());
        names.collect::<Vec<_>>().join(" ")
    };
    folder.write(
        "report.json",
        r#"{ "format": "1.1", "kind": "outcomes", "deployment": "privatelink",
        "sandbox": true, "counts": { "failed": 1, "changed": 1 }, "targets": [
            { "target": "222200000002/eu-west-1", "outcome": "failed" },
            { "target": "222200000003/eu-west-1", "outcome": "changed" } ] }"#,
    );
    for (arguments, expected) in [
        (&["--ou", "/Staging"][..], "alpha"),
        (&["--ou", "/Staging/**"], "alpha beta"),
        (&["--ou", "/Staging/*", "--ou", "/Production"], "beta gamma"),
        (&["--wave", "canary"], "alpha"),
        (&["--wave", "2", "--wave", "the rest"], "beta gamma"),
        (&["--wave", "3"], "gamma"),
        (&["--only", "failed,unreachable", "--from", "report.json"], "beta"),
    ] {
        assert_eq!(names(arguments), expected, "{arguments:?}");
    }
    for (arguments, words) in [
        (&["--ou", "/Nobody"][..], "no consumer is there; `linkwalk accounts` shows the units"),
        (&["--ou", "Staging"], "does not begin at the root"),
        (&["--wave", "7"], "there are 1 (canary), 2 (name:beta), 3 (the rest)"),
        (&["--ou", "/Production", "--wave", "canary"], "nothing is in scope"),
        (&["--only", "failed"], "--from FILE"),
        (&["--only", "broken", "--from", "report.json"], "possible values"),
        (
            &["--only", "interrupted", "--from", "report.json"],
            "ended as interrupted: 1 failed, 1 changed",
        ),
        (&["--only", "failed", "--from", "world.toml"], "is not one JSON document"),
        (&["--only", "failed", "--from", "none.json"], "there is no such file"),
    ] {
        folder.refuses(&[&["plan"], arguments].concat(), words);
    }
    let report = fs::read_to_string(folder.path("report.json")).unwrap();
    folder.write("report.json", &report.replace("privatelink", "other"));
    folder.refuses(
        &["plan", "--only", "failed", "--from", "report.json"],
        "about the deployment \"other\"",
    );
}

#[test]
fn the_plan_shows_the_waves_and_the_explanation_of_an_account_its_own() {
    let folder = Folder::new();
    let (plan, _) = folder.exits(0, &["plan"]);
    for line in
        ["wave 1 of 3  canary", "wave 3 of 3  the rest", "No failure budget: failures stop nothing"]
    {
        assert!(plan.contains(line), "no `{line}` in {plan}");
    }
    let (plan, _) = folder.exits(0, &["plan", "-o", "json"]);
    let plan: Value = serde_json::from_str(&plan).unwrap();
    let names = plan["rollout"]["waves"].as_array().unwrap().iter().map(|wave| &wave["name"]);
    assert_eq!(names.collect::<Vec<_>>(), ["canary", "name:beta", "the rest"]);
    let (why, _) = folder.exits(0, &["accounts", "--explain", "222200000002"]);
    assert!(why.contains("wave 2 (name:beta): accounts \"name:beta\""), "{why}");
    // A terminal is needed to ask on.
    folder.refuses(&["apply", "--ask-between-waves"], "--ask-between-waves needs a terminal");
}

#[test]
fn a_rehearsal_goes_through_the_waves_and_runs_no_gate() {
    let folder = Folder::new();
    let gated =
        ACCOUNTS.replace("max_in_flight", "bake = \"1h\"\ngate = \"touch ran\"\nmax_in_flight");
    folder.write("accounts.toml", &gated);
    let (rehearsed, _) = folder.run(0, &["rehearse", "--world", "world.toml"]);
    assert!(rehearsed.contains("2h00m"), "two bakes in {rehearsed}");
    assert!(!folder.path("ran").exists());
}
