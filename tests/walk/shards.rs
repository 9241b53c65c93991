//! Shards of the demo, through the variables that engines set, and their reports as one.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

/// Runs the program in a folder of its own with nothing of the surroundings.
fn run(folder: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_linkwalk"))
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .envs(variables.iter().copied())
        .output()
        .unwrap()
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)))
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// A run of every shard in a sandbox of its own: each through another engine's variables.
fn shards(arguments: &[&str]) -> (TempDir, Vec<Value>) {
    let folder = TempDir::new().unwrap();
    let engines: [&[(&str, &str)]; 4] = [
        &[("AWS_BATCH_JOB_ARRAY_INDEX", "0"), ("LINKWALK_SHARDS", "4")],
        &[("JOB_COMPLETION_INDEX", "1"), ("LINKWALK_SHARDS", "4")],
        &[("LINKWALK_SHARD", "3/4")],
        // What is said on the command line wins.
        &[("LINKWALK_SHARD", "1/9"), ("AWS_BATCH_JOB_ARRAY_INDEX", "7")],
    ];
    let one = |number: usize, variables: &[(&str, &str)]| {
        let own = folder.path().join(format!("of-{number}"));
        std::fs::create_dir(&own).unwrap();
        let mut arguments = arguments.to_vec();
        if number == 3 {
            arguments.extend(["--shard", "4/4"]);
        }
        let document = json(&run(&own, &arguments, variables));
        std::fs::write(folder.path().join(format!("{number}.json")), document.to_string()).unwrap();
        document
    };
    let one = &one;
    let documents = std::thread::scope(|scope| {
        let started = engines.iter().enumerate();
        let started: Vec<_> = started
            .map(|(number, variables)| scope.spawn(move || one(number, variables)))
            .collect();
        started.into_iter().map(|shard| shard.join().unwrap()).collect()
    });
    (folder, documents)
}

fn merge(folder: &Path, files: &[&str], more: &[&str]) -> Output {
    let mut arguments = vec!["report", "merge"];
    arguments.extend(files);
    arguments.extend(more);
    run(folder, &arguments, &[])
}

const FILES: [&str; 4] = ["2.json", "0.json", "3.json", "1.json"];

/// What differs between two runs of the same.
fn without(mut document: Value, keys: &[&str]) -> Value {
    for key in keys {
        document.as_object_mut().unwrap().remove(*key);
    }
    document
}

#[test]
fn the_audits_of_four_shards_are_together_the_audit_of_all() {
    let (folder, documents) = shards(&["--sandbox", "audit", "-o", "json"]);
    let whole = TempDir::new().unwrap();
    let unsharded = run(whole.path(), &["--sandbox", "audit", "-o", "json"], &[]);
    let sizes: Vec<usize> =
        documents.iter().map(|one| one["targets"].as_array().unwrap().len()).collect();
    assert!(sizes.iter().all(|size| *size > 0), "{sizes:?}");

    let joined = merge(folder.path(), &FILES, &["-o", "json"]);
    assert_eq!(joined.status.code(), unsharded.status.code(), "{}", stderr(&joined));
    let times = ["created_at", "shard"];
    let (joined, unsharded) = (without(json(&joined), &times), without(json(&unsharded), &times));
    for key in ["targets", "findings", "shared_root", "regions"] {
        let bare = |document: &Value| without_requests(document[key].clone());
        assert_eq!(bare(&joined), bare(&unsharded), "{key}");
    }

    // A report for people, of the whole.
    let page = merge(folder.path(), &FILES, &["--report", "html=audit.html", "--report", "csv=-"]);
    assert!(String::from_utf8_lossy(&page.stdout).contains("orders-staging"));
    assert!(folder.path().join("audit.html").exists());

    // With a shard missing nothing is in sync, and it is said.
    let refused = merge(folder.path(), &FILES[..3], &[]);
    assert_eq!(refused.status.code(), Some(64));
    assert!(stderr(&refused).contains("shard 2 of 4 is missing"), "{}", stderr(&refused));
    let partial = merge(folder.path(), &FILES[..3], &["--partial", "-o", "json"]);
    assert_eq!(partial.status.code(), Some(1));
    assert!(stderr(&partial).contains("shard 2 of 4 is missing"));
}

/// Request ids are drawn from the order of calls, which differs from run to run.
fn without_requests(mut value: Value) -> Value {
    match &mut value {
        Value::Array(items) => {
            for item in items {
                *item = without_requests(item.take());
            }
        }
        Value::Object(members) => {
            members.remove("request_id");
            // Words that hold one: `(request ...)`, and AWS's encoded message.
            members.retain(|key, _| key != "reason" && key != "message");
            members.values_mut().for_each(|item| *item = without_requests(item.take()));
        }
        _ => {}
    }
    value
}

