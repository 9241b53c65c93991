//! One file per verb; each reads like the picture: config, discover, observe, plan, confirm, execute.

mod accounts;
mod apply;
mod caps;
mod course;
mod destroy;
mod kept;
mod ledger;
mod out;
mod plan;
mod resume;
mod runs;
mod sandbox;
mod saved;
mod scope;
mod screen;
mod stage;
mod unlock;

use std::path::{Path, PathBuf};

use crate::cli::{Change, Cli, Command, Deleting, SandboxVerb, Scope};
use crate::config::{self, Config, ConfigError};
use crate::exit::Exit;
use crate::plan::aim::{Adoption, Aim, Mode, Purpose};
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
    let (aim, saved) = match check_before_start(&cli, &config) {
        Ok(checked) => checked,
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
        let name = cli.command.name();
        let stage = match Stage::open(name, config, aim, screen, kept, ledger).await {
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
            Command::Plan { scope, out, detailed_exitcode, .. } => {
                plan::run(stage, &scope, out.as_deref(), detailed_exitcode).await
            }
            Command::Apply(asked) => apply::run(stage, &asked, saved).await,
            Command::Destroy { scope, plan: true, .. } => {
                plan::run(stage, &scope, None, false).await
            }
            Command::Destroy { scope, confirm, .. } => destroy::run(stage, &scope, confirm).await,
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

/// Whether a plan of this aim goes all the way to accounts.toml, which is what is saved and resumed. The
/// error says what it is instead.
fn is_whole(aim: &Aim) -> Result<(), &'static str> {
    match &aim.purpose {
        Purpose::Destroy => Err("of destroy"),
        Purpose::Converge(changes) if changes.mode != Mode::Repair => Err("of another --mode"),
        Purpose::Converge(changes) if changes.adopt != Adoption::No => Err("of --adopt"),
        Purpose::Converge(changes) if !changes.only.is_empty() => {
            Err("narrowed by --only to kinds of drift")
        }
        Purpose::Converge(_) => Ok(()),
    }
}

/// Wrong usage that can be told before anything is asked of AWS. Answers what the run is for, and the
/// saved plan, where one is named.
fn check_before_start(cli: &Cli, config: &Config) -> Result<(Aim, Option<SavedPlan>), String> {
    let sandbox = cli.sandbox().is_some();
    let destroying = |scope: &Scope, deleting: &Deleting| {
        scope::check(scope, config, sandbox)?;
        match scope.only.iter().any(|word| word.kind().is_some()) {
            true => Err::<Aim, String>(
                "--only narrows destroy by how targets ended, not by kinds of drift".to_owned(),
            ),
            false => Ok(deleting.aim(Purpose::Destroy, &config.protect)),
        }
    };
    let converging = |scope: &Scope, change: &Change| {
        scope::check(scope, config, sandbox)?;
        let changes = change.changes(&scope.only)?;
        Ok::<_, String>(change.deleting.aim(Purpose::Converge(changes), &config.protect))
    };
    match &cli.command {
        Command::Accounts { .. }
        | Command::Sandbox { .. }
        | Command::Runs
        | Command::Report { .. } => Ok((Aim::default(), None)),
        Command::ForceUnlock { yes, .. } => {
            unlock::check_can_confirm(*yes).map(|()| (Aim::default(), None))
        }
        Command::Plan { scope, out, change, destroy, .. } => {
            let aim = match destroy {
                true => destroying(scope, &change.deleting)?,
                false => converging(scope, change)?,
            };
            if out.is_some() {
                is_whole(&aim).map_err(|what| format!("--out saves no plan {what}"))?;
            }
            out.as_deref().map_or(Ok(()), saved::check_place)?;
            Ok((aim, None))
        }
        Command::Apply(asked) => {
            let aim = converging(&asked.scope, &asked.change)?;
            if asked.plan.is_some() || asked.resume.is_some() {
                is_whole(&aim).map_err(|what| {
                    format!("a saved plan is carried out as it is, and never as one {what}")
                })?;
            }
            apply::check_can_confirm(asked)?;
            let saved =
                asked.plan.as_ref().map(|file| saved::read(file, config, sandbox)).transpose()?;
            Ok((aim, saved))
        }
        Command::Destroy { scope, plan, yes, deleting, .. } => {
            let aim = destroying(scope, deleting)?;
            destroy::check_can_confirm(*plan || *yes)?;
            Ok((aim, None))
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
            Self::Apply(_) => "apply",
            Self::Destroy { plan: true, .. } => "plan",
            Self::Destroy { .. } => "destroy",
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
            Self::Destroy { plan: false, .. } => Some(Ledger::new(state.clone(), None, config)),
            _ => None,
        }
    }
}
