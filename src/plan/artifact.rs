//! A plan that was written down: what it says besides the plan, how it is read back, and whether it still
//! holds for a target that was observed again.
//!
//! A target's saved plan rests on exactly those facts that the planner reads, and no list of facts says
//! that better than the planner itself: it still holds where planning again comes to the same actions.
//! So a security group that somebody else made, a route that came and went or an endpoint that has become
//! `available` does not spoil a plan, and whatever would change it does. It follows that a file can only
//! narrow what is done: actions that were written into it by hand are not what planning comes to.
//!
//! One fact is too restless for that: how many addresses are free decides between subnets of one zone, and
//! changes by the minute. The choice that was saved stands as long as it leaves room.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::ids::{AccountId, SubnetId, TargetId};
use crate::model::observed::Observed;
use crate::model::service::Catalogue;
use crate::model::spec::Settings;
use crate::plan::action::{Action, DesiredEndpoint, EndpointChange, Verb};
use crate::plan::aim::Purpose;
use crate::plan::{Plan, Planned, TargetPlan, plan_target};

/// Version of the plan's document. A new minor adds fields, which readers ignore; a new major may change
/// them, which readers refuse.
pub const FORMAT: &str = "1.1";

/// Differences that are named; the others are counted.
const MOST_SAID: usize = 4;

/// What a plan was made for. It must be the same when the plan is carried out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Origin {
    /// The run that made the plan.
    pub run: String,
    /// Whether it is about the sandbox.
    pub sandbox: bool,
    /// The management account, which stands for the organization; `None` where nobody may ask for it.
    pub management: Option<AccountId>,
    /// What accounts.toml came to, section by section, each as a digest.
    pub config: BTreeMap<String, String>,
    /// How the command was narrowed, in its own words; empty for everything.
    pub scope: Vec<String>,
}

/// A plan that was read back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SavedPlan {
    /// The deployment's name.
    pub deployment: String,
    /// The program's version that wrote it.
    pub version: String,
    /// When it was made, RFC 3339.
    pub created_at: String,
    /// What it was made for.
    pub origin: Origin,
    /// Its digest; see [`digest`].
    pub digest: String,
    /// Names of the accounts, as they were; untrusted text.
    pub names: BTreeMap<AccountId, String>,
    /// The plan.
    pub plan: Plan,
}

#[derive(Deserialize)]
struct Document {
    version: String,
    deployment: String,
    created_at: String,
    digest: String,
    #[serde(flatten)]
    origin: Origin,
    targets: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    target: TargetId,
    name: Option<String>,
    #[serde(flatten)]
    planned: Planned,
}

impl SavedPlan {
    /// Reads the document that `plan --out` and `plan -o json` write. The error says what is wrong with
    /// it and what to do, after the file's name.
    pub fn read(text: &str) -> Result<Self, String> {
        let value: Value = serde_json::from_str(text)
            .map_err(|error| format!("is not a plan: {error}; write one with `plan --out FILE`"))?;
        let kind = value["kind"].as_str();
        if kind != Some("plan") {
            return Err(match kind {
                Some(kind) => format!("is a document of the kind `{kind}`, not a plan"),
                None => "is not a plan; write one with `plan --out FILE`".to_owned(),
            });
        }
        let format = value["format"].as_str().unwrap_or_default();
        let major = |format: &str| format.split('.').next().map(str::to_owned);
        if major(format) != major(FORMAT) {
            return Err(format!(
                "is a plan of format {format:?}, and this version reads {FORMAT:?}; plan again"
            ));
        }
        if value.get("digest").is_none() {
            return Err(format!(
                "is a plan of format {format:?}, which could not be applied yet; plan again"
            ));
        }
        if value.get("aim").is_some_and(|aim| *aim != serde_json::json!(Purpose::default())) {
            return Err(
                "is a plan of destroy, --mode, --adopt or --only, which is not applied from a \
                        file; give the same options again, it goes on where it stopped"
                    .to_owned(),
            );
        }
        let read: Document = serde_json::from_value(value)
            .map_err(|error| format!("is not a whole plan: {error}; plan again"))?;
        let (mut plan, mut names) = (Plan::default(), BTreeMap::new());
        for Entry { target, name, planned } in read.targets {
            names.extend(name.map(|name| (target.account.clone(), name)));
            plan.targets.insert(target, planned);
        }
        if digest(&plan) != read.digest {
            return Err(
                "was changed after it was saved: its digest is another; plan again, a plan is \
                        applied as it was made"
                    .to_owned(),
            );
        }
        let Document { version, deployment, created_at, digest, origin, .. } = read;
        Ok(Self { deployment, version, created_at, origin, digest, names, plan })
    }
}

