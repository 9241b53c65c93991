//! Exhaustive faults in virtual time: whatever goes wrong at whichever call, the next run converges,
//! nothing exists twice, nothing foreign is touched, and the first run told the truth.

use std::collections::BTreeMap;

use linkwalk::plan::Planned;
use linkwalk::plan::outcome::Outcome;
use linkwalk::sandbox::{Effect, FaultRule, World};
use linkwalk::shutdown::Level;
use serde_json::Value;

use crate::rehearsal::tap::Crash;
use crate::rehearsal::{Ended, Mishap, Rehearsal, facts};

/// Two accounts: one with two VPCs, a foreign endpoint and an open group; one with an endpoint that is a
/// subnet short in a VPC whose DNS attributes are off, and nothing else that is done at once.
const SCENARIO: &str = r#"
format = 1
seed = 5
[organization]
[[account]]
name = "alpha"
[[account.vpc]]
name = "one"
cidrs = ["10.0.0.0/16"]
[[account.vpc]]
name = "two"
cidrs = ["10.1.0.0/16", "10.2.0.0/16"]
group = [
  { name = "by-hand", https_from = ["10.1.0.0/16"] },
  { name = "linkwalk-endpoints", description = "HTTPS to the VPC endpoints of linkwalk", tags = { "linkwalk:deployment" = "privatelink" }, https_from = ["10.1.0.0/16", "0.0.0.0/0"] },
]
endpoint = [{ service = "kms", group = "by-hand", tags = { Name = "by-hand" } }]
[[account]]
name = "beta"
[[account.vpc]]
name = "three"
cidrs = ["10.3.0.0/16"]
dns_support = false
dns_hostnames = false
[[account.vpc.group]]
name = "linkwalk-endpoints"
description = "HTTPS to the VPC endpoints of linkwalk"
tags = { "linkwalk:deployment" = "privatelink" }
https_from = ["10.3.0.0/16"]
[[account.vpc.endpoint]]
service = "logs"
group = "linkwalk-endpoints"
places = 2
tags = { Name = "logs-endpoint", "linkwalk:deployment" = "privatelink" }
"#;

const ACCOUNTS: &str = r#"
deployment = "privatelink"
[organization]
regions = ["eu-west-1"]
[network]
fix_vpc_dns = true
[endpoints.logs]
[endpoints.s3]
policy = "organization"
"#;

fn start() -> Rehearsal {
    fastrand::seed(5);
    Rehearsal::new(World::from_scenario(SCENARIO).unwrap(), ACCOUNTS, true)
}

/// The fault-free run: how many calls and events there are, and what the world comes to.
struct Calm {
    calls: Vec<linkwalk::sandbox::Call>,
    events: usize,
    ours: Vec<String>,
}

async fn calm() -> Calm {
    let rehearsal = start();
    let ended = rehearsal.apply(Mishap::default()).await.unwrap();
    for outcomes in ended.outcomes.values() {
        assert!(matches!(outcomes[..], [Outcome::Changed]), "{outcomes:?}");
    }
    let calls = rehearsal.calls();
    let ours = facts::ours(&rehearsal.sandbox.world());
    Calm { calls, events: ended.events, ours }
}

/// Everything that is not the deployment's, but for what `fix_vpc_dns` lets a plan turn on.
fn untouchable(world: &World) -> Value {
    let mut foreign = facts::foreign(world);
    for region in foreign.as_object_mut().unwrap().values_mut() {
        for vpc in region["vpcs"].as_object_mut().unwrap().values_mut() {
            (vpc["dns_support"], vpc["dns_hostnames"]) = (true.into(), true.into());
        }
    }
    foreign
}

/// What was told is so, and where it is said that nothing was done, nothing was.
async fn told_the_truth(after: &Rehearsal, ended: &Ended, before: &[String]) {
    after.was_told_truly(ended).await;
    if ended.walked.is_err() || after.calls().iter().any(|call| call.outcome == "Lost") {
        return;
    }
    let now = facts::ours(&after.sandbox.world());
    for (target, outcomes) in &ended.outcomes {
        if matches!(outcomes[0], Outcome::Failed { .. } | Outcome::NotStarted { .. }) {
            let of = |lines: &[String]| -> Vec<String> {
                let account = target.account.as_str();
                lines.iter().filter(|line| line.starts_with(account)).cloned().collect()
            };
            assert_eq!(of(before), of(&now), "{target}: {outcomes:#?}");
        }
    }
}

