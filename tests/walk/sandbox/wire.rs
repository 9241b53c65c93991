//! The protocols: what is unknown is refused and remembered, lists have pages, nothing panics.

use super::client::{Client, PLAIN, options, sandbox, world};
use linkwalk::sandbox::{Request, Sandbox};

#[tokio::test(start_paused = true)]
async fn unknown_actions_parameters_and_filters_are_refused_and_remembered() {
    let sandbox = sandbox(PLAIN);
    let client = Client::alpha(&sandbox);
    let refused = client.refused("DescribeInstances", &[]);
    assert_eq!((refused.status, refused.code.as_str()), (400, "InvalidAction"));
    assert_eq!(client.code("DescribeVpcs", &[("Surprise", "1")]), "UnknownParameter");
    let filter = [("Filter.1.Name", "colour"), ("Filter.1.Value.1", "red")];
    let refused = client.refused("DescribeVpcs", &filter);
    assert_eq!(
        (refused.code.as_str(), refused.message.as_str()),
        ("InvalidParameterValue", "The filter 'colour' is invalid")
    );
    let unknown = sandbox.unknown();
    assert_eq!(unknown.len(), 3);
    assert!(unknown[1].contains("The parameter Surprise is not recognized"));
}

#[tokio::test(start_paused = true)]
async fn a_filter_has_at_most_two_hundred_values() {
    let sandbox = sandbox(PLAIN);
    let client = Client::alpha(&sandbox);
    let names: Vec<_> = (1..=201).map(|number| format!("Filter.1.Value.{number}")).collect();
    let values = names.iter().map(|name| (name.as_str(), "available"));
    let filter: Vec<_> = [("Filter.1.Name", "state")].into_iter().chain(values).collect();
    client.must("DescribeVpcs", &filter[..201]);
    assert_eq!(client.code("DescribeVpcs", &filter), "FilterLimitExceeded");
}

