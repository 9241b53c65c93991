//! Contracts: schemas that say what is read and written, judged by validators that are not ours; completions
//! and manual pages, judged by the shells and by groff; codes, each explained.

mod codes;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// What there is a schema of.
const DOCUMENTS: [&str; 14] = [
    "account",
    "accounts",
    "audit",
    "codes",
    "config",
    "doctor",
    "event",
    "plan",
    "rehearsal",
    "report",
    "runs",
    "scenario",
    "shared-root",
    "world",
];

/// The program in this folder, with nothing of the surroundings but `PATH`.
fn linkwalk(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_linkwalk"))
        .current_dir(folder)
        .args(arguments)
        .stdin(Stdio::null())
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap())
        .output()
        .unwrap()
}

/// What the program writes to stdout; it must end with this code.
#[track_caller]
fn told(folder: &Path, arguments: &[&str], code: i32) -> String {
    let output = linkwalk(folder, arguments);
    let [stdout, stderr] =
        [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap());
    assert_eq!(output.status.code(), Some(code), "{arguments:?}\n{stdout}\n{stderr}");
    stdout
}

/// A file of the repository that the program makes: current, or renewed with `LINKWALK_ACCEPT=1`.
#[track_caller]
fn is_current(file: &str, actual: &str) {
    let path = Path::new(ROOT).join(file);
    if std::env::var_os("LINKWALK_ACCEPT").is_some() {
        fs::write(&path, actual).unwrap();
    }
    assert!(
        fs::read_to_string(path).is_ok_and(|published| published == actual),
        "{file} is out of date: LINKWALK_ACCEPT=1 cargo test --test walk contracts:: writes it"
    );
}

#[test]
fn the_published_schemas_are_those_of_the_program() {
    for name in DOCUMENTS {
        let schema = told(Path::new(ROOT), &["schema", name], 0);
        is_current(&format!("schemas/{name}.schema.json"), &schema);
    }
    let there = fs::read_dir(Path::new(ROOT).join("schemas")).unwrap();
    let there: BTreeSet<_> =
        there.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    let known = DOCUMENTS.map(|name| format!("{name}.schema.json"));
    assert_eq!(there, BTreeSet::from(known));
}

/// An organization with what can go well and wrong: DNS that is off, a role that is missing, a throttle.
const WORLD: &str = r#"
format = 1
[organization]
[[account]]
name = "alpha"
unit = "/Workloads"
vpc = [{ name = "main", cidrs = ["10.0.0.0/16"] }]
[[account]]
name = "beta"
unit = "/Workloads"
vpc = [{ name = "main", cidrs = ["10.0.0.0/16"], dns_support = false }]
[[account]]
name = "gamma"
unit = "/Workloads"
roles = []
[[account]]
name = "delta"
unit = "/Sandbox"
vpc = [{ name = "main", cidrs = ["10.0.0.0/16"], endpoint = [{ service = "logs", type = "Interface", private_dns = false }] }]
"#;

/// Interface endpoints take their time, so that what is carried out asks for a gateway alone.
const QUICK: &str = r#"
deployment = "privatelink"
[organization]
regions = ["eu-west-1"]
[endpoints.s3]
[rollout]
waves = ["ou:/Sandbox", "*"]
bake = "1s"
gate = "echo fine"
failure_budget = 5
"#;

const WHOLE: &str = r#"
deployment = "privatelink"
[organization]
regions = ["eu-west-1"]
[endpoints.ecr]
[endpoints.logs]
[rollout]
waves = ["ou:/Sandbox", "*"]
failure_budget = "50%"
"#;

