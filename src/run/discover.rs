//! Discovery: who is in the organization, and who of them is a consumer.

use std::sync::Arc;

use futures::{StreamExt, TryStreamExt, stream};

use super::{Run, Targets};
use crate::aws::Organizations;
use crate::config::Config;
use crate::ids::AccountId;
use crate::model::account::{Account, AccountState, Member};
use crate::model::failure::{ErrorClass, Failure};

/// `ListTagsForResource` calls under way at once; Organizations allows ten a second.
const TAG_READERS: usize = 5;

/// The walk: every member, in the order of the tree.
#[derive(Debug, Clone)]
pub struct Walk {
    /// The management account; `None` where accounts.toml lists the accounts itself and the caller may
    /// not ask.
    pub management: Option<AccountId>,
    /// The organization's id, `o-...`: what AWS says, else what accounts.toml says.
    pub organization: Option<String>,
    /// Every member with where it stands.
    pub members: Vec<Member>,
}

impl Walk {
    /// The accounts that get endpoints.
    pub fn consumers(&self) -> impl Iterator<Item = &Account> {
        self.members.iter().filter(|member| member.is_consumer()).map(|member| &member.account)
    }

    /// What makes targets of this organization's accounts.
    pub fn targets<'a>(&self, config: &'a Config) -> Targets<'a> {
        Targets::new(config, self.organization.clone())
    }
}

/// Walks the organization, or takes the `[[account]]` entries of accounts.toml in its stead.
pub async fn discover(run: &Run) -> Result<Walk, Failure> {
    let organizations = run.sessions.organizations(Arc::new(|_| {}));
    let described = organizations.describe().await;
    let organization = organization_id(&run.config, &described)?;
    let (management, mut accounts) = if run.config.roster.is_empty() {
        let (_, management) = described?;
        let accounts = organizations.accounts().await?;
        if accounts.is_empty() {
            return Err(nobody_listed());
        }
        (Some(management), with_tags(run, &organizations, accounts).await?)
    } else {
        // The list is given because Organizations cannot be read; but any member may ask who the
        // management account is, and it must stay untouched even if the list names it.
        (described.ok().map(|(_, management)| management), run.config.roster.clone())
    };
    accounts.sort_by(|a, b| (&a.ou_path, &a.name, &a.id).cmp(&(&b.ou_path, &b.name, &b.id)));
    let members = accounts
        .into_iter()
        .map(|account| {
            let standing = run.config.standing(&account, management.as_ref());
            Member { account, standing }
        })
        .collect();
    Ok(Walk { management, organization, members })
}

/// The organization's id: what AWS says, else what accounts.toml says. Both must agree, and where it is needed
/// there must be one.
pub fn organization_id(
    config: &Config,
    described: &Result<(String, AccountId), Failure>,
) -> Result<Option<String>, Failure> {
    let wrong = |class, message: String, hint: &str| {
        let mut failure = Failure::local("DescribeOrganization", class, message);
        failure.hint = Some(hint.to_owned());
        Err(failure)
    };
    match (&config.organization.id, described) {
        (Some(said), Ok((real, _))) if said != real => wrong(
            ErrorClass::Invalid,
            format!("accounts.toml says organization.id = \"{said}\", and the caller is in {real}"),
            "use the credentials of the other organization, or correct the id",
        ),
        (_, Ok((real, _))) => Ok(Some(real.clone())),
        (Some(said), Err(_)) => Ok(Some(said.clone())),
        // Where there is no list of accounts, the failure itself is told.
        (None, Err(failure)) if config.needs_organization_id() && !config.roster.is_empty() => {
            wrong(
                failure.class,
                format!(
                    "policy = \"organization\" needs the organization's id, which cannot be read: {}",
                    failure.message
                ),
                "set it in accounts.toml: id = \"o-...\" in [organization]",
            )
        }
        (None, Err(_)) => Ok(None),
    }
}

/// Reads tags where a selector needs them, of the accounts that can be consumers at all.
async fn with_tags(
    run: &Run,
    organizations: &Organizations,
    accounts: Vec<Account>,
) -> Result<Vec<Account>, Failure> {
    if !run.config.needs_tags() {
        return Ok(accounts);
    }
    stream::iter(accounts)
        .map(|mut account| async move {
            if account.state == AccountState::Active {
                account.tags = Some(organizations.tags(&account.id).await?);
            }
            Ok(account)
        })
        .buffer_unordered(TAG_READERS)
        .try_collect()
        .await
}

/// An organization always has its management account, so an empty list is an answer to someone who may
/// not ask, never "no consumers".
pub(super) fn nobody_listed() -> Failure {
    let mut failure = Failure::local(
        "ListAccountsForParent",
        ErrorClass::Denied,
        "AWS Organizations listed no account at all",
    );
    failure.hint = Some(
        "run as the management account or a delegated administrator, or list the accounts as \
         [[account]] entries in accounts.toml"
            .to_owned(),
    );
    failure
}
