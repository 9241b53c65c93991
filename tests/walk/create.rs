//! Endpoints where there were none, and nothing to do the second time.

use std::collections::BTreeSet;
use std::fs;

use serde_json::{Value, json};

use crate::rig::{ENDPOINTS, Rig, tag};

fn set<'a>(list: &'a Value, key: Option<&str>) -> BTreeSet<&'a str> {
    let item = |value: &'a Value| match key {
        Some(key) => value[key].as_str().unwrap(),
        None => value.as_str().unwrap(),
    };
    list.as_array().unwrap().iter().map(item).collect()
}

#[test]
fn fifty_accounts_get_their_endpoints_and_the_second_run_changes_nothing() {
    let rig = Rig::new(&fifty());

    let first = rig.apply().exits(0);
    let document = first.json();
    assert_eq!(document["counts"]["changed"], 45);
    assert_eq!(document["targets"].as_array().unwrap().len(), 45);

    let second = rig.apply().exits(0);
    assert_eq!(second.mutations(), Vec::<&str>::new());
    assert_eq!(second.json()["counts"]["in-sync"], 45);
}

/// Forty-five accounts that can be used and five closed ones, networks of every kind among them.
fn fifty() -> Value {
    let accounts: Vec<Value> = (0..50)
        .map(|number| {
            let mut vpcs = vec![json!({ "cidr": format!("10.{number}.0.0/16") })];
            if number % 7 == 3 {
                vpcs[0]["secondary"] = json!(["100.64.0.0/16"]);
            }
            if number % 9 == 4 {
                vpcs.push(json!({ "cidr": "172.20.0.0/18" }));
            }
            let unit = ["/Workloads/Staging", "/Workloads/Production", "/Sandbox"][number % 3];
            let closed = number % 10 == 9;
            json!({ "name": format!("account-{number:02}"), "ou": unit, "closed": closed, "vpcs": vpcs })
        })
        .collect();
    json!({ "accounts": accounts })
}

#[test]
fn an_interface_endpoint_is_made_whole() {
    let rig = Rig::of(&["one"]);
    let account = rig.account("one");
    rig.apply().exits(0);

    assert_eq!(rig.endpoints(account).len(), ENDPOINTS);
    let network = rig.network("one");
    for service in ["ecr.api", "ecr.dkr", "logs"] {
        let endpoint = rig.endpoint(account, service);
        assert_eq!(endpoint["State"], "available");
        assert_eq!(endpoint["VpcEndpointType"], "Interface");
        assert_eq!(endpoint["VpcId"], network["id"]);
        assert_eq!(endpoint["PrivateDnsEnabled"], true);
        assert_eq!(set(&endpoint["SubnetIds"], None), set(&network["private"], None));
        assert_eq!(
            set(&endpoint["Groups"], Some("GroupName")),
            BTreeSet::from(["linkwalk-endpoints"])
        );
        assert_eq!(tag(&endpoint, "linkwalk:deployment"), Some("privatelink"));
        assert_eq!(tag(&endpoint, "Name"), Some(format!("{service}-endpoint").as_str()));
        assert_eq!(tag(&endpoint, "CostCenter"), Some("platform"));
    }
}

#[test]
fn a_gateway_endpoint_is_on_the_private_route_table_only() {
    let rig = Rig::of(&["one"]);
    rig.apply().exits(0);

    let endpoint = rig.endpoint(rig.account("one"), "s3");
    assert_eq!(endpoint["VpcEndpointType"], "Gateway");
    assert_eq!(endpoint["RouteTableIds"], json!([rig.network("one")["route_tables"]["private"]]));
    assert_eq!(endpoint["Groups"], json!([]));
}

#[test]
fn the_security_group_admits_https_from_every_cidr_of_the_vpc_and_nothing_else() {
    let vpc = json!({ "secondary": ["100.64.0.0/16"], "ipv6": true });
    let rig = Rig::new(&json!({ "accounts": [{ "name": "one", "vpcs": [vpc] }] }));
    let account = rig.account("one");
    rig.apply().exits(0);

    let vpcs =
        rig.by_hand(account, "describe_vpcs", &json!({ "VpcIds": [rig.network("one")["id"]] }));
    let ipv6 = &vpcs["Vpcs"][0]["Ipv6CidrBlockAssociationSet"][0]["Ipv6CidrBlock"];
    let group = rig.group(account);
    let rules = group["IpPermissions"].as_array().unwrap();
    assert_eq!(rules.len(), 1, "{rules:#?}");
    assert_eq!(
        (&rules[0]["IpProtocol"], &rules[0]["FromPort"], &rules[0]["ToPort"]),
        (&json!("tcp"), &json!(443), &json!(443))
    );
    let ranges = set(&rules[0]["IpRanges"], Some("CidrIp"));
    assert_eq!(ranges, BTreeSet::from(["10.0.0.0/16", "100.64.0.0/16"]));
    let ranges = set(&rules[0]["Ipv6Ranges"], Some("CidrIpv6"));
    assert_eq!(ranges, BTreeSet::from([ipv6.as_str().unwrap()]));
    assert_eq!(tag(&group, "linkwalk:deployment"), Some("privatelink"));
}

