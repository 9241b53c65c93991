//! Events as a run sends them, for the tests of everyone who reads them.

use std::time::Duration;

use crate::ids::{Region, TargetId};
use crate::model::failure::{ErrorClass, Failure};
use crate::plan::outcome::{ActionFailure, Outcome};
use crate::report::event::{Event, EventKind, FORMAT, Phase, Step};
use crate::report::progress::Progress;

pub(super) fn at(seconds: u64, kind: EventKind) -> Event {
    Event { elapsed: Duration::from_secs(seconds), kind }
}

pub(super) fn folded(events: impl IntoIterator<Item = Event>) -> Progress {
    let mut progress = Progress::default();
    events.into_iter().for_each(|event| progress.apply(&event));
    progress
}

pub(super) fn target(number: u64) -> TargetId {
    let account = (111_122_220_000 + number).to_string().parse().unwrap();
    TargetId { account, region: Region::from("eu-west-1") }
}

pub(super) fn name(number: u64) -> String {
    format!("staging-{number:02}")
}

pub(super) fn run_started() -> EventKind {
    EventKind::RunStarted {
        format: FORMAT.into(),
        version: "0.1.0".into(),
        command: "apply".to_owned(),
        deployment: "privatelink".to_owned(),
        started_at: "2026-11-22T00:00:00Z".to_owned(),
        sandbox: false,
    }
}

pub(super) fn discovered(targets: usize) -> EventKind {
    EventKind::Discovered { consumers: targets, skipped: 4, targets }
}

pub(super) fn phase_started(phase: Phase, targets: usize) -> EventKind {
    EventKind::PhaseStarted { phase, targets }
}

pub(super) fn started(number: u64) -> EventKind {
    EventKind::TargetStarted { target: target(number), name: name(number) }
}

pub(super) fn step(number: u64, step: Step) -> EventKind {
    EventKind::TargetStep { target: target(number), step }
}

pub(super) fn planned(number: u64) -> EventKind {
    EventKind::TargetPlanned {
        target: target(number),
        name: name(number),
        create: 7,
        modify: 0,
        delete: 0,
        blocked: 0,
    }
}

pub(super) fn done(number: u64, what: &str, resource: &str) -> EventKind {
    EventKind::ActionFinished {
        target: target(number),
        action: 0,
        what: what.to_owned(),
        resource: Some(resource.to_owned()),
        failure: None,
    }
}

pub(super) fn seen(number: u64, service: &str, state: &str) -> EventKind {
    EventKind::EndpointState {
        target: target(number),
        service: service.to_owned(),
        endpoint: format!("vpce-{service}"),
        state: state.to_owned(),
    }
}

pub(super) fn throttled(number: u64) -> EventKind {
    EventKind::Throttled { target: target(number), operation: "CreateVpcEndpoint".to_owned() }
}

pub(super) fn finished(number: u64, outcome: Outcome) -> EventKind {
    EventKind::TargetFinished { target: target(number), name: name(number), outcome }
}

pub(super) fn unreachable(number: u64) -> Outcome {
    let account = target(number).account;
    Outcome::Unreachable {
        failure: Failure {
            operation: "AssumeRole".to_owned(),
            class: ErrorClass::Denied,
            code: Some("AccessDenied".to_owned()),
            message: format!("not authorized on arn:aws:iam::{account}:role/Access"),
            request_id: Some(format!("req-{number}")),
            hint: Some("the role `Access` does not exist or does not trust you".to_owned()),
        },
    }
}

pub(super) fn failed() -> Outcome {
    let failure = Failure::local("CreateVpcEndpoint", ErrorClass::Quota, "limit of 50 reached");
    Outcome::Failed {
        failed: vec![ActionFailure { action: Some(1), what: "ecr.api".to_owned(), failure }],
    }
}
