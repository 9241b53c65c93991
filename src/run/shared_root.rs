//! Reading the shared root's ECR repositories, only when it is asked for.

use std::collections::BTreeSet;

use futures::{StreamExt, stream};

use super::{Run, Walk};
use crate::aws::Caller;
use crate::doctor::shared_root::{Registry, Repository, pullers};
use crate::ids::{AccountId, Region};
use crate::model::failure::Failure;

/// Policies being read at one time.
const READERS: usize = 8;

/// Accounts of the shared root to look at. The management account is one where the caller is in it or it is
/// asked for: elsewhere it has no role that could be assumed. The error is for people.
pub fn shared_root_accounts(
    run: &Run,
    walk: &Walk,
    caller: &Caller,
    asked: &[AccountId],
) -> Result<BTreeSet<AccountId>, String> {
    let listed = &run.config.organization.shared_root;
    for id in asked {
        if !listed.contains(id) && walk.management.as_ref() != Some(id) {
            return Err(format!(
                "account {id} is not of the shared root: organization.shared_root"
            ));
        }
    }
    if !asked.is_empty() {
        return Ok(asked.iter().cloned().collect());
    }
    let own = walk.management.iter().filter(|id| id.as_str() == caller.account);
    let accounts: BTreeSet<AccountId> = listed.iter().chain(own).cloned().collect();
    if accounts.is_empty() {
        return Err(
            "no account of the shared root can be looked at: list the account that owns the \
             repositories in organization.shared_root, or run as the management account"
                .to_owned(),
        );
    }
    Ok(accounts)
}

/// The repositories of an account of the shared root in a region, judged for all consumers.
pub async fn registry(
    run: &Run,
    walk: &Walk,
    caller: &Caller,
    account: &AccountId,
    region: &Region,
) -> Registry {
    let name = walk.members.iter().find(|member| &member.account.id == account);
    let name = name.map(|member| member.account.name.clone()).unwrap_or_default();
    let (failure, repositories) = match read(run, walk, caller, (account, region)).await {
        Ok(repositories) => (None, repositories),
        Err(failure) => (Some(failure), Vec::new()),
    };
    Registry { account: account.clone(), name, region: region.clone(), failure, repositories }
}

async fn read(
    run: &Run,
    walk: &Walk,
    caller: &Caller,
    (account, region): (&AccountId, &Region),
) -> Result<Vec<Repository>, Failure> {
    let entry = run.sessions.entry(account, caller);
    let ecr = run.sessions.registry(account, region, entry);
    let mut names = ecr.repositories().await?;
    names.sort();
    let organization = walk.organization.as_deref();
    let pullers = pullers(walk.consumers(), organization);
    let one = |name: String| {
        let (ecr, pullers) = (&ecr, &pullers);
        async move {
            let policy = ecr.policy(&name).await;
            Repository::judged(&name, &policy, pullers, organization)
        }
    };
    Ok(stream::iter(names).map(one).buffered(READERS).collect().await)
}
