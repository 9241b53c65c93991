//! Killed at any moment and resumed from what was on disk: converged, and nothing twice. In virtual time.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;
use linkwalk::aws::Sessions;
use linkwalk::config::{self, Config};
use linkwalk::ids::TargetId;
use linkwalk::plan::aim::Purpose;
use linkwalk::plan::artifact::{Origin, SavedPlan};
use linkwalk::plan::outcome::Outcome;
use linkwalk::plan::{Plan, Planned, TargetPlan};
use linkwalk::report::event::{EventKind, Events, FORMAT};
use linkwalk::report::plan_json::{self, PlanMeta};
use linkwalk::report::plan_waves::Course;
use linkwalk::report::safe;
use linkwalk::run::journal::{End, Opening, Paper, Past};
use linkwalk::run::{Journal, Run, Target, access, discover, execute, observe, resume};
use linkwalk::sandbox::{Options, Sandbox, World};
use linkwalk::shutdown::{Level, Shutdown};
use serde_json::Value;
use tokio::time::{Instant, sleep};

use crate::rehearsal::facts;

/// Accounts with everything to make, with a rule to take away, an endpoint to mend and one to replace.
const SCENARIO: &str = r#"
format = 1
seed = 5
[organization]
[[account]]
name = "alpha"
[[account.vpc]]
name = "one"
cidrs = ["10.1.0.0/16", "10.2.0.0/16"]
group = [
  { name = "linkwalk-endpoints", description = "HTTPS to the VPC endpoints of linkwalk", tags = { "linkwalk:deployment" = "privatelink" }, https_from = ["10.1.0.0/16", "0.0.0.0/0"] },
]
[[account]]
name = "beta"
[[account.vpc]]
name = "two"
cidrs = ["10.3.0.0/16"]
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
[[account]]
name = "gamma"
[[account.vpc]]
name = "three"
cidrs = ["10.4.0.0/16"]
dns_support = false
dns_hostnames = false
"#;

const ACCOUNTS: &str = r#"
deployment = "privatelink"
[organization]
regions = ["eu-west-1"]
external_id = "the-external-id"
[network]
fix_vpc_dns = true
[endpoints.logs]
[endpoints.kms]
private_dns = false
[endpoints.s3]
"#;

const SPEED: f64 = 10.0;

const RUN: &str = "20261123T024501Z-ab12";

/// A disk that survives the process: what was written, how much of it would survive the machine, and how
/// much there is room for.
#[derive(Clone)]
struct Disk(Arc<Mutex<(Vec<u8>, usize)>>, usize);

impl Disk {
    /// What is found after the end: all that is durable, and of the rest as much as this draws.
    fn after_the_end(&self, draw: &mut fastrand::Rng) -> Vec<u8> {
        let (mut bytes, durable) = self.0.lock().unwrap().clone();
        bytes.truncate(draw.usize(durable..=bytes.len()));
        bytes
    }
}

impl Write for Disk {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut disk = self.0.lock().unwrap();
        let room = self.1.saturating_sub(disk.0.len()).min(bytes.len());
        if room == 0 && !bytes.is_empty() {
            return Err(io::ErrorKind::StorageFull.into());
        }
        disk.0.extend_from_slice(&bytes[..room]);
        Ok(room)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Paper for Disk {
    fn sync(&mut self) -> io::Result<()> {
        let mut disk = self.0.lock().unwrap();
        disk.1 = disk.0.len();
        Ok(())
    }
}

/// What outlives a process of the run.
#[derive(Clone, Default)]
struct Kept {
    journal: Vec<u8>,
    plan: Option<String>,
}

fn config() -> Config {
    config::parse("test".to_owned(), ACCOUNTS.to_owned(), Path::new("")).unwrap()
}

fn sandbox(world: World) -> Sandbox {
    let options = Options {
        speed: SPEED,
        describe_lag: Duration::from_secs(20),
        log_capacity: 100_000,
        ..Options::at(Timestamp::now())
    };
    Sandbox::new(world, options)
}

/// One process of the run, over what the last one left.
struct Attempt {
    run: Arc<Run>,
    disk: Disk,
    plan: Arc<Mutex<Option<String>>>,
    past: Option<Past>,
}

impl Attempt {
    async fn begin(sandbox: &Sandbox, kept: &Kept) -> Self {
        Self::with_room(sandbox, kept, usize::MAX).await
    }

