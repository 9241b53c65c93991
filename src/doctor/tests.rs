use std::collections::BTreeMap;

use super::*;
use crate::ids::VpcId;
use crate::model::failure::{ErrorClass, Failure};
use crate::model::hosted_zone::HostedZone;
use crate::model::quota::{QuotaKind, QuotaValue};
use crate::plan::TargetPlan;
use crate::plan::testing::{World, world};

/// What is asked of a world, with everything allowed unless a test says otherwise.
struct Scene {
    world: World,
    plan: TargetPlan,
    fresh: TargetPlan,
    identity: Identity,
    deny: Option<(&'static str, Failure)>,
    quotas: Quotas,
    zones: Zones,
}

impl Scene {
    fn of(world: World) -> Self {
        let plan = world.plan();
        let observed = as_if_fresh(&world.settings, &world.observed);
        let fresh = world.clone().but(|world| world.observed = observed).plan();
        let identity = Identity { role: "Role".to_owned(), ..Identity::default() };
        let (quotas, zones) = (Quotas::new(), Zones::new());
        Self { world, plan, fresh, identity, deny: None, quotas, zones }
    }

    fn looked(&self) -> Looked<'_> {
        Looked {
            region: &self.world.target.region,
            observed: &self.world.observed,
            catalogue: &self.world.catalogue,
            plan: &self.plan,
            fresh: &self.fresh,
        }
    }

    fn trials(&self) -> Vec<Trial> {
        trials(&self.world.settings, &self.looked())
    }

    fn examined(&self) -> Examined {
        let answer = |trial: Trial| match &self.deny {
            Some((permission, failure)) if trial.permission.starts_with(permission) => {
                (trial, Err(failure.clone()))
            }
            _ => (trial, Ok(())),
        };
        examine(&Facts {
            target: &self.world.target,
            name: "shop",
            settings: &self.world.settings,
            identity: &self.identity,
            session: Ok("arn:aws:sts::111122223333:assumed-role/Role/linkwalk".to_owned()),
            looked: Some(Ok(self.looked())),
            opted_in: None,
            reads: Vec::new(),
            trials: self.trials().into_iter().map(answer).collect(),
            quotas: self.quotas.clone(),
            zones: self.zones.clone(),
        })
    }

    /// The checks of a topic, as `status cause`.
    fn told(&self, topic: Topic) -> Vec<String> {
        let checks = self.examined().checks;
        let checks = checks.iter().filter(|check| check.topic == topic);
        checks
            .map(|check| match &check.cause {
                Some(cause) => format!("{} {cause}", check.status.as_str()),
                None => check.status.as_str().to_owned(),
            })
            .collect()
    }
}

fn denial(why: &str) -> Failure {
    let message = format!(
        "User: arn:aws:sts::111122223333:assumed-role/Role/linkwalk is not authorized to perform: ec2:X on \
         resource: arn:aws:ec2:eu-west-1:111122223333:security-group/sg-1 {why}"
    );
    let failure = Failure::local("X", ErrorClass::Denied, message);
    Failure { code: Some("UnauthorizedOperation".to_owned()), ..failure }
}

fn shown(trials: &[Trial]) -> Vec<String> {
    let one = |trial: &Trial| match (&trial.stand_in, &trial.why_not) {
        (Some(_), _) => format!("{} on a stand-in", trial.permission),
        (_, Some(_)) => format!("{} not yet", trial.permission),
        _ => trial.permission.clone(),
    };
    trials.iter().map(one).collect()
}

