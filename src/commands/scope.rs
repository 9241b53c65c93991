//! Scope: which targets a command is about.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::sync::Arc;

use serde_json::Value;

use super::runs;
use crate::cli::{Only, Scope};
use crate::config::{Config, THE_REST};
use crate::ids::{AccountId, Region, TargetId};
use crate::model::account::{Account, AccountState, Standing};
use crate::model::shard::Part;
use crate::report::outcomes;
use crate::run::journal::State;
use crate::run::{Target, Walk};

impl Scope {
    /// Whether it narrows no accounts.
    pub(super) fn is_everyone(&self) -> bool {
        self.accounts.is_empty()
            && self.units.is_empty()
            && self.waves.is_empty()
            && self.only.is_empty()
    }

    /// Whether it has this region.
    pub(super) fn has_region(&self, region: &Region) -> bool {
        self.regions.is_empty() || self.regions.iter().any(|asked| asked == region.as_str())
    }
}

/// Reads the report that `--from` names: a file, or the journal of a run.
pub(super) fn read_report(scope: &mut Scope, state: &State) -> Result<(), String> {
    let Some(from) = &scope.from else { return Ok(()) };
    let run = || state.find(from.to_str()).and_then(|run| Ok((run.past()?, run)));
    scope.report = Some(match (from.exists(), run()) {
        (false, Ok((past, run))) => runs::document(&run, &past),
        (false, Err(why)) => {
            return Err(format!("--from {}: there is no such file, and {why}", from.display()));
        }
        (true, _) => read(from)?,
    });
    Ok(())
}

/// What is wrong with a scope before anything is asked of AWS.
pub(super) fn check(scope: &Scope, config: &Config, sandbox: bool) -> Result<(), String> {
    check_regions(scope, config)?;
    waves(scope, config)?;
    let words = scope.only.iter().filter(|word| word.outcome().is_some()).count();
    if words > 0 && scope.from.is_none() {
        return Err(
            "--only selects by how targets ended in an earlier run, which --from FILE names: \
                    what `apply -o json` wrote"
                .to_owned(),
        );
    }
    selected(scope, config).map(drop)?;
    match (&scope.from, &scope.report) {
        (Some(file), Some(document)) => check_place(file, document, config, sandbox),
        _ => Ok(()),
    }
}

/// A report of something else selects nothing here.
fn check_place(
    file: &Path,
    document: &Value,
    config: &Config,
    sandbox: bool,
) -> Result<(), String> {
    let (file, deployment) = (file.display(), document["deployment"].as_str().unwrap_or_default());
    if deployment != config.deployment {
        let ours = &config.deployment;
        return Err(format!(
            "{file} is about the deployment {deployment:?}, and accounts.toml about {ours:?}"
        ));
    }
    match (document["sandbox"].as_bool().unwrap_or(false), sandbox) {
        (true, false) => Err(format!("{file} is about the sandbox; use it with --sandbox")),
        (false, true) => {
            Err(format!("{file} is about a real organization, and this is the sandbox"))
        }
        _ => Ok(()),
    }
}

/// `--region` can only name regions of accounts.toml.
fn check_regions(scope: &Scope, config: &Config) -> Result<(), String> {
    let known = &config.organization.regions;
    for asked in &scope.regions {
        if !known.iter().any(|region| region.as_str() == asked) {
            let known: Vec<&str> = known.iter().map(Region::as_str).collect();
            return Err(format!(
                "--region {asked} is not one of organization.regions in accounts.toml: {}",
                known.join(", ")
            ));
        }
    }
    Ok(())
}

/// The indices of the waves that `--wave` names, by name or by number.
fn waves(scope: &Scope, config: &Config) -> Result<BTreeSet<usize>, String> {
    let waves = &config.rollout.waves;
    if !scope.waves.is_empty() && waves.is_empty() {
        return Err("--wave needs `rollout.waves` in accounts.toml, and there are none".to_owned());
    }
    let index = |asked: &String| {
        let count = config.rollout.wave_count();
        let by_name = (0..count).find(|index| config.rollout.wave_name(*index) == asked);
        let by_number = || asked.parse().ok().filter(|number| (1..=count).contains(number));
        by_name.or_else(|| by_number().map(|number: usize| number - 1)).ok_or_else(|| {
            let known = (0..count)
                .map(|index| format!("{} ({})", index + 1, config.rollout.wave_name(index)));
            let known = known.collect::<Vec<_>>().join(", ");
            format!("--wave {asked}: there is no such wave; there are {known}")
        })
    };
    scope.waves.iter().map(index).collect()
}

