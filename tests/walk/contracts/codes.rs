//! `linkwalk explain`: every code that the sources have is explained, and no other.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use linkwalk::doctor::Topic;
use linkwalk::explain::{self, Group};
use linkwalk::report::codes;
use tempfile::TempDir;

use super::{ROOT, is_current, linkwalk, told};

#[test]
fn the_page_of_codes_is_that_of_the_program() {
    is_current("docs/codes.md", &codes::markdown());
}

#[test]
fn a_code_is_explained_and_a_wrong_one_is_told_the_nearest() {
    let folder = TempDir::new().unwrap();
    let said = told(folder.path(), &["explain", "dns-attributes-off"], 0);
    assert!(said.contains("(blocked item)") && said.contains("(note)"), "{said}");
    let output = linkwalk(folder.path(), &["explain", "dns-atributes-off"]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(64));
    assert!(said.contains("did you mean `dns-attributes-off`?"), "{said}");
}

/// The text of a folder of sources, without comments and tests.
fn sources(folder: &str) -> String {
    let mut text = String::new();
    let mut folders = vec![Path::new(ROOT).join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let stem = path.file_stem().unwrap().to_str().unwrap().to_owned();
            if path.is_dir() {
                folders.push(path);
            } else if !["tests", "testing", "properties", "aim", "outcome"].contains(&&*stem) {
                let source = fs::read_to_string(&path).unwrap();
                let code = source.split("\n#[cfg(test)]\nmod tests {").next().unwrap();
                let lines = code.lines().filter(|line| !line.trim_start().starts_with("//"));
                text.extend(lines.flat_map(|line| [line, "\n"]));
            }
        }
    }
    text
}

/// Every text of sources that has the form of a code of several words.
fn like_codes(sources: &str) -> BTreeSet<&str> {
    let is_like = |text: &&str| {
        let is_fine = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        let begins = text.starts_with(|c: char| c.is_ascii_lowercase());
        begins && text.contains('-') && text.chars().all(is_fine) && !text.ends_with('-')
    };
    sources.split('"').filter(is_like).collect()
}

fn explained(groups: &[Group]) -> BTreeSet<&'static str> {
    let all = explain::all().into_iter().filter(|entry| groups.contains(&entry.group));
    all.map(|entry| entry.code).collect()
}

#[test]
fn every_code_of_the_planner_is_explained_and_no_other() {
    let planner = sources("src/plan");
    let explained = explained(&[Group::Blocked, Group::Note]);
    let no_codes = BTreeSet::from(["kebab-case", "service-defined", "crossplane-name"]);
    let used = like_codes(&planner);
    let lacking: Vec<_> = used
        .iter()
        .filter(|code| !explained.contains(*code) && !no_codes.contains(*code))
        .collect();
    assert!(lacking.is_empty(), "explain these in src/explain/planned.rs: {lacking:?}");
    for code in explained {
        assert!(planner.contains(&format!("\"{code}\"")), "nothing says {code}");
    }
}

#[test]
fn every_cause_that_the_doctor_names_is_explained_and_no_other() {
    let doctor = sources("src/doctor");
    let causes = explained(&[Group::Cause]);
    let known = explained(&[Group::Cause, Group::Blocked, Group::Note]);
    let topics: BTreeSet<&str> = Topic::ALL.iter().map(|topic| topic.code()).collect();
    let used = like_codes(&doctor);
    let is_known =
        |code: &&&str| known.contains(*code) || topics.contains(*code) || **code == "kebab-case";
    let lacking: Vec<_> = used.iter().filter(|code| !is_known(code)).collect();
    assert!(lacking.is_empty(), "explain these in src/explain/causes.rs: {lacking:?}");
    for code in causes {
        assert!(doctor.contains(&format!("\"{code}\"")), "nothing says {code}");
    }
}

#[test]
fn every_code_of_aws_that_is_classed_is_explained_with_its_class() {
    let source = fs::read_to_string(Path::new(ROOT).join("src/aws/error.rs")).unwrap();
    let table =
        source.split("fn class_of").nth(1).unwrap().split("_ => ErrorClass").next().unwrap();
    let classed: BTreeSet<&str> = table.split('"').skip(1).step_by(2).collect();
    let explained: BTreeSet<&str> = explain::all()
        .iter()
        .filter(|entry| entry.group == Group::AwsError)
        .map(|entry| entry.code)
        .collect();
    assert!(classed.len() > 70, "{classed:?}");
    assert_eq!(classed, explained, "explain them in src/explain/answers.rs");
}
