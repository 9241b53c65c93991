//! A saved plan: written by `plan --out`, carried out by `apply FILE`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::Value;

use super::plan::{NoPlan, Prepared, discovered};
use super::scope;
use crate::cli::Scope;
use crate::config::Config;
use crate::ids::TargetId;
use crate::model::account::Standing;
use crate::plan::artifact::SavedPlan;
use crate::plan::outcome::{Held, HeldCode};
use crate::report::safe;
use crate::run::{Run, Target, Walk, discover, revisit};

/// Whether a file can be written there, as far as that shows before the work is done.
pub(super) fn check_place(file: &Path) -> Result<(), String> {
    let shown = file.display();
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    if file.is_dir() {
        return Err(format!("--out {shown} is a directory; name a file"));
    }
    match folder {
        Some(folder) if !folder.is_dir() => {
            Err(format!("--out {shown}: there is no directory {}", folder.display()))
        }
        _ => Ok(()),
    }
}

/// Writes the plan; what was there is replaced whole or not at all.
pub(super) fn write(file: &Path, document: &Value) -> Result<(), String> {
    let part = PathBuf::from(format!("{}.part", file.display()));
    let text = safe::json_pretty(document).map_err(|error| error.to_string());
    text.and_then(|text| {
        fs::write(&part, text + "\n")
            .and_then(|()| fs::rename(&part, file))
            .map_err(|error| error.to_string())
    })
    .map_err(|error| format!("the plan was not saved: cannot write {}: {error}", file.display()))
}

/// Reads a plan and looks whether it was made for what is to be done now. Nothing is asked of AWS.
pub(super) fn read(file: &Path, config: &Config, sandbox: bool) -> Result<SavedPlan, String> {
    let shown = file.display();
    let text = fs::read_to_string(file).map_err(|error| format!("cannot read {shown}: {error}"))?;
    let saved = SavedPlan::read(&text).map_err(|wrong| format!("{shown} {wrong}"))?;
    if saved.deployment != config.deployment {
        return Err(format!(
            "{shown} is a plan of the deployment {:?}, and accounts.toml is about {:?}",
            saved.deployment, config.deployment
        ));
    }
    match (saved.origin.sandbox, sandbox) {
        (true, false) => {
            return Err(format!("{shown} was made in the sandbox; apply it with --sandbox"));
        }
        (false, true) => {
            return Err(format!(
                "{shown} was made for a real organization, and this is the sandbox"
            ));
        }
        _ => {}
    }
    let now = config.digests();
    let differ: Vec<&str> = now
        .iter()
        .filter(|(part, digest)| saved.origin.config.get(*part) != Some(digest))
        .map(|(part, _)| part.as_str())
        .collect();
    if differ.is_empty() {
        return Ok(saved);
    }
    let version = if saved.version == env!("CARGO_PKG_VERSION") {
        String::new()
    } else {
        format!(" (the plan is of linkwalk {})", saved.version)
    };
    Err(format!(
        "accounts.toml is not what it was when {shown} was made, in: {}{version}; plan again, a plan is \
         applied for what it was made for",
        differ.join(", ")
    ))
}