/// The digest of everything a plan would do, to name it by: `sha256:` and 64 hexadecimal digits. What it
/// says about what it leaves alone does not count.
pub fn digest(plan: &Plan) -> String {
    let mut all = Sha256::new();
    for (target, planned) in &plan.targets {
        let one = match planned {
            Planned::Ready(plan) => digest_of(plan),
            Planned::Unreachable { .. } => "unreachable".to_owned(),
        };
        all.update(format!("{target} {one}\n"));
    }
    named(all)
}

/// The digest of what a plan would do in one target.
pub fn digest_of(plan: &TargetPlan) -> String {
    let mut actions = serde_json::to_value(&plan.actions).unwrap_or_default();
    // The order of keys says nothing, and tools that touch JSON change it.
    actions.sort_all_objects();
    let mut one = Sha256::new();
    one.update(actions.to_string());
    named(one)
}

/// The digest of any text.
pub fn digest_of_text(text: &str) -> String {
    let mut digest = Sha256::new();
    digest.update(text);
    named(digest)
}

fn named(digest: Sha256) -> String {
    format!("sha256:{}", hex::encode(digest.finalize()))
}

/// The plan to carry out for a target as it is now: the saved actions, if they still hold. `fresh` is what
/// planning now comes to. The error says what is different, in words.
pub fn hold(
    saved: &TargetPlan,
    fresh: &TargetPlan,
    target: &TargetId,
    settings: &Settings,
    observed: &Observed,
    catalogue: &Catalogue,
) -> Result<TargetPlan, Vec<String>> {
    if saved.actions == fresh.actions {
        return Ok(fresh.clone());
    }
    let steadied = steadied(saved, target, settings, observed, catalogue);
    if saved.actions == steadied.actions { Ok(steadied) } else { Err(differences(saved, fresh)) }
}

/// What planning comes to where the subnets of this plan have room enough, and so are all alike.
pub(super) fn steadied(
    saved: &TargetPlan,
    target: &TargetId,
    settings: &Settings,
    observed: &Observed,
    catalogue: &Catalogue,
) -> TargetPlan {
    let needed = addresses(saved);
    let mut steady = observed.clone();
    for subnet in steady.vpcs.values_mut().flat_map(|vpc| vpc.subnets.values_mut()) {
        // A subnet without room is none the planner may choose, whatever was saved.
        let needs = needed.get(&subnet.id).copied().unwrap_or_default();
        if needs > 0 && (subnet.free_addresses >= needs || subnet.ipv4.is_none()) {
            subnet.free_addresses = u32::MAX;
        }
    }
    plan_target(target, settings, &steady, catalogue)
}

/// How many addresses a plan takes from each subnet.
fn addresses(plan: &TargetPlan) -> BTreeMap<SubnetId, u32> {
    let mut needed = BTreeMap::new();
    for action in &plan.actions {
        let (Verb::CreateEndpoint(DesiredEndpoint { subnets: taken, .. })
        | Verb::ModifyEndpoint { change: EndpointChange { add_subnets: taken, .. }, .. }) =
            &action.verb
        else {
            continue;
        };
        for subnet in taken {
            *needed.entry(subnet.clone()).or_default() += 1;
        }
    }
    needed
}

