//! The book: README.md and docs/. Its commands are run, what they print is compared with what is shown, its
//! accounts.toml are checked, its documents read and its links followed.
//!
//! How a block is written decides what is done with it; the word after the fence is its language:
//!
//! | language | is |
//! |---|---|
//! | `sh`, `bash` | a script; every command in it must succeed |
//! | `console` | lines that begin with `$ ` are commands, what follows is what they print (see `shown`); a block without a command goes on with what the last one printed |
//! | `toml` | accounts.toml, or a part of one; a whole one is that of the commands after it. A scenario of the sandbox begins with `format` |
//! | `json`, `jsonl`, `yaml` | a document, which is read |
//! | `text` | nothing that could rot: a picture |
//!
//! Words after the language, with commas between them:
//!
//! | word | means |
//! |---|---|
//! | `exits-N` | its commands may end with N besides 0, and one of them does |
//! | `refused` | this accounts.toml is an example of a mistake |
//! | `kept` | a part of accounts.toml that is laid over what the commands after it use |
//! | `ignore-WHY` | it is not run; `WHY` is one of [`NOT_RUN`], and a snapshot lists all such blocks |
//!
//! Comments with a colon, which no reader sees, prepare what a page tells of:
//!
//! | comment | does |
//! |---|---|
//! | `<!-- world: applied -->` | the usual accounts.toml was applied before, to all accounts but the newest (`in sync`: to that too) |
//! | `<!-- run: COMMAND -->` | runs it like a command of the page |
//! | `<!-- break: HOW -->` | `linkwalk sandbox break HOW` |

mod links;
mod page;
mod scheduled;
mod shell;
mod shown;
mod tables;
mod world;

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::thread;

use page::{Block, Item, Page};
use shell::{Outcome, Shell};
use shown::Shown;

/// Why a block is not run.
const NOT_RUN: [(&str, &str); 6] = [
    ("installs", "it installs or compiles something"),
    ("tests", "it is a test or a measurement of the source itself, which CI runs"),
    ("aws", "it needs another tool and a real account"),
    ("serves", "it runs until it is stopped; tests/walk/sandbox.rs runs it"),
    ("interactive", "it shows a person at work: a key that is pressed, a process that is killed"),
    ("machine", "it changes the machine: a crontab, a service"),
];

/// Pages that are tried at one time: they mostly wait.
const AT_ONCE: usize = 8;

pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Tries pages side by side and fails with everything that is wrong with any of them.
fn try_pages(what: impl Fn(&Page) -> Vec<String> + Sync) {
    let only = std::env::var("LINKWALK_PAGE").ok();
    let mut pages = page::all();
    pages.retain(|page| only.as_ref().is_none_or(|only| page.path.contains(only.as_str())));
    let (left, wrong) = (Mutex::new(pages), Mutex::new(Vec::new()));
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                loop {
                    let Some(page) = left.lock().unwrap().pop() else { break };
                    let found = what(&page);
                    wrong.lock().unwrap().extend(found);
                }
            });
        }
    });
    let mut wrong = wrong.into_inner().unwrap();
    wrong.sort();
    assert!(wrong.is_empty(), "{} wrong:\n\n{}", wrong.len(), wrong.join("\n\n"));
}

#[test]
fn every_command_of_the_book_does_what_the_book_shows() {
    try_pages(|page| {
        let runs = |item: &Item| match item {
            Item::Block(block) => block.is_run(),
            Item::Aside(..) => true,
        };
        if page.items().iter().any(runs) { commands(page) } else { Vec::new() }
    });
}

/// Runs a page from its beginning to its end; what comes after a mistake is not tried.
fn commands(page: &Page) -> Vec<String> {
    let mut shell = Shell::open(&page.items());
    let mut last = Outcome::default();
    for item in page.items() {
        let tried = match &item {
            Item::Aside(line, text) => shell
                .aside(text)
                .map_err(|wrong| format!("{}:{line}: <!-- {text} -->\n{wrong}", page.path)),
            Item::Block(block) => try_block(&mut shell, block, &mut last)
                .map_err(|wrong| format!("{}:{}: {wrong}", page.path, block.line)),
        };
        if let Err(wrong) = tried {
            return vec![wrong];
        }
    }
    Vec::new()
}

fn try_block(shell: &mut Shell, block: &Block, last: &mut Outcome) -> Result<(), String> {
    if block.language == "toml" {
        shell.accounts_toml(block);
        return Ok(());
    }
    if !block.is_run() {
        return Ok(());
    }
    let mut seen = BTreeSet::new();
    if block.language == "console" {
        let shown = Shown::read(&block.text);
        shown::matches(&shown.goes_on, last)?;
        for (command, printed) in &shown.commands {
            *last = shell.run(command, &block.exits)?;
            seen.extend(last.codes.iter().copied());
            shown::matches(printed, last).map_err(|wrong| format!("$ {command}\n{wrong}"))?;
        }
        if shown.commands.is_empty() {
            return Ok(());
        }
    } else {
        let ran = shell.run(&block.text, &block.exits)?;
        seen.extend(ran.codes);
    }
    match block.exits.iter().find(|code| !seen.contains(code)) {
        Some(code) => Err(format!("no command of the block ended with {code}")),
        None => Ok(()),
    }
}