    async fn with_room(sandbox: &Sandbox, kept: &Kept, room: usize) -> Self {
        let past = (!kept.journal.is_empty())
            .then(|| Past::read(&kept.journal[..]).unwrap_or_else(|why| panic!("{why}")));
        let whole = past.as_ref().map_or(0, |past| usize::try_from(past.whole).unwrap());
        let disk = Disk(Arc::new(Mutex::new((kept.journal[..whole].to_vec(), whole))), room);
        let config = config();
        let (events, _) = Events::channel();
        let shutdown = Shutdown::new();
        let before = past.as_ref().map(Past::before).unwrap_or_default();
        let journal = Journal::here(Box::new(disk.clone()), before, &events, &shutdown);
        let opening = Opening {
            format: linkwalk::run::journal::FORMAT.to_owned(),
            kind: "journal".to_owned(),
            version: "0.1.0".to_owned(),
            run: RUN.to_owned(),
            command: "apply".to_owned(),
            deployment: config.deployment.clone(),
            at: Timestamp::now(),
            by: "me@here".to_owned(),
            pid: 1,
            resumed: past.is_some(),
            sandbox: true,
        };
        journal.open(opening).await.unwrap();
        let events = events.recorded(journal.recorder());
        events.send(EventKind::RunStarted {
            format: FORMAT.into(),
            version: "0.1.0".into(),
            command: "apply".to_owned(),
            deployment: config.deployment.clone(),
            started_at: Timestamp::now().to_string(),
            sandbox: true,
        });
        let keys = Sandbox::credentials(sandbox.world().operator());
        let sessions = Sessions::in_process(sandbox.http_client(), keys, SPEED, access(&config));
        let run =
            Run::new(config, sessions, events, shutdown, RUN.to_owned()).with_journal(journal);
        let plan = Arc::new(Mutex::new(kept.plan.clone()));
        Self { run: Arc::new(run), disk, plan, past }
    }

    /// As `apply --yes` and `apply --yes --resume` go about it.
    async fn walk(&self) -> BTreeMap<TargetId, Outcome> {
        let run = &self.run;
        let walk = discover(run).await.unwrap();
        let region = &run.config.organization.regions[0];
        let mut targets = walk.targets(&run.config);
        let targets: Vec<Arc<Target>> =
            walk.consumers().map(|account| targets.of(account, region)).collect();
        run.journal.scope(&targets);
        let saved = self.plan.lock().unwrap().clone();
        let (mut ended, plan) = match (&self.past, saved) {
            (Some(past), Some(saved)) => {
                let ended = past.ended_well();
                let left: Vec<_> =
                    targets.iter().filter(|one| !ended.contains_key(&one.id)).cloned().collect();
                let saved = Arc::new(SavedPlan::read(&saved).unwrap());
                let unanswered = past.unanswered.values().cloned().collect();
                let left = resume(run, &left, &saved, unanswered).await;
                assert!(left.moved.is_empty(), "{:#?}", left.moved);
                (ended, left.plan)
            }
            _ => (BTreeMap::new(), observe(run, &targets).await),
        };
        if run.journal.settle().await.is_err() {
            // As `apply` does: what cannot be recorded is not begun.
            return self.outcomes();
        }
        if self.plan.lock().unwrap().is_none() {
            *self.plan.lock().unwrap() = Some(saved_plan(&plan));
        }
        let mut work = BTreeMap::new();
        for target in &targets {
            let is_done = |plan: &TargetPlan| plan.actions.is_empty() && plan.pending.is_empty();
            let outcome = match (ended.get(&target.id), plan.targets.get(&target.id)) {
                (Some(outcome), _) => outcome.clone(),
                (_, Some(Planned::Ready(plan))) if is_done(plan) => Outcome::InSync,
                (_, Some(Planned::Ready(plan))) => {
                    work.insert(target.id.clone(), (Arc::clone(target), plan.clone()));
                    continue;
                }
                (_, other) => panic!("{other:?}"),
            };
            run.finish(target, outcome.clone());
            ended.insert(target.id.clone(), outcome);
        }
        execute(run, work).await;
        run.events.send(EventKind::RunFinished { exit_code: 0 });
        // Where there is no room, whoever asked is told so otherwise.
        run.journal.settle().await.ok();
        self.outcomes()
    }

