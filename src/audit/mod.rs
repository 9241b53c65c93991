//! The audit: what differs from accounts.toml, as [`Finding`]s a person can act on. Pure, like the
//! planner whose plans it reads. A target has findings of drift exactly when its plan has something to do
//! or something blocked, or where something of the deployment is there that the plan leaves alone: an
//! orphan, an endpoint that waits to be accepted, one that has been pending for too long.

mod attribute;
mod blocked;
mod change;
mod cover;
mod finding;
mod group;
mod ignore;
mod look;
mod others;
mod since;
mod state;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use finding::{Finding, FindingKind, Severity};
pub use ignore::Rule;
pub use look::{Frame, Subject, Who, look, not_started, unreachable, usual_severity};
pub use others::{Beyond, beyond, not_looked_at};
pub use since::{PreviousError, previous};

use crate::ids::{AccountId, Region, TargetId, VpcId};
use crate::model::failure::Failure;
use crate::model::shard::Part;

/// Version of the document. A new minor adds fields, which readers ignore; a new major may change them,
/// which readers refuse.
pub const FORMAT: &str = "1.0";

/// A whole audit: the document that every report is a rendering of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Audit {
    /// Version of this document, MAJOR.MINOR.
    pub format: String,
    /// Always `audit`.
    pub kind: String,
    /// The program's version.
    pub version: String,
    /// The deployment's name.
    pub deployment: String,
    /// accounts.toml as it was named on the command line, for reports that point at it.
    pub config: String,
    /// When the audit began, RFC 3339.
    pub created_at: String,
    /// Whether all of it happened in the sandbox and nothing is real.
    pub sandbox: bool,
    /// Regions of accounts.toml that were in scope.
    pub regions: Vec<Region>,
    /// Accounts of the shared root, the management account among them.
    pub shared_root: Vec<SharedRoot>,
    /// Every target in scope, in the order of the walk.
    pub targets: Vec<Audited>,
    /// What differs, the most severe first; no two have one id.
    pub findings: Vec<Finding>,
    /// Findings that an `[[ignore]]` rule of accounts.toml takes out of the verdict.
    #[serde(default)]
    pub ignored: Vec<Ignored>,
    /// Against an earlier audit, where one was named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Since>,
    /// Which part of the whole this is, where the accounts were split over several processes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shard: Option<Part>,
}

/// An account that owns shared resources and gets no endpoints.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SharedRoot {
    /// Which.
    pub account: AccountId,
    /// Its name; untrusted text.
    pub name: String,
    /// Whether it is the organization's management account.
    pub management: bool,
}

/// One target as the audit saw it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Audited {
    /// Which.
    pub target: TargetId,
    /// The account's name; untrusted text.
    pub name: String,
    /// The account's organizational unit: `/Workloads/Staging`; untrusted text.
    pub ou: String,
    /// How it stands.
    pub standing: Standing,
    /// Why it could not be looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<Failure>,
    /// What is in its VPCs: one entry per VPC and wanted service, and one per other endpoint that
    /// concerns the deployment.
    pub coverage: Vec<Coverage>,
}

/// How a target stands.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// It is what accounts.toml says.
    InSync,
    /// It is not.
    Drifted,
    /// It could not be looked at, which is never "no drift".
    Unreachable,
    /// The run was asked to stop before its turn.
    NotStarted,
}

/// One cell of the matrix: a service in a VPC.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Coverage {
    /// The VPC; `None` where the account has none that is selected.
    pub vpc: Option<VpcId>,
    /// The VPC's `Name` tag; untrusted text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vpc_name: Option<String>,
    /// The service's short name.
    pub service: String,
    /// `interface`, `gateway` or `gatewayloadbalancer`.
    pub endpoint_type: String,
    /// How it stands.
    pub state: CoverageState,
    /// `vpce-...`, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<String>,
    /// Zone ids of its subnets, for interface endpoints.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub zones: Vec<String>,
}

/// How a service stands in a VPC, the best first.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum CoverageState {
    /// Ours, and as it should be.
    InSync,
    /// Someone else's endpoint does the job.
    Foreign,
    /// Ours, on its way.
    Pending,
    /// Ours, and something about it differs.
    Drifted,
    /// Ours, and no longer wanted.
    Orphaned,
    /// It is not there.
    Missing,
    /// It is not there and cannot be made as things are.
    Blocked,
}

/// A finding that is known and accepted for a while.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Ignored {
    /// The finding.
    #[serde(flatten)]
    pub finding: Finding,
    /// The rule's own reason.
    pub because: String,
    /// The day after which it counts again, `2027-01-31`.
    pub until: String,
}

/// What is new, fixed and left since an earlier audit, by the findings' ids.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Since {
    /// When the earlier audit was made.
    pub created_at: String,
    /// Ids of findings that were not there before.
    pub new: Vec<String>,
    /// Findings that are there no longer.
    pub fixed: Vec<Finding>,
    /// Ids of findings that were there before and still are.
    pub remaining: Vec<String>,
    /// Findings of before in targets that this audit did not reach or did not look at: not known to
    /// be fixed.
    #[serde(default)]
    pub unknown: Vec<Finding>,
}

impl Audit {
    /// Takes findings out that rules accept, sorts the others, and sets how each target stands by what is
    /// left. `today` is the day in UTC.
    pub fn settle(&mut self, rules: &[Rule], today: jiff::civil::Date) {
        ignore::apply(self, rules, today);
        self.sort_findings();
        let drifted: BTreeSet<(&AccountId, Option<&Region>)> = self
            .findings
            .iter()
            .filter(|finding| finding.is_drift())
            .map(|finding| (&finding.account, finding.region.as_ref()))
            .collect();
        for audited in &mut self.targets {
            let TargetId { account, region } = &audited.target;
            if audited.standing == Standing::Drifted && !drifted.contains(&(account, Some(region)))
            {
                audited.standing = Standing::InSync;
            }
        }
    }

    fn sort_findings(&mut self) {
        let order = |one: &Finding| {
            (one.severity, one.account.clone(), one.region.clone(), one.kind, one.id.clone())
        };
        self.findings.sort_by_cached_key(order);
    }

    /// Puts what was joined from several audits into the order of one.
    pub fn in_order(&mut self) {
        let regions = self.regions.clone();
        let place = |region: &Region| regions.iter().position(|known| known == region);
        self.targets.sort_by_cached_key(|one| {
            let TargetId { account, region } = &one.target;
            (one.ou.clone(), one.name.clone(), account.clone(), place(region))
        });
        self.sort_findings();
        self.ignored.sort_by(|one, other| one.finding.id.cmp(&other.finding.id));
    }

    /// Whether a target was not looked at: nothing is known of it.
    pub fn has_unknown(&self) -> bool {
        let unknown =
            |one: &Audited| matches!(one.standing, Standing::Unreachable | Standing::NotStarted);
        self.targets.iter().any(unknown)
    }

    /// Whether anything counts as drift.
    pub fn has_drift(&self) -> bool {
        self.findings.iter().any(Finding::is_drift)
    }

    /// How many findings of each severity, the most severe first; all four are there.
    pub fn by_severity(&self) -> [(Severity, usize); 4] {
        Severity::ALL.map(|severity| {
            (severity, self.findings.iter().filter(|found| found.severity == severity).count())
        })
    }

    /// Targets by how they stand; those that none has are left out.
    pub fn by_standing(&self) -> BTreeMap<Standing, usize> {
        let mut counts = BTreeMap::new();
        for audited in &self.targets {
            *counts.entry(audited.standing).or_default() += 1;
        }
        counts
    }
}