#[test]
fn before_the_first_rollout_stand_ins_are_used_and_the_rest_waits() {
    let scene = Scene::of(world().want(["logs", "s3"]));
    assert_eq!(
        shown(&scene.trials()),
        [
            "ec2:CreateVpcEndpoint (interface: logs) not yet",
            "ec2:CreateVpcEndpoint (gateway: s3)",
            "ec2:CreateSecurityGroup",
            "ec2:AuthorizeSecurityGroupIngress not yet",
            "ec2:RevokeSecurityGroupIngress not yet",
            "ec2:DeleteSecurityGroup not yet",
            "ec2:CreateTags not yet",
            "ec2:ModifyVpcEndpoint not yet",
            "ec2:DeleteVpcEndpoints not yet",
        ],
        "a VPC without a default group has nothing to stand in"
    );
    let scene = Scene::of(world().want(["logs"]).but(add_default_group));
    assert_eq!(
        shown(&scene.trials())[..4],
        [
            "ec2:CreateVpcEndpoint (interface: logs) on a stand-in",
            "ec2:CreateSecurityGroup",
            "ec2:AuthorizeSecurityGroupIngress on a stand-in",
            "ec2:RevokeSecurityGroupIngress not yet",
        ]
    );
}

fn add_default_group(world: &mut World) {
    let mut group = world
        .clone()
        .want(["logs"])
        .applied()
        .vpc()
        .security_groups
        .values()
        .next()
        .unwrap()
        .clone();
    group.id = "sg-default".into();
    group.name = "default".to_owned();
    group.tags.clear();
    group.ingress.clear();
    world.vpc().security_groups.insert(group.id.clone(), group);
}

#[test]
fn after_it_everything_is_tried_on_what_is_there() {
    let scene = Scene::of(world().want(["logs", "s3"]).applied());
    assert!(scene.plan.actions.is_empty());
    assert_eq!(
        shown(&scene.trials()),
        [
            "ec2:CreateVpcEndpoint (interface: logs)",
            "ec2:CreateVpcEndpoint (gateway: s3)",
            "ec2:CreateSecurityGroup",
            "ec2:AuthorizeSecurityGroupIngress",
            "ec2:RevokeSecurityGroupIngress",
            "ec2:DeleteSecurityGroup",
            "ec2:CreateTags",
            "ec2:ModifyVpcEndpoint",
            "ec2:DeleteVpcEndpoints",
        ]
    );
}

#[test]
fn who_wants_gateways_only_needs_no_security_groups() {
    let scene = Scene::of(world().want(["s3"]));
    assert!(!shown(&scene.trials()).iter().any(|one| one.contains("SecurityGroup")));
    assert_eq!(needed_quotas(&scene.looked()), [QuotaKind::GatewayEndpoints].into());
}

#[test]
fn a_denial_on_a_stand_in_says_nothing_unless_a_statement_denies_it() {
    let base = world().want(["logs"]).but(add_default_group);
    let with = |why: &str| {
        let mut scene = Scene::of(base.clone());
        scene.deny = Some(("ec2:AuthorizeSecurityGroupIngress", denial(why)));
        scene.told(Topic::Permission)
    };
    let implicit = with("because no identity-based policy allows the ec2:X action");
    assert!(implicit.contains(&"unknown denied-on-a-stand-in".to_owned()), "{implicit:?}");
    let explicit = with("with an explicit deny in a service control policy");
    let denied = "problem denied-by-service-control-policy".to_owned();
    assert!(explicit.contains(&denied), "{explicit:?}");
}

#[test]
fn what_only_deletes_is_a_warning() {
    let mut scene = Scene::of(world().want(["s3"]).applied());
    scene.deny = Some((
        "ec2:DeleteVpcEndpoints",
        denial("because no identity-based policy allows the ec2:X action"),
    ));
    assert_eq!(scene.told(Topic::DeletePermission), ["warning denied-by-identity-policy"]);
    assert_eq!(scene.examined().status, Some(Status::Warning));
}

#[test]
fn quotas_are_weighed_against_what_is_there_and_what_is_added() {
    let scene = |value: Result<QuotaValue, Failure>| {
        let mut scene = Scene::of(world().want(["logs", "kms"]));
        scene.quotas = [(QuotaKind::InterfaceEndpoints, value)].into();
        scene.told(Topic::Quota)
    };
    for (value, told) in [
        (QuotaValue::Applied(50), "ok"),
        (QuotaValue::Applied(2), "warning quota-nearly-exhausted"),
        (QuotaValue::Applied(1), "problem quota-exhausted"),
        (QuotaValue::Default(1), "problem quota-exhausted"),
    ] {
        assert_eq!(scene(Ok(value)), [told], "{value:?}");
    }
    assert_eq!(scene(Err(denial(""))), ["unknown quota-not-read"]);
}

