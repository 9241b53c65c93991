//! What `linkwalk init` proposes: from what was seen of an organization to the text of an accounts.toml.
//!
//! ```text
//! Seen --units, places, vpcs, subnets, services, stages--> Proposal --text--> accounts.toml
//! ```
//!
//! Pure: the same organization always leads to the same file. Every value is proposed with what it rests on,
//! which becomes the comment above it. Names in here are untrusted text.

mod naming;
mod places;
mod proposal;
mod sample;
mod services;
mod shared;
mod sheet;
mod stages;
mod subnets;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod text;
mod units;
mod vpcs;

use std::collections::{BTreeMap, BTreeSet};

use crate::ids::{AccountId, Region};
use crate::model::account::{Account, AccountState};
use crate::model::failure::Failure;
use crate::model::observed::Observed;

pub use proposal::{Proposal, Said, Table, Wave, propose, starter};
pub use sample::sample;
pub use subnets::Subnets;
pub use text::{access, text};
pub use vpcs::Vpcs;

/// Roles that AWS itself makes in member accounts, in the order in which they are tried: of accounts that
/// AWS Organizations created, and of those that Control Tower enrolled
/// (<https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_accounts_access-cross-account-role.html>,
/// <https://docs.aws.amazon.com/controltower/latest/userguide/awscontroltowerexecution.html>).
pub const USUAL_ROLES: [&str; 2] = ["OrganizationAccountAccessRole", "AWSControlTowerExecution"];

/// What was seen of an organization.
#[derive(Debug, Clone)]
pub struct Seen {
    /// Whether all of it is in the sandbox.
    pub sandbox: bool,
    /// The management account; `None` where the caller may not ask.
    pub management: Option<AccountId>,
    /// Every member; or the accounts that were named, where Organizations was not asked.
    pub accounts: Vec<Account>,
    /// Whether the accounts were named instead of discovered.
    pub listed: bool,
    /// Delegated administrators; `None` where the caller may not list them.
    pub delegated: Option<BTreeSet<AccountId>>,
    /// The roles that were tried, in order.
    pub roles: Vec<RoleTried>,
    /// The role with which the accounts were looked at.
    pub role: String,
    /// Sent with the member role's `AssumeRole`.
    pub external_id: Option<String>,
    /// The regions that were asked for; empty: every one that is enabled.
    pub regions: Vec<Region>,
    /// Where the walk began.
    pub home: Region,
    /// What the accounts of the sample look like, or why they could not be entered.
    pub looks: BTreeMap<AccountId, Result<Look, Failure>>,
}

/// How far a role came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleTried {
    /// Its name.
    pub role: String,
    /// How many accounts it opened.
    pub opened: usize,
    /// Of how many.
    pub tried: usize,
}

/// An account that was entered.
#[derive(Debug, Clone, Default)]
pub struct Look {
    /// Its networks by region, without DNS attributes and security groups. Where there is no VPC of its own but
    /// the default one, nothing else was read.
    pub regions: BTreeMap<Region, Observed>,
    /// Regions that could not be read.
    pub failures: BTreeMap<Region, Failure>,
}

impl Seen {
    /// Members that can be consumers at all.
    fn members(&self) -> impl Iterator<Item = &Account> {
        let management = self.management.as_ref();
        self.accounts.iter().filter(move |account| is_member(account, management))
    }

    /// How many accounts were entered.
    pub fn opened(&self) -> usize {
        self.looks.values().filter(|look| look.is_ok()).count()
    }

    /// Whether an account has a VPC of its own besides default ones; `None` where that was not seen.
    fn has_workloads(&self, account: &AccountId) -> Option<bool> {
        let look = self.looks.get(account)?.as_ref().ok()?;
        let own = look.regions.values().flat_map(|seen| seen.vpcs.values());
        let found = own.into_iter().any(|vpc| !vpc.is_default && &vpc.owner == account);
        (found || look.failures.is_empty()).then_some(found)
    }
}

/// Whether the account is usable and not the management account.
fn is_member(account: &Account, management: Option<&AccountId>) -> bool {
    account.state == AccountState::Active && Some(&account.id) != management
}

/// `1 account`, `6 accounts`.
fn count(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

/// The first of many, for people.
fn some(mut names: Vec<String>) -> String {
    const SHOWN: usize = 5;
    let more = names.len().saturating_sub(SHOWN);
    names.truncate(SHOWN);
    let shown = names.join(", ");
    if more == 0 { shown } else { format!("{shown} and {more} more") }
}

/// `shop-staging (222200000001)`
fn called(account: &Account) -> String {
    if account.name.is_empty() || account.name == account.id.as_str() {
        account.id.to_string()
    } else {
        format!("{} ({})", account.name, account.id)
    }
}
