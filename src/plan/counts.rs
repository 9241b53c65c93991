//! How much a plan changes, counted in resources: a change of an endpoint and of its tags is one.

use std::collections::BTreeSet;
use std::iter::Sum;
use std::ops::Add;

use schemars::JsonSchema;
use serde::Serialize;

use crate::plan::action::Verb;
use crate::plan::{Plan, Planned, TargetPlan};

/// Resources that a plan creates, changes in place, deletes and takes into the deployment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
pub struct Counts {
    /// Resources made.
    pub create: usize,
    /// Resources changed in place.
    pub modify: usize,
    /// Resources deleted.
    pub delete: usize,
    /// Foreign resources adopted; one that is changed as well counts here alone.
    pub adopt: usize,
}

impl Counts {
    /// All of them.
    pub fn total(&self) -> usize {
        self.create + self.modify + self.delete + self.adopt
    }
}

impl Add for Counts {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            create: self.create + other.create,
            modify: self.modify + other.modify,
            delete: self.delete + other.delete,
            adopt: self.adopt + other.adopt,
        }
    }
}

impl Sum for Counts {
    fn sum<I: Iterator<Item = Self>>(counts: I) -> Self {
        counts.fold(Self::default(), Self::add)
    }
}

impl TargetPlan {
    /// What this target's plan changes.
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        let mut changed = BTreeSet::new();
        let mut adopted = BTreeSet::new();
        for action in &self.actions {
            match &action.verb {
                Verb::CreateSecurityGroup(_) | Verb::CreateEndpoint(_) => counts.create += 1,
                Verb::ModifySecurityGroup { id, .. } => {
                    changed.insert(id.as_str());
                }
                Verb::ModifyEndpoint { id, .. } => {
                    changed.insert(id.as_str());
                }
                Verb::EnableVpcDns { vpc, .. } => {
                    changed.insert(vpc.as_str());
                }
                Verb::Tag { resource, .. } => {
                    changed.insert(resource.as_str());
                }
                Verb::Adopt { resource, .. } => {
                    adopted.insert(resource.as_str());
                }
                Verb::DeleteEndpoint { .. } | Verb::DeleteSecurityGroup { .. } => {
                    counts.delete += 1;
                }
            }
        }
        counts.modify = changed.difference(&adopted).count();
        counts.adopt = adopted.len();
        counts
    }
}

impl Plan {
    /// What the whole plan changes.
    pub fn counts(&self) -> Counts {
        self.ready().map(|(_, plan)| plan.counts()).sum()
    }

    /// The targets that were observed and planned.
    pub fn ready(&self) -> impl Iterator<Item = (&crate::ids::TargetId, &TargetPlan)> {
        self.targets.iter().filter_map(|(target, planned)| match planned {
            Planned::Ready(plan) => Some((target, plan)),
            Planned::Unreachable { .. } => None,
        })
    }
}
