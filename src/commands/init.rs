//! `linkwalk init`: the first accounts.toml, from what is there.

mod file;
mod told;

use std::path::{Path, PathBuf};

use super::kept::{Kept, Scenario};
use super::out;
use super::screen::Screen;
use super::stage::{NotOpened, Stage};
use crate::aws;
use crate::cli::{Cli, Init, Output, Written};
use crate::config::{self, Config};
use crate::exit::Exit;
use crate::ids::Region;
use crate::init::{self, Proposal, Seen, USUAL_ROLES};
use crate::plan::aim::Aim;
use crate::run::{Asked, look_around};
use file::Place;

/// Where the walk begins when nothing says where: the region of the global services.
const HOME: &str = "us-east-1";

/// The region of a starter when nothing says which.
const STARTER: &str = "eu-west-1";

/// Runs the command.
pub(super) fn run(asked: &Init, cli: &Cli) -> Exit {
    let sandbox = cli.sandbox();
    let screen = Screen::new(&cli.common, sandbox.is_some());
    let place = match check(asked, cli) {
        Ok(place) => place,
        Err(wrong) => {
            out::error(&wrong);
            return Exit::Usage;
        }
    };
    let built = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = match built {
        Ok(runtime) => runtime,
        Err(error) => {
            out::error(&format!("cannot start: {error}"));
            return Exit::Failed;
        }
    };
    runtime
        .block_on(Box::pin(propose(asked, screen, &place, sandbox.as_ref())))
        .unwrap_or_else(|told| told)
}

/// Wrong usage, before anything is asked.
fn check(asked: &Init, cli: &Cli) -> Result<Place, String> {
    if cli.common.config.is_some() {
        return Err("init reads no accounts.toml; --to FILE says where to write one".to_owned());
    }
    if !matches!(cli.common.output, Written::Plain(Output::Text | Output::Json)) {
        return Err("init writes text or json".to_owned());
    }
    let place = Place::new(&asked.to)?;
    if place == Place::Stdout && cli.common.output != Written::Plain(Output::Text) {
        return Err("with --to - stdout is the file; leave -o away".to_owned());
    }
    Ok(place)
}

/// Looks around, proposes, writes and tells. The error has been told.
async fn propose(
    asked: &Init,
    screen: Screen,
    place: &Place,
    world: Option<&Option<PathBuf>>,
) -> Result<Exit, Exit> {
    if asked.offline {
        return starter(asked, screen, place, "as --offline says").await;
    }
    let kept = match world {
        None => None,
        Some(world) => {
            Some(Kept::open(Scenario::of(world.as_deref())).map_err(|wrong| refused(&wrong))?)
        }
    };
    let home = match &kept {
        Some(kept) => Region::from(kept.sandbox.world().home()),
        None => home(HOME).await,
    };
    let config = provisional(asked, &home)?;
    let stage = Box::pin(Stage::open("init", config, Aim::default(), screen, kept, None)).await;
    let stage = stage.map_err(|why| match why {
        NotOpened::Failed(failure) => {
            out::failure("cannot start", &failure);
            Exit::Failed
        }
        NotOpened::Refused(wrong) => {
            out::error(&wrong);
            Exit::Failed
        }
    })?;
    if !stage.run.sessions.has_credentials().await {
        stage.close(Exit::Ok).await;
        return starter(asked, screen, place, NO_CREDENTIALS).await;
    }
    let looked = look_around(&stage.run, &asked_of(asked, &stage.run.config, screen.sandbox)).await;
    let seen = match looked {
        Ok(Some(seen)) => seen,
        Ok(None) => {
            stage.close(Exit::Interrupted).await;
            out::error("interrupted; nothing was written");
            return Ok(Exit::Interrupted);
        }
        Err(failure) => {
            stage.close(Exit::Failed).await;
            out::failure("cannot look around, so nothing was written", &failure);
            if !failure.hint.as_deref().is_some_and(|hint| hint.contains("--offline")) {
                out::stderr(
                    "  help: `linkwalk init --offline` writes a starter without asking anybody\n",
                );
            }
            return Ok(Exit::Failed);
        }
    };
    let exit = if seen.opened() == 0 { Exit::Failed } else { Exit::Ok };
    stage.close(exit).await;
    let proposal = init::propose(&seen);
    written(&proposal, place)?;
    told::proposed(&seen, &proposal, place, screen, exit);
    Ok(exit)
}

const NO_CREDENTIALS: &str = "because there are no AWS credentials: sign in (`aws sso login`, AWS_PROFILE) and run \
                              `linkwalk init` again, to another file, for a proposal from your organization";

fn refused(wrong: &str) -> Exit {
    out::error(wrong);
    Exit::Usage
}

/// A starter, and why it is one.
async fn starter(asked: &Init, screen: Screen, place: &Place, why: &str) -> Result<Exit, Exit> {
    let home = if asked.regions.is_empty() { home(STARTER).await } else { Region::from("") };
    let config = provisional(asked, &home)?;
    let organization = &config.organization;
    let external_id = organization.external_id.as_deref();
    let proposal = init::starter(&organization.regions, asked.role.as_deref(), external_id);
    written(&proposal, place)?;
    told::starter(&proposal, why, place, screen);
    Ok(Exit::Ok)
}

/// The region that the environment or the profile names, or this one.
async fn home(otherwise: &str) -> Region {
    aws::region_of_environment().await.unwrap_or_else(|| Region::from(otherwise))
}

/// What is said of the accounts on the command line, as an accounts.toml, so that it is checked like one.
fn provisional(asked: &Init, home: &Region) -> Result<Config, Exit> {
    let regions = match asked.regions.as_slice() {
        [] => vec![home.as_str()],
        regions => regions.iter().map(String::as_str).collect(),
    };
    let role = asked.role.as_deref().unwrap_or(USUAL_ROLES[0]);
    let text = init::access(&regions, role, asked.external_id.as_deref());
    let parsed = config::parse("the options of init".to_owned(), text, Path::new(""));
    parsed.map(|config| Config { deployment: String::new(), ..config }).map_err(|problems| {
        out::stderr(&(problems.render(false) + "\n"));
        Exit::Usage
    })
}

fn asked_of(asked: &Init, config: &Config, sandbox: bool) -> Asked {
    let first = asked.role.iter().map(|_| config.organization.role.clone());
    let mut roles: Vec<String> = first.collect();
    roles.extend(
        USUAL_ROLES
            .map(str::to_owned)
            .into_iter()
            .filter(|role| !roles.contains(role))
            .collect::<Vec<_>>(),
    );
    let regions =
        if asked.regions.is_empty() { Vec::new() } else { config.organization.regions.clone() };
    Asked { roles, regions, accounts: asked.accounts.clone(), all: asked.all, sandbox }
}

/// Writes the file, which is read once more as `plan` will read it. The error has been told.
fn written(proposal: &Proposal, place: &Place) -> Result<(), Exit> {
    let text = init::text(proposal);
    if let Err(problems) = config::parse("the proposal".to_owned(), text.clone(), Path::new("")) {
        out::stderr(&(problems.render(false) + "\n"));
        out::error("this is a bug in linkwalk, please report it; nothing was written");
        return Err(Exit::Failed);
    }
    place.write(&text).map_err(|wrong| {
        out::error(&wrong);
        Exit::Failed
    })
}

/// How many members were seen and how far, in words.
fn looked_in_words(seen: &Seen) -> String {
    format!("{} of {} accounts looked at, with {}", seen.opened(), seen.accounts.len(), seen.role)
}
