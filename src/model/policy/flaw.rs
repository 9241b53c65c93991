//! What AWS would refuse, or take for something else than was meant, in an endpoint policy: found before
//! anything is sent, every flaw at once and each with its line.
//!
//! Rests on the grammar of IAM's policy language
//! (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html>) and on what endpoint
//! policies add to it (<https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-endpoints-access.html>).

use std::fmt;

use serde_json::{Map, Value};

use super::operator;
use super::places::Places;
use super::{MAX_POLICY_CHARS, PolicyDocument};

/// One thing that is wrong with a policy.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Flaw {
    /// Its line in the text, from 1.
    pub line: usize,
    /// What is wrong.
    pub what: String,
    /// What to do about it.
    pub help: String,
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}; {}", self.line, self.what, self.help)
    }
}

/// Members of a policy and of a statement.
const MEMBERS: [&str; 3] = ["Version", "Id", "Statement"];
const ELEMENTS: [&str; 9] = [
    "Sid",
    "Effect",
    "Principal",
    "NotPrincipal",
    "Action",
    "NotAction",
    "Resource",
    "NotResource",
    "Condition",
];
/// Kinds of principals.
const PRINCIPALS: [&str; 4] = ["AWS", "Service", "Federated", "CanonicalUser"];

/// Every flaw of a text that should be an endpoint policy, in the order of the lines; the policy where it has
/// none.
pub(super) fn check(text: &str) -> Result<PolicyDocument, Vec<Flaw>> {
    let document: Value = serde_json::from_str(text).map_err(|error| {
        let help =
            "a policy is one JSON object; JSON knows no comments and no comma after the last item";
        let what = format!("it is not JSON: {error}");
        vec![Flaw { line: error.line().max(1), what, help: help.to_owned() }]
    })?;
    let mut reader = Reader { places: Places::of(text), flaws: Vec::new() };
    reader.document(&document);
    for (key, line) in std::mem::take(&mut reader.places.twice) {
        let what = format!("`{key}` stands twice in one object");
        let help = "only the last one would count: put them into one".to_owned();
        reader.flaws.push(Flaw { line, what, help });
    }
    let policy = PolicyDocument::from(document);
    let length = policy.to_json().chars().count();
    if length > MAX_POLICY_CHARS {
        let what = format!("it has {length} characters, without the white space that is not sent");
        let help = format!("AWS takes {MAX_POLICY_CHARS}");
        reader.flaws.push(Flaw { line: 1, what, help });
    }
    reader.flaws.sort();
    if reader.flaws.is_empty() { Ok(policy) } else { Err(reader.flaws) }
}

struct Reader {
    places: Places,
    flaws: Vec<Flaw>,
}

impl Reader {
    fn flaw(&mut self, path: &str, what: impl Into<String>, help: impl Into<String>) {
        let line = self.places.line(path);
        self.flaws.push(Flaw { line, what: what.into(), help: help.into() });
    }

    fn document(&mut self, document: &Value) {
        let Some(members) = document.as_object() else {
            return self.flaw("", "a policy must be a JSON object", "begin with {\"Version\": ...");
        };
        self.known(members, "", &MEMBERS, "a policy");
        match members.get("Version").map(Value::as_str) {
            Some(Some("2012-10-17" | "2008-10-17")) => {}
            None => self.flaw(
                "",
                "it has no `Version`",
                "add \"Version\": \"2012-10-17\"; without it AWS takes the language of 2008, in which \
                 ${...} is plain text",
            ),
            Some(_) => self.flaw(
                "/Version",
                "`Version` is that of the policy language, not of the policy",
                "write \"2012-10-17\"",
            ),
        }
        match members.get("Statement") {
            Some(Value::Array(all)) if !all.is_empty() => {
                for (index, one) in all.iter().enumerate() {
                    self.statement(&format!("/Statement/{index}"), index + 1, one);
                }
            }
            Some(one @ Value::Object(_)) => self.statement("/Statement", 1, one),
            Some(_) => self.flaw(
                "/Statement",
                "a policy must have at least one `Statement`",
                "one that allows nothing keeps everybody out",
            ),
            None => self.flaw("", "a policy must have at least one `Statement`", "add one"),
        }
    }

