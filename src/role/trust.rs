//! Who may assume the member role.

use std::fmt;
use std::str::FromStr;

use serde_json::{Map, Value, json};

use super::{Organization, Parameter, Wish, account_of, one_or_many};
use crate::config::Config;
use crate::ids::AccountId;

/// Who may assume the role: a whole account, or one principal in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trusted {
    /// Everybody there who may assume roles.
    Account(AccountId),
    /// A role or user by its ARN, in which `*` stands for anything.
    Principal(String, AccountId),
}

/// Not someone who can be trusted; says what would be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidTrusted(String);

impl fmt::Display for InvalidTrusted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for InvalidTrusted {}

impl FromStr for Trusted {
    type Err = InvalidTrusted;

    fn from_str(text: &str) -> Result<Self, InvalidTrusted> {
        const EXAMPLE: &str = "write an account (\"111122223333\") or a role's ARN \
             (\"arn:aws:iam::111122223333:role/network/runner\")";
        if let Ok(account) = text.parse() {
            return Ok(Self::Account(account));
        }
        let wrong = |why: &str| Err(InvalidTrusted(format!("{why}: {EXAMPLE}")));
        let parts: Vec<&str> = text.splitn(6, ':').collect();
        let ["arn", _, service, "", _, resource] = parts[..] else {
            return wrong("it is neither an account nor an ARN");
        };
        let Some(account) = account_of(text) else {
            return wrong("its account has not twelve digits");
        };
        match (service, resource.split_once('/')) {
            ("iam", None) if resource == "root" => Ok(Self::Account(account)),
            ("iam", Some(("role" | "user", name))) if !name.is_empty() => {
                let fine = |byte: u8| byte.is_ascii_graphic() && !b"\"\\${}".contains(&byte);
                if text.bytes().all(fine) {
                    return Ok(Self::Principal(text.to_owned(), account));
                }
                wrong("an ARN has none of these letters")
            }
            ("sts", _) => wrong("that is one session of a role, and the next one has another name"),
            _ => wrong("it is neither a role nor a user"),
        }
    }
}

/// Whom the last role of `via` makes the one to be trusted, whatever else is said.
fn trusted(config: &Config, wish: &Wish) -> Option<Trusted> {
    match config.organization.via.last() {
        Some(arn) => arn.parse().ok(),
        None => wish.trusted.clone(),
    }
}

/// The trust policy. A principal is a condition and not the `Principal`: there IAM keeps its unique id, and
/// a role that was made anew under the same name would be refused
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html>).
pub(super) fn document(config: &Config, wish: &Wish) -> Value {
    let organization = &config.organization;
    let partition = config.partition();
    let trusted = trusted(config, wish);
    let account = match &trusted {
        Some(Trusted::Account(account) | Trusted::Principal(_, account)) => account.to_string(),
        None => Parameter::TrustedAccount.placeholder(),
    };
    let principal = json!({ "AWS": format!("arn:{partition}:iam::{account}:root") });
    let (mut equals, mut like) = (Map::new(), Map::new());
    match &wish.organization {
        Organization::Id(id) => drop(equals.insert("aws:PrincipalOrgID".to_owned(), json!(id))),
        Organization::Parameter => {
            let id = Parameter::OrganizationId.placeholder();
            equals.insert("aws:PrincipalOrgID".to_owned(), json!(id));
        }
        Organization::None => {}
    }
    if let Some(Trusted::Principal(arn, _)) = &trusted {
        like.insert("aws:PrincipalArn".to_owned(), json!(arn));
    }
    let statement = |sid: &str, action: &str, own: Option<(&str, &str, Value)>| {
        let mut condition = json!({ "StringEquals": equals, "ArnLike": like });
        if let Some((operator, key, value)) = own {
            condition[operator][key] = value;
        }
        let condition: Map<String, Value> = match condition {
            Value::Object(map) => map.into_iter().filter(|(_, keys)| *keys != json!({})).collect(),
            _ => Map::new(),
        };
        let mut statement = json!({
            "Sid": sid, "Effect": "Allow", "Principal": principal, "Action": action,
        });
        if !condition.is_empty() {
            statement["Condition"] = Value::Object(condition);
        }
        statement
    };
    // Not in one statement: the keys of one of these actions are in no request for another.
    let id = organization.external_id.as_ref();
    let id = id.map(|id| ("StringEquals", "sts:ExternalId", json!(id)));
    let mut statements = vec![statement("Assume", "sts:AssumeRole", id)];
    if !organization.session_tags.is_empty() {
        let keys = one_or_many(organization.session_tags.keys().cloned());
        let only = ("ForAllValues:StringEquals", "aws:TagKeys", keys);
        statements.push(statement("TagSession", "sts:TagSession", Some(only)));
    }
    if let Some(identity) = &organization.source_identity {
        let same = ("StringEquals", "sts:SourceIdentity", json!(identity));
        statements.push(statement("SetSourceIdentity", "sts:SetSourceIdentity", Some(same)));
    }
    json!({ "Version": "2012-10-17", "Statement": statements })
}

/// What is weak or unsaid in it.
pub(super) fn notes(config: &Config, wish: &Wish) -> Vec<String> {
    let mut notes = Vec::new();
    if let (Some(_), Some(last)) = (&wish.trusted, config.organization.via.last()) {
        notes.push(format!(
            "accounts.toml goes through {last}, so that role is trusted, and not --trust."
        ));
    }
    if matches!(trusted(config, wish), None | Some(Trusted::Account(_))) {
        notes.push(
            "Everybody in the trusted account who may assume roles may assume this one: --trust with \
             the ARN of the role that linkwalk runs as confines it."
                .to_owned(),
        );
    }
    if wish.organization == Organization::None {
        notes.push("The trust has no condition on an organization.".to_owned());
    }
    notes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_and_principals_are_told_apart_and_sessions_refused() {
        let account = || "111122223333".parse::<AccountId>().unwrap();
        let role = "arn:aws:iam::111122223333:role/network/runner";
        for (text, expected) in [
            ("111122223333", Ok(Trusted::Account(account()))),
            ("arn:aws:iam::111122223333:root", Ok(Trusted::Account(account()))),
            (role, Ok(Trusted::Principal(role.to_owned(), account()))),
            ("arn:aws:sts::111122223333:assumed-role/runner/me", Err("one session of a role")),
            ("arn:aws:iam::1111:role/runner", Err("twelve digits")),
            ("arn:aws:iam::111122223333:role/", Err("neither a role")),
            ("arn:aws:iam::111122223333:role/${x}", Err("none of these letters")),
            ("runner", Err("neither an account nor an ARN")),
        ] {
            match (text.parse::<Trusted>(), expected) {
                (Ok(read), Ok(expected)) => assert_eq!(read, expected),
                (Err(wrong), Err(says)) => assert!(wrong.to_string().contains(says), "{wrong}"),
                (read, _) => panic!("{text}: {read:?}"),
            }
        }
    }
}