#[test]
fn a_hosted_zone_conflicts_by_its_very_name_and_shadows_from_below() {
    let zone = |name: &str, service: Option<&str>| HostedZone {
        id: "Z1".to_owned(),
        name: name.to_owned(),
        account: Some("111122223333".to_owned()),
        service: service.map(str::to_owned),
    };
    let name = {
        let scene = Scene::of(world().want(["logs"]));
        let names = private_names(&scene.looked());
        names[&VpcId::from("vpc-1")].keys().next().unwrap().clone()
    };
    let parent = name.split_once('.').unwrap().1.to_owned();
    for (zones, told) in [
        (vec![], "ok"),
        (vec![zone(&name, None)], "problem hosted-zone-conflict"),
        (vec![zone(&format!("eu.{name}"), None)], "warning hosted-zone-below"),
        (vec![zone(&parent, None)], "ok"),
        (vec![zone(&format!("not{name}"), None)], "ok"),
        (vec![zone(&name, Some("vpce.amazonaws.com"))], "ok"),
    ] {
        let mut scene = Scene::of(world().want(["logs"]));
        scene.zones = BTreeMap::from([(VpcId::from("vpc-1"), Ok(zones.clone()))]);
        assert_eq!(scene.told(Topic::HostedZones), [told], "{zones:?}");
    }
    let mut scene = Scene::of(world().want(["logs"]));
    scene.zones = BTreeMap::from([(VpcId::from("vpc-1"), Err(denial("")))]);
    assert_eq!(scene.told(Topic::HostedZones), ["unknown hosted-zones-not-read"]);
    let next = scene.examined().checks.pop().and_then(|check| check.next).unwrap();
    assert!(next.contains("ec2:X"), "AWS's own name of the permission: {next}");
}

#[test]
fn what_the_planner_blocks_is_a_problem_of_its_topic() {
    for (scene, topic, told) in [
        (
            world().want(["logs"]).but(|w| w.vpc().dns_hostnames = false),
            Topic::DnsAttributes,
            "problem dns-attributes-off",
        ),
        (
            world().want(["logs"]).but(|w| w.vpc().subnets.clear()),
            Topic::Subnets,
            "problem no-subnet-matches",
        ),
        (
            world().want(["logs"]).but(|w| w.observed.vpcs.clear()),
            Topic::Vpc,
            "problem no-vpc-matches",
        ),
        (
            world().want(["logs"]).but(|w| {
                w.vpc().subnets.values_mut().for_each(|subnet| subnet.free_addresses = 5);
            }),
            Topic::Addresses,
            "warning few-addresses",
        ),
    ] {
        assert_eq!(Scene::of(scene).told(topic), [told]);
    }
}

#[test]
fn a_clock_is_worth_a_warning_after_a_minute_and_a_problem_after_five() {
    for (skew, status) in [
        (0, Status::Ok),
        (60, Status::Ok),
        (-61, Status::Warning),
        (300, Status::Warning),
        (-301, Status::Problem),
    ] {
        let checks = general(&General { skew_seconds: Some(skew), ..General::default() });
        assert_eq!(checks[0].status, status, "{skew}");
    }
}

#[test]
fn one_cause_in_many_targets_is_one_row_whatever_their_ids() {
    let mut scene = Scene::of(world().want(["logs"]).but(|w| w.vpc().dns_support = false));
    let first = scene.examined();
    scene.world.target = "222233334444/eu-west-1".parse().unwrap();
    let second = scene.examined();
    let causes = causes(&[], &[first, second]);
    let dns: Vec<_> = causes.iter().filter(|cause| cause.topic == Topic::DnsAttributes).collect();
    assert_eq!(dns.len(), 1);
    assert_eq!(dns[0].targets.len(), 2);
    let next = dns[0].next.as_deref().unwrap();
    assert!(next.contains("--vpc-id vpc-*"), "{next}");
    assert!(causes.windows(2).all(|pair| pair[0].status <= pair[1].status), "the worst first");
}
