//! Policy documents and what they say to a request (IAM user guide, "Policy evaluation logic" and "IAM JSON
//! policy elements"). A document with an element, operator or key that is not known here is refused as it
//! is read: one that was half understood could allow what AWS denies.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::sandbox::wire::filters::like;
use crate::sandbox::world::organization::action_matches;

/// The condition keys of one request, in lower case, with their values.
pub(crate) type Keys = BTreeMap<String, Vec<String>>;

/// The condition keys that requests here can have. Keys of tags end in the tag's own.
const KNOWN: [&str; 17] = [
    "aws:principalaccount",
    "aws:principalarn",
    "aws:principalorgid",
    "aws:requestedregion",
    "aws:requesttag/",
    "aws:resourceaccount",
    "aws:resourceorgid",
    "aws:resourcetag/",
    "aws:tagkeys",
    "ec2:createaction",
    "ec2:region",
    "ec2:resourcetag/",
    "ec2:vpceservicename",
    "ec2:vpceserviceowner",
    "sts:externalid",
    "sts:rolesessionname",
    "sts:sourceidentity",
];

/// What the documents of a principal come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Denied,
    Allowed,
    /// Nothing speaks of it, which denies.
    Silent,
}

/// One request to be judged.
pub(crate) struct Asked<'a> {
    pub(crate) action: &'a str,
    /// `*` for actions that are on no resource.
    pub(crate) resource: &'a str,
    pub(crate) keys: &'a Keys,
    /// Who asks, as a resource's policy may name them; for identities' own policies nobody.
    pub(crate) names: &'a [String],
}

/// A policy document. It is kept and saved in AWS's own form.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Value", into = "Value")]
pub(crate) struct Document {
    text: Value,
    statements: Vec<Statement>,
}

#[derive(Debug, Clone, PartialEq)]
struct Statement {
    denies: bool,
    /// None: of an identity's policy.
    principals: Option<Vec<String>>,
    actions: Vec<String>,
    /// None: of a role's trust, which is about the role itself.
    resources: Option<Vec<String>>,
    conditions: Vec<Condition>,
}

#[derive(Debug, Clone, PartialEq)]
struct Condition {
    of_set: Option<Of>,
    operator: Operator,
    if_exists: bool,
    key: String,
    values: Vec<String>,
}

/// How several values of a key are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Of {
    All,
    Any,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    Equals { negated: bool },
    EqualsIgnoreCase { negated: bool },
    Like { negated: bool },
    Null,
}

impl From<Document> for Value {
    fn from(document: Document) -> Self {
        document.text
    }
}

impl TryFrom<Value> for Document {
    type Error = String;

    fn try_from(text: Value) -> Result<Self, String> {
        let fields = text.as_object().ok_or("a policy is an object")?;
        if text["Version"] != "2012-10-17" {
            return Err("the Version of a policy is 2012-10-17".to_owned());
        }
        if let Some(other) =
            fields.keys().find(|key| !["Version", "Statement", "Id"].contains(&key.as_str()))
        {
            return Err(format!("a policy with {other} is not known here"));
        }
        let statements = match &text["Statement"] {
            Value::Array(list) => list.iter().map(statement).collect::<Result<_, _>>()?,
            one => vec![statement(one)?],
        };
        Ok(Self { text, statements })
    }
}

impl std::str::FromStr for Document {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let value: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
        Self::try_from(value)
    }
}

/// What all documents together say: a denial wins, and silence allows nothing.
pub(crate) fn judge(documents: &[Document], asked: &Asked) -> Verdict {
    let statements = documents.iter().flat_map(|document| &document.statements);
    let hit: Vec<_> = statements.filter(|statement| statement.is_about(asked)).collect();
    if hit.iter().any(|statement| statement.denies) {
        Verdict::Denied
    } else if hit.is_empty() {
        Verdict::Silent
    } else {
        Verdict::Allowed
    }
}

impl Statement {
    fn is_about(&self, asked: &Asked) -> bool {
        let named = |list: &Vec<String>| {
            list.iter().any(|principal| principal == "*" || asked.names.contains(principal))
        };
        self.actions.iter().any(|pattern| action_matches(pattern, asked.action))
            && self.principals.as_ref().is_none_or(named)
            && self
                .resources
                .as_ref()
                .is_none_or(|list| list.iter().any(|pattern| like(pattern, asked.resource)))
            && self.conditions.iter().all(|condition| condition.holds(asked.keys))
    }
}

impl Condition {
    fn holds(&self, keys: &Keys) -> bool {
        let has = keys.get(&self.key).map_or(&[][..], Vec::as_slice);
        if self.operator == Operator::Null {
            let wanted = self.values.iter().any(|value| value.eq_ignore_ascii_case("true"));
            return has.is_empty() == wanted;
        }
        if has.is_empty() {
            return match self.of_set {
                Some(Of::All) => true,
                Some(Of::Any) => false,
                None => self.if_exists || self.operator.is_negated(),
            };
        }
        match self.of_set {
            Some(Of::Any) => has.iter().any(|value| self.takes(value)),
            Some(Of::All) | None => has.iter().all(|value| self.takes(value)),
        }
    }

