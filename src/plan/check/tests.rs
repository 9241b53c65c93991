//! Plans spoilt in every way the reader looks for.

use super::*;
use crate::model::endpoint::EndpointKind;
use crate::model::network::{Peer, Rule};
use crate::model::spec::Glob;
use crate::plan::aim::{Adoption, Changes, Deletions, Mode, Purpose};
use crate::plan::testing::{World, account, subnets, tables, world};

fn broken(world: &World, spoil: impl FnOnce(&mut TargetPlan)) -> String {
    let mut plan = world.plan();
    spoil(&mut plan);
    violations(&world.target, &world.settings, &world.observed, &world.catalogue, &plan).join("\n")
}

fn sync() -> Aim {
    converging(Changes { mode: Mode::Sync, ..Changes::default() })
}

fn converging(changes: Changes) -> Aim {
    Aim { purpose: Purpose::Converge(changes), ..Aim::default() }
}

fn made(plan: &mut TargetPlan, at: usize) -> &mut DesiredEndpoint {
    match &mut plan.actions[at].verb {
        Verb::CreateEndpoint(made) => made,
        other => panic!("{other:?}"),
    }
}

/// The fresh plan: 0 the group, 1 `logs`, 2 `s3`.
fn fresh() -> World {
    world().want(["logs", "s3"])
}

#[test]
fn every_broken_creation_is_found() {
    type Spoil = fn(&mut TargetPlan);
    let cases: [(Spoil, &str); 16] = [
        (|p| p.actions.swap(0, 1), "stands at place"),
        (|p| p.actions[0].after = [1].into(), "waits for 1"),
        (|p| made(p, 1).tags.clear(), "ownership tag"),
        (|p| made(p, 1).subnets = subnets(["a", "public-a"]), "are both in euw1-az1"),
        (|p| made(p, 1).subnets = subnets(["elsewhere"]), "subnet-elsewhere is not in vpc-1"),
        (|p| made(p, 1).subnets.clear(), "cannot have 0 subnets"),
        (|p| made(p, 1).security_groups.clear(), "0 security groups"),
        (|p| made(p, 1).key.service = "com.amazonaws.none".into(), "is not offered"),
        (|p| made(p, 1).key.vpc = "vpc-9".into(), "was not observed"),
        (|p| p.actions[1].after.clear(), "does not make its security group first"),
        (
            |p| {
                made(p, 1).security_groups = [SecurityGroupRef::Id("sg-none".into())].into();
            },
            "sg-none is not in vpc-1",
        ),
        (|p| made(p, 2).route_tables = tables(["none"]), "not this account's"),
        (|p| made(p, 2).private_dns = true, "a gateway endpoint cannot have"),
        (
            |p| {
                let mut twin = p.actions[2].clone();
                twin.id = 3;
                p.actions.push(twin);
            },
            "twice",
        ),
        (
            |p| {
                let long = format!(
                    r#"{{"Statement":[{{"Effect":"Allow","Principal":"*","Sid":"{}"}}]}}"#,
                    "x".repeat(MAX_POLICY_CHARS)
                );
                made(p, 1).policy = Some(PolicyDocument::observed(&long));
            },
            "its policy has",
        ),
        (
            |p| match &mut p.actions[0].verb {
                Verb::CreateSecurityGroup(group) => group.tags.clear(),
                other => panic!("{other:?}"),
            },
            "ownership tag",
        ),
    ];
    for (spoil, says) in cases {
        let found = broken(&fresh(), spoil);
        assert!(found.contains(says), "{says}: {found}");
    }
}

#[test]
fn a_zone_without_the_service_is_found() {
    let found = broken(&world().want(["email-smtp"]), |p| made(p, 1).subnets = subnets(["c"]));
    assert!(found.contains("subnet-c is in euw1-az3, where it is not offered"), "{found}");
}

