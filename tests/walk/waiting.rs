//! Endpoints that take their time, that fail, and answers that do not come.

use serde_json::{Value, json};

use crate::rig::{ENDPOINTS, Rig};

#[test]
fn an_account_is_finished_when_its_endpoints_are_available() {
    let rig = Rig::of(&["one"]);
    let account = rig.account("one");
    rig.endpoints_come(account, &json!({ "pending": 3 }));
    let run = rig.run(&["apply", "--yes", "-o", "jsonl"]).exits(0);
    let events = run.json_lines();
    let position = |wanted: &dyn Fn(&Value) -> bool| events.iter().position(wanted);
    for service in ["ecr.api", "ecr.dkr", "logs", "s3"] {
        let seen = |state: &str| {
            position(&|e| {
                e["event"] == "endpoint-state" && e["service"] == service && e["state"] == state
            })
        };
        assert!(seen("pending") < seen("available"), "{service}");
        assert!(seen("available") < position(&|e| e["event"] == "target-finished"));
    }
}

#[test]
fn waiting_holds_no_place_that_another_account_could_use() {
    let rig = Rig::of(&["slow", "quick"]);
    rig.add("[rollout]\nmax_in_flight = 1");
    let (slow, quick) = (rig.account("slow"), rig.account("quick"));
    rig.endpoints_come(slow, &json!({ "pending": 600 }));
    let mut child = rig.begin(&["apply", "--yes", "-o", "jsonl"]);
    assert_eq!(child.event("target-finished")["name"], "quick");
    rig.endpoints_come(slow, &json!({ "pending": 0 }));
    child.end().exits(0);
    for account in [slow, quick] {
        assert_eq!(rig.endpoints(account).len(), ENDPOINTS);
    }
}

#[test]
fn an_endpoint_that_fails_is_told_with_awss_reason_and_replaced_by_the_next_run() {
    let rig = Rig::of(&["one", "good"]);
    let account = rig.account("one");
    let error = json!({ "Code": "InsufficientFreeAddresses", "Message": "no address left" });
    rig.endpoints_come(account, &json!({ "born": "failed", "error": error }));
    let run = rig.apply().exits(1);
    assert!(run.stdout.contains("no address left"), "{}", run.stdout);
    assert_eq!(run.outcome(rig.account("good")), "changed");

    rig.endpoints_come(account, &json!({ "born": null, "error": null }));
    let run = rig.apply().exits(0);
    assert_eq!((run.count("DeleteVpcEndpoints"), run.count("CreateVpcEndpoint")), (4, 4));
    assert!(rig.endpoints(account).iter().all(|endpoint| endpoint["State"] == "available"));
    assert_eq!(rig.apply().exits(0).mutations(), Vec::<&str>::new());
}

#[test]
fn a_rejected_endpoint_is_an_error() {
    let rig = Rig::of(&["one"]);
    rig.endpoints_come(rig.account("one"), &json!({ "born": "rejected" }));
    let run = rig.apply().exits(1);
    assert!(run.stdout.contains("rejected"), "{}", run.stdout);
}

#[test]
fn an_endpoint_that_a_partner_must_accept_is_reported_and_no_error() {
    let rig = Rig::of(&["one"]);
    rig.endpoints_come(rig.account("one"), &json!({ "born": "pendingAcceptance" }));
    rig.apply().exits(0);
    let plan = rig.run(&["plan", "--account", rig.account("one")]).exits(0);
    assert!(plan.stdout.contains("accept"), "{}", plan.stdout);
    assert_eq!(rig.apply().exits(0).mutations(), Vec::<&str>::new());
}

#[test]
fn an_endpoint_that_stays_pending_is_given_up_at_the_deadline() {
    let rig = Rig::of(&["one"]);
    rig.add("[rollout]\nendpoint_timeout = \"2s\"");
    rig.endpoints_come(rig.account("one"), &json!({ "pending": 600 }));
    let run = rig.apply().exits(1);
    assert!(run.stdout.contains("timed-out"), "{}", run.stdout);
}

#[test]
fn throttling_is_no_failure() {
    let rig = Rig::of(&["one"]);
    for action in ["DescribeVpcs", "CreateSecurityGroup", "CreateVpcEndpoint"] {
        rig.stumble(rig.account("one"), action, "RequestLimitExceeded");
    }
    let run = rig.run(&["apply", "--yes", "-o", "jsonl"]).exits(0);
    let throttled = run.json_lines().into_iter().filter(|event| event["event"] == "throttled");
    assert_eq!(throttled.count(), 3);
}

#[test]
fn an_answer_that_is_lost_makes_nothing_twice() {
    let rig = Rig::of(&["one"]);
    let account = rig.account("one");
    rig.lose_answer(account, "CreateVpcEndpoint");
    rig.lose_answer(account, "CreateSecurityGroup");
    rig.lose_answer(account, "AuthorizeSecurityGroupIngress");
    rig.apply().exits(0);
    assert_eq!(rig.endpoints(account).len(), ENDPOINTS);
    assert_eq!(rig.apply().exits(0).mutations(), Vec::<&str>::new());
}
