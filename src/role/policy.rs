//! The member role's policies: statements from rows, confined by the deployment's tag and its regions.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::{Policy, one_or_many};
use crate::config::{Config, LeadsTo};
use crate::model::endpoint::OWNER_TAG;
use crate::model::permissions::{Guard, Kind, MEMBER, Part, Permission, Use};
use crate::model::spec::ServiceRef;

/// One document per part that these uses need.
pub(super) fn documents(config: &Config, uses: &BTreeSet<Use>, role: &str) -> Vec<Policy> {
    let others = services_of_others(config);
    let is_wanted = |row: &&Permission| {
        row.uses.iter().any(|of| uses.contains(of))
            && (row.guard != Guard::NewEndpointOfOthers || !others.is_empty())
    };
    let mut parts: BTreeMap<Part, Vec<&Permission>> = BTreeMap::new();
    for row in MEMBER.iter().filter(is_wanted) {
        parts.entry(row.part).or_default().push(row);
    }
    let policy = |(part, rows): (Part, Vec<&Permission>)| Policy {
        part: part.as_str().to_owned(),
        name: format!("{role}-{}", part.as_str()),
        purpose: purpose(part, &config.deployment),
        document: document(config, &rows, &others),
    };
    parts.into_iter().map(policy).collect()
}

fn purpose(part: Part, deployment: &str) -> String {
    match part {
        Part::Read => "Reads networks and endpoints".to_owned(),
        Part::Apply => format!("Makes and modifies endpoints and groups of {deployment}"),
        Part::Adopt => format!("Tags endpoints and groups without owner as those of {deployment}"),
        Part::Delete => format!("Deletes endpoints and groups of {deployment}"),
        Part::VpcDns => "Turns on the DNS attributes of VPCs".to_owned(),
        Part::SharedRoot => "Reads the policies of repositories".to_owned(),
    }
}

fn document(config: &Config, rows: &[&Permission], others: &BTreeSet<String>) -> Value {
    let mut statements: Vec<(&Permission, Vec<&str>)> = Vec::new();
    for row in rows {
        match statements.iter_mut().find(|(first, _)| first.sid == row.sid) {
            Some((_, actions)) => actions.push(row.action),
            None => statements.push((row, vec![row.action])),
        }
    }
    let statements = statements.into_iter();
    let statements: Vec<Value> =
        statements.map(|(row, actions)| statement(config, row, actions, others)).collect();
    json!({ "Version": "2012-10-17", "Statement": statements })
}

fn statement(
    config: &Config,
    row: &Permission,
    actions: Vec<&str>,
    others: &BTreeSet<String>,
) -> Value {
    let partition = config.partition();
    // Any account: subnets of a shared VPC belong to the account that shares it.
    let arn = |kind: &Kind| format!("arn:{partition}:{}:*:*:{}/*", kind.service(), kind.as_str());
    let resource = match row.on {
        [] => json!("*"),
        kinds => one_or_many(kinds.iter().map(arn)),
    };
    let mut statement = json!({
        "Sid": row.sid,
        "Effect": "Allow",
        "Action": one_or_many(actions),
        "Resource": resource,
    });
    let condition = condition(config, row.guard, others);
    if !condition.is_empty() {
        statement["Condition"] = Value::Object(condition);
    }
    statement
}

fn condition(config: &Config, guard: Guard, others: &BTreeSet<String>) -> Map<String, Value> {
    let mut equals = Map::new();
    let mut set = |key: String, value: Value| drop(equals.insert(key, value));
    let requested = format!("aws:RequestTag/{OWNER_TAG}");
    let held = format!("aws:ResourceTag/{OWNER_TAG}");
    let deployment = || json!(config.deployment);
    match guard {
        Guard::Global => return Map::new(),
        Guard::Region => {}
        Guard::NewEndpoint => {
            set(requested, deployment());
            set("ec2:VpceServiceOwner".to_owned(), json!("amazon"));
        }
        Guard::NewEndpointOfOthers => {
            set(requested, deployment());
            set("ec2:VpceServiceName".to_owned(), one_or_many(others.iter().cloned()));
        }
        Guard::New | Guard::Unowned => set(requested, deployment()),
        Guard::OnCreation => {
            set(requested, deployment());
            let makes = json!(["CreateVpcEndpoint", "CreateSecurityGroup"]);
            set("ec2:CreateAction".to_owned(), makes);
        }
        Guard::Owned => set(held.clone(), deployment()),
    }
    let regions = config.organization.regions.iter().map(ToString::to_string);
    set("aws:RequestedRegion".to_owned(), one_or_many(regions));
    let mut condition = Map::from_iter([("StringEquals".to_owned(), Value::Object(equals))]);
    if guard == Guard::Unowned {
        condition.insert("Null".to_owned(), json!({ held: "true" }));
    }
    condition
}

/// Full names of the services in accounts.toml that are not AWS's own: those of customers and of AWS
/// Marketplace (<https://docs.aws.amazon.com/vpc/latest/privatelink/configure-endpoint-service.html>).
fn services_of_others(config: &Config) -> BTreeSet<String> {
    let layers = [&config.base].into_iter().chain(config.overrides.iter().map(|over| &over.layer));
    let tables = layers.flat_map(|layer| layer.endpoints.values());
    let named = tables.filter_map(|table| match &table.leads_to {
        LeadsTo::Service { service: ServiceRef::Full(name), .. } => Some(name.as_str()),
        _ => None,
    });
    let others = named.filter(|name| name.contains(".vpce."));
    let regions = &config.organization.regions;
    others
        .flat_map(|name| {
            regions.iter().map(move |region| name.replace("{region}", region.as_str()))
        })
        .collect()
}
