//! Every attribute of everything it manages, changed by hand: that is repaired, and nothing else.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::rig::{Finished, Rig, tag};

/// An account as it should be, to be disturbed.
struct Scene {
    rig: Rig,
    account: String,
}

impl Scene {
    fn new() -> Self {
        let rig = Rig::of(&["one"]);
        rig.apply().exits(0);
        let account = rig.account("one").to_owned();
        Self { rig, account }
    }

    fn by_hand(&self, call: &str, arguments: &Value) -> Value {
        self.rig.by_hand(&self.account, call, arguments)
    }

    /// Changes an endpoint by hand.
    fn modify(&self, service: &str, change: Value) {
        let mut change = change;
        change["VpcEndpointId"] =
            self.rig.endpoint(&self.account, service)["VpcEndpointId"].clone();
        self.by_hand("modify_vpc_endpoint", &change);
    }

    /// The only thing that is planned, as `(what, attributes)`.
    #[track_caller]
    fn planned(&self) -> (String, Vec<String>) {
        let document = self.rig.plan().exits(2).json();
        let actions = document["targets"][0]["actions"].as_array().unwrap();
        assert_eq!(actions.len(), 1, "{actions:#?}");
        let what = actions[0]["what"].as_str().unwrap().to_owned();
        let drift = actions[0]["drift"].as_array().unwrap();
        (what, drift.iter().map(|d| d["field"].as_str().unwrap().to_owned()).collect())
    }

    /// The kinds of drift that an audit finds, which changes nothing.
    #[track_caller]
    fn audited(&self, code: i32) -> Vec<String> {
        let run = self.rig.run(&["audit", "-o", "json"]).exits(code);
        assert_eq!(run.mutations(), Vec::<&str>::new());
        let document = run.json();
        let findings = document["findings"].as_array().unwrap();
        let drift = findings.iter().filter(|finding| finding["severity"] != "info");
        drift.map(|finding| finding["kind"].as_str().unwrap().to_owned()).collect()
    }

    fn world(&self) -> Value {
        self.rig.world(&self.account)
    }

    fn apply(&self) -> Finished {
        self.rig.apply().exits(0)
    }
}

/// Disturbs the scene, and asserts that exactly this attribute is planned, that exactly these calls
/// repair it, that everything is as it was, ids included, and that then there is nothing to do.
#[track_caller]
fn repairs(disturb: impl Fn(&Scene), what: &str, attribute: &str, calls: &[&str]) {
    let scene = Scene::new();
    let before = scene.world();
    disturb(&scene);
    assert_ne!(scene.world(), before, "nothing was disturbed");

    assert_eq!(scene.planned(), (what.to_owned(), vec![attribute.to_owned()]));
    let found = scene.audited(2);
    let is_attribute = |kind: &String| kinds_of(attribute).contains(&kind.as_str());
    assert!(!found.is_empty() && found.iter().all(is_attribute), "{attribute}: {found:?}");
    let run = scene.apply();
    assert_eq!(run.mutations(), calls);
    assert_eq!(scene.world(), before);
    assert_eq!(scene.audited(0), Vec::<String>::new());
    assert_eq!(scene.apply().mutations(), Vec::<&str>::new());
}

/// What the audit calls a difference in this attribute.
fn kinds_of(attribute: &str) -> &'static [&'static str] {
    match attribute {
        "subnets" => &["subnet-missing", "subnet-extra"],
        "security_groups" => &["security-group-swapped"],
        "route_tables" => &["route-table-missing", "route-table-extra"],
        "private_dns" => &["private-dns"],
        "policy" => &["policy"],
        "ingress" => &["rule-missing", "rule-extra", "open-to-the-world"],
        _ if attribute.starts_with("tags.") => &["tags"],
        other => panic!("{other}"),
    }
}

fn subnet(scene: &Scene, tier: &str, number: usize) -> Value {
    scene.rig.network("one")[tier][number].clone()
}

