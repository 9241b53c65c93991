//! Plans as people see them.

use std::collections::BTreeMap;

use super::*;
use crate::model::endpoint::EndpointKind;
use crate::model::failure::{ErrorClass, Failure};
use crate::model::network::{Peer, Rule};
use crate::plan::testing::{World, account, restrictive, subnets, world};

fn wanted() -> World {
    world().want(["ecr.api", "ecr.dkr", "logs", "ssm", "ssmmessages", "s3"])
}

fn target(n: usize) -> TargetId {
    format!("{:012}/eu-west-1", 100_000_000_000 + n).parse().unwrap()
}

/// The plan of a world as it would be in account number `n`, ids of its own included.
fn planned(n: usize, world: &World) -> (TargetId, Planned) {
    let text = serde_json::to_string(&world.plan()).unwrap();
    let text = text
        .replace("vpc-1\"", &format!("vpc-1{n:03}\""))
        .replace("subnet-a", &format!("subnet-a{n:03}"));
    (target(n), Planned::Ready(serde_json::from_str(&text).unwrap()))
}

fn denied(n: usize) -> (TargetId, Planned) {
    let target = target(n);
    let failure = Failure {
        code: Some("AccessDenied".into()),
        hint: Some(format!(
            "the role `OrganizationAccountAccessRole` does not exist in {} or does not trust the caller",
            target.account
        )),
        ..Failure::local(
            "AssumeRole",
            ErrorClass::Denied,
            format!(
                "not authorized to perform sts:AssumeRole on arn:aws:iam::{}:role/OrganizationAccountAccessRole",
                target.account
            ),
        )
    };
    (target, Planned::Unreachable { failure })
}

fn names() -> BTreeMap<AccountId, String> {
    (0..100).map(|n| (target(n).account, format!("workload-{n:02}"))).collect()
}

fn drifted() -> World {
    wanted().applied().but(|w| {
        w.endpoint("logs").private_dns = false;
        w.endpoint("logs").subnets = subnets(["a", "b", "public-c"]);
        w.endpoint("s3").policy = Some(restrictive());
        w.endpoint("ssm").tags.remove("Name");
        let groups = w.vpc().security_groups.values_mut();
        groups.for_each(|group| {
            group.ingress.insert(Rule::https_from(Peer::Cidr("0.0.0.0/0".parse().unwrap())));
        });
    })
}

fn blocked() -> World {
    wanted().but(|w| w.vpc().dns_hostnames = false)
}

fn organization() -> Plan {
    let fresh = wanted();
    let two_vpcs = wanted().but(|w| w.add_vpc("vpc-2"));
    let foreign = wanted().but(|w| {
        w.add_foreign("s3", EndpointKind::Gateway);
    });
    let mut targets: BTreeMap<_, _> = (0..44).map(|n| planned(n, &fresh)).collect();
    targets.extend((44..46).map(|n| planned(n, &two_vpcs)));
    targets.extend([
        planned(46, &drifted()),
        planned(47, &foreign),
        planned(48, &wanted().applied()),
    ]);
    targets.extend((49..51).map(|n| planned(n, &blocked())));
    targets.extend((51..53).map(denied));
    Plan { targets }
}

fn shown(plan: &Plan, width: usize) -> String {
    render(plan, &names(), &PlanTextOptions { color: false, width, account: None, destroy: false })
}

fn in_full(world: &World) -> String {
    let plan = Plan { targets: BTreeMap::from([planned(7, world)]) };
    let account = Some(target(7).account);
    render(&plan, &names(), &PlanTextOptions { color: false, width: 100, account, destroy: false })
}

#[test]
fn an_organization_is_shown_by_identical_change() {
    insta::assert_snapshot!(shown(&organization(), 100));
}

#[test]
fn a_narrow_terminal_wraps() {
    let text = shown(&organization(), 48);
    // But for words that are longer than a line, and the last line, which is one.
    let fits = |line: &str| line.width() <= 48 || !line.trim().contains(' ');
    assert!(text.lines().rev().skip(1).all(fits), "{text}");
    insta::assert_snapshot!(text);
}

