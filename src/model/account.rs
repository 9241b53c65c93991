//! The organization's members, and where each stands in the walk.

use std::collections::BTreeMap;
use std::fmt;

use schemars::JsonSchema;
use serde::Serialize;

use crate::ids::AccountId;

/// One member of the organization as discovery saw it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Account {
    /// Twelve digits.
    pub id: AccountId,
    /// The account's name, as its owner typed it: untrusted text.
    pub name: String,
    /// The root user's email address.
    pub email: String,
    /// Names of the organizational units from the root down: `/Workloads/Staging`; `/` in the root.
    pub ou_path: String,
    /// Ids from the root down: `r-....`, then `ou-....` of each unit.
    pub ou_ids: Vec<String>,
    /// The account's tags; `None` when no selector needs them and they were not read.
    pub tags: Option<BTreeMap<String, String>>,
    /// Where the account is in its life.
    pub state: AccountState,
}

/// `State` of an account, or what its retired `Status` says of it
/// (<https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_accounts_account_state.html>).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(into = "String")]
pub enum AccountState {
    /// Usable; the only state in which an account is worked on.
    Active,
    /// Created, not yet usable.
    PendingActivation,
    /// Suspended by AWS.
    Suspended,
    /// Being closed.
    PendingClosure,
    /// Closed; listed for 90 days.
    Closed,
    /// A state this version does not know; treated as not active.
    Unknown(String),
}

impl AccountState {
    /// Reads AWS's text (`ACTIVE`, `PENDING_CLOSURE`, ...), in any case.
    pub fn parse(text: &str) -> Self {
        match text.to_ascii_uppercase().as_str() {
            "ACTIVE" => Self::Active,
            "PENDING_ACTIVATION" => Self::PendingActivation,
            "SUSPENDED" => Self::Suspended,
            "PENDING_CLOSURE" => Self::PendingClosure,
            "CLOSED" => Self::Closed,
            _ => Self::Unknown(text.to_owned()),
        }
    }
}

impl fmt::Display for AccountState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Active => "ACTIVE",
            Self::PendingActivation => "PENDING_ACTIVATION",
            Self::Suspended => "SUSPENDED",
            Self::PendingClosure => "PENDING_CLOSURE",
            Self::Closed => "CLOSED",
            Self::Unknown(text) => text,
        })
    }
}

impl From<AccountState> for String {
    fn from(state: AccountState) -> Self {
        state.to_string()
    }
}

/// Whether an account gets endpoints, and the rule that decided it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(tag = "standing", rename_all = "kebab-case")]
pub enum Standing {
    /// Gets endpoints.
    Consumer {
        /// The rule that put it in, as written in accounts.toml.
        rule: String,
    },
    /// Is left alone.
    Skipped {
        /// The rule or fact that keeps it out, for people.
        reason: String,
    },
}

/// An account and where it stands: one row of the walk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Member {
    /// The account.
    #[serde(flatten)]
    pub account: Account,
    /// Consumer or skipped, with the reason.
    #[serde(flatten)]
    pub standing: Standing,
}

impl Member {
    /// Whether the account gets endpoints.
    pub fn is_consumer(&self) -> bool {
        matches!(self.standing, Standing::Consumer { .. })
    }
}

/// Whether the text has the form of an organization's id
/// (<https://docs.aws.amazon.com/organizations/latest/APIReference/API_Organization.html>).
pub fn is_organization_id(text: &str) -> bool {
    let is_right = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let unique = text.strip_prefix("o-");
    unique.is_some_and(|id| (10..=32).contains(&id.len()) && id.bytes().all(is_right))
}