    fn takes(&self, value: &str) -> bool {
        let any = |same: &dyn Fn(&str) -> bool| self.values.iter().any(|wanted| same(wanted));
        match self.operator {
            Operator::Equals { negated } => any(&|wanted| wanted == value) != negated,
            Operator::EqualsIgnoreCase { negated } => {
                any(&|wanted| wanted.eq_ignore_ascii_case(value)) != negated
            }
            Operator::Like { negated } => any(&|wanted| like(wanted, value)) != negated,
            Operator::Null => false,
        }
    }
}

impl Operator {
    fn is_negated(self) -> bool {
        match self {
            Self::Equals { negated }
            | Self::EqualsIgnoreCase { negated }
            | Self::Like { negated } => negated,
            Self::Null => false,
        }
    }

    fn parse(word: &str) -> Option<Self> {
        Some(match word {
            "StringEquals" => Self::Equals { negated: false },
            "StringNotEquals" => Self::Equals { negated: true },
            "StringEqualsIgnoreCase" => Self::EqualsIgnoreCase { negated: false },
            "StringNotEqualsIgnoreCase" => Self::EqualsIgnoreCase { negated: true },
            // "ArnEquals and ArnLike behave identically."
            "StringLike" | "ArnLike" | "ArnEquals" => Self::Like { negated: false },
            "StringNotLike" | "ArnNotLike" | "ArnNotEquals" => Self::Like { negated: true },
            "Null" => Self::Null,
            _ => return None,
        })
    }
}

fn statement(value: &Value) -> Result<Statement, String> {
    let fields = value.as_object().ok_or("a statement is an object")?;
    let known = ["Sid", "Effect", "Principal", "Action", "Resource", "Condition"];
    if let Some(other) = fields.keys().find(|key| !known.contains(&key.as_str())) {
        return Err(format!("a statement with {other} is not known here"));
    }
    let denies = match value["Effect"].as_str() {
        Some("Allow") => false,
        Some("Deny") => true,
        _ => return Err("the Effect of a statement is Allow or Deny".to_owned()),
    };
    let principals = match fields.get("Principal") {
        None => None,
        Some(Value::String(all)) if all == "*" => Some(vec!["*".to_owned()]),
        Some(Value::Object(map)) if map.keys().all(|key| key == "AWS") => Some(texts(&map["AWS"])?),
        Some(other) => return Err(format!("the principal {other} is not known here")),
    };
    let resources = fields.get("Resource").map(texts).transpose()?;
    if resources.is_none() && principals.is_none() {
        return Err("a statement names a Resource or a Principal".to_owned());
    }
    let actions = texts(fields.get("Action").ok_or("a statement names an Action")?)?;
    let conditions = match fields.get("Condition") {
        None => Vec::new(),
        Some(given) => conditions(given)?,
    };
    Ok(Statement { denies, principals, actions, resources, conditions })
}

fn conditions(given: &Value) -> Result<Vec<Condition>, String> {
    let mut conditions = Vec::new();
    for (word, keys) in given.as_object().ok_or("a Condition is an object")? {
        let (of_set, rest) = match word.split_once(':') {
            Some(("ForAllValues", rest)) => (Some(Of::All), rest),
            Some(("ForAnyValue", rest)) => (Some(Of::Any), rest),
            _ => (None, word.as_str()),
        };
        let (rest, if_exists) =
            rest.strip_suffix("IfExists").map_or((rest, false), |rest| (rest, true));
        let unknown = || format!("the condition operator {word} is not known here");
        let operator = Operator::parse(rest).ok_or_else(unknown)?;
        for (key, values) in keys.as_object().ok_or("an operator has an object of keys")? {
            let key = key.to_ascii_lowercase();
            let is_it = |known: &&str| {
                if known.ends_with('/') { key.starts_with(*known) } else { key == *known }
            };
            if !KNOWN.iter().any(is_it) {
                return Err(format!("the condition key {key} is not known here"));
            }
            let values = texts(values)?;
            conditions.push(Condition { of_set, operator, if_exists, key, values });
        }
    }
    Ok(conditions)
}

