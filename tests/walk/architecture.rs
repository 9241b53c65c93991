//! Who may name whom: the rules of the crate's map, held over its source text.

use std::fs;
use std::path::{Path, PathBuf};

/// For each module, the modules of ours that it may name. What stands in no row may name anything.
const MAY_NAME: [(&str, &[&str]); 17] = [
    ("ids", &[]),
    ("exit", &[]),
    ("locked", &[]),
    ("model", &["ids"]),
    ("plan", &["ids", "model"]),
    ("audit", &["ids", "model", "plan"]),
    ("doctor", &["ids", "model", "plan"]),
    ("config", &["ids", "model"]),
    ("aws", &["ids", "model"]),
    ("role", &["ids", "model", "config"]),
    ("shutdown", &["exit", "report"]),
    ("explain", &["model", "plan", "doctor", "exit"]),
    ("report", &["ids", "model", "plan", "audit", "doctor", "explain", "exit", "shutdown"]),
    ("rehearse", &["ids", "model", "plan"]),
    ("init", &["ids", "model", "config", "report"]),
    (
        "run",
        &[
            "ids", "model", "config", "plan", "audit", "doctor", "init", "aws", "report", "locked",
            "shutdown",
        ],
    ),
    ("sandbox", &[]),
];

/// Words that only code under one of these paths may contain.
const BELONGS: [(&str, &[&str]); 5] = [
    ("aws_sdk_", &["aws/", "sandbox/transport/"]),
    ("aws_config", &["aws/"]),
    ("aws_smithy_", &["aws/", "sandbox/transport/"]),
    ("indicatif", &["report/tty.rs", "report/tty/"]),
    ("process::exit", &["shutdown.rs"]),
];

/// Words that code of the planner, which is pure, must not contain.
const IMPURE: [&str; 7] =
    ["tokio", "async ", "std::fs", "std::env", "Instant::now", "SystemTime", "fastrand"];

/// A source file: its path below `src/`, and its text without comments and tests.
struct Source {
    path: String,
    code: String,
}

impl Source {
    fn module(&self) -> &str {
        let first = self.path.split('/').next().unwrap();
        first.strip_suffix(".rs").unwrap_or(first)
    }
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    collect(&root, &mut files);
    files.sort();
    let read = |file: PathBuf| {
        let path = file.strip_prefix(&root).unwrap().to_str().unwrap().replace('\\', "/");
        let text = fs::read_to_string(&file).unwrap();
        let code = text.split("\n#[cfg(test)]\nmod tests {").next().unwrap();
        let lines = code.lines().filter(|line| !line.trim_start().starts_with("//"));
        Source { path, code: lines.collect::<Vec<_>>().join("\n") }
    };
    let is_test =
        |file: &PathBuf| file.file_stem().is_some_and(|stem| stem == "tests" || stem == "testing");
    files.into_iter().filter(|file| !is_test(file)).map(read).collect()
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

/// What follows `crate::` in a text.
fn named(code: &str) -> impl Iterator<Item = &str> {
    code.split("crate::").skip(1).map(|rest| {
        let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
        &rest[..end]
    })
}

#[test]
fn modules_name_only_those_below_them() {
    let sources = sources();
    assert!(sources.len() > 20, "the sources were not found");
    let mut wrong = Vec::new();
    for source in &sources {
        let Some((_, allowed)) = MAY_NAME.iter().find(|(module, _)| *module == source.module())
        else {
            continue;
        };
        for name in named(&source.code) {
            if name != source.module() && !allowed.contains(&name) {
                wrong.push(format!("src/{} names crate::{name}", source.path));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn words_that_belong_to_one_place_are_found_nowhere_else() {
    let mut wrong = Vec::new();
    for source in sources() {
        for (word, places) in BELONGS {
            let is_home = places.iter().any(|place| source.path.starts_with(place));
            if source.code.contains(word) && !is_home {
                wrong.push(format!("src/{} contains {word}", source.path));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_planner_is_pure() {
    let mut wrong = Vec::new();
    for source in sources().iter().filter(|source| source.module() == "plan") {
        for word in IMPURE.iter().filter(|word| source.code.contains(**word)) {
            wrong.push(format!("src/{} contains {word}", source.path));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn only_the_commands_the_reports_and_main_write_to_the_terminal() {
    let mut wrong = Vec::new();
    for source in sources() {
        if ["commands", "report", "main"].contains(&source.module()) {
            continue;
        }
        for word in ["println!", "print!", "io::stdout", "io::stderr"] {
            if source.code.contains(word) {
                wrong.push(format!("src/{} contains {word}", source.path));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn files_are_small() {
    for source in sources() {
        let lines = source.code.lines().count();
        assert!(lines <= 500, "src/{} has {lines} lines", source.path);
    }
}
