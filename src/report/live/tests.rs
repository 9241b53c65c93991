use super::*;
use crate::plan::outcome::Outcome;
use crate::report::event::EventKind;
use crate::report::samples::{
    at, discovered, failed, finished, folded, phase_started, run_started, seen, started, step,
    target, throttled, unreachable,
};

/// A run of fifty: some finished, some waiting, the rest queued.
fn rollout() -> Progress {
    let mut events = vec![at(0, run_started()), at(1, discovered(50))];
    events.push(at(10, phase_started(Phase::Apply, 50)));
    events.extend((1..=50).map(|number| at(10, started(number))));
    for number in 1..=20 {
        events.push(at(11, step(number, Step::Applying)));
    }
    for number in 1..=14 {
        events.push(at(20, step(number, Step::Waiting)));
        for service in ["ecr.api", "ecr.dkr", "logs", "s3", "ssm"] {
            events.push(at(21, seen(number, service, "pending")));
        }
        events.push(at(22, seen(number, "s3", "available")));
    }
    events.extend((1..=5).map(|number| at(40, finished(number, Outcome::Changed))));
    events.push(at(40, finished(6, unreachable(6))));
    events.push(at(40, finished(7, failed())));
    events.push(at(41, seen(9, "logs", "failed")));
    events.push(at(41, throttled(9)));
    let action = EventKind::ActionStarted {
        target: target(15),
        action: 1,
        what: "+ linkwalk-endpoints".to_owned(),
    };
    events.push(at(42, action));
    let nasty = "a\u{1b}]0;x\u{7}\nb 東京".to_owned();
    events.push(at(42, EventKind::TargetStarted { target: target(10), name: nasty }));
    for service in ["ecr.api", "ecr.dkr", "logs", "ssm"] {
        events.push(at(43, seen(11, service, "available")));
    }
    folded(events)
}

fn shown(progress: &Progress, seconds: u64, columns: usize, rows: usize) -> String {
    let lines = view(progress, Duration::from_secs(seconds), Size { columns, rows });
    let cut: Vec<_> = lines.iter().map(|line| line.paint_within(columns - 1, false)).collect();
    cut.join("\n")
}

#[test]
fn a_usual_terminal_shows_the_run_and_as_many_accounts_as_fit() {
    insta::assert_snapshot!(shown(&rollout(), 72, 80, 24), @r#"
    Applying  ━─────── 7/50  1m12s  1 failed, 1 unreachable, 5 changed, 1 throttled
    111122220008 staging-08           waiting   1m02s  ○○○●○ pending ecr.api ecr.d…
    111122220009 staging-09           waiting   1m02s  ○○✗●○ failed logs · pending…
    111122220010 a\u{1b}]0;x\u{7} b … waiting   1m02s  ○○○●○ pending ecr.api ecr.d…
    111122220011 staging-11           waiting   1m02s  ●●●●● all available
    111122220012 staging-12           waiting   1m02s  ○○○●○ pending ecr.api ecr.d…
    111122220013 staging-13           waiting   1m02s  ○○○●○ pending ecr.api ecr.d…
    111122220014 staging-14           waiting   1m02s  ○○○●○ pending ecr.api ecr.d…
    111122220015 staging-15           applying  1m02s  + linkwalk-endpoints
    111122220016 staging-16           applying  1m02s
    111122220017 staging-17           applying  1m02s
    111122220018 staging-18           applying  1m02s
    111122220019 staging-19           applying  1m02s
    111122220020 staging-20           applying  1m02s
    111122220021 staging-21           queued    1m02s
    111122220022 staging-22           queued    1m02s
    111122220023 staging-23           queued    1m02s
    111122220024 staging-24           queued    1m02s
    ... and 26 more: 26 queued
    "#);
}

