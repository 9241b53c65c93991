//! Limits of request rates, and delays of visibility.

use std::time::Duration;

use serde_json::json;

use super::client::{Client, PLAIN, Site, options, pass, sandbox, service, world};
use linkwalk::sandbox::Sandbox;

#[tokio::test(start_paused = true)]
async fn four_endpoints_at_once_and_then_one_each_three_seconds() {
    let sandbox = sandbox(PLAIN);
    let client = Client::alpha(&sandbox);
    let site = Site::of(&client);
    let names = ["logs", "kms", "ssm", "sts", "sqs", "sns"].map(service);
    let make = |name: &str| client.ec2("CreateVpcEndpoint", &site.interface(name));
    for name in &names[..4] {
        make(name).unwrap();
    }
    let refused = make(&names[4]).unwrap_err();
    assert_eq!((refused.status, refused.code.as_str()), (503, "RequestLimitExceeded"));
    pass(3).await;
    make(&names[4]).unwrap_err();
    pass(1).await;
    make(&names[4]).unwrap();
    make(&names[5]).unwrap_err();
    // Another action has a bucket of its own.
    client.must("DescribeVpcEndpoints", &[]);
}

#[tokio::test(start_paused = true)]
async fn accounts_do_not_share_buckets_unless_the_organization_has_one() {
    let two = format!("{PLAIN}\n[[account]]\nname = \"beta\"\nid = \"333344445555\"\n");
    let refusals = |bucket| {
        let mut options = options();
        options.organization_bucket = bucket;
        let sandbox = Sandbox::new(world(&two), options);
        let clients = ["222233334444", "333344445555"].map(|id| Client::operator(&sandbox, id));
        let calls = clients
            .iter()
            .flat_map(|client| (0..4).map(move |_| client.code("CreateVpcEndpoint", &[])));
        calls.filter(|code| code == "RequestLimitExceeded").count()
    };
    assert_eq!(refusals(None), 0);
    assert_eq!(refusals(Some((5.0, 1.0))), 3);
}

#[tokio::test(start_paused = true)]
async fn unfiltered_lists_have_a_smaller_bucket() {
    let sandbox = sandbox(PLAIN);
    let client = Client::alpha(&sandbox);
    let plain = || client.ec2("DescribeSecurityGroups", &[]);
    let paged = || client.ec2("DescribeSecurityGroups", &[("MaxResults", "100")]);
    assert_eq!((0..120).filter(|_| plain().is_ok()).count(), 50);
    assert_eq!((0..120).filter(|_| paged().is_ok()).count(), 100);
}

#[tokio::test(start_paused = true)]
async fn organizations_has_its_own_rates() {
    let sandbox = sandbox(PLAIN);
    let client = Client::management(&sandbox);
    let ask = || client.organizations("DescribeOrganization", &json!({}));
    ask().unwrap();
    ask().unwrap();
    assert_eq!(ask().unwrap_err().code, "TooManyRequestsException");
    pass(1).await;
    ask().unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_new_resource_cannot_be_seen_at_once_if_so_wished() {
    let mut options = options();
    options.describe_lag = Duration::from_secs(3);
    let sandbox = Sandbox::new(world(PLAIN), options);
    let client = Client::alpha(&sandbox);
    let site = Site::of(&client);
    let seen = || client.ec2("DescribeSecurityGroups", &[("GroupId.1", &site.group)]);
    assert_eq!(seen().unwrap_err().code, "InvalidGroup.NotFound");
    assert!(!client.must("DescribeSecurityGroups", &[]).0.contains(&site.group));
    let code = client.code("CreateVpcEndpoint", &site.interface(&service("logs")));
    assert_eq!(code, "InvalidGroup.NotFound");
    pass(4).await;
    seen().unwrap();
}

#[tokio::test(start_paused = true)]
async fn speed_makes_endpoints_available_sooner_and_fills_buckets_faster() {
    let mut options = options();
    options.speed = 100.0;
    let sandbox = Sandbox::new(world(PLAIN), options);
    let client = Client::alpha(&sandbox);
    let site = Site::of(&client);
    client.must("CreateVpcEndpoint", &site.interface(&service("logs")));
    pass(6).await;
    assert_eq!(client.must("DescribeVpcEndpoints", &[]).one("state"), "available");
}

#[tokio::test(start_paused = true)]
async fn latency_takes_time() {
    let mut options = options();
    options.latency = (Duration::from_millis(50), Duration::from_millis(80));
    let sandbox = Sandbox::new(world(PLAIN), options);
    let client = Client::alpha(&sandbox);
    let request = client.request("ec2", b"Action=DescribeVpcs&Version=2016-11-15".to_vec());
    let begun = tokio::time::Instant::now();
    sandbox.answer(&request).await.unwrap();
    let took = begun.elapsed().as_millis();
    assert!((50..=82).contains(&took), "{took}");
}