#[test]
fn what_others_own_is_found() {
    let plan = fresh().plan();
    let check = |world: &World| {
        violations(&world.target, &world.settings, &world.observed, &world.catalogue, &plan)
            .join("\n")
    };
    let other = account("999988887777");
    let vpc = fresh().but(|w| w.vpc().owner = other.clone());
    assert!(check(&vpc).contains("which account 999988887777 owns"));
    let subnet = fresh().but(|w| w.subnet("subnet-a").owner = other.clone());
    assert!(check(&subnet).contains("subnet-a is shared by 999988887777"));
    let named = fresh().but(|w| {
        let group = w.add_foreign("kms", EndpointKind::Interface);
        group.tags.clear();
        let group = w.vpc().security_groups.values_mut().next().unwrap();
        group.name = "linkwalk-endpoints".into();
    });
    assert!(check(&named).contains("the name linkwalk-endpoints is taken"));
    let held = fresh().but(|w| {
        w.add_foreign("logs", EndpointKind::Interface);
        w.add_foreign("s3", EndpointKind::Gateway);
    });
    let found = check(&held);
    assert!(found.contains("the private DNS name of com.amazonaws.eu-west-1.logs"), "{found}");
    assert!(found.contains("the route to com.amazonaws.eu-west-1.s3 in rtb-a"), "{found}");
    let twin = fresh().applied();
    assert!(check(&twin).contains("is ours and is not deleted first"));
}

#[test]
fn changes_of_what_is_not_ours_are_found() {
    let drifted = fresh().applied().but(|w| {
        w.endpoint("logs").private_dns = false;
        w.endpoint("s3").tags.remove("Name");
        let extra = Rule::https_from(Peer::Cidr("0.0.0.0/0".parse().unwrap()));
        w.vpc().security_groups.values_mut().for_each(|group| {
            group.ingress.insert(extra.clone());
        });
    });
    let mut plan = drifted.plan();
    let key = drifted.clone().endpoint("s3").key.clone();
    let id = drifted.clone().endpoint("s3").id.clone();
    let mut delete = plan.actions[0].clone();
    delete.verb = Verb::DeleteEndpoint { id, key };
    delete.id = 3;
    plan.actions.push(delete);
    let check = |world: &World| {
        let World { target, settings, observed, catalogue, .. } = world;
        violations_for(&sync(), target, settings, observed, catalogue, &plan)
    };
    assert_eq!(check(&drifted), Vec::<String>::new());
    let foreign = drifted.clone().but(|w| {
        w.observed.endpoints.values_mut().for_each(|endpoint| endpoint.tags.clear());
        w.vpc().security_groups.values_mut().for_each(|group| group.tags.clear());
    });
    let found = check(&foreign);
    let about: Vec<_> = found.iter().filter(|text| text.contains("is not ours")).collect();
    assert_eq!(about.len(), 4, "{found:?}");
    let managed = drifted.but(|w| {
        w.observed.endpoints.values_mut().for_each(|e| e.requester_managed = true);
    });
    assert_eq!(check(&managed).len(), 3);
}

/// What a plan of this one action breaks under an aim.
fn alone(world: &World, aim: &Aim, verb: Verb) -> String {
    let action =
        Action { id: 0, after: BTreeSet::new(), what: "x".into(), verb, drift: Vec::new() };
    let plan = TargetPlan { actions: vec![action], ..TargetPlan::default() };
    let World { target, settings, observed, catalogue, .. } = world;
    violations_for(aim, target, settings, observed, catalogue, &plan).join("\n")
}

#[test]
fn adoptions_that_must_not_be_are_found() {
    let world = fresh().but(|w| {
        w.add_foreign("logs", EndpointKind::Interface);
    });
    let adopt = |owner: &str| Verb::Adopt {
        resource: "vpce-foreign0".into(),
        vpc: "vpc-1".into(),
        set: [(OWNER_TAG.to_owned(), owner.to_owned())].into(),
    };
    let asked = converging(Changes { adopt: Adoption::Tag, ..Changes::default() });
    let with = |change: fn(&mut Endpoint)| {
        let changed = world.clone().but(|w| change(w.endpoint("logs")));
        alone(&changed, &asked, adopt("privatelink"))
    };
    assert_eq!(with(|_| {}), "");
    assert!(alone(&world, &Aim::default(), adopt("privatelink")).contains("nobody asked for"));
    assert!(alone(&world, &asked, adopt("other")).contains("ownership tag"));
    assert!(with(|e| e.requester_managed = true).contains("managed by an AWS service"));
    assert!(with(|e| drop(e.tags.insert(OWNER_TAG.into(), "o".into()))).contains("deployment o"));
    assert!(with(|e| e.key.vpc = "vpc-9".into()).contains("is not in vpc-1"));
    let destroying = Aim { purpose: Purpose::Destroy, ..Aim::default() };
    assert!(alone(&world, &destroying, adopt("privatelink")).contains("is no deletion"));
}

