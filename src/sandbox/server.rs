//! The sandbox itself: a world, a clock, and `handle(request) -> response`.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;

use super::asked::{self, Asked};
use super::auth::keys::{operator_key, secret_of};
use super::breakage::{self, Breakage};
use super::catalogue::Catalogue;
use super::clock::{Clock, Now};
use super::dice::Dice;
use super::dispatch::{Outcome, Turn};
use super::load::bucket::Buckets;
use super::load::faults::FaultRule;
use super::load::log::{Call, Log, Tallies};
use super::options::Options;
use super::wire::message::{Cut, Request, Response};
use super::wire::protocol::{Service, accept, in_form_of, refuse};
use super::wire::refusal::Refusal;
use super::world::World;
use super::world::store::StoreError;
use super::world::topic::Published;

/// An AWS that fits in memory. Clones are the same sandbox.
#[derive(Debug, Clone)]
pub struct Sandbox(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    options: Options,
    clock: Clock,
    seed: u64,
    /// The world's own list of services, where it has one.
    catalogue: Option<Catalogue>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    world: World,
    buckets: Buckets,
    log: Log,
}

/// A response and how much later than usual it comes.
struct Handled {
    response: Result<Response, Cut>,
    delay: Duration,
}

impl Sandbox {
    /// A sandbox over a world.
    pub fn new(world: World, options: Options) -> Self {
        let saved = Now { wall: world.wall, sim: world.sim };
        let clock = Clock::start(options.started, saved, options.speed);
        let log = Log::new(options.log_capacity);
        let seed = world.seed;
        let catalogue = (!world.services.is_empty()).then(|| Catalogue::of(&world.services));
        let state = Mutex::new(State { world, buckets: Buckets::default(), log });
        Self(Arc::new(Shared { options, clock, seed, catalogue, state }))
    }

    /// Answers a request at once, without latency and without the delay of a fault.
    pub fn handle(&self, request: &Request) -> Result<Response, Cut> {
        self.turn(request).response
    }

    /// Answers a request after the time it takes.
    pub async fn answer(&self, request: &Request) -> Result<Response, Cut> {
        let latency = self.latency();
        sleep(latency / 2).await;
        let handled = self.turn(request);
        sleep(latency / 2 + handled.delay).await;
        handled.response
    }

    /// The log of calls, the last ones if there were many.
    pub fn calls(&self) -> Vec<Call> {
        self.state().log.calls()
    }

    /// How many calls there were.
    pub fn call_count(&self) -> u64 {
        self.state().log.count()
    }

    /// All calls since the beginning, by service and action.
    pub fn tallies(&self) -> Tallies {
        self.state().log.tallies().clone()
    }

    /// When each interface endpoint was made here, and how long it takes until it is available, or has
    /// failed, by account and region: as it was drawn when it was made, in simulated time.
    pub fn drawn(&self) -> BTreeMap<(String, String), Vec<(Duration, Duration)>> {
        let state = self.state();
        let mut all = BTreeMap::new();
        for account in state.world.accounts.values() {
            for (name, region) in
                account.regions.iter().filter(|(_, region)| !region.drawn.is_empty())
            {
                let time = |ms: i64| Duration::from_millis(ms.unsigned_abs());
                let times = region.drawn.iter().map(|(at, takes)| (time(*at), time(*takes)));
                all.insert((account.id.clone(), name.clone()), times.collect());
            }
        }
        all
    }

    /// What the sandbox was asked for and does not know: a test asserts that this is empty.
    pub fn unknown(&self) -> Vec<String> {
        self.state().log.unknowns()
    }

    /// What was published to a topic, the last messages if there were many; none if there is no topic.
    pub fn published(&self, topic: &str) -> Option<Vec<Published>> {
        self.state().world.topics.get(topic).map(|topic| topic.messages.clone())
    }

    /// The world as it is now.
    pub fn world(&self) -> World {
        let now = self.0.clock.now();
        let mut state = self.state();
        state.world.advance(now.sim);
        state.world.wall = now.wall;
        state.world.clone()
    }

    /// Saves the world as it is now.
    pub fn save(&self, path: &Path) -> Result<(), StoreError> {
        let now = self.0.clock.now();
        let mut state = self.state();
        state.world.advance(now.sim);
        state.world.wall = now.wall;
        state.world.save(path)
    }

    /// Adds a fault to those of the world.
    pub fn add_fault(&self, rule: FaultRule) {
        self.state().world.faults.push(rule);
    }

    /// Breaks one thing that carries `tag` (a key and a value), chosen by `seed`; answers with what was broken,
    /// in words for people, or nothing if there is nothing to break.
    pub fn break_something(&self, seed: u64, tag: (&str, &str)) -> Option<String> {
        self.break_named(None, seed, tag)
    }

