//! A small rehearsal, shown.

use std::time::Duration;

use super::timeline::Timeline;
use super::{Calls, Findings, PhaseFound, Subject, page, render};
use crate::plan::outcome::Outcome;
use crate::report::event::{Event, EventKind, Phase, Step};
use crate::report::safe;

fn findings() -> Findings {
    let mut timeline = Timeline::default();
    let mut say =
        |seconds, kind| timeline.apply(&Event { elapsed: Duration::from_secs(seconds), kind });
    let all = || (0..10).map(|n| format!("11112222333{n}/eu-west-1").parse().unwrap());
    let name = || "team".to_owned();
    say(2, EventKind::PhaseStarted { phase: Phase::Observe, targets: 10 });
    all().for_each(|target| say(2, EventKind::TargetStarted { target, name: name() }));
    for target in all() {
        let (name, create) = (name(), 7);
        say(5, EventKind::TargetPlanned { target, name, create, modify: 0, delete: 0, blocked: 0 });
    }
    say(5, EventKind::PhaseStarted { phase: Phase::Apply, targets: 10 });
    for (second, target) in (5..).zip(all()) {
        say(second, EventKind::TargetStarted { target, name: name() });
    }
    all().for_each(|target| say(16, EventKind::TargetStep { target, step: Step::Waiting }));
    for (number, target) in (0..).zip(all()) {
        let outcome = Outcome::Changed;
        say(60 + number * 20, EventKind::TargetFinished { target, name: name(), outcome });
    }
    let phase = |name, took, bound| {
        let (took, bound) = (Duration::from_millis(took), Duration::from_millis(bound));
        PhaseFound { name, took, bound }
    };
    let calls = |service: &str, action: &str, calls, throttled, unanswered| Calls {
        service: service.to_owned(),
        action: action.to_owned(),
        calls,
        throttled,
        refused: 0,
        unanswered,
    };
    Findings {
        subject: Subject {
            accounts: 10,
            targets: 10,
            regions: vec!["eu-west-1".to_owned()],
            organization: "<world>\u{1b}.json".to_owned(),
            faults: "realistic",
            seed: 7,
            organization_bucket: Some((100.0, 2.5)),
        },
        phases: vec![
            phase("walk", 2_000, 400),
            phase("observe", 3_000, 700),
            phase("change", 235_000, 228_000),
        ],
        calls: vec![
            calls("ec2", "CreateVpcEndpoint", 70, 4, 1),
            calls("ec2", "DescribeVpcEndpoints", 630, 0, 0),
            calls("sts", "AssumeRole", 10, 0, 0),
        ],
        outcomes: Outcome::LABELS
            .map(|label| {
                (label, usize::from(label == "changed") * 9 + usize::from(label == "failed"))
            })
            .into(),
        timeline,
        exit_code: 1,
    }
}

#[test]
fn a_rehearsal_is_shown_with_its_answer_first() {
    insta::assert_snapshot!(render(&findings(), false, 100));
}

#[test]
fn no_line_is_wider_than_the_terminal_and_nothing_of_others_is_obeyed() {
    let found = findings();
    for columns in [60, 80, 133, 300] {
        for line in render(&found, false, columns).lines() {
            assert!(safe::width(line) <= columns, "{columns}: {line}");
            assert!(!line.contains('\u{1b}'), "{line:?}");
        }
    }
    assert!(page(&found).unwrap().contains("&#60;world&#62;"), "{}", page(&found).unwrap());
}

#[test]
fn the_document_for_machines_is_complete_and_versioned() {
    let mut document = findings().document();
    document["version"] = "0.0.0".into();
    // The series are long, and tested where they are made.
    let done = document["timeline"]["done"].as_array().unwrap();
    assert_eq!((done.len(), done.last()), (101, Some(&10.into())));
    document.as_object_mut().unwrap().remove("timeline");
    insta::assert_json_snapshot!(document);
}
