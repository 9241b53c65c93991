//! How long a rollout takes beside what AWS's buckets and delays allow, and with how many calls: the real
//! run, in process, in virtual time, at AWS's speed.
//!
//! `LINKWALK_ACCOUNTS=1000 cargo test --release --test walk pace -- --nocapture` measures larger ones.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use linkwalk::plan::outcome::Outcome;
use linkwalk::sandbox::{Call, Effect, FaultRule, Generated, Options, World};
use serde_json::Value;
use tokio::time::{Instant, sleep};

use crate::rehearsal::{Ended, Mishap, Rehearsal};

/// Seven endpoints: six with interfaces, one gateway.
const ACCOUNTS: &str = r#"
deployment = "privatelink"
[organization]
regions = ["eu-west-1"]
[network]
vpcs = { tags = { purpose = "workload" } }
[endpoints.ecr]
[endpoints.logs]
[endpoints.ssm]
[endpoints.kms]
"#;
const ENDPOINTS: usize = 7;

/// How many accounts where nothing else is said.
const FEW: usize = 40;

fn accounts() -> usize {
    std::env::var("LINKWALK_ACCOUNTS").map_or(FEW, |number| number.parse().unwrap())
}

fn real(count: usize) -> f64 {
    u32::try_from(count).unwrap().into()
}

fn world(accounts: usize) -> World {
    Generated::plain(accounts, 7).world().unwrap()
}

fn as_aws() -> Options {
    let latency = (Duration::from_millis(50), Duration::from_millis(150));
    Options { latency, ..Options::at(Timestamp::now()) }
}

/// A rollout to all accounts, timed.
struct Rollout {
    took: f64,
    /// When each endpoint became available, less when it was made, by account: in seconds.
    delays: BTreeMap<String, Vec<f64>>,
    calls: Vec<Call>,
    ended: Ended,
}

impl Rollout {
    async fn of(accounts: usize, options: Options) -> Self {
        let rehearsal = Rehearsal::at_awss_speed(world(accounts), ACCOUNTS, &options);
        let began = Instant::now();
        // Interface endpoints take twenty seconds and more, so each is seen on its way.
        let (sandbox, mut settled) = (rehearsal.sandbox.clone(), BTreeMap::new());
        let watch = async {
            loop {
                sleep(Duration::from_secs(15)).await;
                settled.extend(on_their_way(&sandbox.world()));
            }
        };
        let ended = tokio::select! {
            ended = rehearsal.apply(Mishap::default()) => ended.unwrap(),
            () = watch => unreachable!(),
        };
        let took = began.elapsed().as_secs_f64();
        let calls = rehearsal.calls();
        let delays = delays(&rehearsal.sandbox.world(), &calls, &settled);
        Self { took, delays, calls, ended }
    }

    /// The least time in which AWS would have done it: in each account four creations at once and then
    /// one each three and a third seconds, the slowest endpoint first.
    fn bound(&self) -> f64 {
        let of = |delays: &Vec<f64>| {
            let mut delays = delays.clone();
            delays.sort_by(|a, b| b.total_cmp(a));
            let made = |number: usize| f64::max(0.0, real(number) - 3.0) / 0.3;
            delays.iter().enumerate().map(|(n, delay)| made(n) + delay).fold(0.0, f64::max)
        };
        self.delays.values().map(of).fold(0.0, f64::max)
    }

    fn throttled(&self) -> usize {
        self.calls.iter().filter(|call| call.outcome == "RequestLimitExceeded").count()
    }

    fn report(&self, bound: f64) {
        let throttled = self.throttled();
        eprintln!(
            "{} accounts: {:.0} s, bound {bound:.0} s, ratio {:.3}, {} calls, {throttled} throttled \
             ({:.2} %)",
            self.delays.len(),
            self.took,
            self.took / bound,
            self.calls.len(),
            real(throttled) * 100.0 / real(self.calls.len())
        );
    }

