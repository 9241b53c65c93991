//! Adoption, deletion of orphans and destroy over the real wire in virtual time: whatever goes wrong at
//! whichever call, the next run comes to the same end, and nothing of others is touched.

use linkwalk::plan::Planned;
use linkwalk::plan::aim::{Adoption, Aim, Changes, Deletions, Mode, Purpose};
use linkwalk::plan::outcome::Outcome;
use linkwalk::sandbox::{Call, Effect, FaultRule, World};
use linkwalk::shutdown::Level;

use crate::rehearsal::tap::Crash;
use crate::rehearsal::{Ended, Mishap, Rehearsal, facts};

/// Two accounts: one with an endpoint and a group somebody made by hand, a zone short and with a rule too
/// many; one with an orphaned endpoint of ours under a group of another name.
const SCENARIO: &str = r#"
format = 1
seed = 7
[organization]
[[account]]
name = "alpha"
[[account.vpc]]
name = "one"
cidrs = ["10.0.0.0/16"]
group = [
  { name = "linkwalk-endpoints", description = "by hand", https_from = ["10.0.0.0/16", "0.0.0.0/0"] },
  { name = "theirs", https_from = ["10.0.0.0/16"] },
]
endpoint = [
  { service = "logs", group = "linkwalk-endpoints", places = 2, tags = { Name = "by-hand" } },
  { service = "kms", group = "theirs", tags = { Name = "theirs" } },
]
[[account]]
name = "beta"
[[account.vpc]]
name = "two"
cidrs = ["10.1.0.0/16"]
group = [{ name = "old-endpoints", tags = { "linkwalk:deployment" = "privatelink" }, https_from = ["10.1.0.0/16"] }]
endpoint = [{ service = "ssm", group = "old-endpoints", tags = { Name = "ssm-endpoint", "linkwalk:deployment" = "privatelink" } }]
"#;

const ACCOUNTS: &str = r#"
deployment = "privatelink"
[organization]
regions = ["eu-west-1"]
[endpoints.logs]
[endpoints.s3]
"#;

/// What is done to which world.
struct Job {
    world: World,
    aim: Aim,
}

/// The fault-free run: its calls and events, and what the world comes to.
struct Calm {
    calls: Vec<Call>,
    events: usize,
    ours: Vec<String>,
    foreign: serde_json::Value,
}

fn converging(mode: Mode, adopt: Adoption) -> Aim {
    let changes = Changes { mode, adopt, ..Changes::default() };
    Aim { purpose: Purpose::Converge(changes), ..Aim::default() }
}

fn destroying() -> Aim {
    Aim { purpose: Purpose::Destroy, ..Aim::default() }
}

fn scenario() -> World {
    World::from_scenario(SCENARIO).unwrap()
}

impl Job {
    /// Everything at once: adopts and repairs, makes what is missing, deletes what is orphaned.
    fn sync() -> Self {
        Self { world: scenario(), aim: converging(Mode::Sync, Adoption::Repair) }
    }

    /// Deletes what a sync has made.
    async fn destroy() -> Self {
        let sync = Self::sync();
        let start = sync.start();
        start.apply(Mishap::default()).await.unwrap();
        Self { world: start.sandbox.world(), aim: destroying() }
    }

    fn start(&self) -> Rehearsal {
        fastrand::seed(5);
        Rehearsal::new(self.world.clone(), ACCOUNTS, true).aiming(self.aim.clone())
    }

    async fn calm(&self) -> Calm {
        let rehearsal = self.start();
        let ended = rehearsal.apply(Mishap::default()).await.unwrap();
        for outcomes in ended.outcomes.values() {
            assert!(matches!(outcomes[..], [Outcome::Changed]), "{outcomes:#?}");
        }
        let world = rehearsal.sandbox.world();
        let (ours, foreign) = (facts::ours(&world), facts::foreign(&world));
        Calm { calls: rehearsal.calls(), events: ended.events, ours, foreign }
    }

