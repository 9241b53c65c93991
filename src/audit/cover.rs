//! The matrix: how each wanted service stands in each VPC.

use std::collections::BTreeSet;

use super::look::Scene;
use super::{Coverage, CoverageState};
use crate::ids::VpcId;
use crate::model::endpoint::{EndpointKey, EndpointKind, EndpointState};
use crate::model::observed::Endpoint;
use crate::plan::Want;
use crate::plan::action::{Action, Verb};

pub(super) fn coverage(scene: &Scene) -> Vec<Coverage> {
    let mut cells: Vec<Coverage> = scene.wants.iter().map(|want| cell(scene, want)).collect();
    for note in scene.subject.plan.notes.iter().filter(|note| note.code == "orphan") {
        let endpoint = note.resource.as_deref().and_then(|id| scene.endpoint(id));
        let orphan = |endpoint: &Endpoint| Coverage {
            state: CoverageState::Orphaned,
            ..of_endpoint(scene, &note.what, endpoint)
        };
        cells.extend(endpoint.map(orphan));
    }
    cells
}

fn cell(scene: &Scene, want: &Want) -> Coverage {
    let kind = want.kind.clone().unwrap_or(EndpointKind::Interface);
    let Some(key) = &want.key else {
        return Coverage {
            vpc: None,
            vpc_name: None,
            service: want.short.clone(),
            endpoint_type: kind.to_string(),
            state: CoverageState::Blocked,
            endpoint: None,
            zones: Vec::new(),
        };
    };
    let there = scene.subject.observed.endpoints.values().filter(|endpoint| &endpoint.key == key);
    let (ours, theirs): (Vec<_>, Vec<_>) = there.partition(|endpoint| scene.owns(endpoint));
    // Of twins the plan deletes all but one.
    let deleted = |endpoint: &Endpoint| {
        scene.subject.plan.actions.iter().any(
            |action| matches!(&action.verb, Verb::DeleteEndpoint { id, .. } if id == &endpoint.id),
        )
    };
    let best = ours.into_iter().max_by_key(|endpoint| (!deleted(endpoint), is_usable(endpoint)));
    let made =
        scene.subject.plan.actions.iter().any(
            |action| matches!(&action.verb, Verb::CreateEndpoint(desired) if &desired.key == key),
        );
    let satisfied = theirs.into_iter().find(|other| satisfies(scene, other));
    match (best, satisfied) {
        (Some(endpoint), other) if is_usable(endpoint) || other.is_none() => {
            let state = state(scene, want, endpoint);
            Coverage { state, ..of_endpoint(scene, &want.short, endpoint) }
        }
        (_, Some(other)) if !made => {
            Coverage { state: CoverageState::Foreign, ..of_endpoint(scene, &want.short, other) }
        }
        _ => {
            let is_blocked = !made && is_blocked(scene, key, &want.short);
            let state = if is_blocked { CoverageState::Blocked } else { CoverageState::Missing };
            Coverage {
                vpc: Some(key.vpc.clone()),
                vpc_name: name(scene, &key.vpc),
                service: want.short.clone(),
                endpoint_type: kind.to_string(),
                state,
                endpoint: None,
                zones: Vec::new(),
            }
        }
    }
}

fn is_usable(endpoint: &Endpoint) -> bool {
    matches!(
        endpoint.state,
        EndpointState::Available | EndpointState::Pending | EndpointState::PendingAcceptance
    )
}

fn satisfies(scene: &Scene, endpoint: &Endpoint) -> bool {
    scene.subject.plan.notes.iter().any(|note| {
        note.resource.as_deref() == Some(endpoint.id.as_str())
            && matches!(note.code.as_str(), "satisfied-by-foreign" | "requester-managed")
    })
}

fn is_blocked(scene: &Scene, key: &EndpointKey, short: &str) -> bool {
    let here = |vpc: &VpcId| vpc == &key.vpc;
    scene
        .subject
        .plan
        .blocked
        .iter()
        .any(|one| one.what == short && one.vpc.as_ref().is_none_or(here))
}

fn state(scene: &Scene, want: &Want, endpoint: &Endpoint) -> CoverageState {
    let touches = |action: &Action| match &action.verb {
        Verb::ModifyEndpoint { id, .. } | Verb::DeleteEndpoint { id, .. } => id == &endpoint.id,
        Verb::Tag { resource, .. } | Verb::Adopt { resource, .. } => {
            resource == endpoint.id.as_str()
        }
        Verb::CreateSecurityGroup(_)
        | Verb::DeleteSecurityGroup { .. }
        | Verb::ModifySecurityGroup { .. }
        | Verb::EnableVpcDns { .. }
        | Verb::CreateEndpoint(_) => false,
    };
    let changes = scene.subject.plan.actions.iter().any(touches);
    // A gateway and an interface endpoint may have one short name; what is blocked is then the interface.
    let blocked =
        endpoint.key.kind != EndpointKind::Gateway && is_blocked(scene, &endpoint.key, &want.short);
    if changes || blocked || !is_usable(endpoint) {
        CoverageState::Drifted
    } else if endpoint.state == EndpointState::Available {
        CoverageState::InSync
    } else {
        CoverageState::Pending
    }
}

fn of_endpoint(scene: &Scene, short: &str, endpoint: &Endpoint) -> Coverage {
    let vpc = scene.vpc(&endpoint.key.vpc);
    let zones: BTreeSet<String> = endpoint
        .subnets
        .iter()
        .filter_map(|id| vpc?.subnets.get(id))
        .map(|subnet| subnet.zone.to_string())
        .collect();
    Coverage {
        vpc: Some(endpoint.key.vpc.clone()),
        vpc_name: name(scene, &endpoint.key.vpc),
        service: short.to_owned(),
        endpoint_type: endpoint.key.kind.to_string(),
        state: CoverageState::InSync,
        endpoint: Some(endpoint.id.to_string()),
        zones: zones.into_iter().collect(),
    }
}

fn name(scene: &Scene, vpc: &VpcId) -> Option<String> {
    scene.vpc(vpc)?.tags.get("Name").cloned()
}
