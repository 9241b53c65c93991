//! The doctor: what was asked of AWS about each target, and what that says about a rollout, before anything
//! is changed. Pure, like the planner whose plans it reads: facts go in, [`Check`]s come out, and checks that
//! have one cause are one [`Cause`] for everybody who has it.

mod cause;
mod check;
mod facts;
mod general;
mod network;
mod permission;
mod quota;
mod session;
pub mod shared_root;
#[cfg(test)]
mod tests;
mod trial;
mod zone;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use cause::{Cause, causes};
pub use check::{Check, Proof, Status, Topic};
pub use facts::{Facts, Identity, Looked, Quotas, Zones};
pub use general::{General, general, left_out};
pub use quota::needed as needed_quotas;
pub use trial::{Need, Trial, as_if_fresh, trials};
pub use zone::{Wanted as PrivateNames, names_to_be as private_names};

use crate::ids::TargetId;
use crate::model::shard::Part;

/// Version of the document. A new minor adds fields, which readers ignore; a new major may change them.
pub const FORMAT: &str = "1.0";

/// All that was found: the document of `doctor -o json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Diagnosis {
    /// Version of this document, MAJOR.MINOR.
    pub format: String,
    /// Always `doctor`.
    pub kind: String,
    /// The program's version.
    pub version: String,
    /// The deployment's name.
    pub deployment: String,
    /// When it was made, RFC 3339.
    pub created_at: String,
    /// Whether all of it happened in the sandbox and nothing is real.
    pub sandbox: bool,
    /// What concerns all targets: credentials, the clock, the organization.
    pub general: Vec<Check>,
    /// Every target in scope, in the order of the walk.
    pub targets: Vec<Examined>,
    /// The same by cause, the worst first.
    pub causes: Vec<Cause>,
    /// How many causes of each status, and how many targets.
    pub counts: Counts,
    /// Which part of the whole this is, where the accounts were split over several processes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shard: Option<Part>,
}

/// One target and all that was checked in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Examined {
    /// Which.
    pub target: TargetId,
    /// The account's name; untrusted text.
    pub name: String,
    /// The worst of its checks; none where its turn did not come.
    pub status: Option<Status>,
    /// Whether its network could be looked at.
    pub looked_at: bool,
    /// What was checked.
    pub checks: Vec<Check>,
}

/// How much was found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Counts {
    /// Causes that keep a rollout from working.
    pub problems: usize,
    /// Causes that do not, and that one should know.
    pub warnings: usize,
    /// What could not be told.
    pub unknown: usize,
    /// What is as it should be.
    pub ok: usize,
    /// Targets in scope.
    pub targets: usize,
    /// Targets without a problem.
    pub targets_without_problem: usize,
}

/// Everything that is to be said of one target.
pub fn examine(facts: &Facts) -> Examined {
    let mut checks = session::checks(facts);
    checks.extend(permission::checks(facts));
    checks.extend(network::checks(facts));
    checks.extend(quota::checks(facts));
    checks.extend(zone::checks(facts));
    Examined {
        target: facts.target.clone(),
        name: facts.name.to_owned(),
        status: checks.iter().map(|check| check.status).min(),
        looked_at: matches!(facts.looked, Some(Ok(_))),
        checks,
    }
}

/// A target whose turn did not come.
pub fn not_started(target: &TargetId, name: &str) -> Examined {
    let (target, name) = (target.clone(), name.to_owned());
    Examined { target, name, status: None, looked_at: false, checks: Vec::new() }
}

impl Diagnosis {
    /// Groups what was found by its causes, and counts it.
    pub fn settle(&mut self) {
        self.causes = causes(&self.general, &self.targets);
        let of = |status| self.causes.iter().filter(|cause| cause.status == status).count();
        let sound = |one: &&Examined| {
            one.status.is_some_and(|status| status != Status::Problem) && one.looked_at
        };
        self.counts = Counts {
            problems: of(Status::Problem),
            warnings: of(Status::Warning),
            unknown: of(Status::Unknown),
            ok: of(Status::Ok),
            targets: self.targets.len(),
            targets_without_problem: self.targets.iter().filter(sound).count(),
        };
    }

    /// Whether anything is in the way of a rollout, or a target could not be looked at.
    pub fn is_bad(&self) -> bool {
        self.counts.problems > 0 || self.targets.iter().any(|one| !one.looked_at)
    }
}