    /// Everything is there, was made once, and nothing was refused but to slow down.
    fn assert_right(&self, accounts: usize) {
        let outcomes: Vec<_> = self.ended.outcomes.values().flatten().collect();
        assert_eq!(outcomes.len(), accounts);
        assert!(outcomes.iter().all(|outcome| **outcome == Outcome::Changed), "{outcomes:#?}");
        let made = |call: &&Call| call.action == "CreateVpcEndpoint" && call.done();
        assert_eq!(self.calls.iter().filter(made).count(), accounts * ENDPOINTS);
        let fine = ["OK", "RequestLimitExceeded"];
        let doomed: Vec<_> =
            self.calls.iter().filter(|call| !fine.contains(&call.outcome.as_str())).collect();
        assert!(doomed.is_empty(), "{doomed:#?}");
    }
}

/// Endpoints of every account, with what the world says of them.
fn endpoints(world: &World) -> Vec<(String, Value)> {
    let world = serde_json::to_value(world).unwrap();
    let mut all = Vec::new();
    for (account, value) in world["accounts"].as_object().unwrap() {
        for region in value["regions"].as_object().unwrap().values() {
            let some = region["endpoints"].as_object().unwrap().values();
            all.extend(some.map(|endpoint| (account.clone(), endpoint.clone())));
        }
    }
    all
}

/// When each endpoint that is on its way will be there.
fn on_their_way(world: &World) -> Vec<(String, i64)> {
    let at = |(_, endpoint): (_, Value)| {
        Some((endpoint["id"].as_str()?.to_owned(), endpoint["settle"]["at"].as_i64()?))
    };
    endpoints(world).into_iter().filter_map(at).collect()
}

fn delays(
    world: &World,
    calls: &[Call],
    settled: &BTreeMap<String, i64>,
) -> BTreeMap<String, Vec<f64>> {
    let mut made: BTreeMap<&str, Vec<i64>> = BTreeMap::new();
    for call in calls.iter().filter(|call| call.action == "CreateVpcEndpoint" && call.done()) {
        made.entry(&call.account).or_default().push(call.at);
    }
    let mut by_account: BTreeMap<String, Vec<(i64, String)>> = BTreeMap::new();
    for (account, endpoint) in endpoints(world) {
        let created = endpoint["created"].as_i64().unwrap();
        let id = endpoint["id"].as_str().unwrap().to_owned();
        by_account.entry(account).or_default().push((created, id));
    }
    let delays_of = |(account, mut some): (String, Vec<(i64, String)>)| {
        some.sort();
        let made = &made[account.as_str()];
        assert_eq!(made.len(), some.len());
        let delay = |((_, id), made): (&(i64, String), &i64)| {
            let millis = settled.get(id).map_or(0, |at| at - made);
            Duration::from_millis(millis.try_into().unwrap()).as_secs_f64()
        };
        let delays = some.iter().zip(made).map(delay).collect();
        (account, delays)
    };
    by_account.into_iter().map(delays_of).collect()
}

#[tokio::test(start_paused = true)]
async fn a_rollout_takes_hardly_longer_than_aws_does() {
    let rollout = Rollout::of(accounts(), as_aws()).await;
    rollout.assert_right(accounts());
    let bound = rollout.bound();
    rollout.report(bound);
    assert!(rollout.took <= bound * 1.10, "{:.0} s, bound {bound:.0} s", rollout.took);
    assert_eq!(rollout.throttled(), 0);
}

#[tokio::test(start_paused = true)]
async fn the_bucket_that_all_accounts_share_is_found_and_used_up() {
    let calls = real(accounts() * ENDPOINTS);
    let (capacity, seconds) = (20.0, 1_200.0);
    let refill = (calls - capacity) / seconds;
    let options = Options { organization_bucket: Some((capacity, refill)), ..as_aws() };
    let rollout = Rollout::of(accounts(), options).await;
    rollout.assert_right(accounts());
    let bound = rollout.bound().max(seconds);
    rollout.report(bound);
    assert!(rollout.took <= bound * 1.25, "{:.0} s, bound {bound:.0} s", rollout.took);
    assert!(rollout.throttled() * 50 < rollout.calls.len(), "{}", rollout.throttled());
}

