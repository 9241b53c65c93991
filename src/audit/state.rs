//! Endpoints of ours that wait: for AWS, or for the service's owner.

use super::look::{Scene, Topic};
use super::{Finding, FindingKind};
use crate::model::endpoint::EndpointState;
use crate::model::observed::Endpoint;
use crate::plan::Want;
use crate::plan::action::{Drift, Verb};

pub(super) fn findings(scene: &Scene) -> Vec<Finding> {
    let leaving = |endpoint: &Endpoint| {
        scene.subject.plan.actions.iter().any(
            |action| matches!(&action.verb, Verb::DeleteEndpoint { id, .. } if id == &endpoint.id),
        )
    };
    let mut findings = Vec::new();
    for want in scene.wants {
        let ours = scene.subject.observed.endpoints.values().filter(|endpoint| {
            Some(&endpoint.key) == want.key.as_ref() && scene.owns(endpoint) && !leaving(endpoint)
        });
        findings.extend(ours.filter_map(|endpoint| waits(scene, want, endpoint)));
    }
    findings
}

fn waits(scene: &Scene, want: &Want, endpoint: &Endpoint) -> Option<Finding> {
    let short = want.short.as_str();
    let topic = Topic {
        vpc: Some(&endpoint.key.vpc),
        what: short,
        resource: Some(endpoint.id.as_str()),
        aspect: "",
    };
    let table = scene.table(&endpoint.key);
    let drift = vec![Drift {
        field: "state".to_owned(),
        was: endpoint.state.as_str().into(),
        should_be: "available".into(),
    }];
    match endpoint.state {
        EndpointState::PendingAcceptance => Some(Finding {
            title: format!("the endpoint of {short} waits to be accepted"),
            reason:
                "the service's owner accepts connections by hand, and until then it carries no \
                     traffic; after some days AWS lets it expire"
                    .to_owned(),
            drift,
            repair: format!("ask the service's owner to accept {}", endpoint.id),
            ..scene.finding(FindingKind::EndpointAwaitingAcceptance, topic, &table)
        }),
        EndpointState::Pending => {
            let age = age(scene, endpoint)?;
            let patience = scene.subject.frame.patience.as_secs();
            (age > patience).then(|| Finding {
                title: format!("the endpoint of {short} has been pending for too long"),
                reason: format!(
                    "it was made {} ago and is not available; rollout.endpoint_timeout allows {}. After a \
                     change by hand it may be pending for a while: then audit again",
                    in_words(age),
                    in_words(patience)
                ),
                drift,
                repair: "wait for it once more; where it stays pending, ask AWS's support".to_owned(),
                command: Some(scene.apply()),
                ..scene.finding(FindingKind::EndpointPendingTooLong, topic, &table)
            })
        }
        _ => None,
    }
}

/// Seconds since it was made, where AWS says when that was.
fn age(scene: &Scene, endpoint: &Endpoint) -> Option<u64> {
    (endpoint.created > 0)
        .then(|| scene.subject.frame.now.saturating_sub(endpoint.created))
        .and_then(|age| u64::try_from(age).ok())
}

fn in_words(seconds: u64) -> String {
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min", seconds / 60),
        7_200..172_800 => format!("{} h", seconds / 3_600),
        _ => format!("{} days", seconds / 86_400),
    }
}
