//! One limiter per region over the whole run, for the calls that create, change and delete endpoints.
//!
//! "API requests are also throttled at the organization level"
//! (<https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-limits-endpoints.html>): AWS has a bucket that
//! all accounts share, and does not say how large it is. So it is found. The rate begins high and grows
//! fast, and costs nothing where that bucket does not bind. Once several accounts are throttled together
//! it is cut, and from then on it grows by addition and is cut by multiplication, as in TCP. Between two
//! moments at which the bucket was empty AWS took exactly as many calls as were refilled: that measure,
//! and not a guess, is what the rate is cut back to.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::ids::AccountId;

/// Calls per second at the beginning; doubled every second as long as nobody is throttled.
const FIRST_RATE: f64 = 100.0;
/// Faster than anybody sends.
const FASTEST: f64 = 10_000.0;
/// Slower than any bucket.
const SLOWEST: f64 = 0.05;
/// What a cut leaves of the measured rate; what is not sent meanwhile is saved in AWS's bucket.
const CUT: f64 = 0.9;
/// What the first cut leaves: until then nothing was known, and the rate may be far too high.
const FIRST_CUT: f64 = 0.1;
/// What a cut leaves when it comes too soon after another for a measure.
const HURRIED_CUT: f64 = 0.5;
/// Fewer calls than this are no measure of a rate.
const MEASURABLE: f64 = 5.0;
/// Seconds, and calls, after a cut until the rate is again what it was cut from.
const RECOVERY: (f64, f64) = (15.0, 100.0);
/// Seconds within which two accounts are throttled for the same reason.
const TOGETHER: f64 = 10.0;
/// How far calls may run ahead of the rate's even spacing, in seconds: the clock's steps are coarse.
const SLACK: f64 = 0.05;

/// How soon a call should go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Urgency {
    /// Something has to be waited for once it is sent.
    Soon,
    /// Nothing waits for it: it goes when no other call wants to.
    Last,
}

/// Leave to send one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Pass {
    /// How often the rate had been cut when it was given.
    cuts: u64,
}

/// The limiter of one region.
#[derive(Debug)]
pub(super) struct Limiter {
    speed: f64,
    state: Mutex<State>,
    /// Who waits, in the order of arrival: one line for each [`Urgency`].
    soon: tokio::sync::Mutex<()>,
    last: tokio::sync::Mutex<()>,
    waiting_soon: AtomicUsize,
}

#[derive(Debug)]
struct State {
    /// Calls per second now.
    rate: f64,
    /// What the rate was cut from; none before the first cut.
    known: Option<f64>,
    /// By how much the rate grows each second up to what is known.
    recovery: f64,
    /// When the rate was last brought up to date.
    grown: Instant,
    /// When the next call may go.
    next: Instant,
    cuts: u64,
    /// Since the last cut, or the beginning.
    since: Instant,
    accepted: f64,
    /// The accounts that were throttled lately, and when.
    throttled: VecDeque<(AccountId, Instant)>,
}

impl Limiter {
    /// One that knows nothing yet. `speed` is how many of AWS's seconds pass in one of ours.
    pub(super) fn new(speed: f64) -> Self {
        let now = Instant::now();
        let state = State {
            rate: FIRST_RATE,
            known: None,
            recovery: 0.0,
            grown: now,
            next: now,
            cuts: 0,
            since: now,
            accepted: 0.0,
            throttled: VecDeque::new(),
        };
        Self {
            speed,
            state: Mutex::new(state),
            soon: tokio::sync::Mutex::default(),
            last: tokio::sync::Mutex::default(),
            waiting_soon: AtomicUsize::new(0),
        }
    }

    /// Waits for leave to send one call. Whoever gives up waiting loses the place in the line.
    pub(super) async fn pass(&self, urgency: Urgency) -> Pass {
        let _counted = (urgency == Urgency::Soon).then(|| Counted::one(&self.waiting_soon));
        let _first = match urgency {
            Urgency::Soon => self.soon.lock().await,
            Urgency::Last => self.last.lock().await,
        };
        loop {
            let yields = urgency == Urgency::Last && self.waiting_soon.load(Relaxed) > 0;
            let wait = match self.take(yields) {
                Ok(pass) => return pass,
                Err(wait) => wait,
            };
            sleep(wait).await;
        }
    }

    /// Whether a pass was given at the rate of now, and not before a cut.
    pub(super) fn is_fresh(&self, pass: Pass) -> bool {
        self.state().cuts == pass.cuts
    }