/// The targets that `--only` selects in the report that `--from` names; `None` without them.
fn selected(scope: &Scope, config: &Config) -> Result<Option<BTreeSet<TargetId>>, String> {
    let outcomes: Vec<&str> = scope.only.iter().copied().filter_map(Only::outcome).collect();
    let (Some(file), Some(document), false) = (&scope.from, &scope.report, outcomes.is_empty())
    else {
        return Ok(None);
    };
    let shown = file.display();
    let found =
        outcomes::targets_with(document, &outcomes).map_err(|wrong| format!("{shown} {wrong}"))?;
    let regions = &config.organization.regions;
    if found.is_empty() {
        let counts = outcomes::counts_in_words(document);
        let words = outcomes.join(" or ");
        return Err(format!("no target of {shown} ended as {words}: {counts}"));
    }
    if let Some(target) = found.iter().find(|target| !regions.contains(&target.region)) {
        return Err(format!(
            "{shown} has {target}, and {} is not in organization.regions any more",
            target.region
        ));
    }
    Ok(Some(found))
}

/// The report that `--from` names.
fn read(file: &Path) -> Result<Value, String> {
    let shown = file.display();
    let text = fs::read_to_string(file).map_err(|error| format!("cannot read {shown}: {error}"))?;
    serde_json::from_str(&text).map_err(|error| {
        format!("{shown} is not one JSON document, as `apply -o json` writes it: {error}")
    })
}

/// The targets in scope. An account asked for by id must be a consumer: to leave it out silently would
/// look like success. The same goes for a scope in which there is nothing.
pub(super) fn targets(
    config: &Config,
    walk: &Walk,
    scope: &Scope,
) -> Result<Vec<Arc<Target>>, String> {
    let accounts: Vec<&Account> =
        if scope.accounts.is_empty() { walk.consumers().collect() } else { named(walk, scope)? };
    if accounts.is_empty() {
        return Err(format!(
            "no account is a consumer: all {} are skipped; `linkwalk accounts` shows why",
            walk.members.len()
        ));
    }
    let targets = narrowed(config, walk, accounts, scope)?;
    if targets.is_empty() { Err(nothing(scope, walk)) } else { Ok(targets) }
}

/// Targets of these accounts, narrowed by region, unit, wave and how they ended before.
fn narrowed(
    config: &Config,
    walk: &Walk,
    accounts: Vec<&Account>,
    scope: &Scope,
) -> Result<Vec<Arc<Target>>, String> {
    let selected = selected(scope, config)?;
    let waves = waves(scope, config)?;
    let is_in_unit = |account: &&Account| {
        scope.units.is_empty() || scope.units.iter().any(|unit| unit.matches(account))
    };
    let regions: Vec<&Region> =
        config.organization.regions.iter().filter(|region| scope.has_region(region)).collect();
    let mut targets = walk.targets(config);
    Ok(accounts
        .into_iter()
        .filter(is_in_unit)
        .flat_map(|account| regions.iter().map(move |region| (account, *region)))
        .map(|(account, region)| targets.of(account, region))
        .filter(|target| waves.is_empty() || waves.contains(&target.wave))
        .filter(|target| selected.as_ref().is_none_or(|selected| selected.contains(&target.id)))
        .collect())
}

/// The targets of this process's shard, and which part of the whole that is. A shard may have none: there
/// can be more shards than accounts.
pub(super) fn split(
    config: &Config,
    targets: Vec<Arc<Target>>,
) -> (Vec<Arc<Target>>, Option<Part>) {
    let Some(shard) = config.shard else { return (targets, None) };
    let accounts: BTreeSet<_> = targets.iter().map(|target| target.id.account.clone()).collect();
    let regions: BTreeSet<_> = targets.iter().map(|target| &target.id.region).collect();
    let rest = format!("{regions:?} {:?} {:?}", config.digests(), config.ignores);
    let part = Part::new(shard, &accounts, &rest);
    let mine = shard.pick(&accounts);
    (targets.into_iter().filter(|target| mine.contains(&target.id.account)).collect(), Some(part))
}

