//! Client-side pace: a token bucket wherever AWS documents one, so that calls are sent when AWS will
//! take them instead of being refused and tried again.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// The size of a bucket, and how many tokens it gets back in a second.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Rate {
    pub(super) burst: f64,
    pub(super) per_second: f64,
}

const fn rate(burst: f64, per_second: f64) -> Rate {
    Rate { burst, per_second }
}

/// EC2's bucket of an action, one per account and region. `plain` is a call with neither a filter nor
/// `MaxResults`. Source: "Request throttling for the Amazon EC2 API"
/// (<https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html>).
pub(super) fn ec2(action: &str, plain: bool) -> Rate {
    match action {
        "CreateVpcEndpoint" | "ModifyVpcEndpoint" | "DeleteVpcEndpoints" => rate(4.0, 0.3),
        "CreateTags" | "DeleteTags" => rate(100.0, 10.0),
        "DescribeSecurityGroups" | "DescribeNetworkInterfaces" if plain => rate(50.0, 10.0),
        _ if action.starts_with("Describe") || action.starts_with("Get") => rate(100.0, 20.0),
        _ => rate(50.0, 5.0),
    }
}

/// All of STS's actions together, per account and region
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html>). A role assumed in
/// another account counts for the caller's.
pub(super) const STS: Rate = rate(600.0, 600.0);

/// Organizations' bucket of an action, per account; the organization's own is larger. `None` where AWS
/// documents none
/// (<https://docs.aws.amazon.com/organizations/latest/userguide/orgs_reference_limits.html>).
pub(super) fn organizations(action: &str) -> Option<Rate> {
    Some(match action {
        "ListRoots" | "DescribeOrganization" => rate(2.0, 1.0),
        "ListAccountsForParent" | "ListOrganizationalUnitsForParent" => rate(8.0, 5.0),
        "ListAccounts" => rate(12.0, 8.0),
        "ListTagsForResource" => rate(15.0, 10.0),
        "DescribeAccount" => rate(30.0, 20.0),
        _ => return None,
    })
}

/// The way to AWS does not always take equally long: a call must not come a moment before its token. Of
/// three and a third seconds this is a tenth of one.
const MARGIN: f64 = 1.03;

/// Buckets by name. Only those that are not full are remembered, each as the moment at which it will be
/// full again: some hundred bytes for a target being changed, nothing for one that waits.
#[derive(Debug)]
pub(super) struct Buckets {
    speed: f64,
    full_at: Mutex<BTreeMap<String, Instant>>,
}

impl Buckets {
    /// Full ones. `speed` is how many of AWS's seconds pass in one of ours.
    pub(super) fn new(speed: f64) -> Self {
        Self { speed, full_at: Mutex::default() }
    }

    /// Takes a token, and answers how long to wait before it may be used.
    pub(super) fn take(&self, name: &str, rate: Rate) -> Duration {
        let now = Instant::now();
        let mut full_at = self.full_at.lock().unwrap_or_else(PoisonError::into_inner);
        full_at.retain(|_, full| *full > now);
        let full = full_at.get(name).copied().unwrap_or(now) + self.time_of(1.0, rate);
        full_at.insert(name.to_owned(), full);
        self.wait(full, now, rate)
    }

    /// How long until there is a token; takes none.
    pub(super) fn ready_in(&self, name: &str, rate: Rate) -> Duration {
        let now = Instant::now();
        let full_at = self.full_at.lock().unwrap_or_else(PoisonError::into_inner);
        let full = full_at.get(name).map_or(now, |full| (*full).max(now));
        self.wait(full + self.time_of(1.0, rate), now, rate)
    }

    /// AWS says that the bucket is empty, and for the `count`th time in a row: somebody else takes of
    /// it too. Each time the wait for a token is twice as long, up to about a minute.
    pub(super) fn empty(&self, name: &str, rate: Rate, count: u32) {
        let tokens = rate.burst - 1.0 + f64::from(1_u32 << count.clamp(1, 5)) / 2.0;
        let full = Instant::now() + self.time_of(tokens, rate);
        let mut full_at = self.full_at.lock().unwrap_or_else(PoisonError::into_inner);
        let known = full_at.entry(name.to_owned()).or_insert(full);
        *known = full.max(*known);
    }

    /// How long so many tokens take to come.
    fn time_of(&self, tokens: f64, rate: Rate) -> Duration {
        Duration::from_secs_f64(tokens * MARGIN / (rate.per_second * self.speed))
    }

    /// A bucket that will be full at `full` once the token is taken has one as soon as it is no emptier
    /// than empty.
    fn wait(&self, full: Instant, now: Instant, rate: Rate) -> Duration {
        (full - now).saturating_sub(self.time_of(rate.burst, rate))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn seconds_of(calls: usize, buckets: &Buckets, rate: Rate) -> Vec<f64> {
        let start = Instant::now();
        let mut seconds = Vec::new();
        for _ in 0..calls {
            tokio::time::sleep(buckets.take("a", rate)).await;
            seconds.push(start.elapsed().as_secs_f64());
        }
        seconds
    }

    #[track_caller]
    fn assert_near(seconds: &[f64], expected: &[f64]) {
        let near = |(at, want): (&f64, &f64)| *at >= *want && *at <= want * 1.04;
        assert!(seconds.iter().zip(expected).all(near), "{seconds:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn four_calls_go_at_once_and_the_next_ones_every_three_and_a_third_seconds() {
        let seconds = seconds_of(6, &Buckets::new(1.0), ec2("CreateVpcEndpoint", false)).await;
        assert_near(&seconds, &[0.0, 0.0, 0.0, 0.0, 3.333, 6.667]);
    }

    #[tokio::test(start_paused = true)]
    async fn time_that_runs_faster_fills_buckets_faster() {
        let seconds = seconds_of(6, &Buckets::new(10.0), ec2("CreateVpcEndpoint", false)).await;
        assert_near(&seconds, &[0.0, 0.0, 0.0, 0.0, 0.333, 0.667]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_bucket_fills_up_to_its_size_and_is_then_forgotten() {
        let buckets = Buckets::new(1.0);
        let rate = ec2("CreateVpcEndpoint", false);
        seconds_of(4, &buckets, rate).await;
        assert!(buckets.ready_in("a", rate) > Duration::from_secs(3));
        tokio::time::sleep(Duration::from_hours(1)).await;
        assert_near(&seconds_of(5, &buckets, rate).await, &[0.0, 0.0, 0.0, 0.0, 3.333]);
        tokio::time::sleep(Duration::from_hours(1)).await;
        buckets.take("b", rate);
        assert_eq!(buckets.full_at.lock().unwrap().keys().collect::<Vec<_>>(), ["b"]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_bucket_that_somebody_else_empties_is_left_alone_for_longer_and_longer() {
        let rate = ec2("CreateVpcEndpoint", false);
        let seconds = [1, 2, 3, 4, 5, 99].map(|count| {
            let buckets = Buckets::new(1.0);
            buckets.empty("a", rate, count);
            buckets.ready_in("a", rate).as_secs()
        });
        assert_eq!(seconds, [3, 6, 13, 27, 54, 54]);
    }
}
