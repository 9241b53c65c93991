//! The organization: a tree of units, who administers it, and what its service control policies deny.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Tags, World};
use crate::sandbox::dice::Dice;

const LETTERS: &str = "abcdefghijklmnopqrstuvwxyz0123456789";

/// An organization.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Organization {
    pub(crate) id: String,
    pub(crate) management: String,
    pub(crate) root: String,
    pub(crate) root_tags: Tags,
    pub(crate) all_features: bool,
    pub(crate) units: BTreeMap<String, Unit>,
    /// Delegated administrators: account, then service principal, then since when.
    pub(crate) delegated: BTreeMap<String, BTreeMap<String, i64>>,
    /// Service control policies by the root, unit or account they are attached to.
    pub(crate) denials: BTreeMap<String, Vec<Denial>>,
    pub(crate) requests: BTreeMap<String, AccountRequest>,
}

/// An organizational unit.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Unit {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) parent: String,
    pub(crate) tags: Tags,
}

/// A service control policy that denies actions.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Denial {
    pub(crate) policy: String,
    /// Actions with wildcards: `ec2:Create*`.
    pub(crate) actions: Vec<String>,
    /// Regions it is about; empty for all.
    pub(crate) regions: Vec<String>,
}

/// An account that is being created.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AccountRequest {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) account: Option<String>,
    /// Why it failed.
    pub(crate) failure: Option<String>,
    pub(crate) requested: i64,
    /// When it is done, in simulated time and in wall time as known at the request.
    pub(crate) done_sim: i64,
    pub(crate) done_wall: i64,
}

impl Organization {
    /// A new organization managed by `management`.
    pub(crate) fn new(seed: u64, management: &str) -> Self {
        let mut dice = Dice::new(seed, &["organization", management]);
        Self {
            id: format!("o-{}", dice.text(LETTERS, 10)),
            management: management.to_owned(),
            root: format!("r-{}", dice.text(LETTERS, 4)),
            root_tags: Tags::new(),
            all_features: true,
            units: BTreeMap::new(),
            delegated: BTreeMap::new(),
            denials: BTreeMap::new(),
            requests: BTreeMap::new(),
        }
    }

    /// Adds a unit under `parent` and returns its id.
    pub(crate) fn add_unit(&mut self, seed: u64, parent: &str, name: &str, tags: Tags) -> String {
        let count = self.units.len().to_string();
        let suffix = Dice::new(seed, &["unit", parent, name, &count]).text(LETTERS, 8);
        let id = format!("ou-{}-{suffix}", self.root.trim_start_matches("r-"));
        let unit = Unit { id: id.clone(), name: name.to_owned(), parent: parent.to_owned(), tags };
        self.units.insert(id.clone(), unit);
        id
    }

    /// The unit with this name under `parent`.
    pub(crate) fn child_named(&self, parent: &str, name: &str) -> Option<&Unit> {
        self.units.values().find(|unit| unit.parent == parent && unit.name == name)
    }

    /// From the root down to the unit `id` (both included).
    pub(crate) fn ancestry(&self, id: &str) -> Vec<String> {
        let mut line = vec![id.to_owned()];
        let mut at = id;
        while let Some(unit) = self.units.get(at) {
            line.push(unit.parent.clone());
            at = &unit.parent;
        }
        line.reverse();
        line
    }

    /// True if this is the root or a unit.
    pub(crate) fn is_parent(&self, id: &str) -> bool {
        id == self.root || self.units.contains_key(id)
    }

    /// True for the management account and for delegated administrators.
    pub(crate) fn may_read(&self, account: &str) -> bool {
        account == self.management || self.delegated.contains_key(account)
    }

    /// The service control policy that denies `action` to `account`, if any. The management account is
    /// never restricted (Organizations user guide, "Service control policies").
    pub(crate) fn denial(
        &self,
        world: &World,
        account: &str,
        action: &str,
        region: &str,
    ) -> Option<&Denial> {
        if account == self.management {
            return None;
        }
        let parent = world.accounts.get(account).map(|account| account.parent.as_str())?;
        let mut line = self.ancestry(parent);
        line.push(account.to_owned());
        line.iter().filter_map(|target| self.denials.get(target)).flatten().find(|denial| {
            let here =
                denial.regions.is_empty() || denial.regions.iter().any(|name| name == region);
            here && denial.actions.iter().any(|pattern| action_matches(pattern, action))
        })
    }

    /// The ARN of a policy of this organization.
    pub(crate) fn policy_arn(&self, policy: &str) -> String {
        let Self { id, management, .. } = self;
        format!("arn:aws:organizations::{management}:policy/{id}/service_control_policy/{policy}")
    }
}

/// Whether an IAM action pattern matches; actions are compared without regard to case.
pub(crate) fn action_matches(pattern: &str, action: &str) -> bool {
    crate::sandbox::wire::filters::like(&pattern.to_ascii_lowercase(), &action.to_ascii_lowercase())
}
