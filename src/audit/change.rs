//! What the plan would change: every action is at least one finding, one per kind and resource.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::look::{Scene, Topic, list};
use super::{Finding, FindingKind, Severity, attribute, blocked, group};
use crate::ids::VpcId;
use crate::model::endpoint::{EndpointKey, EndpointState};
use crate::plan::action::{Action, DesiredEndpoint, Drift, Verb};

pub(super) fn findings(scene: &Scene) -> Vec<Finding> {
    let bare = bare_vpcs(scene);
    let mut findings = not_covered(scene, &bare);
    for action in &scene.subject.plan.actions {
        if !bare.contains_key(action.verb.vpc()) {
            findings.extend(of_action(scene, action));
        }
    }
    findings
}

/// VPCs in which something would be made and where nothing of the deployment is, with the services that
/// are missing there: one finding for all of it.
fn bare_vpcs<'a>(scene: &Scene<'a>) -> BTreeMap<&'a VpcId, BTreeSet<&'a str>> {
    let observed = scene.subject.observed;
    let mut bare: BTreeMap<&VpcId, BTreeSet<&str>> = BTreeMap::new();
    for action in &scene.subject.plan.actions {
        if let Verb::CreateEndpoint(desired) = &action.verb {
            bare.entry(&desired.key.vpc).or_default().insert(&action.what);
        }
    }
    bare.retain(|id, _| {
        let endpoints = observed.endpoints.values().filter(|one| &one.key.vpc == *id);
        let groups = scene.vpc(id).into_iter().flat_map(|vpc| vpc.security_groups.values());
        !endpoints.into_iter().any(|one| scene.owns(one))
            && !groups.into_iter().any(|group| scene.is_tagged(&group.tags))
    });
    bare
}

fn not_covered(scene: &Scene, bare: &BTreeMap<&VpcId, BTreeSet<&str>>) -> Vec<Finding> {
    let deployment = &scene.subject.settings.deployment;
    let observed = scene.subject.observed;
    let owned = observed.endpoints.values().any(|endpoint| scene.owns(endpoint));
    let groups = observed.vpcs.values().flat_map(|vpc| vpc.security_groups.values());
    let mut tagged = groups.filter(|group| scene.is_tagged(&group.tags));
    if bare.is_empty() {
        return Vec::new();
    }
    let through = "until its endpoints are there, traffic to the services leaves by NAT gateways and \
                   the internet, or not at all";
    let drift = |services: &BTreeSet<&str>| {
        let should_be = json!(services);
        vec![Drift { field: "endpoints".to_owned(), was: json!([]), should_be }]
    };
    if !owned && tagged.next().is_none() {
        let services = bare.values().flatten().copied().collect();
        return vec![Finding {
            title: "nothing of the deployment is in this account yet".to_owned(),
            reason: format!(
                "the account is a consumer, and `{deployment}` was never rolled out to it, or all of \
                 it was deleted; {through}"
            ),
            drift: drift(&services),
            repair: "roll out to the account".to_owned(),
            ..scene.finding(FindingKind::AccountNotCovered, Topic::default(), "accounts")
        }];
    }
    let one = |(vpc, services): (&&VpcId, &BTreeSet<&str>)| Finding {
        title: "nothing of the deployment is in this VPC yet".to_owned(),
        reason: format!("the VPC is selected, and nothing is in it; {through}"),
        drift: drift(services),
        repair: "roll out to the VPC".to_owned(),
        ..scene.finding(
            FindingKind::VpcNotCovered,
            Topic {
                vpc: Some(vpc),
                what: vpc.as_str(),
                resource: Some(vpc.as_str()),
                ..Topic::default()
            },
            "network",
        )
    };
    bare.iter().map(one).collect()
}

fn of_action(scene: &Scene, action: &Action) -> Vec<Finding> {
    let what = action.what.as_str();
    match &action.verb {
        Verb::CreateSecurityGroup(desired) => vec![group::missing(scene, desired)],
        Verb::ModifySecurityGroup { id, vpc, authorize, revoke } => {
            group::rules(scene, what, id, vpc, authorize, revoke)
        }
        Verb::CreateEndpoint(desired) if replaces(scene, action, &desired.key) => Vec::new(),
        Verb::CreateEndpoint(desired) => vec![missing(scene, what, desired)],
        Verb::ModifyEndpoint { id, key, .. } => {
            attribute::findings(scene, what, id.as_str(), key, &action.drift)
        }
        Verb::DeleteEndpoint { id, key } => {
            vec![deleted(scene, what, id.as_str(), key, &action.drift)]
        }
        Verb::EnableVpcDns { vpc, .. } => blocked::fixable_dns(scene, vpc).into_iter().collect(),
        Verb::Tag { resource, vpc, .. } => {
            vec![tags(scene, what, resource, vpc, &action.drift)]
        }
        // Asked for by --adopt, --mode sync and `destroy` only: an audit plans none.
        Verb::Adopt { .. } | Verb::DeleteSecurityGroup { .. } => Vec::new(),
    }
}