    /// Reports members that there are not, with the one that was probably meant.
    fn known(&mut self, members: &Map<String, Value>, path: &str, known: &[&str], of: &str) {
        for key in members.keys().filter(|key| !known.contains(&key.as_str())) {
            let help = match operator::nearest(key, known.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("there are {}", known.join(", ")),
            };
            self.flaw(&format!("{path}/{key}"), format!("{of} has no `{key}`"), help);
        }
    }

    fn statement(&mut self, path: &str, number: usize, statement: &Value) {
        let Some(elements) = statement.as_object() else {
            return self.flaw(path, format!("statement {number} must be an object"), "write {...}");
        };
        self.known(elements, path, &ELEMENTS, "a statement");
        match elements.get("Effect") {
            Some(Value::String(effect)) if effect == "Allow" || effect == "Deny" => {}
            other => {
                let place =
                    if other.is_some() { format!("{path}/Effect") } else { path.to_owned() };
                let what = format!("statement {number} needs `Effect`: `Allow` or `Deny`");
                self.flaw(&place, what, "its case counts");
            }
        }
        self.principals(path, number, elements);
        for (name, not) in [("Action", "NotAction"), ("Resource", "NotResource")] {
            match (elements.get(name), elements.get(not)) {
                (None, None) => self.flaw(
                    path,
                    format!("statement {number} needs `{name}`"),
                    format!("for all of them: \"{name}\": \"*\""),
                ),
                (Some(_), Some(_)) => self.flaw(
                    &format!("{path}/{not}"),
                    format!("statement {number} has `{name}` and `{not}`"),
                    "a statement has one of the two",
                ),
                (Some(_), None) => self.patterns(path, name, elements),
                (None, Some(_)) => self.patterns(path, not, elements),
            }
        }
        if let Some(condition) = elements.get("Condition") {
            self.condition(&format!("{path}/Condition"), condition);
        }
    }

    fn principals(&mut self, path: &str, number: usize, elements: &Map<String, Value>) {
        let in_general =
            "for everyone: \"Principal\": \"*\", narrowed by a condition on aws:PrincipalArn";
        match (elements.get("Principal"), elements.get("NotPrincipal")) {
            (None, None) => {
                self.flaw(path, format!("statement {number} needs a `Principal`"), in_general);
            }
            (Some(_), Some(_)) => self.flaw(
                &format!("{path}/NotPrincipal"),
                format!("statement {number} has `Principal` and `NotPrincipal`"),
                "a statement has one of the two",
            ),
            (Some(who), None) => self.principal(&format!("{path}/Principal"), who),
            (None, Some(_)) if elements.get("Effect") != Some(&Value::from("Deny")) => self.flaw(
                &format!("{path}/NotPrincipal"),
                "`NotPrincipal` in a statement that allows lets in everyone else, anonymous callers too",
                in_general,
            ),
            (None, Some(who)) => self.principal(&format!("{path}/NotPrincipal"), who),
        }
    }

    fn principal(&mut self, path: &str, who: &Value) {
        let Some(kinds) = who.as_object() else {
            if who != "*" {
                let what = format!("a principal is \"*\" or an object, not {who}");
                self.flaw(path, what, "write { \"AWS\": ... }");
            }
            return;
        };
        self.known(kinds, path, &PRINCIPALS, "a principal");
        for (kind, listed) in kinds {
            let path = format!("{path}/{kind}");
            for name in self.texts(&path, kind, listed) {
                let is_pattern = name.len() > 1 && name.contains(['*', '?']);
                if kind == "AWS" && is_pattern {
                    self.flaw(
                        &path,
                        format!("AWS takes no pattern for a part of a principal: `{name}`"),
                        "write \"Principal\": \"*\" and the condition ArnLike aws:PrincipalArn",
                    );
                }
            }
        }
    }

    /// Actions or resources.
    fn patterns(&mut self, path: &str, name: &str, elements: &Map<String, Value>) {
        let path = format!("{path}/{name}");
        let Some(listed) = elements.get(name) else { return };
        for pattern in self.texts(&path, name, listed) {
            if name.ends_with("Action") && !is_action(&pattern) {
                let what = format!("`{pattern}` is not an action");
                self.flaw(&path, what, "an action is \"*\" or SERVICE:NAME, as in \"s3:Get*\"");
            }
            if name.ends_with("Resource") && !is_resource(&pattern) {
                let what = format!("`{pattern}` is not a resource");
                self.flaw(
                    &path,
                    what,
                    "a resource is \"*\" or an ARN, as in \"arn:aws:s3:::bucket/*\"",
                );
            }
        }
    }

