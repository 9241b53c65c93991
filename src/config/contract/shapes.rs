//! What values look like that several keys take.

use serde_json::{Map, Value, json};

use crate::model::finding::FindingKind;
use crate::model::region;

/// Times as `humantime` reads them, without bounds: a schema cannot add up.
const TIME: &str = "^ *([0-9]+ *[a-zA-Zµ]+ *)+$";

/// Every definition but those of tables.
pub(super) fn definitions() -> Map<String, Value> {
    let definitions = json!({
        "account_id": {
            "description": "Twelve digits in quotes, leading zeros included.",
            "type": "string",
            "pattern": "^[0-9]{12}$",
        },
        "selector": {
            "description": "Which accounts: `*`, an id, `ou:/path` (directly in it), `ou:/path/*` (directly in \
                            a child), `ou:/path/**` (in it or below), `ou:ou-ab12-cd34ef56`, `name:GLOB`, \
                            `email:GLOB`, `tag:KEY`, `tag:KEY=GLOB`.",
            "type": "string",
            "pattern": "^(\\*|[0-9]{12}|ou:(/.*|r-[a-z0-9]{4,32}|ou-[a-z0-9]{4,32}-[a-z0-9]{8,32})|name:.*|email:.*|tag:.+)$",
        },
        "selectors": { "type": "array", "items": reference("selector"), "minItems": 1 },
        "region": {
            "description": "A region of AWS.",
            "anyOf": [
                { "type": "string", "enum": region::known_regions().collect::<Vec<_>>() },
                { "type": "string", "pattern": region::pattern() },
            ],
        },
        "regions": several(&reference("region")),
        "string_tags": {
            "type": "object",
            "propertyNames": {
                "minLength": 1,
                "maxLength": 128,
                "not": { "pattern": "^([aA][wW][sS]|[lL][iI][nN][kK][wW][aA][lL][kK]):" },
            },
            "additionalProperties": { "type": "string", "maxLength": 256 },
        },
        "globs": {
            "description": "Tags to look for: key to pattern of the value, with `*`, `?`, `[a-z]` and `{a,b}`.",
            "type": "object",
            "minProperties": 1,
            "additionalProperties": { "type": "string" },
        },
        "vpcs": selection(&["all", "default", "non-default"], "vpc"),
        "subnets": selection(&["private", "all"], "subnet"),
        "route_tables": selection(&["private", "all", "main"], "rtb"),
        "ingress": several(&json!({
            "anyOf": [
                { "type": "string", "const": "vpc" },
                { "type": "string", "pattern": "^pl-[0-9a-f]{8,17}$" },
                { "type": "string", "pattern": "^[0-9a-fA-F:.]+/[0-9]{1,3}$" },
            ],
        })),
        "security_groups": several(&json!({
            "anyOf": [
                { "type": "string", "const": "managed" },
                { "type": "string", "pattern": "^sg-[0-9a-f]{8,17}$" },
                { "type": "string", "pattern": "^name:[a-zA-Z0-9 ._\\-:/()#,@\\[\\]+=&;{}!$*]{1,255}$" },
            ],
        })),
        "policies": { "anyOf": [{ "type": "string", "enum": ["full", "organization"] }, reference("policy_file")] },
        "template": {
            "description": "Text in which {service}, {type}, {region}, {account}, {vpc} and {deployment} are filled in.",
            "type": "string",
            "minLength": 1,
            "maxLength": 256,
            "pattern": "^([^{}]|\\{(service|type|region|account|vpc|deployment)\\})+$",
        },
        "naming": { "anyOf": [{ "const": false }, reference("name_tag")] },
        "time": {
            "description": "A length of time: \"15m\", \"90s\", \"1h 30m\".",
            "type": "string",
            "pattern": TIME,
        },
        "gate_command": {
            "description": "A command for `sh -c`.",
            "type": "string",
            "pattern": "[^ ]",
        },
        "share": {
            "description": "A count (3), or a share of the whole in quotes (\"5%\", \"0.25%\").",
            "anyOf": [
                { "type": "integer", "minimum": 0, "maximum": u32::MAX },
                { "type": "string", "pattern": "^(100(\\.0{1,2})?|[0-9]{1,2}(\\.[0-9]{1,2})?)%$" },
            ],
        },
        "waves": {
            "type": "array",
            "minItems": 1,
            "items": {
                "anyOf": [reference("selector"), several(&reference("selector")), reference("wave")],
            },
        },
        "finding_kind": { "type": "string", "enum": kinds() },
        "finding_kinds": {
            "anyOf": [reference("finding_kind"), several(&reference("finding_kind"))],
        },
    });
    match definitions {
        Value::Object(definitions) => definitions,
        _ => Map::new(),
    }
}

fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/$defs/{name}") })
}

/// A list that is not empty, and in which nothing stands twice.
fn several(items: &Value) -> Value {
    json!({ "type": "array", "items": items, "minItems": 1, "uniqueItems": true })
}

/// A word, a list of ids, or tags.
fn selection(words: &[&str], prefix: &str) -> Value {
    let id = json!({ "type": "string", "pattern": format!("^{prefix}-[0-9a-f]{{8,17}}$") });
    json!({ "anyOf": [{ "type": "string", "enum": words }, several(&id), reference("selection")] })
}

/// Kinds that a rule may accept.
fn kinds() -> Vec<&'static str> {
    let is_fixed =
        |kind: &FindingKind| matches!(kind, FindingKind::Unreachable | FindingKind::IgnoreExpired);
    FindingKind::ALL.iter().filter(|kind| !is_fixed(kind)).map(|kind| kind.code()).collect()
}
