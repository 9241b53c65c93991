//! `linkwalk rehearse` and `plan --save-world`, as the compiled program: nothing around it leads anywhere.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// Ends with this code; answers stdout and stderr.
#[track_caller]
fn exits(folder: &Path, arguments: &[&str], code: i32) -> (String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_linkwalk"))
        .current_dir(folder)
        .args(arguments)
        .stdin(Stdio::null())
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap())
        .env("AWS_PROFILE", "nobody")
        .env("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
        .env("AWS_ACCESS_KEY_ID", "AKIAREAL")
        .output()
        .unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    let (stdout, stderr) = (text(output.stdout), text(output.stderr));
    assert_eq!(output.status.code(), Some(code), "{arguments:?}\n{stdout}\n{stderr}");
    (stdout, stderr)
}

fn rehearse(folder: &Path, more: &[&str]) -> String {
    exits(folder, &[&["rehearse"], more].concat(), 0).0
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn the_same_arguments_print_the_same_bytes_and_another_seed_others() {
    let folder = TempDir::new().unwrap();
    let all = ["--accounts", "5", "--regions", "2", "--endpoints", "logs,kms,s3"];
    let rough = ["--faults", "realistic", "--throttle", "9,2"];
    let once = |seed: &str, format: &str| {
        let more = ["--seed", seed, "-o", format];
        rehearse(folder.path(), &[&all[..], &rough[..], &more[..]].concat())
    };
    assert_eq!(once("7", "text"), once("7", "text"));
    let (seven, eight) = (once("7", "json"), once("8", "json"));
    assert_eq!(seven, once("7", "json"));
    assert_ne!(json(&seven)["took_ms"], json(&eight)["took_ms"]);
    assert_ne!(json(&seven)["bound_ms"], json(&eight)["bound_ms"]);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "it keeps nothing");
}

#[test]
fn what_is_found_adds_up() {
    let folder = TempDir::new().unwrap();
    let arguments = ["--accounts", "9", "--endpoints", "s3,logs,kms", "--seed", "2", "-o", "json"];
    let found = json(&rehearse(folder.path(), &arguments));
    assert_eq!(found["kind"], "rehearsal");
    assert_eq!(found["sandbox"], true);
    assert_eq!((&found["accounts"], &found["targets"]), (&9.into(), &9.into()));
    assert_eq!(found["outcomes"]["changed"], 9);
    let outcomes = found["outcomes"].as_object().unwrap().values();
    assert_eq!(outcomes.map(|count| count.as_u64().unwrap()).sum::<u64>(), 9);
    let actions = found["actions"].as_array().unwrap();
    let calls = |name: &str| {
        let of = |one: &&Value| one["action"] == name;
        actions.iter().find(of).map_or(0, |one| one["calls"].as_u64().unwrap())
    };
    let sum: u64 = actions.iter().map(|one| one["calls"].as_u64().unwrap()).sum();
    assert_eq!(found["calls"], sum);
    assert_eq!(calls("CreateVpcEndpoint"), 27);
    assert_eq!(calls("AssumeRole"), 9);
    let phases = found["phases"].as_array().unwrap();
    for key in ["took_ms", "bound_ms"] {
        let parts: u64 = phases.iter().map(|phase| phase[key].as_u64().unwrap()).sum();
        // Each phase is cut to whole milliseconds.
        assert!(found[key].as_u64().unwrap().abs_diff(parts) <= 3, "{found:#}");
    }
    for phase in phases {
        assert!(phase["took_ms"].as_u64() >= phase["bound_ms"].as_u64(), "{phase}");
    }
    assert!(found["bound_ms"].as_u64().unwrap() > 60_000, "endpoints take minutes: {found:#}");
    let series = &found["timeline"];
    assert_eq!(series["done"].as_array().unwrap().last(), Some(&9.into()));
    assert_eq!(series["waiting"].as_array().unwrap().first(), Some(&0.into()));
}

