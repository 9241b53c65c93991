//! The real run, in process: discover, observe, execute over a sandbox, under tokio's paused clock and
//! without a socket. What the faults and the simulation are tested with.

pub(crate) mod facts;
pub(crate) mod tap;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use linkwalk::aws::Sessions;
use linkwalk::config::{self, Config};
use linkwalk::ids::TargetId;
use linkwalk::model::failure::Failure;
use linkwalk::plan::aim::Aim;
use linkwalk::plan::outcome::{Held, Outcome};
use linkwalk::plan::{Plan, Planned};
use linkwalk::report::event::{Event, EventKind, Events, Message};
use linkwalk::run::{Run, Target, access, discover, observe, roll_out};
use linkwalk::sandbox::{Call, FaultRule, Options, Sandbox, World};
use linkwalk::shutdown::{Level, Shutdown};
use tap::Tap;

/// How much faster than AWS's the sandbox keeps time: fewer polls to test, and nothing else.
const SPEED: f64 = 10.0;

/// A world, and what it should become.
#[derive(Clone)]
pub(crate) struct Rehearsal {
    pub(crate) sandbox: Sandbox,
    config: Config,
    aim: Aim,
    speed: f64,
}

/// What goes wrong on this side of the wire.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Mishap {
    /// The process ends at this call, before AWS has seen it or before its answer is read.
    pub(crate) crash: Option<tap::Crash>,
    /// Someone asks to stop after so many events.
    pub(crate) stop: Option<(usize, Level)>,
}

/// What a run came to.
#[derive(Debug)]
pub(crate) struct Ended {
    /// Every outcome that was told, by target; more than one for a target is a bug.
    pub(crate) outcomes: BTreeMap<TargetId, Vec<Outcome>>,
    /// The targets in scope, and the plan; an error where there was no walk.
    pub(crate) walked: Result<(Vec<TargetId>, Plan), Failure>,
    pub(crate) events: usize,
    /// Everything that was told, in its order.
    pub(crate) told: Vec<Event>,
    /// How often AWS asked to slow down.
    pub(crate) throttled: usize,
}

impl Rehearsal {
    /// A world about to be rolled out to.
    pub(crate) fn new(world: World, accounts_toml: &str, lag: bool) -> Self {
        let config = parsed(accounts_toml);
        Self { sandbox: sandbox(world, lag), config, aim: Aim::default(), speed: SPEED }
    }

    /// A sandbox that is as fast as AWS, and otherwise behaves as it is told.
    pub(crate) fn at_awss_speed(world: World, accounts_toml: &str, options: &Options) -> Self {
        let options = Options { speed: 1.0, ..options.clone() };
        let sandbox = Sandbox::new(world, options);
        Self { sandbox, config: parsed(accounts_toml), aim: Aim::default(), speed: 1.0 }
    }

    /// The same for something else than all of accounts.toml.
    pub(crate) fn aiming(self, aim: Aim) -> Self {
        Self { aim, ..self }
    }

    /// The same world, as it is now, with other faults and an empty log.
    pub(crate) fn again(&self, faults: Vec<FaultRule>) -> Self {
        let mut world = self.sandbox.world();
        world.set_faults(faults);
        let (config, aim) = (self.config.clone(), self.aim.clone());
        Self { sandbox: sandbox(world, false), config, aim, speed: SPEED }
    }

    /// `apply --yes`; `None` where the process crashed.
    pub(crate) async fn apply(&self, mishap: Mishap) -> Option<Ended> {
        self.run(mishap, true).await
    }

    /// `plan`.
    pub(crate) async fn plan(&self) -> Plan {
        let ended = self.run(Mishap::default(), false).await.unwrap();
        ended.walked.unwrap().1
    }

    /// `plan`, with all that was told.
    pub(crate) async fn look(&self) -> Ended {
        self.run(Mishap::default(), false).await.unwrap()
    }

