//! One file per verb; each reads like the picture: config, discover, observe, plan, confirm, execute.

mod accounts;
mod apply;
mod audit;
mod caps;
mod completions;
mod course;
mod destroy;
mod doctor;
mod explain;
mod init;
mod kept;
mod ledger;
mod man;
mod merge;
mod notify;
mod out;
mod plan;
mod policy;
mod rehearse;
mod report_file;
mod resume;
mod role;
mod runs;
mod sandbox;
mod save_world;
mod saved;
mod schema;
mod scope;
mod screen;
mod shared_root;
mod stage;
mod unlock;

use std::path::{Path, PathBuf};

use crate::cli::{Change, Cli, Command, Deleting, ReportVerb, SandboxVerb, Scope, Written};
use crate::config::{self, Config, ConfigError};
use crate::exit::Exit;
use crate::model::shard::{InvalidShard, Shard};
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
    start(cli).unwrap_or_else(|told| told)
}

/// What is wrong with how the program was called is told here, and answered as its exit.
fn usage<T>(checked: Result<T, String>) -> Result<T, Exit> {
    checked.map_err(|wrong| {
        out::error(&wrong);
        Exit::Usage
    })
}

/// Everything before AWS is asked for anything. The error has been told.
fn start(mut cli: Cli) -> Result<Exit, Exit> {
    if let Command::Rehearse(asked) = &cli.command {
        return Ok(rehearse::run(asked, &cli.common));
    }
    if let Command::Init(asked) = &cli.command {
        return Ok(init::run(asked, &cli));
    }
    if let Command::Policy(asked) = &cli.command {
        return Ok(policy::run(asked, &cli));
    }
    let sandbox = cli.sandbox();
    let screen = Screen::new(&cli.common, sandbox.is_some());
    let home = ledger::state(&cli.common.state_dir, sandbox.is_some());
    if let Some(exit) = told_again(&cli, &home, screen) {
        return Ok(exit);
    }
    let shard = usage(cli.command.shard().map_err(|wrong| wrong.to_string()))?;
    let config = accounts_toml(&cli, sandbox.as_ref()).map_err(|problems| {
        out::stderr(&(problems.render(screen.stderr_color) + "\n"));
        Exit::Usage
    })?;
    let config = Config { shard, ..config };
    if let Command::Role(asked) = &cli.command {
        return Ok(role::run(asked, &config, screen, cli.common.output, sandbox.as_ref()));
    }
    if let Some(scope) = cli.command.scope() {
        usage(scope::read_report(scope, &home))?;
    }
    let (aim, saved) = usage(check_before_start(&cli, &config))?;
    let audit = usage(audit::Ready::for_command(&cli, &config, &home))?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(threads(&cli.command))
        .enable_all()
        .build()
        .map_err(|error| {
            out::error(&format!("cannot start: {error}"));
            Exit::Failed
        })?;
    runtime.block_on(async {
        let world = sandbox.as_ref().and_then(Option::as_deref);
        if let Command::Sandbox { verb } = &cli.command {
            return Ok(sandbox::run(verb, world, &config).await);
        }
        let kept = sandbox.as_ref().map(|_| Kept::open(Scenario::of(world)));
        let kept = usage(kept.transpose())?;
        let ledger = usage(cli.command.ledger(&home, &config).transpose())?;
        let name = cli.command.name();
        let stage = Stage::open(name, config, aim, screen, kept, ledger);
        let stage = Box::pin(stage).await.map_err(|why| {
            match why {
                NotOpened::Failed(failure) => out::failure("cannot start", &failure),
                NotOpened::Refused(wrong) => out::error(&wrong),
            }
            Exit::Failed
        })?;
        Ok(Box::pin(perform(cli.command, stage, saved, audit, &home)).await)
    })
}

/// Threads that the work is done on. A walk is waiting, mostly: as fast as AWS allows it keeps a third of a processor
/// busy, and threads that wake each other cost more than they bring, and memory. A served sandbox has many to serve.
fn threads(command: &Command) -> usize {
    match command {
        Command::Sandbox { .. } => std::thread::available_parallelism().map_or(1, usize::from),
        _ => 1,
    }
}

/// The command itself.
async fn perform(
    command: Command,
    stage: Stage,
    saved: Option<SavedPlan>,
    audit: Option<audit::Ready>,
    home: &State,
) -> Exit {
    match command {
        Command::Accounts { explain, .. } => accounts::run(stage, explain).await,
        Command::Plan { scope, out, detailed_exitcode, save_world, .. } => {
            plan::run(stage, &scope, out.as_deref(), save_world.as_deref(), detailed_exitcode).await
        }
        Command::Apply(asked) => apply::run(stage, &asked, saved).await,
        Command::Destroy { scope, plan: true, .. } => {
            plan::run(stage, &scope, None, None, false).await
        }
        Command::Destroy { scope, confirm, .. } => destroy::run(stage, &scope, confirm).await,
        Command::Audit(_) => match audit {
            Some(ready) => Box::pin(audit::run(stage, ready)).await,
            None => Exit::Usage,
        },
        Command::Doctor(asked) if asked.shared_root => shared_root::run(stage, &asked).await,
        Command::Doctor(asked) => doctor::run(stage, &asked).await,
        Command::ForceUnlock { run, yes, .. } => unlock::run(stage, home, &run, yes).await,
        Command::Init(_)
        | Command::Rehearse(_)
        | Command::Role(_)
        | Command::Policy(_)
        | Command::Sandbox { .. }
        | Command::Runs { .. }
        | Command::Report { .. }
        | Command::Explain(_)
        | Command::Schema(_)
        | Command::Completions(_)
        | Command::Man(_) => Exit::Ok,
    }
}

