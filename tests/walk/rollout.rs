//! Waves, failure budgets, and what stands between waves, in virtual time.

use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;

use linkwalk::plan::outcome::{HeldCode, Outcome};
use linkwalk::report::event::{Event, EventKind};
use linkwalk::sandbox::World;
use linkwalk::shutdown::Level;

use crate::rehearsal::{Ended, Mishap, Rehearsal};

const ALL: [&str; 6] = ["a0", "a1", "a2", "a3", "a4", "a5"];

/// The accounts, each a VPC, of which some cannot be changed or cannot be reached.
fn rehearsal(refused: &[&str], unreachable: &[&str], rollout: &str) -> Rehearsal {
    let mut scenario = "format = 1\nseed = 5\n[organization]\n".to_owned();
    for account in ALL {
        let vpc = "vpc = [{ name = \"main\", cidrs = [\"10.0.0.0/16\"] }]";
        scenario = format!("{scenario}[[account]]\nname = \"{account}\"\n{vpc}\n");
    }
    let fault = |account: &str, action: &str, code: &str| {
        format!(
            "[[fault]]\naccount = \"{account}\"\naction = \"{action}\"\ntimes = 0\n\
             effect = {{ reject = {{ code = \"{code}\", message = \"no\" }} }}\n"
        )
    };
    for account in refused {
        scenario += &fault(account, "CreateVpcEndpoint", "UnauthorizedOperation");
    }
    for account in unreachable {
        scenario += &fault(account, "DescribeVpcs", "UnauthorizedOperation");
    }
    let accounts = format!(
        "deployment = \"privatelink\"\n[organization]\nregions = [\"eu-west-1\"]\n[endpoints.s3]\n\
         [rollout]\n{rollout}\n"
    );
    fastrand::seed(5);
    Rehearsal::new(World::from_scenario(&scenario).unwrap(), &accounts, false)
}

async fn applied(rehearsal: &Rehearsal) -> Ended {
    let ended = rehearsal.apply(Mishap::default()).await.unwrap();
    assert_eq!(ended.outcomes.len(), 6);
    assert!(ended.outcomes.values().all(|outcomes| outcomes.len() == 1), "{:?}", ended.outcomes);
    ended
}

/// Each account with its outcome, and why it was held where it was.
fn shown(ended: &Ended) -> BTreeMap<String, String> {
    let names = ended.told.iter().filter_map(|event| match &event.kind {
        EventKind::TargetFinished { name, outcome, .. } => Some((name.clone(), outcome)),
        _ => None,
    });
    let say = |outcome: &Outcome| match outcome {
        Outcome::NotStarted { held } => format!("{outcome}: {}", held.reason),
        _ => outcome.to_string(),
    };
    names.map(|(name, outcome)| (name, say(outcome))).collect()
}

/// What happened to waves and targets, in short; targets that ended side by side are one line.
fn course(told: &[Event]) -> Vec<String> {
    let short = |event: &Event| match &event.kind {
        EventKind::WaveStarted { wave, .. } => Some(format!("{} begins", wave.wave_name)),
        EventKind::WaveFinished { wave, .. } => Some(format!("{} ends", wave.wave_name)),
        EventKind::BakeStarted { seconds, .. } => Some(format!("bake {seconds}")),
        EventKind::GateStarted { command, .. } => Some(format!("gate {command}")),
        EventKind::GateOutput { line } => Some(format!("says {line}")),
        EventKind::GateFinished { passed, how, .. } => Some(format!("gate {passed}: {how}")),
        EventKind::BudgetSpent { .. } => Some("spent".to_owned()),
        _ => None,
    };
    let mut lines = Vec::new();
    let mut together: Vec<&str> = Vec::new();
    for event in told {
        if let EventKind::TargetFinished { name, .. } = &event.kind {
            together.push(name);
        } else if let Some(line) = short(event) {
            together.sort_unstable();
            lines.extend((!together.is_empty()).then(|| together.join(" ")));
            together.clear();
            lines.push(line);
        }
    }
    lines
}

/// When the first such thing was told.
fn when(told: &[Event], wanted: fn(&EventKind) -> bool) -> Duration {
    told.iter().find(|event| wanted(&event.kind)).unwrap().elapsed
}