    /// Breaks one thing in the given way.
    pub fn break_named(
        &self,
        how: Option<Breakage>,
        seed: u64,
        tag: (&str, &str),
    ) -> Option<String> {
        let now = self.0.clock.now();
        let mut state = self.state();
        state.world.advance(now.sim);
        breakage::apply(&mut state.world, how, seed, tag)
    }

    /// Access key and secret of an account's operator, an administrator.
    pub fn credentials(account: &str) -> (String, String) {
        let key = operator_key(account);
        let secret = secret_of(&key);
        (key, secret)
    }

    /// The environment with which an AWS client works in the sandbox at `url`, as the management account.
    pub fn environment(&self, url: &str) -> Vec<(&'static str, String)> {
        let state = self.state();
        let (key, secret) = Self::credentials(&state.world.operator);
        vec![
            ("AWS_ENDPOINT_URL", url.to_owned()),
            ("AWS_ACCESS_KEY_ID", key),
            ("AWS_SECRET_ACCESS_KEY", secret),
            ("AWS_REGION", state.world.home.clone()),
            ("AWS_DEFAULT_REGION", state.world.home.clone()),
            ("AWS_EC2_METADATA_DISABLED", "true".to_owned()),
        ]
    }

    /// How many real seconds a simulated one takes.
    pub fn real_seconds(&self, simulated: f64) -> f64 {
        self.0.clock.real_seconds(simulated)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn latency(&self) -> Duration {
        let (least, most) = self.0.options.latency;
        if most.is_zero() {
            return Duration::ZERO;
        }
        let count = self.state().log.count().to_string();
        let share = Dice::new(self.0.seed, &["latency", &count]).unit();
        least + most.saturating_sub(least).mul_f64(share)
    }

    fn turn(&self, request: &Request) -> Handled {
        let now = self.0.clock.now();
        let mut guard = self.state();
        let state = &mut *guard;
        let sequence = state.log.next();
        let request_id = Dice::new(self.0.seed, &["request", &sequence.to_string()]).uuid();
        let (service, read) = asked::read(request);
        let mut delay = Duration::ZERO;
        let (asked, outcome) = match read {
            Err(refusal) => (None, Outcome::Refused(refusal)),
            Ok(asked) => {
                let mut turn = Turn {
                    world: &mut state.world,
                    buckets: &mut state.buckets,
                    options: &self.0.options,
                    catalogue: self.0.catalogue.as_ref().unwrap_or_else(|| Catalogue::embedded()),
                    now,
                    delay: Duration::ZERO,
                };
                let outcome = turn.run(&asked, request);
                delay = turn.delay;
                (Some(asked), outcome)
            }
        };
        record(&mut state.log, sequence, now, service, asked.as_ref(), &outcome);
        let action = asked.map(|asked| asked.action).unwrap_or_default();
        let response = match outcome {
            Outcome::Answered(answer) => Ok(accept(service, &action, answer, &request_id)),
            Outcome::Refused(refusal) => Ok(refuse(service, &refusal, &request_id)),
            Outcome::Cut | Outcome::Lost => Err(Cut),
        };
        let date = http_date(now.wall + state.world.clock_skew_seconds * 1000);
        let response = response.map(|mut response| {
            response.headers.push(("date", date));
            in_form_of(request, response)
        });
        Handled { response, delay }
    }
}

/// `Sun, 22 Nov 2026 10:20:30 GMT`, the time of an answer.
fn http_date(wall: i64) -> String {
    let stamp = Timestamp::from_millisecond(wall).unwrap_or(Timestamp::UNIX_EPOCH);
    stamp.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

/// What is said to a request that is larger than any AWS takes.
pub(crate) fn too_large() -> Response {
    let message = "Request exceeds the size limit.";
    refuse(Service::Ec2, &Refusal::new("RequestEntityTooLarge", message), "too-large")
}

fn record(
    log: &mut Log,
    sequence: u64,
    now: Now,
    service: Service,
    asked: Option<&Asked>,
    outcome: &Outcome,
) {
    let text = |part: fn(&Asked) -> &String| asked.map(part).cloned().unwrap_or_default();
    let action = text(|asked| &asked.action);
    if let Outcome::Refused(refusal) = outcome
        && refusal.unknown
    {
        log.unknown(format!("{}:{action}: {}: {}", service.name(), refusal.code, refusal.message));
    }
    log.call(Call {
        sequence,
        account: text(|asked| &asked.account),
        region: text(|asked| &asked.region),
        service: service.name().to_owned(),
        mutating: asked.is_some_and(Asked::mutating),
        action,
        outcome: match outcome {
            Outcome::Answered(_) => "OK".to_owned(),
            Outcome::Refused(refusal) => refusal.code.to_string(),
            Outcome::Cut => "Cut".to_owned(),
            Outcome::Lost => "Lost".to_owned(),
        },
        at: now.sim,
    });
}

async fn sleep(time: Duration) {
    if !time.is_zero() {
        tokio::time::sleep(time).await;
    }
}
