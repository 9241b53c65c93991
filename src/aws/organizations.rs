//! AWS Organizations: the tree of units and the accounts in it, every page of it.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_organizations::Client;
use aws_sdk_organizations::types::{
    Account as SdkAccount, AccountState as SdkState, AccountStatus,
};

use super::error;
use crate::ids::AccountId;
use crate::model::account::{Account, AccountState};
use crate::model::failure::{ErrorClass, Failure};

/// The organization, as the management account or a delegated administrator may read it.
#[derive(Debug)]
pub struct Organizations {
    client: Client,
}

/// A unit of the tree, or its root.
#[derive(Debug, Clone)]
struct Unit {
    /// Names from the root down, `/` for the root.
    path: String,
    /// Ids from the root down.
    ids: Vec<String>,
}

impl Unit {
    fn id(&self) -> &str {
        self.ids.last().map_or("", String::as_str)
    }

    fn child(&self, id: String, name: &str) -> Self {
        let mut ids = self.ids.clone();
        ids.push(id);
        Self { path: format!("{}/{name}", self.path.trim_end_matches('/')), ids }
    }
}

/// Follows `NextToken` to the end. An empty page with a token is not the end, which is why these are
/// not the SDK's paginators of items: the loop must be seen to depend on the token alone
/// (<https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListAccounts.html>).
macro_rules! every_page {
    ($operation:literal, $request:expr, $field:ident) => {{
        let mut items = Vec::new();
        let mut token: Option<String> = None;
        loop {
            let page = $request
                .set_next_token(token)
                .send()
                .await
                .map_err(|e| error::failure($operation, &e))?;
            items.extend(page.$field.unwrap_or_default());
            token = page.next_token.filter(|token| !token.is_empty());
            if token.is_none() {
                break items;
            }
        }
    }};
}

impl Organizations {
    pub(super) fn new(client: Client) -> Self {
        Self { client }
    }

    /// The organization's id (`o-...`) and its management account, from `DescribeOrganization`, which any
    /// member may call.
    pub async fn describe(&self) -> Result<(String, AccountId), Failure> {
        let answer = self.client.describe_organization().send().await.map_err(|e| {
            let mut failure = error::failure("DescribeOrganization", &e);
            if failure.code.as_deref() == Some("AWSOrganizationsNotInUseException") {
                failure.hint = Some(
                    "this account is not in an organization: run as its management account or a \
                     delegated administrator, or list the accounts as [[account]] entries in \
                     accounts.toml"
                        .to_owned(),
                );
            }
            failure
        })?;
        let told = answer.organization.and_then(|organization| {
            let management = organization.master_account_id?.parse().ok()?;
            Some((organization.id?, management))
        });
        told.ok_or_else(|| {
            Failure::local(
                "DescribeOrganization",
                ErrorClass::Unknown,
                "AWS answered without the organization's id or its management account",
            )
        })
    }

    /// The organization's id, `o-...`.
    pub async fn id(&self) -> Result<String, Failure> {
        self.describe().await.map(|(id, _)| id)
    }

    /// Every account of the organization with its place in the tree, by id. Calls go one after
    /// another: Organizations' rates are per organization and low.
    pub async fn accounts(&self) -> Result<Vec<Account>, Failure> {
        let mut accounts = BTreeMap::new();
        let roots = every_page!("ListRoots", self.client.list_roots(), roots);
        let mut units: Vec<Unit> = roots
            .into_iter()
            .filter_map(|root| Some(Unit { path: "/".to_owned(), ids: vec![root.id?] }))
            .collect();
        while let Some(unit) = units.pop() {
            for account in self.accounts_in(&unit).await? {
                accounts.insert(account.id.clone(), account);
            }
            units.extend(self.units_in(&unit).await?);
        }
        Ok(accounts.into_values().collect())
    }

    /// Which of the reads of a walk are permitted, each tried by itself at the root.
    pub async fn reads(&self) -> Vec<(&'static str, Result<(), Failure>)> {
        let organization = self.describe().await.map(drop);
        if organization.is_err() {
            return vec![("DescribeOrganization", organization)];
        }
        let roots = self.client.list_roots().send().await;
        let root = roots.as_ref().ok().and_then(|page| page.roots().first()?.id.clone());
        let roots = roots.map(drop).map_err(|e| error::failure("ListRoots", &e));
        let mut reads = vec![("DescribeOrganization", organization), ("ListRoots", roots)];
        if let Some(root) = root {
            let unit = Unit { path: "/".to_owned(), ids: vec![root] };
            let units = self.units_in(&unit).await.map(drop);
            reads.push(("ListOrganizationalUnitsForParent", units));
            reads.push(("ListAccountsForParent", self.accounts_in(&unit).await.map(drop)));
        }
        reads
    }

    async fn units_in(&self, parent: &Unit) -> Result<Vec<Unit>, Failure> {
        let request = self.client.list_organizational_units_for_parent().parent_id(parent.id());
        let units =
            every_page!("ListOrganizationalUnitsForParent", request.clone(), organizational_units);
        Ok(units
            .into_iter()
            .filter_map(|unit| Some(parent.child(unit.id?, &unit.name.unwrap_or_default())))
            .collect())
    }

    async fn accounts_in(&self, parent: &Unit) -> Result<Vec<Account>, Failure> {
        let request = self.client.list_accounts_for_parent().parent_id(parent.id());
        let accounts = every_page!("ListAccountsForParent", request.clone(), accounts);
        Ok(accounts.into_iter().filter_map(|account| convert(account, parent)).collect())
    }

    /// Delegated administrators, of whichever service
    /// (<https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListDelegatedAdministrators.html>).
    pub async fn delegated_administrators(&self) -> Result<BTreeSet<AccountId>, Failure> {
        let request = self.client.list_delegated_administrators();
        let found =
            every_page!("ListDelegatedAdministrators", request.clone(), delegated_administrators);
        Ok(found.into_iter().filter_map(|one| one.id?.parse().ok()).collect())
    }

    /// The account's tags.
    pub async fn tags(&self, account: &AccountId) -> Result<BTreeMap<String, String>, Failure> {
        let request = self.client.list_tags_for_resource().resource_id(account.as_str());
        let tags = every_page!("ListTagsForResource", request.clone(), tags);
        Ok(tags.into_iter().map(|tag| (tag.key, tag.value)).collect())
    }
}

fn convert(account: SdkAccount, parent: &Unit) -> Option<Account> {
    // `Status` is retired, `State` is its successor; an account with neither is not worked on.
    let status = account.status.as_ref().map(AccountStatus::as_str);
    let state = account.state.as_ref().map(SdkState::as_str).or(status).unwrap_or("");
    Some(Account {
        id: account.id?.parse().ok()?,
        name: account.name.unwrap_or_default(),
        email: account.email.unwrap_or_default(),
        ou_path: parent.path.clone(),
        ou_ids: parent.ids.clone(),
        tags: None,
        state: AccountState::parse(state),
    })
}
