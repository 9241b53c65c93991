//! Scope: which targets a command is about.

use std::sync::Arc;

use crate::cli::Scope;
use crate::config::Config;
use crate::ids::Region;
use crate::model::account::{Account, Standing};
use crate::run::{Target, Walk};

impl Scope {
    /// Whether it narrows no accounts.
    pub(super) fn is_everyone(&self) -> bool {
        self.accounts.is_empty()
    }

    /// Whether it has this region.
    pub(super) fn has_region(&self, region: &Region) -> bool {
        self.regions.is_empty() || self.regions.iter().any(|asked| asked == region.as_str())
    }
}

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
    let regions: Vec<&Region> =
        config.organization.regions.iter().filter(|region| scope.has_region(region)).collect();
    Ok(accounts
        .into_iter()
        .flat_map(|account| {
            regions.iter().map(|region| Arc::new(Target::new(config, account, region)))
        })
        .collect())
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