/// What is in one plan and not in the other.
pub(super) fn differences(saved: &TargetPlan, fresh: &TargetPlan) -> Vec<String> {
    let name = |action: &Action| format!("{} {}", action.verb.symbol(), action.what);
    let lacks = |plan: &TargetPlan, one: &Action| {
        !plan.actions.iter().any(|other| (&other.verb, &other.what) == (&one.verb, &one.what))
    };
    let names = |of: &TargetPlan, but: &TargetPlan| -> Vec<String> {
        of.actions.iter().filter(|action| lacks(but, action)).map(name).collect()
    };
    let (gone, new) = (names(saved, fresh), names(fresh, saved));
    // What nobody has agreed to comes first.
    let unheard = new.iter().filter(|name| !gone.contains(name));
    let mut said: Vec<String> = unheard.map(|name| format!("{name} is new")).collect();
    for name in &gone {
        let how = if new.contains(name) { "differs" } else { "is not needed or not possible now" };
        said.push(format!("{name} {how}"));
    }
    if said.len() > MOST_SAID {
        let more = format!("{} more", said.len() - MOST_SAID);
        said.truncate(MOST_SAID);
        said.push(more);
    }
    if said.is_empty() {
        said.push("the same changes, in another order or for other reasons".to_owned());
    }
    said
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::endpoint::EndpointState;
    use crate::model::network::Subnet;
    use crate::plan::testing::{World, world};

    fn check(saved: &TargetPlan, now: &World) -> Result<(), Vec<String>> {
        let World { target, settings, observed, catalogue, .. } = now;
        let held = hold(saved, &now.plan(), target, settings, observed, catalogue)?;
        assert_eq!(held.actions, saved.actions);
        Ok(())
    }

    /// Two private subnets in zone 1, with as much room each.
    fn twins<const N: usize>(services: [&str; N]) -> World {
        world().want(services).but(|w| {
            let twin = Subnet { id: "subnet-a-twin".into(), ..w.subnet("subnet-a").clone() };
            w.vpc().subnets.insert(twin.id.clone(), twin);
        })
    }

    #[test]
    fn what_the_plan_does_not_rest_on_may_move() {
        let before = twins(["logs", "s3"]);
        let saved = before.plan();
        for (what, now) in [
            ("nothing", before.clone()),
            (
                "free addresses",
                before.clone().but(|w| w.subnet("subnet-a-twin").free_addresses = 250),
            ),
            (
                "a tag of somebody",
                before.clone().but(|w| {
                    w.vpc().tags.insert("seen".into(), "today".into());
                }),
            ),
        ] {
            assert_eq!(check(&saved, &now), Ok(()), "{what}");
        }
        let roomier = before.but(|w| w.subnet("subnet-a-twin").free_addresses = 250);
        assert_ne!(roomier.plan().actions, saved.actions, "the table proves nothing");
    }

    #[test]
    fn an_endpoint_that_became_available_spoils_no_plan() {
        let made = world().want(["logs"]).applied();
        let before = made.clone().want(["ssm"]).but(|w| {
            w.endpoint("logs").state = EndpointState::Pending;
        });
        let now = made.want(["ssm"]);
        assert_eq!(check(&before.plan(), &now), Ok(()));
    }

    #[test]
    fn what_the_plan_rests_on_may_not_move_and_is_named() {
        let before = world().want(["logs", "s3"]);
        let saved = before.plan();
        for (now, said) in [
            (before.clone().but(|w| w.vpc().dns_support = false), "+ logs"),
            (before.clone().but(|w| w.subnet("subnet-a").free_addresses = 0), "+ logs differs"),
            (before.clone().want(["ssm"]), "+ ssm is new"),
            (before.clone().applied(), "is not needed or not possible now"),
        ] {
            let wrong = check(&saved, &now).unwrap_err().join("; ");
            assert!(wrong.contains(said), "no `{said}` in {wrong}");
        }
    }

    #[test]
    fn a_saved_choice_of_subnet_needs_room_for_all_that_was_planned_there() {
        let before = twins(["ecr.api", "ecr.dkr", "logs"]);
        let saved = before.plan();
        let roomy = before.clone().but(|w| w.subnet("subnet-a").free_addresses = 3);
        assert_eq!(check(&saved, &roomy), Ok(()));
        let tight = before.but(|w| w.subnet("subnet-a").free_addresses = 2);
        assert!(check(&saved, &tight).is_err());
    }

    #[test]
    fn an_action_that_was_written_in_by_hand_is_not_what_planning_comes_to() {
        let now = world().want(["logs"]);
        let mut saved = now.plan();
        let foreign = now.clone().applied().endpoint("logs").clone();
        saved.actions.push(Action {
            id: 9,
            after: [].into(),
            what: "logs".into(),
            verb: Verb::DeleteEndpoint { id: foreign.id, key: foreign.key },
            drift: Vec::new(),
        });
        assert!(check(&saved, &now).is_err());
    }
}
