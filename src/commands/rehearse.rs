//! `linkwalk rehearse`: the real run, on a simulated organization, in virtual time. Nothing real is near:
//! no network, no credentials, no clock.

mod found;
mod heart;
mod seen;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use jiff::Timestamp;

use super::plan::{NoPlan, prepare};
use super::screen::Screen;
use super::{apply, out, stage};
use crate::aws::Sessions;
use crate::cli::{Common, Faults, Output, Rehearsal, Scope};
use crate::config::{self, Config, ConfigError};
use crate::exit::Exit;
use crate::rehearse::generated;
use crate::report::event::{EventKind, Events, FORMAT};
use crate::report::progress;
use crate::report::rehearsal::{self, Findings};
use crate::run::Run;
use crate::sandbox::{FaultRule, Generated, Options, Sandbox, World};
use crate::shutdown::Shutdown;

/// When every rehearsal happens, in seconds since 1970: 2026-01-01. So the same one is the same tomorrow.
const BEGAN: u64 = 1_767_225_600;

/// How long a call takes, answer and way: as to a region on the same continent.
const LATENCY: (Duration, Duration) = (Duration::from_millis(30), Duration::from_millis(150));

/// How far reads lag behind writes, with realistic faults.
const LAG: Duration = Duration::from_secs(2);

/// The share of accounts that cannot be served, or not wholly, with realistic faults.
const TROUBLED: f64 = 0.03;

/// Width of the text where stdout is no terminal.
const DEFAULT_WIDTH: usize = 100;

/// Runs the command.
pub(super) fn run(asked: &Rehearsal, common: &Common) -> Exit {
    let screen = Screen::new(common, true);
    let set = match set(asked, common) {
        Ok(set) => set,
        Err(Wrong::Usage(wrong)) => {
            out::error(&wrong);
            return Exit::Usage;
        }
        Err(Wrong::Config(problems)) => {
            out::stderr(&(problems.render(screen.stderr_color) + "\n"));
            return Exit::Usage;
        }
    };
    // Virtual time only passes where nothing else can be done, and on one thread everything happens in
    // the same order every time.
    let built =
        tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    let runtime = match built {
        Ok(runtime) => runtime,
        Err(error) => {
            out::error(&format!("cannot start: {error}"));
            return Exit::Failed;
        }
    };
    // The SDK draws the jitter of its retries from this thread's generator.
    fastrand::seed(asked.seed);
    let played = runtime.block_on(play(set, asked, screen, common.quiet));
    match played {
        Ok(findings) => show(&findings, asked, screen),
        Err(exit) => exit,
    }
}

/// What is played, and by what.
struct Set {
    config: Config,
    world: World,
    organization: String,
}

/// Why there is nothing to play.
enum Wrong {
    Usage(String),
    Config(ConfigError),
}

fn set(asked: &Rehearsal, common: &Common) -> Result<Set, Wrong> {
    if common.sandbox.is_some() {
        let wrong = "rehearse has an organization of its own; --world takes a scenario file";
        return Err(Wrong::Usage(wrong.to_owned()));
    }
    let mut set = match &asked.world {
        Some(file) => from_file(file, common.config.as_deref())?,
        None if common.config.is_some() => {
            let wrong = "-c belongs to an organization of your own: `linkwalk plan --save-world world.json` \
                         writes it down, then `linkwalk rehearse --world world.json` rehearses on it";
            return Err(Wrong::Usage(wrong.to_owned()));
        }
        None => made_up(asked)?,
    };
    set.world.set_seed(asked.seed);
    if asked.faults == Faults::Realistic {
        set.world.add_faults(FaultRule::realistic());
    }
    Ok(set)
}

fn from_file(file: &Path, config: Option<&Path>) -> Result<Set, Wrong> {
    let mut config =
        config::load(config.unwrap_or(Path::new("accounts.toml"))).map_err(Wrong::Config)?;
    // A command of the operator's would ask about the real accounts. Here every gate is open.
    config.rollout.waves.iter_mut().for_each(|wave| wave.gate = None);
    let world = World::load_any(file).map_err(|error| Wrong::Usage(error.to_string()))?;
    Ok(Set { config, world, organization: file.display().to_string() })
}

