//! Whose turn it is: leave to send the calls that EC2 throttles hardest.

use std::sync::Arc;

use tokio::time::sleep;

use super::limiter::{Limiter, Pass, Urgency};
use super::pace::{self, Buckets, Rate};
use crate::ids::TargetId;

/// The calls that EC2 throttles hardest; each has a bucket of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mutation {
    /// `CreateVpcEndpoint`
    CreateEndpoint,
    /// `ModifyVpcEndpoint`
    ModifyEndpoint,
    /// `DeleteVpcEndpoints`
    DeleteEndpoint,
}

impl Mutation {
    fn bucket(self) -> (&'static str, Rate) {
        let action = match self {
            Self::CreateEndpoint => "CreateVpcEndpoint",
            Self::ModifyEndpoint => "ModifyVpcEndpoint",
            Self::DeleteEndpoint => "DeleteVpcEndpoints",
        };
        (action, pace::ec2(action, false))
    }
}

/// The pace of one target: its account's own buckets in the region, and the limiter that all accounts
/// share there. Waiting for it needs no client and no connection.
#[derive(Debug)]
pub struct Pace {
    target: TargetId,
    buckets: Arc<Buckets>,
    limiter: Arc<Limiter>,
    /// How often in a row AWS has throttled this target's mutations.
    refusals: u32,
}

/// Leave to send one mutating call. It goes stale when others are throttled before it is used.
#[derive(Debug, Clone, Copy)]
pub struct Permit {
    mutation: Mutation,
    pass: Pass,
}

impl Pace {
    pub(super) fn new(target: TargetId, buckets: Arc<Buckets>, limiter: Arc<Limiter>) -> Self {
        Self { target, buckets, limiter, refusals: 0 }
    }

    /// Waits until AWS will take one more call of this kind. The token itself is taken by the call.
    pub async fn turn(&self, mutation: Mutation, urgency: Urgency) -> Permit {
        let (action, rate) = mutation.bucket();
        loop {
            let wait = self.buckets.ready_in(action, rate);
            if wait.is_zero() {
                break;
            }
            sleep(wait).await;
        }
        Permit { mutation, pass: self.limiter.pass(urgency).await }
    }

    /// Whether leave given some time ago may still be used.
    pub fn is_fresh(&self, permit: Permit) -> bool {
        self.limiter.is_fresh(permit.pass)
    }

    /// AWS answered a call, and did not throttle it.
    pub fn accepted(&mut self) {
        self.refusals = 0;
        self.limiter.accepted();
    }