    /// One run with trouble, which tells the truth, and the next one, which comes to the same end as if
    /// there had been none.
    async fn survives(&self, calm: &Calm, mishap: Mishap, faults: Vec<FaultRule>) -> Option<Ended> {
        let rehearsal = self.start();
        for fault in faults {
            rehearsal.sandbox.add_fault(fault);
        }
        let ended = rehearsal.apply(mishap).await;
        rehearsal.calls();
        if let Some(ended) = &ended {
            let plan = rehearsal.again(Vec::new()).plan().await;
            for (target, outcomes) in &ended.outcomes {
                assert_eq!(outcomes.len(), 1, "{target}: {outcomes:?}");
                if matches!(outcomes[0], Outcome::Changed | Outcome::InSync) {
                    let planned = &plan.targets[target];
                    let done = matches!(planned, Planned::Ready(plan) if plan.is_in_sync() && plan.pending.is_empty());
                    assert!(done, "{target}: {outcomes:#?} {planned:#?}");
                }
            }
        }
        let next = rehearsal.again(Vec::new());
        let again = next.apply(Mishap::default()).await.unwrap();
        for (target, outcomes) in &again.outcomes {
            let fine = matches!(outcomes[..], [Outcome::Changed | Outcome::InSync]);
            assert!(fine, "{target}: {outcomes:#?}");
        }
        next.calls();
        let world = next.sandbox.world();
        assert_eq!(facts::ours(&world), calm.ours);
        assert_eq!(facts::foreign(&world), calm.foreign);
        ended
    }

    /// At every call something happens to it, once: to a call that changes something or asks who uses it,
    /// everything that can; to the others, whose faults `faults` tries at length, one thing in turn.
    async fn faults_at_every_call(&self) {
        let calm = self.calm().await;
        let effects = [
            reject("InternalError", 500),
            reject("UnauthorizedOperation", 403),
            Effect::LoseAnswer,
        ];
        for (call, number) in calm.calls.iter().zip(1_usize..) {
            let asks =
                ["DescribeNetworkInterfaces", "GetMetricData"].contains(&call.action.as_str());
            let turn = number % effects.len();
            let tried = if call.mutating || asks { &effects[..] } else { &effects[turn..=turn] };
            for effect in tried {
                println!("call {number}: {effect:?} {call:?}");
                let fault = FaultRule::nth("*", number as u64, effect.clone());
                self.survives(&calm, Mishap::default(), vec![fault]).await;
            }
        }
    }

    /// Before a call nothing has happened since the last one; after one that changed something, it has.
    async fn crashed_at_every_call(&self) {
        let calm = self.calm().await;
        for (call, number) in calm.calls.iter().zip(1..) {
            let after = call.mutating.then_some(Crash::After(number));
            for crash in after.into_iter().chain([Crash::Before(number)]) {
                println!("{crash:?} {call:?}");
                let mishap = Mishap { crash: Some(crash), ..Mishap::default() };
                assert!(self.survives(&calm, mishap, Vec::new()).await.is_none());
            }
        }
    }

    async fn stopped_after_every_event(&self) {
        let calm = self.calm().await;
        for event in 1..=calm.events {
            let level = [Level::Drain, Level::Abort][event % 2];
            println!("event {event} {level:?}");
            let mishap = Mishap { stop: Some((event, level)), ..Mishap::default() };
            self.survives(&calm, mishap, Vec::new()).await.unwrap();
        }
    }
}

fn reject(code: &str, status: u16) -> Effect {
    Effect::Reject { code: code.to_owned(), message: "a test".to_owned(), status: Some(status) }
}

fn count(calls: &[Call], action: &str) -> usize {
    calls.iter().filter(|call| call.action == action).count()
}

#[tokio::test(start_paused = true)]
async fn sync_and_adoption_come_to_what_accounts_toml_says() {
    let calm = Job::sync().calm().await;
    assert_eq!(calm.ours.len(), 6, "{:#?}", calm.ours);
    assert!(calm.ours.iter().all(|line| !line.contains("ssm") && !line.contains("old-endpoints")));
    assert_eq!(count(&calm.calls, "CreateVpcEndpoint"), 3, "one logs was adopted");
    assert!(calm.foreign.to_string().contains("theirs"));
}

#[tokio::test(start_paused = true)]
async fn adoption_alone_tags_and_changes_nothing_else() {
    let job = Job { world: scenario(), aim: converging(Mode::Repair, Adoption::Tag) };
    let rehearsal = job.start();
    let ended = rehearsal.apply(Mishap::default()).await.unwrap();
    let outcomes: Vec<_> = ended.outcomes.values().flatten().collect();
    assert!(matches!(outcomes[..], [Outcome::Changed, Outcome::Changed]), "{outcomes:#?}");
    let calls = rehearsal.calls();
    assert_eq!(count(&calls, "CreateTags"), 2);
    assert_eq!(count(&calls, "ModifyVpcEndpoint") + count(&calls, "RevokeSecurityGroupIngress"), 0);
    assert!(facts::ours(&rehearsal.sandbox.world()).iter().any(|line| line.contains("by-hand")));

    // The next run of any kind knows it for its own, and repairs it.
    let next = Job { world: rehearsal.sandbox.world(), aim: Aim::default() }.start();
    let ended = next.apply(Mishap::default()).await.unwrap();
    assert!(ended.outcomes.values().flatten().any(|outcome| *outcome == Outcome::Changed));
    assert_eq!(count(&next.calls(), "ModifyVpcEndpoint"), 1);
}

