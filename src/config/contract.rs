//! The JSON Schema of accounts.toml, for editors and for validators of others. Its tables and keys are those
//! of the table that the reader works by (`schema.rs`); what each key means and takes stands in `words.rs`,
//! and a test holds the two together.
//!
//! It is as strict as a schema can be, and in one thing stricter than the reader: words like `private` are
//! taken in lower case only, so that editors can offer them.

mod shapes;
mod words;

use schemars::Schema;
use serde_json::{Map, Value, json};

use super::known;
use super::schema::{KEYS, keys_of};
use crate::model::region;

/// Version of accounts.toml as a format: the major counts.
pub const FORMAT: &str = "1.0";

/// The JSON Schema of accounts.toml.
pub fn contract() -> Schema {
    let mut definitions = shapes::definitions();
    let mut tables: Vec<&str> = KEYS.iter().map(|key| key.table).collect();
    tables.dedup();
    for table in tables.into_iter().filter(|table| !table.is_empty()) {
        definitions.insert(name_of(table).to_owned(), object(table));
    }
    definitions.insert("endpoints".to_owned(), endpoints());
    definitions.insert("service".to_owned(), service());
    let mut root = object("");
    root["$schema"] = "https://json-schema.org/draft/2020-12/schema".into();
    root["$defs"] = definitions.into();
    Schema::try_from(root).unwrap_or_default()
}

/// The name of a table's definition.
fn name_of(table: &str) -> &str {
    match table {
        "endpoints.*" => "endpoint",
        "endpoints.*.dns" => "dns",
        "endpoints.*.policy" => "policy_file",
        "rollout.waves" => "wave",
        table => table,
    }
}

/// A table with its keys, and no others.
fn object(table: &'static str) -> Value {
    let properties: Map<String, Value> =
        keys_of(table).map(|key| (key.to_owned(), property(table, key))).collect();
    let mut object = json!({
        "description": words::of_table(table),
        "type": "object",
        "properties": properties,
        "additionalProperties": false,
    });
    let is_one_there =
        |keys: &[&str]| keys.iter().map(|key| json!({ "required": [key] })).collect::<Vec<Value>>();
    let required: &[&str] = match table {
        "" => &["deployment", "organization"],
        "organization" => &["regions"],
        "endpoints.*.policy" => &["file"],
        "selection" => &["tags"],
        "rollout.waves" => &["accounts"],
        "lock" => &["bucket"],
        "ignore" => &["kind", "reason", "until"],
        "account" => &["id"],
        _ => &[],
    };
    if !required.is_empty() {
        object["required"] = required.into();
    }
    match table {
        "notify" => object["anyOf"] = is_one_there(&["sns_topic", "webhook_env"]).into(),
        "override" => {
            let layer = ["network", "security_group", "endpoints", "tags", "name_tag"];
            object["allOf"] = json!([
                { "anyOf": is_one_there(&["accounts", "regions"]) },
                { "anyOf": is_one_there(&layer) },
            ]);
        }
        "rollout" => {
            object["dependentRequired"] =
                json!({ "bake": ["waves"], "gate": ["waves"], "gate_timeout": ["waves"] });
        }
        _ => {}
    }
    object
}

/// One key: what it takes, and what it means.
fn property(table: &str, key: &str) -> Value {
    let Some(said) = words::of_key(table, key) else { return json!({}) };
    let mut property = match said.takes.strip_prefix('{') {
        Some(_) => serde_json::from_str(said.takes).unwrap_or_default(),
        None => json!({ "$ref": format!("#/$defs/{}", said.takes) }),
    };
    property["description"] = said.about.into();
    if let Some(default) = said.default {
        property["default"] = serde_json::from_str(default).unwrap_or_default();
    }
    property
}

