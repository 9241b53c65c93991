//! The end of a run as one JSON document: every target in scope with its outcome.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::exit::Exit;
use crate::ids::TargetId;
use crate::report::progress::Progress;

/// Version of the document. A new minor adds fields, which readers ignore; a new major may change them.
const FORMAT: &str = "1.1";

/// Every target's outcome, and the counts, which add up to the scope.
pub fn document(progress: &Progress, exit: Exit) -> Value {
    let targets: Vec<Value> = progress
        .finished
        .iter()
        .map(|(target, finished)| {
            let mut row = Map::new();
            row.insert("target".to_owned(), json!(target));
            row.insert("account".to_owned(), json!(target.account));
            row.insert("region".to_owned(), json!(target.region));
            row.insert("name".to_owned(), json!(finished.name));
            if let Value::Object(outcome) = json!(finished.outcome) {
                row.extend(outcome);
            }
            Value::Object(row)
        })
        .collect();
    let counts: Map<String, Value> = progress
        .counts()
        .into_iter()
        .map(|(label, count)| (label.replace(' ', "-"), count.into()))
        .collect();
    json!({
        "format": FORMAT,
        "kind": "outcomes",
        "command": progress.command,
        "deployment": progress.deployment,
        "scope": progress.scope(),
        "counts": counts,
        "targets": targets,
        "throttled": progress.throttled,
        "elapsed_ms": u64::try_from(progress.elapsed.as_millis()).unwrap_or(u64::MAX),
        "exit_code": exit.code(),
    })
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
