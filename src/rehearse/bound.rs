//! The least time in which AWS lets a rollout happen, whoever carries it out: its token buckets, and the
//! time endpoints take until they are available.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::ids::{Region, TargetId};
use crate::plan::TargetPlan;
use crate::plan::action::Verb;

/// A token bucket of AWS's: full at the start.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bucket {
    /// How many calls it takes at once.
    pub size: f64,
    /// How many more in each second.
    pub per_second: f64,
}

/// `CreateVpcEndpoint`, `ModifyVpcEndpoint` and `DeleteVpcEndpoints` have one each, per account and region
/// (<https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html>).
pub const ENDPOINT_CALLS: Bucket = Bucket { size: 4.0, per_second: 0.3 };

/// STS, per account and region: `AssumeRole` is counted where it is called
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html>).
pub const STS: Bucket = Bucket { size: 600.0, per_second: 600.0 };

impl Bucket {
    /// When the call of this number, from 0, is taken at the earliest.
    #[expect(clippy::cast_precision_loss, reason = "calls are far fewer than 2^52")]
    pub fn taken(self, number: usize) -> Duration {
        let missing = number as f64 + 1.0 - self.size;
        Duration::try_from_secs_f64((missing / self.per_second).max(0.0)).unwrap_or(Duration::MAX)
    }

    /// When so many calls are taken at the earliest.
    pub fn all_taken(self, calls: usize) -> Duration {
        calls.checked_sub(1).map_or(Duration::ZERO, |last| self.taken(last))
    }

    /// When the last of these is over at the earliest, whatever their order: each needs a call, and so long
    /// after it. No order of the calls is better than the longest first.
    pub fn all_over(self, mut after: Vec<Duration>) -> Duration {
        after.sort_unstable_by(|one, other| other.cmp(one));
        self.over(after)
    }

    /// When the last of these is over at the earliest, in this order.
    fn over(self, after: Vec<Duration>) -> Duration {
        let over = after.into_iter().enumerate().map(|(number, after)| self.taken(number) + after);
        over.max().unwrap_or_default()
    }
}

/// A target that was changed: its plan, and how long each of its interface endpoints took from its creation
/// until it was available. Gateway endpoints are available at once.
#[derive(Debug, Clone)]
pub struct Changed<'a> {
    /// What was done; `None` where not all of it was, and nothing more is known than the endpoints made.
    pub plan: Option<&'a TargetPlan>,
    /// One for each interface endpoint that was made: when, and how long it took.
    pub waits: Vec<(Duration, Duration)>,
}

impl Changed<'_> {
    /// What follows each `CreateVpcEndpoint`.
    fn creations(&self) -> Vec<Duration> {
        let mut after: Vec<Duration> = self.waits.iter().map(|(_, takes)| *takes).collect();
        after.resize(self.creation_calls().max(after.len()), Duration::ZERO);
        after
    }

    fn creation_calls(&self) -> usize {
        self.count(|verb| matches!(verb, Verb::CreateEndpoint(_)))
    }

    fn count(&self, wanted: impl Fn(&Verb) -> bool) -> usize {
        let actions = self.plan.iter().flat_map(|plan| &plan.actions);
        actions.filter(|action| wanted(&action.verb)).count()
    }

    /// The least time for this target alone. Modifications and deletions count as calls only.
    fn least(&self) -> Duration {
        let modifications = self.count(|verb| matches!(verb, Verb::ModifyEndpoint { .. }));
        let deletions = self.count(|verb| matches!(verb, Verb::DeleteEndpoint { .. }));
        ENDPOINT_CALLS
            .all_over(self.creations())
            .max(ENDPOINT_CALLS.all_taken(modifications))
            .max(ENDPOINT_CALLS.all_taken(deletions))
    }

    /// How many calls it takes out of the organization's bucket that nothing follows.
    fn short_calls(&self) -> usize {
        let others = self.count(|verb| {
            matches!(verb, Verb::ModifyEndpoint { .. } | Verb::DeleteEndpoint { .. })
        });
        others + self.creation_calls().saturating_sub(self.waits.len())
    }
}