/// `[endpoints]`: every name that a table can have by itself, for editors to offer; full names; and names of
/// the operator's own, which say what they lead to.
fn endpoints() -> Value {
    let endpoint = json!({ "$ref": "#/$defs/endpoint" });
    let mut names: Vec<&str> = known::names().collect();
    names.sort_unstable();
    let properties: Map<String, Value> = names
        .into_iter()
        .map(|name| {
            let mut one = endpoint.clone();
            if let Some(bundle) = known::bundle(name) {
                one["description"] = format!("A bundle: {}.", bundle.members.join(", ")).into();
            }
            (name.to_owned(), one)
        })
        .collect();
    json!({
        "description": words::of_table("endpoints"),
        "type": "object",
        "properties": properties,
        "patternProperties": { full_name(): endpoint },
        "additionalProperties": { "allOf": [endpoint, { "required": ["service"] }] },
    })
}

/// One service by its short name, which editors offer, or by its full name.
fn service() -> Value {
    let mut names: Vec<&str> =
        known::names().filter(|name| known::service(name).is_some()).collect();
    names.sort_unstable();
    names.dedup();
    json!({
        "description": "A service by its short name, or by its full name: com.amazonaws.{region}.NAME, \
                        com.amazonaws.vpce.REGION.vpce-svc-ID.",
        "anyOf": [
            { "type": "string", "enum": names },
            { "type": "string", "pattern": full_name() },
        ],
    })
}

/// How services' full names begin.
fn full_name() -> String {
    let prefixes: Vec<String> =
        region::service_prefixes().map(|prefix| prefix.replace('.', "\\.")).collect();
    format!("^({})\\.", prefixes.join("|"))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_key_of_the_reader_is_described_and_no_other() {
        let of_reader: BTreeSet<_> = KEYS.iter().map(|key| (key.table, key.name)).collect();
        let described: BTreeSet<_> =
            words::KEYS.iter().map(|said| (said.table, said.key)).collect();
        let lacking: Vec<_> = of_reader.difference(&described).collect();
        assert!(lacking.is_empty(), "describe these in src/config/contract/words.rs: {lacking:?}");
        let unknown: Vec<_> = described.difference(&of_reader).collect();
        assert!(unknown.is_empty(), "the reader does not know these: {unknown:?}");
        assert_eq!(words::KEYS.len(), described.len(), "something is described twice");
    }

    #[test]
    fn every_reference_leads_somewhere_and_every_definition_is_used() {
        let schema = contract().to_value();
        let text = schema.to_string();
        let definitions = schema["$defs"].as_object().unwrap();
        let targets: BTreeSet<&str> =
            text.split("\"#/$defs/").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
        let defined: BTreeSet<&str> = definitions.keys().map(String::as_str).collect();
        assert_eq!(targets, defined);
    }

    #[test]
    fn what_a_key_takes_and_its_default_are_json() {
        for said in words::KEYS {
            if said.takes.starts_with('{') {
                assert!(serde_json::from_str::<Value>(said.takes).is_ok(), "{}", said.takes);
            }
            let default = said.default.map(serde_json::from_str::<Value>);
            assert!(default.is_none_or(|read| read.is_ok()), "{:?}", said.default);
        }
    }

    #[test]
    fn a_type_of_the_reader_is_that_of_the_schema() {
        let schema = contract().to_value();
        for key in KEYS {
            let expected = match key.takes {
                "a table" | "a table of strings" | "a table of tables" => "object",
                "true or false" => "boolean",
                "a whole number" => "integer",
                takes if takes.starts_with("a list of") => "array",
                "a string" => "string",
                _ => continue,
            };
            let mut told = property(key.table, key.name);
            if let Some(name) = told["$ref"].as_str().and_then(|to| to.strip_prefix("#/$defs/")) {
                told = schema["$defs"][name].clone();
            }
            let is_words = expected == "string" && told["enum"].is_array();
            let has = |one: &Value| one["type"] == expected;
            let is_any = told["anyOf"].as_array().is_some_and(|all| all.iter().any(has));
            assert!(
                has(&told) || is_words || is_any,
                "{}.{}: {} is not {told}",
                key.table,
                key.name,
                key.takes
            );
        }
    }
}