    /// AWS throttled a call: the next one waits for longer, and so do others where more accounts are
    /// throttled than this one.
    pub fn throttled(&mut self, permit: Permit) {
        self.refusals += 1;
        let (action, rate) = permit.mutation.bucket();
        self.buckets.empty(action, rate, self.refusals);
        self.limiter.throttled(permit.pass, &self.target.account);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::time::Duration;

    use tokio::task::JoinSet;
    use tokio::time::Instant;

    use super::*;
    use crate::ids::Region;

    /// An organization's bucket: its tokens, when they were counted, and what was taken of it when.
    struct Organization {
        size: f64,
        per_second: f64,
        tokens: Mutex<(f64, Instant)>,
        throttled: Mutex<usize>,
        /// What followed each creation that was taken, in order.
        taken: Mutex<Vec<Duration>>,
    }

    impl Organization {
        fn takes(&self, followed_by: Duration) -> bool {
            let mut tokens = self.tokens.lock().unwrap();
            let now = Instant::now();
            let refilled = tokens.0 + (now - tokens.1).as_secs_f64() * self.per_second;
            let full = refilled.min(self.size);
            let is_taken = full >= 1.0;
            *tokens = (if is_taken { full - 1.0 } else { full }, now);
            if is_taken {
                self.taken.lock().unwrap().push(followed_by);
            } else {
                *self.throttled.lock().unwrap() += 1;
            }
            is_taken
        }

        /// When AWS would have let the last of them be over, in the order in which they were taken and with
        /// those that nothing follows at the end.
        fn bound(&self) -> Duration {
            let mut taken = self.taken.lock().unwrap().clone();
            taken.sort_by_key(Duration::is_zero);
            let tokens = (1_u32..).map(|call| (f64::from(call) - self.size).max(0.0));
            let over = taken.iter().zip(tokens).map(|(followed_by, missing)| {
                Duration::from_secs_f64(missing / self.per_second) + *followed_by
            });
            over.max().unwrap_or_default()
        }
    }

    /// How long an interface endpoint takes: lognormal, 75 seconds in the middle and one in a hundred more
    /// than five minutes.
    fn pending(dice: &mut fastrand::Rng) -> Duration {
        let normal =
            (-2.0 * (1.0 - dice.f64()).ln()).sqrt() * (std::f64::consts::TAU * dice.f64()).cos();
        Duration::from_secs_f64((75.0 * (0.596 * normal).exp()).clamp(20.0, 600.0))
    }

    /// One account's seven endpoints, one after another, as the executor goes about it.
    async fn account(number: u64, limiter: Arc<Limiter>, organization: Arc<Organization>) {
        let mut dice = fastrand::Rng::with_seed(number);
        let target = TargetId {
            account: format!("{number:012}").parse().unwrap(),
            region: Region::new("eu-west-1"),
        };
        let buckets = Arc::new(Buckets::new(1.0));
        let mut pace = Pace::new(target, Arc::clone(&buckets), limiter);
        let (action, rate) = Mutation::CreateEndpoint.bucket();
        let mut over = Instant::now();
        for endpoint in 0..7 {
            let gateway = endpoint == 6;
            let (urgency, takes) = if gateway {
                (Urgency::Last, Duration::ZERO)
            } else {
                (Urgency::Soon, pending(&mut dice))
            };
            loop {
                let permit = pace.turn(Mutation::CreateEndpoint, urgency).await;
                if !pace.is_fresh(permit) {
                    continue;
                }
                sleep(buckets.take(action, rate)).await;
                sleep(Duration::from_millis(dice.u64(15..75))).await;
                let made = Instant::now();
                let is_taken = organization.takes(takes);
                sleep(Duration::from_millis(dice.u64(15..75))).await;
                if is_taken {
                    pace.accepted();
                    over = over.max(made + takes);
                    break;
                }
                pace.throttled(permit);
            }
        }
        tokio::time::sleep_until(over).await;
    }

    #[tokio::test(start_paused = true)]
    async fn through_a_bucket_of_any_shape_a_rollout_takes_a_quarter_longer_than_it_must_at_most() {
        for (accounts, size, per_second) in [
            (1_000_u32, 20.0, 10.0),
            (1_000, 100.0, 5.0),
            (1_000, 200.0, 2.0),
            (1_000, 1_000.0, 50.0),
            (1_000, 10.0, 100.0),
            (300, 40.0, 1.0),
            (300, 1.0, 5.0),
            (40, 20.0, 0.22),
            (20, 4.0, 0.1),
        ] {
            let limiter = Arc::new(Limiter::new(1.0));
            let organization = Arc::new(Organization {
                size,
                per_second,
                tokens: Mutex::new((size, Instant::now())),
                throttled: Mutex::default(),
                taken: Mutex::default(),
            });
            let start = Instant::now();
            let mut all = JoinSet::new();
            for number in 0..accounts {
                all.spawn(account(number.into(), Arc::clone(&limiter), Arc::clone(&organization)));
            }
            all.join_all().await;
            let (took, bound) = (start.elapsed(), organization.bound());
            let (ratio, throttled) =
                (took.as_secs_f64() / bound.as_secs_f64(), *organization.throttled.lock().unwrap());
            let told = format!(
                "{accounts} accounts, bucket {size} + {per_second}/s: {took:.0?}, bound {bound:.0?}, \
                 ratio {ratio:.3}, {throttled} throttled"
            );
            println!("{told}");
            assert!(ratio <= 1.25, "{told}");
            // Two in a hundred of all calls, of which there are six to a creation; and before anything is
            // known each account may be throttled once.
            let creations = organization.taken.lock().unwrap().len();
            assert!(throttled <= creations * 6 / 50 + accounts as usize, "{told}");
        }
    }
}
