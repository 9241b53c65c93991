//! An account, its roles and what is denied to it.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Tags;
use super::quota::Quotas;
use super::region::Region;
use crate::sandbox::auth::document::Document;

/// One AWS account.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Account {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) email: String,
    pub(crate) state: AccountState,
    /// True for an account that joined by invitation.
    pub(crate) invited: bool,
    /// When it joined, in milliseconds of wall time.
    pub(crate) joined: i64,
    /// The root or unit it is in; empty outside an organization.
    pub(crate) parent: String,
    pub(crate) tags: Tags,
    pub(crate) roles: BTreeMap<String, Role>,
    /// What its operator may do; empty: everything.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Vec<serde_json::Value>")]
    pub(crate) operator_policies: Vec<Document>,
    /// Opt-in regions this account has enabled.
    pub(crate) regions_on: BTreeSet<String>,
    /// Regions this account cannot use.
    pub(crate) regions_off: BTreeSet<String>,
    pub(crate) quotas: Quotas,
    /// Sessions up to this serial number are void.
    pub(crate) sessions_void_through: u64,
    /// When it is activated or closed for good, in simulated time.
    pub(crate) settles: Option<i64>,
    /// Whether a region holds a default VPC when it is first used.
    pub(crate) default_vpcs: bool,
    pub(crate) regions: BTreeMap<String, Region>,
}

impl Account {
    /// An active account without anything.
    pub(crate) fn new(id: &str, name: &str, email: &str) -> Self {
        Self {
            id: id.to_owned(),
            name: name.to_owned(),
            email: email.to_owned(),
            state: AccountState::Active,
            invited: false,
            joined: 1_700_000_000_000,
            parent: String::new(),
            tags: Tags::new(),
            roles: BTreeMap::new(),
            operator_policies: Vec::new(),
            regions_on: BTreeSet::new(),
            regions_off: BTreeSet::new(),
            quotas: Quotas::default(),
            sessions_void_through: 0,
            settles: None,
            default_vpcs: false,
            regions: BTreeMap::new(),
        }
    }

    /// Lets happen what was due by `sim`: a new account becomes active, a closing one closed.
    pub(crate) fn advance(&mut self, sim: i64) {
        if self.settles.take_if(|at| *at <= sim).is_some() {
            self.state = match self.state {
                AccountState::PendingActivation => AccountState::Active,
                AccountState::PendingClosure => AccountState::Closed,
                other => other,
            };
        }
    }

    /// True if the account's principals may work: a closed or suspended account is locked.
    pub(crate) fn works(&self) -> bool {
        matches!(self.state, AccountState::Active | AccountState::PendingClosure)
    }
}

/// Organizations' `State` of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum AccountState {
    PendingActivation,
    Active,
    Suspended,
    PendingClosure,
    Closed,
}

impl AccountState {
    /// The value of `State`.
    pub(crate) fn state(self) -> &'static str {
        match self {
            Self::PendingActivation => "PENDING_ACTIVATION",
            Self::Active => "ACTIVE",
            Self::Suspended => "SUSPENDED",
            Self::PendingClosure => "PENDING_CLOSURE",
            Self::Closed => "CLOSED",
        }
    }

    /// The value of the older `Status`, which has no word for the first and the last state: a closed
    /// account carries SUSPENDED (Organizations user guide, "Account states").
    pub(crate) fn status(self) -> &'static str {
        match self {
            Self::Active | Self::PendingActivation => "ACTIVE",
            Self::PendingClosure => "PENDING_CLOSURE",
            Self::Suspended | Self::Closed => "SUSPENDED",
        }
    }
}

/// An IAM role.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Role {
    /// `/` or `/service/`.
    pub(crate) path: String,
    /// Who may assume it: account ids, role or user ARNs, or `*`.
    pub(crate) trusts: Vec<String>,
    pub(crate) external_id: Option<String>,
    /// The longest session, in seconds.
    pub(crate) max_session: u32,
    /// Whether sessions may carry tags, and a source identity.
    pub(crate) tag_session: bool,
    pub(crate) source_identity: bool,
    /// Actions its policies allow, with wildcards: `ec2:*`.
    pub(crate) allows: Vec<String>,
    /// Actions its policies deny.
    pub(crate) denies: Vec<String>,
    /// Its policies as documents. Where there are any, they alone say what it may do.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Vec<serde_json::Value>")]
    pub(crate) policies: Vec<Document>,
    /// Its trust policy as a document. Where there is one, it alone says who may assume it, and how.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<serde_json::Value>")]
    pub(crate) trust_policy: Option<Document>,
    /// Actions its permissions boundary allows, where it has one.
    #[serde(default)]
    pub(crate) boundary: Option<Vec<String>>,
}

impl Role {
    /// An administrator's role that the principals of `account` may assume.
    pub(crate) fn administrator(account: &str) -> Self {
        Self {
            path: "/".to_owned(),
            trusts: vec![account.to_owned()],
            external_id: None,
            max_session: 3600,
            tag_session: true,
            source_identity: true,
            allows: vec!["*".to_owned()],
            denies: Vec::new(),
            policies: Vec::new(),
            trust_policy: None,
            boundary: None,
        }
    }
}