    /// AWS took a call.
    pub(super) fn accepted(&self) {
        self.state().accepted += 1.0;
    }

    /// AWS throttled a call in this account.
    pub(super) fn throttled(&self, pass: Pass, account: &AccountId) {
        let now = Instant::now();
        let mut state = self.state();
        if pass.cuts != state.cuts {
            // It was sent at a rate that is cut already.
            return;
        }
        // One account alone is throttled because of its own bucket: somebody else works there too. That
        // must not slow down the others.
        let together = TOGETHER.max(10.0 / state.rate);
        let lately = |at: Instant| (now - at).as_secs_f64() * self.speed <= together;
        state.throttled.retain(|(_, at)| lately(*at));
        let alone = state.throttled.iter().all(|(other, _)| other == account);
        if alone {
            state.throttled.push_back((account.clone(), now));
            state.throttled.truncate(1);
            return;
        }
        let seconds = (now - state.since).as_secs_f64() * self.speed;
        state.cut(seconds, now);
        state.next = now + self.interval(state.rate);
    }

    fn take(&self, yields: bool) -> Result<Pass, Duration> {
        let now = Instant::now();
        let mut state = self.state();
        let seconds = (now - state.grown).as_secs_f64() * self.speed;
        state.grow(seconds, now);
        let interval = self.interval(state.rate);
        if yields {
            return Err(interval.max(Duration::from_millis(1)));
        }
        if state.next > now {
            return Err(state.next - now);
        }
        let slack = Duration::from_secs_f64(SLACK / self.speed);
        let earliest = now.checked_sub(slack).unwrap_or(now);
        state.next = state.next.max(earliest) + interval;
        Ok(Pass { cuts: state.cuts })
    }

    fn interval(&self, rate: f64) -> Duration {
        Duration::from_secs_f64(1.0 / (rate * self.speed))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// A rate that nobody uses does not grow, so each look counts for a second or two calls at most.
    fn grow(&mut self, seconds: f64, now: Instant) {
        self.grown = now;
        let seconds = seconds.min(f64::max(1.0, 2.0 / self.rate));
        self.rate = match self.known {
            None => self.rate * seconds.exp2(),
            Some(known) if self.rate < known => self.rate + self.recovery * seconds,
            Some(known) if self.rate < known * 1.2 => {
                self.rate + known * (1.0 - CUT) / recovery_seconds(known) * seconds
            }
            // Nobody is throttled any more far beyond what was known: the bucket has become larger.
            Some(_) => self.rate * (0.1 * seconds).exp(),
        };
        self.rate = self.rate.min(FASTEST);
    }

    /// `seconds` since the last cut.
    fn cut(&mut self, seconds: f64, now: Instant) {
        let measured = seconds >= 1.0 && self.accepted >= MEASURABLE;
        let from = if measured { self.rate.min(self.accepted / seconds) } else { self.rate };
        // What was taken before the first cut was saved up in the bucket, too.
        let left = match (self.known, measured) {
            (None, _) => FIRST_CUT,
            (Some(_), false) => HURRIED_CUT,
            (Some(_), true) => CUT,
        };
        self.rate = (from * left).max(SLOWEST);
        self.known = Some(from);
        self.recovery = (from - self.rate).max(0.0) / recovery_seconds(from);
        self.grown = now;
        self.since = now;
        self.accepted = 0.0;
        self.cuts += 1;
        self.throttled.clear();
    }
}

fn recovery_seconds(rate: f64) -> f64 {
    let (seconds, calls) = RECOVERY;
    seconds.max(calls / rate)
}

/// One of those who are counted, for as long as it lives.
struct Counted<'a>(&'a AtomicUsize);

impl<'a> Counted<'a> {
    fn one(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Relaxed);
        Self(count)
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tokio::task::JoinSet;

    use super::*;

    /// A bucket as AWS's, of the whole organization.
    struct Shared {
        capacity: f64,
        refill: f64,
        state: Mutex<(f64, Instant)>,
    }

    impl Shared {
        fn new(capacity: f64, refill: f64) -> Arc<Self> {
            let state = Mutex::new((capacity, Instant::now()));
            Arc::new(Self { capacity, refill, state })
        }

