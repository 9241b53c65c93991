//! Whether the policy of an ECR repository lets another account of the organization pull: a reader of
//! resource policies for this one question. What it cannot decide it says, and never guesses.
//!
//! Rests on how IAM evaluates resource policies across accounts: what is not allowed is denied, and an
//! explicit denial wins
//! (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic-cross-account.html>).
//! The account's own policies, which must allow it as well, are not looked at.

mod condition;

use std::collections::BTreeSet;

use serde_json::{Value, json};

/// What a pull needs of the repository
/// (<https://docs.aws.amazon.com/AmazonECR/latest/userguide/repository-policy-examples.html>).
pub const PULL: [&str; 3] =
    ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"];

/// An account that should be able to pull.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Puller {
    /// Its id.
    pub account: String,
    /// Its organization, `o-...`; `None` where that is not known.
    pub organization: Option<String>,
    /// Its place there, as `aws:PrincipalOrgPaths` has it: `o-.../r-.../ou-.../`; `None` where the units are
    /// not known.
    pub path: Option<String>,
}

/// Whether an account may pull.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pull {
    /// Yes, whoever in the account asks and has a policy of the account's own that allows it.
    Allowed,
    /// No: nothing allows it, or something denies it. The reasons.
    Denied(BTreeSet<String>),
    /// It hangs on these conditions or principals.
    Unknown(BTreeSet<String>),
}

/// Three-valued truth; what is unknown says on what it hangs.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Truth {
    Yes,
    No,
    Unknown(BTreeSet<String>),
}

impl Truth {
    fn unknown(what: impl Into<String>) -> Self {
        Self::Unknown([what.into()].into())
    }

    fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::No, _) | (_, Self::No) => Self::No,
            (Self::Yes, other) | (other, Self::Yes) => other,
            (Self::Unknown(mut one), Self::Unknown(other)) => {
                one.extend(other);
                Self::Unknown(one)
            }
        }
    }

    fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::Yes, _) | (_, Self::Yes) => Self::Yes,
            (Self::No, other) | (other, Self::No) => other,
            (Self::Unknown(mut one), Self::Unknown(other)) => {
                one.extend(other);
                Self::Unknown(one)
            }
        }
    }

    fn not(self) -> Self {
        match self {
            Self::Yes => Self::No,
            Self::No => Self::Yes,
            unknown @ Self::Unknown(_) => unknown,
        }
    }
}

impl From<bool> for Truth {
    fn from(yes: bool) -> Self {
        if yes { Self::Yes } else { Self::No }
    }
}

/// Whether an account may pull from a repository with this policy; `None` is a repository without one, which
/// is for its own account alone.
pub fn may_pull(policy: Option<&str>, puller: &Puller) -> Pull {
    let Some(text) = policy else {
        return Pull::Denied(
            ["it has no policy: its own account alone may pull".to_owned()].into(),
        );
    };
    let Ok(document) = serde_json::from_str::<Value>(text) else {
        return Pull::Unknown(["its policy is not JSON".to_owned()].into());
    };
    let statements = items(document.get("Statement"));
    let (mut denied, mut unknown) = (BTreeSet::new(), BTreeSet::new());
    let mut unallowed = Vec::new();
    for action in PULL {
        let of = |effect: &'static str| {
            statements.iter().filter(move |one| one.get("Effect").is_some_and(|e| e == effect))
        };
        let mut allows = Truth::No;
        for statement in of("Allow") {
            allows = allows.or(applies(statement, action, puller));
        }
        for statement in of("Deny") {
            match applies(statement, action, puller) {
                Truth::Yes => drop(denied.insert(format!("{} denies it", name(statement)))),
                Truth::No => {}
                Truth::Unknown(what) => unknown.extend(what),
            }
        }
        match allows {
            Truth::Yes => {}
            Truth::No => unallowed.push(action),
            Truth::Unknown(what) => unknown.extend(what),
        }
    }
    if !unallowed.is_empty() {
        let what =
            if unallowed.len() == PULL.len() { "a pull".to_owned() } else { unallowed.join(", ") };
        denied.insert(format!("nothing in its policy allows {what}"));
    }
    match (denied.is_empty(), unknown.is_empty()) {
        (false, _) => Pull::Denied(denied),
        (true, false) => Pull::Unknown(unknown),
        (true, true) => Pull::Allowed,
    }
}

impl Pull {
    /// Whether something denies it: then no statement that allows can help.
    pub fn is_explicit(&self) -> bool {
        matches!(self, Self::Denied(why) if why.iter().any(|one| one.ends_with("denies it")))
    }
}

/// The statement that lets every account of the organization pull; where the organization is not known, these
/// accounts.
pub fn statement_to_add(organization: Option<&str>, accounts: &BTreeSet<String>) -> Value {
    let (principal, condition) = match organization {
        Some(id) => (json!("*"), Some(json!({ "StringEquals": { "aws:PrincipalOrgID": id } }))),
        None => (json!({ "AWS": accounts }), None),
    };
    let mut statement = json!({
        "Sid": "AllowPullByTheOrganization",
        "Effect": "Allow",
        "Principal": principal,
        "Action": PULL,
    });
    if let Some(condition) = condition {
        statement["Condition"] = condition;
    }
    statement
}