#[test]
fn realistic_faults_are_met_and_a_shared_bucket_bounds() {
    let folder = TempDir::new().unwrap();
    let plain = ["--accounts", "30", "--endpoints", "logs,kms", "--seed", "4", "-o", "json"];
    let calm = json(&rehearse(folder.path(), &plain));
    let rough = json(&rehearse(folder.path(), &[&plain[..], &["--faults", "realistic"]].concat()));
    let trouble = |found: &Value| {
        let actions = found["actions"].as_array().unwrap();
        let sum = |key: &str| actions.iter().map(|one| one[key].as_u64().unwrap()).sum::<u64>();
        sum("throttled") + sum("unanswered")
    };
    assert_eq!(trouble(&calm), 0, "{calm:#}");
    assert!(trouble(&rough) > 0, "{rough:#}");
    assert_eq!(calm["exit_code"], 0);
    assert_ne!(rough["exit_code"], 0, "some accounts cannot be served: {rough:#}");
    let shared = json(&rehearse(folder.path(), &[&plain[..], &["--throttle", "4,0.5"]].concat()));
    assert!(trouble(&shared) > 0, "{shared:#}");
    assert!(shared["bound_ms"].as_u64() <= shared["took_ms"].as_u64(), "{shared:#}");
}

/// Drift, a role that is missing, a region that is off, two VPCs, and a role that wants a secret.
const SCENARIO: &str = r#"
format = 1
seed = 9
[organization]
[[account]]
name = "alpha"
email = "alpha@corp.example"
unit = "/Workloads/Staging"
tags = { team = "one" }
roles = [{ name = "Walker", path = "/net/", external_id = "hush-hush-1" }]
[[account.vpc]]
name = "main"
cidrs = ["10.0.0.0/16", "10.1.0.0/20"]
ipv6 = true
[[account.vpc]]
name = "second"
cidrs = ["10.2.0.0/16"]
zones = ["euw1-az1"]
free_addresses = 40
group = [{ name = "hand", https_from = ["10.2.0.0/16"] }]
endpoint = [{ service = "logs", group = "hand", tags = { Name = "by hand" } }]
[[account]]
name = "beta"
unit = "/Workloads"
roles = []
vpc = [{}]
[[account]]
name = "gamma"
unit = "/Workloads/Staging"
roles = [{ name = "Walker", path = "/net/" }]
regions_off = ["eu-west-1"]
vpc = [{}]
[[account]]
name = "delta"
unit = "/Workloads/Production"
roles = [{ name = "Walker", path = "/net/", allows = ["ec2:DescribeVpc*"] }]
vpc = [{}]
[[account]]
name = "omega"
state = "SUSPENDED"
[[service]]
name = "kms"
zones = ["euw1-az1", "euw1-az3"]
"#;

const ACCOUNTS: &str = r#"
deployment = "privatelink"
[organization]
regions = ["eu-west-1"]
role = "net/Walker"
external_id = "hush-hush-1"
[accounts]
include = ["ou:/Workloads/**"]
exclude = ["tag:team=none"]
[endpoints.logs]
[endpoints.kms]
[endpoints.s3]
"#;

/// The plan without what differs from one run to the next.
fn comparable(plan: &str) -> Value {
    let mut plan = json(plan);
    for moment in ["created_at", "run"] {
        plan[moment].take();
    }
    for target in plan["targets"].as_array_mut().unwrap() {
        if let Some(failure) = target.get_mut("failure").and_then(Value::as_object_mut) {
            // AWS's own words and numbers are left out of a saved world, and with them what they tell to do.
            failure.retain(|key, _| !["message", "request_id", "hint"].contains(&key.as_str()));
        }
    }
    plan
}

#[test]
fn a_saved_world_plans_the_same_before_and_after_it_is_applied() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("world.toml"), SCENARIO).unwrap();
    fs::write(folder.path().join("accounts.toml"), ACCOUNTS).unwrap();
    let plan = |world: &str, saved: &str| {
        let sandbox = format!("--sandbox={world}");
        let arguments = ["plan", &sandbox, "-q", "-o", "json", "--save-world", saved];
        comparable(&exits(folder.path(), &arguments, 1).0)
    };
    let read = |file: &str| fs::read_to_string(folder.path().join(file)).unwrap();
    for round in ["fresh", "applied", "drifted"] {
        assert_eq!(plan("world.toml", "one.json"), plan("one.json", "two.json"), "{round}");
        let saved = read("one.json");
        assert_eq!(saved, read("two.json"), "{round}");
        for secret in ["hush-hush", "corp.example"] {
            assert!(!saved.contains(secret), "{secret}: {round}");
        }
        // It is the same rollout that is rehearsed.
        let arguments = ["rehearse", "--world", "one.json", "-q", "-o", "json"];
        let found = json(&exits(folder.path(), &arguments, 0).0);
        assert_eq!((&found["targets"], &found["outcomes"]["unreachable"]), (&4.into(), &3.into()));
        match round {
            "fresh" => {
                assert_eq!(found["outcomes"]["changed"], 1, "{found:#}");
                exits(folder.path(), &["apply", "--sandbox=world.toml", "--yes", "-q"], 1);
            }
            "applied" => {
                assert_eq!(found["outcomes"]["in-sync"], 1, "{found:#}");
                let spoil =
                    ["sandbox", "break", "open-group", "--seed", "1", "--sandbox=world.toml"];
                exits(folder.path(), &spoil, 0);
            }
            _ => assert_eq!(found["outcomes"]["changed"], 1, "{found:#}"),
        }
    }
}