    fn outcomes(&self) -> BTreeMap<TargetId, Outcome> {
        Past::read(&self.disk.0.lock().unwrap().0[..])
            .unwrap()
            .settled()
            .finished
            .into_iter()
            .map(|(target, finished)| (target, finished.outcome))
            .collect()
    }

    /// What is on disk after the process has ended in this way.
    fn kept(&self, draw: &mut fastrand::Rng) -> Kept {
        Kept { journal: self.disk.after_the_end(draw), plan: self.plan.lock().unwrap().clone() }
    }
}

fn saved_plan(plan: &Plan) -> String {
    let origin = Origin { run: RUN.to_owned(), sandbox: true, ..Origin::default() };
    let meta = PlanMeta {
        version: "0.1.0",
        deployment: "privatelink",
        created_at: "2026-11-23T02:45:01Z",
        origin: &origin,
        names: &BTreeMap::new(),
        course: &Course::default(),
        aim: &Purpose::default(),
        spared: Vec::new(),
        shard: None,
    };
    safe::json(&plan_json::document(plan, &meta)).unwrap()
}

/// Where the world comes to, and how long that takes.
struct Calm {
    ours: Vec<String>,
    creations: usize,
    took: Duration,
}

async fn calm() -> Calm {
    let sandbox = sandbox(World::from_scenario(SCENARIO).unwrap());
    let start = Instant::now();
    let outcomes = Attempt::begin(&sandbox, &Kept::default()).await.walk().await;
    let took = start.elapsed();
    assert_eq!(outcomes.len(), 3);
    assert!(outcomes.values().all(|outcome| *outcome == Outcome::Changed), "{outcomes:#?}");
    let ours = facts::ours(&sandbox.world());
    Calm { ours, creations: made(&sandbox), took }
}

/// Endpoints that were ever made.
fn made(sandbox: &Sandbox) -> usize {
    let calls = sandbox.calls();
    calls.iter().filter(|call| call.action == "CreateVpcEndpoint" && call.done()).count()
}

/// No call that changes something was sent without an intent on disk.
fn every_call_was_intended(sandbox: &Sandbox, kept: &Kept, before: usize) {
    let lines = std::str::from_utf8(&kept.journal).unwrap().lines().skip(before);
    let mut intended: BTreeMap<(String, String), usize> = BTreeMap::new();
    for line in lines {
        let Ok(line) = serde_json::from_str::<Value>(line) else { continue };
        if line["event"] == "intent" {
            let account = line["target"].as_str().unwrap()[..12].to_owned();
            let operation = line["operation"].as_str().unwrap().to_owned();
            *intended.entry((account, operation)).or_default() += 1;
        }
    }
    for call in sandbox.calls().iter().filter(|call| call.action == "CreateVpcEndpoint") {
        let left = intended.get_mut(&(call.account.clone(), call.action.clone()));
        let left = left.unwrap_or_else(|| panic!("{call:?}"));
        *left = left.checked_sub(1).unwrap_or_else(|| panic!("not intended: {call:?}"));
    }
}

/// Kills the run once or twice at drawn moments, then lets it end.
async fn killed_and_resumed(seed: u64, calm: &Calm) {
    let mut draw = fastrand::Rng::with_seed(seed);
    let mut kept = Kept::default();
    let mut world = World::from_scenario(SCENARIO).unwrap();
    for _ in 0..draw.u8(1..=2) {
        let sandbox = sandbox(world);
        let before = Past::read(&kept.journal[..])
            .map_or(0, |_| kept.journal.split(|byte| *byte == b'\n').count() - 1);
        let attempt = Attempt::begin(&sandbox, &kept).await;
        let moment = calm.took.mul_f64(draw.f64());
        tokio::select! {
            () = sleep(moment) => {}
            _ = attempt.walk() => {}
        }
        kept = attempt.kept(&mut draw);
        drop(attempt);
        // What was still running is gone before anybody looks.
        for _ in 0..10 {
            tokio::task::yield_now().await;
        }
        every_call_was_intended(&sandbox, &kept, before);
        world = sandbox.world();
    }
    let sandbox = sandbox(world);
    let last = Attempt::begin(&sandbox, &kept).await;
    let outcomes = last.walk().await;
    assert_eq!(outcomes.len(), 3);
    for (target, outcome) in &outcomes {
        let well = matches!(outcome, Outcome::Changed | Outcome::InSync);
        assert!(well, "seed {seed}: {target}: {outcome:#?}");
    }
    assert_eq!(facts::ours(&sandbox.world()), calm.ours, "seed {seed}");
    let kept = last.kept(&mut draw);
    let past = Past::read(&kept.journal[..]).unwrap();
    assert_eq!((past.end(), past.scope.len()), (End::Converged, 3));
    let text = String::from_utf8(kept.journal).unwrap();
    for secret in ["the-external-id", "sandbox-secret", "SessionToken", "Signature="] {
        assert!(!text.contains(secret), "{secret}");
    }
}

fn in_virtual_time(work: impl Future<Output = ()>) {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime.enable_all().start_paused(true).build().unwrap().block_on(work);
}

#[test]
fn killed_at_a_hundred_moments_and_resumed_it_converges_and_nothing_is_there_twice() {
    let next = AtomicU64::new(0);
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                in_virtual_time(async {
                    let calm = calm().await;
                    assert_eq!(calm.creations, 8);
                    loop {
                        let seed = next.fetch_add(1, Relaxed);
                        if seed >= 100 {
                            break;
                        }
                        killed_and_resumed(seed, &calm).await;
                    }
                });
            });
        }
    });
}

