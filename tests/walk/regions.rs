//! Several regions.

use serde_json::json;

use crate::rig::{ACCOUNTS_TOML, ENDPOINTS, Rig};

const BOTH: &str = r#"regions = ["eu-west-1", "eu-central-1"]"#;

fn rig() -> Rig {
    let accounts = json!([{ "name": "one" }, { "name": "two" }]);
    let regions = json!(["eu-west-1", "eu-central-1"]);
    let rig = Rig::new(&json!({ "regions": regions, "accounts": accounts }));
    rig.write(&ACCOUNTS_TOML.replace(r#"regions = ["eu-west-1"]"#, BOTH));
    rig
}

#[test]
fn every_region_of_an_account_is_a_target_of_its_own() {
    let rig = rig();
    let run = rig.apply().exits(0);
    assert_eq!(run.json()["counts"]["changed"], 4);
    for account in rig.members() {
        for region in ["eu-west-1", "eu-central-1"] {
            let endpoints = rig.endpoints_in(account, region);
            assert_eq!(endpoints.len(), ENDPOINTS);
            for endpoint in endpoints {
                assert!(endpoint["ServiceName"].as_str().unwrap().contains(region));
            }
        }
    }
    assert_eq!(rig.apply().exits(0).mutations(), Vec::<&str>::new());
}

#[test]
fn one_session_of_an_account_serves_all_its_regions() {
    assert_eq!(rig().apply().exits(0).count("AssumeRole"), 2);
}

#[test]
fn a_regions_catalogue_is_read_once_and_not_by_every_account() {
    let run = rig().apply().exits(0);
    for region in ["eu-west-1", "eu-central-1"] {
        let reads = run
            .calls
            .iter()
            .filter(|call| call.action == "DescribeVpcEndpointServices" && call.region == region);
        assert_eq!(reads.count(), 1, "{region}");
    }
}

#[test]
fn a_run_can_be_narrowed_to_one_region_and_one_account() {
    let rig = rig();
    let one = rig.account("one");
    let arguments = ["apply", "--yes", "-o", "json", "--region", "eu-central-1", "--account", one];
    let run = rig.run(&arguments).exits(0);
    assert_eq!(run.json()["targets"].as_array().unwrap().len(), 1);
    assert_eq!(rig.endpoints_in(one, "eu-central-1").len(), ENDPOINTS);
    assert_eq!(rig.endpoints_in(one, "eu-west-1").len(), 0);
    assert_eq!(rig.endpoints_in(rig.account("two"), "eu-central-1").len(), 0);
}

#[test]
fn a_region_that_the_file_does_not_name_is_wrong_usage() {
    let rig = rig();
    let run = rig.run(&["plan", "--region", "us-east-1"]).exits(64).says("us-east-1");
    assert_eq!(run.calls.len(), 0);
}