#[test]
fn waves_are_rehearsed_with_their_bakes_and_no_gate_of_the_operators_is_asked() {
    let folder = TempDir::new().unwrap();
    let world = "format = 1\n[organization]\n\
                 [[account]]\nname = \"alpha\"\nunit = \"/First\"\nvpc = [{}]\n\
                 [[account]]\nname = \"beta\"\nvpc = [{}]\n";
    let accounts = "deployment = \"privatelink\"\n[organization]\nregions = [\"eu-west-1\"]\n\
                    [endpoints.s3]\n[rollout]\nwaves = [{ accounts = [\"ou:/First\"], bake = \"30m\", \
                    gate = \"touch asked; false\" }, { accounts = [\"*\"] }]\n";
    fs::write(folder.path().join("world.toml"), world).unwrap();
    fs::write(folder.path().join("mine.toml"), accounts).unwrap();
    let arguments = ["--world", "world.toml", "-c", "mine.toml", "-o", "json"];
    let found = json(&rehearse(folder.path(), &arguments));
    assert_eq!(found["outcomes"]["changed"], 2, "{found:#}");
    assert!(found["took_ms"].as_u64().unwrap() > 30 * 60_000, "{found:#}");
    assert!(!folder.path().join("asked").exists());
}

#[test]
fn the_page_needs_nothing_but_itself() {
    let folder = TempDir::new().unwrap();
    let name = "<b>&.toml";
    fs::write(folder.path().join(name), SCENARIO).unwrap();
    fs::write(folder.path().join("accounts.toml"), ACCOUNTS).unwrap();
    rehearse(folder.path(), &["--world", name, "--html", "page.html"]);
    let page = fs::read_to_string(folder.path().join("page.html")).unwrap();
    for outside in ["http:", "https:", "<script", "src=", "url(", "@import", "<b>&.toml"] {
        assert!(!page.contains(outside), "{outside}");
    }
    for inside in ["<svg", "prefers-color-scheme: dark", "CreateVpcEndpoint", "unreachable"] {
        assert!(page.contains(inside), "{inside}: {page}");
    }
}

#[test]
fn what_makes_no_sense_is_told_before_anything_is_played() {
    let folder = TempDir::new().unwrap();
    let path = folder.path();
    fs::write(path.join("accounts.toml"), ACCOUNTS).unwrap();
    fs::write(path.join("empty.toml"), "format = 1\n[organization]\n").unwrap();
    fs::write(path.join("other.json"), r#"{"format": 99}"#).unwrap();
    fs::write(path.join("broken.toml"), "format = 1\nnonsense = 2\n").unwrap();
    for (arguments, said) in [
        (&["-c", "accounts.toml"][..], "--save-world"),
        (&["--sandbox"], "--world takes a scenario file"),
        (&["--world", "empty.toml", "--accounts", "3"], "cannot be used with"),
        (&["--world", "nowhere.json"], "nowhere.json"),
        (&["--world", "other.json"], "format 99"),
        (&["--world", "broken.toml"], "nonsense"),
        (&["--world", "empty.toml"], "no account is a consumer"),
        (&["--accounts", "0"], "0"),
        (&["--endpoints", "log"], "did you mean `logs`?"),
        (&["--regions", "eu-wset-1"], "did you mean `eu-west-1`?"),
        (&["--regions", "11"], "from 1 to 10"),
        (&["--throttle", "5"], "two numbers"),
        (&["--faults", "some"], "realistic"),
    ] {
        let (stdout, stderr) = exits(path, &[&["rehearse"], arguments].concat(), 64);
        assert!(stdout.is_empty(), "{arguments:?}: {stdout}");
        let words = stderr.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(words.contains(said), "{arguments:?}: no `{said}` in {stderr}");
    }
    let into = ["--accounts", "1", "--endpoints", "s3", "--html", "no/such/folder.html"];
    let (_, stderr) = exits(path, &[&["rehearse"], &into[..]].concat(), 1);
    assert!(stderr.contains("cannot write no/such/folder.html"), "{stderr}");
}
