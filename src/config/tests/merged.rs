//! What a target should have.

use std::time::Duration;

use super::*;
use crate::ids::ServiceName;
use crate::model::policy::PolicyDocument;
use crate::model::spec::EndpointSpec;

fn endpoints(config: &Config, account: &Account) -> Vec<EndpointSpec> {
    config.settings(account, &"eu-west-1".into()).endpoints
}

/// Each endpoint as `service/type from table`.
fn shown(config: &Config) -> Vec<String> {
    let show = |spec: &EndpointSpec| {
        let service = match &spec.service {
            ServiceRef::Short(short) => short.clone(),
            ServiceRef::Full(full) => full.to_string(),
        };
        let kind = spec.kind.as_ref().map_or("?".to_owned(), ToString::to_string);
        format!("{service}/{kind} from {}", spec.table)
    };
    endpoints(config, &account("/")).iter().map(show).collect()
}

#[test]
fn tables_are_resolved_into_one_entry_per_service_and_type() {
    for (body, expected) in [
        ("[endpoints.logs]", &["logs/interface from logs"][..]),
        (
            "[endpoints.ecr]",
            &["ecr.api/interface from ecr", "ecr.dkr/interface from ecr", "s3/gateway from ecr"],
        ),
        ("[endpoints.s3]", &["s3/gateway from s3"]),
        ("[endpoints.dynamodb]\ntype = \"Interface\"", &["dynamodb/interface from dynamodb"]),
        (
            "[endpoints.s3]\n[endpoints.s3-interface]\nservice = \"s3\"\ntype = \"interface\"",
            &["s3/interface from s3-interface", "s3/gateway from s3"],
        ),
        // `service` is always a single one; the bundle of that name is the table's own name.
        ("[endpoints.x]\nservice = \"ssm\"", &["ssm/interface from x"]),
        ("[endpoints.ssm]", &["ssm/interface from ssm", "ssmmessages/interface from ssm"]),
        // A table of a member takes its place, or takes it out.
        (
            "[endpoints.ssm]\n[endpoints.ssmmessages]\nprivate_dns = false",
            &["ssm/interface from ssm", "ssmmessages/interface from ssmmessages"],
        ),
        ("[endpoints.ssm]\n[endpoints.ssmmessages]\nenabled = false", &["ssm/interface from ssm"]),
        ("[endpoints.ssm]\nenabled = false\n[endpoints.kms]", &["kms/interface from kms"]),
        // Full names.
        (
            "[endpoints.\"com.amazonaws.{region}.brand-new\"]",
            &["com.amazonaws.eu-west-1.brand-new/? from com.amazonaws.{region}.brand-new"],
        ),
        (
            "[endpoints.x]\nservice = \"com.amazonaws.eu-west-1.kms\"",
            &["com.amazonaws.eu-west-1.kms/interface from x"],
        ),
        (
            "[endpoints.x]\nservice = \"com.amazonaws.vpce.eu-west-1.vpce-svc-0a1b2c3d\"\n\
             type = \"GatewayLoadBalancer\"",
            &["com.amazonaws.vpce.eu-west-1.vpce-svc-0a1b2c3d/gatewayloadbalancer from x"],
        ),
    ] {
        assert_eq!(shown(&config(body)), expected, "{body}");
    }
}

#[test]
fn overlapping_bundles_are_united_and_what_only_one_says_holds() {
    let config = config("[endpoints.ecr]\nprivate_dns = true\n[endpoints.eks]\n");
    let endpoints = endpoints(&config, &account("/"));
    assert_eq!(endpoints.len(), 8);
    let private_dns: Vec<_> =
        endpoints.iter().filter(|s| s.private_dns.is_some()).map(|s| &s.service).collect();
    let short = |name: &str| ServiceRef::Short(name.to_owned());
    assert_eq!(private_dns, [&short("ecr.api"), &short("ecr.dkr")]);
}

#[test]
fn a_bundles_keys_go_to_the_services_that_have_them() {
    let config =
        config("[endpoints.ecr]\nsubnets = \"all\"\nroute_tables = \"main\"\ntags = { a = \"b\" }");
    for spec in endpoints(&config, &account("/")) {
        let is_gateway = spec.kind == Some(EndpointKind::Gateway);
        assert_eq!(spec.subnets == SubnetSelector::All, !is_gateway, "{spec:?}");
        assert_eq!(spec.route_tables == RouteTableSelector::Main, is_gateway, "{spec:?}");
        assert_eq!(spec.tags, Tags::from([("a".into(), "b".into())]));
    }
}

