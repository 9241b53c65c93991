//! The role in every consumer account, and what its caller needs: policies from
//! [`crate::model::permissions`] and accounts.toml, as `CloudFormation`, Terraform and JSON.
//!
//! ```text
//! permissions x accounts.toml --policy--> documents --+--> cloudformation, terraform, json
//!               who is trusted --trust--> document  --+
//! ```
//!
//! What is not known here, the organization's id and who is trusted, is a parameter of the template, and
//! stands in documents as `${Name}`.

mod caller;
mod cloudformation;
mod hcl;
mod json;
mod policy;
mod terraform;
mod trust;
mod yaml;

use std::collections::BTreeSet;

use serde_json::Value;

use crate::config::Config;
use crate::ids::AccountId;
use crate::model::permissions::Use;

pub use json::document;
pub use trust::{InvalidTrusted, Trusted};

/// The roles that AWS itself makes in accounts, and that a template must not make again.
const AWS_MADE: [&str; 2] = ["OrganizationAccountAccessRole", "AWSControlTowerExecution"];

/// What a role is called instead of one of these.
const PROPOSED: &str = "linkwalk-member";

/// The most characters of a managed policy, and of a trust policy, white space not counted
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html>).
const MANAGED_MOST: usize = 6144;
const TRUST_MOST: usize = 2048;

/// Which organization a session must come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Organization {
    /// This one.
    Id(String),
    /// The one that whoever uses the template says.
    Parameter,
    /// Any: the accounts are in none.
    None,
}

/// What a role is to be for.
#[derive(Debug, Clone)]
pub struct Wish {
    /// The commands.
    pub uses: BTreeSet<Use>,
    /// Who may assume it; `None`: whoever uses the template says.
    pub trusted: Option<Trusted>,
    /// The condition on the organization.
    pub organization: Organization,
}

/// A value that is given when the template is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Parameter {
    /// `o-...`
    OrganizationId,
    /// Twelve digits.
    TrustedAccount,
}

impl Parameter {
    const ALL: [Self; 2] = [Self::OrganizationId, Self::TrustedAccount];

    /// How `CloudFormation` names it.
    fn name(self) -> &'static str {
        match self {
            Self::OrganizationId => "OrganizationId",
            Self::TrustedAccount => "TrustedAccount",
        }
    }

    /// How Terraform names it.
    fn variable(self) -> &'static str {
        match self {
            Self::OrganizationId => "organization_id",
            Self::TrustedAccount => "trusted_account",
        }
    }

    /// What the value must be, as a regular expression.
    fn pattern(self) -> &'static str {
        match self {
            Self::OrganizationId => "^o-[a-z0-9]{10,32}$",
            Self::TrustedAccount => "^[0-9]{12}$",
        }
    }

    fn description(self) -> &'static str {
        match self {
            Self::OrganizationId => "The id of the organization that callers must belong to.",
            Self::TrustedAccount => "The account that linkwalk runs in.",
        }
    }

    /// The option that says it on the command line.
    pub fn option(self) -> &'static str {
        match self {
            Self::OrganizationId => "--organization",
            Self::TrustedAccount => "--trust",
        }
    }

    /// How it stands in a document.
    fn placeholder(self) -> String {
        format!("${{{}}}", self.name())
    }
}

/// One policy.
#[derive(Debug, Clone, PartialEq)]
pub struct Policy {
    /// What tells it from its siblings: `read`, `apply`, `delete`.
    pub part: String,
    /// Its name in IAM.
    pub name: String,
    /// What it is for, in a sentence.
    pub purpose: String,
    /// The document.
    pub document: Value,
}

/// A role with its trust.
#[derive(Debug, Clone, PartialEq)]
pub struct Role {
    /// Its name, without its path.
    pub name: String,
    /// `/` or `/platform/`.
    pub path: String,
    /// Who may assume it.
    pub trust: Value,
}

/// What `linkwalk role` prints.
#[derive(Debug, Clone, PartialEq)]
pub struct Printed {
    /// The member role; `None` for the caller's policies alone.
    pub role: Option<Role>,
    /// Policies of the role, or of the caller.
    pub policies: Vec<Policy>,
    /// What whoever uses it should know, a sentence each.
    pub notes: Vec<String>,
    /// The parameters that occur.
    pub parameters: BTreeSet<Parameter>,
    deployment: String,
}

