//! The end of a run as one JSON document: every target in scope with its outcome.

use serde_json::{Map, Value, json};

use crate::exit::Exit;
use crate::report::progress::Progress;

/// Version of the document. A new minor adds fields, which readers ignore; a new major may change them.
const FORMAT: &str = "1.0";

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
        "command": progress.command,
        "deployment": progress.deployment,
        "scope": progress.scope(),
        "counts": counts,
        "targets": targets,
        "throttled": progress.throttled,
        "throttled_by": progress.throttled_by,
        "elapsed_ms": u64::try_from(progress.elapsed.as_millis()).unwrap_or(u64::MAX),
        "exit_code": exit.code(),
    })
}