fn made_up(asked: &Rehearsal) -> Result<Set, Wrong> {
    let generated = Generated {
        accounts: usize::try_from(asked.accounts).unwrap_or(usize::MAX),
        regions: asked.regions.0.clone(),
        seed: asked.seed,
        odd: 0.0,
        troubled: if asked.faults == Faults::Realistic { TROUBLED } else { 0.0 },
    };
    let text = generated::accounts_toml(&asked.regions.0, &asked.endpoints);
    let config = config::parse("the rehearsal's accounts.toml".to_owned(), text, Path::new(""))
        .map_err(Wrong::Config)?;
    let world = generated.world().map_err(|error| Wrong::Usage(error.to_string()))?;
    Ok(Set { config, world, organization: "generated".to_owned() })
}

/// The whole of a rollout, from the walk to the last verification.
async fn play(set: Set, asked: &Rehearsal, screen: Screen, quiet: bool) -> Result<Findings, Exit> {
    let Set { config, world, organization } = set;
    let began = UNIX_EPOCH + Duration::from_secs(BEGAN);
    let started = Timestamp::try_from(began).unwrap_or(Timestamp::UNIX_EPOCH);
    let bucket = asked.throttle.map(|bucket| (bucket.size, bucket.per_second));
    let options = Options {
        latency: LATENCY,
        describe_lag: if asked.faults == Faults::Realistic { LAG } else { Duration::ZERO },
        organization_bucket: bucket,
        // Both ends of the wire are in this process.
        verify_signatures: false,
        log_capacity: 0,
        ..Options::at(started)
    };
    let keys = Sandbox::credentials(world.operator());
    let sandbox = Sandbox::new(world, options);
    let access = stage::access(&config);
    let sessions = Sessions::in_process_since(began, sandbox.http_client(), keys, 1.0, access);
    let (events, receiver) = Events::channel();
    let audience = seen::listen(receiver, screen, quiet);
    events.send(EventKind::RunStarted {
        format: FORMAT.into(),
        version: env!("CARGO_PKG_VERSION").into(),
        command: "rehearse".to_owned(),
        deployment: config.deployment.clone(),
        started_at: started.to_string(),
        sandbox: true,
    });
    let run = Arc::new(Run::new(config, sessions, events, Shutdown::new(), "rehearsal".to_owned()));
    let prepared = prepare(&run, &Scope::default()).await.map_err(|why| match why {
        NoPlan::Failed(failure) => {
            out::failure("cannot walk the organization", &failure);
            Exit::Failed
        }
        NoPlan::Usage(wrong) => {
            out::error(&wrong);
            Exit::Usage
        }
    })?;
    let outcomes = apply::carry_out(&run, &prepared, true, None).await;
    let exit = progress::exit(&outcomes, false);
    run.events.send(EventKind::RunFinished { exit_code: exit.code() });
    drop(run);
    let seen = audience.await.unwrap_or_default();
    for asked in sandbox.unknown().into_iter().collect::<BTreeSet<_>>() {
        out::error(&format!("the simulation does not know what was asked of it: {asked}"));
    }
    let organization = found::Organization { from: organization, bucket };
    Ok(found::findings(asked, organization, &prepared, &sandbox, seen, exit))
}

/// Writes what was found. A rehearsal in which accounts fail is a good rehearsal.
fn show(findings: &Findings, asked: &Rehearsal, screen: Screen) -> Exit {
    match screen.output {
        Output::Text => {
            let columns = screen.columns.unwrap_or(DEFAULT_WIDTH);
            screen.text(&rehearsal::render(findings, screen.stdout_color, columns));
        }
        Output::Json => screen.json(findings.document()),
        Output::Jsonl => {}
    }
    let Some(file) = &asked.html else { return Exit::Ok };
    let page = rehearsal::page(findings).map_err(|bug| bug.to_string());
    let written = page.and_then(|page| fs::write(file, page).map_err(|error| error.to_string()));
    match written {
        Ok(()) => Exit::Ok,
        Err(wrong) => {
            out::error(&format!("cannot write {}: {wrong}", file.display()));
            Exit::Failed
        }
    }
}