#[tokio::test(start_paused = true)]
async fn waves_come_in_their_order_with_a_bake_and_a_gate_between_and_the_rest_comes_last() {
    let rollout = r#"
        bake = "1h"
        waves = [
            { name = "canary", accounts = ["name:a3"], gate = "echo $LINKWALK_WAVE $LINKWALK_CHANGED/$LINKWALK_TARGETS >&2" },
            "name:a[01]",
            "name:nobody",
        ]"#;
    let ended = applied(&rehearsal(&[], &[], rollout)).await;
    assert_eq!(
        course(&ended.told),
        [
            "canary begins",
            "a3",
            "canary ends",
            "bake 3600",
            "gate echo $LINKWALK_WAVE $LINKWALK_CHANGED/$LINKWALK_TARGETS >&2",
            "says canary 1/1",
            "gate true: passed",
            "name:a[01] begins",
            "a0 a1",
            "name:a[01] ends",
            "bake 3600",
            "the rest begins",
            "a2 a4 a5",
            "the rest ends",
        ]
    );
    let baked = when(&ended.told, |kind| matches!(kind, EventKind::GateStarted { .. }));
    let began = when(&ended.told, |kind| matches!(kind, EventKind::BakeStarted { .. }));
    assert_eq!(baked.saturating_sub(began).as_secs(), 3600);
    assert!(shown(&ended).values().all(|outcome| outcome == "changed"), "{:?}", shown(&ended));
}

#[tokio::test(start_paused = true)]
async fn a_wave_in_which_nothing_is_to_do_holds_nobody_up() {
    let rollout = r#"waves = [{ accounts = ["name:a[0-4]"], bake = "1h", gate = "false" }]"#;
    let rehearsal = rehearsal(&["a5"], &[], rollout);
    let held = shown(&applied(&rehearsal).await)["a5"].clone();
    assert!(held.starts_with("not started: the gate after wave 1 of 2"), "{held}");
    let again = applied(&rehearsal.again(Vec::new())).await;
    assert_eq!(shown(&again)["a5"], "changed");
    assert!(!course(&again.told).iter().any(|line| line.starts_with("bake")));
}

#[tokio::test(start_paused = true)]
async fn a_gate_that_fails_stops_the_rollout_and_says_how() {
    let waves = r#"waves = ["name:a0", "name:a1"]"#;
    for (gate, how) in [
        ("exit 3", "exited with 3"),
        ("echo what is wrong; false", "exited with 1"),
        ("no-such-command", "exited with 127"),
        ("kill -9 $$", "was ended: signal: 9"),
        ("exec sleep 60", "had not ended after 1s (rollout.gate_timeout)"),
    ] {
        let limit = if gate.contains("sleep") { "gate_timeout = \"1s\"\n" } else { "" };
        let ended =
            applied(&rehearsal(&[], &[], &format!("gate = \"{gate}\"\n{limit}{waves}"))).await;
        let shown = shown(&ended);
        assert_eq!(shown["a0"], "changed");
        let reason = format!(
            "not started: the gate after wave 1 of 3 (name:a0) did not pass: `{gate}` {how}"
        );
        for account in ["a1", "a2", "a5"] {
            assert!(shown[account].starts_with(&reason), "{account}: {}", shown[account]);
        }
        let said = course(&ended.told).iter().any(|line| line == "says what is wrong");
        assert_eq!(said, gate.contains("what is wrong"));
    }
}

