//! Ctrl-C: once lets what is in flight finish, twice stops waiting, and another run converges.

use serde_json::Value;

use crate::rig::{ENDPOINTS, Rig};

fn outcomes(events: &[Value]) -> Vec<(&str, &str)> {
    let finished = events.iter().filter(|event| event["event"] == "target-finished");
    finished.map(|e| (e["name"].as_str().unwrap(), e["outcome"].as_str().unwrap())).collect()
}

#[test]
fn ctrl_c_lets_what_is_in_flight_finish_and_the_next_run_converges() {
    let rig = Rig::of(&["one"]);
    let account = rig.account("one");
    rig.hold(account, "CreateVpcEndpoint");
    let mut child = rig.begin(&["apply", "--yes", "-o", "jsonl"]);
    rig.wait_for(account, "CreateVpcEndpoint");
    child.interrupt();
    assert_eq!(child.event("shutdown-requested")["level"], "drain");
    assert!(child.is_running());
    rig.release(account);

    let run = child.end().exits(130);
    let events = run.json_lines();
    assert_eq!(events.last().unwrap()["event"], "run-finished");
    assert_eq!(events.last().unwrap()["exit_code"], 130);
    assert_eq!(outcomes(&events).len(), 1, "every target has one outcome");
    // Nothing that was sent is unknown: what AWS made is what the run reports.
    let made = events.iter().filter(|e| {
        e["event"] == "action-finished"
            && e["resource"].as_str().is_some_and(|r| r.starts_with("vpce-"))
    });
    assert_eq!(made.count(), rig.endpoints(account).len());

    rig.apply().exits(0);
    assert_eq!(rig.endpoints(account).len(), ENDPOINTS);
}

#[test]
fn ctrl_c_twice_stops_waiting_and_names_what_is_in_flight() {
    let rig = Rig::of(&["one"]);
    let account = rig.account("one");
    rig.hold(account, "CreateVpcEndpoint");
    let mut child = rig.begin(&["apply", "--yes", "-o", "jsonl"]);
    rig.wait_for(account, "CreateVpcEndpoint");
    child.interrupt();
    child.event("shutdown-requested");
    child.interrupt();

    let run = child.end().exits(130);
    let events = run.json_lines();
    let outcomes = outcomes(&events);
    assert_eq!(outcomes, [("one", "interrupted")]);
    let finished = events.iter().find(|e| e["event"] == "target-finished").unwrap();
    assert!(!finished["in_flight"].as_array().unwrap().is_empty(), "{finished}");

    rig.release(account);
    rig.apply().exits(0);
    assert_eq!(rig.endpoints(account).len(), ENDPOINTS, "nothing is made twice");
}

#[test]
fn ctrl_c_while_reading_changes_nothing() {
    let rig = Rig::of(&["one"]);
    let account = rig.account("one");
    rig.hold(account, "DescribeVpcs");
    let mut child = rig.begin(&["apply", "--yes", "-o", "jsonl"]);
    rig.wait_for(account, "DescribeVpcs");
    child.interrupt();
    child.event("shutdown-requested");
    rig.release(account);
    let run = child.end().exits(130);
    assert_eq!(run.mutations(), Vec::<&str>::new());
}

#[test]
fn accounts_whose_turn_has_not_come_are_reported_as_not_started() {
    let names: Vec<String> = (0..6).map(|number| format!("a{number}")).collect();
    let rig = Rig::of(&names.iter().map(String::as_str).collect::<Vec<_>>());
    rig.add("[rollout]\nmax_in_flight = 1");
    for account in rig.members() {
        rig.hold(account, "CreateSecurityGroup");
        rig.hold(account, "CreateVpcEndpoint");
    }
    let mut child = rig.begin(&["apply", "--yes", "-o", "jsonl"]);
    child.event("action-started");
    child.interrupt();
    child.event("shutdown-requested");
    for account in rig.members() {
        rig.release(account);
    }
    let run = child.end().exits(130);
    let events = run.json_lines();
    let outcomes = outcomes(&events);
    assert_eq!(outcomes.len(), 6, "the outcomes add up to the scope: {outcomes:?}");
    let not_started = outcomes.iter().filter(|(_, outcome)| *outcome == "not-started").count();
    assert!(not_started >= 4, "{outcomes:?}");
}