    async fn run(&self, mishap: Mishap, go: bool) -> Option<Ended> {
        let (events, mut receiver) = Events::channel();
        let shutdown = Shutdown::new();
        let tap = Tap::new(self.sandbox.http_client(), mishap.crash);
        let keys = Sandbox::credentials(self.sandbox.world().operator());
        let sessions =
            Sessions::in_process(tap.http_client(), keys, self.speed, access(&self.config));
        let id = format!("{}", self.sandbox.call_count());
        let run = Run::new(self.config.clone(), sessions, events, shutdown.clone(), id)
            .aiming(self.aim.clone());
        let listener = tokio::spawn(async move {
            let mut seen = Vec::new();
            while let Some(message) = receiver.recv().await {
                let Message::Event(event) = message else { continue };
                seen.push(*event);
                if let Some((_, level)) = mishap.stop.filter(|(after, _)| *after == seen.len()) {
                    shutdown.request(level);
                }
            }
            seen
        });
        let walked = tokio::select! {
            () = tap.crashed() => return None,
            walked = walk(Arc::new(run), go) => walked,
        };
        let seen = listener.await.unwrap();
        let throttled = |event: &&Event| matches!(event.kind, EventKind::Throttled { .. });
        let (events, throttled) = (seen.len(), seen.iter().filter(throttled).count());
        let mut outcomes: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for event in &seen {
            if let EventKind::TargetFinished { target, outcome, .. } = &event.kind {
                outcomes.entry(target.clone()).or_default().push(outcome.clone());
            }
        }
        Some(Ended { outcomes, walked, events, told: seen, throttled })
    }

    /// Every target in scope has exactly one outcome in what was told, and those said to be right are.
    pub(crate) async fn was_told_truly(&self, ended: &Ended) {
        let Ok((scope, _)) = &ended.walked else { return };
        let told: BTreeSet<_> = ended.outcomes.keys().collect();
        assert_eq!(told, scope.iter().collect(), "every target in scope, and no other");
        let plan = self.again(Vec::new()).plan().await;
        for (target, outcomes) in &ended.outcomes {
            assert_eq!(outcomes.len(), 1, "{target}: {outcomes:?}");
            if matches!(outcomes[0], Outcome::Changed | Outcome::InSync) {
                let Planned::Ready(plan) = &plan.targets[target] else { panic!("{target}") };
                assert!(plan.is_in_sync() && plan.pending.is_empty(), "{target}: {plan:#?}");
            }
        }
    }

    /// Every call so far, having looked that none was out of place.
    pub(crate) fn calls(&self) -> Vec<Call> {
        let unknown = self.sandbox.unknown();
        assert!(unknown.is_empty(), "the sandbox was asked what it does not know: {unknown:#?}");
        let calls = self.sandbox.calls();
        let root = self.sandbox.world().operator().to_owned();
        for call in &calls {
            let is_entered = call.account == root && call.service == "ec2";
            assert!(!is_entered, "the shared root was entered: {call:?}");
        }
        calls
    }
}

fn parsed(accounts_toml: &str) -> Config {
    let parsed = config::parse("test".to_owned(), accounts_toml.to_owned(), Path::new(""));
    parsed.unwrap_or_else(|wrong| panic!("{}", wrong.render(false)))
}

fn sandbox(world: World, lag: bool) -> Sandbox {
    let lag = std::time::Duration::from_secs(if lag { 15 } else { 0 });
    let options = Options { speed: SPEED, describe_lag: lag, ..Options::at(Timestamp::now()) };
    Sandbox::new(world, options)
}

/// The commands' own order of things.
async fn walk(run: Arc<Run>, go: bool) -> Result<(Vec<TargetId>, Plan), Failure> {
    run.sessions.caller().await?;
    let walk = discover(&run).await?;
    let regions = &run.config.organization.regions;
    let mut targets = walk.targets(&run.config);
    let targets: Vec<Arc<Target>> = walk
        .consumers()
        .flat_map(|account| regions.iter().map(move |region| (account, region)))
        .map(|(account, region)| targets.of(account, region))
        .collect();
    let plan = observe(&run, &targets).await;
    if go {
        carry_out(&run, &targets, &plan).await;
    }
    Ok((targets.iter().map(|target| target.id.clone()).collect(), plan))
}

/// As `apply --yes` ends every target.
async fn carry_out(run: &Arc<Run>, targets: &[Arc<Target>], plan: &Plan) {
    let (mut work, mut ended) = (BTreeMap::new(), Vec::new());
    for target in targets {
        let outcome = match plan.targets.get(&target.id) {
            None => Outcome::NotStarted { held: Held::interrupted() },
            Some(Planned::Unreachable { failure }) => {
                Outcome::Unreachable { failure: failure.clone() }
            }
            Some(Planned::Ready(plan)) if !plan.actions.is_empty() || !plan.pending.is_empty() => {
                work.insert(target.id.clone(), (Arc::clone(target), plan.clone()));
                continue;
            }
            Some(Planned::Ready(plan)) if plan.blocked.is_empty() => Outcome::InSync,
            Some(Planned::Ready(plan)) => {
                Outcome::Diverged { blocked: plan.blocked.clone(), left: Vec::new() }
            }
        };
        run.finish(target, outcome.clone());
        ended.push((Arc::clone(target), outcome));
    }
    if !work.is_empty() {
        roll_out(run, work, &ended, None).await;
    }
}
