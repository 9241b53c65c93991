//! accounts.toml as the book shows it: whole, in part, or wrong.

use std::path::Path;

use linkwalk::config;
use linkwalk::sandbox::World;
use toml::{Table, Value};

use super::page::Block;

/// What completes a part.
const REST: &str = include_str!("world/accounts.toml");

/// Whether it can stand alone.
pub(super) fn is_whole(text: &str) -> bool {
    text.parse::<Table>().is_ok_and(|table| table.contains_key("deployment"))
}

/// A part over the whole: its keys win, and what its tables do not say stays.
pub(super) fn laid_over(whole: &str, part: &str) -> String {
    let mut whole: Table = whole.parse().unwrap();
    for (key, value) in part.parse::<Table>().unwrap() {
        match (whole.get_mut(&key), value) {
            (Some(Value::Table(below)), Value::Table(above)) => below.extend(above),
            (_, value) => drop(whole.insert(key, value)),
        }
    }
    toml::to_string(&whole).unwrap()
}

/// Whether the block is what the book says it is. Files it names are in `folder`.
pub(super) fn check(block: &Block, folder: &Path) -> Result<(), String> {
    let table = match block.text.parse::<Table>() {
        Ok(table) => table,
        Err(_) if block.refused => return Ok(()),
        Err(error) => return Err(error.to_string()),
    };
    if table.contains_key("format") {
        return World::from_scenario(&block.text).map(drop).map_err(|error| error.to_string());
    }
    let is_whole = table.contains_key("deployment");
    let text = if is_whole { block.text.clone() } else { laid_over(REST, &block.text) };
    match (config::parse("accounts.toml".to_owned(), text, folder), block.refused) {
        (Ok(_), false) | (Err(_), true) => Ok(()),
        (Ok(_), true) => Err("it is no mistake".to_owned()),
        (Err(problems), false) => Err(problems.render(false)),
    }
}
