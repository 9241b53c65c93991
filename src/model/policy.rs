//! Endpoint policies, compared by meaning: AWS hands back a policy with other spacing, order and
//! spelling than it was given (`"Action": "*"` for `["*"]`, a `Version`, an empty `Sid`).

mod diff;
mod flaw;
mod operator;
mod perimeter;
mod places;
pub mod pull;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, LazyLock};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value, json};

pub use diff::StatementChange;
pub use flaw::Flaw;
pub use perimeter::Perimeter;

/// The longest policy AWS takes, in characters, white space included. What is sent has none, so a file's own
/// white space does not count
/// (<https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-endpoints-access.html>).
pub const MAX_POLICY_CHARS: usize = 20_480;

/// A policy document. Equality is by meaning; the text kept is the one given. Clones share it: the plans
/// of thousands of targets carry the same few policies.
#[derive(Debug, Clone)]
pub struct PolicyDocument {
    document: Arc<Value>,
}

/// The one that most endpoints have.
static FULL_ACCESS: LazyLock<PolicyDocument> = LazyLock::new(|| {
    let everything = json!({
        "Version": "2008-10-17",
        "Statement": [{ "Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*" }]
    });
    everything.into()
});

impl From<Value> for PolicyDocument {
    fn from(document: Value) -> Self {
        Self { document: Arc::new(document) }
    }
}

impl Serialize for PolicyDocument {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.document.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for PolicyDocument {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Value::deserialize(deserializer).map(Self::from)
    }
}

impl JsonSchema for PolicyDocument {
    fn schema_name() -> Cow<'static, str> {
        "PolicyDocument".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "An endpoint policy as it is sent, in AWS's own language of policies; a string \
                            where AWS answered with something that is no JSON.",
            "type": ["object", "string"],
        })
    }
}

impl PolicyDocument {
    /// AWS's default: everyone may do everything through the endpoint.
    pub fn full_access() -> Self {
        FULL_ACCESS.clone()
    }

    /// Reads a policy that someone wrote. The error is everything that AWS would refuse, or take for
    /// something else than was meant.
    pub fn parse(text: &str) -> Result<Self, Vec<Flaw>> {
        flaw::check(text)
    }

    /// Takes whatever AWS answered; text that is not JSON is kept as a string and equals only itself.
    pub fn observed(text: &str) -> Self {
        serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned())).into()
    }

    /// JSON for people, elements in the order in which policies are written.
    pub fn to_pretty(&self) -> String {
        serde_json::to_string_pretty(&*self.document).unwrap_or_default()
    }

    /// Compact JSON, as it is sent.
    pub fn to_json(&self) -> String {
        self.document.to_string()
    }

    /// Whether it allows everything to everyone and nothing more is said.
    pub fn is_full_access(&self) -> bool {
        self == &Self::full_access()
    }

    /// The statements in canonical form and order, for comparison and for display.
    pub fn statements(&self) -> Vec<Value> {
        let mut statements: Vec<Value> = match self.document.get("Statement") {
            Some(Value::Array(list)) => list.iter().map(canonical_statement).collect(),
            Some(one) => vec![canonical_statement(one)],
            None => vec![Value::clone(&self.document)],
        };
        statements.sort_by_cached_key(Value::to_string);
        statements.dedup();
        statements
    }

    /// Policy variables (`${aws:PrincipalTag/team}`) mean something only under version 2012-10-17.
    /// Where a document has none, the version says nothing.
    fn version_that_matters(&self) -> Option<&str> {
        let version = self.document.get("Version").and_then(Value::as_str).unwrap_or("2008-10-17");
        self.document.to_string().contains("${").then_some(version)
    }
}

impl PartialEq for PolicyDocument {
    fn eq(&self, other: &Self) -> bool {
        if Arc::ptr_eq(&self.document, &other.document) {
            return true;
        }
        self.statements() == other.statements()
            && self.version_that_matters() == other.version_that_matters()
    }
}

impl Eq for PolicyDocument {}

impl fmt::Display for PolicyDocument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_full_access() {
            return f.write_str("full access");
        }
        match self.statements().len() {
            1 => f.write_str("1 statement"),
            n => write!(f, "{n} statements"),
        }
    }
}

/// Elements in which one value and a list of one mean the same, and order means nothing.
const SETS: [&str; 4] = ["Action", "NotAction", "Resource", "NotResource"];

fn canonical_statement(statement: &Value) -> Value {
    let Some(statement) = statement.as_object() else { return statement.clone() };
    let mut canonical = BTreeMap::new();
    for (key, value) in statement {
        let value = match key.as_str() {
            // A statement's name has no effect.
            "Sid" => continue,
            "Action" | "NotAction" => lowercased(&as_set(value)),
            key if SETS.contains(&key) => as_set(value),
            "Principal" | "NotPrincipal" => canonical_principal(value),
            "Condition" => match canonical_condition(value) {
                Value::Object(empty) if empty.is_empty() => continue,
                condition => condition,
            },
            _ => value.clone(),
        };
        canonical.insert(key.clone(), value);
    }
    Value::Object(canonical.into_iter().collect())
}