fn default_group(scene: &Scene) -> Value {
    let filters = json!([
        { "Name": "group-name", "Values": ["default"] },
        { "Name": "vpc-id", "Values": [scene.rig.network("one")["id"]] }
    ]);
    let answer = scene.by_hand("describe_security_groups", &json!({ "Filters": filters }));
    answer["SecurityGroups"][0]["GroupId"].clone()
}

fn group_id(scene: &Scene) -> Value {
    scene.rig.group(&scene.account)["GroupId"].clone()
}

fn https_from(cidr: &str) -> Value {
    json!([{ "IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{ "CidrIp": cidr }] }])
}

#[test]
fn a_subnet_taken_away_comes_back() {
    let disturb =
        |s: &Scene| s.modify("logs", json!({ "RemoveSubnetIds": [subnet(s, "private", 1)] }));
    repairs(disturb, "logs", "subnets", &["ModifyVpcEndpoint"]);
}

#[test]
fn a_subnet_exchanged_for_a_public_one_is_exchanged_back() {
    let disturb = |s: &Scene| {
        s.modify(
            "ecr.api",
            json!({ "RemoveSubnetIds": [subnet(s, "private", 2)],
                                "AddSubnetIds": [subnet(s, "public", 2)] }),
        );
    };
    repairs(disturb, "ecr.api", "subnets", &["ModifyVpcEndpoint"]);
}

#[test]
fn a_swapped_security_group_is_swapped_back() {
    let disturb = |s: &Scene| {
        s.modify(
            "ecr.api",
            json!({ "AddSecurityGroupIds": [default_group(s)],
                                    "RemoveSecurityGroupIds": [group_id(s)] }),
        );
    };
    repairs(disturb, "ecr.api", "security_groups", &["ModifyVpcEndpoint"]);
}

#[test]
fn a_security_group_added_to_an_endpoint_is_taken_off() {
    let disturb =
        |s: &Scene| s.modify("ecr.dkr", json!({ "AddSecurityGroupIds": [default_group(s)] }));
    repairs(disturb, "ecr.dkr", "security_groups", &["ModifyVpcEndpoint"]);
}

#[test]
fn private_dns_switched_off_is_switched_on() {
    let disturb = |s: &Scene| s.modify("ecr.dkr", json!({ "PrivateDnsEnabled": false }));
    repairs(disturb, "ecr.dkr", "private_dns", &["ModifyVpcEndpoint"]);
}

#[test]
fn a_narrowed_policy_is_reset() {
    let policy = json!({ "Version": "2012-10-17", "Statement": [
        { "Effect": "Allow", "Principal": "*", "Action": "logs:Put*", "Resource": "*" }
    ] });
    let disturb = |s: &Scene| s.modify("logs", json!({ "PolicyDocument": policy.to_string() }));
    repairs(disturb, "logs", "policy", &["ModifyVpcEndpoint"]);
}

#[test]
fn a_gateways_policy_is_reset() {
    let policy = json!({ "Statement": [
        { "Effect": "Deny", "Principal": "*", "Action": "s3:DeleteBucket", "Resource": "*" }
    ] });
    let disturb = |s: &Scene| s.modify("s3", json!({ "PolicyDocument": policy.to_string() }));
    repairs(disturb, "s3", "policy", &["ModifyVpcEndpoint"]);
}

#[test]
fn a_route_table_taken_off_the_gateway_comes_back() {
    let disturb = |s: &Scene| {
        let table = &s.rig.network("one")["route_tables"]["private"];
        s.modify("s3", json!({ "RemoveRouteTableIds": [table] }));
    };
    repairs(disturb, "s3", "route_tables", &["ModifyVpcEndpoint"]);
}

#[test]
fn a_route_table_added_to_the_gateway_is_taken_off() {
    let disturb = |s: &Scene| {
        let table = &s.rig.network("one")["route_tables"]["public"];
        s.modify("s3", json!({ "AddRouteTableIds": [table] }));
    };
    repairs(disturb, "s3", "route_tables", &["ModifyVpcEndpoint"]);
}

#[test]
fn a_changed_name_is_changed_back() {
    let disturb = |s: &Scene| {
        let id = &s.rig.endpoint(&s.account, "logs")["VpcEndpointId"];
        let tags = json!([{ "Key": "Name", "Value": "my endpoint" }]);
        s.by_hand("create_tags", &json!({ "Resources": [id], "Tags": tags }));
    };
    repairs(disturb, "logs", "tags.Name", &["CreateTags"]);
}

#[test]
fn a_tag_taken_off_an_endpoint_is_put_back() {
    let disturb = |s: &Scene| {
        let id = &s.rig.endpoint(&s.account, "s3")["VpcEndpointId"];
        s.by_hand("delete_tags", &json!({ "Resources": [id], "Tags": [{ "Key": "CostCenter" }] }));
    };
    repairs(disturb, "s3", "tags.CostCenter", &["CreateTags"]);
}

#[test]
fn a_tag_taken_off_the_security_group_is_put_back() {
    let disturb = |s: &Scene| {
        let tags = json!([{ "Key": "CostCenter" }]);
        s.by_hand("delete_tags", &json!({ "Resources": [group_id(s)], "Tags": tags }));
    };
    repairs(disturb, "linkwalk-endpoints", "tags.CostCenter", &["CreateTags"]);
}

#[test]
fn a_rule_revoked_from_the_security_group_comes_back() {
    let disturb = |s: &Scene| {
        let rules = https_from("10.0.0.0/16");
        let change = json!({ "GroupId": group_id(s), "IpPermissions": rules });
        s.by_hand("revoke_security_group_ingress", &change);
    };
    repairs(disturb, "linkwalk-endpoints", "ingress", &["AuthorizeSecurityGroupIngress"]);
}

#[test]
fn a_rule_added_to_the_security_group_is_revoked() {
    let disturb = |s: &Scene| {
        let rules = https_from("0.0.0.0/0");
        let change = json!({ "GroupId": group_id(s), "IpPermissions": rules });
        s.by_hand("authorize_security_group_ingress", &change);
    };
    repairs(disturb, "linkwalk-endpoints", "ingress", &["RevokeSecurityGroupIngress"]);
}

#[test]
fn a_secondary_cidr_of_the_vpc_is_let_in() {
    let scene = Scene::new();
    let vpc = &scene.rig.network("one")["id"];
    let change = json!({ "VpcId": vpc, "CidrBlock": "100.64.0.0/16" });
    scene.by_hand("associate_vpc_cidr_block", &change);

    assert_eq!(scene.planned(), ("linkwalk-endpoints".to_owned(), vec!["ingress".to_owned()]));
    assert_eq!(scene.audited(2), ["rule-missing"]);
    assert_eq!(scene.apply().mutations(), ["AuthorizeSecurityGroupIngress"]);
    let rules = scene.rig.group(&scene.account)["IpPermissions"][0]["IpRanges"].to_string();
    assert!(rules.contains("10.0.0.0/16") && rules.contains("100.64.0.0/16"), "{rules}");
}

#[test]
fn a_deleted_endpoint_is_made_again() {
    let scene = Scene::new();
    let endpoint = scene.rig.endpoint(&scene.account, "logs");
    let ids = json!({ "VpcEndpointIds": [endpoint["VpcEndpointId"]] });
    scene.by_hand("delete_vpc_endpoints", &ids);

    assert_eq!(scene.planned(), ("logs".to_owned(), vec![]));
    assert_eq!(scene.audited(2), ["endpoint-missing"]);
    assert_eq!(scene.apply().mutations(), ["CreateVpcEndpoint"]);
    let again = scene.rig.endpoint(&scene.account, "logs");
    assert_ne!(again["VpcEndpointId"], endpoint["VpcEndpointId"]);
    for same in ["SubnetIds", "Groups", "PrivateDnsEnabled", "PolicyDocument", "Tags"] {
        assert_eq!(again[same].as_array().map(Vec::len), endpoint[same].as_array().map(Vec::len));
    }
    assert_eq!(scene.apply().mutations(), Vec::<&str>::new());
}

#[test]
fn a_deleted_security_group_is_made_again_and_every_endpoint_has_it() {
    let scene = Scene::new();
    let (group, default) = (group_id(&scene), default_group(&scene));
    for endpoint in scene.rig.endpoints(&scene.account) {
        if endpoint["VpcEndpointType"] == "Interface" {
            let change = json!({ "VpcEndpointId": endpoint["VpcEndpointId"],
                                 "AddSecurityGroupIds": [default], "RemoveSecurityGroupIds": [group] });
            scene.by_hand("modify_vpc_endpoint", &change);
        }
    }
    scene.by_hand("delete_security_group", &json!({ "GroupId": group }));

    let found: BTreeSet<String> = scene.audited(2).into_iter().collect();
    assert_eq!(Vec::from_iter(found), ["security-group-missing", "security-group-swapped"]);
    let run = scene.apply();
    assert_eq!((run.count("CreateSecurityGroup"), run.count("ModifyVpcEndpoint")), (1, 3));
    assert_eq!(run.count("CreateVpcEndpoint"), 0);
    let again = group_id(&scene);
    assert_ne!(again, group);
    for endpoint in scene.rig.endpoints(&scene.account) {
        for having in endpoint["Groups"].as_array().unwrap() {
            assert_eq!(having["GroupId"], again);
        }
    }
    assert_eq!(scene.apply().mutations(), Vec::<&str>::new());
}

#[test]
fn several_changes_of_one_endpoint_are_repaired_in_one_call() {
    let scene = Scene::new();
    let before = scene.world();
    scene.modify(
        "logs",
        json!({ "RemoveSubnetIds": [subnet(&scene, "private", 0)],
                                 "PrivateDnsEnabled": false }),
    );
    assert_eq!(scene.apply().mutations(), ["ModifyVpcEndpoint"]);
    assert_eq!(scene.world(), before);
}

#[test]
fn tags_that_others_put_on_an_endpoint_stay() {
    let scene = Scene::new();
    let id = scene.rig.endpoint(&scene.account, "logs")["VpcEndpointId"].clone();
    let tags = json!([{ "Key": "scanner", "Value": "seen" }]);
    scene.by_hand("create_tags", &json!({ "Resources": [id], "Tags": tags }));

    assert_eq!(scene.apply().mutations(), Vec::<&str>::new());
    assert_eq!(tag(&scene.rig.endpoint(&scene.account, "logs"), "scanner"), Some("seen"));
}

#[test]
fn a_policy_from_a_file_is_set_and_kept() {
    let scene = Scene::new();
    let policy = json!({ "Version": "2012-10-17", "Statement": [
        { "Effect": "Allow", "Principal": "*", "Action": ["logs:PutLogEvents"], "Resource": "*" }
    ] });
    std::fs::write(scene.rig.file("logs.json"), policy.to_string()).unwrap();
    let text = crate::rig::ACCOUNTS_TOML
        .replace("[endpoints.logs]", "[endpoints.logs]\npolicy = { file = \"logs.json\" }");
    scene.rig.write(&text);

    assert_eq!(scene.planned(), ("logs".to_owned(), vec!["policy".to_owned()]));
    assert_eq!(scene.apply().mutations(), ["ModifyVpcEndpoint"]);
    let answered = scene.rig.endpoint(&scene.account, "logs")["PolicyDocument"].clone();
    let answered: Value = serde_json::from_str(answered.as_str().unwrap()).unwrap();
    assert_eq!(answered, policy);
    assert_eq!(scene.apply().mutations(), Vec::<&str>::new());
}

#[test]
fn a_private_subnet_with_a_route_table_of_its_own_is_covered() {
    let scene = Scene::new();
    let vpc = &scene.rig.network("one")["id"];
    let table = scene.by_hand("create_route_table", &json!({ "VpcId": vpc }));
    let table = &table["RouteTable"]["RouteTableId"];
    let subnet = subnet(&scene, "private", 0);
    let filters = json!([{ "Name": "association.subnet-id", "Values": [subnet] }]);
    let old = scene.by_hand("describe_route_tables", &json!({ "Filters": filters }));
    let associations = old["RouteTables"][0]["Associations"].as_array().unwrap();
    let ours = associations.iter().find(|one| one["SubnetId"] == subnet).unwrap();
    let change = json!({ "AssociationId": ours["RouteTableAssociationId"], "RouteTableId": table });
    scene.by_hand("replace_route_table_association", &change);

    assert_eq!(scene.audited(2), ["route-table-missing"]);
    assert_eq!(scene.apply().mutations(), ["ModifyVpcEndpoint"]);
    assert_eq!(scene.audited(0), Vec::<String>::new());
}

#[test]
fn a_new_vpc_like_the_others_is_covered() {
    let scene = Scene::new();
    let vpc = scene.by_hand("create_vpc", &json!({ "CidrBlock": "10.77.0.0/16" }));
    let vpc = &vpc["Vpc"]["VpcId"];
    let zone = "eu-west-1a";
    let subnet = json!({ "VpcId": vpc, "CidrBlock": "10.77.0.0/20", "AvailabilityZone": zone });
    scene.by_hand("create_subnet", &subnet);
    for attribute in ["EnableDnsSupport", "EnableDnsHostnames"] {
        let on = json!({ "VpcId": vpc, attribute: { "Value": true } });
        scene.by_hand("modify_vpc_attribute", &on);
    }
    let tags = json!([{ "Key": "purpose", "Value": "workload" }]);
    scene.by_hand("create_tags", &json!({ "Resources": [vpc], "Tags": tags }));

    assert_eq!(scene.audited(2), ["vpc-not-covered"]);
    assert_eq!(scene.apply().count("CreateVpcEndpoint"), crate::rig::ENDPOINTS);
    assert_eq!(scene.audited(0), Vec::<String>::new());
}

#[test]
fn what_is_not_asked_for_any_more_is_an_orphan_until_a_sync() {
    let scene = Scene::new();
    let fewer = crate::rig::ACCOUNTS_TOML.replace("[endpoints.logs]", "");
    scene.rig.write(&fewer);

    assert_eq!(scene.audited(2), ["orphan"]);
    assert_eq!(scene.apply().mutations(), Vec::<&str>::new());
    // By force, because the emulator cannot tell what carries traffic.
    let run = scene.rig.run(&["apply", "--yes", "--mode", "sync", "--force", "-o", "json"]);
    assert_eq!(run.exits(0).mutations(), ["DeleteVpcEndpoints"]);
    assert_eq!(scene.audited(0), Vec::<String>::new());
}

#[test]
fn an_endpoint_somebody_made_is_foreign_until_it_is_adopted() {
    let scene = Scene::new();
    let id = scene.rig.endpoint(&scene.account, "logs")["VpcEndpointId"].clone();
    let tag = json!([{ "Key": "linkwalk:deployment" }]);
    scene.by_hand("delete_tags", &json!({ "Resources": [id], "Tags": tag }));

    // It does the job, so it is worth knowing and no drift.
    let foreign = |scene: &Scene| {
        let document = scene.rig.run(&["audit", "-o", "json"]).exits(0).json();
        let findings = document["findings"].as_array().unwrap().iter();
        let foreign = findings.filter(|one| one["kind"] == "foreign");
        foreign.map(|one| one["resource"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(foreign(&scene), [id]);
    let run = scene.rig.run(&["apply", "--yes", "--adopt", "-o", "json"]).exits(0);
    assert_eq!(run.mutations(), ["CreateTags"]);
    assert_eq!(foreign(&scene), Vec::<Value>::new());
}

#[test]
fn what_was_made_in_an_account_of_the_shared_root_is_found_there_and_left_alone() {
    let rig = Rig::of(&["one", "hub"]);
    rig.apply().exits(0);
    let hub = rig.account("hub").to_owned();
    let regions = "regions = [\"eu-west-1\"]";
    let shared = format!("{regions}\nshared_root = [\"{hub}\"]");
    rig.write(&crate::rig::ACCOUNTS_TOML.replace(regions, &shared));
    let scene = Scene { rig, account: hub.clone() };

    let before = scene.world();
    let found: BTreeSet<String> = scene.audited(2).into_iter().collect();
    assert_eq!(Vec::from_iter(found), ["orphan", "shared-root"]);
    assert_eq!(scene.apply().mutations(), Vec::<&str>::new());
    assert_eq!(scene.world(), before);
}
