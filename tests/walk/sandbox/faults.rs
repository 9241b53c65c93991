//! Calls that go wrong on purpose.

use super::client::{Client, PLAIN, Site, options, pass, sandbox, service, world};
use linkwalk::sandbox::{Cut, Effect, FaultRule, Sandbox};

fn start() -> (Sandbox, Client, Site) {
    let sandbox = sandbox(PLAIN);
    let client = Client::alpha(&sandbox);
    let site = Site::of(&client);
    (sandbox, client, site)
}

fn raw(client: &Client, action: &str) -> Result<u16, Cut> {
    let body = format!("Action={action}&Version=2016-11-15");
    let request = client.request("ec2", body.into_bytes());
    client.sandbox.handle(&request).map(|response| response.status)
}

#[tokio::test(start_paused = true)]
async fn the_nth_call_is_rejected_and_no_other() {
    let (sandbox, client, _) = start();
    let reject =
        Effect::Reject { code: "InternalError".into(), message: "oops".into(), status: None };
    sandbox.add_fault(FaultRule::nth("DescribeVpcs", 2, reject));
    client.must("DescribeVpcs", &[]);
    let refused = client.refused("DescribeVpcs", &[]);
    assert_eq!(
        (refused.status, refused.code.as_str(), refused.message.as_str()),
        (500, "InternalError", "oops")
    );
    client.must("DescribeVpcs", &[]);
}

#[tokio::test(start_paused = true)]
async fn a_throttled_call_is_refused_in_the_words_of_its_service() {
    let (sandbox, client, _) = start();
    sandbox.add_fault(FaultRule::nth("Describe*", 1, Effect::Throttle).in_account("222233334444"));
    let refused = client.refused("DescribeVpcs", &[]);
    assert_eq!((refused.status, refused.code.as_str()), (503, "RequestLimitExceeded"));
    let text =
        "Request limit exceeded. Account 222233334444 has been throttled on ec2:DescribeVpcs";
    assert_eq!(refused.message, text);
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_is_done_and_a_reset_is_not() {
    let (sandbox, client, site) = start();
    let mut body = "Action=CreateVpcEndpoint&Version=2016-11-15".to_owned();
    for (key, value) in site.interface(&service("logs")) {
        body = format!("{body}&{key}={value}");
    }
    let request = client.request("ec2", body.into_bytes());
    sandbox.add_fault(FaultRule::nth("CreateVpcEndpoint", 1, Effect::Reset));
    sandbox.add_fault(FaultRule::nth("CreateVpcEndpoint", 2, Effect::LoseAnswer));
    let count = || client.must("DescribeVpcEndpoints", &[]).all("vpcEndpointId").len();
    assert_eq!(sandbox.handle(&request).unwrap_err(), Cut);
    assert_eq!(count(), 0);
    assert_eq!(sandbox.handle(&request).unwrap_err(), Cut);
    assert_eq!(count(), 1);
    let calls = sandbox.calls();
    let outcomes: Vec<_> = calls.iter().filter(|call| call.action == "CreateVpcEndpoint").collect();
    assert_eq!((outcomes[0].outcome.as_str(), outcomes[0].done()), ("Cut", false));
    assert_eq!((outcomes[1].outcome.as_str(), outcomes[1].done()), ("Lost", true));
    assert!(outcomes.iter().all(|call| call.mutating));
}

#[tokio::test(start_paused = true)]
async fn a_delayed_answer_comes_later() {
    let (sandbox, client, _) = start();
    sandbox.add_fault(FaultRule::nth("DescribeVpcs", 1, Effect::Delay { milliseconds: 5_000 }));
    let request = client.request("ec2", b"Action=DescribeVpcs&Version=2016-11-15".to_vec());
    let begun = tokio::time::Instant::now();
    assert_eq!(sandbox.answer(&request).await.unwrap().status, 200);
    assert_eq!(begun.elapsed().as_secs(), 5);
}

#[tokio::test(start_paused = true)]
async fn credentials_can_expire_in_the_middle_of_a_run() {
    let sandbox = sandbox(PLAIN);
    let management = Client::management(&sandbox);
    let member = management.assume("222233334444").unwrap();
    sandbox.add_fault(FaultRule::nth("DescribeVpcs", 2, Effect::ExpireCredentials));
    member.must("DescribeVpcs", &[]);
    assert_eq!(member.code("DescribeVpcs", &[]), "RequestExpired");
    assert_eq!(member.code("DescribeSubnets", &[]), "RequestExpired");
    management.assume("222233334444").unwrap().must("DescribeSubnets", &[]);
}

#[tokio::test(start_paused = true)]
async fn an_account_can_be_suspended_in_the_middle_of_a_run() {
    let sandbox = sandbox(PLAIN);
    let management = Client::management(&sandbox);
    let member = management.assume("222233334444").unwrap();
    sandbox.add_fault(FaultRule::nth("DescribeSubnets", 1, Effect::SuspendAccount));
    member.must("DescribeVpcs", &[]);
    let refused = member.refused("DescribeSubnets", &[]);
    assert_eq!((refused.status, refused.code.as_str()), (401, "OptInRequired"));
    assert_eq!(member.code("DescribeVpcs", &[]), "OptInRequired");
    assert_eq!(management.assume("222233334444").unwrap_err().code, "AccessDenied");
}

#[tokio::test(start_paused = true)]
async fn an_endpoint_can_fail() {
    let (sandbox, client, site) = start();
    sandbox.add_fault(FaultRule::nth("CreateVpcEndpoint", 1, Effect::FailEndpoint));
    let id =
        client.must("CreateVpcEndpoint", &site.interface(&service("logs"))).one("vpcEndpointId");
    pass(600).await;
    let found = client.must("DescribeVpcEndpoints", &[("VpcEndpointId.1", &id)]);
    assert_eq!(found.one("state"), "failed");
    assert_eq!(
        found.one("lastError"),
        "<message>The endpoint could not be created because of an internal error.</message><code>InternalError</code>"
    );
}

#[tokio::test(start_paused = true)]
async fn a_random_mix_is_the_same_for_the_same_seed() {
    let run = || {
        let mut world = world(PLAIN);
        world.set_faults(FaultRule::mix(0.3));
        let mut options = options();
        options.throttle = false;
        let sandbox = Sandbox::new(world, options);
        let client = Client::alpha(&sandbox);
        (0..200).map(|_| raw(&client, "DescribeVpcs")).collect::<Vec<_>>()
    };
    let results = run();
    assert_eq!(results, run());
    let wrong = results.iter().filter(|result| **result != Ok(200)).count();
    assert!((30..90).contains(&wrong), "{wrong}");
}

#[tokio::test(start_paused = true)]
async fn faults_can_be_written_in_a_scenario() {
    let fault = r#"
[[fault]]
action = "DescribeVpcs"
account = "alpha"
nth = 1
times = 0
effect = { reject = { code = "Blocked", message = "no" } }
[[fault]]
action = "DescribeSubnets"
effect = "lose-answer"
"#;
    let sandbox = sandbox(&format!("{PLAIN}{fault}"));
    let client = Client::alpha(&sandbox);
    assert_eq!(client.code("DescribeVpcs", &[]), "Blocked");
    assert_eq!(client.code("DescribeVpcs", &[]), "Blocked");
    assert_eq!(raw(&client, "DescribeSubnets"), Err(Cut));
    assert_eq!(raw(&client, "DescribeSubnets"), Ok(200));
}