    /// A text or a list of texts; anything else is a flaw.
    fn texts(&mut self, path: &str, name: &str, value: &Value) -> Vec<String> {
        let items = match value {
            Value::Array(items) if !items.is_empty() => items.as_slice(),
            one => std::slice::from_ref(one),
        };
        let texts: Vec<String> =
            items.iter().filter_map(|item| item.as_str().map(str::to_owned)).collect();
        if texts.len() < items.len() || texts.iter().any(String::is_empty) {
            let what = format!("`{name}` must be a text or a list of texts, at least one");
            self.flaw(path, what, "put each into quotes");
        }
        texts
    }

    fn condition(&mut self, path: &str, condition: &Value) {
        let Some(operators) = condition.as_object() else {
            let help = "write { \"StringEquals\": { \"aws:PrincipalOrgID\": \"o-...\" } }";
            return self.flaw(path, "`Condition` must be an object of operators", help);
        };
        for (name, keys) in operators {
            let path = format!("{path}/{name}");
            if let Err(help) = operator::known(name) {
                self.flaw(&path, format!("`{name}` is not an operator of conditions"), help);
                continue;
            }
            let Some(keys) = keys.as_object().filter(|keys| !keys.is_empty()) else {
                let what = format!("`{name}` must be an object of keys and values");
                self.flaw(&path, what, format!("write {{ \"{name}\": {{ \"KEY\": \"VALUE\" }} }}"));
                continue;
            };
            for (key, values) in keys {
                let path = format!("{path}/{key}");
                if !key.contains(':') {
                    let what = format!("`{key}` is not a key of conditions");
                    self.flaw(&path, what, "a key is SERVICE:NAME, as in aws:PrincipalOrgID");
                }
                let is_plain = |one: &Value| {
                    matches!(one, Value::String(_) | Value::Bool(_) | Value::Number(_))
                };
                let is_right = match values {
                    Value::Array(all) => !all.is_empty() && all.iter().all(is_plain),
                    one => is_plain(one),
                };
                if !is_right {
                    let what = format!("`{key}` must have a value or a list of values");
                    self.flaw(&path, what, "an empty list matches nothing: take the key out");
                }
            }
        }
    }
}

fn is_action(pattern: &str) -> bool {
    let is_word = |text: &str, extra: &str| {
        !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || extra.contains(c))
    };
    pattern == "*"
        || pattern
            .split_once(':')
            .is_some_and(|(service, name)| is_word(service, "-") && is_word(name, "*?"))
}

fn is_resource(pattern: &str) -> bool {
    pattern == "*" || (pattern.starts_with("arn:") && pattern.split(':').count() >= 6)
}

#[cfg(test)]
mod tests {
    use super::*;