#[tokio::test(start_paused = true)]
async fn on_a_full_disk_nothing_is_sent_that_is_not_written_and_with_room_it_goes_on() {
    let calm = calm().await;
    let whole = {
        let sandbox = sandbox(World::from_scenario(SCENARIO).unwrap());
        let attempt = Attempt::begin(&sandbox, &Kept::default()).await;
        attempt.walk().await;
        attempt.disk.0.lock().unwrap().0.len()
    };
    let mut draw = fastrand::Rng::with_seed(1);
    for tenth in 1..=9 {
        let full = sandbox(World::from_scenario(SCENARIO).unwrap());
        let room = whole * tenth / 10;
        let attempt = Attempt::with_room(&full, &Kept::default(), room).await;
        attempt.walk().await;
        assert_eq!(attempt.run.shutdown.level(), Level::Drain, "{room}");
        assert!(attempt.run.journal.settle().await.unwrap_err().contains("storage"));
        let kept = attempt.kept(&mut draw);
        every_call_was_intended(&full, &kept, 0);
        assert!(made(&full) <= calm.creations, "{room}");
        let roomy = sandbox(full.world());
        let outcomes = Attempt::begin(&roomy, &kept).await.walk().await;
        for (target, outcome) in outcomes {
            assert!(
                matches!(outcome, Outcome::Changed | Outcome::InSync),
                "{target}: {outcome:#?}"
            );
        }
        assert_eq!(facts::ours(&roomy.world()), calm.ours, "{room}");
    }
}
