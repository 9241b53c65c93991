//! The documents as they are, for whoever makes roles by other means.

use serde_json::{Value, json};

use super::Printed;

/// The version of this document.
const FORMAT: &str = "1.0";

/// Trust and policies as separate documents of one object.
pub fn document(printed: &Printed) -> Value {
    let policies: Vec<Value> = printed
        .policies
        .iter()
        .map(|policy| {
            json!({
                "part": policy.part,
                "name": policy.name,
                "description": policy.purpose,
                "document": policy.document,
            })
        })
        .collect();
    let role = printed
        .role
        .as_ref()
        .map(|role| json!({ "name": role.name, "path": role.path, "trust": role.trust }));
    json!({
        "format": FORMAT,
        "kind": if role.is_some() { "role" } else { "caller" },
        "version": env!("CARGO_PKG_VERSION"),
        "deployment": printed.deployment,
        "role": role,
        "policies": policies,
        "notes": printed.notes,
    })
}