#[test]
fn tags_and_a_client_token_travel_in_the_create_call() {
    let rig = Rig::of(&["one"]);
    let run = rig.apply().exits(0);

    assert_eq!(run.count("CreateVpcEndpoint"), ENDPOINTS);
    assert_eq!(run.count("CreateTags"), 0);
    let creates = run.calls.iter().filter(|call| call.action == "CreateVpcEndpoint");
    let mut tokens = BTreeSet::new();
    for call in creates {
        assert!(call.form["TagSpecification.1.Tag.1.Key"].is_string(), "{}", call.form);
        assert!(call.form["PrivateDnsEnabled"].is_string(), "{}", call.form);
        tokens.insert(call.form["ClientToken"].as_str().unwrap());
    }
    assert_eq!(tokens.len(), ENDPOINTS);
}

#[test]
fn two_workload_vpcs_of_one_account_get_endpoints_each() {
    let vpcs = json!([{ "cidr": "10.0.0.0/16" }, { "cidr": "10.1.0.0/16" }]);
    let rig = Rig::new(&json!({ "accounts": [{ "name": "one", "vpcs": vpcs }] }));
    rig.apply().exits(0);
    assert_eq!(rig.endpoints(rig.account("one")).len(), 2 * ENDPOINTS);
}

#[test]
fn nothing_but_the_journal_is_kept_and_it_is_not_needed() {
    let rig = Rig::of(&["one"]);
    assert_eq!(rig.apply().exits(0).outcome(rig.account("one")), "changed");
    let files: BTreeSet<_> =
        fs::read_dir(rig.folder()).unwrap().map(|f| f.unwrap().file_name()).collect();
    assert_eq!(files, [".linkwalk".into(), "accounts.toml".into()].into());

    let elsewhere = tempfile::TempDir::new().unwrap();
    let config = rig.file("accounts.toml");
    let mut command =
        rig.command(&["apply", "--yes", "-o", "json", "-c", config.to_str().unwrap()]);
    let run = rig.finish(command.current_dir(elsewhere.path())).exits(0);
    assert_eq!(run.outcome(rig.account("one")), "in-sync");
    assert_eq!(run.mutations(), Vec::<&str>::new());
}

#[test]
fn a_foreign_endpoint_that_does_the_job_is_left_alone_and_not_duplicated() {
    let vpc = json!({ "foreign": ["logs"] });
    let rig = Rig::new(&json!({ "accounts": [{ "name": "one", "vpcs": [vpc] }] }));
    let account = rig.account("one");
    let foreign = rig.network("one")["foreign"][0].clone();
    let describe = json!({ "VpcEndpointIds": [foreign] });
    let before = rig.by_hand(account, "describe_vpc_endpoints", &describe);

    let plan = rig.run(&["plan", "--account", account]).exits(0);
    assert!(plan.stdout.contains(foreign.as_str().unwrap()), "{}", plan.stdout);
    rig.apply().exits(0);

    assert_eq!(rig.by_hand(account, "describe_vpc_endpoints", &describe), before);
    let is_logs = |e: &&Value| e["ServiceName"] == "com.amazonaws.eu-west-1.logs";
    assert_eq!(rig.endpoints(account).iter().filter(is_logs).count(), 1);
    assert_eq!(rig.apply().exits(0).mutations(), Vec::<&str>::new());
}

#[test]
fn a_vpc_that_is_not_selected_is_left_alone() {
    let vpcs = json!([{ "tags": { "purpose": "workload" } }, { "tags": { "purpose": "lab" } }]);
    let rig = Rig::new(&json!({ "accounts": [{ "name": "one", "vpcs": vpcs }] }));
    rig.apply().exits(0);
    let endpoints = rig.endpoints(rig.account("one"));
    assert_eq!(endpoints.len(), ENDPOINTS);
    assert!(endpoints.iter().all(|endpoint| endpoint["VpcId"] == rig.network("one")["id"]));
}

#[test]
fn a_service_is_put_only_into_zones_that_have_it() {
    let rig = Rig::of(&["one"]);
    rig.write(&crate::rig::ACCOUNTS_TOML.replace("[endpoints.logs]", "[endpoints.codebuild]"));
    rig.apply().exits(0);
    let endpoint = rig.endpoint(rig.account("one"), "codebuild");
    let private = &rig.network("one")["private"];
    assert_eq!(set(&endpoint["SubnetIds"], None), set(&json!([private[0], private[1]]), None));
}

#[test]
fn a_plan_changes_nothing_and_foretells_what_apply_does() {
    let rig = Rig::of(&["one", "two"]);
    let before: Vec<Value> = rig.members().into_iter().map(|id| rig.world(id)).collect();

    let plan = rig.plan().exits(2);
    assert_eq!(plan.mutations(), Vec::<&str>::new());
    let text = rig.run(&["plan"]).exits(0);
    assert!(text.stdout.contains("10 to add, 0 to change, 0 to destroy"), "{}", text.stdout);
    let after: Vec<Value> = rig.members().into_iter().map(|id| rig.world(id)).collect();
    assert_eq!(before, after);

    rig.apply().exits(0);
    rig.plan().exits(0);
}