fn as_set(value: &Value) -> Value {
    let mut items = match value {
        Value::Array(items) => items.clone(),
        one => vec![one.clone()],
    };
    items.sort_by_cached_key(Value::to_string);
    items.dedup();
    Value::Array(items)
}

/// Action names are matched without regard to case.
fn lowercased(set: &Value) -> Value {
    match set {
        Value::Array(items) => as_set(&Value::Array(
            items
                .iter()
                .map(|item| item.as_str().map_or(item.clone(), |s| s.to_lowercase().into()))
                .collect(),
        )),
        other => other.clone(),
    }
}

/// `"*"` and `{"AWS": "*"}` are the same principal; an account id and its root ARN are too.
fn canonical_principal(value: &Value) -> Value {
    let Some(kinds) = value.as_object() else {
        return json!({ "AWS": as_set(value) });
    };
    let canonical: BTreeMap<_, _> = kinds
        .iter()
        .map(|(kind, who)| {
            let who = as_set(who);
            let who = match &who {
                Value::Array(items) if kind == "AWS" => {
                    as_set(&Value::Array(items.iter().map(account_root_as_id).collect()))
                }
                _ => who,
            };
            (kind.clone(), who)
        })
        .collect();
    Value::Object(canonical.into_iter().collect())
}

fn account_root_as_id(principal: &Value) -> Value {
    let root = principal.as_str().and_then(|arn| {
        let parts: Vec<_> = arn.split(':').collect();
        match parts.as_slice() {
            ["arn", _, "iam", "", account, "root"] => Some(Value::from(*account)),
            _ => None,
        }
    });
    root.unwrap_or_else(|| principal.clone())
}

/// Operator -> key -> set of values. Keys ignore case; booleans and numbers may be given bare.
fn canonical_condition(value: &Value) -> Value {
    let Some(operators) = value.as_object() else { return value.clone() };
    let sorted =
        |map: BTreeMap<String, Value>| Value::Object(map.into_iter().collect::<Map<_, _>>());
    sorted(
        operators
            .iter()
            .map(|(operator, keys)| {
                let keys = keys.as_object().map_or(keys.clone(), |keys| {
                    sorted(
                        keys.iter()
                            .map(|(key, values)| (key.to_lowercase(), texts(&as_set(values))))
                            .collect(),
                    )
                });
                (operator.clone(), keys)
            })
            .collect(),
    )
}

fn texts(set: &Value) -> Value {
    let Value::Array(items) = set else { return set.clone() };
    as_set(&Value::Array(
        items
            .iter()
            .map(|item| match item {
                Value::Bool(_) | Value::Number(_) => Value::String(item.to_string()),
                other => other.clone(),
            })
            .collect(),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(text: &str) -> PolicyDocument {
        PolicyDocument::observed(text)
    }

    #[test]
    fn awss_two_spellings_of_full_access_are_the_same() {
        let gateway = r#"{"Version":"2008-10-17","Statement":[{"Sid":"","Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}]}"#;
        let interface = r#"{ "Statement": [ { "Action": "*", "Effect": "Allow", "Principal": "*", "Resource": "*" } ] }"#;
        assert_eq!(policy(gateway), policy(interface));
        assert!(policy(gateway).is_full_access());
    }

    #[test]
    fn spelling_and_order_do_not_matter() {
        let one = r#"{"Statement":{"Effect":"Allow","Principal":{"AWS":"*"},"Action":["s3:GetObject","s3:ListBucket"],
            "Resource":"*","Condition":{"Bool":{"aws:SecureTransport":true}}}}"#;
        let other = r#"{"Version":"2012-10-17","Statement":[{"Resource":["*"],"Action":["S3:ListBucket","s3:getobject"],
            "Condition":{"Bool":{"AWS:SecureTransport":["true"]}},"Principal":"*","Effect":"Allow","Sid":"Name"}]}"#;
        assert_eq!(policy(one), policy(other));
    }

    #[test]
    fn meaning_does_matter() {
        let base = r#"{"Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"*"}]}"#;
        for (from, to) in [
            ("Allow", "Deny"),
            ("GetObject", "PutObject"),
            (r#""Resource":"*""#, r#""Resource":"arn:aws:s3:::b/*""#),
            (r#""Principal":"*""#, r#""Principal":{"AWS":"111122223333"}"#),
            (r#""Resource":"*""#, r#""NotResource":"*""#),
        ] {
            assert_ne!(policy(base), policy(&base.replace(from, to)), "{from} -> {to}");
        }
    }

    #[test]
    fn the_version_matters_where_a_variable_is_used() {
        let new = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"arn:aws:s3:::${aws:PrincipalTag/team}/*"}]}"#;
        assert_ne!(policy(new), policy(&new.replace("2012-10-17", "2008-10-17")));
    }

    #[test]
    fn an_account_and_its_root_arn_are_the_same_principal() {
        let id = r#"{"Statement":[{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"*","Resource":"*"}]}"#;
        assert_eq!(
            policy(id),
            policy(&id.replace("111122223333", "arn:aws:iam::111122223333:root"))
        );
    }
}
