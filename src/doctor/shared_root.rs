//! The shared root's side: whether its ECR repositories let the consumers pull.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Status;
use crate::ids::{AccountId, Region};
use crate::model::account::Account;
use crate::model::failure::Failure;
use crate::model::policy::pull::{Pull, Puller, may_pull, statement_to_add};

/// All that was found: the document of `doctor --shared-root -o json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SharedRoot {
    /// [`super::FORMAT`]
    pub format: String,
    /// Always `doctor-shared-root`.
    pub kind: String,
    /// The program's version.
    pub version: String,
    /// The deployment's name.
    pub deployment: String,
    /// When it was made, RFC 3339.
    pub created_at: String,
    /// Whether all of it happened in the sandbox and nothing is real.
    pub sandbox: bool,
    /// The organization's id, where it is known.
    pub organization: Option<String>,
    /// How many accounts should be able to pull.
    pub consumers: usize,
    /// What each account of the shared root has in each region.
    pub registries: Vec<Registry>,
    /// Accounts of the shared root that were not looked at, and why.
    pub left_out: Vec<String>,
    /// How many repositories of each status.
    pub counts: Repositories,
}

/// ECR of one account in one region.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Registry {
    /// The account.
    pub account: AccountId,
    /// Its name; untrusted text.
    pub name: String,
    /// The region.
    pub region: Region,
    /// Why its repositories could not be read.
    pub failure: Option<Failure>,
    /// Its repositories, by name.
    pub repositories: Vec<Repository>,
}

/// One repository, and who of the consumers may pull.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Repository {
    /// Its name.
    pub name: String,
    /// `ok`: every consumer may. `problem`: some may not. `unknown`: it could not be told.
    pub status: Status,
    /// Why, for people.
    pub text: String,
    /// Consumers that may not pull.
    pub refused: BTreeSet<AccountId>,
    /// Consumers of which it cannot be told.
    pub undecided: BTreeSet<AccountId>,
    /// The conditions and principals on which it hangs.
    pub conditions: BTreeSet<String>,
    /// The statement to add to its policy, where that helps.
    pub statement: Option<Value>,
    /// The whole policy to set, where it has none yet.
    pub policy: Option<Value>,
    /// Why its policy could not be read.
    pub failure: Option<Failure>,
}

/// How many repositories of each status.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Repositories {
    /// Some consumer may not pull.
    pub problems: usize,
    /// It could not be told.
    pub unknown: usize,
    /// Every consumer may pull.
    pub ok: usize,
    /// Accounts and regions whose repositories could not be read.
    pub unreadable: usize,
}

/// The consumers, as the conditions of policies see them.
pub fn pullers<'a>(
    consumers: impl Iterator<Item = &'a Account>,
    organization: Option<&str>,
) -> Vec<Puller> {
    consumers
        .map(|account| Puller {
            account: account.id.to_string(),
            organization: organization.map(str::to_owned),
            path: organization
                .filter(|_| !account.ou_ids.is_empty())
                .map(|organization| format!("{organization}/{}/", account.ou_ids.join("/"))),
        })
        .collect()
}

impl Repository {
    /// What a repository's policy, or the failure to read it, says of the consumers.
    pub fn judged(
        name: &str,
        policy: &Result<Option<String>, Failure>,
        pullers: &[Puller],
        organization: Option<&str>,
    ) -> Self {
        let mut judged = Self {
            name: name.to_owned(),
            status: Status::Ok,
            text: String::new(),
            refused: BTreeSet::new(),
            undecided: BTreeSet::new(),
            conditions: BTreeSet::new(),
            statement: None,
            policy: None,
            failure: None,
        };
        let text = match policy {
            Ok(text) => text.as_deref(),
            Err(failure) => {
                let why = format!("its policy could not be read: {failure}");
                return Self {
                    status: Status::Unknown,
                    text: why,
                    failure: Some(failure.clone()),
                    ..judged
                };
            }
        };
        let (mut reasons, mut is_explicit) = (BTreeSet::new(), false);
        for puller in pullers {
            let Ok(account) = puller.account.parse::<AccountId>() else { continue };
            let pull = may_pull(text, puller);
            is_explicit |= pull.is_explicit();
            match pull {
                Pull::Allowed => {}
                Pull::Denied(why) => {
                    judged.refused.insert(account);
                    reasons.extend(why);
                }
                Pull::Unknown(what) => {
                    judged.undecided.insert(account);
                    judged.conditions.extend(what);
                }
            }
        }
        judged.conclude(pullers.len(), &reasons);
        if judged.status == Status::Problem && !is_explicit {
            let refused = judged.refused.iter().map(ToString::to_string).collect();
            let statement = statement_to_add(organization, &refused);
            match text {
                None => {
                    let whole = json!({ "Version": "2012-10-17", "Statement": [statement] });
                    judged.policy = Some(whole);
                }
                Some(_) => judged.statement = Some(statement),
            }
        }
        judged
    }