/// The least time in which all targets can be changed: the slowest of them, were it alone, and the
/// bucket that all accounts of the organization share in a region, where one is known. Through that one
/// thousands of endpoints go in a line of minutes, and nobody knows beforehand which of them will be slow, so
/// theirs is the order in which they were made; what nothing follows comes last.
pub fn changing(
    targets: &BTreeMap<TargetId, Changed<'_>>,
    organization: Option<Bucket>,
) -> Duration {
    let alone = targets.values().map(Changed::least).max().unwrap_or_default();
    let Some(bucket) = organization else { return alone };
    let mut regions = BTreeMap::<&Region, (Vec<(Duration, Duration)>, usize)>::new();
    for (target, changed) in targets {
        let (waits, short) = regions.entry(&target.region).or_default();
        waits.extend(&changed.waits);
        *short += changed.short_calls();
    }
    let of_region = |(mut waits, short): (Vec<(Duration, Duration)>, usize)| {
        waits.sort_unstable();
        let mut after: Vec<Duration> = waits.into_iter().map(|(_, takes)| takes).collect();
        after.resize(after.len() + short, Duration::ZERO);
        bucket.over(after)
    };
    regions.into_values().map(of_region).fold(alone, Duration::max)
}

/// The least time that so many calls of Organizations take, by action: each has a bucket of its own
/// (<https://docs.aws.amazon.com/organizations/latest/userguide/orgs_reference_limits.html>).
pub fn walking<'a>(calls: impl IntoIterator<Item = (&'a str, usize)>) -> Duration {
    let least = |(action, calls): (&str, usize)| {
        let bucket = match action {
            "ListAccountsForParent" | "ListOrganizationalUnitsForParent" => {
                Bucket { size: 8.0, per_second: 5.0 }
            }
            "ListTagsForResource" => Bucket { size: 15.0, per_second: 10.0 },
            _ => return Duration::ZERO,
        };
        bucket.all_taken(calls)
    };
    calls.into_iter().map(least).max().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::testing::world;

    fn seconds(all: &[u64]) -> Vec<Duration> {
        all.iter().map(|seconds| Duration::from_secs(*seconds)).collect()
    }

    #[test]
    fn four_calls_are_taken_at_once_and_then_three_in_ten_seconds() {
        for (calls, least) in [(0, 0), (1, 0), (4, 0), (7, 10), (10, 20)] {
            assert_eq!(ENDPOINT_CALLS.all_taken(calls).as_secs(), least, "{calls} calls");
        }
    }

    #[test]
    fn what_takes_longest_is_best_begun_first() {
        // With the longest last it would be 3.3 + 100 seconds.
        let least = ENDPOINT_CALLS.all_over(seconds(&[10, 10, 10, 10, 100]));
        assert_eq!(least, Duration::from_secs(100));
        let least = ENDPOINT_CALLS.all_over(seconds(&[100; 5]));
        assert_eq!(least.as_millis(), 103_333);
    }

    #[test]
    fn the_slowest_target_decides_and_the_organization_where_it_has_less_to_give() {
        let world = world().want(["ecr.api", "ecr.dkr", "logs", "ssm", "ssmmessages", "s3"]);
        let plan = world.plan();
        let creates = plan.actions.iter().filter(|a| matches!(a.verb, Verb::CreateEndpoint(_)));
        assert_eq!(creates.count(), 6);
        let changed = |first: u64, waits: &[u64]| {
            let at = (first..).step_by(2).map(Duration::from_secs);
            Changed { plan: Some(&plan), waits: at.zip(seconds(waits)).collect() }
        };
        let targets = |slow: &[u64]| {
            BTreeMap::from([
                ("111122223333/eu-west-1".parse().unwrap(), changed(0, &[40, 40, 40, 40, 40])),
                ("444455556666/eu-west-1".parse().unwrap(), changed(1, slow)),
            ])
        };
        assert_eq!(changing(&targets(&[40, 40, 40, 40, 90]), None).as_secs(), 90);
        // 12 calls at one in 10 seconds: the last but two, which wait for nothing, begins at 90 seconds.
        let slow = Bucket { size: 1.0, per_second: 0.1 };
        assert_eq!(changing(&targets(&[40, 40, 40, 40, 40]), Some(slow)).as_secs(), 90 + 40);
        // Which of them will be slow nobody knew when it was made.
        assert_eq!(changing(&targets(&[40, 40, 40, 40, 90]), Some(slow)).as_secs(), 90 + 90);
        assert_eq!(changing(&targets(&[90, 40, 40, 40, 40]), Some(slow)).as_secs(), 90 + 40);
        assert_eq!(changing(&BTreeMap::new(), Some(slow)), Duration::ZERO);
    }

    #[test]
    fn the_walk_is_bound_by_its_most_frequent_call() {
        let calls = [("ListAccountsForParent", 58), ("ListRoots", 1), ("ListTagsForResource", 15)];
        assert_eq!(walking(calls), Duration::from_secs(10));
    }
}
