//! Ctrl-C: once lets what is in flight finish, twice stops waiting, and another run converges.

use serde_json::{Value, json};

use crate::rig::{ENDPOINTS, Rig};

fn outcomes(events: &[Value]) -> Vec<(&str, &str)> {
    let finished = events.iter().filter(|event| event["event"] == "target-finished");
    finished.map(|e| (e["name"].as_str().unwrap(), e["outcome"].as_str().unwrap())).collect()
}

#[test]
fn ctrl_c_lets_what_is_in_flight_finish() {
    let rig = Rig::of(&["one"]);
    let account = rig.account("one");
    rig.hold(account, "CreateVpcEndpoint");
    let mut child = rig.begin(&["apply", "--yes", "-o", "jsonl"]);
    rig.wait_for(account, "CreateVpcEndpoint");
    child.interrupt();
    assert_eq!(child.event("shutdown-requested")["level"], "drain");
    assert!(child.is_running());
    rig.release(account);

    // Nothing of it is left to do, and still someone asked to stop.
    let run = child.end().exits(130);
    assert_eq!(outcomes(&run.json_lines()), [("one", "changed")]);
    assert_eq!(rig.endpoints(account).len(), ENDPOINTS);
}

#[test]
fn ctrl_c_twice_stops_waiting_and_names_what_is_in_flight() {
    let rig = Rig::of(&["one"]);
    let account = rig.account("one");
    rig.endpoints_come(account, &json!({ "pending": 600 }));
    let mut child = rig.begin(&["apply", "--yes", "-o", "jsonl"]);
    while child.event("endpoint-state")["service"] != "logs" {}
    child.interrupt();
    child.event("shutdown-requested");
    child.interrupt();

    let run = child.end().exits(130);
    let events = run.json_lines();
    assert_eq!(outcomes(&events), [("one", "interrupted")]);
    let finished = events.iter().find(|e| e["event"] == "target-finished").unwrap();
    let in_flight = finished["in_flight"].to_string();
    for endpoint in rig.endpoints(account) {
        assert!(in_flight.contains(endpoint["VpcEndpointId"].as_str().unwrap()), "{in_flight}");
    }
    assert_eq!(events.last().unwrap()["exit_code"], 130);

    rig.endpoints_come(account, &json!({ "pending": 0 }));
    assert_eq!(rig.apply().exits(0).mutations(), Vec::<&str>::new(), "nothing is made twice");
    assert_eq!(rig.endpoints(account).len(), ENDPOINTS);
}

#[test]
fn even_then_the_answer_to_a_call_that_was_sent_is_waited_for() {
    let rig = Rig::of(&["one"]);
    let account = rig.account("one");
    rig.hold(account, "CreateVpcEndpoint");
    let mut child = rig.begin(&["apply", "--yes", "-o", "jsonl"]);
    rig.wait_for(account, "CreateVpcEndpoint");
    for level in ["drain", "abort"] {
        child.interrupt();
        assert_eq!(child.event("shutdown-requested")["level"], level);
    }
    assert!(child.is_running());
    rig.release(account);

    let run = child.end().exits(130);
    let events = run.json_lines();
    let made = events.iter().find(|event| event["event"] == "action-finished").unwrap();
    let endpoints = rig.endpoints(account);
    assert_eq!(endpoints.len(), 1, "the others were not sent");
    assert_eq!(made["resource"], endpoints[0]["VpcEndpointId"]);

    rig.apply().exits(0);
    assert_eq!(rig.endpoints(account).len(), ENDPOINTS);
}

#[test]
fn a_third_ctrl_c_ends_the_program_at_once() {
    let rig = Rig::of(&["one"]);
    let account = rig.account("one");
    rig.hold(account, "CreateVpcEndpoint");
    let mut child = rig.begin(&["apply", "--yes", "-o", "jsonl"]);
    rig.wait_for(account, "CreateVpcEndpoint");
    for _ in ["drain", "abort"] {
        child.interrupt();
        child.event("shutdown-requested");
    }
    child.interrupt();
    child.end().exits(130);
    rig.release(account);
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