#[test]
fn defaults_are_the_safe_ones() {
    let config = config("");
    let settings = config.settings(&account("/"), &"eu-west-1".into());
    assert_eq!(settings.vpcs, VpcSelector::NonDefault);
    assert_eq!(settings.security_group.name, "linkwalk-endpoints");
    assert_eq!(settings.security_group.ingress, [IngressSource::Vpc]);
    assert_eq!(settings.tags, Tags::from([("linkwalk:deployment".into(), "d".into())]));
    assert_eq!(settings.name_tag.unwrap().template, "{service}-endpoint");
    let spec = &settings.endpoints[0];
    assert_eq!(spec.subnets, SubnetSelector::Private);
    assert_eq!(spec.route_tables, RouteTableSelector::Private);
    assert_eq!(spec.security_groups, [GroupRef::Managed]);
    assert_eq!((spec.private_dns, spec.ip_address_type), (None, None));
    assert!(spec.policy == PolicyDocument::full_access().into());
    assert_eq!(config.organization.role, "OrganizationAccountAccessRole");
    assert_eq!(config.organization.session_name, "linkwalk");
    assert_eq!(config.rollout.max_in_flight, 200);
    assert_eq!(config.rollout.endpoint_timeout, Duration::from_mins(15));
}

#[test]
fn overrides_are_merged_key_by_key_in_the_order_of_the_file() {
    let config = config(LAYERED);
    let at = |path: &str, region: &str| config.settings(&account(path), &region.into());
    let find = |settings: &crate::model::spec::Settings, table: &str| {
        settings.endpoints.iter().find(|spec| spec.table == table).cloned()
    };

    let base = at("/Sandbox", "eu-west-2");
    assert_eq!(base.endpoints.len(), 2);
    assert_eq!(find(&base, "kms").unwrap().subnets, SubnetSelector::All);
    assert_eq!(find(&base, "logs").unwrap().subnets, SubnetSelector::Private);

    let production = at("/Production", "eu-west-2");
    let kms = find(&production, "kms").unwrap();
    assert!(matches!(kms.subnets, SubnetSelector::Tags(_)));
    assert_eq!(kms.private_dns, Some(false));
    assert_eq!(kms.tags, Tags::from([("a".into(), "base".into()), ("b".into(), "over".into())]));
    // The endpoint's own key wins over the override's common one.
    assert_eq!(find(&production, "logs").unwrap().subnets, SubnetSelector::Private);
    assert!(find(&production, "sqs").is_some());
    assert_eq!(production.tags["extra"], "1");
    assert_eq!(production.tags["team"], "base");

    let special = at("/Production/Special", "eu-west-2");
    assert!(find(&special, "kms").is_none() && find(&special, "sqs").is_some());
    assert_eq!((special.name_tag, special.tags["team"].as_str()), (None, "special"));
    assert!(find(&at("/Production/Special", "eu-west-1"), "kms").is_some());
}

#[test]
fn an_override_may_restate_what_a_table_leads_to() {
    let body = "[organization]\nregions = [\"eu-west-1\"]\n[endpoints.x]\nservice = \"s3\"\ntype = \"interface\"\n\
                [[override]]\naccounts = [\"*\"]\n";
    for restated in [
        "endpoints.x.type = \"interface\"",
        "endpoints.x.service = \"s3\"",
        "endpoints.x.service = \"com.amazonaws.{region}.s3\"",
    ] {
        assert_eq!(shown(&config(&format!("{body}{restated}"))), ["s3/interface from x"]);
    }
}

#[test]
fn the_region_is_filled_into_full_names() {
    let config = config(
        "[organization]\nregions = [\"eu-west-1\", \"eu-west-2\"]\n\
         [endpoints.x]\nservice = \"com.amazonaws.{region}.new\"",
    );
    let settings = config.settings(&account("/"), &"eu-west-2".into());
    let expected = ServiceRef::Full(ServiceName::from("com.amazonaws.eu-west-2.new"));
    assert_eq!(settings.endpoints[0].service, expected);
}