#[test]
fn colour_is_added_and_takes_no_room() {
    let plan = organization();
    let options = PlanTextOptions { color: true, width: 100, account: None, destroy: false };
    let coloured = render(&plan, &names(), &options);
    assert!(coloured.contains("\u{1b}[33m~ logs\u{1b}[0m"), "{coloured:?}");
    let mut bare = String::new();
    let mut rest = coloured.as_str();
    while let Some(at) = rest.find('\u{1b}') {
        bare.push_str(&rest[..at]);
        rest = &rest[at + rest[at..].find('m').unwrap() + 1..];
    }
    bare.push_str(rest);
    assert_eq!(bare, shown(&plan, 100));
}

#[test]
fn a_new_account_is_shown_in_full() {
    insta::assert_snapshot!(in_full(
        &wanted().want_with("kms", |kms| kms.policy = restrictive().into())
    ));
}

#[test]
fn a_drifted_account_is_shown_attribute_by_attribute() {
    insta::assert_snapshot!(in_full(&drifted()));
}

#[test]
fn a_blocked_account_is_shown_with_its_reasons() {
    insta::assert_snapshot!(in_full(&blocked()));
}

#[test]
fn an_unreachable_account_is_shown_with_its_failure() {
    let plan = Plan { targets: BTreeMap::from([denied(51)]) };
    let account = Some(target(51).account);
    let options = PlanTextOptions { color: false, width: 80, account, destroy: false };
    insta::assert_snapshot!(render(&plan, &names(), &options));
}

#[test]
fn an_account_that_is_not_in_the_plan_is_said_to_be_so() {
    let options = PlanTextOptions { account: Some(account("999988887777")), ..Default::default() };
    let text = render(&organization(), &names(), &options);
    assert_eq!(text, "Account 999988887777 is not in this plan.\n");
}

#[test]
fn the_last_line_sums_up() {
    let settled = wanted().applied();
    let in_sync = |n: usize| -> BTreeMap<_, _> { (0..n).map(|n| planned(n, &settled)).collect() };
    let and = |mut targets: BTreeMap<_, _>, more: Vec<(TargetId, Planned)>| {
        targets.extend(more);
        Plan { targets }
    };
    let stuck = || planned(60, &world().want(["logs"]).but(|w| w.vpc().dns_support = false));
    for (plan, last) in [
        (Plan::default(), "No changes. No account is in scope."),
        (and(in_sync(50), vec![]), "No changes. 50 accounts are as accounts.toml says."),
        (and(in_sync(1), vec![]), "No changes. 1 account is as accounts.toml says."),
        (
            and(in_sync(47), vec![stuck(), denied(61)]),
            "No changes. 47 accounts are as accounts.toml says. 1 account blocked, 1 account unreachable.",
        ),
        (and(in_sync(0), vec![denied(61)]), "No changes. 1 account unreachable."),
        (
            and(in_sync(3), vec![planned(60, &wanted())]),
            "Plan: 7 to add, 0 to change, 0 to destroy in 1 account.",
        ),
        (
            organization(),
            "Plan: 344 to add, 4 to change, 0 to destroy in 50 accounts. 2 accounts blocked, 2 accounts unreachable.",
        ),
    ] {
        assert_eq!(shown(&plan, 0).lines().last(), Some(last));
    }
}

#[test]
fn names_cannot_move_the_cursor() {
    let evil = BTreeMap::from([(target(0).account, "a\u{1b}[2Jb\nc\u{202e}d".to_owned())]);
    let plan = Plan { targets: BTreeMap::from([planned(0, &wanted())]) };
    let text = render(&plan, &evil, &PlanTextOptions::default());
    assert!(
        !text.contains('\u{1b}') && !text.contains('\u{202e}') && text.contains("a\\u{1b}[2Jb")
    );
}