    /// Status and words, from who may pull.
    fn conclude(&mut self, consumers: usize, reasons: &BTreeSet<String>) {
        let list = |all: &BTreeSet<String>| all.iter().cloned().collect::<Vec<_>>().join("; ");
        (self.status, self.text) = if !self.refused.is_empty() {
            let who = match self.refused.len() {
                all if all == consumers => "no consumer may pull".to_owned(),
                some => format!("{some} of {consumers} consumers may not pull"),
            };
            (Status::Problem, format!("{who}: {}", list(reasons)))
        } else if !self.undecided.is_empty() {
            let who = match self.undecided.len() {
                all if all == consumers => "the consumers".to_owned(),
                some => format!("{some} of {consumers} consumers"),
            };
            (Status::Unknown, format!("whether {who} may pull hangs on {}", list(&self.conditions)))
        } else {
            let who = if consumers == 1 {
                "the consumer".to_owned()
            } else {
                format!("all {consumers} consumers")
            };
            (Status::Ok, format!("{who} may pull"))
        };
    }
}

impl SharedRoot {
    /// Counts what was found.
    pub fn settle(&mut self) {
        let all = || self.registries.iter().flat_map(|one| &one.repositories);
        let of = |status| all().filter(|one| one.status == status).count();
        self.counts = Repositories {
            problems: of(Status::Problem),
            unknown: of(Status::Unknown),
            ok: of(Status::Ok),
            unreadable: self.registries.iter().filter(|one| one.failure.is_some()).count(),
        };
    }

    /// Whether a consumer may not pull, or an account or a policy could not be read. What hangs on a condition
    /// of a policy that was read is for people to judge.
    pub fn is_bad(&self) -> bool {
        let mut all = self.registries.iter().flat_map(|one| &one.repositories);
        let is_unread = all.any(|one| one.failure.is_some());
        self.counts.problems > 0 || self.counts.unreadable > 0 || is_unread
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::account::AccountState;
    use crate::model::failure::ErrorClass;

    const ORGANIZATION: Option<&str> = Some("o-a1b2c3d4e5");

    fn account(id: &str, unit: &str) -> Account {
        Account {
            id: id.parse().unwrap(),
            name: id.to_owned(),
            email: String::new(),
            ou_path: "/".to_owned(),
            ou_ids: vec!["r-ab12".to_owned(), unit.to_owned()],
            tags: None,
            state: AccountState::Active,
        }
    }

    fn judged(policy: Result<Option<&str>, Failure>) -> Repository {
        let accounts =
            [account("222200000001", "ou-ab12-one"), account("222200000002", "ou-ab12-two")];
        let pullers = pullers(accounts.iter(), ORGANIZATION);
        let policy = policy.map(|text| text.map(str::to_owned));
        Repository::judged("app", &policy, &pullers, ORGANIZATION)
    }

    fn policy(statement: &str) -> String {
        format!(r#"{{"Statement":[{{"Effect":"Allow","Action":"ecr:*",{statement}}}]}}"#)
    }

    #[test]
    fn each_repository_is_judged_for_all_consumers_together() {
        for (statement, status, text) in [
            (
                r#""Principal":"*","Condition":{"StringEquals":{"aws:PrincipalOrgID":"o-a1b2c3d4e5"}}"#,
                Status::Ok,
                "all 2 consumers may pull",
            ),
            (
                r#""Principal":{"AWS":"222200000002"}"#,
                Status::Problem,
                "1 of 2 consumers may not pull: nothing in its policy allows a pull",
            ),
            (
                r#""Principal":"*","Condition":{"ForAnyValue:StringLike":{"aws:PrincipalOrgPaths":"o-a1b2c3d4e5/r-ab12/ou-ab12-two/*"}}"#,
                Status::Problem,
                "1 of 2 consumers may not pull: nothing in its policy allows a pull",
            ),
            (
                r#""Principal":"*","Condition":{"StringEquals":{"aws:SourceVpce":"vpce-1"}}"#,
                Status::Unknown,
                "whether the consumers may pull hangs on aws:SourceVpce",
            ),
        ] {
            let judged = judged(Ok(Some(&policy(statement))));
            assert_eq!((judged.status, judged.text.as_str()), (status, text), "{statement}");
            assert_eq!(judged.statement.is_some(), status == Status::Problem);
        }
    }

    #[test]
    fn what_helps_is_given_and_what_cannot_help_is_not() {
        let none = judged(Ok(None));
        assert_eq!(
            none.text,
            "no consumer may pull: it has no policy: its own account alone may pull"
        );
        let whole = none.policy.unwrap().to_string();
        assert_eq!(judged(Ok(Some(&whole))).status, Status::Ok);
        let denied =
            r#"{"Statement":[{"Sid":"Out","Effect":"Deny","Principal":"*","Action":"*"}]}"#;
        let denied = judged(Ok(Some(denied)));
        assert_eq!(denied.status, Status::Problem);
        assert!(denied.text.contains("the statement `Out` denies it"), "{}", denied.text);
        assert_eq!((denied.statement, denied.policy), (None, None));
        let failure = Failure::local("GetRepositoryPolicy", ErrorClass::Denied, "no");
        assert_eq!(judged(Err(failure)).status, Status::Unknown);
    }
}