/// One text or a list of them. Policy variables are not known here.
fn texts(value: &Value) -> Result<Vec<String>, String> {
    let text = |value: &Value| match value {
        Value::String(text) if text.contains("${") => {
            Err(format!("policy variables are not known here: {text}"))
        }
        Value::String(text) => Ok(text.clone()),
        Value::Bool(flag) => Ok(flag.to_string()),
        other => Err(format!("{other} is not a text")),
    };
    match value {
        Value::Array(list) => list.iter().map(text).collect(),
        one => Ok(vec![text(one)?]),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Verdict::{Allowed, Denied, Silent};
    use super::*;

    fn verdict(statement: &Value, keys: &[(&str, &str)]) -> Verdict {
        let text = json!({ "Version": "2012-10-17", "Statement": statement });
        let document = Document::try_from(text).unwrap();
        let mut held = Keys::new();
        for (key, value) in keys {
            held.entry((*key).to_owned()).or_default().push((*value).to_owned());
        }
        let asked = Asked {
            action: "ec2:CreateTags",
            resource: "arn:aws:ec2:r:1:vpc/v",
            keys: &held,
            names: &[],
        };
        judge(&[document], &asked)
    }

    #[test]
    fn a_statement_holds_only_with_all_of_its_parts() {
        let with = |more: Value| {
            let mut base = json!({ "Effect": "Allow", "Action": "ec2:Create*", "Resource": "*" });
            base.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            base
        };
        let when = |condition: Value| with(json!({ "Condition": condition }));
        for (statement, keys, expected) in [
            (with(json!({})), &[][..], Allowed),
            (with(json!({ "Action": ["ec2:describe*", "EC2:createTAGS"] })), &[], Allowed),
            (with(json!({ "Action": "ec2:CreateVpc" })), &[], Silent),
            (with(json!({ "Effect": "Deny" })), &[], Denied),
            (with(json!({ "Resource": "arn:aws:ec2:*:*:vpc/*" })), &[], Allowed),
            (with(json!({ "Resource": "arn:aws:ec2:*:*:subnet/*" })), &[], Silent),
            (
                when(json!({ "StringEquals": { "aws:RequestTag/a": ["x", "y"] } })),
                &[("aws:requesttag/a", "y")],
                Allowed,
            ),
            (
                when(json!({ "StringEquals": { "aws:RequestTag/a": "x" } })),
                &[("aws:requesttag/a", "X")],
                Silent,
            ),
            (when(json!({ "StringEquals": { "aws:RequestTag/a": "x" } })), &[], Silent),
            (when(json!({ "StringEqualsIfExists": { "aws:RequestTag/a": "x" } })), &[], Allowed),
            (when(json!({ "StringNotEquals": { "aws:RequestTag/a": "x" } })), &[], Allowed),
            (
                when(json!({ "ArnLike": { "aws:PrincipalArn": "arn:*:role/r" } })),
                &[("aws:principalarn", "arn:a:role/r")],
                Allowed,
            ),
            (when(json!({ "Null": { "aws:ResourceTag/a": "true" } })), &[], Allowed),
            (
                when(json!({ "Null": { "aws:ResourceTag/a": "true" } })),
                &[("aws:resourcetag/a", "x")],
                Silent,
            ),
            (when(json!({ "Null": { "aws:ResourceTag/a": "false" } })), &[], Silent),
            (
                when(json!({ "ForAllValues:StringEquals": { "aws:TagKeys": ["a", "b"] } })),
                &[("aws:tagkeys", "a"), ("aws:tagkeys", "b")],
                Allowed,
            ),
            (
                when(json!({ "ForAllValues:StringEquals": { "aws:TagKeys": "a" } })),
                &[("aws:tagkeys", "a"), ("aws:tagkeys", "b")],
                Silent,
            ),
            (
                when(json!({ "ForAnyValue:StringEquals": { "aws:TagKeys": "a" } })),
                &[("aws:tagkeys", "a"), ("aws:tagkeys", "b")],
                Allowed,
            ),
            (when(json!({ "ForAnyValue:StringEquals": { "aws:TagKeys": "a" } })), &[], Silent),
        ] {
            assert_eq!(verdict(&statement, keys), expected, "{statement} {keys:?}");
        }
    }

    #[test]
    fn what_is_not_known_is_refused_as_it_is_read() {
        for (statement, says) in [
            (json!({ "Effect": "Allow", "NotAction": "a:B", "Resource": "*" }), "NotAction"),
            (json!({ "Effect": "Allow", "Action": "a:B" }), "Resource"),
            (json!({ "Effect": "allow", "Action": "a:B", "Resource": "*" }), "Effect"),
            (json!({ "Effect": "Allow", "Action": "a:B", "Resource": "${aws:x}" }), "variables"),
            (
                json!({ "Effect": "Allow", "Action": "a:B", "Resource": "*",
                        "Condition": { "IpAddress": { "aws:SourceIp": "10.0.0.0/8" } } }),
                "IpAddress",
            ),
            (
                json!({ "Effect": "Allow", "Action": "a:B", "Resource": "*",
                        "Condition": { "StringEquals": { "aws:SourceVpc": "vpc-1" } } }),
                "aws:sourcevpc",
            ),
        ] {
            let text = json!({ "Version": "2012-10-17", "Statement": [statement] });
            let wrong = Document::try_from(text).unwrap_err();
            assert!(wrong.contains(says), "{wrong}");
        }
    }
}