    const RIGHT: &str = r#"{
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Allow",
            "Principal": "*",
            "Action": "s3:GetObject",
            "Resource": "*",
            "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-1"}}
        }]
    }"#;

    #[test]
    fn what_is_right_has_no_flaw() {
        let plain = RIGHT.to_owned();
        for (from, to) in [
            ("", ""),
            ("2012-10-17", "2008-10-17"),
            ("\"*\",\n            \"Action\"", "{\"AWS\": [\"111122223333\"]},\n \"Action\""),
            ("\"s3:GetObject\"", "[\"s3:Get*\", \"*\", \"apigateway-v2:GET\"]"),
            ("\"Action\"", "\"NotAction\""),
            ("\"Resource\": \"*\"", "\"NotResource\": [\"arn:aws:s3:::bucket/*\"]"),
            ("StringEquals", "ForAnyValue:StringLikeIfExists"),
            (
                "\"StringEquals\": {\"aws:PrincipalOrgID\": \"o-1\"}",
                "\"Null\": {\"aws:TagKeys\": true}",
            ),
            ("\"Allow\",\n            \"Principal\"", "\"Deny\",\n \"NotPrincipal\""),
            ("[{", "{\"Sid\": \"One\", "),
        ] {
            let text = plain.replace(from, to);
            let text = if from == "[{" { text.replace("}]", "}") } else { text };
            assert_eq!(check(&text).err(), None, "{text}");
        }
    }

    #[test]
    fn each_flaw_is_found_with_its_line_and_what_to_do() {
        for (from, to, line, what, help) in [
            ("\"Effect\": \"Allow\",", "\"Effect\": \"Allow\"", 5, "not JSON", "comma"),
            ("\"Version\": \"2012-10-17\",", "", 1, "no `Version`", "2012-10-17"),
            ("2012-10-17", "1.0", 2, "policy language", "2012-10-17"),
            ("\"Version\"", "\"version\"", 2, "no `version`", "`Version`"),
            ("\"Allow\"", "\"allow\"", 4, "`Allow` or `Deny`", "case"),
            ("\"Principal\": \"*\",", "", 3, "statement 1 needs a `Principal`", "\"*\""),
            ("\"Principal\"", "\"NotPrincipal\"", 5, "everyone else", "aws:PrincipalArn"),
            ("\"Principal\": \"*\"", "\"Principal\": \"me\"", 5, "\"*\" or an object", "AWS"),
            ("\"Principal\": \"*\"", "\"Principal\": {\"Aws\": \"*\"}", 5, "no `Aws`", "`AWS`"),
            (
                "\"Principal\": \"*\"",
                "\"Principal\": {\"AWS\": \"arn:aws:iam::111122223333:role/*\"}",
                5,
                "no pattern",
                "ArnLike",
            ),
            ("\"Action\": \"s3:GetObject\",", "", 3, "needs `Action`", "\"*\""),
            ("s3:GetObject", "GetObject", 6, "not an action", "SERVICE:NAME"),
            ("\"s3:GetObject\"", "7", 6, "list of texts", "quotes"),
            ("\"Resource\": \"*\",", "", 3, "needs `Resource`", "\"*\""),
            ("\"Resource\": \"*\"", "\"Resource\": \"bucket\"", 7, "not a resource", "ARN"),
            (
                "\"Resource\": \"*\"",
                "\"Resource\": \"*\", \"NotResource\": \"*\"",
                7,
                "and `NotRes",
                "one",
            ),
            ("\"Condition\"", "\"Conditions\"", 8, "no `Conditions`", "`Condition`"),
            ("StringEquals", "StringEqual", 8, "not an operator", "`StringEquals`"),
            ("\"aws:PrincipalOrgID\"", "\"OrgID\"", 8, "not a key", "SERVICE:NAME"),
            ("\"o-1\"", "[]", 8, "value", "empty"),
            ("{\"aws:PrincipalOrgID\": \"o-1\"}", "\"o-1\"", 8, "object of keys", "VALUE"),
            ("\"Effect\"", "\"Effect\": \"Deny\",\n\"Effect\"", 5, "stands twice", "last"),
        ] {
            let text = RIGHT.replacen(from, to, 1);
            assert_ne!(text, RIGHT, "{from}");
            let flaws = check(&text).unwrap_err();
            let found = flaws.iter().any(|flaw| {
                flaw.line == line && flaw.what.contains(what) && flaw.help.contains(help)
            });
            assert!(found, "{from} -> {to}: {flaws:#?}");
        }
    }

    #[test]
    fn all_flaws_are_told_at_once_and_what_is_no_policy_at_all_as_well() {
        let flaws = check(r#"{"Statement": [{"Effect": "Allow"}]}"#).unwrap_err();
        assert_eq!(flaws.len(), 4, "{flaws:#?}");
        for text in ["[]", "{}", "\"\"", r#"{"Statement": []}"#, r#"{"Statement": ["a"]}"#] {
            assert!(check(text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_size_is_that_of_what_is_sent() {
        let of_size = |size: usize| {
            let bare: Value = serde_json::from_str(RIGHT).unwrap();
            let room = size - bare.to_string().chars().count();
            RIGHT.replace("s3:GetObject", &format!("s3:GetObject{}", "A".repeat(room)))
        };
        assert!(check(&of_size(MAX_POLICY_CHARS)).is_ok());
        let flaws = check(&of_size(MAX_POLICY_CHARS + 1)).unwrap_err();
        assert!(flaws[0].what.contains("20481 characters"), "{flaws:#?}");
    }
}
