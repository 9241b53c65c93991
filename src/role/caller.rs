//! What the caller may do, and each role on the way to the member role.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{Organization, Parameter, Policy, Wish, one_or_many};
use crate::config::Config;
use crate::model::permissions::{CALLER, CallerPermission, Need, On};

/// One policy for the caller; with `via`, one for every step, of which the last does all the work.
pub(super) fn documents(config: &Config, wish: &Wish) -> Vec<Policy> {
    let via = &config.organization.via;
    let hop = |arn: &String| {
        let actions = ["sts:AssumeRole"].into_iter();
        let identity = config.organization.source_identity.is_some();
        let actions = actions.chain(identity.then_some("sts:SetSourceIdentity"));
        document(&[json!({
            "Sid": "NextRole",
            "Effect": "Allow",
            "Action": one_or_many(actions),
            "Resource": arn,
        })])
    };
    let mut steps: Vec<Value> = via.iter().map(hop).collect();
    steps.push(document(&statements(config, wish)));
    let step = |(number, document)| {
        let (part, of) = match number {
            0 => ("caller".to_owned(), "The caller".to_owned()),
            number => (format!("via-{number}"), via[number - 1].clone()),
        };
        let name = format!("linkwalk-{}-{part}", config.deployment);
        let purpose = if via.len() == number {
            format!("{of} walks the organization and enters its accounts")
        } else {
            format!("{of} assumes the next role")
        };
        Policy { part, name, purpose, document }
    };
    steps.into_iter().enumerate().map(step).collect()
}

fn document(statements: &[Value]) -> Value {
    json!({ "Version": "2012-10-17", "Statement": statements })
}

fn statements(config: &Config, wish: &Wish) -> Vec<Value> {
    let mut statements: Vec<(&CallerPermission, Vec<&str>)> = Vec::new();
    for row in CALLER.iter().filter(|row| needs(config, row.need)) {
        match statements.iter_mut().find(|(first, _)| first.sid == row.sid) {
            Some((_, actions)) => actions.push(row.action),
            None => statements.push((row, vec![row.action])),
        }
    }
    let statement = |(row, actions): (&CallerPermission, Vec<&str>)| {
        let mut statement = json!({
            "Sid": row.sid,
            "Effect": "Allow",
            "Action": one_or_many(actions),
            "Resource": one_or_many(resources(config, row.on)),
        });
        if row.on == On::MemberRole
            && let Some(id) = organization(wish)
        {
            statement["Condition"] = json!({ "StringEquals": { "aws:ResourceOrgID": id } });
        }
        statement
    };
    statements.into_iter().map(statement).collect()
}

fn organization(wish: &Wish) -> Option<String> {
    match &wish.organization {
        Organization::Id(id) => Some(id.clone()),
        Organization::Parameter => Some(Parameter::OrganizationId.placeholder()),
        Organization::None => None,
    }
}

/// Whether accounts.toml asks for it.
fn needs(config: &Config, need: Need) -> bool {
    let organization = &config.organization;
    match need {
        Need::Always => true,
        Need::Walk => config.roster.is_empty(),
        Need::AccountTags => config.roster.is_empty() && config.needs_tags(),
        Need::SessionTags => !organization.session_tags.is_empty(),
        Need::SourceIdentity => organization.source_identity.is_some(),
        Need::Lock => config.lock.is_some(),
        Need::Topic => topic(config).is_some(),
    }
}

fn topic(config: &Config) -> Option<&String> {
    config.notify.as_ref()?.sns_topic.as_ref()
}

fn resources(config: &Config, on: On) -> BTreeSet<String> {
    let partition = config.partition();
    let bucket = |path: &str| {
        let lock = config.lock.iter();
        lock.map(|lock| format!("arn:{partition}:s3:::{}{path}", lock.bucket)).collect()
    };
    match on {
        On::Everything => BTreeSet::from(["*".to_owned()]),
        On::MemberRole => {
            let role = &config.organization.role;
            BTreeSet::from([format!("arn:{partition}:iam::*:role/{role}")])
        }
        On::LockBucket => bucket(""),
        On::LockObject => {
            let prefix = config.lock.as_ref().map_or("", |lock| lock.prefix.as_str());
            bucket(&format!("/{prefix}{}.*", config.deployment))
        }
        On::Topic => topic(config).cloned().into_iter().collect(),
    }
}
