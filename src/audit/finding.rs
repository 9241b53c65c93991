//! One thing that differs, told so that whoever gets it can act on it.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ids::{AccountId, Region, VpcId};
pub use crate::model::finding::FindingKind;
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

/// How much a finding matters, the most severe first.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Traffic goes the wrong way or is open to the wrong people, or nobody can tell.
    High,
    /// It works, less well than it should: a zone, a route table or a rule is not covered.
    Medium,
    /// Nothing depends on it now: tags, leftovers that cost money.
    Low,
    /// Worth knowing; not drift, and never the verdict's reason.
    Info,
}

impl Severity {
    /// All, the most severe first.
    pub const ALL: [Self; 4] = [Self::High, Self::Medium, Self::Low, Self::Info];

    /// Its word in text and documents.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::High => "high",
            Self::Medium => "medium",
            Self::Low => "low",
            Self::Info => "info",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