#[test]
fn a_large_terminal_shows_every_account() {
    insta::assert_snapshot!(shown(&rollout(), 3700, 120, 60), @r#"
    Applying  ━━━━────────────────────────── 7/50  1h01m  1 failed, 1 unreachable, 5 changed, 1 throttled
    111122220008 staging-08              waiting   1h01m  ○○○●○ pending ecr.api ecr.dkr logs ssm
    111122220009 staging-09              waiting   1h01m  ○○✗●○ failed logs · pending ecr.api ecr.dkr ssm
    111122220010 a\u{1b}]0;x\u{7} b 東京 waiting   1h01m  ○○○●○ pending ecr.api ecr.dkr logs ssm
    111122220011 staging-11              waiting   1h01m  ●●●●● all available
    111122220012 staging-12              waiting   1h01m  ○○○●○ pending ecr.api ecr.dkr logs ssm
    111122220013 staging-13              waiting   1h01m  ○○○●○ pending ecr.api ecr.dkr logs ssm
    111122220014 staging-14              waiting   1h01m  ○○○●○ pending ecr.api ecr.dkr logs ssm
    111122220015 staging-15              applying  1h01m  + linkwalk-endpoints
    111122220016 staging-16              applying  1h01m
    111122220017 staging-17              applying  1h01m
    111122220018 staging-18              applying  1h01m
    111122220019 staging-19              applying  1h01m
    111122220020 staging-20              applying  1h01m
    111122220021 staging-21              queued    1h01m
    111122220022 staging-22              queued    1h01m
    111122220023 staging-23              queued    1h01m
    111122220024 staging-24              queued    1h01m
    111122220025 staging-25              queued    1h01m
    111122220026 staging-26              queued    1h01m
    111122220027 staging-27              queued    1h01m
    111122220028 staging-28              queued    1h01m
    111122220029 staging-29              queued    1h01m
    111122220030 staging-30              queued    1h01m
    111122220031 staging-31              queued    1h01m
    111122220032 staging-32              queued    1h01m
    111122220033 staging-33              queued    1h01m
    111122220034 staging-34              queued    1h01m
    111122220035 staging-35              queued    1h01m
    111122220036 staging-36              queued    1h01m
    111122220037 staging-37              queued    1h01m
    111122220038 staging-38              queued    1h01m
    111122220039 staging-39              queued    1h01m
    111122220040 staging-40              queued    1h01m
    111122220041 staging-41              queued    1h01m
    111122220042 staging-42              queued    1h01m
    111122220043 staging-43              queued    1h01m
    111122220044 staging-44              queued    1h01m
    111122220045 staging-45              queued    1h01m
    111122220046 staging-46              queued    1h01m
    111122220047 staging-47              queued    1h01m
    111122220048 staging-48              queued    1h01m
    111122220049 staging-49              queued    1h01m
    111122220050 staging-50              queued    1h01m
    "#);
}

#[test]
fn a_narrow_and_low_terminal_keeps_who_what_and_how_long() {
    insta::assert_snapshot!(shown(&rollout(), 72, 40, 10), @r#"
    Applying  ━─────── 7/50  1m12s  1 fail…
    111122220008 staging-08 waiting   1m02s
    111122220009 staging-09 waiting   1m02s
    111122220010 a\u{1b}]0… waiting   1m02s
    111122220011 staging-11 waiting   1m02s
    111122220012 staging-12 waiting   1m02s
    ... and 38 more: 6 applying, 2 waiting…
    "#);
}

#[test]
fn the_walk_through_the_organization_is_shown_before_any_account_is_known() {
    let progress = folded([at(0, run_started())]);
    assert_eq!(shown(&progress, 5, 80, 24), "Walking the organization  5s");
}

#[test]
fn a_request_to_stop_is_in_sight() {
    for (level, word) in [("drain", "Draining "), ("abort", "Stopping ")] {
        let mut progress = rollout();
        progress.apply(&at(50, EventKind::ShutdownRequested { level }));
        assert!(shown(&progress, 60, 80, 24).starts_with(word));
    }
}

#[test]
fn nothing_is_shown_where_there_is_nothing_to_watch() {
    let mut progress = rollout();
    progress.apply(&at(50, EventKind::PhaseFinished { phase: Phase::Apply }));
    assert_eq!(shown(&progress, 60, 80, 24), "");
    assert_eq!(shown(&Progress::default(), 0, 80, 24), "");
}

#[test]
fn no_terminal_is_too_small() {
    for columns in 1..130 {
        for rows in 1..60 {
            let size = Size { columns, rows };
            let lines = view(&rollout(), Duration::from_secs(72), size);
            assert!(lines.len() <= rows.max(1), "{size:?}");
            for line in lines {
                let line = line.paint_within(columns - 1, false);
                assert!(safe::width(&line) < columns, "{size:?}: {line}");
            }
        }
    }
}

#[test]
fn many_endpoints_are_counted_and_not_drawn() {
    let mut progress = folded([at(0, phase_started(Phase::Apply, 1)), at(0, started(1))]);
    progress.apply(&at(0, step(1, Step::Waiting)));
    for number in 0..20 {
        let state = if number < 13 { "available" } else { "pending" };
        progress.apply(&at(1, seen(1, &format!("s{number:02}"), state)));
    }
    let line = "111122220001 staging-01 waiting      2s  13/20 available pending s13 s14 s15 s16 \
                s17 s18 s19";
    assert_eq!(shown(&progress, 2, 120, 24).lines().nth(1), Some(line));
}