/// Runs the program for every document that it writes, and keeps what it wrote.
fn write_documents(folder: &Path, into: &Path) {
    fs::write(folder.join("world.toml"), WORLD).unwrap();
    fs::write(folder.join("accounts.toml"), QUICK).unwrap();
    fs::write(folder.join("whole.toml"), WHOLE).unwrap();
    let keep = |kind: &str, name: &str, text: &str| {
        let folder = into.join(kind);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join(name), text).unwrap();
    };
    let run = |arguments: &[&str], code: i32| {
        let all = [&["--sandbox=world.toml", "-q"], arguments].concat();
        told(folder, &all, code)
    };
    // One account has no role, so most runs end with 1.
    let plan = run(&["plan", "-c", "whole.toml", "-o", "json"], 1);
    assert!(plan.contains("dns-attributes-off") && plan.contains("\"unreachable\""), "{plan}");
    keep("plan", "plan.json", &plan);
    run(&["plan", "--out", "saved.json", "--save-world", "saved-world.json"], 1);
    keep("plan", "saved.json", &fs::read_to_string(folder.join("saved.json")).unwrap());
    keep("world", "world.json", &fs::read_to_string(folder.join("saved-world.json")).unwrap());
    keep("event", "plan.jsonl", &run(&["plan", "-o", "jsonl"], 1));
    keep("event", "apply.jsonl", &run(&["apply", "--yes", "-o", "jsonl"], 1));
    keep("report", "apply.json", &run(&["apply", "--yes", "-o", "json"], 1));
    keep("report", "report.json", &run(&["report", "-o", "json"], 0));
    keep("runs", "runs.json", &run(&["runs", "-o", "json"], 0));
    let audit = run(&["audit", "-c", "whole.toml", "-o", "json"], 1);
    keep("audit", "audit.json", &audit);
    keep("event", "audit.jsonl", &run(&["audit", "-c", "whole.toml", "-o", "jsonl"], 1));
    keep("doctor", "doctor.json", &run(&["doctor", "-o", "json"], 1));
    let shared = &["--sandbox", "-q", "doctor", "--shared-root", "-o", "json"];
    keep("shared-root", "demo.json", &told(folder, shared, 1));
    let accounts = run(&["accounts", "-o", "json"], 0);
    keep("accounts", "accounts.json", &accounts);
    let walk: Value = serde_json::from_str(&accounts).unwrap();
    let id = walk["accounts"][0]["id"].as_str().unwrap();
    keep("account", "account.json", &run(&["accounts", "--explain", id, "-o", "json"], 0));
    for shard in ["1/2", "2/2"] {
        let name = format!("shard-{}.json", &shard[..1]);
        // A shard without the account that has no role is fine.
        let output = linkwalk(
            folder,
            &["--sandbox=world.toml", "-q", "apply", "--yes", "--shard", shard, "-o", "json"],
        );
        let text = String::from_utf8(output.stdout).unwrap();
        fs::write(folder.join(&name), &text).unwrap();
        keep("report", &name, &text);
    }
    keep(
        "report",
        "merged.json",
        &run(&["report", "merge", "shard-1.json", "shard-2.json", "-o", "json"], 1),
    );
    keep("plan", "destroy.json", &run(&["destroy", "--plan", "-o", "json"], 1));
    keep(
        "rehearsal",
        "rehearsal.json",
        &told(folder, &["rehearse", "--accounts", "3", "-q", "-o", "json"], 0),
    );
    keep("codes", "codes.json", &told(folder, &["explain", "-o", "json"], 0));
    keep("codes", "one.json", &told(folder, &["explain", "orphan", "-o", "json"], 0));
}

/// What no schema can tell, by what is said of it: what follows from AWS's own services, from another place
/// of the file, or from a pattern within a text.
const BEYOND_A_SCHEMA: [&str; 28] = [
    "is not a pattern",
    "give it different",
    "two partitions",
    "another partition",
    "beyond its prefix",
    "not the full name",
    "is a service of",
    "has no",
    "is a bundle",
    "an interface endpoint",
    "a gateway endpoint",
    "no private DNS name",
    "DynamoDB gateway",
    "for S3 interface",
    "take no policy",
    "cannot be read",
    "no endpoints are wanted",
    "lead to the same",
    "same gateway",
    "both contain",
    "no gateway",
    "is written by",
    "nothing is left",
    "two waves",
    "out of range",
    "not in `organization.regions`",
    "already leads",
    "stands twice",
];