fn name(statement: &Value) -> String {
    match statement.get("Sid").and_then(Value::as_str).filter(|sid| !sid.is_empty()) {
        Some(sid) => format!("the statement `{sid}`"),
        None => "a statement without a name".to_owned(),
    }
}

/// Whether a statement is about this action of this account. What a repository's policy says of resources is
/// about the repository itself.
fn applies(statement: &Value, action: &str, puller: &Puller) -> Truth {
    let named = |name: &str| {
        let patterns = texts(statement.get(name));
        patterns.iter().any(|one| like(&one.to_lowercase(), &action.to_lowercase()))
    };
    let is_about = match statement.get("NotAction") {
        Some(_) => !named("NotAction"),
        None => named("Action"),
    };
    if !is_about {
        return Truth::No;
    }
    principal(statement, puller).and(condition::holds(statement.get("Condition"), puller))
}

fn principal(statement: &Value, puller: &Puller) -> Truth {
    if statement.get("NotPrincipal").is_some() {
        return Truth::unknown("NotPrincipal");
    }
    match statement.get("Principal") {
        Some(Value::String(everyone)) if everyone == "*" => Truth::Yes,
        Some(Value::Object(kinds)) => {
            let listed = texts(kinds.get("AWS"));
            let all = listed.iter().map(|one| identity(one, puller));
            all.fold(Truth::No, Truth::or)
        }
        _ => Truth::No,
    }
}

fn identity(listed: &str, puller: &Puller) -> Truth {
    if listed == "*" || listed == puller.account {
        return Truth::Yes;
    }
    let mut parts = listed.splitn(6, ':');
    let (account, name) = (parts.nth(4).unwrap_or_default(), parts.next().unwrap_or_default());
    match (account == puller.account, name) {
        (false, _) => Truth::No,
        (true, "root") => Truth::Yes,
        (true, name) => Truth::unknown(format!("only {name} of the account is named")),
    }
}

/// A value or a list of values.
fn items(value: Option<&Value>) -> Vec<&Value> {
    match value {
        None => Vec::new(),
        Some(Value::Array(all)) => all.iter().collect(),
        Some(one) => vec![one],
    }
}

fn texts(value: Option<&Value>) -> Vec<String> {
    let text = |one: &Value| one.as_str().map_or_else(|| one.to_string(), str::to_owned);
    items(value).into_iter().map(text).collect()
}

