//! What has one cause in several targets is said once.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::permission::NOTHING_YET;
use super::{Check, Examined, Proof, Status, Topic};
use crate::ids::TargetId;
use crate::plan::similar::without_ids;

/// Checks of one kind that came out alike, and where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Cause {
    /// How they came out.
    pub status: Status,
    /// What was checked.
    pub topic: Topic,
    /// The stable code of the cause, where it is not as it should be.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub cause: Option<String>,
    /// What it is about: permissions, services, quotas.
    pub subjects: Vec<String>,
    /// What that rests on.
    pub proof: Proof,
    /// What was found. Ids are left out where they differ.
    pub text: String,
    /// What is particular in the first of the targets; untrusted text.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub detail: Option<String>,
    /// Whether the others are particular in another way.
    #[serde(default)]
    pub details_differ: bool,
    /// What to do.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub next: Option<String>,
    /// Where; none for what concerns everything.
    pub targets: Vec<TargetId>,
}

/// What checks must have in common to be one cause.
type Key = (Status, Topic, Option<String>, Proof, String, Option<String>);

/// A check and where it was made; nowhere in particular where it concerns everything.
type Found<'a> = (Option<&'a TargetId>, &'a Check);

/// All causes, the worst and the most widespread first.
pub fn causes(general: &[Check], targets: &[Examined]) -> Vec<Cause> {
    let everywhere = general.iter().map(|check| (None, check));
    let there =
        targets.iter().flat_map(|one| one.checks.iter().map(|check| (Some(&one.target), check)));
    let mut alike: BTreeMap<(Key, &str), Vec<Found>> = BTreeMap::new();
    for (target, check) in everywhere.chain(there) {
        // Of what is well, and of what waits for the first rollout, it does not matter what it is where.
        let waits = check.cause.as_deref() == Some(NOTHING_YET);
        let is_plain = check.status == Status::Ok || waits;
        let subject = if is_plain { "" } else { check.subject.as_str() };
        alike.entry((key(target, check), subject)).or_default().push((target, check));
    }
    let mut causes: Vec<Cause> = united(alike).into_iter().map(|found| cause(&found)).collect();
    causes.sort_by(|one, other| {
        let place =
            |cause: &Cause| (cause.status, std::cmp::Reverse(cause.targets.len()), cause.topic);
        place(one).cmp(&place(other))
    });
    causes
}

fn key(target: Option<&TargetId>, check: &Check) -> Key {
    if check.status == Status::Ok {
        return (check.status, check.topic, None, check.proof, String::new(), None);
    }
    let plain = |text: &str| match target {
        Some(target) => without_ids(text, &target.account),
        None => text.to_owned(),
    };
    let next = check.next.as_deref().map(plain);
    (check.status, check.topic, check.cause.clone(), check.proof, plain(&check.text), next)
}

/// Different subjects of the same cause in the same targets are one row.
fn united<'a>(alike: BTreeMap<(Key, &str), Vec<Found<'a>>>) -> Vec<Vec<Found<'a>>> {
    let mut united: BTreeMap<(Key, BTreeSet<Option<&TargetId>>), Vec<Found>> = BTreeMap::new();
    for ((key, _), found) in alike {
        let places = found.iter().map(|(target, _)| *target).collect();
        united.entry((key, places)).or_default().extend(found);
    }
    united.into_values().collect()
}

fn cause(found: &[Found]) -> Cause {
    let (place, first) = found[0];
    let mut targets: Vec<TargetId> = Vec::new();
    let mut told = BTreeSet::new();
    targets.extend(
        found.iter().filter_map(|(target, _)| *target).filter(|one| told.insert(*one)).cloned(),
    );
    let shown = |text: &str| match place {
        Some(target) if targets.len() > 1 => without_ids(text, &target.account),
        _ => text.to_owned(),
    };
    let subjects: BTreeSet<&str> = found.iter().map(|(_, check)| check.subject.as_str()).collect();
    let details: BTreeSet<Option<&str>> =
        found.iter().map(|(_, check)| check.detail.as_deref()).collect();
    let is_ok = first.status == Status::Ok;
    Cause {
        status: first.status,
        topic: first.topic,
        cause: first.cause.clone(),
        subjects: subjects.into_iter().filter(|one| !one.is_empty()).map(str::to_owned).collect(),
        proof: first.proof,
        text: if is_ok { first.topic.meaning().to_owned() } else { shown(&first.text) },
        detail: first.detail.clone().filter(|_| !is_ok),
        details_differ: details.len() > 1 && !is_ok,
        next: first.next.as_deref().map(shown),
        targets,
    }
}