/// Files that the schema of accounts.toml must take, and such that it must refuse.
fn write_configs(into: &Path) -> (usize, usize) {
    let [accepted, refused] = ["accepted", "refused"].map(|name| into.join(name));
    fs::create_dir_all(&accepted).unwrap();
    fs::create_dir_all(&refused).unwrap();
    let whole = |body: &str| {
        let mut file = format!("deployment = \"d\"\n{body}\n");
        if !body.contains("[organization") && !body.contains("organization.") {
            file.push_str("[organization]\nregions = [\"eu-west-1\"]\n");
        }
        if !body.contains("[endpoints") && !body.contains("endpoints.") {
            file.push_str("[endpoints.logs]\n");
        }
        file
    };
    let read = |name: &str| fs::read_to_string(Path::new(ROOT).join(name)).unwrap();
    let mut right: Vec<String> =
        ["accounts.toml", "data/demo-accounts.toml", "scripts/demo.toml"].map(read).into();
    right.extend([QUICK, WHOLE].map(str::to_owned));
    for page in ["README.md", "docs/accounts-toml.md", "docs/audit.md", "docs/rollout.md"] {
        let text = read(page);
        for block in text.split("```toml\n").skip(1) {
            let block = block.split("```").next().unwrap();
            right.push(if block.contains("deployment ") { block.to_owned() } else { whole(block) });
        }
    }
    for (number, text) in right.iter().enumerate() {
        fs::write(accepted.join(format!("{number:03}.toml")), text).unwrap();
    }
    let mistakes = read("src/config/tests/mistakes.txt");
    let (mut body, mut count) = (String::new(), 0);
    let lines = mistakes.split_once("## ").unwrap().1.lines().skip(1);
    for line in lines.filter(|line| !line.is_empty() && !line.starts_with("## ")) {
        let Some(expected) = line.strip_prefix("#> ") else {
            body += &(line.replace("LONG", &"x".repeat(300)) + "\n");
            continue;
        };
        let title = expected.split(" | ").nth(1).unwrap();
        let text = whole(&std::mem::take(&mut body));
        if !BEYOND_A_SCHEMA.iter().any(|words| title.contains(words))
            && !title.contains("can match no")
        {
            count += 1;
            fs::write(refused.join(format!("{count:03}.toml")), text).unwrap();
        }
    }
    (right.len(), count)
}

#[test]
fn what_is_written_and_read_is_as_its_schema_says() {
    let (folder, judged) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    write_documents(folder.path(), &judged.path().join("documents"));
    let (accepted, refused) = write_configs(judged.path());
    assert!(accepted > 20 && refused > 110, "{accepted} and {refused}");
    let events = ["plan", "apply", "audit"].map(|name| {
        fs::read_to_string(judged.path().join(format!("documents/event/{name}.jsonl"))).unwrap()
    });
    let kinds: BTreeSet<String> = events
        .iter()
        .flat_map(|text| text.lines())
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["event"].to_string())
        .collect();
    assert!(kinds.len() > 16, "{kinds:?}");

    let venv = Command::new(Path::new(ROOT).join("scripts/venv"))
        .arg(Path::new(ROOT).join("scripts/requirements-reports.txt"))
        .output()
        .unwrap();
    let home = String::from_utf8(venv.stdout).unwrap();
    let verdict = Command::new(PathBuf::from(home.trim()).join("bin/python"))
        .arg(Path::new(ROOT).join("scripts/witness/contracts.py"))
        .args([Path::new(ROOT).join("schemas").as_path(), judged.path()])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&verdict.stdout);
    assert!(verdict.status.success(), "{said}\n{}", String::from_utf8_lossy(&verdict.stderr));
}

/// Whether a program can be run.
fn is_there(program: &str) -> bool {
    Command::new(program)
        .arg("--version")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok()
}

