//! One thing that differs, told so that whoever gets it can act on it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ids::{AccountId, Region, VpcId};
pub use crate::model::finding::{FindingKind, Severity};
use crate::plan::action::Drift;

/// One thing that differs from accounts.toml.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Finding {
    /// The same for the same finding in every audit: a digest of what it is about and of what kind it
    /// is, not of the values that differ. 16 hexadecimal digits.
    pub id: String,
    /// What kind of difference.
    pub kind: FindingKind,
    /// How much it matters.
    pub severity: Severity,
    /// The account.
    pub account: AccountId,
    /// The account's name; untrusted text.
    pub account_name: String,
    /// The region; `None` where it is about the account as a whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<Region>,
    /// The VPC, where it is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vpc: Option<VpcId>,
    /// What it is about: a service's short name, a security group's name, a VPC.
    pub what: String,
    /// The resource's id, where there is one: `vpce-...`, `sg-...`, `vpc-...`, `rtb-...`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource: Option<String>,
    /// What is wrong, in one sentence without a full stop: `private DNS of logs is off`.
    pub title: String,
    /// Why it matters and where it comes from, in a sentence or two.
    pub reason: String,
    /// What differs, attribute by attribute: before and after the repair. Empty where there is no such
    /// thing.
    #[serde(default)]
    pub drift: Vec<Drift>,
    /// What to do.
    pub repair: String,
    /// The command that does it, where one does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
    /// The table of accounts.toml that asks for it (`endpoints.logs`), where one does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked_by: Option<String>,
    /// Its line in accounts.toml, from 1, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
}

impl Finding {
    /// Whether it counts: all but [`Severity::Info`] do.
    pub fn is_drift(&self) -> bool {
        self.severity < Severity::Info
    }
}