/// Everything up to the barrier, for a saved plan: each of its targets is read again, and what was saved
/// for it is carried out where it still holds. With `replan` the others are planned anew.
pub(super) async fn prepare(
    run: &Arc<Run>,
    narrowed: &Scope,
    saved: &Arc<SavedPlan>,
    replan: bool,
) -> Result<Prepared, NoPlan> {
    run.sessions.caller().await.map_err(NoPlan::Failed)?;
    let walk = discover(run).await.map_err(NoPlan::Failed)?;
    check_organization(saved, &walk).map_err(NoPlan::Usage)?;
    let in_scope = scope::targets(&run.config, &walk, narrowed).map_err(NoPlan::Usage)?;
    let (in_scope, part) = scope::split(&run.config, in_scope);
    let is_planned = |target: &Arc<Target>| saved.plan.targets.contains_key(&target.id);
    let targets: Vec<Arc<Target>> = in_scope.into_iter().filter(is_planned).collect();
    let gone = if narrowed.words().is_empty() {
        let name = |id: &TargetId| saved.names.get(&id.account).cloned().unwrap_or_default();
        let planned: BTreeMap<_, _> =
            saved.plan.targets.keys().map(|id| (id.clone(), name(id))).collect();
        gone(planned.iter(), &walk, &targets)
    } else {
        Vec::new()
    };
    if targets.is_empty() && gone.is_empty() && part.is_none() {
        return Err(NoPlan::Usage("the saved plan has no target that is in scope".to_owned()));
    }
    run.events.send(discovered(&walk, targets.len() + gone.len()));
    let mut revisited = revisit(run, &targets, saved).await;
    let mut held = BTreeMap::new();
    let mut replanned = BTreeMap::new();
    for (target, why) in std::mem::take(&mut revisited.moved) {
        if replan {
            replanned.insert(target, why.reason);
        } else {
            revisited.plan.targets.remove(&target);
            held.insert(target, why);
        }
    }
    let everyone = walk.consumers().count() * run.config.organization.regions.len();
    run.journal.scope(&targets);
    let (plan, known) = (revisited.plan, BTreeMap::new());
    let spared = Vec::new();
    Ok(Prepared { plan, targets, part, everyone, held, gone, replanned, known, walk, spared })
}

pub(super) fn check_organization(saved: &SavedPlan, walk: &Walk) -> Result<(), String> {
    match (&saved.origin.management, &walk.management) {
        (Some(then), Some(now)) if then != now => Err(format!(
            "the saved plan was made for the organization of management account {then}, and this is that \
             of {now}"
        )),
        _ => Ok(()),
    }
}

/// Targets of the plan whose account is no consumer any more.
pub(super) fn gone<'a>(
    planned: impl Iterator<Item = (&'a TargetId, &'a String)>,
    walk: &Walk,
    targets: &[Arc<Target>],
) -> Vec<(TargetId, String, Held)> {
    let there: BTreeSet<&TargetId> = targets.iter().map(|target| &target.id).collect();
    let why = |id: &TargetId| {
        let member = walk.members.iter().find(|member| member.account.id == id.account);
        match member.map(|member| &member.standing) {
            Some(Standing::Skipped { reason }) => {
                format!("it is not a consumer any more: {reason}")
            }
            _ => "it is not in the organization any more".to_owned(),
        }
    };
    let one = |(id, name): (&TargetId, &String)| {
        (id.clone(), name.clone(), Held::new(HeldCode::StalePlan, why(id)))
    };
    planned.filter(|(id, _)| !there.contains(id)).map(one).collect()
}

/// What became of the targets whose state has moved, for people; nothing where none has.
pub(super) fn text(prepared: &Prepared) -> String {
    let name = |id: &TargetId| {
        let target = prepared.targets.iter().find(|target| &target.id == id);
        target.map(|target| safe::text(&target.name)).unwrap_or_default()
    };
    let gone = prepared.gone.iter().map(|(id, name, held)| (id, safe::text(name), &held.reason));
    let held = prepared.held.iter().map(|(id, held)| (id, name(id), &held.reason));
    let refused: Vec<_> = held.chain(gone).collect();
    let replanned =
        prepared.replanned.iter().map(|(id, why)| (id, name(id), why)).collect::<Vec<_>>();
    let mut lines = Vec::new();
    for (title, targets) in [
        ("Left alone: the saved plan does not hold any more", refused),
        ("Planned anew: the saved plan does not hold any more", replanned),
    ] {
        if !targets.is_empty() {
            lines.push(format!("\n{title}\n"));
        }
        for (id, name, why) in targets {
            lines.push(format!("  ! {id} {name}: {}\n", safe::text(why)));
        }
    }
    lines.concat()
}