#[test]
fn every_shell_takes_its_completions() {
    let folder = TempDir::new().unwrap();
    for (shell, program, check) in [
        ("bash", "bash", "-n"),
        ("zsh", "zsh", "-n"),
        ("fish", "fish", "--no-execute"),
        ("elvish", "elvish", "-compileonly"),
        ("powershell", "pwsh", "-NoProfile"),
    ] {
        let script = told(folder.path(), &["completions", shell], 0);
        for word in ["save-world", "create-only"] {
            assert!(script.contains(word) || shell == "elvish", "{shell} lacks {word}");
        }
        assert!(script.contains("force-unlock"), "{shell}");
        let file = folder.path().join(format!("{shell}.ps1"));
        fs::write(&file, script).unwrap();
        if is_there(program) {
            let checked = Command::new(program).arg(check).arg(&file).output().unwrap();
            let said = String::from_utf8_lossy(&checked.stderr);
            assert!(checked.status.success() && said.is_empty(), "{shell}: {said}");
        }
    }
}

#[test]
fn bash_completes_verbs_and_values() {
    let folder = TempDir::new().unwrap();
    fs::write(
        folder.path().join("linkwalk.bash"),
        told(folder.path(), &["completions", "bash"], 0),
    )
    .unwrap();
    for (words, expected) in [
        ("linkwalk comp", "completions"),
        ("linkwalk sandbox se", "serve"),
        ("linkwalk schema sc", "scenario"),
        ("linkwalk apply --mode cre", "create-only"),
    ] {
        let last = words.split(' ').next_back().unwrap();
        let count = words.split(' ').count() - 1;
        let before = words.split(' ').nth(count - 1).unwrap();
        let script = format!(
            "source ./linkwalk.bash; COMP_WORDS=({words}); COMP_CWORD={count}; \
             _linkwalk linkwalk {last} {before}; echo \"${{COMPREPLY[@]}}\""
        );
        let done = Command::new("bash")
            .current_dir(folder.path())
            .args(["--norc", "-c", &script])
            .output()
            .unwrap();
        let offered = String::from_utf8_lossy(&done.stdout);
        assert_eq!(offered.trim(), expected, "{words}: {}", String::from_utf8_lossy(&done.stderr));
    }
}

#[test]
fn every_command_has_a_manual_page_that_groff_takes() {
    let folder = TempDir::new().unwrap();
    told(folder.path(), &["man", "--out", "man1"], 0);
    let pages: Vec<PathBuf> = fs::read_dir(folder.path().join("man1"))
        .unwrap()
        .map(|page| page.unwrap().path())
        .collect();
    for name in ["linkwalk", "linkwalk-apply", "linkwalk-report-merge", "linkwalk-sandbox-serve"] {
        assert!(pages.iter().any(|page| page.ends_with(format!("{name}.1"))), "{name}: {pages:?}");
    }
    for page in &pages {
        let text = fs::read_to_string(page).unwrap();
        let title = page.file_stem().unwrap().to_str().unwrap().replace('-', "\\-");
        assert!(text.contains(&format!(".TH {}", title.replace("\\-", "-"))), "{page:?}");
        for section in [".SH NAME", ".SH SYNOPSIS", ".SH EXAMPLES"] {
            assert_eq!(text.matches(section).count(), 1, "{section} of {page:?}");
        }
        if is_there("groff") {
            let checked = Command::new("groff")
                .args(["-man", "-ww", "-z", "-Kutf8", "-Tutf8"])
                .arg(page)
                .output()
                .unwrap();
            let said = String::from_utf8_lossy(&checked.stderr);
            assert!(checked.status.success() && said.is_empty(), "{page:?}: {said}");
        }
    }
    let main = told(folder.path(), &["man"], 0);
    assert_eq!(main, fs::read_to_string(folder.path().join("man1/linkwalk.1")).unwrap());
    fs::write(folder.path().join("file"), "").unwrap();
    told(folder.path(), &["man", "--out", "file/below"], 1);
}