/// IAM's patterns: `*` is any text, `?` one character.
fn like(pattern: &str, text: &str) -> bool {
    match pattern.chars().next() {
        None => text.is_empty(),
        Some('*') => {
            let rest = &pattern[1..];
            let mut ends = text.char_indices().map(|(at, _)| at).chain([text.len()]);
            ends.any(|at| like(rest, &text[at..]))
        }
        Some(first) => text.chars().next().is_some_and(|next| {
            (first == '?' || first == next)
                && like(&pattern[first.len_utf8()..], &text[next.len_utf8()..])
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn puller() -> Puller {
        Puller {
            account: "222233334444".to_owned(),
            organization: Some("o-a1b2c3d4e5".to_owned()),
            path: Some("o-a1b2c3d4e5/r-ab12/ou-ab12-work/ou-ab12-prod/".to_owned()),
        }
    }

    fn allow(rest: &str) -> String {
        format!(
            r#"{{"Effect":"Allow","Action":["ecr:BatchGetImage","ecr:GetDownloadUrlForLayer","ecr:BatchCheckLayerAvailability"],{rest}}}"#
        )
    }

    fn asked(statements: &[&str]) -> String {
        let policy =
            format!(r#"{{"Version":"2012-10-17","Statement":[{}]}}"#, statements.join(","));
        let said = |all: BTreeSet<String>| all.into_iter().collect::<Vec<_>>().join("; ");
        match may_pull(Some(&policy), &puller()) {
            Pull::Allowed => "allowed".to_owned(),
            Pull::Denied(why) => format!("denied: {}", said(why)),
            Pull::Unknown(what) => format!("unknown: {}", said(what)),
        }
    }

    const NOTHING: &str = "denied: nothing in its policy allows a pull";

    #[test]
    fn principals_are_told_apart() {
        for (principal, expected) in [
            (r#""*""#, "allowed"),
            (r#"{"AWS":"*"}"#, "allowed"),
            (r#"{"AWS":["*"]}"#, "allowed"),
            (r#"{"AWS":"222233334444"}"#, "allowed"),
            (r#"{"AWS":["111122223333","arn:aws:iam::222233334444:root"]}"#, "allowed"),
            (r#"{"AWS":"arn:aws-cn:iam::222233334444:root"}"#, "allowed"),
            (r#"{"AWS":"111122223333"}"#, NOTHING),
            (r#"{"AWS":"arn:aws:iam::111122223333:root"}"#, NOTHING),
            (r#"{"Service":"lambda.amazonaws.com"}"#, NOTHING),
            (r#"{"Federated":"222233334444"}"#, NOTHING),
            (
                r#"{"AWS":"arn:aws:iam::222233334444:role/ci/deploy"}"#,
                "unknown: only role/ci/deploy of the account is named",
            ),
            (r#"{"AWS":["arn:aws:iam::222233334444:role/ci","222233334444"]}"#, "allowed"),
        ] {
            let statement = allow(&format!(r#""Principal":{principal}"#));
            assert_eq!(asked(&[&statement]), expected, "{principal}");
        }
        assert_eq!(asked(&[&allow(r#""NotPrincipal":{"AWS":"1"}"#)]), "unknown: NotPrincipal");
        assert_eq!(asked(&[&allow(r#""Resource":"*""#)]), NOTHING);
    }

    #[test]
    fn all_three_actions_are_needed_in_whatever_words() {
        for (action, expected) in [
            (r#""Action":"*""#, "allowed"),
            (r#""Action":"ecr:*""#, "allowed"),
            (r#""Action":["ecr:batch*","ECR:Get?ownloadUrlForLayer"]"#, "allowed"),
            (r#""NotAction":"ecr:PutImage""#, "allowed"),
            (r#""NotAction":"ecr:*""#, NOTHING),
            (
                r#""Action":"ecr:BatchGetImage""#,
                "denied: nothing in its policy allows ecr:BatchCheckLayerAvailability, \
                 ecr:GetDownloadUrlForLayer",
            ),
            (
                r#""Action":["ecr:Get*","ecr:BatchGetImage"]"#,
                "denied: nothing in its policy allows ecr:BatchCheckLayerAvailability",
            ),
        ] {
            let statement = format!(r#"{{"Effect":"Allow","Principal":"*",{action}}}"#);
            assert_eq!(asked(&[&statement]), expected, "{action}");
        }
    }

    #[test]
    fn a_denial_wins_over_whatever_allows() {
        let allow = allow(r#""Principal":"*""#);
        let deny =
            |rest: &str| format!(r#"{{"Effect":"Deny","Action":"ecr:BatchGetImage",{rest}}}"#);
        for (rest, expected) in [
            (r#""Principal":"*""#, "denied: a statement without a name denies it"),
            (
                r#""Sid":"Out","Principal":{"AWS":"222233334444"}"#,
                "denied: the statement `Out` denies it",
            ),
            (r#""Principal":{"AWS":"111122223333"}"#, "allowed"),
            (
                r#""Principal":"*","Condition":{"StringNotEquals":{"aws:PrincipalOrgID":"o-a1b2c3d4e5"}}"#,
                "allowed",
            ),
            (
                r#""Sid":"Ours","Principal":"*","Condition":{"StringNotEquals":{"aws:PrincipalOrgID":"o-zzzzzzzzzz"}}"#,
                "denied: the statement `Ours` denies it",
            ),
            (
                r#""Principal":"*","Condition":{"StringNotEquals":{"aws:SourceVpce":"vpce-1"}}"#,
                "unknown: aws:SourceVpce",
            ),
        ] {
            assert_eq!(asked(&[&deny(rest), &allow]), expected, "{rest}");
        }
        // Nothing allows it, whatever the denial hangs on.
        let vague =
            deny(r#""Principal":"*","Condition":{"Bool":{"aws:MultiFactorAuthPresent":"false"}}"#);
        assert_eq!(asked(&[&vague]), NOTHING);
    }

    #[test]
    fn without_a_policy_or_with_an_unreadable_one() {
        let denied = may_pull(None, &puller());
        assert!(
            matches!(&denied, Pull::Denied(why) if why.iter().any(|w| w.contains("no policy")))
        );
        assert!(!denied.is_explicit());
        assert!(matches!(may_pull(Some("{"), &puller()), Pull::Unknown(_)));
        assert!(matches!(may_pull(Some("{}"), &puller()), Pull::Denied(_)));
    }

    #[test]
    fn the_statement_to_add_lets_the_consumers_pull() {
        let accounts: BTreeSet<String> = ["222233334444".to_owned()].into();
        for organization in [Some("o-a1b2c3d4e5"), None] {
            let statement = statement_to_add(organization, &accounts).to_string();
            assert_eq!(asked(&[&statement]), "allowed", "{statement}");
            let stranger = Puller {
                account: "999988887777".to_owned(),
                organization: Some("o-zzzzzzzzzz".to_owned()),
                path: None,
            };
            let policy = format!(r#"{{"Statement":[{statement}]}}"#);
            assert!(matches!(may_pull(Some(&policy), &stranger), Pull::Denied(_)));
        }
    }
}
