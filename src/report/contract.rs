//! Contracts of the documents for machines: JSON Schemas (draft 2020-12), made from the types that are
//! written, so that the two cannot say different things.

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema};
use serde_json::{Map, Value};

/// The schema of what is written of this type. Fields that may be left out are not required; fields that
/// a later version adds are allowed, as in every minor of a format.
pub fn of<T: JsonSchema>() -> Schema {
    SchemaSettings::draft2020_12().for_serialize().into_generator().into_root_schema_for::<T>()
}

/// A schema as it is published: with its name, and in the words of people who read no Rust. `format` is
/// the version of the document's format, of which the major counts.
pub fn published(schema: Schema, name: &str, format: &str, title: &str) -> Value {
    let major = format.split('.').next().unwrap_or_default();
    let mut rest = match tidied(schema.to_value()) {
        Value::Object(rest) => rest,
        other => return other,
    };
    let mut schema = Map::new();
    for (key, value) in [
        ("$schema", rest.shift_remove("$schema").unwrap_or_default()),
        ("$id", format!("urn:linkwalk:schema:{name}:{major}").into()),
        ("title", title.into()),
    ] {
        schema.insert(key.to_owned(), value);
    }
    rest.shift_remove("title");
    rest.shift_remove("$id");
    schema.extend(rest);
    Value::Object(schema)
}

/// Without what only Rust knows: links to items, and widths of integers, which strict validators refuse.
fn tidied(value: Value) -> Value {
    match value {
        Value::Object(object) => {
            let is_foreign = |key: &str, value: &Value| {
                let widths = ["int", "uint", "float", "double"];
                let of_rust = |format: &str| widths.iter().any(|width| format.starts_with(width));
                key == "format" && value.as_str().is_some_and(of_rust)
            };
            let kept = object.into_iter().filter(|(key, value)| !is_foreign(key, value));
            let told = kept.map(|(key, value)| match (key.as_str(), value) {
                ("description", Value::String(text)) => {
                    let text = text.replace("[`", "`").replace("`]", "`");
                    (key, Value::String(text.split_whitespace().collect::<Vec<_>>().join(" ")))
                }
                (_, value) => (key, tidied(value)),
            });
            Value::Object(told.collect())
        }
        Value::Array(items) => items.into_iter().map(tidied).collect(),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Says nothing in
    /// two lines.
    #[derive(JsonSchema)]
    struct Sample {
        /// See [`Sample`].
        #[expect(dead_code, reason = "only its schema is looked at")]
        field: Option<u64>,
    }

    #[test]
    fn a_schema_has_a_name_and_nothing_of_rust_in_it() {
        let schema = published(of::<Sample>(), "sample", "2.1", "A sample");
        assert_eq!(schema["$id"], "urn:linkwalk:schema:sample:2");
        assert_eq!(schema["title"], "A sample");
        let field = &schema["properties"]["field"];
        assert_eq!(field["description"], "See `Sample`.");
        assert!(field.get("format").is_none() && field["type"][0] == "integer", "{field}");
        assert_eq!(schema.as_object().unwrap().keys().next().unwrap(), "$schema");
    }
}