#[tokio::test(start_paused = true)]
async fn destroy_leaves_nothing_of_ours_and_everything_of_others() {
    let job = Job::destroy().await;
    let before = facts::foreign(&job.world);
    let calm = job.calm().await;
    assert_eq!(calm.ours, Vec::<String>::new());
    assert_eq!(calm.foreign, before);
    let mutating = calm.calls.iter().filter(|call| call.mutating);
    assert!(mutating.clone().count() == 6, "{:#?}", mutating.collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn any_call_of_a_sync_may_fail_or_its_answer_be_lost() {
    Job::sync().faults_at_every_call().await;
}

#[tokio::test(start_paused = true)]
async fn any_call_of_a_destroy_may_fail_or_its_answer_be_lost() {
    Job::destroy().await.faults_at_every_call().await;
}

#[tokio::test(start_paused = true)]
async fn the_process_may_crash_at_any_call_of_a_sync() {
    Job::sync().crashed_at_every_call().await;
}

#[tokio::test(start_paused = true)]
async fn the_process_may_crash_at_any_call_of_a_destroy() {
    Job::destroy().await.crashed_at_every_call().await;
}

#[tokio::test(start_paused = true)]
async fn a_destroy_may_be_stopped_after_any_event() {
    Job::destroy().await.stopped_after_every_event().await;
}

#[tokio::test(start_paused = true)]
async fn a_sync_may_be_stopped_after_any_event() {
    Job::sync().stopped_after_every_event().await;
}

#[tokio::test(start_paused = true)]
async fn a_group_that_is_still_held_is_waited_for_and_then_told() {
    let job = Job::destroy().await;
    let rehearsal = job.start();
    let refusal = reject("DependencyViolation", 400);
    let fault = FaultRule::nth("DeleteSecurityGroup", 1, refusal);
    rehearsal.sandbox.add_fault(fault.clone());
    let ended = rehearsal.apply(Mishap::default()).await.unwrap();
    let outcomes: Vec<_> = ended.outcomes.values().flatten().collect();
    assert!(matches!(outcomes[..], [Outcome::Changed, Outcome::Changed]), "{outcomes:#?}");

    let rehearsal = job.start();
    rehearsal.sandbox.add_fault(fault.times(0));
    let ended = rehearsal.apply(Mishap::default()).await.unwrap();
    let told = format!("{:?}", ended.outcomes);
    assert!(told.contains("PartlyChanged") && told.contains("DependencyViolation"), "{told}");
    assert_eq!(facts::ours(&rehearsal.sandbox.world()).len(), 2, "the groups alone are left");
}

#[tokio::test(start_paused = true)]
async fn where_traffic_cannot_be_asked_an_endpoint_stays_unless_forced() {
    let mut job = Job::destroy().await;
    let denied = FaultRule::nth("GetMetricData", 1, reject("AccessDenied", 403)).times(0);
    let rehearsal = job.start();
    rehearsal.sandbox.add_fault(denied.clone());
    let ended = rehearsal.apply(Mishap::default()).await.unwrap();
    let outcomes: Vec<_> = ended.outcomes.values().flatten().collect();
    assert!(matches!(outcomes[..], [Outcome::Diverged { .. }, Outcome::Diverged { .. }]));
    let left = facts::ours(&rehearsal.sandbox.world());
    assert_eq!(left.len(), 4, "interface endpoints and their groups: {left:#?}");

    job.aim.deletions = Deletions { force: true, ..Deletions::default() };
    let forced = job.start();
    forced.sandbox.add_fault(denied);
    forced.apply(Mishap::default()).await.unwrap();
    assert_eq!(facts::ours(&forced.sandbox.world()), Vec::<String>::new());
    assert_eq!(count(&forced.calls(), "GetMetricData"), 0);
}
