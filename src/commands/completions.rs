//! `linkwalk completions`: what a shell completes.

use clap::CommandFactory;
use clap_complete::Shell;

use super::out;
use crate::cli::Cli;
use crate::exit::Exit;

/// Prints the completions of a shell.
pub(super) fn run(shell: Shell) -> Exit {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "linkwalk", &mut script);
    out::stdout(&String::from_utf8_lossy(&script));
    Exit::Ok
}
