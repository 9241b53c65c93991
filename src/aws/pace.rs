//! Client-side pace: a token bucket for what EC2 throttles hardest, so that calls are sent when AWS
//! will take them instead of being refused and tried again.

use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::{Instant, sleep};

/// A token bucket; one per account, region and action, like EC2's own
/// (<https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html>).
#[derive(Debug)]
pub(super) struct Bucket {
    capacity: f64,
    per_second: f64,
    state: Mutex<(f64, Instant)>,
}

impl Bucket {
    /// A full bucket.
    pub(super) fn new(capacity: f64, per_second: f64) -> Self {
        Self { capacity, per_second, state: Mutex::new((capacity, Instant::now())) }
    }

    /// EC2's bucket of `CreateVpcEndpoint`, `ModifyVpcEndpoint` and `DeleteVpcEndpoints`: 4 tokens,
    /// 0.3 more each second, of which `speed` pass in one of ours.
    pub(super) fn vpc_endpoint_mutation(speed: f64) -> Self {
        Self::new(4.0, 0.3 * speed)
    }

    /// Takes one token, waiting for it where there is none. Callers are served in order, because the
    /// lock is held while waiting.
    pub(super) async fn take(&self) {
        let mut state = self.state.lock().await;
        loop {
            let now = Instant::now();
            let refilled = state.0 + (now - state.1).as_secs_f64() * self.per_second;
            *state = (refilled.min(self.capacity), now);
            if state.0 >= 1.0 {
                state.0 -= 1.0;
                return;
            }
            // A microsecond more than needed, so that rounding never costs a second round.
            let missing = (1.0 - state.0) / self.per_second;
            sleep(Duration::from_secs_f64(missing) + Duration::from_micros(1)).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn four_calls_go_at_once_and_the_next_ones_every_three_and_a_third_seconds() {
        let bucket = Bucket::vpc_endpoint_mutation(1.0);
        let start = Instant::now();
        let mut seconds = Vec::new();
        for _ in 0..6 {
            bucket.take().await;
            seconds.push(start.elapsed().as_secs_f64());
        }
        let expected = [0.0, 0.0, 0.0, 0.0, 3.333, 6.667];
        for (at, want) in seconds.iter().zip(expected) {
            assert!((at - want).abs() < 0.01, "{seconds:?}");
        }
    }
}
