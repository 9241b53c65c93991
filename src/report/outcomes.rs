//! The end of a run as one JSON document: every target in scope with its outcome.

use std::collections::{BTreeMap, BTreeSet};

use schemars::{JsonSchema, Schema};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::exit::Exit;
use crate::ids::{AccountId, Region, TargetId};
use crate::model::shard::Part;
use crate::plan::outcome::Outcome;
use crate::report::contract;
use crate::report::progress::Progress;

/// Version of the document. A new minor adds fields, which readers ignore; a new major may change them.
pub const FORMAT: &str = "1.1";

/// The end of a run: what `apply -o json`, `destroy -o json` and `report -o json` write.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Report")]
struct Document<'a> {
    /// Version of this document, MAJOR.MINOR.
    format: &'static str,
    /// Always `outcomes`.
    kind: &'static str,
    /// The verb.
    command: &'a str,
    /// The deployment's name.
    deployment: &'a str,
    /// How many targets are in scope; the counts add up to it.
    scope: usize,
    /// Targets per outcome, each under its code: `in-sync`, `changed`, `failed`, ...
    #[schemars(with = "BTreeMap<String, usize>")]
    counts: Map<String, Value>,
    /// Every target with its outcome.
    targets: Vec<Row<'a>>,
    /// How often AWS asked to slow down.
    throttled: usize,
    /// The same by API action.
    throttled_by: &'a BTreeMap<String, usize>,
    /// How long it took, in milliseconds.
    elapsed_ms: u64,
    /// The process's exit code.
    exit_code: u8,
    #[serde(flatten)]
    surroundings: Surroundings,
}

/// What is said of a run by those who know it: the commands.
#[derive(Default, Serialize, JsonSchema)]
struct Surroundings {
    /// Whether all of it happened in the sandbox and nothing is real.
    #[serde(skip_serializing_if = "Option::is_none")]
    sandbox: Option<bool>,
    /// Which part of the whole this is, where the accounts were split over several processes.
    #[serde(skip_serializing_if = "Option::is_none")]
    shard: Option<Part>,
    /// `report merge`: which parts it was joined from.
    #[serde(skip_serializing_if = "Option::is_none")]
    shards: Option<Shards>,
    /// `report`: the run's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    run: Option<String>,
    /// `report`: when the run began, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    started_at: Option<String>,
    /// `report`: who ran it, `user@host`.
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<String>,
    /// `report`: how it ended: `converged`, `failed`, `interrupted`, `killed`, `not applied`, `running`.
    #[serde(skip_serializing_if = "Option::is_none")]
    ended: Option<String>,
    /// `report`: how many processes worked on it; more than one where it was resumed.
    #[serde(skip_serializing_if = "Option::is_none")]
    processes: Option<usize>,
}

/// Shards by their numbers.
#[derive(Serialize, JsonSchema)]
struct Shards {
    /// Those whose reports were joined.
    joined: Vec<u32>,
    /// Those that are missing.
    missing: Vec<u32>,
}

/// A target and what became of it.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "TargetOutcome")]
struct Row<'a> {
    /// The account and the region.
    target: &'a TargetId,
    /// The account.
    account: &'a AccountId,
    /// The region.
    region: &'a Region,
    /// The account's name; untrusted text.
    name: &'a str,
    #[serde(flatten)]
    outcome: &'a Outcome,
}

/// The JSON Schema of the document.
pub fn schema() -> Schema {
    contract::of::<Document<'_>>()
}

/// Every target's outcome, and the counts, which add up to the scope.
pub fn document(progress: &Progress, exit: Exit) -> Value {
    let finished = progress.finished.iter();
    let targets = finished.map(|(target, finished)| Row {
        target,
        account: &target.account,
        region: &target.region,
        name: &finished.name,
        outcome: &finished.outcome,
    });
    let counts = progress.counts().into_iter();
    let document = Document {
        format: FORMAT,
        kind: "outcomes",
        command: &progress.command,
        deployment: &progress.deployment,
        scope: progress.scope(),
        counts: counts.map(|(label, count)| (label.replace(' ', "-"), count.into())).collect(),
        targets: targets.collect(),
        throttled: progress.throttled,
        throttled_by: &progress.throttled_by,
        elapsed_ms: u64::try_from(progress.elapsed.as_millis()).unwrap_or(u64::MAX),
        exit_code: exit.code(),
        surroundings: Surroundings::default(),
    };
    // Plain structs with text keys always serialise.
    serde_json::to_value(document).unwrap_or_default()
}

