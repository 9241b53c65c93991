//! A plan for machines: one JSON document, complete and versioned.

use std::collections::{BTreeMap, BTreeSet};

use schemars::{JsonSchema, Schema};
use serde::Serialize;
use serde_json::Value;

use crate::ids::{AccountId, Region, TargetId};
use crate::model::shard::Part;
use crate::plan::aim::Purpose;
use crate::plan::artifact::{FORMAT, Origin, digest, digest_of};
use crate::plan::counts::Counts;
use crate::plan::{Plan, Planned, TargetPlan};
use crate::report::contract;
use crate::report::plan_waves::Course;

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
    /// What the plan was made for.
    pub origin: &'a Origin,
    /// In which order it is carried out.
    pub course: &'a Course,
    /// What it is for.
    pub aim: &'a Purpose,
    /// Targets in scope that are left alone.
    pub spared: Vec<Spared<'a>>,
    /// Which part of the whole this is.
    pub shard: Option<&'a Part>,
}

/// A target in scope that is left alone on purpose.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Spared<'a> {
    /// Which.
    pub target: &'a TargetId,
    /// The account's name; untrusted text.
    pub name: &'a str,
    /// Why, for people.
    pub reason: &'a str,
}

/// The whole plan as one document.
pub fn document(plan: &Plan, meta: &PlanMeta) -> Value {
    let document = Document {
        format: FORMAT,
        kind: "plan",
        version: meta.version,
        deployment: meta.deployment,
        created_at: meta.created_at,
        origin: meta.origin,
        digest: digest(plan),
        rollout: meta.course,
        totals: Totals::of(plan),
        targets: plan.targets.iter().map(|(id, planned)| Entry::of(id, planned, meta)).collect(),
        aim: meta.aim,
        spared: &meta.spared,
        shard: meta.shard,
    };
    // Serialising plain structs with text keys cannot fail.
    serde_json::to_value(document).unwrap_or_default()
}

/// The JSON Schema of the document.
pub fn schema() -> Schema {
    contract::of::<Document<'_>>()
}

/// A plan: what `plan --out FILE` and `plan -o json` write, and `apply FILE` carries out.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Plan")]
struct Document<'a> {
    /// Version of this document, MAJOR.MINOR.
    format: &'static str,
    /// Always `plan`.
    kind: &'static str,
    /// The program's version.
    version: &'a str,
    /// The deployment's name.
    deployment: &'a str,
    /// When the plan was made, RFC 3339.
    created_at: &'a str,
    #[serde(flatten)]
    origin: &'a Origin,
    /// The digest of everything the plan would do: `sha256:` and 64 hexadecimal digits.
    digest: String,
    /// In which order it is carried out.
    rollout: &'a Course,
    /// The whole plan in numbers.
    totals: Totals,
    /// Every target in scope, with what would be done in it.
    targets: Vec<Entry<'a>>,
    /// What it is for, and how far it goes.
    aim: &'a Purpose,
    /// Targets in scope that are left alone, and why.
    spared: &'a [Spared<'a>],
    /// Which part of the whole this is, where the accounts were split over several processes.
    #[serde(skip_serializing_if = "Option::is_none")]
    shard: Option<&'a Part>,
}

/// Accounts and targets by what would become of them; a target with both actions and blocked items
/// counts in both.
#[derive(Debug, Default, Serialize, JsonSchema)]
struct Totals {
    /// Accounts in scope.
    accounts: usize,
    /// Targets in scope: accounts times regions.
    targets: usize,
    /// Targets with nothing to do.
    in_sync: usize,
    /// Targets with something to do.
    would_change: usize,
    /// Targets with something that is not possible.
    blocked: usize,
    /// Targets that could not be observed.
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

/// One target of the plan.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "PlannedTarget")]
struct Entry<'a> {
    /// The account and the region.
    target: &'a TargetId,
    /// The account.
    account: &'a AccountId,
    /// The region.
    region: &'a Region,
    /// The account's name; untrusted text.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    /// The target's plan in numbers.
    #[serde(skip_serializing_if = "Option::is_none")]
    counts: Option<Counts>,
    /// The digest of what would be done in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    digest: Option<String>,
    #[serde(flatten)]
    planned: &'a Planned,
}

impl<'a> Entry<'a> {
    fn of(target: &'a TargetId, planned: &'a Planned, meta: &PlanMeta<'a>) -> Self {
        let TargetId { account, region } = target;
        let ready = match planned {
            Planned::Ready(ready) => Some(ready),
            Planned::Unreachable { .. } => None,
        };
        let (counts, digest) = (ready.map(TargetPlan::counts), ready.map(digest_of));
        let name = meta.names.get(account).map(String::as_str);
        Self { target, account, region, name, counts, digest, planned }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::failure::{ErrorClass, Failure};
    use crate::plan::artifact::SavedPlan;
    use crate::plan::testing::world;

    fn origin() -> Origin {
        Origin {
            run: "1763812800000000000-4711".to_owned(),
            sandbox: false,
            management: Some("999999999999".parse().unwrap()),
            config: BTreeMap::from([("rollout".to_owned(), "sha256:00".to_owned())]),
            scope: vec!["--ou /Sandbox".to_owned()],
        }
    }

    fn of(plan: &Plan) -> Value {
        let names = BTreeMap::from([("111122223333".parse().unwrap(), "workload".to_owned())]);
        let meta = PlanMeta {
            version: "0.1.0",
            deployment: "privatelink",
            created_at: "2026-11-22T12:00:00Z",
            names: &names,
            origin: &origin(),
            course: &Course::default(),
            aim: &Purpose::default(),
            spared: Vec::new(),
            shard: None,
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
        for text in
            [document.to_string(), serde_json::to_string_pretty(&sorted(&document)).unwrap()]
        {
            let saved = SavedPlan::read(&text).unwrap();
            assert_eq!((saved.plan, saved.origin), (plan.clone(), origin()));
            assert_eq!(saved.deployment, "privatelink");
        }
    }

    /// As `jq -S` leaves it.
    fn sorted(document: &Value) -> Value {
        let mut document = document.clone();
        document.sort_all_objects();
        document
    }

    #[test]
    fn what_is_no_plan_or_was_touched_is_refused_with_the_reason() {
        let without = |key: &str| {
            let mut document = of(&plan());
            document.as_object_mut().unwrap().remove(key);
            document
        };
        let with = |key: &str, value: &str| {
            let mut document = of(&plan());
            document[key] = value.into();
            document
        };
        let mut edited = of(&plan());
        edited["targets"][0]["actions"][0]["what"] = "other".into();
        let mut dropped = of(&plan());
        dropped["targets"].as_array_mut().unwrap().pop();
        for (text, said) in [
            ("hello".to_owned(), "is not a plan"),
            ("[]".to_owned(), "is not a plan"),
            (without("kind").to_string(), "is not a plan"),
            (with("kind", "audit").to_string(), "of the kind `audit`"),
            (with("format", "2.0").to_string(), "this version reads"),
            (without("digest").to_string(), "plan again"),
            (without("targets").to_string(), "is not a whole plan"),
            (edited.to_string(), "was changed after it was saved"),
            (dropped.to_string(), "was changed after it was saved"),
        ] {
            let wrong = SavedPlan::read(&text).unwrap_err();
            assert!(wrong.contains(said), "no `{said}` in {wrong}");
        }
    }
}
