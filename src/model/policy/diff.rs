//! What differs between two policies, statement by statement and by meaning.

use std::collections::BTreeSet;
use std::fmt;

use serde_json::Value;

use super::PolicyDocument;

/// One statement that differs; statements are in canonical form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StatementChange {
    /// It is there and should not be.
    Extra(Value),
    /// It should be there and is not.
    Missing(Value),
    /// It is there and says something else.
    Changed {
        /// As it is.
        was: Value,
        /// As it should be.
        should_be: Value,
    },
}

impl PolicyDocument {
    /// What differs between this policy, which is there, and the one that should be. Empty where only
    /// their versions differ, or nothing does.
    pub fn diff(&self, should_be: &Self) -> Vec<StatementChange> {
        let (there, wanted) = (self.statements(), should_be.statements());
        let mut extra: Vec<Value> =
            there.iter().filter(|one| !wanted.contains(one)).cloned().collect();
        let mut changes = Vec::new();
        for missing in wanted.into_iter().filter(|one| !there.contains(one)) {
            let nearest = extra
                .iter()
                .enumerate()
                .map(|(at, one)| (likeness(one, &missing), at))
                .max_by_key(|(likeness, at)| (*likeness, std::cmp::Reverse(*at)));
            changes.push(match nearest {
                // The effect alone says nothing of what a statement is about.
                Some((likeness, at)) if likeness >= 2 => {
                    StatementChange::Changed { was: extra.remove(at), should_be: missing }
                }
                _ => StatementChange::Missing(missing),
            });
        }
        changes.extend(extra.into_iter().map(StatementChange::Extra));
        changes
    }
}

/// How many elements two statements have in common; none where one allows what the other denies.
fn likeness(one: &Value, other: &Value) -> usize {
    if one.get("Effect") != other.get("Effect") {
        return 0;
    }
    elements(one, other).into_iter().filter(|key| one.get(key) == other.get(key)).count()
}

fn elements(one: &Value, other: &Value) -> BTreeSet<String> {
    let keys = |value: &Value| value.as_object().map(|map| map.keys().cloned().collect::<Vec<_>>());
    keys(one).into_iter().chain(keys(other)).flatten().collect()
}

/// What differs, in words: `denies * on * to everyone, which should not be`.
impl fmt::Display for StatementChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Extra(there) => write!(f, "{}, which should not be", in_words(there)),
            Self::Missing(wanted) => write!(f, "no longer {}", in_words(wanted)),
            Self::Changed { was, should_be } => {
                write!(f, "{} where it should be: {}", in_words(was), in_words(should_be))
            }
        }
    }
}

/// A canonical statement as a person would say it.
fn in_words(statement: &Value) -> String {
    let Some(map) = statement.as_object() else {
        return format!("says {}", cut(&statement.to_string()));
    };
    let element = |name: &str| map.get(name).map(list);
    let verb = match map.get("Effect").and_then(Value::as_str) {
        Some("Deny") => "denies",
        _ => "allows",
    };
    let mut words = verb.to_owned();
    match (element("Action"), element("NotAction")) {
        (Some(actions), _) => words.extend([" ", &actions]),
        (None, Some(not)) => words.extend([" everything but ", &not]),
        (None, None) => {}
    }
    match (element("Resource"), element("NotResource")) {
        (Some(resources), _) => words.extend([" on ", &resources]),
        (None, Some(not)) => words.extend([" on everything but ", &not]),
        (None, None) => {}
    }
    match (map.get("Principal"), map.get("NotPrincipal")) {
        (Some(who), _) => words.extend([" to ", &principal(who)]),
        (None, Some(not)) => words.extend([" to everyone but ", &principal(not)]),
        (None, None) => {}
    }
    if let Some(condition) = map.get("Condition") {
        words.extend([" if ", &conditions(condition)]);
    }
    words
}

fn principal(who: &Value) -> String {
    let Some(kinds) = who.as_object() else { return list(who) };
    let said = |(kind, who): (&String, &Value)| match (kind.as_str(), list(who)) {
        ("AWS", who) if who == "*" => "everyone".to_owned(),
        (_, who) => who,
    };
    kinds.iter().map(said).collect::<Vec<_>>().join(", ")
}

fn conditions(condition: &Value) -> String {
    let Some(operators) = condition.as_object() else { return list(condition) };
    let mut said = Vec::new();
    for (operator, keys) in operators {
        match keys.as_object() {
            Some(keys) => said.extend(
                keys.iter().map(|(key, values)| format!("{operator} {key} {}", list(values))),
            ),
            None => said.push(format!("{operator} {}", list(keys))),
        }
    }
    said.join(" and ")
}

/// A set as text; a long one is cut.
fn list(value: &Value) -> String {
    const SHOWN: usize = 4;
    let Some(items) = value.as_array() else { return text(value) };
    let more = items.len().saturating_sub(SHOWN);
    let said = items.iter().take(SHOWN).map(text).collect::<Vec<_>>().join(", ");
    if more == 0 { said } else { format!("{said} and {more} more") }
}

fn text(value: &Value) -> String {
    cut(&value.as_str().map_or_else(|| value.to_string(), str::to_owned))
}

fn cut(text: &str) -> String {
    const LONGEST: usize = 120;
    match text.char_indices().nth(LONGEST) {
        Some((at, _)) => format!("{}...", &text[..at]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(statements: &str) -> PolicyDocument {
        PolicyDocument::observed(&format!(r#"{{"Statement":[{statements}]}}"#))
    }

    const GET: &str =
        r#"{"Sid":"a","Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"*"}"#;
    const GET_AND_PUT: &str = r#"{"Effect":"Allow","Principal":{"AWS":"*"},
        "Action":["S3:PutObject","s3:GetObject"],"Resource":["*"]}"#;
    const DENY: &str = r#"{"Effect":"Deny","Principal":"*","Action":"*","Resource":"*",
        "Condition":{"StringNotEquals":{"aws:PrincipalOrgID":"o-1"}}}"#;

    #[test]
    fn statements_are_added_removed_and_changed_by_meaning() {
        for (there, wanted, says) in [
            (GET.to_owned(), GET.replace(r#""Sid":"a","#, ""), vec![]),
            (
                GET.to_owned(),
                GET_AND_PUT.to_owned(),
                vec![
                    "allows s3:getobject on * to everyone where it should be: allows s3:getobject, \
                     s3:putobject on * to everyone",
                ],
            ),
            (
                format!("{GET},{DENY}"),
                GET.to_owned(),
                vec![
                    "denies * on * to everyone if StringNotEquals aws:principalorgid o-1, which \
                     should not be",
                ],
            ),
            (
                GET.to_owned(),
                format!("{DENY},{GET}"),
                vec![
                    "no longer denies * on * to everyone if StringNotEquals aws:principalorgid o-1",
                ],
            ),
            (
                GET.replace("Allow", "Deny"),
                GET.to_owned(),
                vec![
                    "no longer allows s3:getobject on * to everyone",
                    "denies s3:getobject on * to everyone, which should not be",
                ],
            ),
        ] {
            let changes = policy(&there).diff(&policy(&wanted));
            let said: Vec<String> = changes.iter().map(ToString::to_string).collect();
            assert_eq!(said, says, "{there} against {wanted}");
        }
    }

    #[test]
    fn what_differs_by_equality_differs_by_statement_unless_it_is_the_version() {
        let odd = PolicyDocument::observed("not a policy");
        assert_eq!(odd.diff(&policy(GET)).len(), 2);
        assert!(policy(GET).diff(&policy(GET)).is_empty());
    }
}