/// Why nothing is in scope.
fn nothing(scope: &Scope, walk: &Walk) -> String {
    let matches = |unit: &crate::config::Selector| walk.consumers().any(|a| unit.matches(a));
    match scope.units.iter().find(|unit| !matches(unit)) {
        Some(unit) => {
            let path = unit.as_str().trim_start_matches("ou:").trim_end_matches("/**");
            let below = format!("ou:{path}/**").parse();
            let help = if below.is_ok_and(|below| matches(&below)) {
                format!("there are some below it: --ou '{path}/**'")
            } else {
                "`linkwalk accounts` shows the units".to_owned()
            };
            format!(
                "--ou {}: no consumer is there; {help}",
                unit.as_str().trim_start_matches("ou:")
            )
        }
        None => format!(
            "nothing is in scope: no consumer is all of {}; `linkwalk accounts` shows who is one{}",
            scope.words().join(", "),
            if scope.waves.iter().any(|wave| wave == THE_REST) {
                ", and every one is in a wave"
            } else {
                ""
            }
        ),
    }
}

/// A target that is left alone, and why.
pub(super) type Spared = (Arc<Target>, String);

/// The targets of `destroy`, and those it leaves alone, with the reason. An account asked for by id need
/// not be a consumer any more; the shared root and what is protected are refused.
pub(super) fn doomed(
    config: &Config,
    walk: &Walk,
    scope: &Scope,
) -> Result<(Vec<Arc<Target>>, Vec<Spared>), String> {
    for id in &scope.accounts {
        let member = walk.members.iter().find(|member| &member.account.id == id);
        let account =
            &member.ok_or_else(|| format!("account {id} is not in the organization"))?.account;
        if walk.management.as_ref() == Some(id) || config.organization.shared_root.contains(id) {
            return Err(format!("account {id} is of the shared root, which is never touched"));
        }
        if account.state != AccountState::Active {
            return Err(format!("account {id} cannot be entered: its state is {}", account.state));
        }
        if let Some(selector) = config.protect.of(account) {
            return Err(format!(
                "account {id} is protected by {selector} of `protect.accounts`: nothing was done; \
                 take it out there if that is meant"
            ));
        }
    }
    let accounts: Vec<&Account> = match scope.accounts.as_slice() {
        [] => walk.consumers().collect(),
        ids => {
            let all = walk.members.iter().map(|member| &member.account);
            all.filter(|account| ids.contains(&account.id)).collect()
        }
    };
    if accounts.is_empty() {
        return Err(format!(
            "no account is a consumer: all {} are skipped; name those to empty with --account",
            walk.members.len()
        ));
    }
    let protectors: BTreeMap<AccountId, String> = accounts
        .iter()
        .filter_map(|account| Some((account.id.clone(), config.protect.of(account)?.to_string())))
        .collect();
    let targets = narrowed(config, walk, accounts, scope)?;
    if targets.is_empty() {
        return Err(nothing(scope, walk));
    }
    let (mut doomed, mut spared) = (Vec::new(), Vec::new());
    for target in targets {
        match protectors.get(&target.id.account) {
            None => doomed.push(target),
            Some(selector) => {
                let reason = format!("protected by {selector} of `protect.accounts`");
                spared.push((target, reason));
            }
        }
    }
    Ok((doomed, spared))
}

fn named<'a>(walk: &'a Walk, scope: &Scope) -> Result<Vec<&'a Account>, String> {
    let mut found: Vec<&Account> = Vec::new();
    for id in &scope.accounts {
        let member = walk
            .members
            .iter()
            .find(|member| &member.account.id == id)
            .ok_or_else(|| format!("account {id} is not in the organization"))?;
        match &member.standing {
            Standing::Consumer { .. } if found.iter().any(|account| &account.id == id) => {}
            Standing::Consumer { .. } => found.push(&member.account),
            Standing::Skipped { reason } => {
                return Err(format!("account {id} is not a consumer: {reason}"));
            }
        }
    }
    Ok(found)
}
