use proptest::prelude::*;

use super::*;
use crate::model::failure::{ErrorClass, Failure};
use crate::plan::outcome::Held;
use crate::report::samples::{
    at, discovered, done, failed, finished, folded, name, phase_started, planned, run_started,
    seen, started, step, target, throttled, unreachable,
};

fn counted(progress: &Progress, label: &str) -> usize {
    progress.counts().into_iter().find(|(known, _)| *known == label).unwrap().1
}

#[test]
fn a_started_run_is_live_until_it_has_finished() {
    assert!(!Progress::default().is_live());
    let mut progress = folded([at(0, run_started())]);
    assert_eq!((progress.command.as_str(), progress.deployment.as_str()), ("apply", "privatelink"));
    assert!(progress.is_live());
    progress.apply(&at(9, EventKind::RunFinished { exit_code: 1 }));
    assert!(!progress.is_live());
    assert_eq!(progress.exit_code, Some(1));
    assert_eq!(progress.elapsed, Duration::from_secs(9));
}

#[test]
fn discovery_sets_the_scope() {
    let progress = folded([at(0, run_started()), at(1, discovered(50))]);
    assert_eq!(progress.scope(), 50);
    assert_eq!(progress.unfinished(), 50);
    assert!(!progress.is_live());
    assert!(!progress.has_many_regions());
    let kind = EventKind::Discovered { consumers: 50, skipped: 0, targets: 100 };
    assert!(folded([at(0, kind)]).has_many_regions());
}

#[test]
fn a_phase_counts_each_target_that_ended_it_once() {
    let mut progress = folded([at(2, phase_started(Phase::Observe, 3))]);
    assert!(progress.is_live());
    for kind in [planned(1), finished(1, Outcome::WouldChange), planned(2)] {
        progress.apply(&at(3, kind));
    }
    assert_eq!(progress.phase.as_ref().unwrap().ended.len(), 2);
    progress.apply(&at(5, EventKind::PhaseFinished { phase: Phase::Observe }));
    assert!(!progress.is_live());
    progress.apply(&at(6, finished(3, Outcome::NotStarted { held: Held::interrupted() })));
    let phase = progress.phase.as_ref().unwrap();
    assert_eq!((phase.ended.len(), phase.over), (2, Some(Duration::from_secs(5))));
}

#[test]
fn a_target_runs_from_its_turn_to_its_end() {
    let mut progress = folded([at(1, started(1))]);
    assert_eq!(progress.running[&target(1)].name, name(1));
    assert_eq!(progress.in_flight().count(), 0);
    progress.apply(&at(3, step(1, Step::Applying)));
    assert_eq!(progress.in_flight().count(), 1);
    assert_eq!(progress.running[&target(1)].since, Duration::from_secs(1));
    progress.apply(&at(8, finished(1, Outcome::Changed)));
    assert!(progress.running.is_empty());
    assert_eq!(progress.finished[&target(1)].took, Some(Duration::from_secs(7)));
}

#[test]
fn a_target_whose_turn_never_came_took_no_time() {
    let progress = folded([at(8, finished(1, Outcome::NotStarted { held: Held::interrupted() }))]);
    assert_eq!(progress.finished[&target(1)].took, None);
    assert_eq!(counted(&progress, "not started"), 1);
}

#[test]
fn a_planned_target_rests_until_it_is_started_again() {
    let mut progress = folded([at(1, started(1)), at(2, planned(1))]);
    assert!(progress.running.is_empty());
    assert_eq!(progress.planned[&target(1)].create, 7);
    progress.apply(&at(5, started(1)));
    assert_eq!(progress.running[&target(1)].since, Duration::from_secs(5));
}

#[test]
fn the_end_of_a_target_is_final() {
    let mut progress = folded([at(1, finished(1, failed()))]);
    for kind in [started(1), step(1, Step::Applying), seen(1, "logs", "available")] {
        progress.apply(&at(2, kind));
    }
    assert!(progress.running.is_empty());
}

#[test]
fn actions_are_counted_by_what_they_did() {
    let failure = Failure::local("CreateVpcEndpoint", ErrorClass::Quota, "no");
    let kind = EventKind::ActionStarted { target: target(1), action: 0, what: "+ logs".to_owned() };
    let refused = EventKind::ActionFinished {
        target: target(1),
        action: 4,
        what: "+ kms".to_owned(),
        resource: None,
        failure: Some(failure),
    };
    let progress = folded(
        [
            started(1),
            kind,
            done(1, "+ linkwalk-endpoints", "sg-1"),
            done(1, "+ logs", "vpce-1"),
            done(1, "- ssm", "vpce-3"),
            done(1, "+ ecr.api", "vpce-2"),
            refused,
        ]
        .map(|kind| at(1, kind)),
    );
    let expected = vec![('+', "endpoint", 2), ('+', "security group", 1), ('-', "endpoint", 1)];
    assert_eq!(progress.done.iter().collect::<Vec<_>>(), expected);
    assert_eq!(progress.running[&target(1)].done, progress.done);
    assert_eq!(progress.running[&target(1)].last_action.as_deref(), Some("+ logs"));
    assert_eq!((progress.actions_started, progress.actions_failed), (1, 1));
    assert_eq!(progress.done.total(), 4);
}