/// Commands that tell what is on this machine already: they ask AWS nothing and need no accounts.toml.
fn told_again(cli: &Cli, home: &State, screen: Screen) -> Option<Exit> {
    match &cli.command {
        Command::Runs { prune } => Some(runs::list(home, *prune, screen)),
        Command::Report { verb: Some(ReportVerb::Merge(asked)), .. } => {
            Some(merge::run(asked, cli.common.output, screen))
        }
        Command::Report { run, .. } => Some(runs::report(home, run.as_deref(), screen)),
        Command::Explain(asked) => Some(explain::run(asked, screen)),
        Command::Schema(asked) => Some(schema::run(asked.of)),
        Command::Completions(asked) => Some(completions::run(asked.shell)),
        Command::Man(asked) => Some(man::run(asked)),
        _ => None,
    }
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
    match (&cli.command, cli.common.output) {
        (Command::Audit(_), _) | (_, Written::Plain(_)) => {}
        (_, Written::Report(format)) => {
            return Err(format!(
                "-o {format} is a report of `linkwalk audit`; `{}` writes text, json or jsonl",
                cli.command.name()
            ));
        }
    }
    let destroying = |scope: &Scope, deleting: &Deleting| {
        scope::check(scope, config, sandbox)?;
        if scope.only.iter().any(|word| word.kind().is_some()) {
            Err::<Aim, String>(
                "--only narrows destroy by how targets ended, not by kinds of drift".to_owned(),
            )
        } else {
            Ok(deleting.aim(Purpose::Destroy, &config.protect))
        }
    };
    let converging = |scope: &Scope, change: &Change| {
        scope::check(scope, config, sandbox)?;
        let changes = change.changes(&scope.only)?;
        Ok::<_, String>(change.deleting.aim(Purpose::Converge(changes), &config.protect))
    };
    match &cli.command {
        Command::Accounts { .. }
        | Command::Init(_)
        | Command::Rehearse(_)
        | Command::Role(_)
        | Command::Policy(_)
        | Command::Sandbox { .. }
        | Command::Runs { .. }
        | Command::Report { .. }
        | Command::Explain(_)
        | Command::Schema(_)
        | Command::Completions(_)
        | Command::Man(_) => Ok((Aim::default(), None)),
        Command::ForceUnlock { yes, .. } => {
            unlock::check_can_confirm(*yes).map(|()| (Aim::default(), None))
        }
        Command::Doctor(asked) => {
            if asked.scope.only.iter().any(|word| word.kind().is_some()) {
                return Err(
                    "--only narrows doctor by how targets ended, not by kinds of drift".to_owned()
                );
            }
            scope::check(&asked.scope, config, sandbox).map(|()| (Aim::default(), None))
        }
        Command::Audit(options) => {
            scope::check(&options.scope, config, sandbox).map(|()| (Aim::default(), None))
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
    /// The shard that the command line or the environment names, for commands that have one.
    fn shard(&self) -> Result<Option<Shard>, InvalidShard> {
        let asked = match self {
            Self::Accounts { shard, .. } | Self::ForceUnlock { shard, .. } => shard,
            Self::Plan { scope, .. } | Self::Destroy { scope, .. } => &scope.shard,
            Self::Apply(apply) => &apply.scope.shard,
            Self::Audit(audit) => &audit.scope.shard,
            Self::Doctor(asked) => &asked.scope.shard,
            Self::Init(_)
            | Self::Runs { .. }
            | Self::Report { .. }
            | Self::Rehearse(_)
            | Self::Policy(_)
            | Self::Role(_)
            | Self::Sandbox { .. }
            | Self::Explain(_)
            | Self::Schema(_)
            | Self::Completions(_)
            | Self::Man(_) => return Ok(None),
        };
        match asked.shard {
            None => Shard::of_environment(|name| std::env::var(name).ok()),
            some => Ok(some),
        }
    }

    fn name(&self) -> &'static str {
        match self {
            Self::Init(_) => "init",
            Self::Accounts { .. } => "accounts",
            Self::Plan { .. } | Self::Destroy { plan: true, .. } => "plan",
            Self::Audit(_) => "audit",
            Self::Doctor(_) => "doctor",
            Self::Apply(_) => "apply",
            Self::Destroy { .. } => "destroy",
            Self::Runs { .. } => "runs",
            Self::Report { .. } => "report",
            Self::ForceUnlock { .. } => "force-unlock",
            Self::Rehearse(_) => "rehearse",
            Self::Role(_) => "role",
            Self::Policy(_) => "policy",
            Self::Sandbox { .. } => "sandbox",
            Self::Explain(_) => "explain",
            Self::Schema(_) => "schema",
            Self::Completions(_) => "completions",
            Self::Man(_) => "man",
        }
    }

    /// The targets it is about, of a command that can be narrowed.
    fn scope(&mut self) -> Option<&mut Scope> {
        match self {
            Self::Plan { scope, .. } | Self::Destroy { scope, .. } => Some(scope),
            Self::Apply(asked) => Some(&mut asked.scope),
            Self::Audit(asked) => Some(&mut asked.scope),
            Self::Doctor(asked) => Some(&mut asked.scope),
            _ => None,
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
