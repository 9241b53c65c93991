//! What accounts.toml can say beyond the ordinary, seen to arrive.

use serde_json::json;

use crate::rig::{ACCOUNTS_TOML, ENDPOINTS, Rig};

#[test]
fn an_override_holds_for_its_accounts_and_no_others() {
    let rig = Rig::new(&json!({ "accounts": [
        { "name": "staging", "ou": "/Workloads/Staging" },
        { "name": "production", "ou": "/Workloads/Production" }
    ] }));
    rig.add(
        r#"
[[override]]
accounts = ["ou:/Workloads/Production/**"]
network.subnets = { tags = { tier = "public" } }
endpoints.logs = { enabled = false }
"#,
    );
    rig.apply().exits(0);
    let (staging, production) = (rig.account("staging"), rig.account("production"));
    assert_eq!(rig.endpoints(staging).len(), ENDPOINTS);
    assert_eq!(rig.endpoints(production).len(), ENDPOINTS - 1);
    for (name, account, tier) in
        [("staging", staging, "private"), ("production", production, "public")]
    {
        let mut subnets = rig.endpoint(account, "ecr.api")["SubnetIds"].clone();
        let mut wanted = rig.network(name)[tier].clone();
        for list in [&mut subnets, &mut wanted] {
            list.as_array_mut().unwrap().sort_by_key(ToString::to_string);
        }
        assert_eq!(subnets, wanted);
    }
}

#[test]
fn an_interface_endpoint_of_s3_comes_after_its_gateway() {
    let rig = Rig::of(&["one"]);
    rig.write(
        r#"
deployment = "privatelink"
[organization]
regions = ["eu-west-1"]
[endpoints.s3]
type = "gateway"
[endpoints.s3-inside]
service = "s3"
type = "interface"
dns = { private_dns_only_for_inbound_resolver = true }
[network]
vpcs = { tags = { purpose = "workload" } }
"#,
    );
    rig.endpoints_come(rig.account("one"), &json!({ "pending": 2 }));
    let run = rig.apply().exits(0);
    let creates = run.calls.iter().filter(|call| call.action == "CreateVpcEndpoint");
    let types: Vec<&str> =
        creates.map(|call| call.form["VpcEndpointType"].as_str().unwrap()).collect();
    assert_eq!(types, ["Gateway", "Interface"]);
    // Between the two it looks whether the gateway is there.
    let order: Vec<&str> = run
        .calls
        .iter()
        .map(|call| call.action.as_str())
        .skip_while(|action| *action != "CreateVpcEndpoint")
        .collect();
    assert_eq!(order[1], "DescribeVpcEndpoints", "{order:?}");
    assert_eq!(rig.apply().exits(0).mutations(), Vec::<&str>::new());
}

#[test]
fn a_setting_changed_in_the_file_is_changed_in_place() {
    let rig = Rig::of(&["one"]);
    let account = rig.account("one");
    rig.apply().exits(0);
    let id = rig.endpoint(account, "logs")["VpcEndpointId"].clone();

    rig.write(&ACCOUNTS_TOML.replace("[endpoints.logs]", "[endpoints.logs]\nprivate_dns = false"));
    assert_eq!(rig.apply().exits(0).mutations(), ["ModifyVpcEndpoint"]);
    let endpoint = rig.endpoint(account, "logs");
    assert_eq!((&endpoint["VpcEndpointId"], &endpoint["PrivateDnsEnabled"]), (&id, &json!(false)));
}

#[test]
fn an_endpoint_that_the_file_no_longer_names_is_told_and_stays() {
    let rig = Rig::of(&["one"]);
    let account = rig.account("one");
    rig.apply().exits(0);
    let id = rig.endpoint(account, "logs")["VpcEndpointId"].clone();

    rig.write(&ACCOUNTS_TOML.replace("[endpoints.logs]", ""));
    let plan = rig.run(&["plan", "--account", account]).exits(0);
    assert!(plan.stdout.contains(id.as_str().unwrap()), "{}", plan.stdout);
    assert_eq!(rig.apply().exits(0).mutations(), Vec::<&str>::new());
    assert_eq!(rig.endpoints(account).len(), ENDPOINTS);
}

#[test]
fn what_another_deployment_owns_is_foreign() {
    let rig = Rig::of(&["one"]);
    rig.apply().exits(0);
    rig.write(&ACCOUNTS_TOML.replace("privatelink", "another"));
    rig.add("[security_group]\nname = \"another\"");
    assert_eq!(rig.apply().exits(0).mutations(), Vec::<&str>::new());
}

#[test]
fn members_can_be_entered_by_way_of_a_hub() {
    let rig = Rig::of(&["one", "hub"]);
    let hub = rig.account("hub").to_owned();
    let trust = json!({ "trust": { "Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Action": "sts:AssumeRole",
        "Principal": { "AWS": format!("arn:aws:iam::{hub}:root") }
    }] } });
    rig.change_role(rig.account("one"), &trust);
    let exclude = format!("[accounts]\nexclude = [\"{hub}\"]\n[organization]");
    let direct = ACCOUNTS_TOML.replace("[organization]", &exclude);
    rig.write(&direct);
    assert_eq!(rig.apply().exits(1).outcome(rig.account("one")), "unreachable");

    // The hub is who reads the organization, too.
    let register = json!({ "AccountId": hub, "ServicePrincipal": "ssm.amazonaws.com" });
    rig.in_organization("register_delegated_administrator", &register);
    let role = format!("arn:aws:iam::{hub}:role/OrganizationAccountAccessRole");
    let via = format!("[organization]\nvia = [\"{role}\"]");
    rig.write(&direct.replace("[organization]", &via));
    let run = rig.apply().exits(0);
    assert_eq!(run.outcome(rig.account("one")), "changed");
    let assumed = run.calls.iter().filter(|call| call.action == "AssumeRole");
    let roles: Vec<&str> = assumed.map(|call| call.form["RoleArn"].as_str().unwrap()).collect();
    assert_eq!(roles[0], role);
    assert!(rig.endpoints(&hub).is_empty());
}

#[test]
fn what_is_said_of_a_session_is_sent_with_it() {
    let rig = Rig::of(&["one"]);
    let lines = "[organization]\nsession_name = \"endpoints\"\nsource_identity = \"pipeline\"\n\
                 session_tags = { team = \"network\" }";
    rig.write(&ACCOUNTS_TOML.replace("[organization]", lines));
    let run = rig.plan().exits(2);
    let assumed = run.calls.iter().find(|call| call.action == "AssumeRole").unwrap();
    for (key, value) in [
        ("RoleSessionName", "endpoints"),
        ("SourceIdentity", "pipeline"),
        ("Tags.member.1.Key", "team"),
        ("Tags.member.1.Value", "network"),
    ] {
        assert_eq!(assumed.form[key], value, "{key}");
    }
}
