//! `linkwalk policy SERVICE`: the policy that endpoints of a service would have, as it would be sent.

use std::path::Path;
use std::sync::Arc;

use super::kept::{Kept, Scenario};
use super::screen::Screen;
use super::{accounts_toml, out, stage};
use crate::aws::Sessions;
use crate::cli::{Cli, Output, PolicyOptions, Written};
use crate::config::{self, Config, ConfigError, PolicyOf};
use crate::exit::Exit;
use crate::ids::Region;
use crate::model::failure::Failure;
use crate::model::policy::{Perimeter, PolicyDocument};
use crate::model::spec::PolicySpec;
use crate::report::safe;
use crate::run::organization_id;

/// Why nothing is shown.
enum Wrong {
    Usage(String),
    Config(ConfigError),
    Failed(Failure),
}

/// Runs the command.
pub(super) fn run(asked: &PolicyOptions, cli: &Cli) -> Exit {
    match shown(asked, cli) {
        Ok(policy) => {
            match cli.common.output.output() {
                Output::Jsonl => out::stdout(&format!("{}\n", policy.to_json())),
                Output::Text | Output::Json => out::json(&policy),
            }
            Exit::Ok
        }
        Err(Wrong::Usage(wrong)) => {
            out::error(&wrong);
            Exit::Usage
        }
        Err(Wrong::Config(problems)) => {
            let color = Screen::new(&cli.common, false).stderr_color;
            out::stderr(&(problems.render(color) + "\n"));
            Exit::Usage
        }
        Err(Wrong::Failed(failure)) => {
            out::failure("cannot read the organization's id", &failure);
            Exit::Failed
        }
    }
}

fn shown(asked: &PolicyOptions, cli: &Cli) -> Result<PolicyDocument, Wrong> {
    if let Written::Report(format) = cli.common.output {
        let wrong = format!("-o {format} is a report of `linkwalk audit`; a policy is JSON");
        return Err(Wrong::Usage(wrong));
    }
    let config = config(asked, cli).map_err(Wrong::Config)?;
    let found = config::policy_of(&asked.service, config.as_ref()).map_err(Wrong::Usage)?;
    if asked.organization.is_none()
        && let Some(PolicySpec::Document(policy)) = &found.said
        && !policy.is_full_access()
    {
        note_others(&found);
        return Ok(policy.clone());
    }
    let none = || {
        let wrong = "there is no accounts.toml here: give --organization o-... and --region REGION";
        Wrong::Usage(wrong.to_owned())
    };
    let regions = config.as_ref().map(|config| &config.organization.regions);
    let region = asked.region.as_ref().or_else(|| regions?.first()).ok_or_else(none)?;
    let organization = if let Some(id) = &asked.organization {
        id.clone()
    } else {
        let config = config.as_ref().ok_or_else(none)?;
        note(&found, region, config);
        organization(config, cli)?
    };
    Ok(Perimeter { organization: &organization, region }.policy(&found.short))
}

/// accounts.toml, which need not be there where everything is said otherwise.
fn config(asked: &PolicyOptions, cli: &Cli) -> Result<Option<Config>, ConfigError> {
    let sandbox = cli.sandbox();
    let is_there =
        cli.common.config.is_some() || sandbox.is_some() || Path::new("accounts.toml").exists();
    if is_there || (asked.organization.is_none() && asked.region.is_none()) {
        return accounts_toml(cli, sandbox.as_ref()).map(Some);
    }
    Ok(None)
}

/// The organization's id: the one of accounts.toml, else AWS is asked.
fn organization(config: &Config, cli: &Cli) -> Result<String, Wrong> {
    if let Some(id) = &config.organization.id {
        return Ok(id.clone());
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Wrong::Usage(format!("cannot start: {error}")))?;
    let sandbox = cli.sandbox();
    runtime.block_on(async {
        let world = sandbox.as_ref().and_then(Option::as_deref);
        let kept = sandbox.as_ref().map(|_| Kept::open(Scenario::of(world))).transpose();
        let kept = kept.map_err(Wrong::Usage)?;
        let access = stage::access(config);
        let sessions = match &kept {
            None => Sessions::from_environment(access).await.map_err(Wrong::Failed)?,
            Some(kept) => kept.sessions(access),
        };
        let described = sessions.organizations(Arc::new(|_| {})).describe().await;
        if let Some(kept) = kept {
            kept.close();
        }
        let id = organization_id(config, &described).map_err(Wrong::Failed)?;
        match (id, described) {
            (Some(id), _) | (None, Ok((id, _))) => Ok(id),
            (None, Err(mut failure)) => {
                failure.hint = Some(
                    "give --organization o-..., or set it in accounts.toml: id = \"o-...\" in \
                     [organization]"
                        .to_owned(),
                );
                Err(Wrong::Failed(failure))
            }
        }
    })
}

/// What the reader may take for something else.
fn note(found: &PolicyOf, region: &Region, config: &Config) {
    let short = safe::text(&found.short);
    match &found.said {
        Some(PolicySpec::Organization) => note_others(found),
        Some(PolicySpec::Document(_)) => out::stderr(&format!(
            "note: accounts.toml gives `{short}` full access; this is what policy = \"organization\" \
             would send\n"
        )),
        None => out::stderr(&format!(
            "note: accounts.toml wants no endpoint of `{short}`; this is what policy = \
             \"organization\" would send\n"
        )),
    }
    if let [_, _, ..] = config.organization.regions.as_slice() {
        out::stderr(&format!("note: as in {region}; --region shows another one\n"));
    }
}

fn note_others(found: &PolicyOf) {
    if found.differs {
        let short = safe::text(&found.short);
        out::stderr(&format!(
            "note: accounts.toml gives other endpoints of `{short}` another policy: see its tables and \
             [[override]]s\n"
        ));
    }
}