/// The next run, without faults, leaves the same world as if there had been none.
async fn converges(after: &Rehearsal, calm: &Calm, foreign: &Value) {
    let next = after.again(Vec::new());
    let ended = next.apply(Mishap::default()).await.unwrap();
    for (target, outcomes) in &ended.outcomes {
        assert!(
            matches!(outcomes[..], [Outcome::Changed | Outcome::InSync]),
            "{target}: {outcomes:#?}"
        );
    }
    next.calls();
    let world = next.sandbox.world();
    assert_eq!(facts::ours(&world), calm.ours);
    assert_eq!(&untouchable(&world), foreign);
    let plan = next.again(Vec::new()).plan().await;
    for planned in plan.targets.values() {
        assert!(matches!(planned, Planned::Ready(plan) if plan.is_in_sync()), "{planned:#?}");
    }
}

/// One rehearsal with trouble, and the next run after it.
async fn survives(calm: &Calm, mishap: Mishap, faults: Vec<FaultRule>) -> Option<Ended> {
    let rehearsal = start();
    for fault in faults {
        rehearsal.sandbox.add_fault(fault);
    }
    let foreign = untouchable(&rehearsal.sandbox.world());
    let before = facts::ours(&rehearsal.sandbox.world());
    let ended = rehearsal.apply(mishap).await;
    rehearsal.calls();
    if let Some(ended) = &ended {
        told_the_truth(&rehearsal, ended, &before).await;
    }
    converges(&rehearsal, calm, &foreign).await;
    ended
}

fn reject(code: &str, status: u16) -> Effect {
    Effect::Reject { code: code.to_owned(), message: "a test".to_owned(), status: Some(status) }
}

/// At every call: this happens to it, once.
async fn at_every_call(effect: &Effect) {
    let calm = calm().await;
    for call in 1..=calm.calls.len() as u64 {
        println!("call {call}: {:?}", calm.calls[usize::try_from(call).unwrap() - 1]);
        let fault = FaultRule::nth("*", call, effect.clone());
        survives(&calm, Mishap::default(), vec![fault]).await;
    }
}

#[tokio::test(start_paused = true)]
async fn any_call_may_fail_inside() {
    at_every_call(&reject("InternalError", 500)).await;
}

#[tokio::test(start_paused = true)]
async fn any_call_may_be_denied() {
    at_every_call(&reject("UnauthorizedOperation", 403)).await;
}

#[tokio::test(start_paused = true)]
async fn any_answer_may_be_lost() {
    at_every_call(&Effect::LoseAnswer).await;
}

#[tokio::test(start_paused = true)]
async fn from_any_call_on_an_action_may_fail_in_an_account() {
    let calm = calm().await;
    let mut seen: BTreeMap<(String, String), u64> = BTreeMap::new();
    for call in calm.calls.iter().filter(|call| call.service == "ec2") {
        let nth = seen.entry((call.account.clone(), call.action.clone())).or_default();
        *nth += 1;
        for effect in [reject("InternalError", 500), Effect::LoseAnswer] {
            println!("from {call:?} on: {effect:?}");
            let fault = FaultRule::nth(&call.action, *nth, effect).in_account(&call.account);
            let ended = survives(&calm, Mishap::default(), vec![fault.times(0)]).await.unwrap();
            // An account in trouble is no trouble for another.
            let others =
                ended.outcomes.iter().filter(|(id, _)| id.account.as_str() != call.account);
            for (target, outcomes) in others {
                assert!(matches!(outcomes[..], [Outcome::Changed]), "{target}: {outcomes:#?}");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_process_may_crash_before_any_call() {
    let calm = calm().await;
    for call in 1..=calm.calls.len() {
        let mishap = Mishap { crash: Some(Crash::Before(call)), ..Mishap::default() };
        assert!(survives(&calm, mishap, Vec::new()).await.is_none(), "call {call}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_process_may_crash_after_any_call() {
    let calm = calm().await;
    for call in 1..=calm.calls.len() {
        let mishap = Mishap { crash: Some(Crash::After(call)), ..Mishap::default() };
        assert!(survives(&calm, mishap, Vec::new()).await.is_none(), "call {call}");
    }
}

async fn stopped_after_every_event(level: Level) {
    let calm = calm().await;
    for event in 1..=calm.events {
        println!("event {event}");
        let mishap = Mishap { stop: Some((event, level)), ..Mishap::default() };
        survives(&calm, mishap, Vec::new()).await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_run_may_be_drained_after_any_event() {
    stopped_after_every_event(Level::Drain).await;
}

#[tokio::test(start_paused = true)]
async fn a_run_may_be_aborted_after_any_event() {
    stopped_after_every_event(Level::Abort).await;
}

#[tokio::test(start_paused = true)]
async fn looking_changes_nothing() {
    let rehearsal = start();
    let before = facts::foreign(&rehearsal.sandbox.world());
    rehearsal.plan().await;
    let calls = rehearsal.calls();
    assert!(calls.len() > 20 && calls.iter().all(|call| !call.mutating), "{calls:#?}");
    assert_eq!(facts::foreign(&rehearsal.sandbox.world()), before);
}
