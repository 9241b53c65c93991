//! examples/scheduled: each file is judged by what knows its format, and what it runs is run.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use super::root;
use super::shell::Shell;

/// A program of Python in the environment that holds the judges; it must succeed. Answers what it prints.
pub(super) fn python(arguments: &[&str], files: &[PathBuf]) -> String {
    ran(Command::new(judges().join("python")).args(arguments).args(files))
}

/// The programs of that environment.
fn judges() -> PathBuf {
    let scripts = root().join("scripts");
    let home =
        ran(Command::new(scripts.join("venv")).arg(scripts.join("requirements-examples.txt")));
    Path::new(home.trim()).join("bin")
}

fn ran(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let [told, complaints] =
        [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    assert!(output.status.success(), "{command:?}\n{told}\n{complaints}");
    told
}

fn example(name: &str) -> PathBuf {
    root().join("examples/scheduled").join(name)
}

fn text(name: &str) -> String {
    fs::read_to_string(example(name)).unwrap()
}

/// A YAML file as JSON. `on:` of a workflow is the key `true` in YAML 1.1.
fn yaml(name: &str) -> Value {
    let read = "import json, sys, yaml\nprint(json.dumps(yaml.safe_load(open(sys.argv[1]))))";
    serde_json::from_str(&python(&["-c", read], &[example(name)])).unwrap()
}

/// The scripts that a workflow's job runs, with the names of their steps.
fn steps(workflow: &Value) -> Vec<(&str, &str)> {
    let steps = workflow["jobs"]["audit"]["steps"].as_array().unwrap();
    let script = |step| {
        let step: &Value = step;
        Some((step["name"].as_str().unwrap_or_default(), step["run"].as_str()?))
    };
    steps.iter().filter_map(script).collect()
}

fn codes(codes: &[i32]) -> BTreeSet<i32> {
    codes.iter().copied().collect()
}

#[test]
fn the_scheduled_examples_are_accepted_by_those_who_know_their_formats() {
    let judges = judges();
    let (python, shellcheck) = (judges.join("python"), judges.join("shellcheck"));
    ran(Command::new(&python)
        .arg(judges.join("cfn-lint"))
        .args(["ecs.yaml", "codebuild.yaml"].map(example)));
    ran(Command::new(&python)
        .args(["-m", "check_jsonschema", "--builtin-schema", "vendor.github-workflows"])
        .arg(example("github-actions.yml")));
    ran(Command::new(&shellcheck).args(["audit.sh", "task.sh"].map(example)));
    let folder = tempfile::TempDir::new().unwrap();
    for (number, (_, script)) in steps(&yaml("github-actions.yml")).iter().enumerate() {
        let file = folder.path().join(format!("{number}.sh"));
        fs::write(&file, format!("#!/usr/bin/env bash\n{script}")).unwrap();
        ran(Command::new(&shellcheck).arg(file));
    }
}

#[test]
fn the_crontab_runs_the_script_once_a_day() {
    let crontab = text("crontab");
    let entries: Vec<&str> =
        crontab.lines().filter(|line| line.starts_with(|c: char| c.is_ascii_digit())).collect();
    let [entry] = entries[..] else { panic!("{entries:?}") };
    let fields: Vec<&str> = entry.split_whitespace().collect();
    let [minute, hour, "*", "*", "*", user, command, "/etc/linkwalk"] = fields[..] else {
        panic!("{fields:?}")
    };
    assert!(minute.parse::<u8>().unwrap() < 60 && hour.parse::<u8>().unwrap() < 24);
    assert_eq!(
        (user, Path::new(command).file_name().unwrap().to_str()),
        ("linkwalk", Some("audit.sh"))
    );
}

#[test]
fn the_script_of_cron_keeps_reports_compares_them_and_runs_once_at_a_time() {
    let mut shell = Shell::open(&[]);
    let script = format!("'{}'", example("audit.sh").display());
    let first = shell.run(&format!("{script} ."), &codes(&[2])).unwrap();
    assert!(first.stdout.contains("account-not-covered"), "{}", first.stdout);
    assert!(first.stdout.contains("ended with 2") && first.codes.contains(&2), "{}", first.stdout);
    // Another one at the same time is told so; its lock goes with it.
    let busy = format!("exec 8>reports/lock; flock 8; {script} .");
    let busy = shell.run(&busy, &codes(&[75])).unwrap();
    assert!(busy.stderr.contains("still under way") && busy.codes.contains(&75), "{}", busy.stderr);
    // Reports have the second in their names.
    shell
        .run("while [ -e reports/$(date --utc +%Y-%m-%dT%H-%M-%SZ).json ]; do :; done", &codes(&[]))
        .unwrap();
    let again = format!("{script} . > told.txt; cat reports/last.json");
    let again = shell.run(&again, &codes(&[2])).unwrap();
    let report: Value = serde_json::from_str(&again.stdout).unwrap();
    let remaining = report["since"]["remaining"].as_array();
    assert!(remaining.is_some_and(|left| !left.is_empty()), "it is compared with the one before");
    // A mistake in accounts.toml is told, and is no report to compare with.
    let broken = format!(
        "echo x >> accounts.toml; {script} . | tail -1; readlink reports/last.json | xargs -I% ls reports/%"
    );
    let broken = shell.run(&broken, &codes(&[64])).unwrap();
    assert!(broken.stdout.contains("ended with 64"), "{}", broken.stdout);
}

#[test]
fn the_steps_of_the_workflow_find_drift_and_keep_what_they_found() {
    let workflow = yaml("github-actions.yml");
    let mut shell = Shell::open(&[]);
    let mut audits = 0;
    for _ in 0..2 {
        for (name, script) in steps(&workflow) {
            // The step that installs the program finds it.
            let mut script = format!(
                "export REPOSITORY=x REVISION=y GITHUB_STEP_SUMMARY=$PWD/summary.md\n{script}"
            );
            if name == "Audit" {
                audits += 1;
            } else {
                script.push('\n');
            }
            let ran = shell.run(&script, &codes(&[2])).unwrap();
            assert_eq!(ran.codes.contains(&2), name == "Audit", "{name}: {}", ran.stdout);
        }
    }
    assert_eq!(audits, 2);
    let kept = "jq -e '.kind' last.json; jq -e '.runs[0].results[0].baselineState == \"unchanged\"' audit.sarif; grep -c . summary.md audit.html";
    shell.run(kept, &codes(&[])).unwrap();
    // What is uploaded is what the steps write.
    let text = text("github-actions.yml");
    for file in ["audit.sarif", "audit.html", "last.json"] {
        assert!(text.contains(&format!("hashFiles('{file}')")) || file == "last.json", "{file}");
    }
    assert_eq!(workflow["permissions"]["id-token"], "write");
    assert_eq!(workflow["permissions"]["security-events"], "write");
}

/// `aws s3 cp` between a folder that stands for the buckets and the folder of the build.
const AWS: &str = r#"
aws() {
  [ "$1 $2 $3" = "s3 cp --only-show-errors" ] || { echo "aws $*" >&2; return 99; }
  from=$(echo "$4" | sed 's|^s3://|buckets/|'); to=$(echo "$5" | sed 's|^s3://|buckets/|')
  mkdir -p "$(dirname "$to")"
  cp "$from" "$to"
}
export -f aws
"#;

#[test]
fn the_task_and_the_build_keep_their_reports_in_the_bucket_and_read_the_last_one() {
    let buildspec = yaml("buildspec.yml");
    assert_eq!(buildspec["version"], 0.2);
    let commands = buildspec["phases"]["build"]["commands"].as_array().unwrap();
    let commands: Vec<&str> = commands.iter().map(|command| command.as_str().unwrap()).collect();
    let report = buildspec["reports"]["linkwalk"]["files"][0].as_str().unwrap();
    let artifact = buildspec["artifacts"]["files"][0].as_str().unwrap();
    let mut shell = Shell::open(&[]);
    // Functions of bash reach the script only where bash runs it, in its manner of sh.
    let setup = format!(
        "{AWS}\nsh() {{ bash --posix \"$@\"; }}\nexport REPORTS=s3://reports/audits\ncp '{}' task.sh\n",
        example("task.sh").display()
    );
    for is_first in [true, false] {
        let ran = shell.run(&format!("{setup}{}", commands.join("\n")), &codes(&[2])).unwrap();
        assert_eq!(ran.stderr.contains("no report of before"), is_first, "{}", ran.stderr);
        assert!(ran.codes.contains(&2));
    }
    let there = format!(
        "test -s {report} && test -s {artifact} && test -s buckets/reports/audits/last.json && \
         ls buckets/reports/audits | wc -l"
    );
    assert_eq!(shell.run(&there, &codes(&[])).unwrap().stdout.trim(), "3");
    // A bucket that cannot be written is an audit that failed.
    let lost = format!("{setup}rm -r buckets; echo > buckets; {}", commands.join("\n"));
    assert!(shell.run(&lost, &codes(&[1])).unwrap().codes.contains(&1));
}

#[test]
fn the_templates_run_what_the_image_has_and_allow_what_an_audit_asks() {
    let dockerfile = text("Dockerfile");
    let copied =
        |line: &str| line.starts_with("COPY ") && line.contains("examples/scheduled/task.sh");
    assert!(dockerfile.lines().any(copied), "{dockerfile}");
    assert!(dockerfile.contains("awscli") && dockerfile.contains("USER linkwalk"), "{dockerfile}");
    let last_stage = dockerfile.rsplit("FROM ").next().unwrap();
    assert!(!last_stage.contains("cargo"), "the image has the program and not what builds it");
    for template in ["ecs.yaml", "codebuild.yaml"] {
        let text = text(template);
        for action in [
            "organizations:DescribeOrganization",
            "organizations:ListRoots",
            "organizations:ListOrganizationalUnitsForParent",
            "organizations:ListAccountsForParent",
            "organizations:ListTagsForResource",
            "sts:AssumeRole",
            "aws:ResourceOrgID",
        ] {
            assert!(text.contains(action), "{template}: {action}");
        }
        assert!(!text.contains("Action: \"*\"") && !text.contains(":*\"\n"), "{template}");
    }
    assert!(text("ecs.yaml").contains("Command: [task.sh]"));
    assert!(text("codebuild.yaml").contains("BuildSpec: buildspec.yml"));
}