/// The targets of a document that ended in one of these outcomes, as documents write them (`not-started`).
/// The error says what is wrong with the document, after the file's name.
pub fn targets_with(document: &Value, outcomes: &[&str]) -> Result<BTreeSet<TargetId>, String> {
    let is_ours = match document["kind"].as_str() {
        Some(kind) => kind == "outcomes",
        // The first format had no kind.
        None => document["counts"].is_object(),
    };
    let rows = document["targets"].as_array().filter(|_| is_ours);
    let Some(rows) = rows else {
        return Err("is not the report of an apply; write one with `apply -o json`".to_owned());
    };
    let format = document["format"].as_str().unwrap_or_default();
    if format.split('.').next() != FORMAT.split('.').next() {
        return Err(format!("is a report of format {format:?}, and this version reads {FORMAT:?}"));
    }
    rows.iter()
        .filter(|row| row["outcome"].as_str().is_some_and(|outcome| outcomes.contains(&outcome)))
        .map(|row| {
            let target = row["target"].as_str().unwrap_or_default();
            target.parse().map_err(|error| format!("names a target that is none: {error}"))
        })
        .collect()
}

/// `43 changed, 6 in-sync`: the outcomes of a document, for people.
pub fn counts_in_words(document: &Value) -> String {
    let counts = document["counts"].as_object().into_iter().flatten();
    let some: Vec<String> = counts
        .filter(|(_, count)| count.as_u64().is_some_and(|count| count > 0))
        .map(|(label, count)| format!("{count} {label}"))
        .collect();
    if some.is_empty() { "it has none".to_owned() } else { some.join(", ") }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::plan::outcome::{Held, HeldCode, Outcome};
    use crate::report::samples::{at, failed, finished, folded, target, unreachable};

    fn report() -> Value {
        let held = Held::new(HeldCode::BudgetSpent, "spent");
        let outcomes = [failed(), unreachable(2), Outcome::NotStarted { held }, Outcome::Changed];
        let events = (1..).zip(outcomes).map(|(n, outcome)| at(1, finished(n, outcome)));
        document(&folded(events), Exit::Failed)
    }

    #[test]
    fn targets_are_selected_by_how_they_ended() {
        for (words, expected) in [
            (&["failed"][..], vec![1]),
            (&["not-started", "unreachable"], vec![2, 3]),
            (&["interrupted"], vec![]),
        ] {
            let expected = expected.into_iter().map(target).collect();
            assert_eq!(targets_with(&report(), words), Ok(expected), "{words:?}");
        }
        assert_eq!(counts_in_words(&report()), "1 changed, 1 failed, 1 unreachable, 1 not-started");
    }

    #[test]
    fn why_a_turn_did_not_come_is_in_the_document() {
        let row = &report()["targets"][2];
        assert_eq!(
            (&row["outcome"], &row["code"], &row["reason"]),
            (&json!("not-started"), &json!("budget-spent"), &json!("spent"))
        );
    }

    #[test]
    fn what_is_no_report_of_an_apply_is_refused() {
        let other = |key: &str, value: Value| {
            let mut document = report();
            document[key] = value;
            document
        };
        for (document, said) in [
            (json!([]), "is not the report of an apply"),
            (json!({"kind": "plan", "targets": []}), "is not the report of an apply"),
            (other("format", json!("2.0")), "this version reads"),
            (
                other("targets", json!([{"target": "x", "outcome": "failed"}])),
                "a target that is none",
            ),
        ] {
            let wrong = targets_with(&document, &["failed"]).unwrap_err();
            assert!(wrong.contains(said), "no `{said}` in {wrong}");
        }
    }
}
