//! `linkwalk role`: the role that accounts need, and what its caller needs. Changes nothing.

use std::fs;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::kept::{Kept, Scenario};
use super::out;
use super::screen::Screen;
use super::stage::access;
use crate::aws::Sessions;
use crate::cli::{Output, RoleFormat, RoleOptions, Written};
use crate::config::Config;
use crate::exit::Exit;
use crate::model::permissions::Use;
use crate::report::safe;
use crate::role::{self, Organization, Printed, Trusted, Wish};

/// Runs the command. `sandbox` is the world to ask, where it is not the real one.
pub(super) fn run(
    asked: &RoleOptions,
    config: &Config,
    screen: Screen,
    written: Written,
    sandbox: Option<&Option<PathBuf>>,
) -> Exit {
    let told = format(asked, written).and_then(|format| {
        let (wish, notes) = wish(asked, config, sandbox)?;
        tell(&notes);
        let make = if asked.caller { role::caller } else { role::member };
        let printed = make(config, &wish)?;
        show(asked, format, &printed, screen)?;
        tell(&printed.notes);
        Ok(())
    });
    match told {
        Ok(()) => Exit::Ok,
        Err(wrong) => {
            out::error(&wrong);
            Exit::Usage
        }
    }
}

fn tell(notes: &[String]) {
    for note in notes {
        out::stderr(&format!("note: {}\n", safe::text(note)));
    }
}

fn format(asked: &RoleOptions, written: Written) -> Result<RoleFormat, String> {
    match (asked.format, written) {
        (Some(format), Written::Plain(Output::Text)) => Ok(format),
        (None, Written::Plain(Output::Text)) => Ok(RoleFormat::Cloudformation),
        (None | Some(RoleFormat::Json), Written::Plain(Output::Json)) => Ok(RoleFormat::Json),
        _ => Err("`role` is written as --format cloudformation, terraform or json".to_owned()),
    }
}

/// What the command line says, and what it leaves open as AWS tells it; with notes of what nobody told.
fn wish(
    asked: &RoleOptions,
    config: &Config,
    sandbox: Option<&Option<PathBuf>>,
) -> Result<(Wish, Vec<String>), String> {
    let uses = if asked.uses.is_empty() { Use::DEFAULT.to_vec() } else { asked.uses.clone() };
    let mut wish = Wish {
        uses: uses.into_iter().collect(),
        trusted: asked.trusted.clone(),
        organization: asked
            .organization
            .as_ref()
            .map_or(Organization::Parameter, |given| given.0.clone()),
    };
    let asks_trust = !asked.caller && asked.trusted.is_none() && config.organization.via.is_empty();
    if asked.organization.is_some() && !asks_trust {
        return Ok((wish, Vec::new()));
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| format!("cannot start: {error}"))?;
    let notes = runtime.block_on(async {
        let kept = sandbox.map(|world| Kept::open(Scenario::of(world.as_deref()))).transpose()?;
        Ok::<_, String>(ask(&mut wish, asks_trust, config, kept.as_ref()).await)
    })?;
    Ok((wish, notes))
}

/// Fills in the organization and the account of the caller. Answers notes of what could not be read.
async fn ask(
    wish: &mut Wish,
    asks_trust: bool,
    config: &Config,
    kept: Option<&Kept>,
) -> Vec<String> {
    let sessions = match kept {
        Some(kept) => Ok(kept.sessions(access(config))),
        None => Sessions::from_environment(access(config)).await,
    };
    let open = |failure, what: &str, option: &str| {
        format!("{what} could not be read ({failure}), so it is left open: say it with {option}.")
    };
    let sessions = match sessions {
        Ok(sessions) => sessions,
        Err(failure) => return vec![open(failure, "AWS", "--organization and --trust")],
    };
    // Who is called tells at once whether there are credentials at all.
    let caller = match sessions.caller().await {
        Ok(caller) => caller,
        Err(failure) => return vec![open(failure, "AWS", "--organization and --trust")],
    };
    if asks_trust {
        wish.trusted = caller.account.parse().ok().map(Trusted::Account);
    }
    if wish.organization == Organization::Parameter {
        match sessions.organizations(Arc::new(|_| {})).id().await {
            Ok(id) => wish.organization = Organization::Id(id),
            Err(failure) => {
                return vec![open(failure, "The organization's id", "--organization")];
            }
        }
    }
    Vec::new()
}

fn show(
    asked: &RoleOptions,
    format: RoleFormat,
    printed: &Printed,
    screen: Screen,
) -> Result<(), String> {
    if format == RoleFormat::Json && !printed.parameters.is_empty() {
        let options: Vec<&str> = printed.parameters.iter().map(|it| it.option()).collect();
        return Err(format!(
            "a JSON document has no parameters, so it needs {}; cloudformation and terraform have them",
            options.join(" and ")
        ));
    }
    let Some(folder) = &asked.out else {
        match format {
            RoleFormat::Cloudformation => out::stdout(&printed.cloudformation()),
            RoleFormat::Terraform => out::stdout(&printed.terraform()),
            RoleFormat::Json => screen.json(role::document(printed)),
        }
        return Ok(());
    };
    let name = printed.file_name();
    let files = match format {
        RoleFormat::Cloudformation => vec![(format!("{name}.yaml"), printed.cloudformation())],
        RoleFormat::Terraform => vec![(format!("{name}.tf"), printed.terraform())],
        RoleFormat::Json => {
            let files = printed.files().into_iter();
            files.map(|(name, document)| (name, format!("{document:#}\n"))).collect()
        }
    };
    let paths: Vec<PathBuf> = files.iter().map(|(name, _)| folder.join(name)).collect();
    if let Some(there) = paths.iter().find(|path| path.exists() && !asked.overwrite) {
        let there = there.display();
        return Err(format!("{there} is there already: --overwrite writes over it"));
    }
    fs::create_dir_all(folder).map_err(|error| cannot_write(folder, &error))?;
    for ((_, text), path) in files.iter().zip(&paths) {
        write(path, text, asked.overwrite)?;
        out::stderr(&format!("wrote {}\n", path.display()));
    }
    Ok(())
}

fn write(path: &Path, text: &str, over: bool) -> Result<(), String> {
    let mut options = fs::OpenOptions::new();
    let options = options.write(true).truncate(true).create(over).create_new(!over);
    let written = options.open(path).and_then(|mut file| file.write_all(text.as_bytes()));
    written.map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => {
            format!("{} is there already: --overwrite writes over it", path.display())
        }
        _ => cannot_write(path, &error),
    })
}

fn cannot_write(path: &Path, error: &std::io::Error) -> String {
    format!("cannot write {}: {error}", path.display())
}