/// Whether the endpoint is made in place of one that is deleted first: that one's finding says it.
fn replaces(scene: &Scene, create: &Action, wanted: &EndpointKey) -> bool {
    scene.subject.plan.actions.iter().any(|other| {
        create.after.contains(&other.id)
            && matches!(&other.verb, Verb::DeleteEndpoint { key, .. } if key == wanted)
    })
}

fn missing(scene: &Scene, what: &str, desired: &DesiredEndpoint) -> Finding {
    let key = &desired.key;
    let kind = key.kind.to_string();
    let topic = Topic { vpc: Some(&key.vpc), what, resource: None, aspect: &kind };
    Finding {
        title: format!("the {kind} endpoint of {what} is missing"),
        reason: format!(
            "accounts.toml asks for it; without it traffic to {what} leaves by NAT gateways and the \
             internet, or not at all"
        ),
        drift: vec![Drift {
            field: "endpoint".to_owned(),
            was: Value::Null,
            should_be: key.service.as_str().into(),
        }],
        repair: "make the endpoint".to_owned(),
        ..scene.finding(FindingKind::EndpointMissing, topic, &scene.table(key))
    }
}

/// An endpoint that would be deleted: by its state, or as one too many.
fn deleted(scene: &Scene, what: &str, id: &str, key: &EndpointKey, drift: &[Drift]) -> Finding {
    let state = scene.endpoint(id).map(|endpoint| &endpoint.state);
    let (kind, happened) = match state {
        Some(EndpointState::Failed) => {
            (FindingKind::EndpointFailed, "has failed: AWS could not make it")
        }
        Some(EndpointState::Rejected) => {
            (FindingKind::EndpointRejected, "was rejected by the service's owner")
        }
        Some(EndpointState::Expired) => {
            (FindingKind::EndpointExpired, "has expired: nobody accepted it in time")
        }
        _ => (FindingKind::Duplicate, "is there twice"),
    };
    let topic = Topic { vpc: Some(&key.vpc), what, resource: Some(id), aspect: "" };
    let base = scene.finding(kind, topic, &scene.table(key));
    let title = format!("the {} endpoint of {what} {happened}", key.kind);
    if kind == FindingKind::Duplicate {
        return Finding {
            title,
            reason:
                "two endpoints of the deployment do the same job, and each of them costs money; \
                     the older one is kept"
                    .to_owned(),
            drift: drift.to_vec(),
            repair: "delete the younger one".to_owned(),
            ..base
        };
    }
    let made =
        scene.subject.plan.actions.iter().any(
            |action| matches!(&action.verb, Verb::CreateEndpoint(desired) if &desired.key == key),
        );
    let error = scene.endpoint(id).and_then(|endpoint| endpoint.last_error.as_deref());
    let error = error.map(|error| format!("AWS says: {error}; ")).unwrap_or_default();
    let (severity, reason, repair) = if made {
        let text = format!("{error}it carries no traffic, and its state is final");
        (Severity::High, text, "delete it and make it anew")
    } else {
        let text = format!("{error}another endpoint does its job, and it is only in the way");
        (Severity::Low, text, "delete it")
    };
    Finding { title, reason, severity, drift: drift.to_vec(), repair: repair.to_owned(), ..base }
}

fn tags(scene: &Scene, what: &str, resource: &str, vpc: &VpcId, drift: &[Drift]) -> Finding {
    let endpoint = scene.endpoint(resource);
    let table = endpoint.map_or("tags".to_owned(), |endpoint| scene.table(&endpoint.key));
    let keys = drift.iter().map(|one| one.field.trim_start_matches("tags."));
    let noun = if endpoint.is_some() { "the endpoint of" } else { "the security group" };
    let topic = Topic { vpc: Some(vpc), what, resource: Some(resource), aspect: "" };
    Finding {
        title: format!("tags of {noun} {what} differ: {}", list(keys)),
        reason: "costs, owners and inventories are told by tags; nothing else depends on them"
            .to_owned(),
        drift: drift.to_vec(),
        repair: "set the tags; those of others are left alone".to_owned(),
        ..scene.finding(FindingKind::Tags, topic, &table)
    }
}