#[test]
fn an_endpoint_has_the_state_in_which_it_was_last_seen() {
    let progress = folded([
        at(1, started(1)),
        at(2, seen(1, "logs", "pending")),
        at(3, seen(1, "s3", "available")),
        at(4, seen(1, "logs", "available")),
    ]);
    let states: Vec<_> = progress.running[&target(1)].endpoints.values().collect();
    assert_eq!(states.len(), 2);
    assert!(states.iter().all(|seen| seen.state == EndpointState::Available));
}

#[test]
fn throttles_and_requests_to_stop_are_remembered() {
    let mut progress = folded([at(1, throttled(1)), at(1, throttled(2))]);
    assert_eq!((progress.throttled, progress.shutdown), (2, None));
    progress.apply(&at(2, EventKind::ShutdownRequested { level: "drain" }));
    progress.apply(&at(3, EventKind::ShutdownRequested { level: "abort" }));
    assert_eq!(progress.shutdown, Some("abort"));
}

fn interrupted() -> Outcome {
    Outcome::Interrupted { in_flight: vec!["+ logs".to_owned()] }
}

#[test]
fn the_exit_code_is_that_of_the_worst_outcome() {
    let skipped = Outcome::Skipped { reason: "off".to_owned() };
    let diverged = Outcome::Diverged { blocked: vec![], left: vec![] };
    let partly = Outcome::PartlyChanged { failed: vec![] };
    for (outcomes, stopped, expected) in [
        (vec![], false, Exit::Ok),
        (vec![Outcome::InSync, Outcome::Changed, Outcome::WouldChange, skipped], false, Exit::Ok),
        (vec![Outcome::Changed, failed()], false, Exit::Failed),
        (vec![Outcome::Changed, unreachable(1)], false, Exit::Failed),
        (vec![diverged], false, Exit::Failed),
        (vec![partly], false, Exit::Failed),
        (vec![failed(), interrupted()], true, Exit::Interrupted),
        (
            vec![failed(), Outcome::NotStarted { held: Held::interrupted() }],
            true,
            Exit::Interrupted,
        ),
        (
            vec![Outcome::Changed, Outcome::NotStarted { held: Held::interrupted() }],
            false,
            Exit::Failed,
        ),
        (vec![Outcome::Changed], true, Exit::Interrupted),
    ] {
        assert_eq!(exit(&outcomes, stopped), expected, "{outcomes:?}");
        let mut progress = Progress { shutdown: stopped.then_some("drain"), ..Progress::default() };
        for (number, outcome) in (0..).zip(outcomes) {
            progress.apply(&at(1, finished(number, outcome)));
        }
        assert_eq!(progress.exit(), expected);
    }
}

#[test]
fn a_target_that_got_lost_is_a_failure() {
    let progress = folded([at(0, discovered(2)), at(1, finished(1, Outcome::Changed))]);
    assert_eq!(progress.exit(), Exit::Failed);
}

fn any_outcome() -> impl Strategy<Value = Outcome> {
    prop_oneof![
        Just(Outcome::InSync),
        Just(Outcome::WouldChange),
        Just(Outcome::Changed),
        Just(Outcome::PartlyChanged { failed: vec![] }),
        Just(Outcome::Diverged { blocked: vec![], left: vec![] }),
        Just(failed()),
        Just(unreachable(0)),
        Just(Outcome::Skipped { reason: "off".to_owned() }),
        Just(interrupted()),
        Just(Outcome::NotStarted { held: Held::interrupted() }),
    ]
}

fn any_event() -> impl Strategy<Value = EventKind> {
    let number = 0..8_u64;
    prop_oneof![
        (0..10_usize).prop_map(discovered),
        (0..10_usize).prop_map(|targets| phase_started(Phase::Observe, targets)),
        (0..10_usize).prop_map(|targets| phase_started(Phase::Apply, targets)),
        Just(EventKind::PhaseFinished { phase: Phase::Observe }),
        number.clone().prop_map(started),
        number.clone().prop_map(planned),
        number.clone().prop_map(|number| step(number, Step::Waiting)),
        number.clone().prop_map(|number| seen(number, "logs", "pending")),
        number.clone().prop_map(|number| done(number, "+ logs", "vpce-1")),
        (number, any_outcome()).prop_map(|(number, outcome)| finished(number, outcome)),
    ]
}

proptest! {
    #[test]
    fn outcomes_add_up_to_the_scope_after_every_event(
        kinds in proptest::collection::vec(any_event(), 0..60),
    ) {
        let mut progress = Progress::default();
        for kind in kinds {
            progress.apply(&at(1, kind));
            let counted: usize = progress.counts().iter().map(|(_, count)| count).sum();
            prop_assert_eq!(counted, progress.finished.len());
            prop_assert_eq!(counted + progress.unfinished(), progress.scope());
            prop_assert!(progress.running.keys().all(|t| !progress.finished.contains_key(t)));
        }
    }
}
