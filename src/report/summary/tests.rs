use super::*;
use crate::plan::Blocked;
use crate::plan::outcome::Held;
use crate::report::event::EventKind;
use crate::report::samples::{
    at, discovered, done, failed, finished, folded, started, throttled, unreachable,
};

/// Every outcome at least once, in a run that was stopped.
fn troubled() -> Progress {
    let mut events = vec![at(0, discovered(24))];
    events.extend((1..=24).map(|number| at(1, started(number))));
    events.push(at(2, done(1, "+ linkwalk-endpoints", "sg-1")));
    events.push(at(2, done(1, "+ logs", "vpce-1")));
    events.push(at(2, throttled(1)));
    events.push(at(200, EventKind::ShutdownRequested { level: "abort" }));
    let blocked = Blocked {
        resource: None,
        vpc: None,
        what: "ssm".to_owned(),
        code: "dns-attributes-off".to_owned(),
        reason: "the VPC has enableDnsSupport off".to_owned(),
    };
    let diverged =
        Outcome::Diverged { blocked: vec![blocked], left: vec!["~ logs: subnets".to_owned()] };
    let Outcome::Failed { failed: failures } = failed() else { unreachable!() };
    let in_flight = |id: &str| Outcome::Interrupted {
        in_flight: vec![format!("+ logs {id} pending"), "+ s3".to_owned()],
    };
    let mut outcomes = vec![
        Outcome::Changed,
        Outcome::InSync,
        Outcome::WouldChange,
        Outcome::PartlyChanged { failed: failures },
        diverged,
        failed(),
        unreachable(7),
        unreachable(8),
        unreachable(9),
        Outcome::Skipped { reason: "off".to_owned() },
        in_flight("vpce-1"),
        in_flight("vpce-2"),
    ];
    outcomes.resize(24, Outcome::NotStarted { held: Held::interrupted() });
    events.extend((1..).zip(outcomes).map(|(number, outcome)| at(252, finished(number, outcome))));
    folded(events)
}

#[test]
fn every_trouble_is_told_with_where_why_and_what_to_do() {
    insta::assert_snapshot!(render(&troubled(), Options::default()), @r#"
    24 accounts in eu-west-1: 1 in sync, 1 changed, 1 would change, 1 partly changed, 1 diverged, 1 failed, 3 unreachable, 2 interrupted, 12 not started, 1 skipped

    partly changed: 111122220004 staging-04
        ecr.api: CreateVpcEndpoint: limit of 50 reached

    diverged: 111122220005 staging-05
        ssm: the VPC has enableDnsSupport off
        still differs: ~ logs: subnets

    failed: 111122220006 staging-06
        ecr.api: CreateVpcEndpoint: limit of 50 reached

    unreachable: 3 accounts
        AssumeRole: AccessDenied: not authorized on arn:aws:iam::ACCOUNT:role/Access
        hint: the role `Access` does not exist or does not trust you
        111122220007 staging-07  request: req-7
        111122220008 staging-08  request: req-8
        111122220009 staging-09  request: req-9

    interrupted: 2 accounts
        111122220011 staging-11  in flight: + logs vpce-1 pending, + s3
        111122220012 staging-12  in flight: + logs vpce-2 pending, + s3

    not started: 12 accounts
        111122220013 staging-13
        111122220014 staging-14
        111122220015 staging-15
        111122220016 staging-16
        111122220017 staging-17
        111122220018 staging-18
        111122220019 staging-19
        111122220020 staging-20
        111122220021 staging-21
        111122220022 staging-22
        ... and 2 more

    skipped: 111122220010 staging-10
        off

    +1 endpoint, +1 security group in 4m12s; AWS asked to slow down 1 time (CreateVpcEndpoint 1)
    What is done stays done. Mend the above, then run it again: it converges.
    "#);
}

#[test]
fn on_a_terminal_long_lines_are_broken() {
    let options = Options { columns: Some(50), ..Options::default() };
    let text = render(&troubled(), options);
    assert!(text.lines().all(|line| safe::width(line) <= 50), "{text}");
    let unbroken = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(unbroken(&text), unbroken(&render(&troubled(), Options::default())));
}

#[test]
fn colours_change_nothing_but_colours() {
    let colored = render(&troubled(), Options { color: true, ..Options::default() });
    assert!(colored.contains("\u{1b}[31m3 unreachable"));
    let plain = anstream::adapter::strip_str(&colored).to_string();
    assert_eq!(plain, render(&troubled(), Options::default()));
}

#[test]
fn a_smooth_run_is_told_in_two_lines() {
    let mut events = vec![at(0, discovered(2))];
    events.push(at(40, finished(1, Outcome::InSync)));
    events.push(at(42, finished(2, Outcome::InSync)));
    insta::assert_snapshot!(render(&folded(events), Options::default()), @r#"
    2 accounts in eu-west-1: 2 in sync

    nothing changed in 42s
    "#);
}

#[test]
fn verbose_names_the_targets_of_every_outcome() {
    let text = render(&troubled(), Options { verbose: true, ..Options::default() });
    for number in 1..=24 {
        assert!(text.contains(&format!(" 1111222200{number:02} staging-{number:02}")), "{number}");
    }
}

#[test]
fn a_lost_target_is_counted_and_does_not_go_unsaid() {
    let events = [at(0, discovered(3)), at(1, finished(1, Outcome::Changed))];
    let text = render(&folded(events), Options::default());
    assert!(text.starts_with("3 accounts in eu-west-1: 1 changed, 2 without an outcome\n"));
}

#[test]
fn what_others_wrote_cannot_leave_its_line() {
    let mut events = vec![at(0, discovered(1))];
    let EventKind::TargetFinished { target, outcome, .. } = finished(1, unreachable(1)) else {
        unreachable!()
    };
    let name = "x\u{1b}[2J\nunreachable: 999999999999".to_owned();
    events.push(at(1, EventKind::TargetFinished { target, name, outcome }));
    let text = render(&folded(events), Options::default());
    assert!(text.contains("unreachable: 111122220001 x\\u{1b}[2J unreachable: 999999999999\n"));
}