#[tokio::test(start_paused = true)]
async fn no_account_fails_because_it_is_throttled_for_minutes() {
    for action in ["DescribeVpcs", "CreateSecurityGroup", "CreateVpcEndpoint"] {
        let mut world = world(2);
        world.set_faults(vec![FaultRule::nth(action, 1, Effect::Throttle).times(30)]);
        let rehearsal = Rehearsal::at_awss_speed(world, ACCOUNTS, &as_aws());
        let ended = rehearsal.apply(Mishap::default()).await.unwrap();
        let outcomes: Vec<_> = ended.outcomes.values().flatten().collect();
        assert_eq!(outcomes, [&Outcome::Changed; 2], "{action}");
        assert_eq!(ended.throttled, 30, "{action}");
    }
}

/// The calls of one account, by action.
fn calls_of<'a>(account: &str, calls: &'a [Call]) -> BTreeMap<&'a str, usize> {
    let mut counts = BTreeMap::new();
    for call in calls.iter().filter(|call| call.account == account) {
        *counts.entry(call.action.as_str()).or_default() += 1;
    }
    counts
}

#[tokio::test(start_paused = true)]
async fn a_first_rollout_costs_each_target_exactly_these_calls() {
    let rollout = Rollout::of(3, as_aws()).await;
    let mut readers_of_the_catalogue = 0;
    for (account, delays) in &rollout.delays {
        let mut counts = calls_of(account, &rollout.calls);
        readers_of_the_catalogue += counts.remove("DescribeVpcEndpointServices").unwrap_or(0);
        let looks = counts.remove("DescribeVpcEndpoints").unwrap() - 2;
        let expected = [
            ("AuthorizeSecurityGroupIngress", 1),
            ("CreateSecurityGroup", 1),
            ("CreateVpcEndpoint", ENDPOINTS),
            // Before the changes, and after them.
            ("DescribeRouteTables", 2),
            ("DescribeSecurityGroups", 2),
            ("DescribeSubnets", 2),
            ("DescribeVpcAttribute", 4),
            ("DescribeVpcs", 2),
        ];
        assert_eq!(counts, BTreeMap::from(expected));
        // No look before half a minute, and then one each seven and a half seconds at most.
        let slowest = delays.iter().copied().fold(10.0, f64::max);
        let most = 2.0 + (slowest - 30.0).max(0.0) / 7.5;
        assert!(looks > 0 && real(looks) <= most, "{looks} looks in {slowest} s");
    }
    assert_eq!(readers_of_the_catalogue, 1);
    let of_sts = |call: &&Call| call.action == "AssumeRole";
    assert_eq!(rollout.calls.iter().filter(of_sts).count(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_plan_without_changes_costs_each_target_exactly_these_calls() {
    let rehearsal = Rehearsal::at_awss_speed(world(2), ACCOUNTS, &as_aws());
    rehearsal.apply(Mishap::default()).await.unwrap();
    let before = rehearsal.calls().len();
    rehearsal.plan().await;
    let mut counts = BTreeMap::new();
    for call in rehearsal.calls().split_off(before) {
        *counts.entry(call.action).or_default() += 1;
    }
    let each = ["DescribeRouteTables", "DescribeSecurityGroups", "DescribeSubnets", "DescribeVpcs"];
    for action in each.into_iter().chain(["DescribeVpcEndpoints", "AssumeRole"]) {
        assert_eq!(counts.remove(action), Some(2), "{action}");
    }
    assert_eq!(counts.remove("DescribeVpcAttribute"), Some(4));
    let once = ["DescribeVpcEndpointServices", "GetCallerIdentity", "DescribeOrganization"];
    for action in once.into_iter().chain(["ListRoots"]) {
        assert_eq!(counts.remove(action), Some(1), "{action}");
    }
    counts.retain(|action, _: &mut usize| !action.ends_with("ForParent"));
    assert_eq!(counts, BTreeMap::new());
}
