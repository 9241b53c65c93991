//! One file per verb; each reads like the picture: config, discover, observe, plan, confirm, execute.

mod accounts;
mod apply;
mod audit;
mod caps;
mod course;
mod kept;
mod ledger;
mod out;
mod plan;
mod report_file;
mod resume;
mod runs;
mod sandbox;
mod saved;
mod scope;
mod screen;
mod stage;
mod unlock;

use std::path::{Path, PathBuf};

use crate::cli::{Cli, Command, SandboxVerb, Written};
use crate::config::{self, Config, ConfigError};
use crate::exit::Exit;
use crate::plan::artifact::SavedPlan;
use crate::run::journal::State;
use kept::{Kept, Scenario};
use ledger::Ledger;
use screen::Screen;
use stage::{NotOpened, Stage};

/// What accounts.toml says for the demo organization.
const DEMO_ACCOUNTS: &str = include_str!("../../data/demo-accounts.toml");

/// Runs one command to its end.
pub fn run(cli: Cli) -> Exit {
    let sandbox = cli.sandbox();
    let screen = Screen::new(&cli.common, sandbox.is_some());
    let state = ledger::state(&cli.common.state_dir, sandbox.is_some());
    match &cli.command {
        Command::Runs => return runs::list(&state, screen),
        Command::Report { run } => return runs::report(&state, run.as_deref(), screen),
        _ => {}
    }
    let config = match accounts_toml(&cli, sandbox.as_ref()) {
        Ok(config) => config,
        Err(problems) => {
            out::stderr(&(problems.render(screen.stderr_color) + "\n"));
            return Exit::Usage;
        }
    };
    let saved = match check_before_start(&cli, &config) {
        Ok(saved) => saved,
        Err(wrong) => {
            out::error(&wrong);
            return Exit::Usage;
        }
    };
    let audit = match audit::Ready::for_command(&cli, &config) {
        Ok(audit) => audit,
        Err(wrong) => {
            out::error(&wrong);
            return Exit::Usage;
        }
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            out::error(&format!("cannot start: {error}"));
            return Exit::Failed;
        }
    };
    runtime.block_on(async {
        let world = sandbox.as_ref().and_then(Option::as_deref);
        if let Command::Sandbox { verb } = &cli.command {
            return sandbox::run(verb, world, &config).await;
        }
        let kept = match sandbox.as_ref().map(|_| Kept::open(Scenario::of(world))).transpose() {
            Ok(kept) => kept,
            Err(wrong) => {
                out::error(&wrong);
                return Exit::Usage;
            }
        };
        let ledger = match cli.command.ledger(&state, &config).transpose() {
            Ok(ledger) => ledger,
            Err(wrong) => {
                out::error(&wrong);
                return Exit::Usage;
            }
        };
        let stage = match Stage::open(cli.command.name(), config, screen, kept, ledger).await {
            Ok(stage) => stage,
            Err(NotOpened::Failed(failure)) => {
                out::failure("cannot start", &failure);
                return Exit::Failed;
            }
            Err(NotOpened::Refused(wrong)) => {
                out::error(&wrong);
                return Exit::Failed;
            }
        };
        match cli.command {
            Command::Accounts { explain } => accounts::run(stage, explain).await,
            Command::Plan { scope, out, detailed_exitcode } => {
                plan::run(stage, &scope, out.as_deref(), detailed_exitcode).await
            }
            Command::Apply(asked) => apply::run(stage, &asked, saved).await,
            Command::Audit(_) => match audit {
                Some(ready) => audit::run(stage, ready).await,
                None => Exit::Usage,
            },
            Command::ForceUnlock { run, yes } => unlock::run(stage, &state, &run, yes).await,
            Command::Sandbox { .. } | Command::Runs | Command::Report { .. } => Exit::Ok,
        }
    })
}

/// The file that was named, or accounts.toml; the demo organization has its own. Who serves or forgets
/// worlds needs none.
fn accounts_toml(cli: &Cli, sandbox: Option<&Option<PathBuf>>) -> Result<Config, ConfigError> {
    let sandbox = match &cli.command {
        Command::Sandbox { verb: SandboxVerb::Serve { .. } | SandboxVerb::Reset } => Some(&None),
        _ => sandbox,
    };
    match (&cli.common.config, sandbox) {
        (Some(file), _) => config::load(file),
        (None, Some(None)) => config::parse(
            "the demo's accounts.toml".to_owned(),
            DEMO_ACCOUNTS.to_owned(),
            Path::new(""),
        ),
        (None, _) => config::load(Path::new("accounts.toml")),
    }
}

/// Wrong usage that can be told before anything is asked of AWS. Answers the saved plan, where one is
/// named.
fn check_before_start(cli: &Cli, config: &Config) -> Result<Option<SavedPlan>, String> {
    let sandbox = cli.sandbox().is_some();
    match (&cli.command, cli.common.output) {
        (Command::Audit(_), _) | (_, Written::Plain(_)) => {}
        (_, Written::Report(format)) => {
            return Err(format!(
                "-o {format} is a report of `linkwalk audit`; `{}` writes text, json or jsonl",
                cli.command.name()
            ));
        }
    }
    match &cli.command {
        Command::Accounts { .. }
        | Command::Sandbox { .. }
        | Command::Runs
        | Command::Report { .. } => Ok(None),
        Command::ForceUnlock { yes, .. } => unlock::check_can_confirm(*yes).map(|()| None),
        Command::Audit(options) => scope::check(&options.scope, config, sandbox).map(|()| None),
        Command::Plan { scope, out, .. } => {
            scope::check(scope, config, sandbox)?;
            out.as_deref().map_or(Ok(()), saved::check_place)?;
            Ok(None)
        }
        Command::Apply(asked) => {
            scope::check(&asked.scope, config, sandbox)?;
            apply::check_can_confirm(asked)?;
            asked.plan.as_ref().map(|file| saved::read(file, config, sandbox)).transpose()
        }
    }
}

impl Cli {
    /// The world to work in, where it is not the real one: `None` inside for the demo.
    #[expect(clippy::option_option, reason = "absent, without a value, with a value")]
    fn sandbox(&self) -> Option<Option<PathBuf>> {
        match (&self.common.sandbox, &self.command) {
            (None, Command::Sandbox { .. }) => Some(None),
            (sandbox, _) => sandbox.clone(),
        }
    }
}

impl Command {
    fn name(&self) -> &'static str {
        match self {
            Self::Accounts { .. } => "accounts",
            Self::Plan { .. } => "plan",
            Self::Audit(_) => "audit",
            Self::Apply(_) => "apply",
            Self::Runs => "runs",
            Self::Report { .. } => "report",
            Self::ForceUnlock { .. } => "force-unlock",
            Self::Sandbox { .. } => "sandbox",
        }
    }

    /// The record of a command that changes something.
    fn ledger(&self, state: &State, config: &Config) -> Option<Result<Ledger, String>> {
        match self {
            Self::Apply(asked) => Some(Ledger::new(state.clone(), asked.resume.as_deref(), config)),
            _ => None,
        }
    }
}
