//! `linkwalk man`: manual pages, one for each command.

use std::fs;
use std::io;
use std::path::Path;

use clap::builder::Resettable;
use clap::{Command, CommandFactory};
use clap_mangen::Man;
use clap_mangen::roff::{Roff, roman};

use super::out;
use crate::cli::{Cli, ManOptions};
use crate::exit::Exit;
use crate::report::words;

/// Prints the main page, or writes all of them.
pub(super) fn run(asked: &ManOptions) -> Exit {
    let mut command = Cli::command().disable_help_subcommand(true);
    command.build();
    let result = match &asked.out {
        None => page(&command).map(|page| out::stdout(&page)),
        Some(folder) => write(&command, folder).map(|count| {
            let pages = words::count(count, "page");
            out::stderr(&format!("wrote {pages} into {}\n", folder.display()));
        }),
    };
    match result {
        Ok(()) => Exit::Ok,
        Err(wrong) => {
            out::error(&wrong);
            Exit::Failed
        }
    }
}

/// Writes the page of every command, and answers how many that are.
fn write(command: &Command, folder: &Path) -> Result<usize, String> {
    let wrong = |path: &Path, error: io::Error| format!("cannot write {}: {error}", path.display());
    fs::create_dir_all(folder).map_err(|error| wrong(folder, error))?;
    let commands = commands(command);
    for command in &commands {
        let path = folder.join(format!("{}.1", name(command)));
        fs::write(&path, page(command)?).map_err(|error| wrong(&path, error))?;
    }
    Ok(commands.len())
}

/// The command and all below it, without those that are hidden.
fn commands(command: &Command) -> Vec<&Command> {
    let below = command.get_subcommands().filter(|one| !one.is_hide_set()).flat_map(commands);
    std::iter::once(command).chain(below).collect()
}

/// `linkwalk-sandbox-serve`
fn name(command: &Command) -> String {
    command.get_display_name().unwrap_or_else(|| command.get_name()).to_owned()
}

fn page(command: &Command) -> Result<String, String> {
    let title = name(command);
    let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    let bare = command.clone().name(title.clone()).after_help(Resettable::Reset);
    let mut page = Vec::new();
    Man::new(bare)
        .title(title)
        .manual("linkwalk")
        .render(&mut page)
        .map_err(|error| format!("cannot write the page: {error}"))?;
    Ok(String::from_utf8_lossy(&page).into_owned() + &below(&help))
}

/// What stands under the options in `--help`: examples, line by line, and the rest.
fn below(help: &str) -> String {
    let (examples, rest) = help.split_once("\n\n").unwrap_or((help, ""));
    let mut roff = Roff::new();
    roff.control("SH", ["EXAMPLES"]).control("nf", []);
    for line in examples.lines().skip(1) {
        roff.text([roman(line.trim())]);
    }
    roff.control("fi", []);
    if !rest.is_empty() {
        roff.control("SH", ["NOTES"]);
        roff.text([roman(rest)]);
    }
    roff.to_roff()
}