/// The member role for a wish. The error says which document is too long for IAM, and what to do.
pub fn member(config: &Config, wish: &Wish) -> Result<Printed, String> {
    let wanted = &config.organization.role;
    let (path, name) = wanted.rsplit_once('/').map_or(("/".to_owned(), wanted.as_str()), |it| {
        (format!("/{}/", it.0.trim_matches('/')), it.1)
    });
    let mut notes = Vec::new();
    let name = if AWS_MADE.contains(&name) {
        notes.push(format!(
            "`{name}` is made by AWS, with administrator's rights, and no template should make it \
             again: this role is called `{PROPOSED}`. When it is in every account, say role = \
             \"{}{PROPOSED}\" under [organization] in accounts.toml.",
            path.trim_start_matches('/'),
        ));
        PROPOSED
    } else {
        name
    };
    let trust = trust::document(config, wish);
    let mut uses = wish.uses.clone();
    if uses.contains(&Use::Apply) && config.fixes_vpc_dns() {
        uses.insert(Use::FixVpcDns);
    }
    let policies = policy::documents(config, &uses, name);
    notes.extend(trust::notes(config, wish));
    let role = Role { name: name.to_owned(), path, trust };
    checked(config, Some(role), policies, notes)
}

/// What the caller needs, and every role of `via`.
pub fn caller(config: &Config, wish: &Wish) -> Result<Printed, String> {
    let mut notes = Vec::new();
    let named = config.organization.role.rsplit('/').next().unwrap_or_default();
    if AWS_MADE.contains(&named) {
        notes.push(format!(
            "This lets the caller assume `{named}`, which may do everything in its account: \
             `linkwalk role` without --caller prints a role that may not."
        ));
    }
    checked(config, None, caller::documents(config, wish), notes)
}

fn checked(
    config: &Config,
    role: Option<Role>,
    policies: Vec<Policy>,
    notes: Vec<String>,
) -> Result<Printed, String> {
    let trust = role.iter().map(|role| ("the trust policy".to_owned(), &role.trust, TRUST_MOST));
    let managed = policies
        .iter()
        .map(|policy| (format!("policy {}", policy.name), &policy.document, MANAGED_MOST));
    let mut texts = String::new();
    for (what, document, most) in trust.chain(managed) {
        let text = document.to_string();
        let size = text.chars().filter(|letter| !letter.is_whitespace()).count();
        if size > most {
            return Err(format!(
                "{what} has {size} characters, and IAM takes {most}: accounts.toml names too many \
                 regions or services of others for one deployment; split it"
            ));
        }
        texts += &text;
    }
    let is_there = |parameter: &Parameter| texts.contains(&parameter.placeholder());
    let parameters = Parameter::ALL.into_iter().filter(is_there).collect();
    Ok(Printed { role, policies, notes, parameters, deployment: config.deployment.clone() })
}

impl Printed {
    /// The template for `CloudFormation`, and how to roll it out.
    pub fn cloudformation(&self) -> String {
        cloudformation::text(self)
    }

    /// A module for Terraform.
    pub fn terraform(&self) -> String {
        terraform::text(self)
    }

    /// What its file is called, without an ending.
    pub fn file_name(&self) -> String {
        let what = if self.role.is_some() { "role" } else { "caller" };
        format!("linkwalk-{}-{what}", self.deployment)
    }

    /// The plain documents, by the name of a file each.
    pub fn files(&self) -> Vec<(String, &Value)> {
        let trust = self.role.iter().map(|role| (format!("{}-trust.json", role.name), &role.trust));
        let policies = self.policies.iter();
        trust.chain(policies.map(|it| (format!("{}.json", it.name), &it.document))).collect()
    }
}

/// One value as it is, several as a list: both are the same to IAM.
fn one_or_many<T: Into<Value>>(values: impl IntoIterator<Item = T>) -> Value {
    let mut values: Vec<Value> = values.into_iter().map(Into::into).collect();
    if values.len() == 1 { values.remove(0) } else { Value::Array(values) }
}

/// The account of `arn:aws:iam::123456789012:...`.
fn account_of(arn: &str) -> Option<AccountId> {
    arn.split(':').nth(4)?.parse().ok()
}