#[tokio::test(start_paused = true)]
async fn an_unknown_parameter_changes_nothing() {
    let sandbox = sandbox(PLAIN);
    let client = Client::alpha(&sandbox);
    assert_eq!(
        client.code("CreateVpc", &[("CidrBlock", "10.7.0.0/16"), ("Colour", "red")]),
        "UnknownParameter"
    );
    assert_eq!(client.must("DescribeVpcs", &[]).all("vpcId").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_dry_run_says_it_would_have_worked_and_changes_nothing() {
    let sandbox = sandbox(PLAIN);
    let client = Client::alpha(&sandbox);
    let refused = client.refused("CreateVpc", &[("CidrBlock", "10.7.0.0/16"), ("DryRun", "true")]);
    assert_eq!((refused.status, refused.code.as_str()), (412, "DryRunOperation"));
    assert_eq!(refused.message, "Request would have succeeded, but DryRun flag is set.");
    assert_eq!(client.must("DescribeVpcs", &[]).all("vpcId").len(), 1);
    assert!(sandbox.calls().iter().all(|call| !call.mutating));
}

#[tokio::test(start_paused = true)]
async fn pages_add_up_and_tokens_are_opaque_and_particular() {
    let sandbox = sandbox(PLAIN);
    let client = Client::alpha(&sandbox);
    let all = client.must("DescribeSubnets", &[]).all("subnetId");
    let first = client.must("DescribeSubnets", &[("MaxResults", "5")]);
    let token = first.one("nextToken");
    let second = client.must("DescribeSubnets", &[("MaxResults", "5"), ("NextToken", &token)]);
    assert_eq!([first.all("subnetId"), second.all("subnetId")].concat(), all);
    assert!(!token.contains("subnet-"));
    assert_eq!(client.code("DescribeVpcs", &[("NextToken", &token)]), "InvalidNextToken");
    assert_eq!(client.code("DescribeSubnets", &[("NextToken", "subnet-1")]), "InvalidNextToken");
    assert_eq!(client.code("DescribeSubnets", &[("MaxResults", "4")]), "InvalidParameterValue");
    assert_eq!(
        client.code("DescribeRouteTables", &[("MaxResults", "101")]),
        "InvalidParameterValue"
    );
    client.must("DescribeVpcEndpoints", &[("MaxResults", "5000")]);
}

#[tokio::test(start_paused = true)]
async fn a_cap_on_pages_makes_small_lists_long() {
    let mut options = options();
    options.page_cap = Some(2);
    let sandbox = Sandbox::new(world(PLAIN), options);
    let client = Client::alpha(&sandbox);
    assert_eq!(client.must("DescribeSubnets", &[]).all("subnetId").len(), 2);
}

#[tokio::test(start_paused = true)]
async fn the_last_page_of_endpoints_has_an_empty_token() {
    let sandbox = sandbox(PLAIN);
    let answer = Client::alpha(&sandbox).must("DescribeVpcEndpoints", &[]);
    assert_eq!(answer.one("nextToken"), "");
}

#[tokio::test(start_paused = true)]
async fn ids_are_checked_before_they_are_looked_up() {
    let sandbox = sandbox(PLAIN);
    let client = Client::alpha(&sandbox);
    let refused = client.refused("DescribeVpcs", &[("VpcId.1", "main")]);
    assert_eq!(refused.code, "InvalidVpcID.Malformed");
    let refused = client.refused("DescribeSubnets", &[("SubnetId.1", "subnet-0123456789abcdef0")]);
    assert_eq!(
        (refused.code.as_str(), refused.message.as_str()),
        ("InvalidSubnetID.NotFound", "The subnet ID 'subnet-0123456789abcdef0' does not exist")
    );
}

#[tokio::test(start_paused = true)]
async fn text_is_escaped() {
    let sandbox = sandbox(PLAIN);
    let client = Client::alpha(&sandbox);
    let vpc = client.must("DescribeVpcs", &[]).one("vpcId");
    let odd = "<a> & \"b\" é \u{1}";
    client
        .must("CreateTags", &[("ResourceId.1", &vpc), ("Tag.1.Key", "odd"), ("Tag.1.Value", odd)]);
    let answer = client.must("DescribeVpcs", &[]);
    assert!(answer.all("value").contains(&"&lt;a&gt; &amp; &quot;b&quot; é \u{fffd}".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn no_input_makes_it_panic() {
    let sandbox = sandbox(PLAIN);
    let client = Client::alpha(&sandbox);
    let bodies: [&[u8]; 14] = [
        b"",
        b"&&&===",
        b"Action",
        b"Action=DescribeVpcs",
        b"Action=DescribeVpcs&Version=1999-01-01",
        b"Action=DescribeVpcs&Version=2016-11-15&Action=DescribeVpcs",
        b"Action=DescribeVpcs&Version=2016-11-15&VpcId.99999999999999999999=x",
        b"Action=DescribeVpcs&Version=2016-11-15&Filter.1=x&Filter.=y&Filter.1.Name=",
        b"Action=DescribeVpcs&Version=2016-11-15&MaxResults=-1",
        b"Action=DescribeVpcs&Version=2016-11-15&NextToken=%F0%9F%98%80",
        b"Action=CreateVpc&Version=2016-11-15&CidrBlock=999.0.0.0/99",
        b"Action=%ff%fe&Version=2016-11-15",
        b"\xff\xfe\x00",
        b"{\"Action\": 1}",
    ];
    for service in ["ec2", "sts", "organizations", "s3", ""] {
        for body in bodies {
            let response = sandbox.handle(&client.request(service, body.to_vec())).unwrap();
            assert!(response.status >= 200);
        }
    }
    let bare = Request { method: "GET".into(), target: "/?%zz".into(), ..Request::default() };
    assert_eq!(sandbox.handle(&bare).unwrap().status, 400);
}

#[tokio::test(start_paused = true)]
async fn every_call_is_in_the_log() {
    let sandbox = sandbox(PLAIN);
    let client = Client::alpha(&sandbox);
    client.must("DescribeVpcs", &[]);
    client.must("CreateVpc", &[("CidrBlock", "10.7.0.0/16")]);
    client.refused("DeleteVpc", &[("VpcId", "vpc-0123456789abcdef0")]);
    let calls = sandbox.calls();
    let rows: Vec<_> = calls
        .iter()
        .map(|call| (call.action.as_str(), call.mutating, call.outcome.as_str()))
        .collect();
    assert_eq!(
        rows,
        [
            ("DescribeVpcs", false, "OK"),
            ("CreateVpc", true, "OK"),
            ("DeleteVpc", true, "InvalidVpcID.NotFound")
        ]
    );
    assert!(calls.iter().all(|call| call.account == "222233334444"
        && call.region == "eu-west-1"
        && call.service == "ec2"));
}