#[test]
fn deletions_that_must_not_be_are_found() {
    let there = fresh().applied();
    let logs = there.clone().endpoint("logs").clone();
    let group = logs.security_groups.first().unwrap().clone();
    let endpoint = || Verb::DeleteEndpoint { id: logs.id.clone(), key: logs.key.clone() };
    let of_group = || Verb::DeleteSecurityGroup { id: group.clone(), vpc: "vpc-1".into() };
    let destroying = Aim { purpose: Purpose::Destroy, ..Aim::default() };
    assert_eq!(alone(&there, &destroying, endpoint()), "");
    assert_eq!(alone(&there, &sync(), endpoint()), "");
    assert!(alone(&there, &Aim::default(), endpoint()).contains("which does its job"));
    assert!(alone(&there, &destroying, of_group()).contains("still uses"));

    let protected = [("tier".to_owned(), Glob::new("prod").unwrap())].into();
    let deletions = Deletions { protected, ..Deletions::default() };
    let careful = Aim { purpose: Purpose::Destroy, deletions };
    let tagged = there.clone().but(|w| drop(w.vpc().tags.insert("tier".into(), "prod".into())));
    assert!(alone(&tagged, &careful, endpoint()).contains("tier=prod protects it"));
    let free = tagged.but(|w| w.observed.endpoints.clear());
    assert!(alone(&free, &careful, of_group()).contains("tier=prod protects"));
    let unused = there.but(|w| w.observed.endpoints.clear());
    assert!(alone(&unused, &Aim::default(), of_group()).contains("nobody asked for"));
    assert_eq!(alone(&unused, &sync(), of_group()), "");
    let default = unused.clone().but(|w| {
        w.vpc().security_groups.values_mut().for_each(|group| group.name = "default".into());
    });
    assert!(alone(&default, &sync(), of_group()).contains("default group"));
    let foreign = unused.but(|w| {
        w.vpc().security_groups.values_mut().for_each(|group| group.tags.clear());
    });
    assert!(alone(&foreign, &sync(), of_group()).contains("is not ours"));
}

#[test]
fn a_vpc_is_changed_where_that_is_allowed_and_in_aws_order_and_before_what_needs_it() {
    let allowed = fresh().but(|w| {
        w.settings.fix_vpc_dns = true;
        (w.vpc().dns_support, w.vpc().dns_hostnames) = (false, false);
    });
    let plan = allowed.plan();
    let check = |world: &World, plan: &TargetPlan| {
        let World { target, settings, observed, catalogue, .. } = world;
        violations(target, settings, observed, catalogue, plan).join("; ")
    };
    assert_eq!(check(&allowed, &plan), "");
    let forbidden = allowed.clone().but(|w| w.settings.fix_vpc_dns = false);
    assert!(check(&forbidden, &plan).contains("which accounts.toml does not allow"));
    let on = allowed.clone().but(|w| w.vpc().dns_support = true);
    assert!(check(&on, &plan).contains("turns enableDnsSupport of vpc-1 on, which is on"));
    let mut loose = plan;
    loose.actions.iter_mut().for_each(|action| action.after.retain(|id| *id > 1));
    let found = check(&allowed, &loose);
    assert!(found.contains("DNS support of vpc-1 is not turned on first"), "{found}");
    assert!(found.contains("has private DNS, and enableDnsHostnames is off"), "{found}");
}
