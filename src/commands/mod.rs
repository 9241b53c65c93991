//! One file per verb; each reads like the picture: config, discover, observe, plan, confirm, execute.

mod accounts;
mod apply;
mod destroy;
mod kept;
mod out;
mod plan;
mod sandbox;
mod scope;
mod screen;
mod stage;

use std::path::{Path, PathBuf};

use crate::cli::{Cli, Command, SandboxVerb};
use crate::config::{self, Config, ConfigError};
use crate::exit::Exit;
use crate::plan::aim::{Aim, Purpose};
use kept::{Kept, Scenario};
use screen::Screen;
use stage::Stage;

/// What accounts.toml says for the demo organization.
const DEMO_ACCOUNTS: &str = include_str!("../../data/demo-accounts.toml");

/// Runs one command to its end.
pub fn run(cli: Cli) -> Exit {
    let sandbox = cli.sandbox();
    let screen = Screen::new(&cli.common, sandbox.is_some());
    let config = match accounts_toml(&cli, sandbox.as_ref()) {
        Ok(config) => config,
        Err(problems) => {
            out::stderr(&(problems.render(screen.stderr_color) + "\n"));
            return Exit::Usage;
        }
    };
    let aim = match check_before_start(&cli, &config) {
        Ok(aim) => aim,
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
        let name = cli.command.name();
        let stage = match Stage::open(name, config, aim, screen, kept).await {
            Ok(stage) => stage,
            Err(failure) => {
                out::failure("cannot start", &failure);
                return Exit::Failed;
            }
        };
        match cli.command {
            Command::Accounts { explain } => accounts::run(stage, explain).await,
            Command::Plan { scope, detailed_exitcode, .. } => {
                plan::run(stage, &scope, detailed_exitcode).await
            }
            Command::Apply { scope, yes, .. } => apply::run(stage, &scope, yes).await,
            Command::Destroy { scope, plan: true, .. } => plan::run(stage, &scope, false).await,
            Command::Destroy { scope, confirm, .. } => destroy::run(stage, &scope, confirm).await,
            Command::Sandbox { .. } => Exit::Ok,
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

/// What the run is for; or wrong usage that can be told before anything is asked of AWS.
fn check_before_start(cli: &Cli, config: &config::Config) -> Result<Aim, String> {
    match &cli.command {
        Command::Accounts { .. } | Command::Sandbox { .. } => Ok(Aim::default()),
        Command::Plan { scope, destroy: true, change, .. } => {
            scope::check_regions(scope, config)?;
            Ok(change.deleting.aim(Purpose::Destroy, &config.protect))
        }
        Command::Plan { scope, change, .. } => {
            scope::check_regions(scope, config)?;
            Ok(change.deleting.aim(Purpose::Converge(change.changes()?), &config.protect))
        }
        Command::Apply { scope, yes, change } => {
            scope::check_regions(scope, config)?;
            apply::check_can_confirm(*yes)?;
            Ok(change.deleting.aim(Purpose::Converge(change.changes()?), &config.protect))
        }
        Command::Destroy { scope, plan, yes, deleting, .. } => {
            scope::check_regions(scope, config)?;
            destroy::check_can_confirm(*plan || *yes)?;
            Ok(deleting.aim(Purpose::Destroy, &config.protect))
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
            Self::Apply { .. } => "apply",
            Self::Destroy { plan: true, .. } => "plan",
            Self::Destroy { .. } => "destroy",
            Self::Sandbox { .. } => "sandbox",
        }
    }
}
