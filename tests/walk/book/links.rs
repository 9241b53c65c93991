//! Links, and the texts of the source.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::page::Page;
use super::root;

/// The links of a text that are no addresses: line and target.
pub(super) fn of(text: &str) -> Vec<(usize, String)> {
    let mut links = Vec::new();
    for (number, line) in prose(text) {
        for rest in line.split("](").skip(1) {
            let target = rest.split([')', ' ']).next().unwrap_or_default();
            if !target.contains("://") && !target.starts_with("mailto:") {
                links.push((number, target.to_owned()));
            }
        }
    }
    links
}

/// Lines outside of blocks, without what stands in backticks, numbered from 1.
fn prose(text: &str) -> Vec<(usize, String)> {
    let mut is_inside = false;
    let mut lines = Vec::new();
    for (number, line) in text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            is_inside = !is_inside;
        } else if !is_inside {
            lines.push((number + 1, line.split('`').step_by(2).collect()));
        }
    }
    lines
}

/// Paths of this repository that stand in backticks.
pub(super) fn paths(text: &str) -> Vec<&str> {
    const FOLDERS: [&str; 7] =
        ["src/", "tests/", "scripts/", "data/", "examples/", "schemas/", "templates/"];
    let quoted = text.lines().flat_map(|line| line.split('`').skip(1).step_by(2));
    let is_path = |path: &&str| {
        FOLDERS.iter().any(|folder| path.starts_with(folder)) && !path.contains(['*', ' '])
    };
    quoted.filter(is_path).collect()
}

/// The anchors of a page, made from its headings as GitHub and mdBook make them.
fn anchors(text: &str) -> BTreeSet<String> {
    let mut anchors = BTreeSet::new();
    let mut is_inside = false;
    for line in text.lines() {
        is_inside ^= line.trim_start().starts_with("```");
        if is_inside || !line.starts_with('#') {
            continue;
        }
        let words = line.trim_start_matches('#').trim().to_lowercase();
        let kept = words.chars().filter(|c| c.is_alphanumeric() || "-_ ".contains(*c));
        let anchor: String = kept.map(|c| if c == ' ' { '-' } else { c }).collect();
        let mut next = anchor.clone();
        let mut same = 0;
        while !anchors.insert(next.clone()) {
            same += 1;
            next = format!("{anchor}-{same}");
        }
    }
    anchors
}

/// The links of a page that lead nowhere.
pub(super) fn broken(page: &Page) -> Vec<String> {
    let folder = root().join(&page.path).parent().unwrap().to_owned();
    let leads = |target: &str| {
        let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
        let path = if file.is_empty() { root().join(&page.path) } else { folder.join(file) };
        path.exists()
            && (anchor.is_empty() || anchors(&fs::read_to_string(path).unwrap()).contains(anchor))
    };
    let links = of(&page.text).into_iter().filter(|(_, target)| !leads(target));
    links.map(|(line, target)| format!("{}:{line}: {target}", page.path)).collect()
}

/// All that stands in the source and in what the program was seen to print, with texts over several lines in one.
pub(super) fn said() -> String {
    let mut text = String::new();
    collect(&root().join("src"), &mut text);
    collect(&root().join("tests/walk/snapshots"), &mut text);
    let joined: Vec<&str> = text
        .split("\\\n")
        .enumerate()
        .map(|(n, part)| if n == 0 { part } else { part.trim_start() })
        .collect();
    joined.concat()
}

fn collect(folder: &Path, text: &mut String) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, text);
        } else if path.extension().is_some_and(|end| end == "rs" || end == "snap") {
            text.push_str(&fs::read_to_string(path).unwrap());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn anchors_are_those_of_github() {
        let text = "# A `key`: how, and why?\n## Same\n```sh\n# no heading\n```\n## Same\n";
        let expected = ["a-key-how-and-why", "same", "same-1"];
        assert_eq!(anchors(text).iter().map(String::as_str).collect::<Vec<_>>(), expected);
        assert_eq!(of("[a](b.md#c) `[x](y)` [e](https://e) ![i](i.png)").len(), 2);
    }
}