        fn takes_one(&self) -> bool {
            let mut state = self.state.lock().unwrap();
            let now = Instant::now();
            let tokens = state.0 + (now - state.1).as_secs_f64() * self.refill;
            let tokens = tokens.min(self.capacity);
            *state = if tokens >= 1.0 { (tokens - 1.0, now) } else { (tokens, now) };
            tokens >= 1.0
        }
    }

    fn account(number: usize) -> AccountId {
        format!("{number:012}").parse().unwrap()
    }

    /// `accounts` each send `calls` of them, and try again what is throttled; how long that takes, and
    /// how many calls were throttled.
    async fn race(
        accounts: usize,
        calls: usize,
        latency: u64,
        shared: &Arc<Shared>,
    ) -> (f64, usize) {
        let limiter = Arc::new(Limiter::new(1.0));
        let throttled = Arc::new(AtomicUsize::new(0));
        let start = Instant::now();
        let mut all = JoinSet::new();
        for number in 0..accounts {
            let (limiter, shared) = (Arc::clone(&limiter), Arc::clone(shared));
            let throttled = Arc::clone(&throttled);
            all.spawn(async move {
                let account = account(number);
                let mut left = calls;
                while left > 0 {
                    let pass = limiter.pass(Urgency::Soon).await;
                    sleep(Duration::from_millis(latency / 2)).await;
                    let taken = shared.takes_one();
                    sleep(Duration::from_millis(latency / 2)).await;
                    if taken {
                        limiter.accepted();
                        left -= 1;
                    } else {
                        limiter.throttled(pass, &account);
                        throttled.fetch_add(1, Relaxed);
                        sleep(Duration::from_secs(3)).await;
                    }
                }
            });
        }
        all.join_all().await;
        (start.elapsed().as_secs_f64(), throttled.load(Relaxed))
    }

    #[tokio::test(start_paused = true)]
    async fn where_no_bucket_is_shared_it_costs_seconds() {
        let boundless = Shared::new(1e9, 1e9);
        for (accounts, most) in [(10, 1.0), (1_000, 7.0), (5_000, 10.0)] {
            let (seconds, throttled) = race(accounts, 7, 100, &boundless).await;
            assert!(seconds < most && throttled == 0, "{accounts} accounts: {seconds} s");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_shared_bucket_of_any_size_is_found_and_used_up() {
        let (accounts, calls) = (600, 4_200.0);
        for capacity in [1_u32, 100, 1_000] {
            for refill in [0.5, 10.0, 200.0] {
                for latency in [20, 200] {
                    let shared = Shared::new(f64::from(capacity), refill);
                    let (seconds, throttled) = race(accounts, 7, latency, &shared).await;
                    let bound = (calls - f64::from(capacity)) / refill;
                    let told = format!(
                        "bucket {capacity} + {refill}/s, {latency} ms: {seconds:.0} s, bound \
                         {bound:.0} s, {throttled} of {calls} throttled"
                    );
                    // The seconds it takes to find the bucket count only where the whole race is short.
                    assert!(seconds < bound * 1.2 + 20.0, "{told}");
                    assert!(throttled < 300, "{told}");
                }
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn one_account_that_is_throttled_alone_slows_down_nobody() {
        let limiter = Limiter::new(1.0);
        let before = limiter.state().rate;
        for _ in 0..50 {
            let pass = limiter.pass(Urgency::Soon).await;
            limiter.throttled(pass, &account(1));
            sleep(Duration::from_secs(3)).await;
        }
        assert!(limiter.state().rate >= before);
        let pass = limiter.pass(Urgency::Soon).await;
        limiter.throttled(pass, &account(1));
        limiter.throttled(pass, &account(2));
        assert!(!limiter.is_fresh(pass));
    }

    #[tokio::test(start_paused = true)]
    async fn what_nobody_waits_for_goes_last() {
        let limiter = Arc::new(Limiter::new(1.0));
        let order = Arc::new(Mutex::new(Vec::new()));
        let mut all = JoinSet::new();
        for urgency in [Urgency::Last, Urgency::Last, Urgency::Soon, Urgency::Soon] {
            let (limiter, order) = (Arc::clone(&limiter), Arc::clone(&order));
            all.spawn(async move {
                // All arrive before the first is let through.
                limiter.state().next = Instant::now() + Duration::from_secs(1);
                limiter.pass(urgency).await;
                order.lock().unwrap().push(urgency);
            });
        }
        all.join_all().await;
        let (soon, last) = (Urgency::Soon, Urgency::Last);
        assert_eq!(*order.lock().unwrap(), [soon, soon, last, last]);
    }
}