#[tokio::test(start_paused = true)]
async fn someone_who_stops_the_run_waits_for_neither_bake_nor_gate() {
    let folder = tempfile::tempdir().unwrap();
    let survived = folder.path().join("survived");
    let gate = format!("sleep 20; touch {}", survived.display());
    for (rollout, waits) in [
        (format!("gate = \"{gate}\""), "gate-started"),
        ("bake = \"1h\"".to_owned(), "bake-started"),
    ] {
        let rollout = format!("{rollout}\nwaves = [\"name:a0\"]");
        let is_it = |event: &&Event| serde_json::to_value(&event.kind).unwrap()["event"] == waits;
        let quick = rollout.replace("sleep 20; touch", "true");
        let calm = applied(&rehearsal(&[], &[], &quick)).await;
        let at = calm.told.iter().position(|event| is_it(&event)).unwrap() + 1;
        for level in [Level::Drain, Level::Abort] {
            let mishap = Mishap { stop: Some((at, level)), ..Mishap::default() };
            let ended = rehearsal(&[], &[], &rollout).apply(mishap).await.unwrap();
            let shown = shown(&ended);
            assert_eq!(shown["a0"], "changed", "{waits} {level:?}");
            assert!(shown["a1"].contains("was asked to stop"), "{waits}: {}", shown["a1"]);
            let begun = ended.told.iter().position(|event| is_it(&event)).unwrap();
            let end = ended.told.last().unwrap().elapsed;
            let waited = end.saturating_sub(ended.told[begun].elapsed);
            assert!(waited < Duration::from_secs(15), "{waits}: {waited:?}");
        }
    }
    assert!(!fs::exists(survived).unwrap());
}

#[tokio::test(start_paused = true)]
async fn past_the_budget_nothing_new_starts_and_the_rest_says_why() {
    let refused = ["a0", "a1", "a2", "a3"];
    for (rollout, failed, stops) in [
        // No more than the one too many fails.
        ("failure_budget = 0", 1, true),
        ("failure_budget = 1", 2, true),
        ("failure_budget = \"34%\"", 3, true),
        // At full width whatever is in flight may fail too.
        ("failure_budget = 0\nbudget_mode = \"soft\"", 4, false),
        ("failure_budget = 0\nbudget_mode = \"soft\"\nmax_in_flight = 1", 1, true),
        ("failure_budget = 4", 4, false),
        ("", 4, false),
    ] {
        let ended = applied(&rehearsal(&refused, &[], rollout)).await;
        let shown = shown(&ended);
        let count = |start: &str| shown.values().filter(|o| o.starts_with(start)).count();
        assert_eq!(count("failed"), failed, "{rollout}: {shown:?}");
        assert_eq!(count("not started: the failure budget of the run") > 0, stops, "{rollout}");
        let is_spent = |event: &&Event| matches!(event.kind, EventKind::BudgetSpent { .. });
        let spent = ended.told.iter().filter(is_spent).count();
        assert_eq!(spent, usize::from(stops || rollout.contains("soft")), "{rollout}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_budget_of_a_wave_and_that_of_the_run_both_hold_and_unreachable_accounts_spend_them() {
    let waves = r#"waves = [
        { name = "canary", accounts = ["name:a[01]"], failure_budget = BUDGET },
        { name = "staging", accounts = ["name:a[23]"] },
    ]"#;
    for (overall, canary, unreachable, reason) in [
        (
            "",
            "0",
            "a1",
            "the failure budget of wave 1 of 3 (canary) is spent: 1 of 2 failed, 0 may",
        ),
        (
            "failure_budget = 0",
            "2",
            "a1",
            "the failure budget of the run is spent: 1 of 6 failed, 0 may",
        ),
        (
            "failure_budget = \"10%\"",
            "2",
            "a3",
            "the failure budget of the run is spent: 1 of 6 failed, 0 may",
        ),
    ] {
        let rollout = format!("{overall}\n{}", waves.replace("BUDGET", canary));
        let ended = applied(&rehearsal(&[], &[unreachable], &rollout)).await;
        let shown = shown(&ended);
        for account in ["a2", "a4", "a5"] {
            assert_eq!(shown[account], format!("not started: {reason}"), "{rollout}");
        }
        // What comes before it is not spoilt by what is only known to come.
        let before = if unreachable == "a3" { "changed" } else { "not started" };
        assert!(shown["a0"].starts_with(before), "{rollout}: {shown:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_reason_is_a_code_too() {
    let ended = applied(&rehearsal(&ALL, &[], "failure_budget = 0")).await;
    let codes = ended.outcomes.values().filter_map(|outcomes| match &outcomes[0] {
        Outcome::NotStarted { held } => Some(held.code),
        _ => None,
    });
    assert_eq!(codes.collect::<Vec<_>>(), [HeldCode::BudgetSpent; 5]);
}
