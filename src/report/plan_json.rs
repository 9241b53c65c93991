//! A plan for machines: one JSON document, complete and versioned.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::Value;

use crate::ids::{AccountId, Region, TargetId};
use crate::plan::counts::Counts;
use crate::plan::{Plan, Planned, TargetPlan};

/// Version of the document. A new minor adds fields, which readers ignore; a new major may change
/// them, which readers refuse.
pub const FORMAT: &str = "1.0";

/// What the document says besides the plan.
#[derive(Debug, Clone)]
pub struct PlanMeta<'a> {
    /// The program's version.
    pub version: &'a str,
    /// The deployment's name.
    pub deployment: &'a str,
    /// When the plan was made, RFC 3339.
    pub created_at: &'a str,
    /// Names of the accounts.
    pub names: &'a BTreeMap<AccountId, String>,
}

/// The whole plan as one document.
pub fn document(plan: &Plan, meta: &PlanMeta) -> Value {
    let document = Document {
        format: FORMAT,
        kind: "plan",
        version: meta.version,
        deployment: meta.deployment,
        created_at: meta.created_at,
        totals: Totals::of(plan),
        targets: plan.targets.iter().map(|(id, planned)| Entry::of(id, planned, meta)).collect(),
    };
    // Serialising plain structs with text keys cannot fail.
    serde_json::to_value(document).unwrap_or_default()
}

#[derive(Serialize)]
struct Document<'a> {
    format: &'static str,
    kind: &'static str,
    version: &'a str,
    deployment: &'a str,
    created_at: &'a str,
    totals: Totals,
    targets: Vec<Entry<'a>>,
}

/// Accounts and targets by what would become of them; a target with both actions and blocked items
/// counts in both.
#[derive(Debug, Default, Serialize)]
struct Totals {
    accounts: usize,
    targets: usize,
    in_sync: usize,
    would_change: usize,
    blocked: usize,
    unreachable: usize,
    #[serde(flatten)]
    resources: Counts,
}

impl Totals {
    fn of(plan: &Plan) -> Self {
        let count = |wanted: fn(&TargetPlan) -> bool| {
            plan.ready().filter(|(_, ready)| wanted(ready)).count()
        };
        let accounts: BTreeSet<&AccountId> = plan.targets.keys().map(|id| &id.account).collect();
        Self {
            accounts: accounts.len(),
            targets: plan.targets.len(),
            in_sync: count(TargetPlan::is_in_sync),
            would_change: count(|ready| !ready.actions.is_empty()),
            blocked: count(|ready| !ready.blocked.is_empty()),
            unreachable: plan.targets.len() - plan.ready().count(),
            resources: plan.counts(),
        }
    }
}

#[derive(Serialize)]
struct Entry<'a> {
    target: &'a TargetId,
    account: &'a AccountId,
    region: &'a Region,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    counts: Option<Counts>,
    #[serde(flatten)]
    planned: &'a Planned,
}

impl<'a> Entry<'a> {
    fn of(target: &'a TargetId, planned: &'a Planned, meta: &PlanMeta<'a>) -> Self {
        let TargetId { account, region } = target;
        let counts = match planned {
            Planned::Ready(ready) => Some(ready.counts()),
            Planned::Unreachable { .. } => None,
        };
        let name = meta.names.get(account).map(String::as_str);
        Self { target, account, region, name, counts, planned }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::failure::{ErrorClass, Failure};
    use crate::plan::testing::world;

    fn of(plan: &Plan) -> Value {
        let names = BTreeMap::from([("111122223333".parse().unwrap(), "workload".to_owned())]);
        let meta = PlanMeta {
            version: "0.1.0",
            deployment: "privatelink",
            created_at: "2026-11-22T12:00:00Z",
            names: &names,
        };
        document(plan, &meta)
    }

    fn plan() -> Plan {
        let world = world().want(["email-smtp", "nothing"]);
        let failure = Failure::local("AssumeRole", ErrorClass::Denied, "not authorized");
        Plan {
            targets: BTreeMap::from([
                (world.target.clone(), Planned::Ready(world.plan())),
                ("444455556666/eu-west-1".parse().unwrap(), Planned::Unreachable { failure }),
            ]),
        }
    }

    #[test]
    fn the_document_is_complete_and_versioned() {
        insta::assert_json_snapshot!(of(&plan()));
    }

    #[test]
    fn the_plan_can_be_read_back_from_the_document() {
        let (plan, document) = (plan(), of(&plan()));
        let targets: BTreeMap<TargetId, Planned> = document["targets"]
            .as_array()
            .unwrap()
            .iter()
            .map(|entry| {
                let target = serde_json::from_value(entry["target"].clone()).unwrap();
                (target, serde_json::from_value(entry.clone()).unwrap())
            })
            .collect();
        assert_eq!(Plan { targets }, plan);
    }
}
