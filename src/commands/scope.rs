//! Scope: which targets a command is about.

use std::sync::Arc;

use crate::cli::Scope;
use crate::config::Config;
use crate::ids::Region;
use crate::model::account::{Account, AccountState, Standing};
use crate::run::{Target, Walk};

/// `--region` can only name regions of accounts.toml.
pub(super) fn check_regions(scope: &Scope, config: &Config) -> Result<(), String> {
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

/// The targets in scope. An account asked for by id must be a consumer: to leave it out silently would
/// look like success.
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
    let regions = regions(config, scope);
    Ok(accounts
        .into_iter()
        .flat_map(|account| {
            regions.iter().map(|region| Arc::new(Target::new(config, account, region)))
        })
        .collect())
}

/// The targets of `destroy`, and those it leaves alone, with the reason. An account asked for by id need
/// not be a consumer any more; the shared root and what is protected are refused.
pub(super) fn doomed(
    config: &Config,
    walk: &Walk,
    scope: &Scope,
) -> Result<(Vec<Arc<Target>>, Vec<(Arc<Target>, String)>), String> {
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
    let (mut doomed, mut spared) = (Vec::new(), Vec::new());
    for account in accounts {
        for region in regions(config, scope) {
            let target = Arc::new(Target::new(config, account, region));
            match config.protect.of(account) {
                None => doomed.push(target),
                Some(selector) => {
                    let reason = format!("protected by {selector} of `protect.accounts`");
                    spared.push((target, reason));
                }
            }
        }
    }
    Ok((doomed, spared))
}

fn regions<'a>(config: &'a Config, scope: &Scope) -> Vec<&'a Region> {
    let is_in_scope = |region: &&Region| {
        scope.regions.is_empty() || scope.regions.iter().any(|asked| asked == region.as_str())
    };
    config.organization.regions.iter().filter(is_in_scope).collect()
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
