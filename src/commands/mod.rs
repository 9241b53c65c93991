//! One file per verb; each reads like the picture: config, discover, observe, plan, confirm, execute.

mod accounts;
mod apply;
mod out;
mod plan;
mod scope;
mod screen;
mod stage;

use crate::cli::{Cli, Command};
use crate::config;
use crate::exit::Exit;
use screen::Screen;
use stage::Stage;

/// Runs one command to its end.
pub fn run(cli: Cli) -> Exit {
    let screen = Screen::new(&cli.common);
    let config = match config::load(&cli.common.config) {
        Ok(config) => config,
        Err(problems) => {
            out::stderr(&(problems.render(screen.stderr_color) + "\n"));
            return Exit::Usage;
        }
    };
    if let Err(wrong) = check_before_start(&cli, &config) {
        out::error(&wrong);
        return Exit::Usage;
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            out::error(&format!("cannot start: {error}"));
            return Exit::Failed;
        }
    };
    runtime.block_on(async {
        let stage = match Stage::open(cli.command.name(), config, screen).await {
            Ok(stage) => stage,
            Err(failure) => {
                out::failure("cannot start", &failure);
                return Exit::Failed;
            }
        };
        match cli.command {
            Command::Accounts { explain } => accounts::run(stage, explain).await,
            Command::Plan { scope, detailed_exitcode } => {
                plan::run(stage, &scope, detailed_exitcode).await
            }
            Command::Apply { scope, yes } => apply::run(stage, &scope, yes).await,
        }
    })
}

/// Wrong usage that can be told before anything is asked of AWS.
fn check_before_start(cli: &Cli, config: &config::Config) -> Result<(), String> {
    match &cli.command {
        Command::Accounts { .. } => Ok(()),
        Command::Plan { scope, .. } => scope::check_regions(scope, config),
        Command::Apply { scope, yes } => {
            scope::check_regions(scope, config)?;
            apply::check_can_confirm(*yes)
        }
    }
}

impl Command {
    fn name(&self) -> &'static str {
        match self {
            Self::Accounts { .. } => "accounts",
            Self::Plan { .. } => "plan",
            Self::Apply { .. } => "apply",
        }
    }
}
