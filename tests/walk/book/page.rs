//! Pages, and what stands in them that can be tried.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use super::root;

/// A page of the book.
#[derive(Debug)]
pub(super) struct Page {
    /// From the root of the repository.
    pub(super) path: String,
    pub(super) text: String,
}

/// A fenced block.
#[derive(Debug, Clone)]
pub(super) struct Block {
    /// Of its fence, from 1.
    pub(super) line: usize,
    pub(super) language: String,
    /// What its commands may end with besides 0.
    pub(super) exits: BTreeSet<i32>,
    /// Why it is not run.
    pub(super) ignored: Option<String>,
    /// It is an example of a mistake.
    pub(super) refused: bool,
    /// It is laid over what the commands after it use.
    pub(super) kept: bool,
    pub(super) text: String,
}

/// What stands on a page, in order.
#[derive(Debug, Clone)]
pub(super) enum Item {
    Block(Block),
    /// A comment for the test, with its line.
    Aside(usize, String),
}

/// README.md, and all of docs/.
pub(super) fn all() -> Vec<Page> {
    let docs = fs::read_dir(root().join("docs")).unwrap().map(|entry| entry.unwrap().path());
    let pages = docs.filter(|path| path.extension().is_some_and(|end| end == "md"));
    let name = |path: PathBuf| format!("docs/{}", path.file_name().unwrap().to_str().unwrap());
    let mut paths: Vec<String> = pages.map(name).collect();
    paths.push("README.md".to_owned());
    paths.sort();
    let read = |path: String| {
        let text = fs::read_to_string(root().join(&path)).unwrap();
        Page { path, text }
    };
    paths.into_iter().map(read).collect()
}

impl Page {
    pub(super) fn blocks(&self) -> Vec<Block> {
        let block = |item| match item {
            Item::Block(block) => Some(block),
            Item::Aside(..) => None,
        };
        self.items().into_iter().filter_map(block).collect()
    }

    pub(super) fn items(&self) -> Vec<Item> {
        let mut items = Vec::new();
        let mut lines = self.text.lines().enumerate();
        while let Some((number, line)) = lines.next() {
            let indent = line.len() - line.trim_start().len();
            if let Some(words) = line.trim_start().strip_prefix("```") {
                let inside = lines.by_ref().map(|(_, line)| line);
                let inside = inside.take_while(|line| line.trim() != "```");
                let text = inside.map(|line| line.get(indent..).unwrap_or_default());
                let text: Vec<&str> = text.collect();
                let at = format!("{}:{}", self.path, number + 1);
                items.push(Item::Block(Block::new(&at, number + 1, words, text.join("\n"))));
            } else if let Some(aside) =
                line.strip_prefix("<!-- ").filter(|text| text.contains(": "))
            {
                let aside = aside.strip_suffix(" -->").unwrap_or_else(|| panic!("{line}"));
                items.push(Item::Aside(number + 1, aside.to_owned()));
            }
        }
        items
    }
}

impl Block {
    fn new(at: &str, line: usize, words: &str, text: String) -> Self {
        let mut words = words.split(',').map(str::trim);
        let language = words.next().unwrap_or_default().to_owned();
        let mut block = Self {
            line,
            language,
            exits: BTreeSet::new(),
            ignored: None,
            refused: false,
            kept: false,
            text,
        };
        for word in words {
            if let Some(code) = word.strip_prefix("exits-") {
                block.exits.insert(code.parse().unwrap());
            } else if let Some(why) = word.strip_prefix("ignore-") {
                block.ignored = Some(why.to_owned());
            } else {
                match word {
                    "refused" => block.refused = true,
                    "kept" => block.kept = true,
                    _ => panic!("{at}: `{word}` means nothing here"),
                }
            }
        }
        block
    }

    pub(super) fn is_run(&self) -> bool {
        ["sh", "bash", "console"].contains(&self.language.as_str()) && self.ignored.is_none()
    }
}