#[test]
fn the_runs_of_four_shards_are_together_the_run_of_all() {
    let arguments = ["--sandbox", "apply", "--yes", "-q", "-o", "json"];
    let whole = TempDir::new().unwrap();
    let ((folder, documents), unsharded) = std::thread::scope(|scope| {
        let unsharded = scope.spawn(|| json(&run(whole.path(), &arguments, &[])));
        (shards(&arguments), unsharded.join().unwrap())
    });
    let joined = merge(folder.path(), &FILES, &["-o", "json"]);
    assert_eq!(joined.status.code(), Some(1), "{}", stderr(&joined));
    let joined = json(&joined);
    assert_eq!(joined["shards"]["joined"], serde_json::json!([1, 2, 3, 4]));
    assert_eq!(joined["counts"], unsharded["counts"]);
    let ended = |document: &Value| -> Vec<(String, String)> {
        let text = |row: &Value, key: &str| row[key].as_str().unwrap().to_owned();
        let rows = document["targets"].as_array().unwrap().iter();
        rows.map(|row| (text(row, "target"), text(row, "outcome"))).collect()
    };
    assert_eq!(ended(&joined), ended(&unsharded));
    let text = merge(folder.path(), &FILES, &[]);
    assert!(String::from_utf8_lossy(&text.stdout).contains("changed"));
    // Told again it is still a shard's.
    let again =
        json(&run(&folder.path().join("of-2"), &["--sandbox", "report", "-o", "json"], &[]));
    assert_eq!(again["shard"], documents[2]["shard"]);
    assert!(again["shard"].is_object());

    // What does not belong together is refused.
    let mut other = documents[0].clone();
    other["shard"]["whole"] = "0000000000000000".into();
    let mut twice = documents[1].clone();
    twice["elapsed_ms"] = 1.into();
    for (name, document, says) in [
        ("a.json", other, "not of one whole"),
        ("b.json", twice, "are both of shard 2/4"),
        ("c.json", without(documents[0].clone(), &["shard"]), "made without --shard"),
        ("d.json", serde_json::json!({ "kind": "plan", "format": "1.0" }), "only what `apply"),
        ("e.json", serde_json::json!([]), "is no report"),
    ] {
        std::fs::write(folder.path().join(name), document.to_string()).unwrap();
        let refused = merge(folder.path(), &["1.json", "2.json", name], &["--partial"]);
        assert_eq!(refused.status.code(), Some(64), "{name}");
        assert!(stderr(&refused).contains(says), "{name}: {}", stderr(&refused));
    }
}

#[test]
fn a_shard_that_cannot_be_is_refused_before_anything_is_asked() {
    let folder = TempDir::new().unwrap();
    for (variables, says) in [
        (&[("AWS_BATCH_JOB_ARRAY_INDEX", "2")][..], "LINKWALK_SHARDS does not say how many"),
        (&[("JOB_COMPLETION_INDEX", "4"), ("LINKWALK_SHARDS", "4")], "indices go from 0"),
        (&[("LINKWALK_SHARD", "0/4")], "numbered from 1"),
    ] {
        let refused = run(folder.path(), &["--sandbox", "plan"], variables);
        assert_eq!(refused.status.code(), Some(64), "{variables:?}");
        assert!(stderr(&refused).contains(says), "{}", stderr(&refused));
    }
    // More shards than accounts: one of them has nothing to do.
    let empty = run(folder.path(), &["--sandbox", "plan", "--shard", "99/99", "-o", "json"], &[]);
    assert_eq!(empty.status.code(), Some(0), "{}", stderr(&empty));
    assert_eq!(json(&empty)["targets"], serde_json::json!([]));
}

#[test]
fn the_examples_pass_what_the_program_reads() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/shards");
    let read = |name: &str| std::fs::read_to_string(root.join(name)).unwrap();
    let batch: Value = serde_json::from_str(&read("batch-job-definition.json")).unwrap();
    let environment = batch["containerProperties"]["environment"].as_array().unwrap();
    assert!(environment.iter().any(|one| one["name"] == "LINKWALK_SHARDS" && one["value"] == "4"));
    let steps: Value = serde_json::from_str(&read("step-functions.asl.json")).unwrap();
    // Every state that is named is there, and every state can be reached.
    let states = steps["States"].as_object().unwrap();
    let mut reached = vec![steps["StartAt"].as_str().unwrap()];
    while let Some(next) = states[*reached.last().unwrap()]["Next"].as_str() {
        reached.push(next);
    }
    assert_eq!(reached.len(), states.len());
    let map = &states["Shards"];
    let shard = map["ItemSelector"]["shard.$"].as_str().unwrap();
    assert!(shard.contains("States.MathAdd($$.Map.Item.Index, 1)"), "shards count from 1: {shard}");
    let task = &map["ItemProcessor"]["States"]["Apply"]["Parameters"]["Overrides"]["ContainerOverrides"]
        [0];
    assert_eq!(task["Environment"][0]["Name"], "LINKWALK_SHARD");
    let job = read("kubernetes-job.yaml");
    for part in [
        "completionMode: Indexed",
        "completions: 4",
        "name: LINKWALK_SHARDS\n              value: \"4\"",
    ] {
        assert!(job.contains(part), "{part}");
    }
}
