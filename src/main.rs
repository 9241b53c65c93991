//! Parses, runs, answers the exit code.

use std::process::ExitCode;

use clap::Parser;
use linkwalk::cli::Cli;
use linkwalk::commands;
use linkwalk::exit::Exit;

fn main() -> ExitCode {
    // Hundreds of accounts at once are hundreds of connections. Where the limit cannot be raised, the
    // run goes on with what there is.
    drop(rlimit::increase_nofile_limit(8192));
    match Cli::try_parse() {
        Ok(cli) => commands::run(cli).into(),
        Err(error) => {
            // Help and version are answers, not errors. A closed pipe leaves nobody to tell.
            drop(error.print());
            if error.use_stderr() { Exit::Usage.into() } else { ExitCode::SUCCESS }
        }
    }
}
