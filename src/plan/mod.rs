//! The planner: desired against observed, and out comes a [`Plan`]. Pure and synchronous: no SDK, no
//! clock, no randomness, no input or output. Every choice is made here; the executor makes none.

pub mod action;
pub mod aim;
pub mod artifact;
pub mod counts;
pub mod outcome;
pub mod similar;

mod adopt;
mod appliance;
mod check;
mod destroy;
mod diff;
mod dns;
mod draft;
mod foreign;
mod gateway;
mod group;
mod ingress;
mod interface;
mod narrow;
mod orphan;
mod placing;
mod policy;
#[cfg(test)]
pub(crate) mod properties;
mod quota;
pub mod remains;
mod removal;
mod select;
mod service;
mod standing;
mod tags;
mod target;
#[cfg(test)]
pub(crate) mod testing;
mod vpc_dns;
mod want;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use check::{violations, violations_for};
pub use narrow::sparing;
pub use select::matches_vpc as selects_vpc;
pub use similar::group_by_change;
pub use target::{plan_for, plan_target};
pub use want::{Want, wants};

use crate::ids::{EndpointId, SubnetId, TargetId, VpcId, ZoneId};
use crate::model::failure::Failure;
use crate::plan::action::Action;

/// What would be done, for every target in scope.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Plan {
    /// One entry per target.
    pub targets: BTreeMap<TargetId, Planned>,
}

/// What became of planning one target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "planned", rename_all = "kebab-case")]
pub enum Planned {
    /// It was observed and planned.
    Ready(TargetPlan),
    /// It could not be observed: a result, not an abort.
    Unreachable {
        /// Why.
        failure: Failure,
    },
}

/// What would be done in one target.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TargetPlan {
    /// In an order in which they can be executed; see [`Action::after`].
    pub actions: Vec<Action>,
    /// Desired, but AWS would refuse it or it is not possible here: never sent.
    pub blocked: Vec<Blocked>,
    /// Worth knowing; nothing is done about it.
    pub notes: Vec<Note>,
    /// Endpoints of ours that are as they should be, or on their way there (`pending`).
    pub in_sync: Vec<EndpointId>,
    /// Endpoints of ours that no action changes and whose end must still be awaited.
    pub pending: Vec<EndpointId>,
    /// Zones of the subnets that the actions name, for people.
    #[serde(default)]
    pub zones: BTreeMap<SubnetId, ZoneId>,
}

impl TargetPlan {
    /// Nothing to do, nothing blocked.
    pub fn is_in_sync(&self) -> bool {
        self.actions.is_empty() && self.blocked.is_empty()
    }
}

/// Something desired that is not possible, with its reason.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Blocked {
    /// The VPC, where it is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vpc: Option<VpcId>,
    /// What is blocked: a service's short name, or a resource's name.
    pub what: String,
    /// A stable code, kebab-case: `zone-not-supported`, `dns-attributes-off`, ...
    pub code: String,
    /// Why, and what to do about it, for people.
    pub reason: String,
    /// The resource that is the reason (`vpce-...`, `sg-...`), where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource: Option<String>,
}

/// Something worth knowing that is not an action: `satisfied by vpce-... (foreign)`, a shared subnet
/// left alone, a zone the service does not support.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Note {
    /// The VPC, where it is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vpc: Option<VpcId>,
    /// What it is about: a service's short name or a resource.
    pub what: String,
    /// A stable code, kebab-case: `satisfied-by-foreign`, `shared-subnet`, `awaiting-acceptance`, ...
    pub code: String,
    /// For people.
    pub text: String,
    /// The resource it is about (`vpce-...`, `sg-...`), where it is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource: Option<String>,
}