#[test]
fn a_page_that_does_not_tell_the_truth_is_found_out() {
    for (text, wrong) in [
        ("```sh\nlinkwalk plan --no-such-option\n```", "ended with exit status: 64"),
        ("```sh\nfalse\nlinkwalk accounts\n```", "ended with exit status: 1"),
        ("```sh\nlinkwalk audit\n```", "ended with exit status: 2"),
        ("```sh,exits-2\nlinkwalk plan\n```", "no command of the block ended with 2"),
        (
            "```console\n$ linkwalk accounts\n...\n3 consumers, 1 skipped\n```",
            "4 consumers, 1 skipped",
        ),
        ("```console\n$ linkwalk accounts\n4 consumers, 1 skipped\n```", "shown:"),
        ("<!-- rnu: linkwalk accounts -->", "means nothing here"),
        ("```toml\ndeployment = 'other'\n```\n```sh\nlinkwalk accounts\n```", "regions"),
    ] {
        let page = Page { path: "page.md".to_owned(), text: text.to_owned() };
        let found = commands(&page).concat();
        assert!(found.contains(wrong), "{text}\n{found}");
    }
    let page =
        Page { path: "page.md".to_owned(), text: "```sh,exits-2\nlinkwalk audit\n```".into() };
    assert_eq!(commands(&page), Vec::<String>::new());
}

#[test]
fn what_is_not_run_says_why() {
    let mut told = String::new();
    for page in page::all() {
        for block in page.blocks() {
            let Some(why) = &block.ignored else { continue };
            let (_, reason) = NOT_RUN
                .iter()
                .find(|(word, _)| word == why)
                .unwrap_or_else(|| panic!("{}:{}: ignore-{why}", page.path, block.line));
            let first = block.text.lines().next().unwrap_or_default();
            writeln!(told, "{}: {first}\n    {reason}", page.path).unwrap();
        }
    }
    insta::assert_snapshot!(told);
}

#[test]
fn every_accounts_toml_and_every_document_of_the_book_is_one() {
    let folder = world::folder();
    let mut wrong = Vec::new();
    let mut yaml: Vec<PathBuf> = Vec::new();
    for page in page::all() {
        for block in page.blocks() {
            let judged = match block.language.as_str() {
                "toml" => tables::check(&block, folder.path()),
                "json" => serde_json::from_str::<serde_json::Value>(&block.text)
                    .map(drop)
                    .map_err(|error| error.to_string()),
                "jsonl" => block
                    .text
                    .lines()
                    .try_for_each(|line| serde_json::from_str::<serde_json::Value>(line).map(drop))
                    .map_err(|error| error.to_string()),
                "yaml" => {
                    let name = format!("{}-{}.yaml", page.path.replace('/', "-"), block.line);
                    let file = folder.path().join(name);
                    std::fs::write(&file, &block.text).unwrap();
                    yaml.push(file);
                    Ok(())
                }
                "sh" | "bash" | "console" | "text" => Ok(()),
                other => Err(format!("`{other}` is no language of the book")),
            };
            wrong.extend(judged.err().map(|why| format!("{}:{}: {why}", page.path, block.line)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    scheduled::python(&["-c", READ_YAML], &yaml);
}

const READ_YAML: &str =
    "import sys, yaml\nfor name in sys.argv[1:]: list(yaml.safe_load_all(open(name)))";

#[test]
fn every_link_of_the_book_leads_somewhere() {
    let pages = page::all();
    let wrong: Vec<String> = pages.iter().flat_map(links::broken).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_path_the_book_names_is_there() {
    let mut wrong = Vec::new();
    for page in page::all() {
        let named = links::paths(&page.text).into_iter();
        let lost = named.filter(|path| !root().join(path).exists());
        wrong.extend(lost.map(|path| format!("{}: {path}", page.path)));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_page_is_in_the_table_of_contents_once() {
    let summary = std::fs::read_to_string(root().join("docs/SUMMARY.md")).unwrap();
    let mut named: Vec<String> = links::of(&summary).into_iter().map(|(_, to)| to).collect();
    // A chapter that is still to be written has no file.
    named.retain(|page| !page.is_empty());
    named.sort();
    let mut there: Vec<String> = page::all()
        .into_iter()
        .filter_map(|page| page.path.strip_prefix("docs/").map(str::to_owned))
        .filter(|page| page != "SUMMARY.md")
        .collect();
    there.sort();
    assert_eq!(named, there, "docs/SUMMARY.md on the left, the pages of docs/ on the right");
}

#[test]
fn what_the_troubleshooting_quotes_is_what_the_program_says() {
    let said = links::said();
    let text = std::fs::read_to_string(root().join("docs/troubleshooting.md")).unwrap();
    let quotes: Vec<&str> =
        text.lines().filter_map(|line| line.strip_prefix("### `")?.strip_suffix('`')).collect();
    assert!(quotes.len() >= 20, "{quotes:?}");
    let parts = quotes.iter().flat_map(|quote| quote.split("..."));
    let wrong: Vec<&str> =
        parts.map(str::trim).filter(|part| !part.is_empty() && !said.contains(part)).collect();
    assert!(wrong.is_empty(), "not in src/: {wrong:#?}");
}
